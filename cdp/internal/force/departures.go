package force

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

const (
	// holdTime is how long a request of a document that is about to be replaced is held
	// before it fails.
	holdTime = 5 * time.Second
	// stuckTime is the same for an XHR while the reload has not begun: the page waits for a
	// synchronous one, and the reload may wait for the page.
	stuckTime = time.Second
	// lastWords is how long a document that was replaced may still send something:
	// its pagehide handlers run beside the new document.
	lastWords = 2 * time.Second
	// reviewPace is how often the times above are looked at.
	reviewPace = 100 * time.Millisecond
	// maxRepeats bounds the reloads that are sent again since the old document went
	// elsewhere.
	maxRepeats = 10
	// maxWanted bounds what is remembered of where an old document asked to go.
	maxWanted = 100
)

// departures are the tabs whose documents a switch is about to replace. Such a document
// is still the former session's page: what it asked for would be answered to the forced
// session, and a cookie in that answer would become the forced session's. So its
// requests, and those of its frames and workers, are held until the new document is
// there, and then fail; navigations that it begins are cancelled. All but any is used in
// turns.
type departures struct {
	*core
	exchanges   *exchanges
	guard       *guard
	interceptor *interceptor
	quiet       *quiet
	reloads     *reloader

	any  atomic.Bool // there is one: nothing else is looked at on the path of a request
	tabs map[target.ID]*departure
}

// departure is one tab of them.
type departure struct {
	tab   *targets.Tab
	began time.Time
	late  bool // see comesLate
	targets.Showing
	ours     cdp.LoaderID // what that brings, "" while it is not known
	asked    bool         // it was seen to be asked for
	answered bool         // and to be answered, where the page tells of its requests
	opened   bool         // somebody opens another page there: that is not cancelled
	wanted   map[string]bool
	canceled bool // a navigation of the old document, since the reload was sent last
	repeats  int
	vain     time.Time // when the reload was seen to bring no document, else zero
	held     []*heldRequest

	next   cdp.LoaderID         // the new document, "" until it is there
	there  time.Time            // since when
	frames map[cdp.FrameID]bool // of the old document, below it
}

// heldRequest is a paused request that has no answer yet.
type heldRequest struct {
	*wire.RequestPaused
	window sessions.Window
	since  time.Time
	shared bool // by a worker that lives on
}

// depart notes that tabs are about to be shown anew. It comes before the decision to
// switch, so that nothing of their documents is asked for as the session after it.
func (ds *departures) depart(tabs []*targets.Tab) {
	if len(tabs) == 0 {
		return
	}
	ds.wire.Do(func() {
		for _, tab := range tabs {
			ds.departNow(tab)
		}
	})
}

// departNow is depart for one tab. It runs in a turn.
func (ds *departures) departNow(tab *targets.Tab) {
	ds.arrive(tab) // of the switch before
	ds.targets.ToShowAnew(tab)
	d := &departure{tab: tab, began: time.Now(), wanted: map[string]bool{}}
	ds.tabs[tab.ID] = d
	ds.any.Store(true)
	ds.reviewLater(d)
}

// comesLate notes that a tab shows a document which was asked for before the last switch of
// its site, and was not there when that let the site's tabs be shown anew: one that a page
// opened just before. It is about to be replaced, as they are.
func (ds *departures) comesLate(tab *targets.Tab) {
	if mode, up := ds.guard.now(); mode == sessions.GuardOff || !up || ds.tabs[tab.ID] != nil || !ds.overtaken(tab) || !ds.reloads.reloads(tab) {
		return
	}
	ds.departNow(tab)
	ds.tabs[tab.ID].late = true
	ds.reloads.catchUp(tab)
}

// remain ends that for the tabs of a window that are not shown anew after all.
func (ds *departures) remain(w sessions.Window) {
	if !ds.any.Load() {
		return
	}
	ds.wire.Do(func() {
		for _, d := range slices.Collect(maps.Values(ds.tabs)) {
			if d.tab.Window == w {
				ds.remainsIn(d.tab)
			}
		}
	})
}

// remainsIn is remain for one tab. It runs in a turn.
func (ds *departures) remainsIn(tab *targets.Tab) {
	d := ds.tabs[tab.ID]
	if d == nil {
		return
	}
	if d.look(ds.targets); d.Switches == 0 {
		ds.release(d, ds.decideHeld)
		ds.arrive(tab)
	}
}

// decideHeld answers a held request as if it had just been paused.
func (ds *departures) decideHeld(h *heldRequest) {
	id, _ := h.LoaderID()
	ds.quiet.waits(string(id), -1)
	ds.interceptor.decide(h.RequestPaused, h.window)
}

// opensThere notes that somebody opens another page in a tab.
func (ds *departures) opensThere(tab *targets.Tab) {
	ds.targets.ForgetOpener(tab) // it is not the opener that does
	if ds.any.Load() {
		ds.wire.Do(func() {
			if d := ds.tabs[tab.ID]; d != nil {
				d.opened = true
			}
		})
	}
}

// arrive ends a departure: what is still held fails. It runs in a turn.
func (ds *departures) arrive(tab *targets.Tab) {
	d := ds.tabs[tab.ID]
	if d == nil {
		return
	}
	ds.release(d, ds.cancel)
	delete(ds.tabs, tab.ID)
	if len(ds.tabs) == 0 {
		ds.any.Store(false)
		ds.guard.call() // Fetch may have waited for that
	}
}

// endAll ends all of them.
func (ds *departures) endAll() {
	ds.wire.Do(func() {
		for _, d := range slices.Collect(maps.Values(ds.tabs)) {
			ds.arrive(d.tab)
		}
	})
}

// release gives every held request to a function that answers it.
func (ds *departures) release(d *departure, answer func(*heldRequest)) {
	held := d.held
	d.held = nil
	for _, h := range held {
		answer(h)
	}
}

// cancel answers a held request: it is not sent.
func (ds *departures) cancel(h *heldRequest) {
	id, _ := h.LoaderID()
	ds.quiet.waits(string(id), -1)
	ds.abort(h.RequestPaused)
}

// abort lets a paused request fail as if its page had given it up. An aborted navigation
// leaves the document that is there.
func (ds *departures) abort(e *wire.RequestPaused) {
	ds.log.Debug("not sent: its document is being replaced", "url", sessions.ShowURL(e.Request.URL))
	wire.Send(ds.link, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonAborted}, func(cdp.Empty, error) {
		ds.interceptor.answered(e)
	})
	// No answer can come, and the page that asked may not tell so any more.
	if id, told := e.LoaderID(); told {
		ds.exchanges.finish(network.RequestID(id), true)
		ds.exchanges.drop(network.RequestID(id))
	}
}

// withholds reports whether a paused request is of a document that is about to be
// replaced: then it is held, or cancelled. It runs in a turn.
func (ds *departures) withholds(e *wire.RequestPaused, w sessions.Window) bool {
	d, below, shared := ds.departureOf(e, w)
	if d == nil {
		return false
	}
	d.look(ds.targets)
	top := e.ResourceType == network.ResourceTypeDocument && ds.targets.Page(target.ID(e.FrameID)) != nil
	switch {
	case top && below: // of a page that the old document opened
		if d.next != "" && !d.frames[e.FrameID] {
			return false
		}
		ds.abort(e)
	case top:
		if d.next != "" || d.isOurs(e) {
			d.asked = d.asked || d.Switches != 0
			return false
		}
		d.canceled = true
		ds.abort(e)
	case d.next == "":
		ds.hold(d, &heldRequest{e, w, time.Now(), shared})
	case below:
		if !d.frames[e.FrameID] {
			return false
		}
		ds.abort(e) // the last words of a frame or worker
	case !ds.targets.Tells(d.tab):
		return false
	default:
		h := &heldRequest{e, w, time.Now(), shared}
		switch old, known := ds.isOf(d, h); {
		case known && old:
			ds.abort(e)
		case known || !saidLast(e) || d.hasSaidAll(time.Now()):
			return false
		default:
			ds.hold(d, h)
		}
	}
	return true
}

// hold keeps a request back for the first time.
func (ds *departures) hold(d *departure, h *heldRequest) {
	d.held = append(d.held, h)
	id, _ := h.LoaderID()
	ds.quiet.waits(string(id), 1)
}

// hasSaidAll reports whether the time for the last words of the old document is over.
func (d *departure) hasSaidAll(now time.Time) bool {
	return d.next != "" && now.Sub(d.there) > lastWords
}

// saidLast reports whether a request is of a kind that outlives its page.
func saidLast(e *wire.RequestPaused) bool {
	return slices.Contains([]network.ResourceType{network.ResourceTypePing, network.ResourceTypeFetch, network.ResourceTypeXHR}, e.ResourceType)
}

// departureOf finds the departure that a request is part of, nil for none. below says that
// it is not of the top frame. What a page asks for that the old document opened is part of
// that as long as it shows no document of its own. One of a worker that pages share is part
// of any of its site: it waits for the new document.
func (ds *departures) departureOf(e *wire.RequestPaused, w sessions.Window) (d *departure, below, shared bool) {
	of, shared := ds.targets.PageOf(e.FrameID)
	if d = ds.tabs[of]; d != nil {
		return d, e.FrameID != cdp.FrameID(of), false
	}
	if d = ds.tabs[ds.targets.OpenedBy(of)]; d != nil {
		return d, true, false
	}
	if shared {
		site := ds.book.SiteOf(e.Request.URL)
		for _, d := range ds.tabs {
			if d.tab.Window == w && d.next == "" && ds.book.SiteOf(ds.targets.Document(d.tab).URL) == site {
				return d, true, true
			}
		}
	}
	return nil, false, false
}

// isOurs reports whether a navigation of the top frame is not one that the old document
// began. Chrome tells which ones those are, mostly before they are paused; the others
// show it by their method, and by the referrer, which only a reload has besides.
func (d *departure) isOurs(e *wire.RequestPaused) bool {
	if d.opened {
		return true
	}
	loader, told := e.LoaderID()
	switch url := targets.WithoutFragment(e.Request.URL); {
	case told && loader == d.ours:
		return true
	case e.Request.Method != "GET" || d.wanted[url]:
		return false
	case d.Switches != 0 && d.ours == "" && url == d.At:
		d.ours = loader // its redirects have other URLs
		return true
	}
	return !told || e.Request.Headers.Get("referer") == ""
}

// isOf reports whether a request of the top frame is of the old document, of a worker that
// this has, or of a page that it scripts, as far as that was told. It is used once the new
// document is there.
func (ds *departures) isOf(d *departure, h *heldRequest) (old, known bool) {
	id, told := h.LoaderID()
	if !told {
		return false, false
	}
	ex := ds.exchanges.open[network.RequestID(id)]
	switch {
	case ex == nil || len(ex.urls) == 0:
		return false, false
	case ex.tab.Kind == "worker": // its requests have the frame of its page
		return d.frames[cdp.FrameID(ex.tab.ID)], true
	case ex.loader == "":
		return false, false
	}
	return ex.loader != d.next, true
}

// replaced notes that a tab shows another document.
func (ds *departures) replaced(tab *targets.Tab) {
	d := ds.tabs[tab.ID]
	if d == nil {
		return
	}
	if d.next != "" { // the one after: what it replaces is not the document that left
		ds.arrive(tab)
		return
	}
	d.look(ds.targets)
	came, loader, below := ds.targets.Replaced(tab)
	d.frames = below
	if d.Switches == 0 || came < d.Switches {
		return // it was on its way before the switch, and is replaced itself
	}
	d.next, d.there = loader, time.Now()
	tells := ds.targets.Tells(tab)
	ds.release(d, func(h *heldRequest) {
		old, known := ds.isOf(d, h)
		switch {
		case h.shared:
			ds.decideHeld(h)
		case h.FrameID != cdp.FrameID(tab.ID), h.ResourceType == network.ResourceTypePing, known && old:
			ds.cancel(h)
		case known, !tells: // without events a request of the old document is mostly gone by now
			ds.decideHeld(h)
		default:
			d.held = append(d.held, h)
		}
	})
}

// toldOf answers a held request whose document is told now.
func (ds *departures) toldOf(tab *targets.Tab, id network.RequestID) {
	of, _ := ds.targets.PageOf(cdp.FrameID(tab.ID)) // a worker's
	d := ds.tabs[of]
	if d == nil || d.next == "" {
		return
	}
	ds.release(d, func(h *heldRequest) {
		if is, told := h.LoaderID(); !told || network.RequestID(is) != id {
			d.held = append(d.held, h)
		} else if old, _ := ds.isOf(d, h); old {
			ds.cancel(h)
		} else {
			ds.decideHeld(h)
		}
	})
}

// reviewLater looks at a departure again and again until it ends.
func (ds *departures) reviewLater(d *departure) {
	time.AfterFunc(reviewPace, func() {
		ds.wire.Do(func() {
			if ds.tabs[d.tab.ID] == d {
				ds.review(d)
			}
			if ds.tabs[d.tab.ID] == d {
				ds.reviewLater(d)
			}
		})
	})
}

// review ends what has taken its time.
func (ds *departures) review(d *departure) {
	d.look(ds.targets)
	now := time.Now()
	switch {
	case d.hasSaidAll(now) && len(d.held) == 0:
		ds.arrive(d.tab)
		return
	case !ds.targets.Has(d.tab):
		ds.arrive(d.tab)
		return
	case d.next == "" && ((d.Switches != 0 || d.late) && now.Sub(d.began) > ds.reloadTimeout && !ds.targets.IsComing(d.tab) ||
		!d.vain.IsZero() && now.Sub(d.vain) > stuckTime):
		ds.arrive(d.tab)
		ds.noticeOf(fault.NotReloaded, "%s is still shown as the session before, since its reload brought no page, and what it asks for goes out as the session that is forced now", sessions.ShowURL(ds.targets.Document(d.tab).URL))
		return
	}
	ds.release(d, func(h *heldRequest) {
		age := now.Sub(h.since)
		stuck := h.ResourceType == network.ResourceTypeXHR && d.next == "" && (d.answered || age > stuckTime && !d.asked || d.asked && !ds.targets.Tells(d.tab))
		// The new document tells of what it asks for: what nobody told of is the old one's.
		if age > ds.holdTime || stuck || d.next != "" && age > lastWords {
			ds.cancel(h)
			return
		}
		d.held = append(d.held, h)
	})
}

// look takes over what was sent to show the tab anew.
func (d *departure) look(t *targets.Set) {
	sent := t.Showing(d.tab)
	if sent.Times != d.Times {
		d.ours, d.canceled, d.asked, d.answered = "", false, false, false
		d.began = time.Now()
	}
	d.Showing = sent
}

// respondedTo notes that a document is answered. A held synchronous XHR, which its page
// waits for, must not keep it from coming: see review.
func (ds *departures) respondedTo(tab *targets.Tab, loader cdp.LoaderID) {
	if d := ds.tabs[tab.ID]; d != nil && d.ours == loader {
		d.answered = true
		ds.review(d)
	}
}

// departs notes what a document that is about to be replaced begins, and what is begun
// to replace it.
func (ds *departures) departs(tab *targets.Tab, e *page.EventFrameStartedNavigating) {
	d := ds.tabs[tab.ID]
	if d == nil || cdp.FrameID(tab.ID) != e.FrameID {
		return
	}
	if d.look(ds.targets); d.Switches == 0 {
		return
	}
	if d.IsBegunBy(e) && (d.URL == "" || !d.wanted[d.URL]) {
		d.ours = e.LoaderID
	}
}

// wants notes where the old document asks to go.
func (ds *departures) wants(tab *targets.Tab, e *page.EventFrameRequestedNavigation) {
	d := ds.tabs[tab.ID]
	if d != nil && cdp.FrameID(tab.ID) == e.FrameID && len(d.wanted) < maxWanted {
		d.wanted[targets.WithoutFragment(e.URL)] = true
	}
}

// cameToNothing notes that a document does not come. Where the old one went elsewhere
// meanwhile the tab is shown anew once more.
func (ds *departures) cameToNothing(tab *targets.Tab) {
	d := ds.tabs[tab.ID]
	if d == nil || d.next != "" || d.opened {
		return
	}
	if ds.targets.IsLost(tab) {
		d.vain = time.Now()
	}
	if (d.canceled || len(d.wanted) > 0) && d.repeats < maxRepeats && ds.overtaken(tab) {
		d.repeats++
		d.vain = time.Time{}
		ds.reloads.catchUp(tab)
	}
}
