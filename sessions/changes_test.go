package sessions

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// jarStory is a book that learns from the changes of jars alone.
type jarStory struct {
	*testing.T
	book   *Book
	now    time.Time
	events []Event
}

func newJarStory(t *testing.T) *jarStory {
	s := &jarStory{T: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s.book = New(Options{Defaults: StandardDefaults(), Notify: func(e Event) { s.events = append(s.events, e) }})
	return s
}

func ofShop(name, value string) Cookie {
	return Cookie{Name: name, Value: value, Domain: ".shop.test", Path: "/"}
}

// changed books a cookie of the shop; "-" before the value says that it was lost.
func (s *jarStory) changed(w Window, name, value string) []Window {
	c := ofShop(name, value)
	if lost, ok := strings.CutPrefix(value, "-"); ok {
		c.Value, c.Expires = lost, time.Unix(1, 0)
	}
	_, windows := s.book.JarChanged(w, c, s.now)
	return windows
}

func (s *jarStory) want(want string) {
	s.Helper()
	got := ""
	for _, session := range s.book.Sessions("shop.test", s.now) {
		got += fmt.Sprintf("%s %s:", session.Name, session.State)
		for _, c := range slices.Concat(session.Tokens, session.Carried) {
			got += " " + c.Name + "=" + c.Value
		}
		got += "\n"
	}
	if got != want {
		s.Errorf("the sessions are\n%swant\n%s", got, want)
	}
}

func (s *jarStory) use(w Window, name string) {
	s.Helper()
	ref, err := s.book.Find(Query{Text: name, Site: "shop.test"})
	if err == nil {
		err = s.book.Use(w, ref, nil, s.now)
	}
	if err != nil {
		s.Fatal(err)
	}
}

func TestChanged(t *testing.T) {
	s := newJarStory(t)
	s.changed(Main, "theme", "dark")
	s.changed(Main, "XSRF-TOKEN", "x0") // carried, and nobody's
	s.want("")
	s.changed(Main, "sid", "a1")
	s.changed(Main, "session", "a2")
	s.changed(Main, "XSRF-TOKEN", "x1")
	s.want("Session 1 live: sid=a1 session=a2 XSRF-TOKEN=x1\n")
	s.changed(Main, "sid", "a3")  // a rotation
	s.changed(Main, "sid", "-a1") // what it lost it did not hold any more
	s.want("Session 1 live: session=a2 sid=a3 XSRF-TOKEN=x1\n")
	s.changed(Main, "sid", "a1") // and back
	s.changed(Main, "sid", "-a1")
	s.changed(Main, "sid", "a1") // deleted, and set again
	s.want("Session 1 live: session=a2 sid=a1 XSRF-TOKEN=x1\n")
	s.changed(Main, "sid", "-a1")
	s.changed(Main, "session", "-a2")
	s.want("Session 1 logged out: XSRF-TOKEN=x1\n")
	s.changed(Main, "sid", "b1") // the next login is another's
	s.want("Session 1 logged out: XSRF-TOKEN=x1\nSession 2 live: sid=b1\n")
}

func TestChangedWhereForced(t *testing.T) {
	s := newJarStory(t)
	s.changed(Main, "sid", "a1")
	s.book.New(Main, "shop.test", "bob", []Cookie{ofShop("sid", "a1")}, s.now)
	s.changed(Main, "sid", "-a1") // the mirror
	s.want("Session 1 live: sid=a1\nbob empty:\n")
	s.changed(Main, "sid", "b1")
	s.want("Session 1 live: sid=a1\nbob live: sid=b1\n")
	if torn := s.changed(Main, "sid", "a1"); !slices.Equal(torn, []Window{Main}) {
		t.Errorf("another session's value in the jar puts %q out of sync", torn)
	}
	s.use("other", "bob")
	if torn := s.changed(Main, "sid", "b2"); !slices.Equal(torn, []Window{"other"}) {
		t.Errorf("a rotation puts %q out of sync, want the other window", torn)
	}
	s.want("Session 1 live: sid=a1\nbob live: sid=b2\n")
	// After the forcing the jar is on its session again.
	s.book.Unset(Main, "shop.test", s.now)
	s.changed(Main, "sid", "-b2")
	s.changed(Main, "sid", "a1")
	s.changed(Main, "session", "a2")
	s.want("Session 1 live: sid=a1 session=a2\nbob live: sid=b2\n")
}

func TestChangedOutside(t *testing.T) {
	for name, o := range map[string]Options{
		"a site is a port": {Scope: ScopeHost, Defaults: StandardDefaults()},
		"not looked at":    {Defaults: StandardDefaults(), Observes: func(string) bool { return false }},
		"no token":         {},
	} {
		b := New(o)
		if site, torn := b.JarChanged(Main, ofShop("sid", "a"), time.Now()); site != "" || torn != nil || len(b.Sites()) > 0 {
			t.Errorf("%s: %q, %q, %v", name, site, torn, b.Sites())
		}
	}
}

func TestVisited(t *testing.T) {
	b := New(Options{Observes: func(u string) bool { return !strings.Contains(u, "secret") }})
	for _, u := range []string{"http://a.shop.test/x?y", "https://secret.test/", "about:blank"} {
		b.Visited(u)
	}
	if list := b.Sites(); len(list) != 1 || list[0].Name != "shop.test" {
		t.Errorf("%v", list)
	}
}

func TestJarChanges(t *testing.T) {
	before := []Cookie{ofShop("a", "1"), ofShop("b", "1"), ofShop("c", "1")}
	after := []Cookie{ofShop("c", "1"), ofShop("b", "2"), ofShop("d", "1"), ofShop("e", "1")}
	before = append(before, ofShop("e", "1"))
	after[3].Expires = time.Now().Add(time.Hour) // renewed
	got := ""
	for _, c := range JarChanges(before, after) {
		got += fmt.Sprintf("%s=%s lost %v, ", c.Name, c.Value, c.Expired(time.Now()))
	}
	if want := "b=2 lost false, d=1 lost false, e=1 lost false, a=1 lost true, "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Whatever a jar does, no value is ever two sessions', and a jar that is forced is reported
// to be out of sync as soon as it has another's.
func TestChangedWalk(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := newJarStory(t)
		jars := map[Window]map[string]string{Main: {}, "other": {}}
		for step := range 200 {
			w := []Window{Main, "other"}[random.IntN(2)]
			name := []string{"sid", "session"}[random.IntN(2)]
			list := s.book.Sessions("shop.test", s.now)
			switch random.IntN(8) {
			case 0:
				if len(list) > 0 {
					s.book.Use(w, list[random.IntN(len(list))].Ref(), nil, s.now)
				}
			case 1:
				s.book.Unset(w, "shop.test", s.now)
			case 2:
				s.changed(w, name, "-"+jars[w][name])
				delete(jars[w], name)
			default:
				value := fmt.Sprint(random.IntN(step + 1)) // an old one, often
				torn := s.changed(w, name, value)
				jars[w][name] = value
				active, forced := s.book.Active(w, "shop.test", s.now)
				holds := slices.ContainsFunc(active.Tokens, func(c Cookie) bool { return c.Name == name && c.Value == value })
				if forced && !holds && !slices.Contains(torn, w) {
					t.Fatalf("seed %d, step %d: %s=%s is not the forced session's, and %q are out of sync", seed, step, name, value, torn)
				}
			}
			seen := map[string]string{}
			for _, session := range s.book.Sessions("shop.test", s.now) {
				for _, c := range session.Tokens {
					if other := seen[c.Name+c.Value]; other != "" {
						t.Fatalf("seed %d, step %d: %s=%s is of %s and %s", seed, step, c.Name, c.Value, other, session.Name)
					}
					seen[c.Name+c.Value] = session.Name
				}
			}
		}
	}
}
