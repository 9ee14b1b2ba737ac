package cdp

import (
	"maps"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/cdp"

	"sessdriver/sessions"
)

// contexts are the browser contexts by the names of their windows. [targets]
// guards them.
type contexts struct {
	main cdp.BrowserContextID
	// apart says that the main one is ours, too: see [Browser.Again].
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

// contextOf is the browser context id of a window, "" for the browser's own, as
// the Storage domain takes it. Chrome refuses that of a window that is gone.
func (t *targets) contextOf(w sessions.Window) cdp.BrowserContextID {
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

// claim gives a name to a context that we made. It reports whether the name was
// free.
func (t *targets) claim(w sessions.Window, id cdp.BrowserContextID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, taken := t.ids[w]; taken || w == sessions.Main {
		return false
	}
	t.ids[w], t.own[w] = id, true
	return true
}

// forget drops a window whose context is gone.
func (t *targets) forget(w sessions.Window) {
	t.update(func() {
		delete(t.ids, w)
		delete(t.own, w)
		delete(t.around, w)
		maps.DeleteFunc(t.frames, func(_ cdp.FrameID, f frame) bool { return f.window == w })
		maps.DeleteFunc(t.lastSwitch, func(p place, _ int) bool { return p.window == w })
		maps.DeleteFunc(t.answered, func(p place, _ time.Time) bool { return p.window == w })
	})
}

// isOwn reports whether we made a window.
func (t *targets) isOwn(w sessions.Window) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.own[w]
}
