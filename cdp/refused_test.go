package cdp

import (
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

// TestRefusedRewrite: Chrome refuses a line break in a header (CHROMIUM 20), so a session with
// such a value cannot be forced. Its requests fail, they do not go out as the
// session that the jar is on.
func TestRefusedRewrite(t *testing.T) {
	w := newWeb(t)
	r := w.browser(noReload)
	w.logIn(r, "shop.test", "alice")
	broken := twoTokens("shop.test", "broken", func(c *sessions.Cookie) { c.Value += "\r\nX-Injected: 1" })
	if _, err := r.book.Import("shop.test", "broken", broken, time.Now()); err != nil {
		t.Fatal(err)
	}
	r.use("shop.test", "broken")
	// The mirror took alice's cookies out; a late response may put them back.
	// Where the mirror is faster than the request, that has no cookies to refuse.
	got := ""
	for tries := 0; got != "TypeError" && tries < 50; tries++ {
		r.putInJar(sessions.Main, twoTokens("shop.test", "alice")...)
		got = eval[string](r, `fetch('/hit/broken?id=1').then(() => 'answer', e => e.name)`)
	}
	if got != "TypeError" {
		t.Errorf("the page got %q, want a network error", got)
	}
	if leaked := w.seen(func(h hit) bool { return h.name == "broken" && h.cookie != "" || h.header.Get("X-Injected") != "" }); len(leaked) > 0 {
		t.Errorf("the server saw %v", leaked)
	}
	r.until("a notice", func() bool { return r.noticed("blocked GET " + w.origin("shop.test") + "/hit/broken?…:") })
	if r.noticed("broken-sid") {
		t.Errorf("a notice shows a token: %q", r.told())
	}
	r.nothingPaused()

	// The refusal mended the jar. A page to go to fails as well when another
	// session's tokens are back in it, and the next session works again.
	r.until("alice is out of the jar", func() bool {
		jar, err := r.force.Jar(r.ctx(), sessions.Main)
		return err == nil && len(jar) == 0
	})
	var err error
	for tries := 0; err == nil && tries < 50; tries++ {
		r.putInJar(sessions.Main, twoTokens("shop.test", "alice")...)
		err = r.Open(r.ctx(), w.page("shop.test"))
	}
	if err == nil || !strings.Contains(err.Error(), "net::ERR_BLOCKED_BY_CLIENT") {
		t.Errorf("the page opened: %v", err)
	}
	r.use("shop.test", "alice")
	r.open(w.page("shop.test"))
	run(r, "await fetch('/hit/works?id=2')")
	w.arrived("2", "works")["works"].is(t, "alice")
	r.nothingPaused()
}

// TestRefusedCookie: the jar does not take the cookie of a session that is
// forced. WebSockets, which only the jar can force, are nobody's then, not the
// former session's.
func TestRefusedCookie(t *testing.T) {
	w := newWeb(t)
	r := w.browser(noReload)
	w.logIn(r, "shop.test", "alice")
	r.login("shop.test", "broken", func(c *sessions.Cookie) { c.Value += "\r\n" })
	r.use("shop.test", "broken")
	if !r.noticed(`Chrome refuses the cookie "sid"`) {
		t.Errorf("no notice of the refused cookie: %q", r.told())
	}
	w.fire(r, "shop.test", "refused", where(func(c channel) bool { return c.Name == "websocket" || c.Name == "fetch" }), "")
	for _, h := range w.arrived("refused", "websocket", "fetch") {
		h.none(t)
	}
}

// nothingPaused waits until every paused request has its answer.
func (r *rig) nothingPaused() {
	r.t.Helper()
	if err := r.force.Inside().Drain(r.ctx()); err != nil {
		r.t.Errorf("requests stay paused: %v", err)
	}
}
