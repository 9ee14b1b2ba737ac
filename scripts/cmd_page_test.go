package scripts

import (
	"slices"
	"testing"

	"sessdriver/sessions"
)

func TestOpen(t *testing.T) {
	w := newWorld(t)
	check(t, "open, secrets shown", w.run("open blog.test/a?token=x#y").Text, "opened http://blog.test/a?token=x#y")
	w.browser.calls, w.Mask = nil, sessions.NewMask([]byte("key"))
	check(t, "open", w.run("open blog.test/a?token=x#y").Text, "opened http://blog.test/a?…#…")
	check(t, "address", w.browser.location, "http://blog.test/a?token=x#y")
	if !slices.Equal(w.browser.calls, []string{"Open", "Settle"}) {
		t.Errorf("calls %v", w.browser.calls)
	}
	w.run("use alice --site shop.test")
	r := w.run("page open 'https://user:pw@SHOP.test/b'")
	check(t, "forced", r.Text, "opened https://…@shop.test/b as alice")
	if r.Value != (Page{URL: "https://…@shop.test/b", Site: "shop.test", Session: "alice"}) {
		t.Errorf("value %+v", r.Value)
	}
	check(t, "reload", w.run("reload").Text, "reloaded https://…@shop.test/b as alice")
	if got := w.browser.calls[len(w.browser.calls)-2:]; !slices.Equal(got, []string{"Reload", "Settle"}) {
		t.Errorf("calls %v", got)
	}
}
