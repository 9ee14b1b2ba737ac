package cdp

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

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
//	/hit/NAME      type and body as in the query, or with echo the Cookie header;
//	               with set, a Set-Cookie; with rotate, a token for whom it sees;
//	               with redirect, a redirect of that status; with csp or reports,
//	               a policy; with age, to be cached; with ranges, a long sound of
//	               which ranges may be asked for; with hold, once released
type web struct {
	t       testing.TB
	servers [2]*httptest.Server // the second one has the hosts api.*
	scheme  string
	ports   [2]string

	mu       sync.Mutex // guards all below
	hits     []hit
	changed  chan struct{} // closed and replaced at every hit
	held     map[string]chan struct{}
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

// browser starts a browser that finds the hosts and has third-party cookies:
// Debian's Chromium blocks them by default, Chrome does not.
func (w *web) browser(change ...func(*Options)) *rig {
	w.t.Helper()
	hosts := func(o *Options) {
		o.IgnoreCertificateErrors = true
		o.Profile = profile(w.t, preferences)
		o.Arguments = append(o.Arguments, "--host-resolver-rules=MAP *.test 127.0.0.1", "--disable-popup-blocking", "--short-reporting-delay")
	}
	return launch(w.t, append([]func(*Options){hosts}, change...)...)
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
	h := hit{name: r.URL.Path, query: r.URL.Query(), method: r.Method, cookie: r.Header.Get("Cookie"), header: r.Header, secure: r.TLS != nil}
	h.host, _, _ = net.SplitHostPort(r.Host)
	name, isHit := strings.CutPrefix(r.URL.Path, "/hit/")
	if isHit {
		h.name, _, _ = strings.Cut(name, "/")
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
	if hold := h.query.Get("hold"); hold != "" {
		w.wait(r, hold)
	}
	if isHit {
		answer(rw, r, h)
		return
	}
	for _, line := range h.query["set"] {
		head.Add("Set-Cookie", line)
	}
	head.Set("Content-Type", "text/html")
	io.WriteString(rw, "<!doctype html><title>page</title><link rel=icon href='data:,'><body><script>"+functions+"</script>")
}

func (w *web) record(h hit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hits = append(w.hits, h)
	close(w.changed)
	w.changed = make(chan struct{})
}

// wait holds an answer back until release.
func (w *web) wait(r *http.Request, hold string) {
	c := w.gate(hold)
	if c == nil {
		return
	}
	select {
	case <-c:
	case <-r.Context().Done():
	}
}

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

func answer(rw http.ResponseWriter, r *http.Request, h hit) {
	q, head := h.query, rw.Header()
	head.Set("Content-Type", q.Get("type"))
	for _, line := range q["set"] {
		head.Add("Set-Cookie", line)
	}
	if who := h.sender(); q.Has("rotate") && who != nobody {
		head.Add("Set-Cookie", given(h, who))
	}
	if r.Header.Get("Upgrade") == "websocket" {
		upgrade(rw, r, q.Has("stay"))
		return
	}
	head.Set("Service-Worker-Allowed", "/")
	if policy := q.Get("csp"); policy != "" {
		head.Set("Content-Security-Policy", policy)
	}
	if url := q.Get("reports"); url != "" {
		head.Set("Reporting-Endpoints", "here=\""+url+"\"")
	}
	if age := q.Get("age"); age != "" {
		head.Set("Cache-Control", "max-age="+age)
	}
	if to := q.Get("redirect"); to != "" {
		head.Set("Location", to)
		status, err := strconv.Atoi(q.Get("status"))
		if err != nil {
			status = http.StatusFound
		}
		rw.WriteHeader(status)
		return
	}
	if file := q.Get("file"); file != "" {
		head.Set("Content-Disposition", "attachment; filename="+file)
	}
	if q.Has("ranges") {
		head.Set("Content-Type", "audio/wav")
		http.ServeContent(rw, r, "", time.Time{}, strings.NewReader(sound))
		return
	}
	if q.Has("echo") {
		io.WriteString(rw, h.cookie)
		return
	}
	io.WriteString(rw, q.Get("body"))
	if q.Has("stay") {
		rw.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}

// sound is a WAV file of two minutes.
var sound = func() string {
	const seconds, rate = 120, 8000
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+seconds*rate)
	head = append(head, "WAVEfmt "...)
	for _, part := range []any{uint32(16), uint16(1), uint16(1), uint32(rate), uint32(rate), uint16(1), uint16(8)} {
		head, _ = binary.Append(head, binary.LittleEndian, part)
	}
	head = binary.LittleEndian.AppendUint32(append(head, "data"...), seconds*rate)
	return string(head) + strings.Repeat("\x80", seconds*rate)
}()

// upgrade answers a WebSocket handshake, and closes unless it is to stay open.
func upgrade(rw http.ResponseWriter, r *http.Request, stay bool) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	head := rw.Header()
	head.Del("Content-Type")
	head.Set("Upgrade", "websocket")
	head.Set("Connection", "Upgrade")
	head.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	rw.WriteHeader(http.StatusSwitchingProtocols)
	if c, _, err := rw.(http.Hijacker).Hijack(); err == nil {
		defer c.Close()
		if stay {
			io.Copy(io.Discard, c)
			return
		}
		c.Write([]byte{0x88, 0x02, 0x03, 0xe8}) // close, 1000
	}
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
	deadline := time.After(30 * time.Second)
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
	deadline := time.After(30 * time.Second)
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

// functions is what the pages can do.
const functions = `
function maker(base, id, setter, set) {
	const at = (name, o = {}) => {
		const u = new URL('/hit/' + name, base);
		u.searchParams.set('id', id);
		for (const k in o) u.searchParams.set(k, o[k]);
		if (name.split('/')[0] === setter) for (const line of set) u.searchParams.append('set', line);
		if (setter === '*') u.searchParams.set('rotate', 1);
		return u.href;
	};
	return at;
}
const q = JSON.stringify;
const js = body => ({type: 'text/javascript', body});
const html = body => ({type: 'text/html', body});
const el = (tag, o, doc = document) => Object.assign(doc.createElement(tag), o);
const add = (tag, o) => { const e = el(tag, o); document.body.append(e); return e; };
const popups = [];
// A window of its own: a tab would hide this page, and stop its media.
const pop = (url, features = '') => { const w = open(url, '_blank', 'popup,' + features); if (w) popups.push(w); return w; };
const inPopup = f => { const w = pop('about:blank'); f(w, w.document); };
const submit = (d, o) => {
	const f = el('form', o, d);
	// A form sent by GET replaces the query.
	for (const [name, value] of new URL(o.action).searchParams) f.append(el('input', {name, value}, d));
	d.body.append(f);
	f.submit();
};
`

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
