package sessions

import (
	"errors"
	"testing"
)

func (b *browser) add(name string, kind Kind) {
	b.Helper()
	if err := b.book.AddToken(b.window, shop, name, kind, b.jar(), b.now); err != nil {
		b.Fatal(err)
	}
}

func (b *browser) drop(name string) {
	b.Helper()
	if err := b.book.RemoveToken(shop, name); err != nil {
		b.Fatal(err)
	}
}

func (b *browser) wantTokens(want string) {
	b.Helper()
	site, _ := b.book.Site(shop)
	got := ""
	for _, token := range site.Tokens {
		got += token.Name + ":" + string(token.Kind) + " "
	}
	if got != want {
		b.Errorf("tokens are\n got %s\nwant %s", got, want)
	}
}

// Nobody is logged out by learning a name: the active session, else the last
// one, else one made of the jar gets the value.
func TestAddTokenAdopts(t *testing.T) {
	t.Run("active", func(t *testing.T) {
		b := start(t, Options{})
		b.visit(home, "sid=A", "own=1")
		b.give("bob", "sid=B")
		b.use("1")
		b.newEvents()
		b.add("own", Token)
		b.add("own", Token)
		b.wantEvents("token-added own, session-renewed Session 1")
		b.wantList("Session 1*: sid=A; own=1 | bob: sid=B")
		b.wantSent(home, "sid=A; own=1")
		b.use("bob")
		b.wantSent(home, "sid=B")
		b.use("1")
		b.wantSent(home, "sid=A; own=1")
	})
	t.Run("last", func(t *testing.T) {
		b := start(t, Options{})
		b.visit(home, "sid=A", "own=1")
		b.in("w2").visit(home, "sid=B", "own=2")
		b.add("own", Token)
		b.wantList("Session 1: sid=A; own=1 | Session 2: sid=B")
		b.in("w2").visit(home) // completes (c)
		b.wantList("Session 1: sid=A; own=1 | Session 2: sid=B; own=2")
	})
	t.Run("from the jar", func(t *testing.T) {
		b := start(t, Options{})
		b.visit(home, "own=1; Domain=shop.test; HttpOnly")
		b.wantList("")
		b.add("own", Token)
		b.wantList("Session 1: own=1")
		s, _ := b.book.Session(b.ref("1"), b.now)
		if c := s.Tokens[0]; c.Domain != ".shop.test" || !c.HTTPOnly {
			t.Errorf("got %+v", c)
		}
		b.visit(home)
		b.wantList("Session 1: own=1")
	})
	t.Run("an empty active one", func(t *testing.T) {
		b := start(t, Options{})
		b.script(home, "own=1")
		b.new("bob")
		b.newEvents()
		b.add("own", Token)
		b.wantEvents("token-added own, session-new bob")
		b.wantList("bob*: own=1")
	})
	t.Run("never another's value", func(t *testing.T) {
		b := start(t, Options{})
		b.give("bob", "own=2; sid=B")
		b.drop("own")
		b.visit(home, "sid=A", "own=1")
		b.add("own", Token)
		b.give("carol", "own=3")
		b.drop("own")
		b.script(home, "own=1")
		b.add("own", Token)
		b.wantList("bob: sid=B | Session 2: sid=A; own=1 | carol(out):")
	})
	b := start(t, Options{})
	for _, name := range []string{"", "*", "a\nb"} {
		if err := b.book.AddToken(Main, shop, name, Token, nil, b.now); err == nil {
			t.Errorf("%q is a token", name)
		}
	}
}

// A name that was a token, is none, and is one again means to the sessions what
// it meant at first.
func TestRemoveAndAddAgain(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A", "own=1")
	b.add("own", Token)
	b.use("1")
	b.drop("own")
	b.wantList("Session 1*: sid=A")
	b.wantSent(home, "sid=A; own=1")
	b.add("own", Token)
	b.wantList("Session 1*: sid=A; own=1")
	b.wantSent(home, "sid=A; own=1")
}

// Another kind for a name changes how it counts, not who has it.
func TestChangeOfKind(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A; own=1")
	b.give("bob", "sid=B; own=2")
	b.newEvents()
	b.add("own", Carried)
	b.wantEvents("token-added own")
	b.wantList("alice: sid=A + own=1 | bob: sid=B + own=2")
	b.wantTokens("sid:token own:carry ")
	b.add("own", Token)
	b.wantList("alice: sid=A; own=1 | bob: sid=B; own=2")

	b.give("carol", "sid=A; own=3")
	b.add("own", Carried) // sessions that differed in it alone
	b.wantList("alice: sid=A + own=1 | bob: sid=B + own=2")
}

// What the anonymous session carries identifies it once it is a token.
func TestAnonymousCarriesToken(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A")
	b.visit(home, "XSRF-TOKEN=x")
	b.visit(home)
	b.wantList("alice: sid=A | Session 2(anonymous): + XSRF-TOKEN=x")
	b.add("XSRF-TOKEN", Token)
	b.wantList("alice: sid=A | Session 2: XSRF-TOKEN=x")
}

// Carrying everything swaps the whole jar of the site and nothing else.
func TestCarryAll(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A", "theme=dark", "lang=de")
	b.script("https://other.test/", "theme=x")
	b.add(All, Carried)
	b.wantList("Session 1: sid=A + theme=dark; lang=de")
	b.new("bob")
	b.wantJar("theme=x")
	b.visit(home, "sid=B", "theme=light")
	b.wantList("Session 1: sid=A + theme=dark; lang=de | bob*: sid=B + theme=light")
	b.use("1")
	b.wantSent(home, "sid=A; theme=dark; lang=de")

	b.add("lang", Token) // a carried value becomes a token's
	b.wantList("Session 1*: sid=A; lang=de + theme=dark | bob: sid=B + theme=light")
	b.drop("lang") // and is carried again
	b.wantList("Session 1*: sid=A + theme=dark; lang=de | bob: sid=B + theme=light")
	b.drop(All)
	b.wantList("Session 1*: sid=A | bob: sid=B")
	b.wantJar("lang=de; sid=A; theme=x; theme=dark")
}

// The whole jar has the cookie without a name, too.
func TestCarryNameless(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A", "=alice")
	b.add(All, Carried)
	b.new("bob")
	b.wantSent(home, "")
	b.visit(home, "sid=B", "=bob")
	v := b.book.Decide(Paused{URL: home, Header: "sid=A; alice; ; x", Flushed: true, Now: b.now})
	if v.Action != Rewrite || v.Header != "sid=B; bob; " {
		t.Errorf("rewritten to %q", v.Header)
	}
	b.use("1")
	b.wantSent(home, "sid=A; alice")
}

// A carried name that is removed takes nobody along.
func TestRemoveCarried(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=S; XSRF-TOKEN=a")
	b.give("bob", "sid=S; XSRF-TOKEN=b")
	b.drop("XSRF-TOKEN")
	b.wantList("alice: sid=S | bob: sid=S")
	only := start(t, Options{})
	only.give("bob", "XSRF-TOKEN=b")
	only.use("bob")
	only.drop("XSRF-TOKEN")
	only.wantList("bob*:")
}

// What only the removed one of two merged sessions carried is kept.
func TestMergeKeepsCarried(t *testing.T) {
	b := start(t, Options{})
	b.give("", "sid=S; token=a; XSRF-TOKEN=x")
	b.add("token", Token)
	b.give("", "sid=S; token=b; cart=1")
	b.add("cart", Carried)
	b.drop("token")
	b.wantList("Session 1: sid=S + XSRF-TOKEN=x; cart=1")
}

// Two sessions may carry equal values: each keeps its own.
func TestCarryEqualValues(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A", "theme=dark")
	w2 := b.in("w2")
	w2.visit(home, "sid=B", "theme=dark")
	b.add("theme", Carried)
	w2.visit(home)
	b.wantList("Session 1: sid=A + theme=dark | Session 2: sid=B + theme=dark")
	b.use("2")
	b.unset()
	b.wantJar("sid=A; theme=dark")

	again := start(t, Options{})
	again.give("alice", "sid=A; XSRF-TOKEN=x")
	again.script(home, "sid=B")
	again.script(home, "XSRF-TOKEN=x")
	again.use("alice")
	again.wantList("alice*: sid=A + XSRF-TOKEN=x | Session 2: sid=B + XSRF-TOKEN=x")
	again.unset()
	again.wantJar("XSRF-TOKEN=x; sid=B")
}

// RULES 10: counts are added up, of more than two as well, and
// renamed sessions are no exception.
func TestRemoveTokenMerges(t *testing.T) {
	b := start(t, Options{})
	for _, name := range []string{"a", "b", "c"} {
		b.script(home, "sid=S; Domain=shop.test")
		b.script(home, "token="+name+"; Domain=shop.test")
		b.visit(home)
		if name != "c" {
			continue
		}
		b.use("Session 2")
	}
	b.visit(home)
	b.give("named", "token=n")
	b.script(home, "token=t; Domain=shop.test")
	b.in("w2").script(home, "token=only")
	b.in("w2").visit(home)
	b.newEvents()
	b.drop("token")
	b.wantEvents("token-removed token, session-merged Session 2, session-merged Session 2, session-removed Session 5")
	b.wantList("Session 2*: sid=S | named(out):")
	if s, _ := b.book.Session(b.ref("Session 2"), b.now); s.Requests != 4 {
		t.Errorf("%d requests, want 4", s.Requests)
	}
}

// Without a token no session is left; the jar stays as it is.
func TestRemoveLastToken(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A", "XSRF-TOKEN=x")
	b.new("bob")
	b.visit(home, "sid=B", "XSRF-TOKEN=y")
	b.newEvents()
	b.drop("sid")
	b.wantEvents("token-removed sid, session-removed Session 1, session-removed bob")
	b.wantList("")
	b.mend(shop)
	b.wantSent(home, "sid=B; XSRF-TOKEN=y")
	b.wantList("")
	var noToken *NoTokenError
	if err := b.book.RemoveToken(shop, "sid"); !errors.As(err, &noToken) {
		t.Errorf("got %v", err)
	}
	var noSite *NoSiteError
	if err := b.book.RemoveToken("other.test", "theme"); !errors.As(err, &noSite) {
		t.Errorf("got %v", err)
	}
}

// Tokens may be spoken of before their site is seen, which does not make it
// known (RULES 3, 8).
func TestTokensBeforeSite(t *testing.T) {
	b := start(t, Options{})
	if err := b.book.RemoveToken(shop, "sid"); err != nil {
		t.Error(err)
	}
	b.add("tok", Token)
	if list := b.book.Sites(); len(list) != 0 {
		t.Errorf("known: %+v", list)
	}
	b.visit(home, "sid=1", "tok=2")
	b.wantTokens("tok:token ")
	b.wantList("Session 1: tok=2")
	b.wantEvents("token-added tok, site, session-new Session 1")
}

// Two sessions that a response makes equal are one login, seen twice (RULES 30).
func TestDuplicatesMerge(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A; Domain=shop.test")
	b.give("bob", "sid=B")
	b.use("bob")
	b.visit(home, "sid=A; Domain=shop.test")
	b.wantList("bob*: sid=A")
}

// A default token that was removed stays removed, in any spelling and with any
// prefix, until added again; on other sites it counts.
func TestRemovedDefaultStaysRemoved(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "SID=A")
	b.drop("SID")
	b.visit(home, "sid=1", "Sid=2", "__Host-sid=3; Secure; Path=/", "__Secure-SID=4; Secure")
	b.book.SeeJar(Main, b.jar(), b.now)
	b.wantTokens("")
	b.wantList("")
	b.visit("https://other.test/", "sid=1")
	if got, _ := b.book.Site("other.test"); len(got.Tokens) != 1 {
		t.Errorf("other.test: %+v", got)
	}
	b.add("__Host-sid", Token)
	b.visit(home)
	b.wantTokens("__Host-sid:token SID:token sid:token Sid:token __Secure-SID:token ")
}

// A response that gives a session the tokens of another merges the two; a name
// that a person gave stays, and two of those stay apart.
func TestMergeKeepsNames(t *testing.T) {
	b := start(t, Options{})
	b.visit("https://shop.test/", "sid=a; Path=/; Domain=shop.test")
	b.give("alice", "sid=b")
	b.visit("https://shop.test/login", "sid=b; Path=/; Domain=shop.test")
	b.wantList("alice: sid=b")
	b.give("bob", "sid=c")
	b.visit("https://shop.test/login", "sid=c; Path=/; Domain=shop.test")
	b.wantList("alice: sid=c | bob: sid=c")
}
