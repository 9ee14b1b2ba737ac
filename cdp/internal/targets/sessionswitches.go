package targets

import (
	"time"

	"github.com/chromedp/cdproto/cdp"

	"sessdriver/sessions"
)

// Switched notes that another session is active on a site: what began to load
// before may be of the one before.
func (t *Set) Switched(w sessions.Window, site string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.switches++
	t.lastSwitch[Place{w, site}] = t.switches
}

// Switches counts the switches up to now.
func (t *Set) Switches() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.switches
}

// IsOvertaken reports whether the document of a tab, which is of the site, began to load
// before the last switch there, and none that began later is on its way.
func (t *Set) IsOvertaken(tab *Tab, site string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := t.lastSwitch[Place{tab.Window, site}]
	for _, coming := range tab.loading {
		if coming.switches >= last {
			return false
		}
	}
	return tab.document.switches < last
}

// CaughtUp notes that the document of a tab is to be taken for one of now.
func (t *Set) CaughtUp(tab *Tab) { t.note(func() { tab.document.switches = t.switches }) }

// StaysFrom reports whether what is in a frame or worker is from before the last switch
// of a site in a window. What is not known is.
func (t *Set) StaysFrom(id cdp.FrameID, w sessions.Window, site string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, switched := t.lastSwitch[Place{w, site}]
	if !switched {
		return false
	}
	page := t.frames[id].page
	for _, tab := range t.order {
		switch {
		case tab.ID == page && tab.Kind == "page":
			return tab.document.switches < last
		case page == "" && cdp.FrameID(tab.ID) == id:
			return tab.switches < last
		}
	}
	return true
}

// GoesOn reports whether something that a tab opened goes on from before the last switch:
// switches are those made up to then, and the tab is not being shown anew.
func (t *Set) GoesOn(tab *Tab, switches int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return switches < t.switches && !tab.reloading
}

// TellAstray reports whether nothing was told of a site in a window since its last switch.
func (t *Set) TellAstray(w sessions.Window, site string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := Place{w, site}
	told := t.astray[at]
	t.astray[at] = true
	return !told
}

// IsAnswered reports whether the last switch of a site in a window was made before a moment.
func (t *Set) IsAnswered(w sessions.Window, site string, moment time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	answered, ok := t.answered[Place{w, site}]
	return ok && moment.After(answered)
}

// Unanswered notes that a switch is being made, and returns when the one before was
// answered.
func (t *Set) Unanswered(w sessions.Window, site string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.answered[Place{w, site}]
	delete(t.answered, Place{w, site})
	delete(t.astray, Place{w, site})
	return was
}

// Answer notes that a switch is made: what begins later belongs to its session. The
// zero time notes nothing.
func (t *Set) Answer(w sessions.Window, site string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !at.IsZero() {
		t.answered[Place{w, site}] = at
	}
}
