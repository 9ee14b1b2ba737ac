package sessions

import (
	"slices"
	"strings"
	"testing"
)

// closet plays the browser: it carries out what the plans say.
type closet struct {
	t    *testing.T
	book *Book
	has  map[string]Items // by window, shelf and origin
}

// show shows a document of an origin in a tab.
func (c *closet) show(w Window, tab Shelf, origin string) {
	c.t.Helper()
	for _, shelf := range []Shelf{Local, tab} {
		for _, plan := range c.book.PlanStorage(w, shelf) {
			if !slices.Contains(plan.Origins, origin) {
				continue
			}
			at := string(w) + "|" + string(shelf) + "|" + origin
			taken := c.has[at]
			c.has[at] = plan.Put[origin]
			if !c.book.StorageSwapped(w, "a.test", shelf, origin, taken) {
				c.t.Errorf("%s: a swap that was planned was not booked", at)
			}
			if c.book.StorageSwapped(w, "a.test", shelf, origin, "twice") {
				c.t.Errorf("%s: a swap was booked twice", at)
			}
		}
	}
	c.book.SawOrigin(w, "a.test", origin, tab)
}

func (c *closet) put(w Window, tab Shelf, origin, who string) {
	c.show(w, tab, origin)
	c.has[string(w)+"||"+origin] = Items(who + "-local")
	c.has[string(w)+"|"+string(tab)+"|"+origin] = Items(who + "-" + string(tab))
}

func (c *closet) want(w Window, tab Shelf, origin, who string) {
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
	c := &closet{t, b, map[string]Items{}}
	use := func(w Window, name string) {
		t.Helper()
		if err := b.Use(w, refs[name], sid("alice"), testNow); err != nil {
			t.Fatal(err)
		}
	}
	const x, y = "https://a.test", "https://b.a.test"
	c.want(Main, "t1", x, "")
	if list := b.PlanStorage(Main, Local); len(list) != 0 {
		t.Errorf("nothing is forced, and the plan is %+v", list)
	}
	// Explored as alice, whom the jar shows.
	c.put(Main, "t1", x, "alice")
	c.put(Main, "t1", y, "alice")
	use(Main, "bob")
	c.want(Main, "t1", x, "")
	c.put(Main, "t1", x, "bob")
	use(Main, "alice")
	if list := b.PlanStorage(Main, Local); len(list) != 1 || !slices.Equal(list[0].Origins, []string{x}) || list[0].Site != "a.test" {
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
	c.want("other", "o1", x, "")
	c.put("other", "o1", x, "alice")
	if _, ok := b.Unset(Main, "a.test", testNow); !ok {
		t.Fatal("nothing was forced")
	}
	if plan := b.PlanJar(Main, "a.test", sid("alice"), testNow); !plan.Empty() {
		t.Fatalf("the jar is not as it was: %+v", plan)
	}
	c.want(Main, "t1", x, "alice")
	c.want(Main, "t1", y, "alice")
	for _, shelf := range []Shelf{Local, "t1"} {
		if list := b.PlanStorage(Main, shelf); len(list) != 0 {
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
	b.CopyShelf(Main, "t1", "t2")
	b.CopyShelf(Main, "t0", "t3")
	c.has["|t2|"+x] = c.has["|t1|"+x]
	c.want(Main, "t1", x, "bob")
	c.show(Main, "t2", x)
	if got := c.has["|t2|"+x]; got != "" {
		t.Errorf("the copy has %q of another session", got)
	}
	b.ForgetShelf("t2")
	// What belongs to a session that is removed is not put back.
	if _, err := b.Remove(refs["bob"], testNow); err != nil {
		t.Fatal(err)
	}
	c.want(Main, "t9", x, "")
}

// What a session keeps is bounded.
func TestStorageBounds(t *testing.T) {
	s := stock{}
	s.keep(Local, "big", Items(strings.Repeat("x", MaxStored+1)))
	for _, n := range []string{"", "x"} {
		for i := range 3 * maxOrigins {
			s.keep(Shelf(n), strings.Repeat("o", i), "items")
		}
	}
	for i := range 3 * maxShelves {
		s.keep(Shelf(strings.Repeat("s", i+1)), "o", "items")
	}
	if len(s) > maxShelves || len(s[Local]) > maxOrigins || s[Local]["big"] != "" {
		t.Errorf("%d shelves, %d origins", len(s), len(s[Local]))
	}
	s.keep("x", "o", "")
	if s["x"]["o"] != "" {
		t.Error("what is empty now is still kept")
	}
}
