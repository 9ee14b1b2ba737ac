package cdp

import (
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

// TestHardMatching is which session a request belongs to.
func TestHardMatching(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser(noReload)
	run := trials(t, r, w)

	// Values that a session held before make no phantom session, whether late
	// answers or a script bring them back.
	run("earlier values", func(c *trial) {
		c.visit("/", "sid=A1")
		for _, hold := range []string{"early", "middle", "late"} {
			c.want(c.begin(hold, "sid=A-"+hold+"; Path=/"), "sid=A1")
		}
		c.release("late")
		c.want(c.fetch("/"), "sid=A-late")
		c.release("early")
		c.release("middle")
		c.want(c.fetch("/"), "sid=A-middle")
		c.wantList("Session 1: sid=A-middle")
		c.script("document.cookie = 'sid=A1'")
		c.want(c.fetch("/"), "sid=A1")
		c.wantList("Session 1: sid=A-middle")
	})

	// A late request with a value that was rotated while another session is
	// active goes out as the active one.
	run("earlier values forced", func(c *trial) {
		c.visit("/", "sid=A1")
		c.fetch("/", "sid=A2")
		c.new("bob")
		c.fetch("/", "sid=B1")
		c.script("document.cookie = 'sid=A1'")
		c.want(c.fetch("/"), "sid=B1")
		c.wantList("Session 1: sid=A2 | bob*: sid=B1")
		c.wantTold(sessions.ValueAdopted, 0)
	})

	// When its tokens have expired a session is logged out, and forced it sends
	// none.
	run("expired tokens", func(c *trial) {
		c.visit("/", "sid=A1; Max-Age=1", "session=A2; Max-Age=1", "theme=dark")
		r.until("the expiry", func() bool { return c.list() == "Session 1(out):" })
		r.until("the expiry in the jar", func() bool { return values(r.jarFor(c.site)) == "theme=dark" })
		c.want(c.fetch("/"), "theme=dark")
		c.new("bob")
		c.want(c.fetch("/", "sid=B1"), "theme=dark")
		c.use("Session 1")
		c.want(c.fetch("/"), "theme=dark")
		c.use("bob")
		c.want(c.fetch("/", "sid=B2; Max-Age=1"), "theme=dark; sid=B1")
		r.until("the expiry", func() bool { return strings.Contains(c.list(), "bob*(out):") })
		c.want(c.fetch("/"), "theme=dark")
		c.unset()
		c.want(c.fetch("/"), "theme=dark")
	})

	// A token that comes later completes the session, whoever sets it.
	run("completion", func(c *trial) {
		c.visit("/", "sid=A1")
		c.fetch("/", "session=A2")
		c.want(c.fetch("/"), "sid=A1; session=A2")
		c.wantList("Session 1: sid=A1; session=A2")
		c.script("document.cookie = 'PHPSESSID=A3'")
		c.want(c.fetch("/"), "sid=A1; session=A2; PHPSESSID=A3")
		c.wantList("Session 1: sid=A1; session=A2; PHPSESSID=A3")
		c.new("bob")
		c.fetch("/", "sid=B1")
		c.fetch("/", "session=B2")
		c.script("document.cookie = 'PHPSESSID=B3'")
		c.want(c.fetch("/"), "sid=B1; session=B2; PHPSESSID=B3")
		c.wantList("Session 1: sid=A1; session=A2; PHPSESSID=A3 | bob*: sid=B1; session=B2; PHPSESSID=B3")
		c.use("Session 1")
		c.want(c.fetch("/"), "sid=A1; session=A2; PHPSESSID=A3")
	})

	// Requests to which no token applies make no session: before the first
	// login, on a sub-domain before its login, on a path above the cookie's.
	run("no token applies", func(c *trial) {
		c.visit("/")
		c.visit("api/")
		c.wantList("")
		c.visit("app/in/login", "sid=A1; Path=/in")
		c.want(c.fetch("app/in/home"), "sid=A1")
		c.want(c.fetch("app/"), "")
		c.want(c.fetch("app/inside"), "")
		c.want(c.visit("api/"), "")
		c.want(c.visit("/"), "")
		c.wantList("Session 1: sid=A1")
		if s, _ := r.book.Session(r.ref(c.site, "1"), time.Now()); s.Requests != 6 {
			c.Errorf("%d requests are booked on the session, want 6", s.Requests)
		}
		c.visit("api/login", "session=A2") // her login there
		c.want(c.visit("api/"), "session=A2")
		c.wantList("Session 1: sid=A1; session=A2")
	})

	// Two applications on sub-domains, with host-only cookies of one name: both
	// logins are one session, and a switch swaps each one's own value.
	run("two applications", func(c *trial) {
		c.visit("app1/login", "sid=alice1")
		c.visit("app2/login", "sid=alice2")
		c.want(c.visit("app1/"), "sid=alice1")
		c.want(c.fetch("app2/"), "sid=alice2")
		c.wantList("Session 1: sid=alice1; sid=alice2")
		c.new("bob")
		c.want(c.visit("app2/login", "sid=bob2"), "")
		c.want(c.visit("app1/login", "sid=bob1"), "")
		c.want(c.fetch("app2/"), "sid=bob2")
		c.wantList("Session 1: sid=alice1; sid=alice2 | bob*: sid=bob2; sid=bob1")
		for _, name := range []string{"alice", "bob", "alice"} {
			c.use(map[string]string{"alice": "Session 1", "bob": "bob"}[name])
			c.want(c.fetch("app2/"), "sid="+name+"2")
			c.want(c.fetch("app1/"), "sid="+name+"1")
			c.want(c.visit("app2/"), "sid="+name+"2")
		}
		c.unset()
		c.want(c.visit("app1/"), "sid=alice1")
		c.want(c.visit("app2/"), "sid=alice2")
		c.wantList("Session 1: sid=alice1; sid=alice2 | bob: sid=bob2; sid=bob1")
	})

	// Tokens of one name for different paths: each path gets its own, longer
	// paths first.
	run("paths", func(c *trial) {
		login := func(name string) {
			c.visit("/", "sid="+name+"0; Path=/")
			c.visit("b/login", "x=1") // another host in between
			c.visit("/b/login", "sid="+name+"B; Path=/b")
			c.visit("/a/login", "sid="+name+"A; Path=/a")
			c.visit("/a/deep/login", "sid="+name+"D; Path=/a/deep")
		}
		check := func(name string) {
			c.Helper()
			for path, want := range map[string]string{
				"/":            "sid=?0",
				"/a":           "sid=?A; sid=?0",
				"/b/page":      "sid=?B; sid=?0",
				"/ab":          "sid=?0",
				"/a/deep/page": "sid=?D; sid=?A; sid=?0",
			} {
				c.want(c.fetch(path), strings.ReplaceAll(want, "?", name))
			}
		}
		login("alice")
		check("alice")
		c.wantList("Session 1: sid=aliceD; sid=aliceB; sid=aliceA; sid=alice0")
		c.new("bob")
		login("bob")
		check("bob")
		c.use("Session 1")
		check("alice")
		c.use("bob")
		check("bob")
		c.wantList("Session 1: sid=aliceD; sid=aliceB; sid=aliceA; sid=alice0 | bob*: sid=bobD; sid=bobB; sid=bobA; sid=bob0")
	})

	// A Domain and a host-only cookie of one name at once.
	run("duplicates", func(c *trial) {
		login := func(lines ...string) {
			for _, line := range lines {
				c.visit("www/login", strings.ReplaceAll(line, "SITE", c.site))
			}
		}
		login("sid=D1; Domain=SITE", "sid=H1")
		c.want(c.visit("www/"), "sid=D1; sid=H1")
		c.want(c.visit("/"), "sid=D1")
		c.visit("www/")
		c.wantList("Session 1: sid=D1; sid=H1")
		c.new("both")
		login("sid=H2", "sid=D2; Domain=SITE") // the other way round
		c.new("domain")
		login("sid=D3; Domain=SITE")
		c.new("host")
		login("sid=H4")
		for _, test := range []struct{ name, www, top string }{
			{"Session 1", "sid=D1; sid=H1", "sid=D1"},
			{"both", "sid=H2; sid=D2", "sid=D2"},
			{"domain", "sid=D3", "sid=D3"},
			{"Session 1", "sid=D1; sid=H1", "sid=D1"},
			{"host", "sid=H4", ""},
			{"both", "sid=H2; sid=D2", "sid=D2"},
			{"host", "sid=H4", ""},
			{"domain", "sid=D3", "sid=D3"},
		} {
			c.use(test.name)
			c.want(c.visit("www/"), test.www)
			c.want(c.visit("/"), test.top)
		}
		c.wantList("Session 1: sid=D1; sid=H1 | both: sid=H2; sid=D2 | domain*: sid=D3 | host: sid=H4")
	})
}
