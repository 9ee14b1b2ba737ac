package sessions

import "testing"

// Unset goes back to the session that the jar was on, as it is now.
func TestUnsetGoesBack(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(b *browser) // while bob is forced
		want string
	}{
		{"as it was", func(*browser) {}, "XSRF-TOKEN=x; lang=de; sid=A"},
		{"rotated meanwhile", func(b *browser) {
			w2 := b.in("w2")
			w2.use("Session 1")
			w2.visit(home, "sid=A2")
		}, "XSRF-TOKEN=x; lang=de; sid=A2"},
		{"logged out meanwhile", func(b *browser) {
			w2 := b.in("w2")
			w2.use("Session 1")
			w2.visit(home, "sid=; Max-Age=0")
		}, "lang=de"},
		{"removed meanwhile", func(b *browser) { b.book.Remove(b.ref("Session 1"), b.now) }, "lang=de"},
		{"renamed meanwhile", func(b *browser) { b.book.Rename(b.ref("Session 1"), "alice") }, "XSRF-TOKEN=x; lang=de; sid=A"},
		{"by way of a third", func(b *browser) { b.new("carol"); b.use("Session 1"); b.use("carol") }, "XSRF-TOKEN=x; lang=de; sid=A"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, Options{})
			b.visit(home, "sid=A", "lang=de", "XSRF-TOKEN=x")
			b.new("bob")
			b.wantJar("lang=de")
			b.visit(home, "sid=B")
			c.then(b)
			b.unset()
			b.wantJar(c.want)
			if plan := b.book.PlanJar(Main, shop, nil, b.now); !plan.Empty() {
				t.Errorf("in sync, but there is more to do: %+v", plan)
			}
		})
	}
}

// What was in the jar before anybody's login goes out of it again.
func TestUnsetOfAnEmptyJar(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A")
	b.use("alice")
	b.wantJar("sid=A")
	b.unset()
	b.wantJar("")
}

// Values that belong to no single session are put back as they were.
func TestUnsetOfRawValues(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A; token=a")
	b.give("bob", "sid=B; token=b")
	b.script(home, "sid=A; Domain=shop.test")
	b.script(home, "token=b; Domain=shop.test")
	b.use("alice")
	b.wantJar("sid=A; token=a")
	b.unset()
	b.wantJar("sid=A; token=b")

	carried := start(t, Options{})
	carried.give("alice", "sid=A")
	carried.script(home, "XSRF-TOKEN=x")
	carried.use("alice")
	carried.wantJar("sid=A")
	carried.unset()
	carried.wantJar("XSRF-TOKEN=x")
}

// A jar with a value that alice had earlier is hers: unset puts back what she
// has now.
func TestUnsetOfEarlierValues(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A1")
	b.in("w2").script(home, "sid=A1")
	b.visit(home, "sid=A2")
	b.give("bob", "sid=B")
	w2 := b.in("w2")
	w2.use("bob")
	w2.unset()
	w2.wantJar("sid=A2")
}

// The session that the jar was on lives on in the one that it was merged with.
func TestUnsetAfterMerge(t *testing.T) {
	b := start(t, Options{})
	b.give("first", "sid=A; token=1")
	b.script(home, "sid=A; Domain=shop.test")
	b.script(home, "token=2; Domain=shop.test")
	b.visit(home)
	b.give("bob", "sid=B; token=3")
	b.use("bob")
	if err := b.book.RemoveToken(shop, "token"); err != nil {
		t.Fatal(err)
	}
	b.wantList("first: sid=A | bob*: sid=B")
	b.unset()
	b.wantJar("sid=A; token=3")
}

func TestPlanJar(t *testing.T) {
	b := start(t, Options{})
	if plan := b.book.PlanJar(Main, shop, nil, b.now); !plan.Empty() {
		t.Errorf("unknown site: %+v", plan)
	}
	b.give("alice", "sid=A")
	b.script(home, "sid=stray")
	if plan := b.book.PlanJar(Main, shop, b.jar(), b.now); !plan.Empty() {
		t.Errorf("nothing forced: %+v", plan)
	}
	b.script("https://other.test/", "sid=other")
	if err := b.book.Use(Main, b.ref("alice"), b.jar(), b.now); err != nil {
		t.Fatal(err)
	}
	plan := b.book.PlanJar(Main, shop, b.jar(), b.now)
	if got := (Mask{}).Cookies(plan.Set) + " / " + (Mask{}).Cookies(plan.Delete); got != "sid=A / sid=stray" {
		t.Errorf("got %s", got)
	}
	b.wantList("alice*: sid=A | Session 2: sid=stray") // nothing in the jar is lost
	partitioned := Cookie{Name: "sid", Value: "A", Domain: ".shop.test", Path: "/", Partition: "https://top.test"}
	b.put(partitioned) // another identity
	b.mend(shop)
	b.wantJar("sid=other; sid=A")
}

func TestSeeJar(t *testing.T) {
	b := start(t, Options{Observes: func(url string) bool { return url != "https://hidden.test/" && url != "http://hidden.test/" }})
	b.give("alice", "sid=A; own=1")
	b.script(home, "sid=A; Domain=shop.test")
	b.script(home, "jwt=J; Domain=shop.test")
	b.script("https://plain.test/", "theme=1")
	b.script("https://hidden.test/", "sid=H")
	b.script("https://sso.test/", "sid=S")
	b.script("http://[::1]:8080/", "sid=six")
	b.newEvents()
	b.book.SeeJar(Main, b.jar(), b.now)
	b.book.SeeJar(Main, b.jar(), b.now)
	b.wantList("alice: sid=A; own=1; jwt=J") // completed with what no other has
	b.wantEvents("token-added jwt, site, token-added sid, session-new Session 1, site, token-added sid, session-new Session 1")
	if got, ok := b.book.Site("::1"); !ok || got.Sessions != 1 {
		t.Errorf("::1: %+v", got)
	}

	own := start(t, Options{})
	if err := own.book.AddToken(Main, shop, "own", Token, nil, own.now); err != nil {
		t.Fatal(err)
	}
	own.book.RemoveToken(shop, "own")
	own.book.AddToken(Main, shop, "own", Token, nil, own.now)
	own.script(home, "own=1")
	own.book.SeeJar(Main, own.jar(), own.now)
	own.wantList("Session 1: own=1") // a token of the site's own counts like a default one
}

// What no event showed is the active session's from when the jar was in sync with it, not
// before: then it may be left of the session before.
func TestAdoptJar(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(b *browser) // bob is forced, the jar in sync
		jar  string           // once it is mended
	}{
		{"a token", func(b *browser) { b.script(home, "token=b2") }, "sid=B; token=b2"},
		{"in the place of another", func(b *browser) { b.script(home, "sid=B2; Domain=shop.test") }, "sid=B2"},
		{"no token", func(b *browser) { b.script(home, "theme=dark") }, "sid=B; theme=dark"},
		{"another session's", func(b *browser) { b.script(home, "sid=A; Domain=shop.test") }, "sid=B"},
		{"switched, not yet in sync", func(b *browser) {
			b.script(home, "token=late")
			b.book.Use(b.window, b.ref("alice"), b.jar(), b.now)
		}, "sid=A; token=a"},
		{"a removed session's", func(b *browser) {
			b.script(home, "token=c")
			b.book.Remove(b.give("carol", "token=c"), b.now)
		}, "sid=B"},
		{"unset", func(b *browser) {
			b.script(home, "token=late")
			b.book.Unset(b.window, shop, b.now)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, Options{})
			b.give("alice", "sid=A; token=a")
			b.give("bob", "sid=B")
			b.use("bob")
			c.then(b)
			b.book.AdoptJar(b.window, shop, b.jar(), b.now)
			b.mend(shop)
			b.wantJar(c.jar)
		})
	}
}
