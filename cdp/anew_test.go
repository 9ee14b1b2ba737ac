package cdp

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sessdriver/sessions"
)

// accounts is a server with users that begins and ends sessions by GET, in all the ways in
// which the reload of a switch would change who a session is.
type accounts struct {
	*httptest.Server

	mu    sync.Mutex        // guards all below
	users map[string]string // by token
	last  int
	seen  []string // PATH USER
	trap  string   // who /trap logs in; "" for nobody
	jwt   bool     // tokens say whose they are
}

func newAccounts(t *testing.T) *accounts {
	a := &accounts{users: map[string]string{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *accounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/favicon.ico" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	token, who := "", "nobody"
	if c, err := r.Cookie("sid"); err == nil {
		token = c.Value
		if user := a.users[token]; user != "" {
			who = user
		}
	}
	a.seen = append(a.seen, r.URL.RequestURI()+" "+who)
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Cache-Control", "no-store")
	begin := func(user string) {
		who = user
		a.last++
		token := a.token(user)
		a.users[token] = user
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: token, Path: "/"})
	}
	end := func() {
		delete(a.users, token)
		who = "nobody"
		http.SetCookie(w, &http.Cookie{Name: "sid", Path: "/", MaxAge: -1})
	}
	if strings.HasPrefix(r.Host, "order-page.") && who != "nobody" { // renews with each answer
		delete(a.users, token)
		begin(who)
	}
	switch path, _, _ := strings.Cut(r.URL.Path, ";"); path {
	case "/magic", "/callback", "/silent":
		begin(r.URL.Query().Get("u"))
	case "/enter":
		begin(r.FormValue("user"))
		http.Redirect(w, r, "/home", http.StatusSeeOther)
		return
	case "/exit":
		end()
	case "/trap":
		if a.trap != "" {
			begin(a.trap)
		}
	case "/portal":
		fmt.Fprint(w, "<script>const x = new XMLHttpRequest(); x.open('GET', '/trap', false); x.send()</script>")
	case "/loader":
		fmt.Fprint(w, "<script>const x = new XMLHttpRequest(); x.open('GET', '/silent?u=bob', false); x.send()</script>")
	}
	fmt.Fprintf(w, `<title>%s</title><form method=post action=/enter><input name=user value=%s><input type=password name=user_password value=secret></form>`, who, r.URL.Query().Get("u"))
}

// alive lists whom the server knows sessions of.
func (a *accounts) alive(token string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.users[token]
}

// begin makes a session on the server, and gives its token.
func (a *accounts) begin(user string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	token := a.token(user)
	a.users[token] = user
	return token
}

// token is a new one of a user: some tell whose they are.
func (a *accounts) token(user string) string {
	if a.jwt {
		claims := fmt.Sprintf(`{"sub":%q,"jti":%d}`, user, a.last)
		return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	return fmt.Sprintf("token-of-%s-%d", user, a.last)
}

func (a *accounts) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = nil
}

func (a *accounts) saw(request string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, seen := range a.seen {
		if seen == request {
			return true
		}
	}
	return false
}

// TestReloadKeepsWhoASessionIs: the server judges whether alice is herself after a switch
// to her, whatever bob's page did when it was asked for.
func TestReloadKeepsWhoASessionIs(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	r := launch(t, whole(t), func(o *Options) { o.Arguments = []string{resolve} })
	tests := []struct {
		name string
		open []string // by bob
		bob  bool     // he is logged in before
		goes string   // where the tab goes, "" for a plain reload
		why  string
	}{
		{name: "magic link", open: []string{"/home", "/magic?u=bob"}, goes: "/home", why: "/magic?… started a session, so"},
		{name: "link with a code", open: []string{"/home", "/magic?u=bob&token=t1234567"}, goes: "/home", why: "brought a login"},
		{name: "callback at once", open: []string{"/callback?u=bob&code=c1234567"}, goes: "/", why: "brought a login"},
		{name: "another login", open: []string{"/home", "/home", "/magic?u=carol"}, bob: true, goes: "/home", why: "brought a login"},
		{name: "exit", open: []string{"/home", "/exit"}, bob: true, goes: "/home", why: "ended a session"},
		{name: "login by the page", open: []string{"/home", "/loader"}, goes: "/home", why: "/loader started a session, so"},
		{name: "token in the path", open: []string{"/home", "/cart;jsessionid=$BOB"}, bob: true, goes: "/home", why: "has a token of another session in it"},
		{name: "token in the fragment", open: []string{"/home", "/app#access_token=abcdefgh"}, bob: true, goes: "/home", why: "hands over a token"},
		{name: "twice the same", open: []string{"/magic?u=bob", "/magic?u=bob"}, goes: "/", why: "/magic?… changed the session, so"},
		{name: "plain page", open: []string{"/magic?u=bob", "/home"}},
		{name: "order page", open: []string{"/home", "/orders", "/orders"}, bob: true},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			site := strings.ReplaceAll(c.name, " ", "-") + ".test"
			page := func(path string) string { return at(a.Server, site, path) }
			alice := a.begin("alice")
			r.open("about:blank")
			r.add(page("/"), "alice", "sid="+alice)
			bob := ""
			if c.bob {
				bob = a.begin("bob")
				r.add(page("/"), "bob", "sid="+bob)
				r.use(site, "bob")
			} else if _, err := r.New(r.ctx(), site, "bob", true); err != nil {
				t.Fatal(err)
			}
			for _, path := range c.open {
				r.open(page(strings.ReplaceAll(path, "$BOB", url.QueryEscape(bob))))
			}
			a.forget()
			s := r.use(site, "alice")
			if got := r.title(); got != "alice" {
				t.Errorf("alice's page is %s's", got)
			}
			if c.goes == "" {
				if len(s.Notes) != 0 || !a.saw(c.open[len(c.open)-1]+" alice") {
					t.Errorf("reloaded with %q, the server saw %q", s.Notes, a.seen)
				}
			} else if got := r.Location(); len(s.Notes) != 1 || !strings.Contains(s.Notes[0], c.why) || got != page(c.goes) {
				t.Errorf("the tab is at %s, told %q", got, s.Notes)
			}
			r.open(page("/home"))
			if got := r.title(); got != "alice" {
				t.Errorf("alice is %s afterwards", got)
			}
			if c.name != "order page" && a.alive(alice) != "alice" {
				t.Error("the server knows alice no more")
			}
			r.open("about:blank")
			if _, err := r.Unset(r.ctx(), site, true); err != nil {
				t.Fatal(err)
			}
		})
	}
	r.t = t

	// The second wall: nothing told that the page would bring a login.
	t.Run("withheld", func(t *testing.T) {
		r.t = t
		const site = "withheld.test"
		page := func(path string) string { return at(a.Server, site, path) }
		alice := a.begin("alice")
		r.add(page("/"), "alice", "sid="+alice)
		r.add(page("/"), "bob", "sid="+a.begin("bob"))
		r.use(site, "alice")
		r.open(page("/home"))
		r.open(page("/home"))
		r.use(site, "bob")
		r.open(page("/trap"))
		a.mu.Lock()
		a.trap = "carol"
		a.mu.Unlock()
		r.use(site, "alice")
		if s, err := r.book.Session(r.ref(site, "alice"), time.Now()); err != nil || !s.Withheld || s.Tokens[0].Value != alice {
			t.Errorf("alice is %+v, %v", s, err)
		}
		a.mu.Lock()
		a.trap = ""
		a.mu.Unlock()
		r.open(page("/home"))
		if got := r.title(); got != "alice" {
			t.Errorf("alice is %s afterwards", got)
		}
		r.until("the jar to be alice's", func() bool {
			jar, err := r.Jar(r.ctx())
			for _, c := range jar {
				if c.Name == "sid" && c.Value == alice {
					return true
				}
			}
			return err != nil
		})
		if _, err := r.Accept(r.ctx(), r.ref(site, "alice")); err != nil {
			t.Fatal(err)
		}
		r.open(page("/home"))
		if got := r.title(); got != "carol" {
			t.Errorf("once accepted, alice is %s", got)
		}
		if _, err := r.Split(r.ctx(), r.ref(site, "alice"), "carol"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"alice", "carol"} {
			r.use(site, name)
			r.open(page("/home"))
			if got := r.title(); got != name {
				t.Errorf("once split, %s is %s", name, got)
			}
		}
	})
	r.t = t
}

// TestLoadOfReloadKeepsWhoASessionIs: nor is what the page asks for while it loads to make
// alice another.
func TestLoadOfReloadKeepsWhoASessionIs(t *testing.T) {
	a := newAccounts(t)
	a.jwt = true
	r := launch(t, whole(t), func(o *Options) { o.Arguments = []string{resolve} })
	const site = "load.test"
	page := func(path string) string { return at(a.Server, site, path) }
	alice := a.begin("alice")
	r.add(page("/"), "alice", "sid="+alice)
	r.add(page("/"), "bob", "sid="+a.begin("bob"))
	r.use(site, "bob")
	r.open(page("/portal"))
	a.mu.Lock()
	a.trap = "carol"
	a.mu.Unlock()
	r.use(site, "alice")
	r.title()
	if err := r.Settle(r.ctx()); err != nil {
		t.Fatal(err)
	}
	if !a.saw("/trap alice") {
		t.Errorf("the page did not ask: %q", a.seen)
	}
	if s, err := r.book.Session(r.ref(site, "alice"), time.Now()); err != nil || !s.Withheld || s.Tokens[0].Value != alice {
		t.Errorf("alice is %+v, %v", s, err)
	}
	r.open(page("/home"))
	if got := r.title(); got != "alice" {
		t.Errorf("alice is %s afterwards", got)
	}
}

// TestPasswordFormIsTold: the names of the fields say that a form logs somebody in, where
// its address does not.
func TestPasswordFormIsTold(t *testing.T) {
	a := newAccounts(t)
	r := launch(t, whole(t), func(o *Options) { o.Arguments = []string{resolve} })
	const site = "form.test"
	page := func(path string) string { return at(a.Server, site, path) }
	r.add(page("/"), "alice", "sid="+a.begin("alice"))
	r.use(site, "alice")
	r.open(page("/?u=bob"))
	r.submit(page("/enter"))
	if got := r.title(); got != "bob" {
		t.Fatalf("the form logged %s in", got)
	}
	if err := r.Settle(r.ctx()); err != nil {
		t.Fatal(err)
	}
	r.until("the notice", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.ContainsFunc(r.events, func(e sessions.Event) bool { return e.Kind == sessions.SessionReplaced && e.Session == "alice" })
	})
	if _, err := r.Split(r.ctx(), r.ref(site, "alice"), "bob"); err != nil {
		t.Fatal(err)
	}
	r.use(site, "alice")
	if got := r.title(); got != "alice" {
		t.Errorf("once split, alice is %s", got)
	}
}
