package cdp

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sessdriver/cdp/internal/force"
	"sessdriver/sessions"
)

func observing(mode sessions.Observation) func(*Options) {
	return func(o *Options) {
		o.Observe = mode
		if mode == sessions.ObserveChanges {
			alone(o) // extensions hear nothing of the windows of others
		}
	}
}

// Sessions are found, forced, renewed and ended with the jar alone to learn from.
func TestObserve(t *testing.T) {
	t.Parallel()
	for _, mode := range []sessions.Observation{sessions.ObserveChanges, sessions.ObserveJar} {
		for _, guard := range sessions.Guards.All {
			if !*full && (guard == sessions.GuardSwitch) != (mode == sessions.ObserveChanges) {
				continue // each of them once, not in every pair
			}
			t.Run(string(mode)+" with the guard "+string(guard), func(t *testing.T) { testObserve(t, mode, guard) })
		}
	}
}

func testObserve(t *testing.T, mode sessions.Observation, guard sessions.Guard) {
	w := newWeb(t)
	r := w.browser(whole(t), observing(mode), guarded(guard))
	if got := r.Observation(); got != mode {
		t.Fatalf("observing %s, want %s: %q", got, mode, r.notes())
	}
	state := func(name string) sessions.State {
		t.Helper()
		if err := r.Settle(r.ctx()); err != nil {
			t.Fatal(err)
		}
		s, err := r.book.Session(r.ref("shop.test", name), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return s.State
	}
	w.logIn(r, "shop.test", "alice")
	r.open(w.page("shop.test")) // or the reload would log in once more
	r.newSession("shop.test", "")
	w.logIn(r, "shop.test", "bob")
	r.open(w.page("shop.test"))
	w.startWorker(r) // the guard stops all workers, the extension's too
	for _, name := range []string{"alice", "bob", "alice"} {
		r.use("shop.test", name)
		w.fetches(r, "as-"+name).is(t, name)
		if _, err := tryEval(t, r.currentTab().Link, "new Promise(done => { const s = new WebSocket(location.origin.replace('http', 'ws') + '/hit/socket-"+name+"'); s.onclose = done })"); err != nil {
			t.Fatal(err)
		}
		w.seen(func(h hit) bool { return h.name == "socket-"+name })[0].is(t, name)
	}

	// A rotation reaches the session, a script's value too; the other keeps its own.
	w.fetches(r, "rotates", "set="+url.QueryEscape(token("alice-2")))
	r.use("shop.test", "bob")
	w.fetches(r, "bob-again").is(t, "bob")
	r.use("shop.test", "alice")
	if got := w.fetches(r, "rotated"); !strings.Contains(got.cookie, "sid=alice-2") {
		t.Errorf("the server got %q after a rotation", got.cookie)
	}
	r.isQuiet() // until then it may be a late answer's, which is told of later
	run(r, "document.cookie = '"+token("alice-3")+"'")
	if got := w.fetches(r, "scripted"); !strings.Contains(got.cookie, "sid=alice-3") {
		t.Errorf("the server got %q after a script's write", got.cookie)
	}
	state("alice")
	if s := r.session("shop.test", "sid", "alice-3"); s.Name != "alice" {
		t.Errorf("the script's value is %s's", s.Name)
	}

	// A logout ends the session that is forced and no other.
	for _, c := range twoTokens("shop.test", "alice") {
		w.fetches(r, "leaves-"+c.Name, "set="+url.QueryEscape(c.Name+"=; Path=/; Domain=.shop.test; Secure; SameSite=None; Max-Age=0"))
	}
	if got := state("alice"); got != sessions.LoggedOut {
		t.Errorf("alice is %s after the logout", got)
	}
	r.use("shop.test", "bob")
	w.fetches(r, "bob-stays").is(t, "bob")
	if list := r.book.Sessions("shop.test", time.Now()); len(list) != 2 {
		t.Errorf("%d sessions, want two: %v", len(list), list)
	}

	// A page that is the answer to a form is not sent again.
	run(r, "document.body.innerHTML = '<form method=post></form>'")
	r.submit(w.origin("shop.test") + "/hit/form")
	for _, name := range []string{"alice", "bob"} {
		r.use("shop.test", name)
	}
	posts := w.seen(func(h hit) bool { return h.name == "form" && h.method == "POST" })
	if len(posts) != 1 {
		t.Errorf("the form was sent %d times", len(posts))
	}
	jar, err := r.Jar(r.ctx())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range jar {
		if c.Domain == force.MarkDomain {
			t.Error("a cookie of our own is shown")
		}
	}
}
