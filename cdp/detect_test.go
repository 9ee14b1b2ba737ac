package cdp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/cdp/leaks"
	"sessdriver/sessions"
)

// setCookies are the Set-Cookie lines of a login.
func setCookies(site, name string) []string {
	var list []string
	for _, c := range twoTokens(site, name) {
		list = append(list, fmt.Sprintf("%s=%s; Domain=%s; Path=/; Secure; SameSite=None", c.Name, c.Value, site))
	}
	return list
}

// first are the kinds of responses that a login mostly comes with.
var first = []string{"navigation", "hop-1", "form-post", "fetch-api", "xhr", "iframe", "popup-noopener", "worker-fetch", "shared-worker", "service-worker-script", "websocket", "download"}

// TestDetect: whatever response sets the cookies, the session appears without
// any configuration. Each response has a site of its own.
func TestDetect(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser(whole(t))
	seen := 0
	for _, c := range leaks.Channels {
		for _, setter := range c.Names() {
			if c.None || c.Speculative || !*full && !slices.Contains(first, setter) {
				continue
			}
			site := setter + ".test"
			r.open(w.page(site))
			w.fire(r, site, site, []channel{c}, setter, setCookies(site, setter)...)
			w.arrived(site, setter)
			r.until("the cookies of "+setter+" in the jar", func() bool { return r.inJar("session", setter+"-session") })
			if c.Blind {
				run(r, "fetch('/hit/after')") // booked with the next request that shows them
			}
			r.detected(site, setter)
			seen++
		}
	}
	if seen < len(first) {
		t.Errorf("%d kinds of responses were tried, want all of %q", seen, first)
	}
}

// inJar reports whether the jar holds a cookie.
func (r *rig) inJar(name, value string) bool {
	r.t.Helper()
	jar, err := r.force.Jar(r.ctx(), sessions.Main)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, c := range jar {
		if c.Name == name && c.Value == value {
			return true
		}
	}
	return false
}

// detected waits until a site has the session with both tokens, and checks that
// it has no other.
func (r *rig) detected(site, name string) {
	r.t.Helper()
	var now []sessions.Session
	ok := r.soon(func() bool {
		now = now[:0]
		for _, s := range r.book.Sessions(site, time.Now()) {
			if !s.Anonymous {
				now = append(now, s)
			}
		}
		return len(now) == 1 && len(now[0].Tokens) == 2 && strings.HasPrefix(now[0].Tokens[0].Value, name+"-")
	})
	if !ok {
		r.t.Errorf("%s: want one session of %s with two tokens, got %+v", site, name, now)
	}
}

// soon waits for a condition and reports whether it came true.
func (r *rig) soon(condition func() bool) bool {
	deadline := time.After(patience)
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if condition() {
			return true
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			return false
		}
	}
}

// TestRotation: tokens that the response of a forced request sets belong to the
// session that the request was sent as, whatever the channel.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser(noReload)
	r.both("alice")
	r.open(w.page("shop.test"))
	r.use("shop.test", "bob")
	setters := []string{"navigation", "popup-noopener", "iframe", "hop-1", "fetch-api", "preflight", "worker-fetch", "websocket", "service-worker-script"}
	for _, setter := range setters {
		i := slices.IndexFunc(leaks.Channels, func(c channel) bool { return slices.Contains(c.Names(), setter) })
		value := "bob-" + setter
		w.fire(r, "shop.test", setter, leaks.Channels[i:i+1], setter, "sid="+value+"; Domain=shop.test; Path=/; Secure; SameSite=None")
		w.arrived(setter, setter)
		r.until("the new token in the jar", func() bool { return r.inJar("sid", value) })
		if leaks.Channels[i].Blind {
			run(r, "fetch('/hit/after')")
		}
		if s := r.session("shop.test", "sid", value); s.Name != "bob" {
			t.Errorf("%s: the new token was booked on %s", setter, s.Name)
		}
	}

	// A response that comes after the switch is still its request's.
	run(r, "fetch('/hit/slow?id=slow&hold=slow&set=' + encodeURIComponent('sid=bob-late; Domain=shop.test; Path=/; Secure; SameSite=None'))")
	w.arrived("slow", "slow")
	r.use("shop.test", "alice")
	w.release("slow")
	if s := r.session("shop.test", "sid", "bob-late"); s.Name != "bob" {
		t.Errorf("the late token was booked on %s", s.Name)
	}
	r.until("the jar to be alice's again", func() bool { return r.inJar("sid", "alice-sid") })
	run(r, "await fetch('/hit/next?id=next')")
	w.arrived("next", "next")["next"].is(t, "alice")
	if s, _ := r.book.Site("shop.test"); s.Sessions != 2 {
		t.Errorf("want alice and bob, got %+v", r.book.Sessions("shop.test", time.Now()))
	}
}
