package targets

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"sessdriver/sessions"
)

// contexts are the browser contexts by the names of their windows.
type contexts struct {
	main cdp.BrowserContextID
	// apart says that the main one is ours, too: see OwnMain.
	apart bool
	ids   map[sessions.Window]cdp.BrowserContextID // but for the main one
	own   map[sessions.Window]bool                 // those that we made
}

func newContexts() contexts {
	return contexts{ids: map[sessions.Window]cdp.BrowserContextID{}, own: map[sessions.Window]bool{}}
}

// window is the name of a context. One that somebody else made gets a name here:
// Window 2 and so on.
func (c *contexts) window(id cdp.BrowserContextID) sessions.Window {
	if id == c.main || id == "" {
		return sessions.Main
	}
	for w, known := range c.ids {
		if known == id {
			return w
		}
	}
	for n := 2; ; n++ {
		w := sessions.Window("Window " + strconv.Itoa(n))
		if _, taken := c.ids[w]; !taken {
			c.ids[w] = id
			return w
		}
	}
}

// SetMain says which context the main window is.
func (t *Set) SetMain(id cdp.BrowserContextID) { t.note(func() { t.main = id }) }

// OwnMain is SetMain for one that we made, in a browser that is used more than once: what
// is in other contexts that we have not made is not ours to see.
func (t *Set) OwnMain(id cdp.BrowserContextID) { t.note(func() { t.main, t.apart = id, true }) }

// ContextOf is the browser context id of a window, "" for the browser's own, as
// the Storage domain takes it. Chrome refuses that of a window that is gone.
func (t *Set) ContextOf(w sessions.Window) cdp.BrowserContextID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w == sessions.Main && t.apart {
		return t.main
	}
	if id, known := t.ids[w]; known || w == sessions.Main {
		return id
	}
	return cdp.BrowserContextID(w)
}

// Claim gives a name to a context that we made. It reports whether the name was
// free.
func (t *Set) Claim(w sessions.Window, id cdp.BrowserContextID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, taken := t.ids[w]; taken || w == sessions.Main {
		return false
	}
	t.ids[w], t.own[w] = id, true
	return true
}

// Forget drops a window whose context is gone.
func (t *Set) Forget(w sessions.Window) {
	t.note(func() {
		delete(t.ids, w)
		delete(t.own, w)
		maps.DeleteFunc(t.frames, func(_ cdp.FrameID, f frame) bool { return f.window == w })
		maps.DeleteFunc(t.lastSwitch, func(p Place, _ int) bool { return p.Window == w })
		maps.DeleteFunc(t.answered, func(p Place, _ time.Time) bool { return p.Window == w })
	})
}

// IsOwn reports whether we made a window.
func (t *Set) IsOwn(w sessions.Window) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.own[w]
}

// IsForeign reports a context that is not ours, where the main window is one of our own:
// the browser's first one, or one that is just ending.
func (t *Set) IsForeign(id cdp.BrowserContextID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.apart || id == t.main {
		return false
	}
	for w := range t.own {
		if t.ids[w] == id {
			return false
		}
	}
	return true
}

// Windows lists the windows that have targets, and all that are ours, the main
// one first.
func (t *Set) Windows() []sessions.Window {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := append([]sessions.Window{sessions.Main}, slices.Sorted(maps.Keys(t.own))...)
	for _, tab := range t.order {
		if !slices.Contains(list, tab.Window) {
			list = append(list, tab.Window)
		}
	}
	return list
}

// TabsIn counts the tabs of a window.
func (t *Set) TabsIn(w sessions.Window) int {
	n := 0
	for _, tab := range t.List("page") {
		if tab.Window == w {
			n++
		}
	}
	return n
}

// AnyPage is a page of a window, nil where there is none.
func (t *Set) AnyPage(w sessions.Window) *Tab {
	for _, tab := range t.List("page") {
		if tab.Window == w {
			return tab
		}
	}
	return nil
}

// HasWindow reports whether there is a window.
func (t *Set) HasWindow(w sessions.Window) bool { return slices.Contains(t.Windows(), w) }
