package sessions

import (
	"maps"
	"slices"
)

// Window names a browser context: a jar, a cache and storage of its own.
type Window string

// Main is the browser's default context. A person calls it main.
const Main Window = ""

const mainName = "main"

// WindowNamed is the window that a person calls so.
func WindowNamed(name string) Window {
	if name == mainName {
		return Main
	}
	return Window(name)
}

// String is what a person calls the window.
func (w Window) String() string {
	if w == Main {
		return mainName
	}
	return string(w)
}

// MarshalText satisfies encoding.TextMarshaler.
func (w Window) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// WindowView is what a person may know of a window.
type WindowView struct {
	Window Window `json:"window"`
	Tabs   int    `json:"tabs"`
	Own    bool   `json:"own"` // it was opened by us, so that it can be closed
}

// TabView is what a person may know of a tab. Its number is its place in the list
// of all tabs, from 1.
type TabView struct {
	Number  int    `json:"number"`
	Window  Window `json:"window"`
	URL     string `json:"url"`
	Current bool   `json:"current"`
}

// CloseWindow forgets a window: nothing is forced there any more, and its jar is
// gone. Unlike [Book.Unset] it puts nothing back.
func (b *Book) CloseWindow(w Window) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(b.sites)) { // events have an order
		s := b.sites[name]
		p := s.windows[w]
		if p == nil {
			continue
		}
		delete(s.windows, w)
		if p.active == nil {
			continue
		}
		e := p.active.event(SessionUnset)
		e.Window = w
		b.notify(e)
		b.discard(p.active)
	}
}
