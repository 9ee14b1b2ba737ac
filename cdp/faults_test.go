package cdp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// The driver dies while a request is paused: it goes out, and the jar has the
// cookies of the session that was forced.
func TestDriverDies(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	f := startForeign(t, "--ignore-certificate-errors")
	tab := f.tab("about:blank")
	p := f.person()
	p.visit(tab, w.page("shop.test")+"?set="+setCookies("shop.test", "alice")[0])
	r := f.attach(f.port, noReload, func(o *Options) { o.State = t.TempDir() })
	r.login("shop.test", "bob")
	r.use("shop.test", "bob")
	stuck, release := make(chan struct{}), make(chan struct{})
	go r.wire.Do(func() { close(stuck); <-release }) // it answers nothing more
	<-stuck
	p.run(tab, "fetch('/hit/paused?id=1'); fetch('/hit/paused?id=2')")
	time.Sleep(300 * time.Millisecond) // nothing tells that it is paused
	if early := w.seen(func(h hit) bool { return h.name == "paused" }); len(early) > 0 {
		t.Fatalf("not paused: %v", early)
	}
	go r.wire.Close() // which waits for the turn
	for _, id := range []string{"1", "2"} {
		w.arrived(id, "paused")["paused"].is(t, "bob")
	}
	close(release)
	r.killed()
}

// A tab crashes, also while it has requests paused; the rest goes on.
func TestTabCrashes(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	r.open(w.page("shop.test"))
	p := r.person()
	victim := p.open()
	p.visit(victim, w.page("shop.test"))
	p.run(victim, "fetch('/hit/held?id=crash&hold=crash')")
	w.arrived("crash", "held")
	p.run(victim, "for (let i = 0; i < 50; i++) fetch('/hit/many?id=crash&hold=crash')")
	wire.Send(victim, page.Crash, cdp.Empty{}, nil)
	r.until("the crash", func() bool { // a crashed page answers nothing
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := wire.Call(ctx, victim, runtime.Evaluate, runtime.EvaluateParams{Expression: "1"})
		return err != nil
	})
	if s := r.use("shop.test", "bob"); s.Reloaded < 1 {
		t.Errorf("%+v", s)
	}
	run(r, "await fetch('/hit/after?id=after')")
	w.arrived("after", "after")["after"].is(t, "bob")
	w.release("crash")
	r.nothingPaused()
	if err := r.Open(r.ctx(), "chrome://crash"); err == nil {
		t.Error("chrome://crash opened")
	}
	r.until("the tab to work again", func() bool { return r.Open(r.ctx(), w.page("shop.test")) == nil }) // it may be crashing still
	r.until("a notice", func() bool { return r.noticed("a tab crashed: " + w.page("shop.test")) })
	run(r, "await fetch('/hit/again?id=again')")
	w.arrived("again", "again")["again"].is(t, "bob")
}

// Servers that do not answer, answer garbage, or answer too much: an honest line
// each, and the browser goes on.
func TestOddServers(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer garbage.Close()
	go func() {
		for {
			c, err := garbage.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("\x00\x01\x02 no HTTP at all\r\nSet-Cookie: sid=garbage\r\n\r\n"))
			c.Close()
		}
	}()
	odd := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/headers":
			rw.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		case "/cookies": // 250 of them
			for i := range 250 {
				rw.Header().Add("Set-Cookie", fmt.Sprintf("sid=%[1]s-%[2]d; Path=/%[1]s/%[2]d", req.URL.Query().Get("n"), i))
			}
		case "/close":
			c, _, _ := rw.(http.Hijacker).Hijack()
			c.Close()
			return
		}
		rw.Header().Set("Content-Type", "text/html")
		io.WriteString(rw, "<title>odd</title>")
	}))
	defer odd.Close()
	url := strings.Replace(odd.URL, "127.0.0.1", "odd.test", 1)
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, test := range []struct{ url, want string }{
		{"http://" + garbage.Addr().String() + "/", "net::ERR_INVALID_HTTP_RESPONSE"},
		{url + "/headers", "net::ERR_RESPONSE_HEADERS_TOO_BIG"},
		{url + "/close", "net::ERR_EMPTY_RESPONSE"},
		{gone.URL, "net::ERR_CONNECTION_REFUSED"},
		{"http://nowhere.invalid/", "net::ERR_NAME_NOT_RESOLVED"},
	} {
		for range 2 {
			if err := r.Open(r.ctx(), test.url); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want %s", test.url, err, test.want)
			}
			test.url += "?forced" // and once more with the site forced
			if _, err := r.New(r.ctx(), r.book.SiteOf(test.url), "", true); err != nil {
				t.Errorf("new on %s: %v", test.url, err)
			}
		}
	}
	r.open(url + "/")
	responses := size(8, 40)
	run(r, fmt.Sprintf(`await Promise.all([...Array(%d).keys()].map(n => fetch('/cookies?n=' + n)))`, responses))
	if _, err := r.New(r.ctx(), "odd.test", "after", true); err != nil {
		t.Errorf("new after %d cookies: %v", 250*responses, err)
	}
	jar, err := r.force.Jar(r.ctx(), sessions.Main)
	if err != nil || len(jar) > 0 {
		t.Errorf("the jar has %d cookies of the session before, %v", len(jar), err)
	}
	for _, s := range r.book.Sessions("odd.test", time.Now()) {
		if len(s.Tokens) > 0 {
			began := time.Now()
			if _, err := r.Use(r.ctx(), s.Ref(), true); err != nil {
				t.Errorf("use %s with %d cookies: %v", s.Name, len(s.Tokens), err)
			}
			t.Logf("%s has %d cookies; use took %v", s.Name, len(s.Tokens), time.Since(began))
		}
	}

	// The network is down for the tab, and up again.
	r.login("shop.test", "bob")
	r.use("shop.test", "bob")
	tab := r.currentTab().Link
	down := func(offline bool) {
		t.Helper()
		conditions := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1}}}
		if _, err := wire.Call(r.ctx(), tab, network.EmulateNetworkConditionsByRule, conditions); err != nil {
			t.Fatal(err)
		}
	}
	down(true)
	if err := r.Open(r.ctx(), w.page("shop.test")); err == nil || !strings.Contains(err.Error(), "net::ERR_INTERNET_DISCONNECTED") {
		t.Errorf("offline: %v", err)
	}
	r.use("odd.test", "after")
	down(false)
	r.open(w.page("shop.test"))
	run(r, "await fetch('/hit/up?id=up')")
	w.arrived("up", "up")["up"].is(t, "bob")
	r.nothingPaused()
}

// A page opens two hundred tabs, all of a forced site; a switch reloads them.
func TestManyTabs(t *testing.T) {
	t.Parallel()
	tabs := size(20, 200)
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	r.open(w.page("other.test"))
	run(r, fmt.Sprintf(`const all = []; for (let i = 0; i < %d; i++) all.push(open(%q + i)); window.all = all`, tabs, w.page("shop.test")+"?tab="))
	opened := func() []hit { return w.seen(func(h hit) bool { return h.query.Has("tab") }) }
	w.until("all tabs", func() bool { return len(opened()) >= tabs })
	for _, h := range opened() {
		h.is(t, "alice")
	}
	r.until("all tabs to load", func() bool {
		n := 0
		for _, tab := range r.targets.List("page") {
			if d := r.targets.Document(tab); d.Loaded && r.book.SiteOf(d.URL) == "shop.test" {
				n++
			}
		}
		return n == tabs
	})
	from := w.count()
	if s := r.use("shop.test", "bob"); s.Reloaded != tabs {
		t.Errorf("%d tabs were reloaded, notes %q", s.Reloaded, s.Notes)
	}
	for _, h := range w.seenFrom(from, func(h hit) bool { return h.query.Has("tab") }) {
		h.is(t, "bob")
	}
	run(r, "for (const w of all) w.close()")
	r.until("the tabs to close", func() bool { return len(r.targets.List("page")) <= 2 })
	r.nothingPaused()
}

// meddler is another DevTools client that pauses the requests of a tab and sends
// them on with alice's cookies, or keeps them.
type meddler struct {
	wire *wire.Conn
	held chan struct{} // has a value for each request that it keeps
}

func meddle(t *testing.T, endpoint string, tab target.ID) *meddler {
	t.Helper()
	transport, _, err := chrome.Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	m := &meddler{held: make(chan struct{}, 10)}
	started := make(chan struct{})
	m.wire = wire.New(transport, func(message *cdproto.Message) {
		<-started
		if message.Method != "Fetch.requestPaused" {
			return
		}
		e := read[fetch.EventRequestPaused](t, message)
		if strings.Contains(e.Request.URL, "/hit/kept") {
			m.held <- struct{}{}
			return
		}
		wire.Send(m.wire.Link(message.SessionID), fetch.ContinueRequest, fetch.ContinueRequestParams{
			RequestID: e.RequestID, Headers: force.Override(e.Request.Headers, sessions.Verdict{Header: "sid=alice-sid; session=alice-session"}),
		}, nil)
	})
	close(started)
	t.Cleanup(m.wire.Close)
	browser, err := m.wire.AttachToBrowser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	attached, err := wire.Call(t.Context(), browser, target.AttachToTarget, target.AttachToTargetParams{TargetID: tab, Flatten: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Call(t.Context(), m.wire.Link(attached.SessionID), fetch.Enable, pauseAll()); err != nil {
		t.Fatal(err)
	}
	return m
}

// Another client intercepts too, and writes cookies of its own. What it wrote is not
// shown to us, but ours is the last word where we write one: always when there is a
// port for other clients, and in an attached browser after the first request that
// went astray, which is told.
func TestOtherInterceptor(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, w *web, r *rig, endpoint string) {
		r.both("bob")
		r.open(w.page("shop.test"))
		m := meddle(t, endpoint, r.currentTab().ID)
		if r.process == nil {
			r.isQuiet() // until then ours is written in any case
			run(r, "await fetch('/hit/first?id=first')")
			r.until("a notice", func() bool {
				return r.noticed(`GET ` + w.origin("shop.test") + `/hit/first?… was sent as "alice", which is not the forced session`)
			})
		}
		run(r, "await Promise.all([...Array(20).keys()].map(n => fetch('/hit/both?id=' + n)))")
		for _, h := range w.seen(func(h hit) bool { return h.name == "both" }) {
			h.is(t, "bob")
		}
		// It leaves with a request that it had paused.
		run(r, "fetch('/hit/kept?id=kept')")
		<-m.held
		m.wire.Close()
		w.arrived("kept", "kept")["kept"].is(t, "bob")
		r.nothingPaused()
	}
	t.Run("port", func(t *testing.T) {
		w := newWeb(t)
		port := freePort(t)
		check(t, w, w.browser(noReload, func(o *Options) { o.DebugPort = port }), strconv.Itoa(port))
	})
	t.Run("attached", func(t *testing.T) {
		w := newWeb(t)
		f := startForeign(t, "--ignore-certificate-errors")
		check(t, w, f.attach(f.port, noReload, func(o *Options) { o.State = t.TempDir() }), f.port)
	})
}

// Large bodies arrive whole: a file from disk is not copied through the driver, a
// body made by a script is (slow, CHROMIUM 14).
func TestUploads(t *testing.T) {
	t.Parallel()
	file, script := 50<<20, size(5, 50)<<20
	type upload struct {
		name, sum, cookie string
		size              int64
	}
	got := make(chan upload, 2)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			body := io.Reader(req.Body)
			if reader, err := req.MultipartReader(); err == nil {
				part, err := reader.NextPart()
				if err != nil {
					t.Error(err)
					return
				}
				body = part
			}
			h := sha256.New()
			n, err := io.Copy(h, body)
			if err != nil {
				t.Errorf("%s: %v", req.URL.Path, err)
			}
			got <- upload{req.URL.Path, hex.EncodeToString(h.Sum(nil)), req.Header.Get("Cookie"), n}
		}
		rw.Header().Set("Content-Type", "text/html")
		io.WriteString(rw, "<form method=post action=/file enctype=multipart/form-data><input type=file name=f></form>")
	}))
	defer server.Close()
	content := make([]byte, file)
	for i := range content { // the script below makes the same
		content[i] = byte(i * 7 >> 3)
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	r := launch(t, noReload, func(o *Options) { o.Arguments = []string{resolve} })
	url := strings.Replace(server.URL, "127.0.0.1", "up.test", 1)
	r.add(url, "alice", "sid=alice")
	r.add(url, "bob", "sid=bob")
	r.use("up.test", "alice")
	r.open(url)
	r.use("up.test", "bob")
	plan := sessions.Plan{Set: []sessions.Cookie{{Name: "sid", Value: "alice", Domain: "up.test", Path: "/"}}}
	check := func(name string, size int) {
		t.Helper()
		sum := sha256.Sum256(content[:size])
		select {
		case u := <-got:
			if want := (upload{name, hex.EncodeToString(sum[:]), "sid=bob", int64(size)}); u != want {
				t.Errorf("the server got %+v, want %+v", u, want)
			}
		case <-time.After(2 * time.Minute):
			t.Fatal("nothing arrived")
		}
	}
	l := r.currentTab().Link
	began := time.Now()
	r.force.Inside().Write(r.ctx(), sessions.Main, plan) // so that the request is rewritten
	run(r, fmt.Sprintf(`const b = new Uint8Array(%d); for (let i = 0; i < b.length; i++) b[i] = (i * 7) >> 3; fetch('/script', {method: 'POST', body: b})`, script))
	check("/script", script)
	t.Logf("a body of %d MB made by a script took %v", script>>20, time.Since(began))
	began = time.Now()
	r.force.Inside().Write(r.ctx(), sessions.Main, plan)
	input, err := wire.Call(r.ctx(), l, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.querySelector('input')"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Call(r.ctx(), l, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: input.Result.ObjectID}); err != nil {
		t.Fatal(err)
	}
	run(r, "document.forms[0].submit()")
	check("/file", file)
	t.Logf("a file took %v", time.Since(began))
	r.nothingPaused()
}
