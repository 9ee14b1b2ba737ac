package shop

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a time that tests move by hand.
type clock struct {
	mu sync.Mutex // guards t
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// open starts a shop whose time is the returned clock's.
func open(t *testing.T) (*Shop, *httptest.Server, *clock) {
	t.Helper()
	c := &clock{t: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	s := New()
	s.now = c.now
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv, c
}

// browser is an HTTP client with a jar that does not follow redirects.
type browser struct {
	t    *testing.T
	http *http.Client
	base *url.URL
}

func newBrowser(t *testing.T, srv *httptest.Server) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	if srv.TLS != nil {
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	}
	return &browser{t, client, base}
}

// page is an answer with its body read.
type page struct {
	*http.Response
	body string
}

func (b *browser) do(resp *http.Response, err error) page {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{resp, string(body)}
}

func (b *browser) get(path string) page {
	b.t.Helper()
	return b.do(b.http.Get(b.base.String() + path))
}

// post sends the form with pairs of name and value.
func (b *browser) post(path string, pairs ...string) page {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(b.http.PostForm(b.base.String()+path, form))
}

func (b *browser) login(user string, more ...string) page {
	b.t.Helper()
	p := b.post("/login", append([]string{"user", user, "password", Password(user)}, more...)...)
	if p.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("login as %s: status %d, want 303", user, p.StatusCode)
	}
	return p
}

// cookie returns the jar's value of name, "" without one.
func (b *browser) cookie(name string) string {
	for _, c := range b.http.Jar.Cookies(b.base) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// put sets a cookie in the jar, as sessdriver does; an empty value removes it.
func (b *browser) put(name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/"}
	if value == "" {
		c.MaxAge = -1
	}
	b.http.Jar.SetCookies(b.base, []*http.Cookie{c})
}

var whoElement = regexp.MustCompile(`id="who">([^<]*)<`)

// who asks the account page whom the server sees, "" when it sends to login.
func (b *browser) who() string {
	b.t.Helper()
	p := b.get("/account")
	if p.StatusCode == http.StatusSeeOther && p.Header.Get("Location") == "/login" {
		return ""
	}
	m := whoElement.FindStringSubmatch(p.body)
	if m == nil {
		b.t.Fatalf("GET /account: status %d and no element who", p.StatusCode)
	}
	return m[1]
}

func TestPassword(t *testing.T) {
	for _, user := range []string{"alice", "bob", "admin"} {
		_, srv, _ := open(t)
		b := newBrowser(t, srv)
		b.login(user)
		if got := b.who(); got != user {
			t.Errorf("who after the login of %s = %q", user, got)
		}
	}
	if got := Password("mallory"); got != "" {
		t.Errorf("Password of a stranger = %q, want none", got)
	}
}

func TestSeen(t *testing.T) {
	s, srv, c := open(t)
	b := newBrowser(t, srv)
	b.get("/style.css")
	b.get("/?utm=1")
	c.pass(time.Minute)
	b.login("alice")
	b.get("/api/whoami")
	b.get("/favicon.svg")

	start := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	later := start.Add(time.Minute)
	want := []Seen{
		{"GET", "/style.css", "", "", start},
		{"GET", "/", "", "s1", start},
		{"POST", "/login", "", "s1", later},
		{"GET", "/api/whoami", "alice", "s2", later},
		{"GET", "/favicon.svg", "alice", "s2", later},
	}
	got := s.Seen()
	if len(got) != len(want) {
		t.Fatalf("Seen has %d requests, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("Seen()[%d] = %v, want %v", i, got[i], want[i])
		}
	}
}

func TestSeenIsBounded(t *testing.T) {
	s := New()
	for i := range maxSeen + 7 {
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", fmt.Sprintf("/%d", i), nil))
	}
	got := s.Seen()
	if len(got) != maxSeen {
		t.Fatalf("Seen has %d requests, want %d", len(got), maxSeen)
	}
	if first, last := got[0].Path, got[maxSeen-1].Path; first != "/7" || last != fmt.Sprintf("/%d", maxSeen+6) {
		t.Errorf("Seen spans %s to %s, want the latest", first, last)
	}
	got[0].Path = "changed"
	if s.Seen()[0].Path == "changed" {
		t.Error("a caller can change what was seen")
	}
}

// Run with -race: everything behind the handler is shared.
func TestManyVisitorsAtOnce(t *testing.T) {
	s, srv, _ := open(t)
	var all sync.WaitGroup
	for i := range 12 {
		b, user := newBrowser(t, srv), seedAccounts[i%3].User
		all.Go(func() {
			form := url.Values{"user": {user}, "password": {Password(user)}}
			resp, err := b.http.PostForm(b.base.String()+"/login", form)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			for range 10 {
				resp, err := b.http.Get(b.base.String() + "/api/whoami")
				if err != nil {
					t.Error(err)
					return
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if !strings.Contains(string(body), `"user":"`+user+`"`) {
					t.Errorf("whoami of %s = %s", user, body)
				}
				s.Seen()
			}
		})
	}
	all.Wait()
}
