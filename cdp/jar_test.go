package cdp

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sessdriver/sessions"
)

// bakery is a server over TLS that sets the cookies it is asked for.
type bakery struct {
	*httptest.Server

	mu     sync.Mutex // guards all below
	held   chan struct{}
	asked  chan struct{}
	latest map[string]int // of a user: the number of the token that counts
	stale  []string
}

func newBakery(t *testing.T) *bakery {
	s := &bakery{held: make(chan struct{}), asked: make(chan struct{}, 9), latest: map[string]int{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *bakery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/late":
		s.asked <- struct{}{}
		select {
		case <-s.held:
		case <-r.Context().Done():
		}
	case "/rotate":
		s.rotate(w, r)
	}
	for _, line := range r.URL.Query()["set"] {
		w.Header().Add("Set-Cookie", line)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, "<title>%s</title>", r.Header.Get("Cookie"))
}

// rotate gives each user another token at each request: NAME-NUMBER.
func (s *bakery) rotate(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie("sid")
	if err != nil {
		return
	}
	name, number, _ := strings.Cut(c.Value, "-")
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, _ := strconv.Atoi(number); n != s.latest[name] {
		s.stale = append(s.stale, c.Value)
		return
	}
	s.latest[name]++
	w.Header().Add("Set-Cookie", fmt.Sprintf("sid=%s-%d; Path=/; Secure; HttpOnly", name, s.latest[name]))
}

// at is the URL of a page that sets cookies.
func (s *bakery) at(host, path string, set ...string) string {
	u := "https://" + host + ":" + s.URL[strings.LastIndexByte(s.URL, ':')+1:] + path
	if len(set) > 0 {
		u += "?" + url.Values{"set": set}.Encode()
	}
	return u
}

// jarFor lists the cookies in the jar that hosts of a site get.
func (r *rig) jarFor(site string) []sessions.Cookie {
	r.t.Helper()
	all, err := r.force.Jar(r.ctx(), sessions.Main)
	if err != nil {
		r.t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(c sessions.Cookie) bool { return !strings.HasSuffix("."+c.Domain, "."+site) })
	slices.SortFunc(all, byName)
	return all
}

// values is the jar in short.
func values(jar []sessions.Cookie) string {
	var list []string
	for _, c := range jar {
		list = append(list, c.Name+"="+c.Value)
	}
	return strings.Join(list, "; ")
}

func (r *rig) ref(site, name string) sessions.Ref {
	r.t.Helper()
	ref, err := r.book.Find(sessions.Query{Text: name, Site: site})
	if err != nil {
		r.t.Fatal(err)
	}
	return ref
}

// wantJar waits until the jar is this: what a late response put out of step is
// mended soon.
func (r *rig) wantJar(site, want string) {
	r.t.Helper()
	var got string
	for start := time.Now(); time.Since(start) < patience; {
		if got = values(r.jarFor(site)); got == want {
			return
		}
	}
	r.t.Errorf("the jar is %q, want %q", got, want)
}

func TestJar(t *testing.T) {
	t.Parallel()
	s := newBakery(t)
	r := launch(t, func(o *Options) { o.Arguments, o.IgnoreCertificateErrors = []string{resolve}, true })
	run := func(name string, test func(t *testing.T, site string)) {
		t.Run(name, func(t *testing.T) {
			r.t = t
			r.open("about:blank")
			test(t, strings.ReplaceAll(name, " ", "-")+".test")
		})
		r.t = t
	}

	// The jar holds the session's cookies with all attributes, none of the
	// other's, and whatever else was in it.
	run("attributes", func(t *testing.T, site string) {
		login := func(name string) []string {
			return []string{
				"sid=" + name + "1; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=3600",
				"PHPSESSID=" + name + "2; Domain=" + site + "; Path=/; SameSite=Strict; Max-Age=7200",
				"JSESSIONID=" + name + "3; Path=/app; HttpOnly; SameSite=Lax; Priority=High",
				"__Host-session=" + name + "4; Path=/; Secure",
				"session_id=" + name + "5; Path=/; Secure; SameSite=None; Partitioned",
				"remember_me=" + name + "6; Path=/; Max-Age=900",
			}
		}
		r.open(s.at(site, "/", append(login("alice"), "theme=dark; Path=/", "lang=de; Domain="+site)...))
		r.open(s.at("neighbour-"+site, "/", login("carol")[0]))
		r.open(s.at(site, "/home"))
		neighbour := r.jarFor("neighbour-" + site)
		alice, script := r.jarFor(site), r.eval("document.cookie")
		if len(alice) != 8 {
			t.Fatalf("the jar has %d cookies: %+v", len(alice), alice)
		}
		if partitioned := slices.IndexFunc(alice, func(c sessions.Cookie) bool { return c.Partition != "" }); partitioned < 0 {
			t.Errorf("no cookie is partitioned: %+v", alice)
		}
		if _, err := r.New(r.ctx(), site, "bob", true); err != nil {
			t.Fatal(err)
		}
		r.wantJar(site, "lang=de; theme=dark")
		if got := r.eval("document.cookie"); !sameCookies(got, "theme=dark; lang=de") {
			t.Errorf("a script of a newcomer's page reads %q", got)
		}
		r.open(s.at(site, "/", login("bob")...))
		r.open(s.at(site, "/home"))
		bob, bobScript := r.jarFor(site), r.eval("document.cookie")
		for _, test := range []struct {
			name, script string
			jar          []sessions.Cookie
		}{{"Session 1", script, alice}, {"bob", bobScript, bob}, {"Session 1", script, alice}} {
			r.use(site, test.name)
			if got := r.jarFor(site); !slices.EqualFunc(got, test.jar, sameCookie) {
				t.Errorf("%s: the jar is\n%+v, want\n%+v", test.name, got, test.jar)
			}
			if got := r.eval("document.cookie"); !sameCookies(got, test.script) {
				t.Errorf("%s: scripts read %q, want %q", test.name, got, test.script)
			}
		}
		if got := r.jarFor("neighbour-" + site); !slices.EqualFunc(got, neighbour, sameCookie) {
			t.Errorf("the other site's jar is %+v, want %+v", got, neighbour)
		}
	})

	// A late response of alice's while bob is active: it is hers, and does not
	// stay in the jar. Unset then goes back to her present value; rm takes it out.
	run("late response", func(t *testing.T, site string) {
		r.open(s.at(site, "/", "sid=alice1; Path=/; Secure; SameSite=None", "theme=dark"))
		r.add(s.at(site, "/"), "bob", "sid=bob1")
		r.use(site, "Session 1")
		r.open(s.at(site, "/home"))
		defer r.wire.Do(func() { r.force.Inside().SetReload(ReloadAll) })
		r.wire.Do(func() { r.force.Inside().SetReload(ReloadNone) }) // a reload would end the request
		r.eval(fmt.Sprintf("window.late = fetch(%q), ''", s.at(site, "/late", "sid=alice9; Path=/; Secure; SameSite=None")))
		<-s.asked
		r.use(site, "bob")
		r.wantJar(site, "sid=bob1; theme=dark")
		close(s.held)
		r.eval("window.late.then(() => '')")
		r.until("the response is booked on alice", func() bool {
			alice, err := r.book.Session(r.ref(site, "Session 1"), time.Now())
			return err == nil && len(alice.Tokens) == 1 && alice.Tokens[0].Value == "alice9"
		})
		r.wantJar(site, "sid=bob1; theme=dark")
		if _, err := r.Unset(r.ctx(), site, true); err != nil {
			t.Fatal(err)
		}
		r.wantJar(site, "sid=alice9; theme=dark")
		r.open(s.at(site, "/"))
		if got := r.title(); !sameCookies(got, "sid=alice9; theme=dark") {
			t.Errorf("after unset the server gets %q", got)
		}

		if _, err := r.Remove(r.ctx(), r.ref(site, "Session 1")); err != nil {
			t.Fatal(err)
		}
		r.wantJar(site, "theme=dark")
		r.use(site, "bob")
		r.wantJar(site, "sid=bob1; theme=dark")
		if _, err := r.Remove(r.ctx(), r.ref(site, "bob")); err != nil {
			t.Fatal(err)
		}
		r.wantJar(site, "theme=dark")
		if r.force.Inside().IsOn() && len(r.book.Forced()) == 0 {
			t.Error("Fetch is on though nothing is forced")
		}
	})

	// A cookie that Chrome refuses is named, once, and pages still load.
	run("refused", func(t *testing.T, site string) {
		list := []sessions.Cookie{
			{Name: "__Host-session", Value: "x", Domain: site, Path: "/"}, // not Secure
			{Name: "sid", Value: "bob1", Domain: site, Path: "/"},
		}
		if _, err := r.book.Import(site, "bob", list, time.Now()); err != nil {
			t.Fatal(err)
		}
		r.notes()
		for range 2 {
			if _, err := r.Use(r.ctx(), r.ref(site, "bob"), true); err != nil {
				t.Fatal(err)
			}
		}
		if notices := r.notes(); len(notices) != 1 || !strings.Contains(notices[0], site) || !strings.Contains(notices[0], `"__Host-session"`) || !strings.Contains(notices[0], "without it") {
			t.Errorf("notices %q, want the cookie named once", notices)
		}
		r.wantJar(site, "sid=bob1")
		r.open(s.at(site, "/"))
		if got := r.title(); got != "sid=bob1" {
			t.Errorf("the server got %q", got)
		}
		if _, err := r.Unset(r.ctx(), site, true); err != nil {
			t.Fatal(err)
		}
		r.wantJar(site, "")
	})

	// A name that becomes a token on a site in use logs nobody out: its value
	// belongs to the active session, and travels with it from then on.
	run("token add", func(t *testing.T, site string) {
		r.open(s.at(site, "/", "login=alice1; Path=/", "affinity=node1; Path=/", "theme=dark"))
		r.open(s.at(site, "/home"))
		r.add(s.at(site, "/"), "alice", "x=1")
		r.use(site, "alice")
		before := values(r.jarFor(site))
		if err := r.AddToken(r.ctx(), site, "login", sessions.Token); err != nil {
			t.Fatal(err)
		}
		if err := r.AddToken(r.ctx(), site, "affinity", sessions.Carried); err != nil {
			t.Fatal(err)
		}
		if got := values(r.jarFor(site)); got != before || !strings.Contains(got, "login=alice1") {
			t.Errorf("the jar was %q and is %q", before, got)
		}
		if _, err := r.New(r.ctx(), site, "bob", true); err != nil {
			t.Fatal(err)
		}
		r.wantJar(site, "theme=dark")
		r.open(s.at(site, "/", "login=bob1; Path=/", "affinity=node2; Path=/"))
		r.open(s.at(site, "/home"))
		r.wantJar(site, "affinity=node2; login=bob1; theme=dark")
		r.use(site, "alice")
		r.wantJar(site, before)
		r.open(s.at(site, "/"))
		if got := r.title(); !strings.Contains(got, "login=alice1") || !strings.Contains(got, "affinity=node1") {
			t.Errorf("as alice the server gets %q", got)
		}
	})

	// The whole jar of the site travels with the session, until that is taken
	// back; a name that is no token any more stays where it is.
	run("carry all", func(t *testing.T, site string) {
		r.open(s.at(site, "/", "sid=alice1; Path=/", "theme=dark; Path=/", "=nameless; Path=/"))
		r.open(s.at(site, "/home"))
		if err := r.AddToken(r.ctx(), site, sessions.All, sessions.Carried); err != nil {
			t.Fatal(err)
		}
		if _, err := r.New(r.ctx(), site, "bob", true); err != nil {
			t.Fatal(err)
		}
		r.wantJar(site, "")
		r.open(s.at(site, "/", "sid=bob1; Path=/", "theme=light; Path=/"))
		r.open(s.at(site, "/home"))
		r.use(site, "Session 1")
		r.wantJar(site, "=nameless; sid=alice1; theme=dark")
		r.open(s.at(site, "/"))
		if got := r.title(); !strings.Contains(got, "nameless") || !strings.Contains(got, "theme=dark") {
			t.Errorf("as alice the server gets %q", got)
		}
		if err := r.RemoveToken(r.ctx(), site, sessions.All); err != nil {
			t.Fatal(err)
		}
		r.use(site, "bob")
		r.wantJar(site, "=nameless; sid=bob1; theme=dark")
		if err := r.RemoveToken(r.ctx(), site, "sid"); err != nil {
			t.Fatal(err)
		}
		r.wantJar(site, "=nameless; sid=bob1; theme=dark")
		if list := r.book.Sessions(site, time.Now()); len(list) > 0 {
			t.Errorf("without a token there are %+v", list)
		}
	})

	// A page whose every request rotates the token, while one switches to and
	// fro: no session loses its token, and the jar comes to rest on it.
	run("rotation", func(t *testing.T, site string) {
		defer r.wire.Do(func() { r.force.Inside().SetReload(ReloadAll) })
		r.wire.Do(func() { r.force.Inside().SetReload(ReloadNone) })
		r.add(s.at(site, "/"), "alice", "sid=alice-0")
		r.add(s.at(site, "/"), "bob", "sid=bob-0")
		r.use(site, "alice")
		r.open(s.at(site, "/"))
		r.eval("(() => { window.on = true; window.loop = (async () => { while (window.on) await fetch('/rotate') })() })(), ''")
		for i := range 20 {
			r.use(site, []string{"bob", "alice"}[i%2])
		}
		r.eval("(window.on = false, window.loop.then(() => ''))")
		if err := r.Settle(r.ctx()); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"alice", "bob"} {
			s.mu.Lock()
			want := fmt.Sprintf("%s-%d", name, s.latest[name])
			s.mu.Unlock()
			r.until(name+" to have what the server gave last: "+want, func() bool {
				session, err := r.book.Session(r.ref(site, name), time.Now())
				return err == nil && session.Tokens[0].Value == want
			})
			if name == "alice" { // active
				r.wantJar(site, "sid="+want)
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		t.Logf("rotations %v, sent with a value of before %q", s.latest, s.stale)
		if s.latest["alice"] == 0 || s.latest["bob"] == 0 {
			t.Error("the page did nothing meanwhile")
		}
	})
}
