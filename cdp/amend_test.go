package cdp

import (
	"strings"
	"testing"

	"sessdriver/sessions"
)

// TestRevertShowsTheTabsAnew: once the active session has other cookies, no tab of any of
// its windows goes on showing the page of those before. The server judges.
func TestRevertShowsTheTabsAnew(t *testing.T) {
	a := newAccounts(t)
	r := launch(t, whole(t), func(o *Options) { o.Arguments = []string{resolve} })
	const site = "revert.test"
	page := func(path string) string { return at(a.Server, site, path) }
	r.add(page("/"), "alice", "sid="+a.begin("alice"))
	ref := r.ref(site, "alice")
	r.use(site, "alice")
	r.open(page("/home"))
	r.open(page("/home"))
	other := sessions.Window("side")
	if _, err := r.OpenWindow(r.ctx(), other, ref, page("/orders")); err != nil {
		t.Fatal(err)
	}
	if err := r.SelectWindow(r.ctx(), sessions.Main); err != nil {
		t.Fatal(err)
	}
	r.open(page("/magic?u=bob"))
	r.open(page("/home"))
	if got := r.title(); got != "bob" {
		t.Fatalf("the link logged %s in", got)
	}
	shows := func(when string, done sessions.Switch, err error, want string) {
		t.Helper()
		if err != nil || done.Reloaded != 2 || done.Session.Name != "alice" {
			t.Errorf("%s: %+v, %v", when, done, err)
		}
		for _, w := range []sessions.Window{other, sessions.Main} {
			if err := r.SelectWindow(r.ctx(), w); err != nil {
				t.Fatal(err)
			}
			if err := r.Reloaded(r.ctx()); err != nil {
				t.Fatal(err)
			}
			if got := r.title(); got != want {
				t.Errorf("%s: window %s shows %s's page, want %s's", when, w, got, want)
			}
		}
	}
	done, err := r.Revert(r.ctx(), ref, 0)
	shows("reverted", done, err, "alice")
	done, err = r.Revert(r.ctx(), ref, 0)
	shows("reverted again", done, err, "bob")

	if _, err := r.Revert(r.ctx(), ref, 99); err == nil || !strings.Contains(err.Error(), "no change 99") {
		t.Errorf("a change that is none: %v", err)
	}
	if got := r.title(); got != "bob" {
		t.Errorf("a revert that failed left %s's page", got)
	}
	r.open(page("/home")) // nothing is held back any more

	// Where it is not active, no tab has anything to do with it.
	if _, err := r.Unset(r.ctx(), site, true); err != nil {
		t.Fatal(err)
	}
	if err := r.CloseWindow(r.ctx(), other); err != nil {
		t.Fatal(err)
	}
	if done, err := r.Revert(r.ctx(), ref, 0); err != nil || done.Reloaded != 0 {
		t.Errorf("reverted while it is not active: %+v, %v", done, err)
	}
}
