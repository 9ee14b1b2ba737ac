package force

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// never is a pattern that no request matches.
const never = "http://never.invalid/"

// interceptor answers paused requests. Fetch is on while a site has an active
// session and the guard wants it, for the URLs of those sites. What is not marked otherwise is used by
// turns alone.
type interceptor struct {
	*core
	departures *departures
	exchanges  *exchanges
	guard      *guard
	mirror     *mirror
	observer   *observer
	quiet      *quiet

	on     bool // Fetch may be enabled; used by commands, one at a time
	primed bool // prime is done since it was enabled; likewise
	// next are the frames whose next document may have had its answer before that.
	next map[cdp.FrameID]bool
	// open counts the pauses whose answer was not confirmed. Chrome may tell
	// one id twice (CHROMIUM 15).
	open       map[fetch.RequestID]int
	challenges *challenges
	// explicit says that a header is written also where it is right: the one that
	// another client has put in its place is not shown to us, but gives way to
	// ours (TestOtherInterceptor).
	explicit bool
	idle     []chan struct{} // closed when open is empty

	// checked counts the requests that were decided for a forced session, written those
	// that left with headers of ours, rewritten those with others.
	checked, written, rewritten atomic.Int64
}

func newInterceptor(c *core) *interceptor {
	return &interceptor{core: c, open: map[fetch.RequestID]int{}, explicit: c.options.Shared}
}

// update makes Fetch pause the requests of the sites that have an active
// session. The first time it also reaches the documents and service workers
// that are alive, of all sites: a page of another site may call a forced one
// (CHROMIUM 4, 5).
func (i *interceptor) update(ctx context.Context) error {
	patterns := i.patterns()
	i.guard.forces.Store(len(patterns) > 0)
	switch {
	case i.guard.mode == sessions.GuardOff:
		i.departures.endAll()
		return i.stop(ctx)
	case len(patterns) == 0 && i.departures.any.Load():
		return nil // the guard stops it once these pages are replaced
	case len(patterns) == 0:
		return i.stop(ctx)
	}
	if !i.on {
		for _, site := range i.book.Forced() {
			i.quiet.switchedAll(site) // what began before was not paused
		}
	}
	i.on = true // whatever becomes of the call: Chrome may carry out one that was given up
	if _, err := wire.Call(ctx, i.link, fetch.Enable, fetch.EnableParams{Patterns: patterns, HandleAuthRequests: new(true)}); err != nil {
		return err
	}
	if !i.primed {
		i.prime(ctx)
		i.primed = ctx.Err() == nil
	}
	i.guard.raised(true)
	return ctx.Err()
}

// stop turns Fetch off, once nothing is paused: it would be released unmodified
// (CHROMIUM 7).
func (i *interceptor) stop(ctx context.Context) error {
	if !i.on {
		return nil
	}
	narrow := fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: never}}}
	i.guard.raised(false) // from now on requests may pass unseen
	if _, err := wire.Call(ctx, i.link, fetch.Enable, narrow); err != nil {
		return err
	}
	if err := i.drain(ctx); err != nil {
		return err
	}
	i.primed = false
	i.wire.Do(func() { i.next = nil })
	_, err := wire.Call(ctx, i.link, fetch.Disable, cdp.Empty{})
	i.on = err != nil
	return err
}

// drain waits until every request that was paused up to now has its answer.
func (i *interceptor) drain(ctx context.Context) error {
	done := make(chan struct{})
	i.wire.Do(func() {
		i.idle = append(i.idle, done)
		i.settle()
	})
	select {
	case <-done:
		return nil
	case <-i.wire.Lost():
		return i.wire.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *interceptor) settle() {
	if len(i.open) > 0 {
		return
	}
	for _, done := range i.idle {
		close(done)
	}
	i.idle = nil
}

// patterns lists the URLs of the forced sites. A pattern without a port does
// not match a URL with one (CHROMIUM 6).
func (i *interceptor) patterns() []*fetch.RequestPattern {
	var list []*fetch.RequestPattern
	add := func(host string) {
		list = append(list, &fetch.RequestPattern{URLPattern: "*://" + host + "/*"}, &fetch.RequestPattern{URLPattern: "*://" + host + ":*/*"})
	}
	for _, site := range i.book.Forced() {
		// A port is not looked at: the verdict knows whose a request is.
		host, _, err := net.SplitHostPort(site)
		if err != nil {
			host = site
		}
		if strings.Contains(host, ":") {
			add("[" + host + "]")
			continue
		}
		add(host)
		add(host + ".") // the same host, for all but the jar
		if err != nil || i.book.Scope() == sessions.ScopeDomain {
			add("*." + host)
			add("*." + host + ".")
		}
	}
	return list
}

// answeredUntold lets the response of a request go on that no other event tells of: the
// jar has its cookies by now.
func (i *interceptor) answeredUntold(e *wire.RequestPaused) {
	if w, known := i.targets.WindowOfFrame(e.FrameID); known {
		i.quiet.landed(w, i.book.SiteOf(e.Request.URL), string(e.RequestID))
	}
	wire.Send(i.link, fetch.ContinueResponse, fetch.ContinueResponseParams{RequestID: e.RequestID}, nil)
}

// paused handles one paused request.
func (i *interceptor) paused(e *wire.RequestPaused) {
	if e.Answered {
		i.answeredUntold(e)
		return
	}
	i.open[e.RequestID]++
	if e.ResourceType == network.ResourceTypeDocument {
		i.asked(e)
	}
	if w, known := i.targets.WindowOfFrame(e.FrameID); known {
		i.decideOrHold(e, w)
		return
	}
	// The script of a nested worker is asked for before its target is told of
	// (TestNestedWorkerInWindow). What the browser does not know either has ended, in the
	// main window: the frames of the others are known as long as these are open.
	wire.Send(i.link, target.GetTargetInfo, target.GetTargetInfoParams{TargetID: target.ID(e.FrameID)}, func(r target.GetTargetInfoResult, err error) {
		if err == nil {
			i.targets.SetWindow(e.FrameID, r.TargetInfo.BrowserContextID)
		}
		w, _ := i.targets.WindowOfFrame(e.FrameID)
		i.decideOrHold(e, w)
	})
}

// decideOrHold is decide, but for what a document asks for that is about to be replaced.
func (i *interceptor) decideOrHold(e *wire.RequestPaused, w sessions.Window) {
	if !i.departures.any.Load() || !i.departures.withholds(e, w) {
		i.decide(e, w)
	}
}

// asked notes how a document comes, where only the pause tells.
func (i *interceptor) asked(e *wire.RequestPaused) {
	tab := i.targets.Page(target.ID(e.FrameID))
	if tab == nil || i.targets.Tells(tab) {
		return
	}
	i.targets.ComesBy(tab, e.Request.Method)
}

// decide answers a request of a window as the book says.
func (i *interceptor) decide(e *wire.RequestPaused, w sessions.Window) {
	r := sessions.Paused{
		Window:          w,
		URL:             e.Request.URL,
		Header:          e.Request.Headers.Get("cookie"),
		Fields:          e.Request.Headers.Get,
		FromOldDocument: func(site string) bool { return i.targets.StaysFrom(e.FrameID, w, site) },
		IsAuthMirror:    func() bool { return i.challenges.tabs.mirrorOf(e.FrameID) != nil },
		Top:             func() string { return i.targets.TopAt(e.FrameID) },
		Preflight:       e.IsPreflight(),
		Now:             time.Now(),
	}
	i.ask(e, r)
}

// ask answers a request that the book is asked about, at once if it can.
func (i *interceptor) ask(e *wire.RequestPaused, r sessions.Paused) {
	w := r.Window
	r.JarChanging, r.OldInFlight = i.quiet.of(w, r.URL)
	v := i.book.Decide(r)
	switch v.Action {
	case sessions.Await:
		i.await(e, r)
		return
	case sessions.Flush:
	default:
		i.answer(e, w, v)
		return
	}
	writes := i.mirror.writes.Load()
	// The jar is read behind everything that the browser told before.
	wire.Send(i.link, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: i.targets.ContextOf(w)}, func(jar storage.GetCookiesResult, err error) {
		r.Flushed, r.Jar, r.Now = true, cookiesOf(jar), time.Now()
		r.JarChanging, r.OldInFlight = i.quiet.of(w, r.URL)
		r.JarWritten = writes%2 != 0 || writes != i.mirror.writes.Load()
		v := i.book.Decide(r)
		if v.Action == sessions.Await { // the window was switched meanwhile
			r.Waited = true
			v = i.book.Decide(r)
		}
		i.finally(e, w, v)
	})
}

const (
	// awaitTime is how long a request waits for what may explain its cookies.
	awaitTime = time.Second
	awaitPace = 50 * time.Millisecond
)

// await asks again until no answer from before the switch can come.
func (i *interceptor) await(e *wire.RequestPaused, r sessions.Paused) {
	id, _ := e.LoaderID()
	i.quiet.waits(string(id), 1)
	began, at := time.Now(), targets.At(r.Window, i.book.SiteOf(r.URL))
	var again func()
	again = func() {
		r.Now = time.Now()
		if _, late := i.quiet.at(at.Window, at.Site); (late || i.mirror.isAdopting(at)) && r.Now.Sub(began) < awaitTime {
			time.AfterFunc(awaitPace, func() { i.wire.Do(again) })
			return
		}
		i.quiet.waits(string(id), -1)
		r.Waited = true
		i.ask(e, r)
	}
	time.AfterFunc(awaitPace, func() { i.wire.Do(again) })
}

// finally answers a request that was decided in full knowledge.
func (i *interceptor) finally(e *wire.RequestPaused, w sessions.Window, v sessions.Verdict) {
	if v.Action != sessions.Restore || len(v.Lost) == 0 {
		i.answer(e, w, v)
		return
	}
	i.log.Debug("put back", "url", sessions.ShowURL(e.Request.URL), "site", v.Session.Site, "session", v.Session.Number)
	i.mirror.restore(w, v.Lost, func() { i.answer(e, w, v) })
}

// unreadable answers a paused request of which only the id could be read. It
// fails closed: the request may be one that had to be rewritten.
func (i *interceptor) unreadable(m *cdproto.Message) {
	var e struct {
		RequestID fetch.RequestID `json:"requestId"`
	}
	if err := json.Unmarshal(m.Params, &e); err != nil {
		return // then Chrome does not speak the protocol, and nothing can be answered
	}
	i.notice("blocked a request, since what Chrome reported of it could not be read")
	wire.Send(i.link, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonBlockedByClient}, nil)
}

// answer sends the verdict, the one answer that the request gets.
func (i *interceptor) answer(e *wire.RequestPaused, w sessions.Window, v sessions.Verdict) {
	params := fetch.ContinueRequestParams{RequestID: e.RequestID}
	rewrite := v.Action == sessions.Rewrite
	if v.Anonymous {
		params.URL = sessions.WithoutCredentials(e.Request.URL)
	}
	if rewrite {
		// Two forced sites that share a jar might take it from each other.
		if v.Header != e.Request.Headers.Get("cookie") && !i.book.SharesJar() {
			// It is out of step: a script wrote another session's value, say
			// (TestHardLogin).
			i.mirror.mend(w, v.Session.Site)
		}
		i.log.Debug("rewritten", "url", sessions.ShowURL(e.Request.URL), "site", v.Session.Site, "session", v.Session.Number)
	}
	write := rewrite || v.Action == sessions.Write || v.Action == sessions.Restore && (v.Fields != nil || v.Without != nil)
	if is := e.Request.Headers.Get("cookie"); !write && i.explicit && v.Session.Number != 0 && is != "" {
		v.Header, v.Fields, write = is, nil, true
	}
	if write && v.Action != sessions.Restore {
		write = i.complete(e, w, &v)
	}
	id, _ := e.NetworkID()
	i.count(v.Session.Number != 0, write, rewrite)
	if write {
		if id != "" {
			i.exchanges.wrote(id, rewrite)
		}
		list, readable := e.Request.Headers.All()
		if !readable {
			i.second(e, write, errors.New("its headers cannot be read"))
			return
		}
		params.Headers = override(list, v)
		i.challenges.wrote(e.RequestID, v.Fields)
	}
	flight := cmp.Or(string(id), string(e.RequestID))
	if v.Session.Number != 0 && (id == "" || i.exchanges.open[id] == nil) {
		i.quiet.fly(w, v.Session.Site, flight, time.Now())
		params.InterceptResponse = new(id == "" && i.observer.full(w)) // nobody else tells when a favicon is answered
	}
	wire.Send(i.link, fetch.ContinueRequest, params, func(_ cdp.Empty, err error) {
		if err != nil && gone(err) { // cancelled while it was paused: it was not sent
			i.quiet.landed(w, v.Session.Site, flight)
		}
		if err == nil || gone(err) {
			i.answered(e)
			return
		}
		i.second(e, write, err)
	})
}

// complete adds the partitioned cookies to a header that is about to be written, as far as
// it is known in which partition the request is. It reports false where the header is better
// left to the browser: of a request that shows none it cannot be told whether it is one to
// carry them.
func (i *interceptor) complete(e *wire.RequestPaused, w sessions.Window, v *sessions.Verdict) bool {
	m := i.mirror
	m.mu.Lock()
	jar := m.partitioned[w]
	m.mu.Unlock()
	if len(jar) == 0 {
		return true
	}
	more := i.book.Partitioned(w, e.Request.URL, topLevelSite(i.targets, e), crossSite, jar, time.Now())
	switch {
	case more == "":
	case e.Request.Headers.Get("cookie") == "" && v.Action == sessions.Write:
		_, late := i.quiet.of(w, e.Request.URL)
		return late // then an answer might give it another session's
	case v.Header == "":
		v.Header = more
	default:
		v.Header += "; " + more
	}
	return true
}

// topLevelSite is the site of the page that a request is made in, "" where it is not known.
func topLevelSite(t *targets.Set, e *wire.RequestPaused) string {
	page, _ := t.PageOf(e.FrameID)
	if page == "" {
		return ""
	}
	if e.ResourceType == network.ResourceTypeDocument && string(e.FrameID) == string(page) {
		return sessions.TopLevelSite(e.Request.URL)
	}
	tab := t.Page(page)
	if tab == nil {
		return ""
	}
	return sessions.TopLevelSite(t.Document(tab).URL)
}

// count notes what became of a request of a forced site.
func (i *interceptor) count(forced, written, rewritten bool) {
	if !forced {
		return
	}
	i.checked.Add(1)
	if written {
		i.written.Add(1)
	}
	if rewritten {
		i.rewritten.Add(1)
	}
}

// second answers a request whose first answer was refused: it stays paused
// otherwise (CHROMIUM 20). What was written fails closed.
func (i *interceptor) second(e *wire.RequestPaused, written bool, cause error) {
	done := func(_ cdp.Empty, err error) {
		if err != nil && !gone(err) {
			i.log.Error("answering a paused request twice", "url", sessions.ShowURL(e.Request.URL), "error", err)
		}
		i.answered(e)
	}
	if !written {
		wire.Send(i.link, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID}, done)
		return
	}
	i.notice("blocked %s %s: Chrome refused the rewritten request (%v), and unchanged it would have been sent as another session", e.Request.Method, sessions.ShowURL(e.Request.URL), cause)
	wire.Send(i.link, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonBlockedByClient}, done)
}

func (i *interceptor) answered(e *wire.RequestPaused) {
	if i.open[e.RequestID]--; i.open[e.RequestID] == 0 {
		delete(i.open, e.RequestID)
	}
	i.settle()
}

// gone reports that there is nobody to answer any more: the page was closed or
// went elsewhere (CHROMIUM 21), or the browser is lost.
func gone(err error) bool {
	var refused *cdproto.Error
	return errors.Is(err, wire.ErrGone) || errors.As(err, &refused) && strings.Contains(refused.Message, "Invalid InterceptionId")
}

// override copies the headers with those of a verdict, since the list replaces all that
// the page has (CHROMIUM 18); other fields are added where they are not there. For no Cookie, where
// there was one, the line has to be there and empty: without it Chrome would send the jar's
// cookies (TestFactOverride). Where there was none Chrome decides as before, unless the
// verdict is explicit. They leave in the order of the list, which is that of the event:
// sorted (CHROMIUM 18).
func override(headers network.Headers, v sessions.Verdict) []*fetch.HeaderEntry {
	list, had := make([]*fetch.HeaderEntry, 0, len(headers)+1), false
	for name, value := range headers {
		text, ok := value.(string)
		if strings.EqualFold(name, "cookie") {
			had = true
			continue
		}
		for _, f := range v.Fields {
			if strings.EqualFold(name, f.Name) {
				text = f.Value
			}
		}
		if ok && !slices.ContainsFunc(v.Without, func(out string) bool { return strings.EqualFold(name, out) }) {
			list = append(list, &fetch.HeaderEntry{Name: name, Value: text})
		}
	}
	for _, f := range v.Fields {
		if header(headers, f.Name) == "" {
			list = append(list, &fetch.HeaderEntry{Name: f.Name, Value: f.Value})
		}
	}
	if had || v.Header != "" || v.Explicit {
		list = append(list, &fetch.HeaderEntry{Name: "Cookie", Value: v.Header})
	}
	slices.SortFunc(list, func(a, b *fetch.HeaderEntry) int { return strings.Compare(a.Name, b.Name) })
	return list
}
