package cdp

import (
	"fmt"
	"testing"
	"time"
)

// A page that is opened right after a switch cancels the reload, before that is sent: what a
// script writes then is the session's own at once.
func TestScriptAfterSwitch(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	r.open(w.page("shop.test"))
	for i := range size(3, 30) {
		who := []string{"bob", "alice"}[i%2]
		r.use("shop.test", who)
		r.open(w.page("shop.test") + fmt.Sprint("?next=", i))
		value := fmt.Sprint(who, "-by-script-", i)
		time.Sleep(time.Second) // as a person does
		run(r, "document.cookie = '"+token(value)+"'")
		if h := w.fetches(r, fmt.Sprint("scripted", i)); h.value("sid") != value {
			t.Errorf("as %s: %v, want %s", who, h, value)
		}
	}
}
