package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// signOn is an application and its identity provider, two sites. A visitor whom the
// application does not know is sent to the provider, and comes back logged in
// without a word when she is logged in there.
type signOn struct {
	app, idp *httptest.Server

	mu       sync.Mutex        // guards all below
	sessions map[string]string // user by sid, which begins with the server's name
	last     int
	seen     []string // whom the application saw
}

func newSignOn(t *testing.T) *signOn {
	s := &signOn{sessions: map[string]string{}}
	s.app = httptest.NewUnstartedServer(http.HandlerFunc(s.serveApp))
	s.idp = httptest.NewUnstartedServer(http.HandlerFunc(s.serveIdP))
	s.app.Start()
	s.idp.Start()
	t.Cleanup(s.app.Close)
	t.Cleanup(s.idp.Close)
	return s
}

func (s *signOn) idpURL() string { return strings.Replace(s.idp.URL, "127.0.0.1", "localhost", 1) }

// begin gives a visitor a session.
func (s *signOn) begin(w http.ResponseWriter, server, user string) {
	s.last++
	sid := fmt.Sprintf("%s-%d", server, s.last)
	s.sessions[sid] = user
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid, Path: "/"})
}

func (s *signOn) user(r *http.Request) string {
	c, err := r.Cookie("sid")
	if err != nil {
		return ""
	}
	return s.sessions[c.Value]
}

func (s *signOn) serveApp(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.user(r)
	switch {
	case r.URL.Path == "/callback":
		s.begin(w, "app", r.URL.Query().Get("user"))
		http.Redirect(w, r, "/", http.StatusFound)
	case r.URL.Path == "/forget": // all sessions, as a restart does
		maps.DeleteFunc(s.sessions, func(sid, _ string) bool { return strings.HasPrefix(sid, "app-") })
		page(w, "forgotten")
	case r.URL.Path != "/":
		http.NotFound(w, r)
	case user == "":
		http.Redirect(w, r, s.idpURL()+"/authorize?back="+url.QueryEscape(s.app.URL+"/callback"), http.StatusFound)
	default:
		s.seen = append(s.seen, user)
		page(w, user)
	}
}

func (s *signOn) serveIdP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, q := s.user(r), r.URL.Query()
	switch {
	case r.URL.Path == "/login":
		s.begin(w, "idp", q.Get("user"))
		page(w, q.Get("user"))
	case r.URL.Path == "/authorize" && user != "":
		http.Redirect(w, r, q.Get("back")+"?user="+user, http.StatusFound)
	default:
		page(w, "log in")
	}
}

func page(w http.ResponseWriter, title string) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><title>%s</title>`, title)
}

// TestSingleSignOn switches an application and its identity provider at once. When
// the application has forgotten its sessions, a silent login brings back the right
// user; with the application alone switched it brings the other one, and that is reported.
func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	s := newSignOn(t)
	app, idp := s.app.URL+"/", s.idpURL()
	login := func(user string) string { return "open " + idp + "/login?user=" + user + "; open " + app + "; " }
	forget := "open " + app + "forget; open " + app
	script := strings.Join([]string{
		login("alice") + "rename 127.0.0.1/1 alice; rename localhost/1 alice",
		"open " + idp + "/login; new 127.0.0.1/bob; new localhost/bob; " + login("bob"), // no page of the application asks the provider as bob before he is forced there
		"use alice --all-sites --wait; " + forget,
		"use bob --all-sites --wait; " + forget,
		"use 127.0.0.1/alice --wait; " + forget,
	}, "; ")
	code, out, text := sessdriver(t, "", "--headless", "-c", script)
	if code != 0 {
		t.Fatalf("code %d: %s", code, text)
	}
	if !strings.Contains(out, "localhost: alice is active; ") || !strings.Contains(out, "127.0.0.1: alice is active; ") {
		t.Errorf("both sites are to be switched:\n%s", out)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Join(slices.Compact(s.seen), " "); got != "alice bob alice bob" {
		t.Errorf("the application saw %q, want alice, bob, alice and bob, who is reported to have come in her session", s.seen)
	}
	if !strings.Contains(text, "127.0.0.1") || !strings.Contains(text, "localhost") {
		t.Errorf("the silent login of another user is not reported: %s", text)
	}
}
