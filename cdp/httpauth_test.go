package cdp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// authSite asks for credentials below /admin/, where any user with the password "pw" may
// come in; /open/ takes them without asking, as Chrome sends them there too when its own
// were taken, and /digest/ asks for another scheme.
type authSite struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string // METHOD PATH USER COOKIE
}

func newAuthSite(t *testing.T) *authSite {
	s := &authSite{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		user, password, _ := r.BasicAuth()
		if lines, there := r.Header["Authorization"]; there && lines[0] == "" {
			user = "(empty)"
		}
		s.mu.Lock()
		s.calls = append(s.calls, strings.Join([]string{r.Method, r.URL.Path, user, r.Header.Get("Cookie")}, " "))
		s.mu.Unlock()
		h.Set("Content-Type", "text/html")
		switch {
		case strings.HasPrefix(r.URL.Path, "/digest/"):
			h.Set("WWW-Authenticate", `Digest realm="d", nonce="n"`)
			w.WriteHeader(401)
		case strings.HasPrefix(r.URL.Path, "/admin/") && password != "pw":
			h.Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(401)
			io.WriteString(w, "who are you?")
		case strings.HasSuffix(r.URL.Path, "/moved"):
			http.Redirect(w, r, "/admin/there", http.StatusFound)
		default:
			if r.URL.Path == "/admin/cookie" {
				http.SetCookie(w, &http.Cookie{Name: "sid", Value: user, Path: "/"})
			}
			fmt.Fprintf(w, "<!doctype html><link rel=icon href=data:,><p id=who>%s</p>", user)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// saw returns what came since the last time: who asked for each path, in order.
func (s *authSite) saw() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.calls
	s.calls = nil
	return list
}

// as is the address of a path with a user's credentials.
func (s *authSite) as(user, path string) string {
	return strings.Replace(at(s.Server, "auth.test", path), "://", "://"+user+":pw@", 1)
}

// last is the user whom the server saw last at a path.
func (s *authSite) last(path string) string {
	who := "never"
	for _, call := range s.saw() {
		if f := strings.SplitN(call, " ", 4); f[1] == path {
			who = f[2]
		}
	}
	return who
}

func authBrowser(t *testing.T, change ...func(*Options)) *rig {
	return launch(t, append(change, whole(t), func(o *Options) { o.Arguments = append(o.Arguments, resolve) })...)
}

// ask lets the page fetch a path, and returns whom the server saw.
func (s *authSite) ask(r *rig, path string) string {
	s.saw()
	r.eval("fetch(location.origin + '" + path + "').then(r => r.text())")
	return s.last(path)
}

func TestHTTPAuth(t *testing.T) {
	t.Parallel()
	for _, mode := range []sessions.Guard{sessions.GuardAlways, sessions.GuardSwitch, sessions.GuardOff} {
		if mode == sessions.GuardSwitch && !*full {
			continue // it is between the two
		}
		t.Run(string(mode), func(t *testing.T) { testHTTPAuth(t, mode) })
	}
}

func testHTTPAuth(t *testing.T, mode sessions.Guard) {
	s := newAuthSite(t)
	r := authBrowser(t, func(o *Options) { o.Guard = mode })
	r.open(s.as("alice", "/admin/"))
	alice := r.book.Sessions("auth.test", time.Now())
	if len(alice) != 1 || alice[0].State != sessions.Live || len(alice[0].Headers) != 1 {
		t.Fatalf("after a login by HTTP authentication there are %+v", alice)
	}
	if err := r.book.Rename(alice[0].Ref(), "alice"); err != nil {
		t.Fatal(err)
	}
	s.saw()
	r.newSession("auth.test", "bob") // and reloads the tab, whose URL has hers
	if calls := s.saw(); slices.ContainsFunc(calls, func(c string) bool { return strings.Contains(c, "alice") }) {
		t.Fatalf("as bob went out: %q", calls)
	}
	if mode != sessions.GuardOff {
		r.until("the notice", func() bool { return r.noticed("asks bob for HTTP credentials") })
		if told := sessions.ShowURLs(strings.Join(r.told(), "\n")); !strings.Contains(told, "USER:PASSWORD@ before the host in: open http") {
			t.Errorf("as people see it: %s", told)
		}
	}
	r.open(s.as("bob", "/admin/"))
	for _, path := range []string{"/admin/one", "/admin/moved", "/admin/there"} {
		if who := s.ask(r, path); who != "bob" {
			t.Errorf("bob's request of %s came from %q", path, who)
		}
	}
	r.eval("new Promise(done => { const w = new WebSocket(location.origin.replace('http', 'ws') + '/admin/socket'); w.onerror = w.onclose = done })")
	if who := s.last("/admin/socket"); who != "bob" {
		t.Errorf("bob's WebSocket came from %q", who)
	}
	for _, who := range []string{"alice", "bob", "alice"} {
		done := r.use("auth.test", who)
		if calls := s.saw(); slices.ContainsFunc(calls, func(c string) bool {
			return !strings.Contains(c, " "+who+" ") && !strings.Contains(c, " (empty) ") && !strings.Contains(c, "  ")
		}) {
			t.Errorf("the switch to %s sent %q", who, calls)
		}
		if got := r.shown(); got != who {
			t.Errorf("after use %s the page shows %q", who, got)
		}
		if got := s.ask(r, "/admin/two"); got != who {
			t.Errorf("%s's request came from %q", who, got)
		}
		r.eval("new Promise(done => { const w = new WebSocket(location.origin.replace('http', 'ws') + '/admin/socket'); w.onerror = w.onclose = done })")
		if got := s.last("/admin/socket"); got != who {
			t.Errorf("%s's WebSocket came from %q", who, got)
		}
		if len(done.Notes) > 0 {
			t.Errorf("told: %q", done.Notes)
		}
	}
	ref, _ := r.book.Find(sessions.Query{Text: "bob", Site: "auth.test"})
	if err := r.OpenWindowAs(ref, at(s.Server, "auth.test", "/admin/")); err != nil {
		t.Fatal(err)
	}
	if got := s.ask(r, "/admin/three"); got != "bob" {
		t.Errorf("in bob's window a request came from %q", got)
	}
	if err := r.SelectWindow(r.ctx(), sessions.Main); err != nil {
		t.Fatal(err)
	}
	if got := s.ask(r, "/admin/five"); got != "alice" {
		t.Errorf("in the main window a request came from %q", got)
	}
	if _, err := r.Unset(r.ctx(), "auth.test", true); err != nil {
		t.Fatal(err)
	}
	if got := s.ask(r, "/admin/six"); got != "alice" {
		t.Errorf("with nothing forced, as it was before, a request came from %q", got)
	}
}

// shown is whom the page was for.
func (r *rig) shown() string {
	return strings.Trim(r.eval("new Promise(done => { const look = () => { const e = document.querySelector('#who'); e ? done(e.textContent) : setTimeout(look, 20) }; look() })"), `"`)
}

// OpenWindowAs opens a window of bob's.
func (r *rig) OpenWindowAs(ref sessions.Ref, url string) error {
	_, err := r.OpenWindow(r.ctx(), "bob", ref, url)
	return err
}

// Where the server does not ask, so that Chrome forgets nothing, requests are written, and
// what cannot be is told.
func TestHTTPAuthWritten(t *testing.T) {
	t.Parallel()
	s := newAuthSite(t)
	var quiet atomic.Bool
	ask := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if quiet.Load() && strings.HasPrefix(r.URL.Path, "/admin/") {
			user, _, _ := r.BasicAuth()
			s.mu.Lock()
			s.calls = append(s.calls, strings.Join([]string{r.Method, r.URL.Path, user, ""}, " "))
			s.mu.Unlock()
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<!doctype html><link rel=icon href=data:,><p id=who>"+user+"</p>")
			return
		}
		ask.ServeHTTP(w, r)
	})
	r := authBrowser(t)
	r.open(s.as("alice", "/admin/"))
	if err := r.book.Rename(r.book.Sessions("auth.test", time.Now())[0].Ref(), "alice"); err != nil {
		t.Fatal(err)
	}
	r.newSession("auth.test", "bob")
	r.open(s.as("bob", "/admin/"))
	quiet.Store(true)
	r.eval("fetch(location.origin + '/admin/').then(r => r.text())")
	done := r.use("auth.test", "alice")
	if len(done.Notes) != 1 || !strings.Contains(done.Notes[0], "the browser keeps bob's HTTP credentials") {
		t.Errorf("told: %q", done.Notes)
	}
	if got := s.ask(r, "/admin/one"); got != "alice" {
		t.Errorf("alice's request came from %q", got)
	}
	if got := r.shown(); got != "alice" {
		t.Errorf("the page shows %q", got)
	}
	quiet.Store(false)
	r.newSession("auth.test", "carol")
	if got := s.ask(r, "/admin/two"); got != "" && got != "(empty)" {
		t.Errorf("carol's request came from %q", got)
	}
}

// --http-auth answers for a session, with cookies beside; Digest is told.
func TestGivenCredentials(t *testing.T) {
	t.Parallel()
	s := newAuthSite(t)
	r := authBrowser(t)
	for _, name := range []string{"alice", "bob"} {
		if _, err := r.book.GiveCredentials("auth.test", name, "", sessions.Credentials{User: name, Password: "pw"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		r.use("auth.test", name)
		r.open(at(s.Server, "auth.test", "/admin/cookie"))
		if got := s.ask(r, "/admin/one"); got != name {
			t.Errorf("%s's request came from %q", name, got)
		}
	}
	r.eval("fetch('/digest/x').then(r => r.status)")
	if err := r.Settle(r.ctx()); err != nil {
		t.Fatal(err)
	}
	done := r.use("auth.test", "alice")
	if len(done.Notes) != 1 || !strings.Contains(done.Notes[0], "by digest") {
		t.Errorf("told: %q", done.Notes)
	}
	s.saw()
	r.eval("fetch(location.origin + '/admin/one').then(r => r.text())")
	if calls := s.saw(); len(calls) != 1 || calls[0] != "GET /admin/one alice sid=alice" {
		t.Errorf("the server saw %q", calls)
	}
}

// What the mirror builds on (CHROMIUM 27, 28).
func TestFactHTTPAuth(t *testing.T) {
	s := newAuthSite(t)
	b := newBare(t, newWeb(t))
	visit := func(url, want string) {
		t.Helper()
		s.saw()
		wire.Send(b.page, page.Navigate, page.NavigateParams{URL: url}, nil)
		var calls []string
		for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			calls = append(calls, s.saw()...)
			if slices.Contains(calls, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the server saw %q, want %q", calls, want)
			}
		}
	}
	const one = "/admin/one"
	visit(s.as("alice", one), "GET /admin/one alice ")
	visit(at(s.Server, "auth.test", "/admin/two"), "GET /admin/two alice ") // kept
	for _, written := range [][2]string{{"Basic Ym9iOnB3", "bob"}, {"", "(empty)"}} {
		value, want := written[0], written[1]
		b.mu.Lock()
		b.override = func(*fetch.EventRequestPaused) []*fetch.HeaderEntry {
			return []*fetch.HeaderEntry{{Name: "Authorization", Value: value}}
		}
		b.mu.Unlock()
		must(b, b.own, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*://auth.test:*/*"}}})
		visit(at(s.Server, "auth.test", one+want), "GET /admin/one"+want+" "+want+" ")
		must(b, b.own, fetch.Disable, cdp.Empty{})
	}
	visit(at(s.Server, "auth.test", "/admin/three"), "GET /admin/three  ") // forgotten
}
