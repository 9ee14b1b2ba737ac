package sessions

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRewrite is the rewriting of headers to bob, byte for byte.
func TestRewrite(t *testing.T) {
	const alice, bob = "sid=ALICE; auth=a", "sid=B; auth=bb"
	for _, c := range []struct{ name, bob, header, want string }{
		{"in sync", bob, "sid=B; auth=bb", "sid=B; auth=bb"},
		{"in sync among others", bob, "x=1; auth=bb; y; sid=B", "x=1; auth=bb; y; sid=B"},
		{"shorter and longer", bob, "x=1; sid=ALICE; auth=a; y=2", "x=1; sid=B; auth=bb; y=2"},
		{"a token missing stays missing", bob, "sid=ALICE; y=2", "sid=B; y=2"},
		{"no token at all", bob, "x=1; y=2", "x=1; y=2"},
		{"no header", bob, "", ""},
		{"first removed", "auth=bb", "sid=ALICE; x=1; auth=a", "x=1; auth=bb"},
		{"middle removed", "auth=bb", "x=1; sid=ALICE; y=2", "x=1; y=2"},
		{"last removed", "auth=bb", "x=1; sid=ALICE", "x=1"},
		{"only one removed", "auth=bb", "sid=ALICE", ""},
		{"two in a row removed", "jwt=j", "sid=ALICE; auth=a; x=1", "x=1"},
		{"all removed", "jwt=j", "sid=ALICE; auth=a", ""},
		{"removed without blanks", "auth=bb", "x=1;sid=ALICE;y=2", "x=1;y=2"},
		{"first removed, empty piece kept", "auth=bb", "sid=ALICE;; x=1", "; x=1"},
		{"replaced by empty", "sid=; auth=bb", "x=1; sid=ALICE; y=2", "x=1; sid=; y=2"},
		{"empty replaced", bob, "x=1; sid= ; auth=", "x=1; sid=B ; auth=bb"},
		{"odd bytes kept", bob, "\xff=\x80;sid=ALICE ; flag;;=v; ü=€", "\xff=\x80;sid=B ; flag;;=v; ü=€"},
		{"values with = and quotes", `sid="q=r"; auth=a==`, `j={"a":1,"b":[2]}; sid=ALICE; auth=a; k="v"`, `j={"a":1,"b":[2]}; sid="q=r"; auth=a==; k="v"`},
		{"blanks around =", bob, "x = 1; sid = ALICE", "x = 1; sid = B"},
		{"leading blanks and semicolon kept", bob, "; x=1; sid=ALICE", "; x=1; sid=B"},
		{"names are case-sensitive", bob, "notsid=ALICE; sid=ALICE", "notsid=ALICE; sid=B"},
		{"stale twin removed", bob, "sid=ALICE; sid=B", "sid=B"},
		{"same value twice", bob, "sid=B; sid=B", "sid=B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, Options{})
			b.give("alice", alice)
			b.give("unset", "sid=; auth=") // so that empty values are known
			b.give("bob", c.bob)
			b.use("bob")
			v := b.book.Decide(Paused{URL: "https://shop.test/a", Header: c.header, Now: b.now})
			got := v.Header
			if v.Action == Continue {
				got = c.header
			}
			if got != c.want || (v.Action == Rewrite) != (c.want != c.header) || v.Action == Flush {
				t.Errorf("%q:\n got %q (action %d)\nwant %q", c.header, got, v.Action, c.want)
			}
			if v.Session != b.ref("bob") {
				t.Errorf("sent as %v", v.Session)
			}
		})
	}
}

// Two cookies of one name: each is paired by its known value, else by jar order.
func TestRewriteDuplicates(t *testing.T) {
	const url = "https://shop.test/"
	login := func(b *browser, name, domainValue, hostValue string) {
		b.new(name)
		b.visit(url, "sid="+domainValue+"; Domain=shop.test", "sid="+hostValue)
	}
	for _, c := range []struct{ name, header, want string }{
		{"as they stand", "sid=D1; sid=H1", "sid=D2; sid=H2"},
		{"the other way", "sid=H1; sid=D1", "sid=H2; sid=D2"},
		{"one alone", "x=1; sid=H1", "x=1; sid=H2"},
		{"own and foreign", "sid=H1; sid=D2", "sid=H2; sid=D2"},
		{"unknown identity by jar order", "sid=GONE; sid=H1", "sid=D2; sid=H2"},
		{"a third goes", "sid=D1; sid=H1; sid=GONE", "sid=D2; sid=H2"},
	} {
		b := start(t, Options{})
		login(b, "gone", "GONE", "GONE2")
		b.visit(url, "sid=GONE3; Domain=shop.test")
		login(b, "alice", "D1", "H1")
		login(b, "bob", "D2", "H2")
		v := b.book.Decide(Paused{URL: url, Header: c.header, Now: b.now})
		if v.Header != c.want {
			t.Errorf("%s, %q: got %q, want %q", c.name, c.header, v.Header, c.want)
		}
	}
}

// The scope of the forced session's cookies is honoured: nothing is sent where
// the browser would not send it.
func TestDecideScopes(t *testing.T) {
	const at = "https://www.shop.test/account/orders"
	for _, c := range []struct{ name, setCookie, url, header, want string }{
		{"covers", "sid=B; Domain=shop.test", at, "sid=A", "sid=B"},
		{"other host", "sid=B", "https://api.shop.test/", "sid=A; x=1", "x=1"},
		{"other path", "sid=B; Domain=shop.test; Path=/admin", at, "sid=A; x=1", "x=1"},
		{"path by prefix only", "sid=B; Path=/acc", at, "sid=A; x=1", "x=1"},
		{"path covers", "sid=B; Path=/account", at, "sid=A", "sid=B"},
		{"secure over http", "sid=B; Secure; Domain=shop.test", "http://www.shop.test/", "sid=A; x=1", "x=1"},
		{"own value out of scope stays", "sid=B", "https://api.shop.test/", "sid=B; x=1", "sid=B; x=1"},
		{"expired", "sid=B; Max-Age=60", at, "sid=A; x=1", "x=1"},
	} {
		b := start(t, Options{})
		b.give("alice", "sid=A")
		b.new("bob")
		b.visit(at, c.setCookie)
		now := b.now
		if c.name == "expired" {
			now = now.Add(time.Hour)
		}
		v := b.book.Decide(Paused{URL: c.url, Header: c.header, Now: now})
		got := v.Header
		if v.Action == Continue {
			got = c.header
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDecideLeavesAlone(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A")
	b.give("bob", "sid=B")
	paused := Paused{URL: "https://shop.test/", Header: "sid=A", Now: b.now}
	if v := b.book.Decide(paused); !reflect.DeepEqual(v, Verdict{}) {
		t.Errorf("nothing forced: %+v", v)
	}
	b.use("bob")
	for name, change := range map[string]func(*Paused){
		"preflight":    func(p *Paused) { p.Preflight = true },
		"other site":   func(p *Paused) { p.URL = "https://other.test/" },
		"other window": func(p *Paused) { p.Window = "w2" },
		"no site":      func(p *Paused) { p.URL = "about:blank" },
	} {
		p := paused
		change(&p)
		if v := b.book.Decide(p); !reflect.DeepEqual(v, Verdict{}) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestForceEverywhere(t *testing.T) {
	for _, c := range []struct{ name, url, header, want string }{
		{"no header", "https://shop.test/", "", "sid=B; jwt=J"},
		{"added at the end", "https://shop.test/", "x=1; sid=A", "x=1; sid=B; jwt=J"},
		{"complete", "https://shop.test/", "jwt=J; sid=B", "jwt=J; sid=B"},
		{"sub-domain, whatever the scope", "https://api.shop.test/", "x=1", "x=1; sid=B; jwt=J"},
		{"path, whatever the scope", "https://shop.test/admin", "", "jwt=J; sid=P"},
		{"secure never over http", "http://shop.test/", "x=1", "x=1; sid=B"},
	} {
		b := start(t, Options{ForceEverywhere: true})
		b.give("alice", "sid=A")
		b.new("bob")
		b.visit("https://shop.test/", "sid=B", "jwt=J; Secure")
		if c.name == "path, whatever the scope" {
			b.visit("https://shop.test/", "sid=; Max-Age=0", "sid=P; Path=/elsewhere")
		}
		v := b.book.Decide(Paused{URL: c.url, Header: c.header, Now: b.now})
		got := v.Header
		if v.Action == Continue {
			got = c.header
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if v := b.book.Decide(Paused{URL: c.url, Preflight: true, Now: b.now}); !reflect.DeepEqual(v, Verdict{}) {
			t.Errorf("%s, preflight: %+v", c.name, v)
		}
	}
}

// An unknown value is asked for again, then adopted as the jar describes it.
func TestFlushAndAdopt(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A")
	b.new("bob")
	b.visit("https://www.shop.test/app", "sid=B; Domain=shop.test")
	b.script("https://www.shop.test/app", "sid=X; Domain=shop.test; Secure; SameSite=Lax")
	b.newEvents()
	p := Paused{URL: "https://www.shop.test/app", Header: "sid=X", Now: b.now}
	if v := b.book.Decide(p); v.Action != Flush || v.Header != "" {
		t.Fatalf("unknown: %+v", v)
	}
	p.Flushed, p.Jar = true, b.jar()
	if v := b.book.Decide(p); v.Action != Continue {
		t.Errorf("settled: %+v", v)
	}
	b.wantEvents("value-adopted bobsid")
	s, _ := b.book.Active(Main, shop, b.now)
	want := Cookie{Name: "sid", Value: "X", Domain: ".shop.test", Path: "/", Secure: true, SameSite: "Lax"}
	if len(s.Tokens) != 1 || s.Tokens[0] != want {
		t.Errorf("adopted\n got %+v\nwant %+v", s.Tokens, want)
	}
	if v := b.book.Decide(Paused{URL: p.URL, Header: "sid=X", Now: b.now}); v.Action != Continue {
		t.Errorf("adopted already: %+v", v)
	}
}

// A value that is unknown because its session was removed must not become the
// active session's: it is not in the jar any more.
func TestRemovedValueIsNotAdopted(t *testing.T) {
	b := start(t, Options{})
	alice := b.give("alice", "sid=A")
	b.give("bob", "sid=B")
	b.use("bob")
	if _, err := b.book.Remove(alice, b.now); err != nil {
		t.Fatal(err)
	}
	v := b.book.Decide(Paused{URL: "https://shop.test/", Header: "sid=A", Flushed: true, Jar: b.jar(), Now: b.now})
	if v.Action != Rewrite || v.Header != "sid=B" {
		t.Errorf("got %+v", v)
	}
	b.wantList("bob*: sid=B")
}

// A session may be forced before the site has any token (RULES 42).
func TestForcedBeforeTheFirstToken(t *testing.T) {
	b := start(t, Options{})
	b.new("bob")
	b.visit("https://shop.test/", "sid=B")
	b.unset()
	b.give("carol", "sid=C")
	b.wantJar("")
	b.use("carol")
	b.wantSent("https://shop.test/", "sid=C")

	fresh := start(t, Options{})
	fresh.new("nobody")
	fresh.script("https://shop.test/", "sid=X")
	p := Paused{URL: "https://shop.test/", Header: "sid=X", Now: fresh.now}
	if v := fresh.book.Decide(p); v.Action != Flush {
		t.Errorf("a default token not met before: %+v", v)
	}
}

// A default token that was removed from the site is nobody's business.
func TestRemovedDefaultIsLeftAlone(t *testing.T) {
	b := start(t, Options{})
	b.give("bob", "sid=B; auth=b")
	b.give("alice", "sid=A; auth=a")
	if err := b.book.RemoveToken(shop, "sid"); err != nil {
		t.Fatal(err)
	}
	b.use("bob")
	v := b.book.Decide(Paused{URL: "https://shop.test/", Header: "sid=A; SID=x; __Host-sid=y; auth=a", Now: b.now})
	if want := "sid=A; SID=x; __Host-sid=y; auth=b"; v.Header != want {
		t.Errorf("got %q, want %q", v.Header, want)
	}
}

func TestDecideAllocates(t *testing.T) {
	b := start(t, Options{})
	b.give("bob", "sid=B; auth=b")
	b.use("bob")
	p := Paused{URL: "https://shop.test/a?b", Header: "x=1; sid=B; flag; auth=b; y=2", Now: b.now}
	b.book.Decide(p)
	if n := testing.AllocsPerRun(100, func() { b.book.Decide(p) }); n > 0 {
		t.Errorf("in sync: %v allocations", n)
	}
}

var standard = newDefaults(StandardDefaults())

// isToken knows the tokens of FuzzRewrite: sid by default, in any spelling.
func isToken(name string) bool {
	return name == "auth" || standard.find(bareName(name)) != NotToken
}

// rewriteStates are what FuzzRewrite rewrites to: bob's session, whose pairs
// they return, after alice's.
var rewriteStates = []func(*browser) []pair{
	func(b *browser) []pair {
		b.give("alice", "sid=A; auth=a")
		b.give("bob", "sid=B; auth=b")
		b.use("bob")
		return []pair{{"sid", "B"}, {"auth", "b"}}
	},
	func(b *browser) []pair { // cookies of one name, of several scopes, and carried ones
		b.visit(home, "sid=A; Path=/", "sid=A2; Domain=shop.test; Path=/", "sid=old; Path=/a", "auth=a; Path=/", "XSRF-TOKEN=x; Path=/")
		b.add("auth", Token)
		b.new("bob")
		b.visit(home, "sid=B2; Domain=shop.test; Path=/", "sid=B; Path=/", "auth=b; Domain=shop.test; Path=/", "XSRF-TOKEN=y; Path=/")
		return []pair{{"sid", "B"}, {"sid", "B2"}, {"auth", "b"}, {"XSRF-TOKEN", "y"}}
	},
}

// foreign lists the pieces of a header that are no token, as they stand but for
// the blanks around.
func foreign(header string) []string {
	var list []string
	for c := range cookiePairs(header) {
		piece := strings.Trim(header[c.start:c.end], " \t")
		if !isToken(c.name) && piece != "" {
			list = append(list, piece)
		}
	}
	return list
}

func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{"", "sid=A; auth=a", "x=1;sid=A;;sid=B; \xff", "sid=old; =; sid", "auth=b; sid=new; sid=", "sid=A; sid=A2; XSRF-TOKEN=x", "sid=A2; sid=B; sid=B2; sid=old", " ; sid=A", "sId="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		for i := range 2 * len(rewriteStates) {
			everywhere := i%2 == 1
			b := start(t, Options{ForceEverywhere: everywhere})
			own := rewriteStates[i/2](b)
			p := Paused{URL: home, Header: header, Flushed: true, Jar: b.jar(), Now: b.now}
			v := b.book.Decide(p)
			if v.Action == Flush {
				t.Fatal("a settled request is to settle again")
			}
			if v.Action == Continue {
				v.Header = header
			}
			if got, want := foreign(v.Header), foreign(header); !slices.Equal(got, want) {
				t.Errorf("%q: foreign pieces\n got %q\nwant %q", header, got, want)
			}
			for _, p := range pairsOf(v.Header) {
				if isToken(p.name) && !slices.Contains(own, p) {
					t.Errorf("%q: %q goes out with %s=%s", header, v.Header, p.name, p.value)
				}
			}
			p.Header = v.Header
			if again := b.book.Decide(p); again.Action != Continue {
				t.Errorf("%q: %q is rewritten again to %q", header, v.Header, again.Header)
			}
			if !everywhere && header == "" && v.Header != "" {
				t.Errorf("a header is added: %q", v.Header)
			}
		}
	})
}

// A rewritten header with more cookies than the fast path counts.
func TestManyTokens(t *testing.T) {
	b := start(t, Options{})
	var alice, bob []string
	for i := range 80 {
		alice = append(alice, fmt.Sprintf("t%d=a%d", i, i))
		bob = append(bob, fmt.Sprintf("t%d=b%d", i, i))
	}
	b.give("alice", strings.Join(alice, "; "))
	b.give("bob", strings.Join(bob, "; "))
	b.use("bob")
	v := b.book.Decide(Paused{URL: "https://shop.test/", Header: strings.Join(alice, "; "), Now: b.now})
	if want := strings.Join(bob, "; "); v.Header != want {
		t.Errorf("got %q", v.Header)
	}
	if v := b.book.Decide(Paused{URL: "https://shop.test/", Header: strings.Join(bob, "; "), Now: b.now}); v.Action != Continue {
		t.Errorf("in sync: %+v", v)
	}
}

// Sites of scope host share the jar's cookies: what is in the jar because of
// another port is replaced, not taken for a script's.
func TestScopeHostSharesTheJar(t *testing.T) {
	const one, two = "http://shop.test:81/", "http://shop.test:82/"
	b := start(t, Options{Scope: ScopeHost})
	for _, url := range []string{one, two} {
		if _, err := b.book.New(Main, b.book.SiteOf(url), "bob", nil, b.now); err != nil {
			t.Fatal(err)
		}
	}
	b.visit(one, "sid=1")
	b.visit(two, "sid=2")
	b.wantSent(two, "sid=2")
	b.wantSent(one, "sid=1")
	if n := strings.Count(b.newEvents(), string(ValueAdopted)); n != 0 {
		t.Errorf("%d values were adopted", n)
	}
	b.script(one, "sid=3")
	b.wantSent(one, "sid=3")
	if n := strings.Count(b.newEvents(), string(ValueAdopted)); n != 1 {
		t.Errorf("a script's value was adopted %d times", n)
	}
}

// A request without cookies of one site, after one with cookies of another.
func TestForceEverywhereOnTwoSites(t *testing.T) {
	b := New(Options{Defaults: StandardDefaults(), ForceEverywhere: true})
	for _, site := range []string{"one.test", "two.test"} {
		s, err := b.Import(site, "alice", []Cookie{{Name: "sid", Value: site, Domain: site, Path: "/"}}, testNow)
		if err == nil {
			err = b.Use(Main, s.Ref(), nil, testNow)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ site, header string }{{"one.test", "x=1; sid=other"}, {"two.test", ""}, {"one.test", ""}} {
		v := b.Decide(Paused{URL: "http://" + c.site + "/", Header: c.header, Flushed: true, Now: testNow})
		if want := "sid=" + c.site; !strings.HasSuffix(v.Header, want) {
			t.Errorf("%s, %q: sent %q, want %s", c.site, c.header, v.Header, want)
		}
	}
}
