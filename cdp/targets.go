package cdp

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// tab is a target that we are attached to: a page, a frame of another process,
// a worker.
type tab struct {
	link   wire.Link
	id     target.ID
	opener target.ID // the page that opened it, "" for none
	kind   string    // page, iframe, worker, shared_worker, service_worker, …
	window sessions.Window
	url    string
	ready  bool // its page tells what it does
	told   bool // and its requests: see observer
	sign   bool // see openSign; it is in no list of pages
	blank  bool // see blankTab; nor is it
	// blankFrom is where its document is from, "" where it is fulfilled.
	blankFrom string
	failure   string // of its last request that failed, "" for none
	// mirrors is what it does then for HTTP authentication, nil for nothing.
	mirrors *mirrorsAuth
	// document is what the top frame shows.
	document document
	loading  map[cdp.LoaderID]load // the documents that are on their way
	// reloading says that we show it anew: a beforeunload dialog is accepted.
	reloading bool
	anew      *arrival // what that brings, nil once it was waited for: see Reloaded
	lost      bool     // that came to nothing, as far as the browser told
	showing   showing  // what was sent for that
	switches  int      // those made when we attached to it
	moves     int      // within its documents
	crashes   int
	crashed   bool                    // and shows nothing yet
	script    script                  // which swaps web storage
	past      []visit                 // the documents before, oldest first: see remember
	wipes     []page.ScriptIdentifier // see wipeNext
	// wanting is what a switch asked for and has not begun to come.
	wanting wanting
	// uncached says that the cache and the service worker are off until the page has
	// loaded.
	uncached bool
}

// document is the document of a page. What is not known of one that was there
// before us is zero.
type document struct {
	load
	url    string
	asked  string // the URL that was answered with it, without the fragment
	loader cdp.LoaderID
	loaded bool // its load event has fired
	rested bool // its frame has stopped loading, which is told for each
}

// place is a site in a window.
type place struct {
	window sessions.Window
	site   string
}

// frame is where a frame or worker is. It goes with its page: Chrome does not tell
// of the frames of a page that is closed.
type frame struct {
	window sessions.Window
	page   target.ID // "" for a worker, and where it is not known
}

// load is how a document came, or is on its way.
type load struct {
	method   string
	switches int           // those made when it began
	response wire.Response // nil where the browser did not tell
	// ours says that a switch asked for it, before what the answer had done the last time.
	ours   bool
	before sessions.Effect
	// did is what its answer did to the session, and what was loaded with it.
	did      sessions.Effect
	withUser string // its URL where that has credentials
}

// targets knows all targets, by their ids. It is safe for concurrent use.
type targets struct {
	mu     sync.Mutex // guards all below, and the fields of the tabs
	byLink map[target.SessionID]*tab
	order  []*tab
	frames map[cdp.FrameID]frame
	contexts
	changed chan struct{} // closed and replaced at every change

	switches   int // of sessions, made up to now
	lastSwitch map[place]int
	around     map[sessions.Window]bool // the cache: the windows that go around it
	answered   map[place]time.Time      // when the last switch of a place was made
	astray     map[place]bool           // what was told since: see checkSent
}

func newTargets() *targets {
	return &targets{
		byLink:  map[target.SessionID]*tab{},
		frames:  map[cdp.FrameID]frame{},
		changed: make(chan struct{}),

		contexts: newContexts(),

		lastSwitch: map[place]int{},
		around:     map[sessions.Window]bool{},
		answered:   map[place]time.Time{},
		astray:     map[place]bool{},
	}
}

func (t *targets) switchCount() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.switches
}

func (t *targets) update(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *targets) add(l wire.Link, info *target.Info, by target.SessionID) *tab {
	added := &tab{link: l, id: info.TargetID, opener: info.OpenerID, kind: info.Type, url: info.URL, loading: map[cdp.LoaderID]load{}}
	t.update(func() {
		added.window = t.window(info.BrowserContextID)
		added.document.url = info.URL
		added.switches = t.switches
		t.byLink[l.ID] = added
		t.order = append(t.order, added)
		t.placeFrame(cdp.FrameID(info.TargetID), added)
		if parent := t.byLink[by]; parent != nil && added.kind == "worker" {
			t.frames[cdp.FrameID(added.id)] = frame{added.window, t.frames[cdp.FrameID(parent.id)].page}
		}
	})
	return added
}

func (t *targets) remove(id target.SessionID) {
	t.update(func() {
		gone := t.byLink[id]
		if gone == nil {
			return
		}
		delete(t.byLink, id)
		t.order = slices.DeleteFunc(t.order, func(other *tab) bool { return other == gone })
		// A frame may go on in the process of its page. What is not known is taken
		// for the main window's, so that late requests of others are to be known.
		if gone.kind != "iframe" {
			maps.DeleteFunc(t.frames, func(id cdp.FrameID, f frame) bool {
				return f.window == sessions.Main && (id == cdp.FrameID(gone.id) || f.page == gone.id)
			})
		}
	})
}

func (t *targets) tab(id target.SessionID) *tab {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byLink[id]
}

// isBlank reports a tab of blankTab; nil is none.
func (t *targets) isBlank(tab *tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab != nil && tab.blank
}

// page finds a page by its target id; nil when it is closed.
func (t *targets) page(id target.ID) *tab {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, candidate := range t.order {
		if candidate.id == id && candidate.kind == "page" {
			return candidate
		}
	}
	return nil
}

// list returns the targets of the given kinds, in the order they came.
func (t *targets) list(kinds ...string) []*tab {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*tab
	for _, candidate := range t.order {
		if slices.Contains(kinds, candidate.kind) && !candidate.sign && !candidate.blank {
			list = append(list, candidate)
		}
	}
	return list
}

// windows lists the windows that have targets, and all that are ours, the main
// one first.
func (t *targets) windows() []sessions.Window {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := append([]sessions.Window{sessions.Main}, slices.Sorted(maps.Keys(t.own))...)
	for _, tab := range t.order {
		if !slices.Contains(list, tab.window) {
			list = append(list, tab.window)
		}
	}
	return list
}

// tabsIn counts the tabs of a window.
func (t *targets) tabsIn(w sessions.Window) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, tab := range t.order {
		if tab.window == w && tab.kind == "page" && !tab.sign && !tab.blank {
			n++
		}
	}
	return n
}

// windowOfFrame finds the window of a frame, worker or page. One that is not known
// is the main window's, as long as there is no other.
func (t *targets) windowOfFrame(id cdp.FrameID) (w sessions.Window, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, known := t.frames[id]
	return f.window, known || len(t.ids) == 0
}

// comes reports whether a document of a tab is just coming: it has been answered, or it is
// there and has not loaded.
func (t *targets) comes(tab *tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, coming := range tab.loading {
		if coming.response != nil {
			return true
		}
	}
	return tab.document.loader != "" && !tab.document.loaded
}

// frameIDs is a set of all frames and workers.
func (t *targets) frameIDs() map[cdp.FrameID]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	ids := make(map[cdp.FrameID]bool, len(t.frames))
	for id := range t.frames {
		ids[id] = true
	}
	return ids
}

// setFrame notes a frame that a target told of.
func (t *targets) setFrame(id cdp.FrameID, of *tab) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.placeFrame(id, of)
}

// setWindow notes the window of a frame or worker that no target told of.
func (t *targets) setWindow(id cdp.FrameID, in cdp.BrowserContextID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.frames[id]; !known {
		t.frames[id] = frame{window: t.window(in)}
	}
}

func (t *targets) placeFrame(id cdp.FrameID, of *tab) {
	f := frame{of.window, t.frames[id].page}
	if of.kind == "page" {
		f.page = of.id
	} else if f.page == "" {
		f.page = t.frames[cdp.FrameID(of.id)].page // a frame within a frame
	}
	t.frames[id] = f
}

func (t *targets) dropFrame(id cdp.FrameID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.frames[id].window == sessions.Main { // see remove
		delete(t.frames, id)
	}
}

// now returns the document of a tab.
func (t *targets) documentOf(tab *tab) document {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.document
}

// watch returns a channel that is closed at the next change, to be asked for
// before looking.
func (t *targets) watch() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}
