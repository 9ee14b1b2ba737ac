package cdp

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"sessdriver/sessions"
)

// TestHardLogin is what logins, logouts and scripts make of a session.
func TestHardLogin(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser(noReload)
	run := trials(t, r, w)

	// A visitor's session becomes alice's at her login, keeping its place.
	run("anonymous", func(c *trial) {
		c.visit("/", "sid=visitor")
		c.post("/login", "sid=alice1")
		c.want(c.fetch("/"), "sid=alice1")
		c.wantList("Session 1: sid=alice1")
		c.new("bob")
		c.post("/login", "sid=bob1")
		c.wantList("Session 1: sid=alice1 | bob*: sid=bob1")
		c.wantTold(sessions.SessionReplaced, 0)
	})

	// So does the session of those without any token.
	run("anonymous without a token", func(c *trial) {
		c.visit("/")
		if err := r.AddToken(r.ctx(), c.site, "login", sessions.Token); err != nil {
			c.Fatal(err)
		}
		c.visit("/")
		c.wantList("Session 1(anonymous):")
		c.post("/login", "login=alice1")
		c.want(c.visit("/"), "login=alice1")
		c.wantList("Session 1: login=alice1")
	})

	// Parallel answers to a visitor, each with a token of its own: one session,
	// that of the jar.
	run("parallel anonymous", func(c *trial) {
		c.visit("/")
		for _, hold := range []string{"p1", "p2", "p3"} {
			c.want(c.begin(hold, "sid="+hold+"; Path=/"), "")
		}
		c.release("p2")
		c.release("p1")
		c.release("p3")
		c.want(c.fetch("/"), "sid=p3")
		c.wantList("Session 1: sid=p3")
	})

	// Exploring, the login after a logout is a new session.
	run("logout", func(c *trial) {
		c.visit("/login", "sid=A1", "session=A2")
		c.post("/logout", "sid=; Max-Age=0", "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
		c.wantList("Session 1(out):")
		c.want(c.fetch("/"), "")
		c.post("/login", "sid=B1", "session=B2")
		c.want(c.fetch("/"), "sid=B1; session=B2")
		list := c.list()
		if !strings.HasPrefix(list, "Session 1(out): | Session ") || !strings.HasSuffix(list, ": sid=B1; session=B2") || strings.Count(list, "|") != 1 {
			c.Errorf("the sessions are %s", list)
		}
		c.use("Session 1")
		c.want(c.fetch("/"), "")
	})

	// Active, it refills the session, which can be split.
	run("logout active", func(c *trial) {
		c.visit("/login", "sid=A1")
		c.use("Session 1")
		c.post("/logout", "sid=; Max-Age=0")
		c.wantList("Session 1*(out):")
		c.post("/login", "sid=B1")
		c.wantTold(sessions.SessionRefill, 1)
		c.wantList("Session 1*: sid=B1")
		c.split("Session 1", "bob")
		c.wantList("Session 1(out): | bob*: sid=B1")
		c.want(c.fetch("/"), "sid=B1")
		c.use("Session 1")
		c.want(c.fetch("/"), "")
		c.use("bob")
		c.want(c.fetch("/"), "sid=B1")
	})

	// A login that replaces a live session's tokens is told, once, and can be
	// split: exploring and active.
	for _, how := range []string{"exploring", "active"} {
		run("login over "+how, func(c *trial) {
			c.visit("/", "sid=visitor")
			c.post("/login", "sid=A1")
			star := ""
			if how == "active" {
				c.use("Session 1")
				star = "*"
			}
			c.booked()
			c.wantTold(sessions.SessionReplaced, 0)
			c.post("/login", "sid=B1")
			c.fetch("/", "sid=B2") // bob's, rotated
			c.wantList("Session 1" + star + ": sid=B2")
			c.wantTold(sessions.SessionReplaced, 1)
			c.split("Session 1", "bob")
			c.want(c.fetch("/"), "sid=B2")
			c.wantList("Session 1: sid=A1 | bob" + star + ": sid=B2")
			c.use("Session 1")
			c.want(c.fetch("/"), "sid=A1")
			c.use("bob")
			c.want(c.fetch("/"), "sid=B2")
			c.wantList("Session 1: sid=A1 | bob*: sid=B2")
		})
	}

	// A name becomes a token on a site in use: the present value is the
	// session's that is in use, and nobody is logged out.
	for _, how := range []string{"exploring", "active"} {
		run("token add "+how, func(c *trial) {
			c.visit("/login", "sid=A1", "ticket=T1")
			star := ""
			if how == "active" {
				c.use("Session 1")
				star = "*"
			}
			c.booked()
			if err := r.AddToken(r.ctx(), c.site, "ticket", sessions.Token); err != nil {
				c.Fatal(err)
			}
			c.wantList("Session 1" + star + ": sid=A1; ticket=T1")
			c.want(c.fetch("/"), "sid=A1; ticket=T1")
			c.new("bob")
			c.want(c.fetch("/login", "sid=B1", "ticket=T2"), "")
			c.use("Session 1")
			c.want(c.fetch("/"), "sid=A1; ticket=T1")
			c.use("bob")
			c.want(c.fetch("/"), "sid=B1; ticket=T2")
			c.wantList("Session 1: sid=A1; ticket=T1 | bob*: sid=B1; ticket=T2")
		})
	}
	run("token add first", func(c *trial) {
		c.visit("/login", "ticket=T1")
		c.visit("/")
		c.wantList("")
		if err := r.AddToken(r.ctx(), c.site, "ticket", sessions.Token); err != nil {
			c.Fatal(err)
		}
		c.want(c.fetch("/"), "ticket=T1")
		c.wantList("Session 1: ticket=T1")
	})

	// A script writes the token: the active session takes it, and can go back.
	for how, write := range map[string]string{
		"document": "document.cookie = 'sid=W1; path=/'",
		"store":    "await cookieStore.set('sid', 'W1')",
	} {
		run("script by "+how, func(c *trial) {
			c.visit("/login", "sid=A1; Path=/; Secure")
			c.new("bob")
			c.fetch("/login", "sid=B1; Path=/; Secure")
			c.script(write)
			c.want(c.fetch("/"), "sid=W1")
			c.wantList("Session 1: sid=A1 | bob*: sid=W1")
			c.wantTold(sessions.ValueAdopted, 1)
			history, err := r.book.History(r.ref(c.site, "bob"))
			if n := len(history); err != nil || n != 2 || history[1].Source != sessions.FromScript || history[1].Value != "W1" {
				c.Errorf("the history is %+v, %v", history, err)
			}
			if _, err := r.Revert(r.ctx(), r.ref(c.site, "bob"), 0); err != nil {
				c.Fatal(err)
			}
			r.wantJar(c.site, "sid=B1")
			c.want(c.fetch("/"), "sid=B1")
			c.use("Session 1")
			c.want(c.fetch("/"), "sid=A1")
			c.use("bob")
			c.want(c.fetch("/"), "sid=B1")
		})
	}

	// A script that writes another session's value, present or past, changes
	// nothing, and the jar is mended.
	run("script stale", func(c *trial) {
		c.visit("/login", "sid=A1")
		c.fetch("/", "sid=A2")
		c.new("bob")
		c.fetch("/login", "sid=B1")
		for _, value := range []string{"A1", "A2"} {
			c.script(fmt.Sprintf("document.cookie = 'sid=%s'", value))
			c.want(c.fetch("/"), "sid=B1")
			r.wantJar(c.site, "sid=B1")
		}
		c.wantList("Session 1: sid=A2 | bob*: sid=B1")
		c.wantTold(sessions.ValueAdopted, 0)
	})
}

// submits is JavaScript that posts a form to a URL.
const submits = "submit(document, {action: %q, method: 'POST'})"

// TestHardAcross is the cases with more than one site, scheme, port or
// partition.
func TestHardAcross(t *testing.T) {
	t.Parallel()
	w, plain := newWeb(t), newWebOf(t, "http")
	r := w.browser(noReload)
	run := trials(t, r, w, plain)

	// Single sign-on: the login at one site goes by another. Each has its
	// sessions, and forcing one does not touch the other.
	run("sso", func(c *trial) {
		idp := &trial{c.T, c.rig, "idp.test", c.webs}
		login := func(sid, idpSID string) {
			c.Helper()
			var set []string
			if idpSID != "" {
				set = []string{"sid=" + idpSID}
			}
			back := c.at("/callback", "sid="+sid+"; Path=/")
			there := idp.at("/hit/authorize", set...) + "&redirect=" + url.QueryEscape(back)
			c.rig.open(c.at("/hit/login") + "&redirect=" + url.QueryEscape(there))
			c.seen(back)
		}
		c.visit("/")
		login("alice-shop", "alice-idp; Path=/")
		c.want(c.visit("/"), "sid=alice-shop")
		c.want(idp.visit("/"), "sid=alice-idp")
		c.wantList("Session 1: sid=alice-shop")
		idp.wantList("Session 1: sid=alice-idp")

		c.visit("/")
		c.new("bob")
		c.want(c.visit("/"), "")
		login("again-shop", "") // the idp still knows alice
		c.want(idp.visit("/"), "sid=alice-idp")
		c.wantList("Session 1: sid=alice-shop | bob*: sid=again-shop")
		c.wantTold(sessions.SessionReplaced, 0)
		login("again2-shop", "") // silently, over bob's tokens
		c.wantList("Session 1: sid=alice-shop | bob*: sid=again2-shop")
		c.wantTold(sessions.SessionReplaced, 1)
		idp.new("bob")
		c.visit("/")
		login("bob-shop", "bob-idp; Path=/")
		c.wantList("Session 1: sid=alice-shop | bob*: sid=bob-shop")
		c.wantTold(sessions.SessionReplaced, 2)
		idp.wantTold(sessions.SessionReplaced, 0)
		idp.wantList("Session 1: sid=alice-idp | bob*: sid=bob-idp")

		c.use("Session 1")
		c.want(c.visit("/"), "sid=alice-shop")
		c.want(idp.visit("/"), "sid=bob-idp")
		idp.use("Session 1")
		idp.unset()
		c.want(c.visit("/"), "sid=alice-shop")
		c.use("bob")
		c.want(c.visit("/"), "sid=bob-shop")
		c.want(idp.visit("/"), "sid=alice-idp")
	})

	// What SameSite keeps back on cross-site requests is not missing: they make
	// no session and take no one's tokens.
	run("samesite", func(c *trial) {
		c.visit("/login", "sid=A1; SameSite=Strict", "session=A2; SameSite=Lax", "PHPSESSID=A3; SameSite=None; Secure")
		c.want(c.fetch("/"), "sid=A1; session=A2; PHPSESSID=A3")
		from := func(name string) {
			c.Helper()
			c.visit("third.test./")
			c.want(c.fetch("/"), "PHPSESSID="+name+"3")
			c.want(c.post("/"), "PHPSESSID="+name+"3")
			c.want(c.leave("location = %q", c.at("/")), "session="+name+"2; PHPSESSID="+name+"3") // Lax goes along
			c.visit("third.test./")
			c.want(c.leave(submits, c.at("/")), "PHPSESSID="+name+"3")
		}
		from("A")
		c.wantList("Session 1: sid=A1; session=A2; PHPSESSID=A3")
		c.visit("/")
		c.new("bob")
		c.visit("/login", "sid=B1; SameSite=Strict", "session=B2; SameSite=Lax", "PHPSESSID=B3; SameSite=None; Secure")
		from("B")
		c.use("Session 1")
		from("A")
		c.wantList("Session 1*: sid=A1; session=A2; PHPSESSID=A3 | bob: sid=B1; session=B2; PHPSESSID=B3")
	})

	// All tokens held back: the request is nobody's.
	run("samesite strict", func(c *trial) {
		c.visit("/login", "sid=A1; SameSite=Strict", "session=A2; SameSite=Lax")
		c.visit("third.test./")
		c.want(c.fetch("/"), "")
		c.want(c.post("/"), "")
		c.wantList("Session 1: sid=A1; session=A2")
		c.want(c.leave(submits, c.at("/login", "sid=V1")), "") // as an identity provider posts back
		c.wantList("Session 1: sid=A1; session=A2 | Session 2: sid=V1")
	})

	// Over http Secure tokens are not sent, and their lack is no difference.
	run("secure", func(c *trial) {
		http := c.on(plain)
		c.visit("/login", "sid=A1; Secure", "session=A2")
		c.want(http.visit("/"), "session=A2")
		c.wantList("Session 1: sid=A1; session=A2")
		http.visit("/", "sid=fake") // Chrome leaves Secure cookies alone
		c.want(c.visit("/"), "sid=A1; session=A2")
		c.wantList("Session 1: sid=A1; session=A2")
		c.new("bob")
		c.visit("/login", "sid=B1; Secure", "session=B2")
		c.new("carol")
		c.visit("/login", "sid=C1; Secure")
		for _, test := range []struct{ name, secure, plain string }{
			{"Session 1", "sid=A1; session=A2", "session=A2"},
			{"carol", "sid=C1", ""},
			{"bob", "sid=B1; session=B2", "session=B2"},
		} {
			c.use(test.name)
			c.want(http.visit("/"), test.plain)
			c.want(c.visit("/"), test.secure)
		}
		c.wantList("Session 1: sid=A1; session=A2 | bob*: sid=B1; session=B2 | carol: sid=C1")
	})

	// A frame of the site in another one's page has a partition of its own.
	run("partitioned", func(c *trial) {
		frame := func(set ...string) hit {
			c.Helper()
			c.visit("top.test./")
			u := c.at("/frame", set...)
			c.script(fmt.Sprintf("await new Promise(done => add('iframe', {src: %q, onload: done}))", u))
			return c.seen(u)
		}
		login := func(name string) {
			c.visit("/login", "sid="+name+"1; SameSite=None; Secure")
			frame("session=" + name + "2; SameSite=None; Secure; Partitioned")
		}
		check := func(name string) {
			c.Helper()
			c.want(c.visit("/"), "sid="+name+"1")
			c.want(frame(), "sid="+name+"1; session="+name+"2")
		}
		login("A")
		check("A")
		c.wantList("Session 1: sid=A1; session=A2")
		c.visit("/")
		c.new("bob")
		login("B")
		check("B")
		c.use("Session 1")
		check("A")
		c.use("bob")
		check("B")
		c.wantList("Session 1: sid=A1; session=A2 | bob*: sid=B1; session=B2")
	})
}

// TestHardPorts: the jar ignores ports, and so does scope domain. In scope host
// each port is a site of its own, forced on its own.
func TestHardPorts(t *testing.T) {
	t.Parallel()
	for _, scope := range []sessions.Scope{sessions.ScopeDomain, sessions.ScopeHost} {
		one, two := newWeb(t), newWeb(t)
		book := sessions.New(sessions.Options{Scope: scope, Defaults: sessions.StandardDefaults()})
		r := one.browser(noReload, func(o *Options) { o.Book = book })
		r.book = book
		site := func(w *web) string { return book.SiteOf(w.origin("localhost")) }
		if scope == sessions.ScopeDomain {
			a := &trial{t, r, "localhost", []*web{one, two}}
			b := a.on(two)
			a.visit("localhost./login", "sid=A1")
			a.want(b.visit("localhost./"), "sid=A1")
			b.visit("localhost./", "sid=A2")
			a.wantList("Session 1: sid=A2")
			a.new("bob")
			b.visit("localhost./login", "sid=B1")
			a.want(a.visit("localhost./"), "sid=B1")
			a.use("Session 1")
			a.want(b.visit("localhost./"), "sid=A2")
			a.want(a.visit("localhost./"), "sid=A2")
			a.wantList("Session 1*: sid=A2 | bob: sid=B1")
			continue
		}
		a, b := &trial{t, r, site(one), []*web{one}}, &trial{t, r, site(two), []*web{two}}
		a.visit("localhost./login", "sid=A1")
		a.want(b.visit("localhost./"), "sid=A1")
		a.wantList("Session 1: sid=A1")
		b.wantList("Session 1: sid=A1")
		a.visit("localhost./")
		a.new("alice")
		a.visit("localhost./login", "sid=A2")
		b.visit("localhost./")
		b.new("bob")
		b.visit("localhost./login", "sid=B1")
		for range 2 {
			a.want(a.visit("localhost./"), "sid=A2")
			a.want(b.visit("localhost./"), "sid=B1")
		}
		b.visit("localhost./", "sid=B2")
		a.want(a.visit("localhost./"), "sid=A2")
		a.want(b.visit("localhost./"), "sid=B2")
		a.visit("localhost./", "sid=A3")
		a.want(b.visit("localhost./"), "sid=B2")
		a.want(a.visit("localhost./"), "sid=A3")
		a.wantList("Session 1: sid=A1 | alice*: sid=A3")
		b.wantList("Session 1: sid=A1 | Session 2: sid=A2 | bob*: sid=B2")
	}
}
