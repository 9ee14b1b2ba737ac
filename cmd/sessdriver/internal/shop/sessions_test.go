package shop

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

var token = regexp.MustCompile(`^[0-9a-f]{32}$`)

func TestFirstVisitSetsCookies(t *testing.T) {
	const sid = "sid=VALUE; Path=/; HttpOnly; SameSite=Lax"
	const sidTLS = "sid=VALUE; Path=/; HttpOnly; Secure; SameSite=Lax"
	const xsrf = "XSRF-TOKEN=VALUE; Path=/; SameSite=Lax"
	const xsrfTLS = "XSRF-TOKEN=VALUE; Path=/; Secure; SameSite=Lax"
	value := regexp.MustCompile(`=[0-9a-f]{32};`)
	tests := []struct {
		name  string
		start func(http.Handler) *httptest.Server
		want  []string
	}{
		{"plain", httptest.NewServer, []string{sid, xsrf}},
		{"TLS", httptest.NewTLSServer, []string{sidTLS, xsrfTLS}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := tt.start(New())
			defer srv.Close()
			b := newBrowser(t, srv)
			var got []string
			for _, line := range b.get("/").Header["Set-Cookie"] {
				got = append(got, value.ReplaceAllString(line, "=VALUE;"))
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("Set-Cookie lines\n got %q\nwant %q", got, tt.want)
			}
			if again := b.get("/orders").Header["Set-Cookie"]; again != nil {
				t.Errorf("second visit set %q, want nothing", again)
			}
		})
	}
}

func TestUnknownSessionIsReplaced(t *testing.T) {
	_, srv, _ := open(t)
	for _, value := range []string{"made-up", strings.Repeat("0", 32)} {
		b := newBrowser(t, srv)
		b.put(SessionCookie, value)
		b.get("/")
		if got := b.cookie(SessionCookie); got == value || !token.MatchString(got) {
			t.Errorf("sid %q became %q, want a fresh one", value, got)
		}
	}
}

func TestAssetsStartNoSession(t *testing.T) {
	for _, path := range []string{"/style.css", "/favicon.svg", "/favicon.ico"} {
		_, srv, _ := open(t)
		p := newBrowser(t, srv).get(path)
		if p.StatusCode != http.StatusOK || p.Header["Set-Cookie"] != nil {
			t.Errorf("GET %s: status %d, Set-Cookie %q; want 200 and none", path, p.StatusCode, p.Header["Set-Cookie"])
		}
	}
}

func TestRememberMe(t *testing.T) {
	tests := []struct {
		name     string
		remember []string
		sid      string // what the browser's sid becomes; "" is none
		wait     time.Duration
		want     string
	}{
		{"sid missing", []string{"remember", "on"}, "", 0, "alice"},
		{"sid unknown", []string{"remember", "on"}, "stale", 29 * 24 * time.Hour, "alice"},
		{"token expired", []string{"remember", "on"}, "", rememberFor, ""},
		{"box not ticked", nil, "", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, srv, c := open(t)
			b := newBrowser(t, srv)
			b.login("alice", tt.remember...)
			first := b.cookie(SessionCookie)
			b.put(SessionCookie, tt.sid)
			c.pass(tt.wait)
			if got := b.who(); got != tt.want {
				t.Errorf("who = %q, want %q", got, tt.want)
			}
			if got := b.cookie(SessionCookie); got == first || !token.MatchString(got) {
				t.Errorf("sid = %q, want a new one", got)
			}
		})
	}
}

// A valid session counts more than remember-me, also an anonymous one.
func TestRememberMeYieldsToSession(t *testing.T) {
	_, srv, _ := open(t)
	b, other := newBrowser(t, srv), newBrowser(t, srv)
	b.login("alice", "remember", "on")
	other.get("/")
	b.put(SessionCookie, other.cookie(SessionCookie))
	if got := b.who(); got != "" {
		t.Errorf("who = %q, want nobody", got)
	}
}

func TestIdle(t *testing.T) {
	tests := []struct {
		name  string
		idle  time.Duration
		asset bool // ask for the style sheet half-way
		wait  time.Duration
		want  string
	}{
		{"none", 0, false, 1000 * time.Hour, "alice"},
		{"just in time", 10 * time.Minute, false, 10 * time.Minute, "alice"},
		{"too late", 10 * time.Minute, false, 10*time.Minute + 1, ""},
		{"an asset keeps nothing alive", 10 * time.Minute, true, 11 * time.Minute, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, srv, c := open(t)
			s.Idle = tt.idle
			b := newBrowser(t, srv)
			b.login("alice")
			c.pass(tt.wait / 2)
			if tt.asset {
				b.get("/style.css")
			}
			c.pass(tt.wait - tt.wait/2)
			if got := b.who(); got != tt.want {
				t.Errorf("who = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUseKeepsSessionAlive(t *testing.T) {
	s, srv, c := open(t)
	s.Idle = 10 * time.Minute
	b := newBrowser(t, srv)
	b.login("alice")
	for range 5 {
		c.pass(9 * time.Minute)
		b.get("/api/whoami")
	}
	if got := b.who(); got != "alice" {
		t.Errorf("who = %q, want alice", got)
	}
}

// An idle time of its own ends a session, and no other: its visitor is told, and starts
// none by that.
func TestIdleOfOneLogin(t *testing.T) {
	s, srv, c := open(t)
	s.Idle = time.Hour
	alice, bob, carol := newBrowser(t, srv), newBrowser(t, srv), newBrowser(t, srv)
	alice.post("/login?idle=2s", "user", "alice", "password", Password("alice"))
	bob.post("/login?idle=2s", "user", "bob", "password", Password("bob"))
	carol.login("admin")
	for range 3 {
		c.pass(time.Second)
		bob.get("/api/whoami")
		alice.get("/style.css")
	}
	old := alice.cookie(SessionCookie)
	for range 2 { // also who comes again with what was copied
		alice.put(SessionCookie, old)
		p := alice.get("/account")
		if p.StatusCode != http.StatusUnauthorized || !strings.Contains(p.body, "Your session has ended") || !strings.Contains(p.body, ">Not signed in<") {
			t.Errorf("status %d, want 401 and the reason in\n%s", p.StatusCode, p.body)
		}
		if got := alice.cookie(SessionCookie) + alice.cookie(xsrfCookie); got != "" {
			t.Errorf("the browser has still %q", got)
		}
	}
	if p := alice.get("/"); p.StatusCode != http.StatusOK || alice.cookie(SessionCookie) == "" {
		t.Errorf("without the old session: status %d, want 200 and a session", p.StatusCode)
	}
	if got := bob.who() + " " + carol.who(); got != "bob admin" {
		t.Errorf("the others are %q", got)
	}
	c.pass(2 * time.Second)
	if got := bob.who(); got != "bob" {
		t.Errorf("just in time bob is %q", got)
	}
}

func TestIdleYieldsToRememberMe(t *testing.T) {
	_, srv, c := open(t)
	b := newBrowser(t, srv)
	b.post("/login?idle=2s", "user", "alice", "password", Password("alice"), "remember", "on")
	old := b.cookie(SessionCookie)
	c.pass(time.Minute)
	if got := b.who(); got != "alice" || b.cookie(SessionCookie) == old {
		t.Errorf("who = %q, want alice in a new session", got)
	}
}

func TestSwitchingCookiesSwitchesUsers(t *testing.T) {
	_, srv, _ := open(t)
	alice, bob := newBrowser(t, srv), newBrowser(t, srv)
	alice.login("alice")
	bob.login("bob")
	alice.put(SessionCookie, bob.cookie(SessionCookie))
	if got := alice.who(); got != "bob" {
		t.Errorf("who = %q, want bob", got)
	}
	if alice.cookie(xsrfCookie) != bob.cookie(xsrfCookie) {
		t.Error("XSRF-TOKEN did not follow the session")
	}
}

func TestStoreIsBounded(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	st := newStore()
	first, second := st.start("alice", now), st.start("bob", now)
	tokenOf := st.remember("alice", now)
	first.used = now.Add(time.Hour)
	for range maxSessions - 1 {
		st.start("", now.Add(time.Minute))
	}
	for range maxRemembered {
		st.remember("bob", now.Add(time.Minute))
	}
	if len(st.live) != maxSessions || len(st.promises) != maxRemembered {
		t.Errorf("%d sessions and %d remember-me tokens, want %d and %d", len(st.live), len(st.promises), maxSessions, maxRemembered)
	}
	if st.live[first.id] == nil || st.live[second.id] != nil {
		t.Error("the session dropped is not the one unused for longest")
	}
	if st.remembered(tokenOf, now) != "" {
		t.Error("the remember-me token dropped is not the oldest")
	}
	for range maxExpired + 1 {
		st.start("bob", now.Add(2*time.Hour)).idle = time.Second
		st.sweep(0, now.Add(3*time.Hour))
	}
	if len(st.expired) > maxExpired {
		t.Errorf("%d ids of ended sessions are kept", len(st.expired))
	}
}
