package sessions

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestUseAndUnset(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A")
	b.give("bob", "sid=B")
	b.newEvents()
	b.use("alice")
	b.use("alice") // no news
	b.use("bob")
	b.wantList("alice: sid=A | bob*: sid=B")
	if got := b.book.Forced(); !slices.Equal(got, []string{shop}) {
		t.Errorf("forced: %q", got)
	}
	b.unset()
	b.wantEvents("session-forced alice, session-forced bob, session-unset bob")
	b.wantList("alice: sid=A | bob: sid=B")
	if got := b.book.Forced(); got != nil {
		t.Errorf("forced: %q", got)
	}
	if _, ok := b.book.Unset(Main, shop, b.now); ok {
		t.Error("unset twice")
	}
	var noSite *NoSiteError
	if err := b.book.Use(Main, Ref{"other.test", 1}, nil, b.now); !errors.As(err, &noSite) {
		t.Errorf("unknown site: %v", err)
	}
	var noSession *NoSessionError
	if err := b.book.Use(Main, Ref{shop, 9}, nil, b.now); !errors.As(err, &noSession) {
		t.Errorf("unknown session: %v", err)
	}
}

// RULES 55: a newcomer logs in while the others keep their values.
func TestNew(t *testing.T) {
	b := start(t, Options{})
	b.script(home, "sid=A")
	b.newEvents()
	b.new("bob")
	b.wantEvents("site, token-added sid, session-new Session 1, session-forced bob")
	b.wantList("Session 1: sid=A | bob*:")
	b.wantJar("")
	b.wantSent(home, "")
	b.visit(home, "sid=B")
	b.wantList("Session 1: sid=A | bob*: sid=B")
	b.wantEvents("session-new bob")

	var taken *NameTakenError
	if _, err := b.book.New(Main, shop, "bob", b.jar(), b.now); !errors.As(err, &taken) {
		t.Errorf("taken: %v", err)
	}
	b.wantList("Session 1: sid=A | bob*: sid=B")
}

// The jar's session is made first, and may take the very name that was asked for.
func TestNewNamedAsTheJarsSession(t *testing.T) {
	b := start(t, Options{})
	b.script(home, "sid=A")
	var taken *NameTakenError
	if _, err := b.book.New(Main, shop, "Session 1", b.jar(), b.now); !errors.As(err, &taken) {
		t.Errorf("got %v", err)
	}
	b.wantList("Session 1: sid=A")
	b.new("x")
	b.unset()
	b.wantJar("sid=A")
}

// Spare sessions go when another becomes active; names are never used again,
// numbers neither; named ones stay.
func TestSpareSessionsGo(t *testing.T) {
	b := start(t, Options{})
	b.new("")
	b.new("")
	b.wantList("Session 2*:")
	b.new("bob")
	b.wantList("bob*:")
	b.wantEvents("site, session-forced Session 1, session-forced Session 2, session-removed Session 1, session-forced bob, session-removed Session 2")
	b.new("")
	b.wantList("bob: | Session 4*:")
	b.unset()
	b.wantList("bob:")
	b.new("")
	b.in("w2").use("Session 5")
	b.use("bob")
	b.wantList("bob*: | Session 5:") // still active in the other window
	b.in("w2").unset()
	b.wantList("bob*:")
	b.visit(home, "sid=B")
	b.new("")
	b.visit(home, "sid=6")
	b.use("bob")
	b.wantList("bob*: sid=B | Session 6: sid=6") // filled: it stays
}

// A generated name is never given twice, also past one that a person took.
func TestGeneratedNames(t *testing.T) {
	b := start(t, Options{})
	b.give("", "sid=1")
	if err := b.book.Rename(b.ref("Session 1"), "Session 3"); err != nil {
		t.Fatal(err)
	}
	b.give("", "sid=2")
	b.give("", "sid=3")
	b.wantList("Session 3: sid=1 | Session 2: sid=2 | Session 4: sid=3")
	if _, err := b.book.Remove(b.ref("Session 4"), b.now); err != nil {
		t.Fatal(err)
	}
	if got := b.give("", "sid=4"); got.Number != 4 {
		t.Errorf("number %d", got.Number)
	}
	b.wantList("Session 3: sid=1 | Session 2: sid=2 | Session 5: sid=4")
}

func TestRename(t *testing.T) {
	b := start(t, Options{})
	ref := b.give("", "sid=A")
	b.give("bob", "sid=B")
	b.newEvents()
	for _, name := range []string{"alice", "alice", " Alice, the 1st/2nd "} {
		if err := b.book.Rename(ref, name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	b.wantList(" Alice, the 1st/2nd : sid=A | bob: sid=B")
	var taken *NameTakenError
	if err := b.book.Rename(ref, "bob"); !errors.As(err, &taken) {
		t.Errorf("taken: %v", err)
	}
	if err := b.book.Rename(ref, ""); err == nil {
		t.Error("an empty name is taken")
	}
	if err := b.book.Rename(Ref{shop, 9}, "x"); err == nil {
		t.Error("renamed nothing")
	}
	// RULES 57: ZAP cannot remove a renamed session.
	if _, err := b.book.Remove(ref, b.now); err != nil {
		t.Error(err)
	}
	b.wantList("bob: sid=B")
}

// Removing the active session takes its cookies out and restores nothing.
func TestRemoveActive(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A")
	b.new("bob")
	b.visit(home, "sid=B")
	s, err := b.book.Remove(b.ref("bob"), b.now)
	if err != nil || s.Name != "bob" || len(s.Tokens) != 1 || s.Tokens[0].Value != "B" {
		t.Errorf("got %+v, %v", s, err)
	}
	b.mend(shop)
	b.wantJar("")
	b.wantList("Session 1: sid=A")
	b.use("1")
	b.wantJar("sid=A")
	if _, err := b.book.Remove(s.Ref(), b.now); err == nil {
		t.Error("removed twice")
	}
	p := b.book.sites[shop]
	if len(p.values.first) != 1 || len(p.scopes) != 1 {
		t.Errorf("indexes keep a removed session: %v %v", p.values.first, p.scopes)
	}
}

// Windows are independent, sessions are shared.
func TestWindows(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A")
	b.give("bob", "sid=B")
	w2 := b.in("w2")
	b.use("alice")
	w2.use("bob")
	b.wantSent(home, "sid=A")
	w2.wantSent(home, "sid=B")
	site, _ := b.book.Site(shop)
	want := []ActiveItem{{Main, "alice", 1}, {"w2", "bob", 2}}
	if !slices.Equal(site.Active, want) || site.Sessions != 2 || site.Requests != 2 {
		t.Errorf("got %+v", site)
	}
	w2.unset()
	w2.wantJar("")
	b.wantSent(home, "sid=A")
}

// TestConcurrent: a Decide that starts after Use has returned is never the
// session's that was active before.
func TestConcurrent(t *testing.T) {
	var mu sync.Mutex
	events := 0
	book := New(Options{Defaults: StandardDefaults(), Notify: func(Event) { mu.Lock(); events++; mu.Unlock() }})
	var refs []Ref
	for i := range 2 {
		cookies, err := ReadCookies(ScopeDomain, fmt.Sprintf("sid=%d", i), shop, "")
		if err != nil {
			t.Fatal(err)
		}
		s, err := book.Import(shop, fmt.Sprint("user", i), cookies, testNow)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, s.Ref())
	}
	var all sync.WaitGroup
	for worker := range 4 {
		window := Window(fmt.Sprint("w", worker))
		all.Go(func() {
			for i := range 300 {
				use := i % 2
				if err := book.Use(window, refs[use], nil, testNow); err != nil {
					t.Error(err)
					return
				}
				other := 1 - use
				v := book.Decide(Paused{Window: window, URL: home, Header: fmt.Sprintf("x=1; sid=%d", other), Now: testNow})
				if want := fmt.Sprintf("x=1; sid=%d", use); !strings.HasPrefix(v.Header, want) || v.Session != refs[use] {
					t.Errorf("got %+v, want %q", v, want)
				}
			}
		})
		all.Go(func() {
			for i := range 300 {
				x := book.Sent(Request{Window: "other " + window, URL: home, Header: fmt.Sprintf("sid=%d; x%d=1", i%2, i), Now: testNow})
				book.Received(x, Response{Cookies: []Cookie{{Name: "XSRF-TOKEN", Value: fmt.Sprint(i), Domain: ".shop.test", Path: "/"}}, Now: testNow})
				book.PlanJar(window, shop, nil, testNow)
				book.Sites()
				book.Sessions(shop, testNow)
			}
		})
		all.Go(func() {
			other := fmt.Sprintf("site%d.test", worker)
			for range 50 {
				if _, err := book.New(window, other, "", nil, testNow); err != nil {
					t.Error(err)
				}
				book.Unset(window, other, testNow)
			}
		})
	}
	all.Wait()
	if events == 0 {
		t.Error("no event")
	}
	if n := len(book.Sessions(shop, testNow)); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

// Until the jar is written, a request that has a token of the session before gets
// all of the forced one's: some alone would make the server end the login. One
// without cookies gets none.
func TestForcedBeforeTheJar(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A; auth=a")
	b.give("guest", "sid=G")
	b.use("guest")
	if err := b.book.Use(Main, b.ref("alice"), b.jar(), b.now); err != nil {
		t.Fatal(err)
	}
	decide := func(header string) string { return b.book.Decide(Paused{URL: home, Header: header, Now: b.now}).Header }
	if got := decide("x=1; sid=G"); got != "x=1; sid=A; auth=a" {
		t.Errorf("sent with %q", got)
	}
	if got := decide(""); got != "" {
		t.Errorf("sent with %q, want none", got)
	}
	b.book.JarWritten(Main, shop) // Chrome refuses auth
	if got := decide("x=1; sid=G"); got != "x=1; sid=A" {
		t.Errorf("sent with %q", got)
	}
}
