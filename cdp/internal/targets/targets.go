package targets

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// Set knows all targets, by their ids. It is safe for concurrent use.
type Set struct {
	first func(context.Context) error // see Settle
	link  wire.Link                   // our connection to the browser target

	mu     sync.Mutex // guards all below, and what the tabs have that is not exported
	byLink map[target.SessionID]*Tab
	order  []*Tab
	frames map[cdp.FrameID]frame
	contexts
	changed chan struct{} // closed and replaced at every change

	switches   int // of sessions, made up to now
	lastSwitch map[Place]int
	answered   map[Place]time.Time // when the last switch of a place was made
	astray     map[Place]bool      // what was told since: see TellAstray
}

// New makes an empty Set. first is what [Set.Settle] does first.
func New(first func(context.Context) error) *Set {
	return &Set{
		first:   first,
		byLink:  map[target.SessionID]*Tab{},
		frames:  map[cdp.FrameID]frame{},
		changed: make(chan struct{}),

		contexts: newContexts(),

		lastSwitch: map[Place]int{},
		answered:   map[Place]time.Time{},
		astray:     map[Place]bool{},
	}
}

// Connect gives the Set our connection to the browser target, before there are targets.
func (t *Set) Connect(l wire.Link) { t.link = l }

// note makes a change of which those are told who wait.
func (t *Set) note(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	close(t.changed)
	t.changed = make(chan struct{})
}

// Add notes a target that we are attached to, by the connection to another.
func (t *Set) Add(l wire.Link, info *target.Info, by target.SessionID) *Tab {
	added := &Tab{Link: l, ID: info.TargetID, opener: info.OpenerID, Kind: info.Type, URL: info.URL, loading: map[cdp.LoaderID]Load{}}
	t.note(func() {
		added.Window = t.window(info.BrowserContextID)
		added.document.URL = info.URL
		added.switches = t.switches
		t.byLink[l.ID] = added
		t.order = append(t.order, added)
		t.placeFrame(cdp.FrameID(info.TargetID), added)
		if parent := t.byLink[by]; parent != nil && added.Kind == "worker" {
			t.frames[cdp.FrameID(added.ID)] = frame{added.Window, t.frames[cdp.FrameID(parent.ID)].page}
		}
	})
	return added
}

// Remove forgets a target that is gone.
func (t *Set) Remove(id target.SessionID) {
	t.note(func() {
		gone := t.byLink[id]
		if gone == nil {
			return
		}
		delete(t.byLink, id)
		t.order = slices.DeleteFunc(t.order, func(other *Tab) bool { return other == gone })
		// A frame may go on in the process of its page. What is not known is taken
		// for the main window's, so that late requests of others are to be known.
		if gone.Kind != "iframe" {
			maps.DeleteFunc(t.frames, func(id cdp.FrameID, f frame) bool {
				return f.window == sessions.Main && (id == cdp.FrameID(gone.ID) || f.page == gone.ID)
			})
		}
	})
}

// Tab finds a target by the id of our connection to it; nil when it is gone.
func (t *Set) Tab(id target.SessionID) *Tab {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byLink[id]
}

// Has reports whether a target is there.
func (t *Set) Has(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byLink[tab.Link.ID] == tab
}

// Page finds a page by its target id; nil when it is closed.
func (t *Set) Page(id target.ID) *Tab {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.page(id)
}

func (t *Set) page(id target.ID) *Tab {
	for _, candidate := range t.order {
		if candidate.ID == id && candidate.Kind == "page" {
			return candidate
		}
	}
	return nil
}

// List returns the targets of the given kinds, in the order they came.
func (t *Set) List(kinds ...string) []*Tab {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*Tab
	for _, candidate := range t.order {
		if slices.Contains(kinds, candidate.Kind) && !candidate.sign && !candidate.blank {
			list = append(list, candidate)
		}
	}
	return list
}

// IsReady reports whether a page tells what it does.
func (t *Set) IsReady(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.ready
}

// SetReady notes that a page tells what it does from now on.
func (t *Set) SetReady(tab *Tab) { t.note(func() { tab.ready = true }) }

// Tells reports whether a target tells of its requests.
func (t *Set) Tells(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.tells
}

// SetTells notes whether it does from now on.
func (t *Set) SetTells(tab *Tab, tells bool) { t.note(func() { tab.tells = tells }) }

// IsBlank reports a tab of [Set.SetBlank]; nil is none.
func (t *Set) IsBlank(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab != nil && tab.blank
}

// SetBlank notes a tab that is there for a request of ours: it is in no list of pages.
func (t *Set) SetBlank(tab *Tab) { t.note(func() { tab.blank = true }) }

// SetSign notes a tab that tells a person whose its window is: nor is this one.
func (t *Set) SetSign(tab *Tab) { t.note(func() { tab.sign = true }) }

// Signs are those of a window.
func (t *Set) Signs(w sessions.Window) []*Tab {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*Tab
	for _, tab := range t.order {
		if tab.sign && tab.Window == w {
			list = append(list, tab)
		}
	}
	return list
}

// OpenedBy is the page that opened one which has shown nothing of a server yet, "" for none.
func (t *Set) OpenedBy(id target.ID) target.ID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tab := t.page(id); tab != nil && tab.isEmpty() {
		return tab.opener
	}
	return ""
}

// ForgetOpener notes that what comes to a tab is not its opener's doing.
func (t *Set) ForgetOpener(tab *Tab) { t.note(func() { tab.opener = "" }) }
