package cdp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// clinic is a server that notes every request and shows on each page who it
// takes the visitor for.
type clinic struct {
	*httptest.Server

	mu     sync.Mutex // guards all below
	visits []string   // METHOD HOST PATH COOKIES
	held   map[string]chan struct{}
}

func newClinic(t *testing.T) *clinic {
	c := &clinic{held: map[string]chan struct{}{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *clinic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/favicon.ico" {
		return
	}
	host, _, _ := strings.Cut(r.Host, ":")
	c.mu.Lock()
	visit := r.Method + " " + host + r.URL.RequestURI() + " " + r.Header.Get("Cookie")
	if r.Header.Get("If-None-Match") != "" {
		visit += " conditional"
	}
	c.visits = append(c.visits, visit)
	hold := c.held[host+r.URL.Path]
	c.mu.Unlock()
	io.Copy(io.Discard, r.Body)
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}
	for _, line := range r.URL.Query()["set"] {
		w.Header().Add("Set-Cookie", line)
	}
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("ETag", `"x"`)
	if strings.HasPrefix(r.URL.Path, "/kept") {
		w.Header().Set("Cache-Control", "max-age=3600")
	}
	if r.URL.Path == "/enter" && r.Method == http.MethodPost {
		http.Redirect(w, r, "/home", http.StatusSeeOther)
		return
	}
	if r.URL.Path == "/void" && strings.Contains(r.Header.Get("Cookie"), "bob") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.URL.Path == "/picture" {
		defer io.WriteString(w, "<img src=/never>")
	}
	fmt.Fprintf(w, `<title>%s %s</title><form method=post></form>`, r.Method, r.Header.Get("Cookie"))
}

// hold makes a page wait until the returned function is called.
func (c *clinic) hold(hostPath string) (release func()) {
	held := make(chan struct{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[hostPath] = held
	return sync.OnceFunc(func() {
		c.mu.Lock()
		delete(c.held, hostPath)
		c.mu.Unlock()
		close(held)
	})
}

// seen lists the requests for a host since the last time.
func (c *clinic) seen(host string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list, others []string
	for _, visit := range c.visits {
		if strings.Fields(visit)[1] == host || strings.HasPrefix(strings.Fields(visit)[1], host+"/") {
			list = append(list, visit)
		} else {
			others = append(others, visit)
		}
	}
	c.visits = others
	return list
}

// peek is seen without forgetting.
func (c *clinic) peek(host string) []string {
	list := c.seen(host)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visits = append(c.visits, list...)
	return list
}

func (c *clinic) at(host, path string) string { return at(c.Server, host, path) }

// pair makes alice and bob on a site, alice active, with her page shown.
func (c *clinic) pair(r *rig, site, path string) {
	r.t.Helper()
	r.add(c.at(site, "/"), "alice", "sid=alice")
	r.add(c.at(site, "/"), "bob", "sid=bob")
	r.use(site, "alice")
	r.open(c.at(site, path))
}

// submit posts the page's form to an action, and waits for the answer.
func (r *rig) submit(action string) {
	r.t.Helper()
	tab := r.currentTab()
	r.submitAt(tab, action)
}

func (r *rig) submitAt(tab *targets.Tab, action string) {
	r.t.Helper()
	titleAt(r.t, tab.Link)
	next := r.targets.Next(tab)
	evalAt(r.t, tab.Link, fmt.Sprintf("document.forms[0].action = %q, setTimeout(() => document.forms[0].submit()), ''", action))
	if err := next.Committed(r.ctx()); err != nil {
		r.t.Fatal(err)
	}
	titleAt(r.t, tab.Link)
}

// tab opens one more tab, which does not become the current one.
func (r *rig) tab(url string) *targets.Tab {
	r.t.Helper()
	current := r.currentTab()
	created, err := wire.Call(r.ctx(), r.link, target.CreateTarget, target.CreateTargetParams{URL: url, BrowserContextID: r.targets.ContextOf(sessions.Main)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.until("the tab "+url, func() bool {
		tab := r.targets.Page(created.TargetID)
		if tab == nil {
			return false
		}
		d := r.targets.Document(tab)
		return d.URL == url && (d.Loader != "" || url == "about:blank")
	})
	tab := r.targets.Page(created.TargetID)
	titleAt(r.t, tab.Link)
	r.t.Cleanup(func() {
		wire.Call(context.Background(), r.link, target.CloseTarget, target.CloseTargetParams{TargetID: tab.ID})
	})
	if r.currentTab() != current {
		r.t.Error("a tab that was opened by hand became the current one")
	}
	return tab
}

func TestReload(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	r := launch(t, whole(t), func(o *Options) { o.Arguments = []string{resolve} })
	run := func(name string, test func(t *testing.T, site string)) {
		site := strings.ReplaceAll(name, " ", "-") + ".test"
		t.Run(name, func(t *testing.T) {
			r.t = t
			r.open("about:blank")
			test(t, site)
		})
		r.t = t
	}
	wantTitle := func(t *testing.T, want string) {
		t.Helper()
		if got := r.title(); got != want {
			t.Errorf("the page is %q, want %q", got, want)
		}
	}
	wantSeen := func(t *testing.T, site string, want ...string) {
		t.Helper()
		if got := c.seen(site); !slices.Equal(got, want) {
			t.Errorf("the server saw %q, want %q", got, want)
		}
	}
	plain := func(t *testing.T, s sessions.Switch) {
		t.Helper()
		if s.Reloaded != 1 || len(s.Notes) > 0 {
			t.Errorf("reloaded %d, notes %q; want 1 and none", s.Reloaded, s.Notes)
		}
	}

	// Who looks after a switch that was not waited for sees the page of the new session.
	run("looked at", func(t *testing.T, site string) {
		c.pair(r, site, "/")
		release := c.hold(site + "/")
		defer release()
		if _, err := r.Use(r.ctx(), r.ref(site, "bob"), false); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := r.Reloaded(short); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "waiting for "+c.at(site, "/")) {
			t.Errorf("while the server does not answer: %v", err)
		}
		release()
		if err := r.Reloaded(r.ctx()); err != nil {
			t.Fatal(err)
		}
		wantTitle(t, "GET sid=bob")
		if err := r.Reloaded(short); err != nil { // nothing is on its way
			t.Error(err)
		}
		r.submit(c.at(site, "/posted"))
		if _, err := r.Use(r.ctx(), r.ref(site, "alice"), false); err != nil {
			t.Fatal(err)
		}
		if err := r.Reloaded(r.ctx()); err != nil {
			t.Fatal(err)
		}
		wantTitle(t, "GET sid=alice")
		c.seen(site)
	})

	// A page that never finishes is there all the same, and one that never comes is told.
	run("looked at in vain", func(t *testing.T, site string) {
		release := c.hold(site + "/never")
		defer release()
		c.pair(r, site, "/")
		if err := r.Open(r.ctx(), c.at(site, "/void")); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Use(r.ctx(), r.ref(site, "bob"), false); err != nil {
			t.Fatal(err)
		}
		if err := r.Reloaded(r.ctx()); fault.Of(err) != fault.NotReloaded || !strings.Contains(err.Error(), c.at(site, "/void")+" is still shown as the session before: its reload brought no page") {
			t.Errorf("an answer without a page: %v", err)
		}
		if err := r.Reloaded(r.ctx()); err != nil {
			t.Errorf("once told: %v", err)
		}
		short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		r.Open(short, c.at(site, "/picture")) // it does not finish
		if _, err := r.Use(r.ctx(), r.ref(site, "alice"), false); err != nil {
			t.Fatal(err)
		}
		if err := r.Reloaded(r.ctx()); err != nil {
			t.Errorf("a page that does not finish: %v", err)
		}
		if got := eval[string](r, "document.title"); got != "GET sid=alice" {
			t.Errorf("it shows %q", got)
		}
		c.seen(site)
	})

	run("get", func(t *testing.T, site string) {
		c.pair(r, site, "/?q=1#here")
		c.seen(site)
		plain(t, r.use(site, "bob"))
		wantTitle(t, "GET sid=bob")
		wantSeen(t, site, "GET "+site+"/?q=1 sid=bob")
	})

	// What was cached for alice is shown to nobody else: not the tab that is
	// open, not a page that is opened later, not the page before.
	run("cache", func(t *testing.T, site string) {
		c.pair(r, site, "/kept/1")
		r.open(c.at(site, "/kept/2"))
		c.seen(site)
		plain(t, r.use(site, "bob"))
		wantTitle(t, "GET sid=bob")
		wantSeen(t, site, "GET "+site+"/kept/2 sid=bob")
		r.open(c.at(site, "/kept/1"))
		wantTitle(t, "GET sid=bob")
		plain(t, r.use(site, "alice"))
		next := r.targets.Next(r.currentTab())
		r.eval("setTimeout(() => history.back()), ''")
		if err := next.Committed(r.ctx()); err != nil {
			t.Fatal(err)
		}
		wantTitle(t, "GET sid=alice")
	})

	// A tab that came by POST is opened by GET: the POST is not repeated.
	run("post", func(t *testing.T, site string) {
		for _, fragment := range []string{"", "#part"} {
			r.open("about:blank")
			if fragment == "" {
				c.pair(r, site, "/form")
			} else {
				r.use(site, "alice")
				r.open(c.at(site, "/form"))
			}
			r.submit(c.at(site, "/pay?x=1") + fragment)
			wantTitle(t, "POST sid=alice")
			c.seen(site)
			s := r.use(site, "bob")
			if s.Reloaded != 1 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], " was the answer to a POST") {
				t.Errorf("reloaded %d, notes %q", s.Reloaded, s.Notes)
			}
			wantTitle(t, "GET sid=bob")
			wantSeen(t, site, "GET "+site+"/pay?x=1 sid=bob")
			plain(t, r.use(site, "alice")) // now it came by GET
			c.seen(site)
		}
	})

	run("post redirect get", func(t *testing.T, site string) {
		c.pair(r, site, "/form")
		r.submit(c.at(site, "/enter"))
		wantTitle(t, "GET sid=alice")
		c.seen(site)
		plain(t, r.use(site, "bob"))
		wantSeen(t, site, "GET "+site+"/home sid=bob")
	})

	run("get form", func(t *testing.T, site string) {
		c.pair(r, site, "/form")
		r.title()
		r.eval("document.forms[0].method = 'get'")
		r.submit(c.at(site, "/search"))
		c.seen(site)
		plain(t, r.use(site, "bob"))
		wantTitle(t, "GET sid=bob")
	})

	run("push state", func(t *testing.T, site string) {
		c.pair(r, site, "/form")
		r.eval("history.pushState({}, '', '/pushed?y=1')")
		c.seen(site)
		plain(t, r.use(site, "bob"))
		wantSeen(t, site, "GET "+site+"/pushed?y=1 sid=bob")
		r.submit(c.at(site, "/pay"))
		r.eval("history.pushState({}, '', '/paid')")
		c.seen(site)
		if s := r.use(site, "alice"); len(s.Notes) != 1 {
			t.Errorf("notes %q", s.Notes)
		}
		wantSeen(t, site, "GET "+site+"/paid sid=alice")
	})

	// A page that asks whether one really wants to leave does not stop us.
	run("beforeunload", func(t *testing.T, site string) {
		c.pair(r, site, "/form")
		for _, name := range []string{"bob", "alice"} {
			r.eval("window.onbeforeunload = e => { e.preventDefault(); return e.returnValue = 'stay' }")
			if name == "alice" { // by GET instead of a POST, the same
				r.eval("window.onbeforeunload = null")
				r.submit(c.at(site, "/pay"))
				r.eval("window.onbeforeunload = e => { e.preventDefault(); return e.returnValue = 'stay' }")
			}
			if s := r.use(site, name); s.Reloaded != 1 {
				t.Errorf("reloaded %d: %q", s.Reloaded, s.Notes)
			}
			wantTitle(t, "GET sid="+name)
		}
		if told := r.told(); len(told) > 0 {
			t.Errorf("notices %q", told)
		}
	})

	run("logout", func(t *testing.T, site string) {
		c.pair(r, site, "/account/log-out?now=1")
		other := r.tab(c.at(site, "/home"))
		c.seen(site)
		s := r.use(site, "bob")
		if s.Reloaded != 2 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], c.at(site, "/account/log-out?…")+" looks like a logout") || strings.Contains(s.Notes[0], "now=1") {
			t.Errorf("reloaded %d, notes %q", s.Reloaded, s.Notes)
		}
		wantTitle(t, "GET sid=bob") // the root, since the tab had no other page of the site
		if got := titleAt(t, other.Link); got != "GET sid=bob" {
			t.Errorf("the other tab is %q", got)
		}
		if got, want := c.seen(site), []string{"GET " + site + "/ sid=bob", "GET " + site + "/home sid=bob"}; !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("the server saw %q, want %q", got, want)
		}
	})

	// Tabs of the site, of others, of none; and the policies.
	run("tabs", func(t *testing.T, site string) {
		defer r.wire.Do(func() { r.force.Inside().SetReload(ReloadAll) })
		c.pair(r, site, "/current")
		r.tab(c.at("sub."+site, "/sub"))
		r.tab(c.at("elsewhere.test", "/"))
		r.tab("about:blank")
		blank := r.tab("about:blank")
		evalAt(t, blank.Link, "document.title = 'mine'")
		tests := []struct {
			policy ReloadPolicy
			name   string
			want   []string
		}{
			{ReloadAll, "bob", []string{"GET " + site + "/current sid=bob", "GET sub." + site + "/sub "}},
			{ReloadCurrent, "alice", []string{"GET " + site + "/current sid=alice"}},
			{ReloadNone, "bob", nil},
		}
		for _, test := range tests {
			c.seen(site)
			c.seen("sub." + site)
			c.seen("elsewhere.test")
			r.force.Inside().SetReload(test.policy)
			s := r.use(site, test.name)
			if s.Reloaded != len(test.want) || len(s.Notes) > 0 {
				t.Errorf("%s: reloaded %d, notes %q", test.policy, s.Reloaded, s.Notes)
			}
			got := append(c.seen(site), c.seen("sub."+site)...)
			if !slices.Equal(got, test.want) {
				t.Errorf("%s: the server saw %q, want %q", test.policy, got, test.want)
			}
			wantSeen(t, "elsewhere.test")
		}
		if got := titleAt(t, blank.Link); got != "mine" {
			t.Errorf("a blank page was reloaded: %q", got)
		}
	})

	// A server that does not answer: with a note after a while, and at once when
	// nobody waits or the caller gives up.
	run("slow", func(t *testing.T, site string) {
		c.pair(r, site, "/slow")
		another := r.tab(c.at(site, "/quick"))
		release := c.hold(site + "/slow")
		defer release()
		ref := func(name string) sessions.Ref {
			ref, err := r.book.Find(sessions.Query{Text: name, Site: site})
			if err != nil {
				t.Fatal(err)
			}
			return ref
		}
		if s, err := r.Use(r.ctx(), ref("bob"), false); err != nil || s.Reloaded != 2 || len(s.Notes) > 0 {
			t.Errorf("without waiting: %+v, %v", s, err)
		}
		defer func(was time.Duration) { *r.force.Inside().ReloadTimeout() = was }(*r.force.Inside().ReloadTimeout())
		*r.force.Inside().ReloadTimeout() = 3 * time.Second
		s, err := r.Use(r.ctx(), ref("alice"), true)
		if err != nil || s.Reloaded != 2 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], c.at(site, "/slow")+" is still loading") {
			t.Errorf("waiting: %+v, %v", s, err)
		}
		if got := titleAt(t, another.Link); got != "GET sid=alice" {
			t.Errorf("the quick tab is %q", got)
		}
		*r.force.Inside().ReloadTimeout() = time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := r.Use(ctx, ref("bob"), true); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), site) {
			t.Errorf("giving up: %v", err)
		}
		if active, _ := r.book.Active(sessions.Main, site, time.Now()); active.Name != "bob" {
			t.Errorf("active is %q, want bob: the switch was made", active.Name)
		}
		release()
		r.until("bob's page", func() bool { return r.title() == "GET sid=bob" })
	})

	// A page that was on its way before the switch is of the session before, and
	// is shown anew when it comes: from another site, as an answer to a form, or
	// by the reload of an earlier switch.
	run("overtaken", func(t *testing.T, site string) {
		c.pair(r, site, "/")
		for i := range size(8, 20) {
			if _, err := r.Use(r.ctx(), r.ref(site, "bob"), false); err != nil {
				t.Fatal(err)
			}
			if s := r.use(site, "alice"); s.Reloaded != 1 || len(s.Notes) > 0 {
				t.Fatalf("round %d: %+v", i, s)
			}
			wantTitle(t, "GET sid=alice")
		}
		overtake := func(from, path, leave, asked, want string, notes int) {
			t.Helper()
			r.use(site, "alice")
			r.open(c.at(from, "/"))
			release := c.hold(site + path)
			defer release()
			c.seen(site)
			r.notes() // forgotten
			evalAt(t, r.currentTab().Link, fmt.Sprintf("setTimeout(() => { "+leave+" }), ''", c.at(site, path)))
			r.until("the request for "+path, func() bool { return slices.Contains(c.peek(site), asked) })
			if _, err := r.Use(r.ctx(), r.ref(site, "bob"), false); err != nil {
				t.Fatal(err)
			}
			release()
			r.until(want, func() bool { return r.Location() == c.at(site, path) && r.title() == want })
			if list := r.notes(); len(list) != notes {
				t.Errorf("told %q", list)
			}
		}
		overtake("another.test", "/far", "location = %q", "GET "+site+"/far sid=alice", "GET sid=bob", 0)
		overtake("another.test", "/post", "document.forms[0].action = %q; document.forms[0].submit()", "POST "+site+"/post sid=alice", "GET sid=bob", 1)
	})

	// The tab is closed while it is being waited for.
	run("closed", func(t *testing.T, site string) {
		c.pair(r, site, "/here")
		gone := r.tab(c.at(site, "/gone"))
		release := c.hold(site + "/gone")
		defer release()
		closed := make(chan error, 1)
		go func() {
			for {
				changed := r.targets.Changed()
				if slices.ContainsFunc(c.peek(site), func(visit string) bool { return strings.HasPrefix(visit, "GET "+site+"/gone sid=bob") }) {
					break
				}
				select {
				case <-changed:
				case <-time.After(10 * time.Millisecond):
				case <-t.Context().Done():
					closed <- t.Context().Err()
					return
				}
			}
			_, err := wire.Call(context.Background(), r.link, target.CloseTarget, target.CloseTargetParams{TargetID: gone.ID})
			closed <- err
		}()
		if s := r.use(site, "bob"); len(s.Notes) > 0 {
			t.Errorf("notes %q", s.Notes)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

// In a browser that was there before us nothing tells how a document came, and
// the cache is not ours to clear.
func TestReloadAttached(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	f := startForeign(t)
	tab := f.tab("about:blank")
	f.visit(tab, c.at("app.test", "/?set=sid%3Dalice"))
	f.visit(tab, c.at("app.test", "/kept/page")) // by GET, kept for alice
	f.visit(tab, c.at("app.test", "/form"))
	evalAt(t, tab, fmt.Sprintf("document.forms[0].action = %q, setTimeout(() => document.forms[0].submit()), ''", c.at("app.test", "/kept/page#part")))
	for titleAt(t, tab) != "POST sid=alice" {
		time.Sleep(20 * time.Millisecond)
	}
	elsewhere := f.tab("about:blank")
	f.visit(elsewhere, c.at("app.test", "/kept/other"))
	f.visit(elsewhere, c.at("else.test", "/"))
	c.seen("app.test")
	r := f.attach(f.port)
	r.add(c.at("app.test", "/"), "bob", "sid=bob")
	s := r.use("app.test", "bob")
	if len(s.Notes) != 1 || s.Reloaded != 1 {
		t.Errorf("reloaded %d, notes %q", s.Reloaded, s.Notes)
	}
	if got := titleAt(t, tab); got != "GET sid=bob" {
		t.Errorf("bob sees %q", got)
	}
	if got, want := c.seen("app.test"), []string{"GET app.test/kept/page sid=bob"}; !slices.Equal(got, want) {
		t.Errorf("the server saw %q, want %q", got, want)
	}
	// What was cached for alice is shown to nobody else, in no tab.
	if got := evalAt(t, tab, "fetch('/kept/other').then(r => r.text())"); !strings.Contains(got, "sid=bob") {
		t.Errorf("bob fetches %q", got)
	}
	fresh := f.tab("about:blank")
	for name, tab := range map[string]wire.Link{"a tab of another site": elsewhere, "a new tab": fresh} {
		f.visit(tab, c.at("app.test", "/kept/other"))
		if got := titleAt(t, tab); got != "GET sid=bob" {
			t.Errorf("%s shows bob %q", name, got)
		}
	}
	if s := r.use("app.test", "Session 1"); len(s.Notes) > 0 {
		t.Errorf("back: notes %q", s.Notes)
	}
	f.visit(fresh, c.at("app.test", "/kept/other"))
	if got := titleAt(t, fresh); got != "GET sid=alice" {
		t.Errorf("alice is shown %q", got)
	}
	r.use("app.test", "bob")
	f.visit(fresh, c.at("app.test", "/kept/other"))
	if _, err := r.Unset(r.ctx(), "app.test", true); err != nil {
		t.Fatal(err)
	}
	f.visit(fresh, c.at("app.test", "/kept/other"))
	if got := titleAt(t, fresh); got != "GET sid=alice" {
		t.Errorf("after unset the user is shown %q", got)
	}
}

// Sockets that stay open through a switch go on as whom they were opened: they are
// counted. Those of a tab that is reloaded are closed.
func TestOpenStreams(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	tab := r.person().open()
	p := r.person()
	open := fmt.Sprintf(`
		const socket = new WebSocket(%q), source = new EventSource(%q, {withCredentials: true});
		await Promise.all([socket, source].map(s => new Promise(r => s.onopen = r)))`,
		strings.Replace(w.origin("shop.test"), "http", "ws", 1)+"/hit/socket?stay", w.origin("shop.test")+"/hit/source?type=text/event-stream&body=:%0a%0a&stay")
	for _, test := range []struct {
		host string
		wait bool
		want int
	}{{"shop.test", false, 0}, {"shop.test", true, 0}, {"other.test", true, 2}} {
		p.visit(tab, w.page(test.host))
		p.run(tab, open)
		s, err := r.Use(r.ctx(), r.ref("shop.test", "bob"), test.wait)
		if err != nil || s.Streams != test.want {
			t.Errorf("in a page of %s: %d streams, %v; want %d", test.host, s.Streams, err, test.want)
		}
		r.use("shop.test", "alice")
	}
	p.visit(tab, "about:blank")
	if s := r.use("shop.test", "bob"); s.Streams != 0 {
		t.Errorf("%d streams after they were closed", s.Streams)
	}
}

// A page that Chrome prerendered for alice is not shown to bob.
func TestPrerendered(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	f := startForeign(t, "--ignore-certificate-errors")
	p := f.person()
	tab := p.open()
	login := "?"
	for _, line := range setCookies("shop.test", "alice") {
		login += "set=" + url.QueryEscape(line) + "&"
	}
	p.visit(tab, w.page("shop.test")+login)
	p.visit(tab, w.page("shop.test"))
	p.run(tab, `add('script', {type: 'speculationrules', textContent: q({prerender: [{source: 'list', urls: ['/page?pre'], eagerness: 'immediate'}]})})`)
	prerendered := func(h hit) bool { return h.query.Has("pre") }
	w.until("the prerender", func() bool { return len(w.seen(prerendered)) > 0 })
	w.seen(prerendered)[0].is(t, "alice")
	r := f.attach(f.port, func(o *Options) { o.State = t.TempDir() })
	r.login("shop.test", "bob")
	r.use("shop.test", "bob")
	from := w.count()
	p.visit(tab, w.page("shop.test")+"?pre")
	shown := w.seenFrom(from, prerendered)
	if len(shown) == 0 {
		t.Fatal("the page that was prerendered for alice is shown to bob")
	}
	for _, h := range shown {
		h.is(t, "bob")
	}
}

// A service worker that answers from its cache does not show the session before, not
// even where a page is opened by GET.
func TestReloadAroundServiceWorker(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	r.open(w.page("shop.test"))
	const worker = `onfetch = e => { if (e.request.method === 'GET') e.respondWith(caches.open('c').then(async c => await c.match(e.request) || (await c.add(e.request), c.match(e.request)))) }`
	run(r, fmt.Sprintf(`await navigator.serviceWorker.register(maker(location.origin, 'sw', '', [])('worker', js(%q)), {scope: '/hit/'}); await navigator.serviceWorker.getRegistration('/hit/').then(async r => { while (!r.active) await new Promise(f => setTimeout(f, 10)) })`, worker))
	page := w.origin("shop.test") + "/hit/cached?type=text/html&echo=1"
	text := func(want string) {
		t.Helper()
		r.title()
		if got := r.eval("document.body.textContent"); !strings.Contains(got, want) {
			t.Errorf("the page shows %q, want %q", got, want)
		}
	}
	for range 2 {
		r.open(page)
	}
	text("alice-sid")
	r.use("shop.test", "bob")
	text("bob-sid")
	r.open(page) // it is the worker's own again
	text("alice-sid")
	r.use("shop.test", "alice")
	r.open(w.page("shop.test"))
	run(r, fmt.Sprintf(submits, page))
	r.until("the answer to the form", func() bool { return r.targets.Document(r.currentTab()).Method == "POST" })
	text("alice-sid")
	r.use("shop.test", "bob")
	text("bob-sid")
	r.open(page)
	text("alice-sid")
}
