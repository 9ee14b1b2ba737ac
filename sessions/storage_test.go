package sessions

import (
	"slices"
	"strings"
	"testing"
)

// tabStorage plays the browser: it carries out what the plans say.
type tabStorage struct {
	t    *testing.T
	book *Book
	has  map[string]Items // by window, area and origin
}

// show shows a document of an origin in a tab.
func (c *tabStorage) show(w Window, tab Shelf, origin string) {
	c.t.Helper()
	for _, area := range []Shelf{LocalStorage, tab} {
		for _, plan := range c.book.PlanStorage(w, area) {
			if !slices.Contains(plan.Origins, origin) {
				continue
			}
			at := string(w) + "|" + string(area) + "|" + origin
			taken := c.has[at]
			c.has[at] = plan.Put[origin]
			if booked, kept := c.book.StorageSwapped(w, "a.test", area, origin, plan.Of, taken); !booked || !kept {
				c.t.Errorf("%s: a swap that was planned was not booked", at)
			}
			if booked, _ := c.book.StorageSwapped(w, "a.test", area, origin, plan.Of, "twice"); booked {
				c.t.Errorf("%s: a swap was booked twice", at)
			}
		}
	}
	c.book.OriginShown(w, "a.test", origin, tab, false)
}

func (c *tabStorage) put(w Window, tab Shelf, origin, who string) {
	c.show(w, tab, origin)
	c.has[string(w)+"||"+origin] = Items(who + "-local")
	c.has[string(w)+"|"+string(tab)+"|"+origin] = Items(who + "-" + string(tab))
}

func (c *tabStorage) want(w Window, tab Shelf, origin, who string) {
	c.t.Helper()
	c.show(w, tab, origin)
	local, tabs := Items(""), Items("")
	if who != "" {
		local, tabs = Items(who+"-local"), Items(who+"-"+string(tab))
	}
	if got := c.has[string(w)+"||"+origin]; got != local {
		c.t.Errorf("localStorage of %s in %s is %q, want %q", origin, w, got, local)
	}
	if got := c.has[string(w)+"|"+string(tab)+"|"+origin]; got != tabs {
		c.t.Errorf("sessionStorage of %s in %s is %q, want %q", origin, tab, got, tabs)
	}
}

func TestStorage(t *testing.T) {
	b := New(Options{Defaults: StandardDefaults()})
	sid := func(v string) []Cookie { return []Cookie{{Name: "sid", Value: v, Domain: "a.test", Path: "/"}} }
	refs := map[string]Ref{}
	for _, name := range []string{"alice", "bob", "carol"} {
		s, err := b.Import("a.test", name, sid(name), testNow)
		if err != nil {
			t.Fatal(err)
		}
		refs[name] = s.Ref()
	}
	c := &tabStorage{t, b, map[string]Items{}}
	use := func(w Window, name string) {
		t.Helper()
		if err := b.Use(w, refs[name], sid("alice"), testNow); err != nil {
			t.Fatal(err)
		}
	}
	const x, y = "https://a.test", "https://b.a.test"
	c.want(Main, "t1", x, "")
	if list := b.PlanStorage(Main, LocalStorage); len(list) != 0 {
		t.Errorf("nothing is forced, and the plan is %+v", list)
	}
	// Explored as alice, whom the jar shows.
	c.put(Main, "t1", x, "alice")
	c.put(Main, "t1", y, "alice")
	use(Main, "bob")
	c.want(Main, "t1", x, "")
	c.put(Main, "t1", x, "bob")
	use(Main, "alice")
	if list := b.PlanStorage(Main, LocalStorage); len(list) != 1 || !slices.Equal(list[0].Origins, []string{x}) || list[0].Site != "a.test" {
		t.Errorf("only %s is to be put back, and the plan is %+v", x, list)
	}
	c.want(Main, "t1", x, "alice")
	c.want(Main, "t1", y, "alice") // it was never looked at as bob
	use(Main, "carol")
	c.want(Main, "t1", y, "")
	use(Main, "bob") // and x not as carol
	c.want(Main, "t1", x, "bob")
	c.want(Main, "t1", y, "")
	// A tab that is opened meanwhile is bob's from the start.
	c.put(Main, "t2", x, "bob")
	c.want(Main, "t2", x, "bob")
	// Another window has storage of its own.
	use("other", "alice")
	c.show("other", "o1", x)
	if got := c.has["other||"+x]; got != "alice-local" {
		t.Errorf("a window that is new to her begins with %q", got)
	}
	c.put("other", "o1", x, "alice")
	if _, ok := b.Unset(Main, "a.test", testNow); !ok {
		t.Fatal("nothing was forced")
	}
	if plan := b.PlanJar(Main, "a.test", sid("alice"), testNow); !plan.Empty() {
		t.Fatalf("the jar is not as it was: %+v", plan)
	}
	c.want(Main, "t1", x, "alice")
	c.want(Main, "t1", y, "alice")
	for _, area := range []Shelf{LocalStorage, "t1"} {
		if list := b.PlanStorage(Main, area); len(list) != 0 {
			t.Errorf("all is as it was, and the plan is %+v", list)
		}
	}
	// Somebody else logs in while nothing is forced: what is there now is hers.
	b.Use(Main, refs["bob"], sid("carol"), testNow)
	c.want(Main, "t1", x, "bob")
	use(Main, "carol")
	c.want(Main, "t1", x, "alice") // as it was when she logged in over it
	// A tab that another opens begins with a copy of its sessionStorage.
	use(Main, "bob")
	b.CopyStorageArea(Main, "t1", "t2")
	b.CopyStorageArea(Main, "t0", "t3")
	c.has["|t2|"+x] = c.has["|t1|"+x]
	c.want(Main, "t1", x, "bob")
	c.show(Main, "t2", x)
	if got := c.has["|t2|"+x]; got != "" {
		t.Errorf("the copy has %q of another session", got)
	}
	b.ForgetStorageArea("t2")
	// What is split off is another site's.
	use(Main, "carol")
	c.show(Main, "t1", y)
	c.show(Main, "t1", x)
	if _, err := b.SplitSite("b.a.test", testNow); err != nil {
		t.Fatal(err)
	}
	use(Main, "bob")
	for _, plan := range b.PlanStorage(Main, "t1") {
		if plan.Site != "a.test" || !slices.Equal(plan.Origins, []string{x}) || !slices.Equal(plan.Not, []string{"b.a.test"}) {
			t.Errorf("the plan is %+v", plan)
		}
	}
	if _, err := b.JoinSite("b.a.test", testNow); err != nil {
		t.Fatal(err)
	}
	// What belongs to a session that is removed is not put back.
	if _, err := b.Remove(refs["bob"], testNow); err != nil {
		t.Fatal(err)
	}
	c.want(Main, "t9", x, "")
}

// What was nobody's before a login was known is of whoever logged in.
func TestStorageOfNobody(t *testing.T) {
	b := New(Options{Defaults: StandardDefaults()})
	const x = "https://a.test"
	b.OriginShown(Main, "a.test", x, "t", false)
	if _, err := b.New(Main, "a.test", "bob", nil, testNow); err != nil {
		t.Fatal(err)
	}
	b.StorageSwapped(Main, "a.test", LocalStorage, x, b.PlanStorage(Main, LocalStorage)[0].Of, "hers")
	b.Unset(Main, "a.test", testNow)
	alice := []Cookie{{Name: "sid", Value: "1", Domain: "a.test", Path: "/"}}
	b.PlanJar(Main, "a.test", alice, testNow) // she has logged in since
	bob, _ := b.Find(Query{Text: "bob", Site: "a.test"})
	b.Use(Main, bob, alice, testNow)
	b.Unset(Main, "a.test", testNow)
	if list := b.PlanStorage(Main, LocalStorage); len(list) != 1 || list[0].Put[x] != "hers" {
		t.Errorf("the plans are %+v", list)
	}
}

// What a session keeps is bounded.
func TestStorageBounds(t *testing.T) {
	s := New(Options{}).newSavedStorage()
	if s.save(LocalStorage, "big", Items(strings.Repeat("x", MaxStored+1))) {
		t.Error("too much was kept")
	}
	for _, n := range []string{"", "x"} {
		for i := range 3 * maxOrigins {
			if kept := s.save(Shelf(n), strings.Repeat("o", i), "items"); kept != (i < maxOrigins) {
				t.Fatalf("%q, origin %d: kept %t", n, i, kept)
			}
		}
	}
	for i := range 3 * maxAreas {
		if kept := s.save(Shelf(strings.Repeat("s", i+1)), "o", "items"); kept != (i < maxAreas-2) {
			t.Fatalf("area %d: kept %t", i, kept)
		}
	}
	if s.save("x", "", ""); s.items["x"][""] != "" {
		t.Error("what is empty now is still kept")
	}
}

// A report says which plan it carried out: another switch may have come since.
func TestStorageReportsLate(t *testing.T) {
	b := New(Options{Defaults: StandardDefaults()})
	var refs []Ref
	for _, name := range []string{"alice", "bob", "carol"} {
		s, err := b.Import("a.test", name, []Cookie{{Name: "sid", Value: name, Domain: "a.test", Path: "/"}}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, s.Ref())
	}
	const x = "https://a.test"
	use := func(i int) StoragePlan {
		t.Helper()
		if err := b.Use(Main, refs[i], nil, testNow); err != nil {
			t.Fatal(err)
		}
		list := b.PlanStorage(Main, LocalStorage)
		if len(list) != 1 {
			return StoragePlan{}
		}
		return list[0]
	}
	done := func(p StoragePlan, taken Items) {
		t.Helper()
		if booked, _ := b.StorageSwapped(Main, "a.test", LocalStorage, x, p.Of, taken); !booked {
			t.Error("not booked")
		}
	}
	use(0)
	b.OriginShown(Main, "a.test", x, "t", false)
	bob := use(1)
	carol := use(2) // before the page of bob has loaded
	done(bob, "alice's")
	done(carol, "bob's")
	bob = use(1)
	if bob.Put[x] != "bob's" {
		t.Errorf("bob gets %q", bob.Put[x])
	}
	alice := use(0)
	done(bob, "carol's") // late again
	if list := b.PlanStorage(Main, LocalStorage); len(list) != 1 || list[0].Put[x] != "alice's" {
		t.Errorf("the plans are %+v", list)
	}
	done(alice, "bob's")
	// A document that began to load before a switch is of the session before.
	use(2)
	b.OriginShown(Main, "a.test", "https://late.a.test", "t", true)
	for _, plan := range b.PlanStorage(Main, LocalStorage) {
		if !slices.Contains(plan.Origins, "https://late.a.test") {
			t.Errorf("the plan is %+v", plan)
		}
	}
	// A new window begins with what she has saved in another.
	if err := b.Use("new", refs[0], nil, testNow); err != nil {
		t.Fatal(err)
	}
	carol = b.PlanStorage(Main, LocalStorage)[0]
	done(carol, "alice's again")
	if list := b.PlanStorage("new", LocalStorage); len(list) != 1 || list[0].Put[x] != "alice's again" {
		t.Errorf("the plans are %+v", list)
	}
}
