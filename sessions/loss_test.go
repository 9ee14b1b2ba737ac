package sessions

import (
	"slices"
	"testing"
	"time"
)

// Who took what a jar lost.
func TestLossEnds(t *testing.T) {
	seen, hidden := []Cookie{{Name: "sid"}}, []Cookie{{Name: "sid"}, {Name: "auth", HTTPOnly: true}}
	for _, c := range []struct {
		name string
		loss Loss
		want bool
	}{
		{"nothing", Loss{}, false},
		{"what a script sees", Loss{Missing: seen}, true},
		{"what no script sees", Loss{Missing: hidden}, false},
		{"cleared", Loss{Missing: seen, Cleared: true}, false},
		{"full", Loss{Missing: seen, JarFull: true}, false},
		{"a late answer may have", Loss{Missing: seen, OldInFlight: true}, false},
	} {
		if got := c.loss.Ends(); got != c.want {
			t.Errorf("%s: ends %v, want %v", c.name, got, c.want)
		}
	}
}

// forced is a book with alice and bob, bob forced, and the jar seen to be his.
func forced(t *testing.T) (*Book, []Cookie) {
	t.Helper()
	b := New(Options{Defaults: StandardDefaults()})
	now := time.Now()
	jar := func(name string) []Cookie {
		return []Cookie{{Name: "sid", Value: name, Domain: "a.test", Path: "/"}, {Name: "XSRF-TOKEN", Value: name, Domain: "a.test", Path: "/"}}
	}
	for _, name := range []string{"alice", "bob"} {
		if _, err := b.Import("a.test", name, jar(name), now); err != nil {
			t.Fatal(err)
		}
	}
	bob, _ := b.Find(Query{Text: "bob", Site: "a.test"})
	if err := b.Use(Main, bob, jar("alice"), now); err != nil {
		t.Fatal(err)
	}
	if plan := b.PlanJar(Main, "a.test", jar("bob"), now); !plan.Empty() {
		t.Fatalf("the plan is %+v", plan)
	}
	return b, jar("bob")
}

// A request that is right is written while the jar may change, one without cookies with an
// empty line, and what a late answer took from the jar is put back or added.
func TestDecideRacing(t *testing.T) {
	b, jar := forced(t)
	own := jar[0].Name + "=bob"
	both := "sid=bob; XSRF-TOKEN=bob"
	for _, c := range []struct {
		name   string
		paused Paused
		action Action
		header string
		lost   int
	}{
		{"quiet", Paused{Header: both}, Continue, "", 0},
		{"quiet, none", Paused{}, Continue, "", 0},
		{"right", Paused{Header: both, JarChanging: true}, Write, both, 0},
		{"none, and none is lost", Paused{JarChanging: true}, Write, "", 0},
		{"another's", Paused{Header: "sid=alice; XSRF-TOKEN=bob", JarChanging: true}, Rewrite, both, 0},
		{"some, late", Paused{Header: own, JarChanging: true, OldInFlight: true}, Flush, "", 0},
		{"some, which the jar has", Paused{Header: own, JarChanging: true, OldInFlight: true, Flushed: true, Jar: jar}, Write, own, 0},
		{"some, which the jar lost", Paused{Header: own, JarChanging: true, OldInFlight: true, Flushed: true, Jar: jar[:1]}, Rewrite, both, 0},
		{"some, mended since", Paused{Header: own, JarChanging: true, OldInFlight: true, Flushed: true, JarWritten: true, Jar: jar}, Restore, "", 0},
		{"none, late", Paused{JarChanging: true, OldInFlight: true}, Flush, "", 0},
		{"none, which the jar has", Paused{JarChanging: true, OldInFlight: true, Flushed: true, Jar: jar}, Write, "", 0},
		{"none, mended since", Paused{JarChanging: true, OldInFlight: true, Flushed: true, JarWritten: true, Jar: jar}, Restore, "", 0},
		{"none, which the jar lost", Paused{JarChanging: true, OldInFlight: true, Flushed: true}, Restore, "", 2},
		{"a preflight", Paused{JarChanging: true, OldInFlight: true, Preflight: true}, Continue, "", 0},
		{"unknown, late", Paused{Header: "sid=new; XSRF-TOKEN=bob", JarChanging: true, OldInFlight: true}, Await, "", 0},
		{"unknown, late for long", Paused{Header: "sid=new; XSRF-TOKEN=bob", JarChanging: true, OldInFlight: true, Waited: true}, Rewrite, both, 0},
		{"unknown", Paused{Header: "sid=new; XSRF-TOKEN=bob", JarChanging: true}, Flush, "", 0},
	} {
		c.paused.Window, c.paused.URL, c.paused.Now = Main, "http://a.test/", time.Now()
		v := b.Decide(c.paused)
		if v.Action != c.action || v.Header != c.header || len(v.Lost) != c.lost {
			t.Errorf("%s: got %+v, want action %v, %q, %d lost", c.name, v, c.action, c.header, c.lost)
		}
		if v.Action == Write && !v.Explicit {
			t.Errorf("%s: got %+v", c.name, v)
		}
	}
}

// What a jar had and lost is missing, unless an answer explains it; taken by a script, it
// is the session's no more.
func TestMissing(t *testing.T) {
	b, jar := forced(t)
	now := time.Now()
	names := func(list []Cookie) (names []string) {
		for _, c := range list {
			names = append(names, c.Name)
		}
		return names
	}
	if got := names(b.Missing(Main, "a.test", jar, now)); got != nil {
		t.Errorf("of a whole jar %v is missing", got)
	}
	if got := names(b.Missing(Main, "a.test", jar[:1], now)); !slices.Equal(got, []string{"XSRF-TOKEN"}) {
		t.Errorf("missing: %v", got)
	}
	alice := b.Sent(Request{Window: Main, URL: "http://a.test/", Header: "sid=alice", Now: now})
	gone := jar[1]
	gone.Expires = time.Unix(1, 0)
	if torn := b.Received(alice, Response{Cookies: []Cookie{gone}, Now: now}).Windows; !slices.Equal(torn, []Window{Main}) {
		t.Errorf("out of sync: %v", torn)
	}
	if got := names(b.Missing(Main, "a.test", jar[:1], now)); got != nil {
		t.Errorf("explained, %v is missing", got)
	}
	b.PlanJar(Main, "a.test", jar, now) // mended
	b.ScriptDeleted(Main, "a.test", b.Missing(Main, "a.test", nil, now), now)
	bob, _ := b.Find(Query{Text: "bob", Site: "a.test"})
	if s, _ := b.Session(bob, now); s.State != LoggedOut {
		t.Errorf("bob is %v", s.State)
	}
}

// Clear-Site-Data ends the session that it answers, and takes another one's cookies.
func TestCleared(t *testing.T) {
	for _, name := range []string{"alice", "bob"} {
		b, jar := forced(t)
		now := time.Now()
		x := b.Sent(Request{Window: Main, URL: "https://a.test/logout", Header: "sid=" + name, Now: now})
		torn := b.Received(x, Response{Cleared: true, Now: now}).Windows
		ref, _ := b.Find(Query{Text: name, Site: "a.test"})
		if s, _ := b.Session(ref, now); s.State != LoggedOut {
			t.Errorf("%s is %v", name, s.State)
		}
		plan := b.PlanJar(Main, "a.test", nil, now)
		if name == "alice" && (len(torn) != 1 || len(plan.Set) != len(jar)) || name == "bob" && (len(torn) != 0 || !plan.Empty()) {
			t.Errorf("%s: out of sync %v, plan %+v", name, torn, plan)
		}
	}
}

// A logout may empty a token. One that is empty from the start is a value like any other.
func TestEmptied(t *testing.T) {
	b, jar := forced(t)
	now := time.Now()
	x := b.Sent(Request{Window: Main, URL: "http://a.test/logout", Header: "sid=bob; XSRF-TOKEN=bob", Now: now})
	empty := jar[0]
	empty.Value = ""
	b.Received(x, Response{Cookies: []Cookie{empty}, Now: now})
	bob, _ := b.Find(Query{Text: "bob", Site: "a.test"})
	if s, _ := b.Session(bob, now); s.State != LoggedOut {
		t.Errorf("bob is %v: %+v", s.State, s.Tokens)
	}
	after := []Cookie{empty, jar[1]}
	if plan := b.PlanJar(Main, "a.test", after, now); !plan.Empty() {
		t.Errorf("the plan is %+v", plan)
	}
	if v := b.Decide(Paused{Window: Main, URL: "http://a.test/", Header: "sid=; XSRF-TOKEN=bob", Now: now}); v.Action != Continue {
		t.Errorf("the verdict is %+v", v)
	}
	if list := b.Sessions("a.test", now); len(list) != 2 {
		t.Errorf("there are %d sessions", len(list))
	}
	x = b.Sent(Request{Window: Main, URL: "http://a.test/in/", Header: "sid=; XSRF-TOKEN=bob", Now: now})
	b.Received(x, Response{Cookies: []Cookie{{Name: "sid", Value: "again", Domain: "a.test", Path: "/in"}}, Now: now})
	if v := b.Decide(Paused{Window: Main, URL: "http://a.test/in/", Header: "sid=again; sid=; XSRF-TOKEN=bob", Now: now}); v.Action != Continue {
		t.Errorf("the verdict beside another one of its name is %+v", v)
	}
}
