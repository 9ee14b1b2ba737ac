package scripts

import (
	"slices"
	"testing"

	"sessdriver/sessions"
)

func TestUse(t *testing.T) {
	tests := []struct{ line, site, active string }{
		{"use alice", "shop.test", "alice"},
		{"session use alice", "shop.test", "alice"},
		{"use 2", "shop.test", "bob"},
		{"use AL", "shop.test", "alice"},
		{"use Session 3", "shop.test", "Session 3"},
		{"use   Session   3", "shop.test", "Session 3"},
		{"use carol", "blog.test", "carol"},
		{"use blog.test/1", "blog.test", "carol"},
		{"use --site blog.test car", "blog.test", "carol"},
		{"use car --site=http://www.blog.test/x", "blog.test", "carol"},
		{"use -- bob", "shop.test", "bob"},
	}
	for _, test := range tests {
		w := newWorld(t)
		w.run(test.line)
		check(t, test.line, w.active(test.site), test.active)
	}
}

func TestUseText(t *testing.T) {
	w := newWorld(t)
	check(t, "use", w.run("use bob").Text, "shop.test: bob is active; 2 tabs reloaded")
	w.browser.notes = []string{"http://shop.test/logout was not reloaded", "Chrome refused \x1b"}
	check(t, "notes", w.run("use alice").Text, `
shop.test: alice is active; 2 tabs reloaded
http://shop.test/logout was not reloaded
Chrome refused \x1b`)
	w.browser.notes = nil
	w.exchange("http://shop.test/", "sid=secret-b", noon, "sid=; Max-Age=0")
	check(t, "logged out", w.run("use bob").Text, `
shop.test: bob is active; 2 tabs reloaded
bob is logged out and sends no token: log in again in the browser`)
	w.run("use bob --wait")
	if !slices.Contains(w.browser.calls, "Use wait") {
		t.Errorf("--wait was not passed on: %v", w.browser.calls)
	}
}

func TestUseAllSites(t *testing.T) {
	w := newWorld(t)
	w.give("blog.test", "alice", "PHPSESSID=secret-e")
	w.give("other.test", "Alice", "PHPSESSID=secret-f") // another name
	r := w.run("use 1 --all-sites")
	check(t, "text", r.Text, `
blog.test: alice is active; 2 tabs reloaded
shop.test: alice is active; 2 tabs reloaded`)
	if list := r.Value.([]sessions.Switch); len(list) != 2 || list[0].Session.Site != "blog.test" {
		t.Errorf("value %+v", r.Value)
	}
	check(t, "elsewhere", w.active("other.test"), "")
	check(t, "only here", w.run("use bob --all-sites").Text, "shop.test: bob is active; 2 tabs reloaded")
}

// A session that was logged in a moment ago can be used: the events are booked
// before names are looked up.
func TestUseSettlesFirst(t *testing.T) {
	w := newWorld(t)
	w.run("use alice")
	if got := w.browser.calls; !slices.Equal(got, []string{"Settle", "Use"}) {
		t.Errorf("calls %v", got)
	}
}

func TestNew(t *testing.T) {
	w := newWorld(t)
	check(t, "new dave", w.run("new dave").Text, `
shop.test: dave is active; 1 tab reloaded
dave is empty: the next login on shop.test goes into it`)
	w.run("new")
	check(t, "generated", w.active("shop.test"), "Session 5")
	w.run("new Bob the Second")
	check(t, "rest of the line", w.active("shop.test"), "Bob the Second")
	w.run("new blog.test/erin")
	check(t, "SITE/NAME", w.active("blog.test"), "erin")
	w.run("new blog.test/ --wait")
	check(t, "SITE/", w.active("blog.test"), "Session 3")
	w.run("new a/b")
	check(t, "a slash in a name", w.active("shop.test"), "a/b")
	w.run("new --site blog.test shop.test/x")
	check(t, "a slash behind --site", w.active("blog.test"), "shop.test/x")
}

func TestNewOnSiteNeverSeen(t *testing.T) {
	w := newWorld(t)
	w.browser.location = "https://www.fresh.test/"
	w.run("new zoe")
	check(t, "active", w.active("fresh.test"), "zoe")
}

func TestUnset(t *testing.T) {
	w := newWorld(t)
	check(t, "nothing forced", w.run("unset").Text, "shop.test: no session was forced")
	w.run("use bob")
	check(t, "unset", w.run("unset").Text, "shop.test: no session is forced any more (it was bob); no tab reloaded")
	w.run("use carol")
	check(t, "unset SITE", w.run("unset blog.test --wait").Text, "blog.test: no session is forced any more (it was carol); no tab reloaded")
	check(t, "active", w.active("blog.test"), "")
}

func TestRename(t *testing.T) {
	w := newWorld(t)
	check(t, "by number", w.run("rename 3 'Admin A'").Text, "shop.test: Session 3 is now Admin A")
	check(t, "quoted", w.run("rename \"Admin A\" admin").Text, "shop.test: Admin A is now admin")
	check(t, "SITE/NAME", w.run("session rename blog.test/carol Carol").Text, "blog.test: carol is now Carol")
	check(t, "value", w.run("rename admin root").Value.(sessions.Session).Name, "root")
}

func TestRemove(t *testing.T) {
	w := newWorld(t)
	w.run("use bob")
	check(t, "active", w.run("rm bob").Text, "shop.test: bob removed, its cookies are out of the browser; no session is forced now")
	check(t, "rest of the line", w.run("rm Session 3").Text, "shop.test: Session 3 removed, its cookies are out of the browser")
	check(t, "elsewhere", w.run("session remove carol").Text, "blog.test: carol removed, its cookies are out of the browser")
	if n := len(w.Book.Sessions("shop.test", noon)); n != 1 {
		t.Errorf("%d sessions left", n)
	}
}

// On a tab without a site, the only site that has something is meant.
func TestOnlySite(t *testing.T) {
	w := emptyWorld(t)
	w.browser.location = "about:blank"
	w.give("shop.test", "alice", "sid=a")
	w.exchange("http://plain.test/", "", noon)
	w.run("use al")
	check(t, "active", w.active("shop.test"), "alice")
	w.run("new")
	w.run("token add x")
	check(t, "ls", w.run("ls").Value.(SessionList).Site, "shop.test")
}

func TestReloadedText(t *testing.T) {
	for want, done := range map[string]sessions.Switch{
		"no tab reloaded": {},
		"2 tabs reloaded": {Reloaded: 2},
		"1 tab reloaded; 1 socket of the session before still open (reload or close the page that holds it)":     {Reloaded: 1, Streams: 1},
		"no tab reloaded; 3 sockets of the session before still open (reload or close the pages that hold them)": {Streams: 3},
	} {
		if got := reloaded(done); got != want {
			t.Errorf("%+v: %q, want %q", done, got, want)
		}
	}
}
