package cdp

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/cdp/internal/force"
	"sessdriver/sessions"
)

func guarded(g sessions.Guard) func(*Options) { return func(o *Options) { o.Guard = g } }

// guardIs waits until requests are checked, or are not.
func (r *rig) guardIs(up bool) {
	r.t.Helper()
	r.until(fmt.Sprintf("the guard to be up: %v", up), func() bool { return r.force.Inside().IsUp() == up })
}

// isQuiet waits until requests that are right are not written any more; it does not wait
// for what nobody tells the end of.
func (r *rig) isQuiet() {
	r.t.Helper()
	r.force.Inside().Untold(time.Millisecond, time.Time{})
	r.until("all is quiet", r.force.Inside().IsQuiet)
}

// token is the line that sets a new sid.
func token(value string) string {
	return "sid=" + value + "; Path=/; Domain=.shop.test; Secure; SameSite=None"
}

// fetches makes the page fetch a name, and gives what the server got.
func (w *web) fetches(r *rig, name string, more ...string) hit {
	w.t.Helper()
	run(r, fmt.Sprintf("await fetch('/hit/%s?%s', {credentials: 'include'})", name, strings.Join(more, "&")))
	found := w.seen(func(h hit) bool { return h.name == name })
	if len(found) == 0 {
		w.t.Fatalf("the server never saw %s", name)
	}
	return found[len(found)-1]
}

// In the mode switch nothing is paused once a switch is through, and again when the
// jar differs from the session that is forced.
func TestGuardSwitch(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser(noReload, guarded(sessions.GuardSwitch))
	r.both("alice")
	r.open(w.page("shop.test"))
	r.guardIs(false)
	w.fetches(r, "first").is(t, "alice")

	// What is under way as alice keeps it up.
	run(r, "window.late = fetch('/hit/late?hold=late&set="+url.QueryEscape(token("alice-sid-2"))+"')")
	w.until("the late one", func() bool { return len(w.seen(func(h hit) bool { return h.name == "late" })) > 0 })
	r.use("shop.test", "bob")
	for range 5 {
		w.fetches(r, "meanwhile").is(t, "bob")
		r.force.Inside().CallGuard()
		if err := r.Settle(r.ctx()); err != nil {
			t.Fatal(err)
		}
		if !r.force.Inside().IsUp() {
			t.Fatal("requests are not checked while one of alice's is under way")
		}
	}
	w.release("late")
	run(r, "await late")
	w.fetches(r, "after").is(t, "bob") // though the answer has put alice's token into the jar
	r.guardIs(false)
	w.fetches(r, "lowered").is(t, "bob")
	if s := r.session("shop.test", "sid", "alice-sid-2"); s.Name != "alice" {
		t.Errorf("alice's new token is %s's", s.Name)
	}

	// Somebody writes alice's cookies into the jar.
	r.putInJar(sessions.Main, twoTokens("shop.test", "alice")...)
	r.guardIs(true)
	r.guardIs(false)
	w.fetches(r, "mended").is(t, "bob")

	// A script's own value is bob's from then on, and nobody new's; a carried one too.
	run(r, "document.cookie = 'XSRF-TOKEN=by-script; Path=/; Domain=.shop.test; Secure; SameSite=None'; document.cookie = '"+token("by-script")+"'")
	if h := w.fetches(r, "scripted"); h.value("sid") != "by-script" {
		t.Errorf("%v: want the script's value", h)
	}
	if s := r.session("shop.test", "sid", "by-script"); s.Name != "bob" {
		t.Errorf("the script's value is %s's", s.Name)
	}
	r.until("the carried cookie to be bob's", func() bool {
		bob, err := r.book.Session(r.ref("shop.test", "bob"), time.Now())
		return err == nil && slices.ContainsFunc(bob.Carried, func(c sessions.Cookie) bool { return c.Value == "by-script" })
	})
	if list := r.book.Sessions("shop.test", time.Now()); len(list) != 2 {
		t.Errorf("there are %d sessions, want alice and bob: %+v", len(list), list)
	}
	// The mode always, and back.
	for _, mode := range []sessions.Guard{sessions.GuardAlways, sessions.GuardSwitch} {
		if err := r.SetGuard(r.ctx(), mode); err != nil {
			t.Fatal(err)
		}
		if is, up := r.Guard(); is != mode || !up {
			t.Errorf("the guard is %s, up %v", is, up)
		}
	}
	r.guardIs(false)
	if list := r.notes(); len(list) > 0 {
		t.Errorf("told: %q", list)
	}
}

// A stream is waited for until it is old.
func TestGuardStreams(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser(noReload, guarded(sessions.GuardSwitch))
	r.both("alice")
	r.open(w.page("shop.test"))
	began := time.Now()
	run(r, "window.events = new EventSource('/hit/events?stay&type=text/event-stream')")
	w.until("the stream", func() bool { return len(w.seen(func(h hit) bool { return h.name == "events" })) > 0 })
	r.use("shop.test", "bob")
	r.guardIs(false)
	if took := time.Since(began); took < force.OldStream*9/10 {
		t.Errorf("after %v a stream that began just before is not waited for any more", took)
	}
	w.fetches(r, "after").is(t, "bob")
}

// With the guard off the jar forces, and nothing is ever paused.
func TestGuardOff(t *testing.T) {
	w := newWeb(t)
	r := w.browser(guarded(sessions.GuardOff))
	r.both("alice")
	r.open(w.page("shop.test"))
	for _, name := range []string{"bob", "alice"} {
		r.use("shop.test", name)
		w.fetches(r, "fetch-"+name).is(t, name)
		run(r, "await new Promise(done => { const s = new WebSocket(location.origin.replace('http', 'ws') + '/hit/socket-"+name+"'); s.onclose = done })")
		w.seen(func(h hit) bool { return h.name == "socket-"+name })[0].is(t, name)
		if _, up := r.Guard(); up {
			t.Error("requests are paused")
		}
	}
	// A socket that carries a script's value first makes no session.
	run(r, "document.cookie = '"+token("alice-by-script")+"'; await new Promise(done => { const s = new WebSocket(location.origin.replace('http', 'ws') + '/hit/scripted'); s.onclose = done })")
	w.fetches(r, "learnt")
	if s := r.session("shop.test", "sid", "alice-by-script"); s.Name != "alice" || len(r.book.Sessions("shop.test", time.Now())) != 2 {
		t.Errorf("the script's value is %s's", s.Name)
	}
	// A rotation reaches the session, and a deletion logs it out.
	w.fetches(r, "rotated", "set="+url.QueryEscape(token("alice-new")))
	if s := r.session("shop.test", "sid", "alice-new"); s.Name != "alice" {
		t.Errorf("the new token is %s's", s.Name)
	}
}

// Every request that starts after a switch is of its session, whenever Fetch goes off
// and on.
func TestGuardLinearizable(t *testing.T) {
	t.Parallel()
	t.Run("one page", func(t *testing.T) {
		switchInFlight(t, size(10, 100), lanes, func(*sessions.Cookie) {}, guarded(sessions.GuardSwitch))
	})
}
