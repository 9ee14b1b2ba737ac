package force

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/network"

	"sessdriver/cdp/internal/targets"
	"sessdriver/sessions"
)

const (
	maxRequests = 500  // that are remembered
	maxAddress  = 4096 // bytes of the URL of one, which a hostile page may make long
)

// requestLog remembers the last ones whose answers were told, oldest first.
type requestLog struct {
	*core

	mu      sync.Mutex // guards all below
	list    []told
	count   int64         // of all since the start
	acted   int64         // the count when the current page was last acted on
	changed chan struct{} // closed at the next one; nil while nobody waits
}

// told is a request as it was told.
type told struct {
	hop       hop
	window    sessions.Window
	kind      network.ResourceType
	status    int64
	session   sessions.Ref // that it was sent as
	forced    sessions.Ref
	unsent    bool
	rewritten bool
	handshake bool
}

// add remembers one. It runs in a turn.
func (r *requestLog) add(t told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) >= 2*maxRequests {
		r.list = slices.Delete(r.list, 0, maxRequests)
	}
	r.list = append(r.list, t)
	r.count++
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// note remembers what was told of a hop.
func (x *exchanges) note(id network.RequestID, ex *exchange, h *hop, status int64, handshake bool) {
	t := told{hop: *h, window: ex.window, kind: ex.kind, status: status, rewritten: x.rewritten[id], handshake: handshake}
	delete(x.rewritten, id)
	if !x.book.Observes(h.url) {
		return
	}
	if len(t.hop.url) > maxAddress {
		t.hop.url = strings.Clone(t.hop.url[:maxAddress])
	}
	if t.unsent = h.booked == nil && status == 0; h.booked != nil {
		t.session, t.forced = h.booked.Session(), h.booked.Forced()
		t.hop.booked = nil
	}
	x.requests.add(t)
}

// wrote notes that a request leaves with headers of ours, and whether these say something
// else.
func (x *exchanges) wrote(id network.RequestID, other bool) {
	if len(x.rewritten) > maxOpen {
		clear(x.rewritten)
	}
	x.rewritten[id] = other
}

// Requests lists the requests that were told, see since.
func (en *Engine) Requests(since int64) (list []sessions.RequestView, count int64, changed <-chan struct{}) {
	return en.requests.since(since)
}

// Acts notes that a page is being acted on.
func (en *Engine) Acts() { en.requests.act() }

// Acted is the count of the requests when that was noted last.
func (en *Engine) Acted() int64 { return en.requests.countAtAct() }

// since lists the requests that were answered, or failed, after the first since of all
// (0 or less for all, [math.MaxInt64] for none), as far as they are remembered, and how many there were. changed is closed
// when there are more. Where requests are not told, there are none: see [Engine.Observation].
func (r *requestLog) since(since int64) (list []sessions.RequestView, count int64, changed <-chan struct{}) {
	r.mu.Lock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	since = max(0, since)
	more := slices.Clone(r.list[max(0, len(r.list)-int(max(0, r.count-since))):])
	count, changed = r.count, r.changed
	r.mu.Unlock()
	for _, t := range more {
		list = append(list, r.viewOf(t))
	}
	return list, count, changed
}

// countAtAct is the count of the requests when a page was last opened or acted on.
func (r *requestLog) countAtAct() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acted
}

// act notes that a page is being acted on.
func (r *requestLog) act() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.acted = r.count
}

func (r *requestLog) viewOf(t told) sessions.RequestView {
	v := sessions.RequestView{
		At: t.hop.began, Window: t.window, Site: r.book.SiteOf(t.hop.url), Session: r.nameOf(t.session), Forced: r.nameOf(t.forced),
		Method: t.hop.method, URL: t.hop.url, Type: string(t.kind), Status: int(t.status),
		Unsent: t.unsent, Rewritten: t.rewritten, Unchecked: t.hop.unchecked, Handshake: t.handshake,
	}
	if v.At.IsZero() {
		v.At = time.Now()
	}
	return v
}

func (r *requestLog) nameOf(ref sessions.Ref) string {
	s, err := r.book.Session(ref, time.Now())
	if err != nil { // none, or it was removed
		return ""
	}
	return s.Name
}

// IsLoading reports whether a request of a window has not ended, but for open streams, or
// a page has not loaded; answered is false where the browser did not say so in time.
func (en *Engine) IsLoading(ctx context.Context, w sessions.Window) (loading, answered bool) {
	loading, answered = inTurn(ctx, en.wire, func() bool { return en.exchanges.isLoading(w) })
	loading = loading || en.targets.AnyLoading(func(tab *targets.Tab, _ targets.Document) bool { return tab.Window == w })
	return loading, answered
}

// isLoading reports whether a request of a window has not ended.
func (x *exchanges) isLoading(w sessions.Window) bool {
	for _, ex := range x.open {
		if ex.window == w && len(ex.urls) > 0 && !ex.finished && !ex.stream && !ex.orphan && time.Since(ex.came) < oldRequest {
			return true
		}
	}
	return false
}
