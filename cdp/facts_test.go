package cdp

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/preload"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// The facts about Chrome that the package builds on, in a browser without
// sessdriver: a Chrome that behaves differently is noticed here first.

// bare is a browser with nothing but our wire on it. The process is the same for all.
type bare struct {
	t       testing.TB
	process *chrome.Process
	wire    *wire.Conn
	own     wire.Link // to the browser target
	page    wire.Link

	mu       sync.Mutex // guards all below
	override func(*fetch.EventRequestPaused) []*fetch.HeaderEntry
	holds    string   // URLs with this are not continued; "" for none
	paused   []string // URLs
	events   []*cdproto.Message
	changed  chan struct{} // closed and replaced at every event
}

func newBare(t testing.TB, w *web) *bare {
	t.Helper()
	b := &bare{t: t, changed: make(chan struct{})}
	var err error
	if b.process, b.wire = bareBefore.process, bareBefore.wire; b.process != nil {
		bareBefore.process = nil
		b.wire.Reset(b.handle)
	} else {
		o := Options{Path: chromium(t), Headless: true, IgnoreCertificateErrors: true,
			Arguments: []string{resolve, "--disable-popup-blocking", "--short-reporting-delay"}}
		if err = processes.inTemp(func() (err error) { b.process, err = chrome.Start(o.process()); return err }); err != nil {
			t.Fatal(err)
		}
		b.wire = wire.New(b.process.Transport(), b.handle)
	}
	t.Cleanup(b.close)
	if b.own, err = b.wire.AttachToBrowser(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.page = b.open(w.page("shop.test"))
	return b
}

// bareBefore has the process that a test is done with.
var bareBefore bare

// close leaves the process to the next test: without tabs and cookies, and with our
// connection goes Fetch. What pages stored is of the origin of this test's server.
func (b *bare) close() {
	if b.t.Failed() {
		b.end()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	list, err := wire.Call(ctx, b.own, target.GetTargets, target.GetTargetsParams{})
	for _, info := range list.TargetInfos {
		if info.Type == "page" && err == nil {
			_, err = wire.Call(ctx, b.own, target.CloseTarget, target.CloseTargetParams{TargetID: info.TargetID})
		}
	}
	if err == nil {
		_, err = wire.Call(ctx, b.own, storage.ClearCookies, storage.ClearCookiesParams{})
	}
	if err == nil {
		_, err = wire.Call(ctx, b.wire.Root(), target.DetachFromTarget, target.DetachFromTargetParams{SessionID: b.own.ID})
	}
	if err != nil {
		b.t.Error("clearing up:", err)
		b.end()
		return
	}
	bareBefore.process, bareBefore.wire = b.process, b.wire
}

// end ends the process.
func (b *bare) end() {
	if b.process == nil {
		return
	}
	wire.Send(b.wire.Root(), browser.Close, cdp.Empty{}, nil)
	<-b.wire.Lost()
	b.wire.Close()
	processes.inTemp(func() error { b.process.End(); return nil })
	b.process = nil
}

// handle continues every paused request that is not to be held.
func (b *bare) handle(m *cdproto.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, m)
	if m.Method == "Fetch.requestPaused" {
		e := read[fetch.EventRequestPaused](b.t, m)
		b.paused = append(b.paused, e.Request.URL)
		if b.holds != "" && strings.Contains(e.Request.URL, b.holds) {
			close(b.changed)
			b.changed = make(chan struct{})
			return
		}
		params := fetch.ContinueRequestParams{RequestID: e.RequestID}
		if b.override != nil {
			params.Headers = b.override(e)
		}
		wire.Send(b.own, fetch.ContinueRequest, params, nil)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

func read[E any](t testing.TB, m *cdproto.Message) *E {
	e := new(E)
	if err := jsonv2.Unmarshal(m.Params, e, chromedp.DefaultUnmarshalOptions); err != nil {
		t.Error(err)
	}
	return e
}

// must runs a command.
func must[P, R any](b *bare, l wire.Link, c cdp.Command[P, R], params P) R {
	b.t.Helper()
	r, err := wire.Call(b.t.Context(), l, c, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// open opens a tab and waits for its document.
func (b *bare) open(url string) wire.Link {
	b.t.Helper()
	r := must(b, b.own, target.CreateTarget, target.CreateTargetParams{URL: url})
	a := must(b, b.own, target.AttachToTarget, target.AttachToTargetParams{TargetID: r.TargetID, Flatten: new(true)})
	l := b.wire.Link(a.SessionID)
	// Until it has committed, what is asked may go down with the old document.
	loaded := runtime.EvaluateParams{Expression: "typeof maker == 'function' && document.readyState == 'complete'", ReturnByValue: new(true)}
	for {
		r, err := wire.Call(b.t.Context(), l, runtime.Evaluate, loaded)
		if err == nil && string(r.Result.Value) == "true" {
			return l
		}
		if b.t.Context().Err() != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bare) run(l wire.Link, script string) {
	b.t.Helper()
	r := must(b, l, runtime.Evaluate, runtime.EvaluateParams{Expression: script, AwaitPromise: new(true)})
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %v", script, r.ExceptionDetails)
	}
}

// wasPaused reports whether Fetch paused the request with this name.
func (b *bare) wasPaused(name string) bool { return b.pauses(name) > 0 }

// pauses counts how often it did.
func (b *bare) pauses(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, url := range b.paused {
		if strings.Contains(url, "/hit/"+name+"?") || strings.Contains(url, "/hit/"+name+"/") {
			n++
		}
	}
	return n
}

// until waits for an event that makes the condition true.
func (b *bare) until(what string, condition func(*cdproto.Message) bool) {
	b.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		b.mu.Lock()
		changed, events := b.changed, b.events
		b.mu.Unlock()
		for _, m := range events {
			if condition(m) {
				return
			}
		}
		select {
		case <-changed:
		case <-deadline:
			b.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

func pauseAll() fetch.EnableParams {
	return fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*"}}}
}

// CHROMIUM 16: an override with a Cookie header reaches the server, also where
// the browser would send none. An empty one sends no cookie; leaving the header
// out of the override sends the jar's.
func TestFactOverride(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	must(b, b.own, storage.SetCookies, storage.SetCookiesParams{Cookies: []*network.CookieParam{{Name: "sid", Value: "jar", Domain: "shop.test", Path: "/"}}})
	must(b, b.own, fetch.Enable, pauseAll())
	b.mu.Lock()
	b.override = func(e *fetch.EventRequestPaused) []*fetch.HeaderEntry {
		switch {
		case strings.Contains(e.Request.URL, "/hit/none"):
			return force.Override(e.Request.Headers, sessions.Verdict{})
		case strings.Contains(e.Request.URL, "/hit/out"):
			return slices.DeleteFunc(force.Override(e.Request.Headers, sessions.Verdict{}), func(h *fetch.HeaderEntry) bool { return h.Name == "Cookie" })
		}
		return force.Override(e.Request.Headers, sessions.Verdict{Header: "sid=forced"})
	}
	b.mu.Unlock()
	page := b.open(w.page("shop.test"))
	b.run(page, `add('iframe', {src: '/hit/none-frame?id=1'}); Promise.all([fetch('/hit/none?id=1'), fetch('/hit/out?id=1'), fetch('/hit/forced?id=1'), fetch('/hit/omit?id=1', {credentials: 'omit'})])`)
	hits := w.arrived("1", "none", "none-frame", "out", "forced", "omit")
	for name, want := range map[string]string{"none": "", "none-frame": "", "out": "sid=jar", "forced": "sid=forced", "omit": "sid=forced"} {
		if got := hits[name].cookie; got != want {
			t.Errorf("%s: the server got Cookie %q, want %q", name, got, want)
		}
	}
}

// CHROMIUM 48: a Domain without a leading dot makes a host-only cookie; an
// expired one deletes the cookie of its identity and no other.
func TestFactSetCookies(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	set := func(c ...sessions.Cookie) {
		t.Helper()
		var list []*network.CookieParam
		for _, c := range c {
			list = append(list, force.Parameter(c))
		}
		must(b, b.own, storage.SetCookies, storage.SetCookiesParams{Cookies: list})
	}
	sent := func(id string) (shop, api string) {
		b.run(b.page, fmt.Sprintf(`Promise.all([fetch('/hit/shop?id=%s'), fetch(%q, {credentials: 'include'})])`, id, w.origin("api.shop.test")+"/hit/api?id="+id))
		hits := w.arrived(id, "shop", "api")
		return hits["shop"].cookie, hits["api"].cookie
	}
	host := sessions.Cookie{Name: "sid", Value: "host", Domain: "shop.test", Path: "/"}
	domain := sessions.Cookie{Name: "sid", Value: "domain", Domain: ".shop.test", Path: "/"}
	set(host, domain)
	if shop, api := sent("both"); shop != "sid=host; sid=domain" || api != "sid=domain" {
		t.Errorf("both: shop.test got %q, api.shop.test %q", shop, api)
	}
	must(b, b.own, storage.SetCookies, storage.SetCookiesParams{Cookies: []*network.CookieParam{force.Removal(host)}})
	if shop, api := sent("deleted"); shop != "sid=domain" || api != "sid=domain" {
		t.Errorf("host-only one deleted: shop.test got %q, api.shop.test %q", shop, api)
	}
}

// CHROMIUM 1: one Fetch.enable on our own browser connection covers popups,
// their openers gone or not, frames and workers.
func TestFactFetchCoversAll(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	must(b, b.own, fetch.Enable, pauseAll())
	page := b.open(w.page("shop.test"))
	names := []string{"popup", "noopener", "frame", "worker", "worker-fetch"}
	b.run(page, fmt.Sprintf(`
		const at = maker(%q, 'all', '', []), other = maker(%q, 'all', '', []);
		pop(at('popup')); pop(at('noopener'), 'noopener'); add('iframe', {src: other('frame')});
		new Worker(at('worker', js('fetch(' + q(at('worker-fetch')) + ')'))); 0`, w.origin("shop.test"), w.origin("other.test")))
	w.arrived("all", names...)
	for _, name := range names {
		if !b.wasPaused(name) {
			t.Errorf("%s: not paused", name)
		}
	}
}

// CHROMIUM 2: what Fetch does not pause, so that only the jar forces it.
func TestFactNotPaused(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	must(b, b.own, fetch.Enable, pauseAll())
	list := where(func(c channel) bool { return c.Jar && !c.Speculative })
	p := &person{t: t, open: func() wire.Link { return b.open(w.page("shop.test")) }}
	tab := p.open()
	w.fireAt(p, tab, "shop.test", "jar", list, "")
	w.arrived("jar", namesOf(list)...)
	if failed := evalAt(t, tab, "failed.join('; ')"); failed != "" {
		t.Error(failed)
	}
	for _, name := range slices.DeleteFunc(namesOf(list), func(name string) bool { return name == "updated" }) {
		arrived := len(w.seen(func(h hit) bool { return h.name == name }))
		if paused := b.pauses(name); paused >= arrived {
			t.Errorf("%s: paused %d times, and arrived %d times: it may be that the rewrite reaches it", name, paused, arrived)
		}
	}
}

// CHROMIUM 4, 5: a document that was alive before Fetch is not paused; after
// priming it is, and goes on being so.
func TestFactPrime(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	must(b, b.own, fetch.Enable, pauseAll())
	b.run(b.page, `fetch('/hit/before?id=prime')`)
	never := fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: force.Never}}}
	must(b, b.page, fetch.Enable, never)
	must(b, b.page, fetch.Disable, cdp.Empty{})
	b.run(b.page, `fetch('/hit/after?id=prime')`)
	w.arrived("prime", "before", "after")
	if b.wasPaused("before") {
		t.Error("the alive document was paused without priming: it may go")
	}
	if !b.wasPaused("after") {
		t.Error("priming did not reach the alive document")
	}
}

// CHROMIUM 5: a document that has its answer when Fetch is enabled, and comes after
// priming, is not paused.
func TestFactPrimeNext(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	must(b, b.page, network.Enable, network.EnableParams{})
	b.run(b.page, fmt.Sprintf(`setTimeout(() => { location.href = %q; for (const end = Date.now() + 2000; Date.now() < end;); }); 0`, w.page("shop.test")+"?next"))
	b.until("the next document to be answered", func(m *cdproto.Message) bool {
		return m.Method == "Network.responseReceived" && strings.HasSuffix(read[network.EventResponseReceived](t, m).Response.URL, "?next")
	})
	must(b, b.own, fetch.Enable, pauseAll())
	never := fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: force.Never}}}
	must(b, b.page, fetch.Enable, never)
	must(b, b.page, fetch.Disable, cdp.Empty{})
	b.run(b.page, `if (!location.href.endsWith('?next')) throw location.href; fetch('/hit/before?id=prime')`)
	must(b, b.page, fetch.Enable, never)
	must(b, b.page, fetch.Disable, cdp.Empty{})
	b.run(b.page, `fetch('/hit/after?id=prime')`)
	w.arrived("prime", "before", "after")
	if b.wasPaused("before") {
		t.Error("the next document was paused without another priming: it may go")
	}
	if !b.wasPaused("after") {
		t.Error("priming did not reach the next document")
	}
}

// TestNoSpeculation: a browser that we launch, with a profile of its own, makes
// no request by speculation: Fetch would not see a prerender (CHROMIUM 2, 3).
func TestNoSpeculation(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	must(b, b.page, preload.Enable, cdp.Empty{})
	b.run(b.page, `add('script', {type: 'speculationrules', textContent: q({
		prefetch: [{source: 'list', urls: ['/hit/prefetch?id=spec'], eagerness: 'immediate'}],
		prerender: [{source: 'list', urls: ['/hit/prerender?id=spec'], eagerness: 'immediate'}]})}); 0`)
	b.until("Chrome to say that preloading is off", func(m *cdproto.Message) bool {
		return m.Method == "Preload.preloadEnabledStateUpdated" && read[preload.EventPreloadEnabledStateUpdated](t, m).DisabledByPreference
	})
	b.run(b.page, `fetch('/hit/marker?id=spec')`)
	w.arrived("spec", "marker")
	if early := w.seen(func(h hit) bool { return h.name == "prefetch" || h.name == "prerender" }); len(early) > 0 {
		t.Errorf("speculative requests: %v", early)
	}
}

// TestServiceWorkerRestart: a service worker that was stopped starts again at
// its next event. Chrome holds it then, on the connections that it had, and
// tells no new target: nobody but us lets it go.
func TestServiceWorkerRestart(t *testing.T) {
	w := newWeb(t)
	r := w.browser()
	r.open(w.page("shop.test"))
	w.startWorker(r)
	r.force.Inside().StopWorkers()
	run(r, `(await navigator.serviceWorker.ready).active.postMessage('/hit/told?id=again')`)
	w.arrived("again", "told")
	if r.noticed("crashed") {
		t.Errorf("a worker that was stopped is told: %q", r.told())
	}
}

// TestServiceWorkerToldOnce: each page of its scope would attach to a service
// worker and tell its requests again, and the hops of a redirect would be
// booked more than once. They are attached to by the browser connection alone.
func TestServiceWorkerToldOnce(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	r.open(w.page("shop.test"))
	w.startWorker(r)
	run(r, fmt.Sprintf(`pop(%q); pop(%q)`, w.page("shop.test")+"?popup", w.page("shop.test")+"?popup"))
	w.until("all pages", func() bool { return len(w.seen(func(h hit) bool { return h.query.Has("popup") })) == 2 })
	set := func(value string) string {
		return "?id=told&set=" + url.QueryEscape("sid="+value+"; Path=/; Secure; SameSite=None")
	}
	hop := w.origin("told.test") + "/hit/"
	first := hop + "first" + set("1") + "&redirect=" + url.QueryEscape(hop+"second"+set("2"))
	run(r, fmt.Sprintf(`(await navigator.serviceWorker.ready).active.postMessage(%q)`, first))
	w.arrived("told", "first", "second")
	r.session("told.test", "sid", "2")
	if site, _ := r.book.Site("told.test"); site.Requests != 2 {
		t.Errorf("the book counts %d requests, want 2", site.Requests)
	}
}

// startWorker starts a service worker for the page that fetches when told.
func (w *web) startWorker(r *rig) {
	w.t.Helper()
	run(r, fmt.Sprintf(`const at = maker(%q, 'worker', '', []);
		await navigator.serviceWorker.register(at('told-worker', js("onmessage = e => fetch(e.data, {credentials: 'include'})")), {scope: '/'});
		await navigator.serviceWorker.ready`, w.origin("shop.test")))
}
