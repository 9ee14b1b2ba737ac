package cdp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

// TestLinearizable switches while requests are in flight: what the server gets
// after Use has answered, from a page that started it later, is wholly the new
// session's, and no request ever mixes two sessions.
func TestLinearizable(t *testing.T) {
	t.Parallel()
	t.Run("same cookies", func(t *testing.T) {
		switchInFlight(t, size(10, 200), size(2*lanes, 50), func(*sessions.Cookie) {})
	})
	// The cookies of the two differ in scope, so that they do not replace each
	// other in the jar.
	t.Run("other scope", func(t *testing.T) {
		switchInFlight(t, size(8, 20), 2*lanes, func(c *sessions.Cookie) { c.Domain = strings.TrimPrefix(c.Domain, ".") })
	})
}

const lanes = 6 // requests under way at a time: what Chrome allows for a host

func switchInFlight(t *testing.T, switches, each int, aliceHas func(*sessions.Cookie), change ...func(*Options)) {
	w := newWeb(t)
	r := w.browser(append(change, noReload)...)
	names := []string{"alice", "bob"}
	r.login("shop.test", "alice", aliceHas)
	r.login("shop.test", "bob")
	r.use("shop.test", "alice")
	r.open(w.page("shop.test"))
	run(r, fmt.Sprintf(`
		window.epoch = 0;
		let n = 0;
		const lane = async () => { for (;;) await fetch('/hit/seq/' + n++ + '?id=' + window.epoch).catch(() => {}) };
		for (let i = 0; i < %d; i++) lane()`, lanes))
	for epoch := 1; epoch <= switches; epoch++ {
		name := names[epoch%2]
		if mode, _ := r.Guard(); mode == sessions.GuardSwitch && epoch%2 == 0 {
			r.guardIs(false)
		}
		r.use("shop.test", name)
		id, from := strconv.Itoa(epoch), w.count()
		run(r, fmt.Sprintf("window.epoch = %d", epoch))
		// All lanes have started something since.
		ofEpoch := func(h hit) bool { return h.name == "seq" && h.query.Get("id") == id }
		w.until("requests of epoch "+id, func() bool { return len(w.seenFrom(from, ofEpoch)) >= each })
		for _, h := range w.seenFrom(from, ofEpoch) {
			h.is(t, name)
		}
	}
	run(r, "window.epoch = 'end'")
	for _, h := range w.seen(func(h hit) bool { return h.name == "seq" }) {
		owner, _, _ := strings.Cut(h.value("sid"), "-")
		if !slices.Contains(names, owner) {
			t.Errorf("%v: want all tokens of one session", h)
			continue
		}
		h.is(t, owner)
	}
	for _, name := range names {
		if s := r.session("shop.test", "sid", name+"-sid"); s.Name != name || len(s.Tokens) != 2 {
			t.Errorf("session %s has become %+v", name, s)
		}
	}
	if list := r.book.Sessions("shop.test", time.Now()); len(list) != 2 {
		t.Errorf("got %d sessions, want 2: %+v", len(list), list)
	}
}
