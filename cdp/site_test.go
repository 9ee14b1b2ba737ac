package cdp

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sessdriver/cdp/leaks"
	"sessdriver/sessions"
)

// hit is one request as a test server saw it.
type hit struct {
	host   string // without the port
	name   string // NAME of /hit/NAME, else the whole path
	query  url.Values
	method string
	cookie string
	header http.Header
	secure bool
}

func (h hit) String() string {
	return fmt.Sprintf("%s %s %s?id=%s Cookie=%q", h.method, h.host, h.name, h.query.Get("id"), h.cookie)
}

// judged is the hit as its judge sees it.
func (h hit) judged() leaks.Hit {
	return leaks.Hit{Host: h.host, Name: h.name, Query: h.query, Method: h.method, Cookie: h.cookie, Header: h.header, Secure: h.secure}
}

func (h hit) sender() string  { return h.judged().Sender() }
func (h hit) carried() string { return h.judged().Carried() }

// value is the value of a cookie in the request; "" when it is missing.
func (h hit) value(name string) string {
	for piece := range strings.SplitSeq(h.cookie, "; ") {
		if v, ok := strings.CutPrefix(piece, name+"="); ok {
			return v
		}
	}
	return ""
}

// web is every host of the tests: a server on two ports of loopback that keeps
// what it saw and answers as the URL says. The browser takes it for all of
// *.test.
//
//	/page          an HTML page with the test functions
//	/hit/NAME      what [leaks.Answer] says; with hold, once released
type web struct {
	t       testing.TB
	servers [2]*httptest.Server // the second one has the hosts api.*
	scheme  string
	ports   [2]string

	mu       sync.Mutex // guards all below
	hits     []hit
	changed  chan struct{} // closed and replaced at every hit
	held     map[string]chan struct{}
	waiting  int // answers that are held back
	released bool
}

// newWeb starts the server, with HTTPS and HTTP/2: Secure cookies, and with them
// cross-site ones, and service workers need the former.
func newWeb(t testing.TB) *web { return newWebOf(t, "https") }

func newWebOf(t testing.TB, scheme string) *web {
	w := &web{t: t, scheme: scheme, changed: make(chan struct{}), held: map[string]chan struct{}{}}
	for i := range w.servers {
		server := httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // the browser drops connections as it likes
		server.EnableHTTP2 = true
		if scheme == "https" {
			server.StartTLS()
		} else {
			server.Start()
		}
		w.servers[i] = server
		_, w.ports[i], _ = net.SplitHostPort(server.Listener.Addr().String())
	}
	t.Cleanup(w.close)
	return w
}

func (w *web) close() {
	w.mu.Lock()
	w.released = true
	for _, c := range w.held {
		close(c)
	}
	w.held = nil
	w.mu.Unlock()
	for _, server := range w.servers {
		server.Close()
	}
}

// preferences allow third-party cookies, and as many downloads as a page likes.
const preferences = `{"profile": {"block_third_party_cookies": false, "cookie_controls_mode": 0,
	"default_content_setting_values": {"automatic_downloads": 1}}}`

// browser gives a browser that finds the hosts and has third-party cookies:
// Debian's Chromium blocks them by default, Chrome does not.
func (w *web) browser(change ...func(*Options)) *rig {
	w.t.Helper()
	return launch(w.t, append([]func(*Options){webOptions}, change...)...)
}

func webOptions(o *Options) {
	o.IgnoreCertificateErrors = true
	o.Preferences = strings.TrimSuffix(strings.TrimPrefix(preferences, "{"), "}")
	o.Arguments = append(o.Arguments, resolve, "--disable-popup-blocking", "--short-reporting-delay")
}

// profile makes a profile directory with preferences that goes with the test.
// Its browser has the internal pages, such as chrome://discards.
func profile(t testing.TB, preferences string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "profile-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) }) // what a last helper writes goes with TestMain
	os.Mkdir(filepath.Join(dir, "Default"), 0o700)
	if err := os.WriteFile(filepath.Join(dir, "Default", "Preferences"), []byte(preferences), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Local State"), []byte(`{"internal_only_uis_enabled": true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func noReload(o *Options) { o.Reload = ReloadNone }

func (w *web) origin(host string) string {
	port := w.ports[0]
	if strings.HasPrefix(host, "api.") {
		port = w.ports[1]
	}
	return w.scheme + "://" + host + ":" + port
}

func (w *web) page(host string) string { return w.origin(host) + "/page" }

func (w *web) serve(rw http.ResponseWriter, r *http.Request) {
	read, isHit := leaks.Read(r)
	h := hit{read.Host, read.Name, read.Query, read.Method, read.Cookie, read.Header, read.Secure}
	var gate chan struct{} // before the test hears of the request, and may release it
	if hold := h.query.Get("hold"); hold != "" && r.Method != http.MethodOptions {
		gate = w.gate(hold)
	}
	w.record(h)
	head := rw.Header()
	head.Set("Cache-Control", "no-store")
	if origin := r.Header.Get("Origin"); origin != "" {
		head.Set("Access-Control-Allow-Origin", origin)
		head.Set("Access-Control-Allow-Credentials", "true")
		head.Set("Access-Control-Allow-Headers", "X-Test")
	}
	if r.Method == http.MethodOptions {
		return
	}
	if gate != nil {
		w.wait(gate, r.Context())
	}
	if h.query.Has("clear") {
		head.Set("Clear-Site-Data", `"cookies"`)
	}
	if isHit {
		leaks.Answer(rw, r, read)
		return
	}
	for _, line := range h.query["set"] {
		head.Add("Set-Cookie", line)
	}
	head.Set("Content-Type", "text/html")
	io.WriteString(rw, "<!doctype html><title>page</title><link rel=icon href='data:,'><body><script>"+leaks.Functions+"</script>")
}

// wait holds an answer back until its gate opens, or nobody waits for it any more.
func (w *web) wait(gate chan struct{}, asked context.Context) {
	count := func(n int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.waiting += n
	}
	count(1)
	defer count(-1)
	select {
	case <-gate:
	case <-asked.Done():
	}
}

func (w *web) record(h hit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hits = append(w.hits, h)
	close(w.changed)
	w.changed = make(chan struct{})
}

// gate holds answers back until release; it is nil once all are released.
func (w *web) gate(hold string) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.released {
		return nil
	}
	if w.held[hold] == nil {
		w.held[hold] = make(chan struct{})
	}
	return w.held[hold]
}

// release lets the answers go that are held under a name.
func (w *web) release(hold string) {
	c := w.gate(hold)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.held, hold)
	close(c)
}

// seen lists the requests that arrived and satisfy the condition.
func (w *web) seen(condition func(hit) bool) []hit { return w.seenFrom(0, condition) }

// count is how many requests arrived.
func (w *web) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.hits)
}

// seenFrom is seen without the first n.
func (w *web) seenFrom(n int, condition func(hit) bool) []hit {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []hit
	for _, h := range w.hits[n:] {
		if condition(h) {
			list = append(list, h)
		}
	}
	return list
}

// arrived waits for the requests with these names and this id, and returns the
// first of each; those that never came are reported and missing.
func (w *web) arrived(id string, names ...string) map[string]hit {
	w.t.Helper()
	deadline := time.After(patience)
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		found := map[string]hit{}
		for _, h := range w.seen(func(h hit) bool { return h.query.Get("id") == id && h.method != http.MethodOptions }) {
			if _, known := found[h.name]; !known {
				found[h.name] = h
			}
		}
		missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, ok := found[name]; return ok })
		if len(missing) == 0 {
			return found
		}
		select {
		case <-changed:
		case <-deadline:
			w.t.Errorf("id %s: the server never saw %q", id, missing)
			return found
		}
	}
}

// until waits until the condition holds; it is asked again at each request.
func (w *web) until(what string, condition func() bool) {
	w.t.Helper()
	deadline := time.After(patience)
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if condition() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			w.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// within runs an action on a page, bounded by another context too.
func within(ctx, page context.Context, action func(context.Context) error) error {
	page, cancel := context.WithCancelCause(page)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { cancel(ctx.Err()) })
	defer stop()
	err := action(page)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// eval runs JavaScript in the current tab; a promise is waited for.
func eval[T any](r *rig, script string) T {
	r.t.Helper()
	page, err := r.Page(r.ctx())
	if err != nil {
		r.t.Fatal(err)
	}
	var v T
	err = within(r.ctx(), page, func(ctx context.Context) error {
		v, err = chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
		return err
	})
	if err != nil {
		r.t.Fatalf("evaluating %.200s: %v", script, err)
	}
	return v
}

// whenLoaded makes a script wait for its page: a switch answers when the tabs are
// committed.
const whenLoaded = `if (document.readyState != 'complete') await new Promise(r => addEventListener('load', r));
`

// run is eval without a result, once the page has loaded.
func run(r *rig, script string) {
	r.t.Helper()
	eval[bool](r, "(async () => {"+whenLoaded+script+"; return true})()")
}

// login makes a session of two tokens, NAME-sid and NAME-session, that also
// cross-site requests carry.
func (r *rig) login(site, name string, change ...func(*sessions.Cookie)) sessions.Ref {
	r.t.Helper()
	s, err := r.book.Import(site, name, twoTokens(site, name, change...), time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	return s.Ref()
}

func twoTokens(site, name string, change ...func(*sessions.Cookie)) []sessions.Cookie {
	var list []sessions.Cookie
	for _, token := range []string{"sid", "session"} {
		c := sessions.Cookie{Name: token, Value: name + "-" + token, Domain: "." + site, Path: "/", Secure: true, SameSite: "None"}
		for _, f := range change {
			f(&c)
		}
		list = append(list, c)
	}
	return list
}

// is checks that a request was wholly of one session.
func (h hit) is(t testing.TB, name string) {
	t.Helper()
	if h.value("sid") != name+"-sid" || h.value("session") != name+"-session" || strings.Count(h.cookie, "sid=") != 1 || strings.Count(h.cookie, "session=") != 1 {
		t.Errorf("%v: want the two tokens of %s and nobody else's", h, name)
	}
}

// none checks that a request carried no token.
func (h hit) none(t testing.TB) {
	t.Helper()
	if strings.Contains(h.cookie, "sid=") || strings.Contains(h.cookie, "session=") {
		t.Errorf("%v: want no token", h)
	}
}
