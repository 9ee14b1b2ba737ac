package cdp

import (
	"strings"
	"testing"
)

// What pages write to their consoles is remembered from before a switch to after it, and
// each message once.
func TestConsoleAfterSwitch(t *testing.T) {
	w := newWeb(t)
	r := w.browser(func(o *Options) { o.Storage, o.Console = StorageSwap, true })
	r.both("alice")
	r.open(w.page("shop.test"))
	say := func(text string) {
		t.Helper()
		run(r, "localStorage.x = 1; console.log('"+text+"')")
		count := func() (n int) {
			for _, line := range r.Console() {
				if strings.HasSuffix(line, " log: "+text) {
					n++
				}
			}
			return n
		}
		r.until(text, func() bool { return count() > 0 })
		if n := count(); n != 1 {
			t.Errorf("%q is there %d times: %q", text, n, r.Console())
		}
	}
	say("before")
	r.newSession("shop.test", "carol")
	say("after new")
	r.use("shop.test", "bob")
	say("after use")
	r.use("shop.test", "alice")
	say("after another")
	if _, err := r.Unset(r.ctx(), "shop.test", true); err != nil {
		t.Fatal(err)
	}
	say("after unset")
	r.open(w.page("shop.test"))
	say("on another page")
}
