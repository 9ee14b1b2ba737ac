package sessions

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A host that is split off is a site of its own; its cookies go on there under
// the same names, and come back when it is joined.
func TestSplitSite(t *testing.T) {
	b := start(t, Options{})
	b.visit("https://app.shop.test/", "sid=app1")
	b.visit("https://www.shop.test/", "sid=www1")
	b.wantList("Session 1: sid=app1; sid=www1")
	if name, err := b.book.SplitSite("app.shop.test", b.now); err != nil || name != "app.shop.test" {
		t.Fatalf("%q, %v", name, err)
	}
	b.wantList("Session 1: sid=www1")
	if got := b.listOn("app.shop.test"); got != "Session 1: sid=app1" {
		t.Errorf("the site that was split off has %s", got)
	}
	for url, want := range map[string]string{
		"https://app.shop.test/": "app.shop.test", "http://x.app.shop.test:81/": "app.shop.test",
		"https://www.shop.test/": shop, "https://myapp.shop.test/": shop,
	} {
		if got := b.book.SiteOf(url); got != want {
			t.Errorf("SiteOf(%s) = %q, want %q", url, got, want)
		}
	}
	b.visit("https://app.shop.test/")
	if s := b.book.Sessions("app.shop.test", b.now); len(s) != 1 || s[0].Requests != 1 {
		t.Errorf("a request of the new site was booked on %+v", s)
	}
	if got := b.book.Exceptions(); !slices.Equal(got, []string{"app.shop.test"}) {
		t.Errorf("exceptions %q", got)
	}
	if _, err := b.book.JoinSite("app.shop.test", b.now); err != nil {
		t.Fatal(err)
	}
	b.wantList("Session 1: sid=app1; sid=www1")
	if _, ok := b.book.Site("app.shop.test"); ok {
		t.Error("the joined site is still listed")
	}
}

// Forced, a site stays forced on both sides of a split, and each side has its
// own session from then on.
func TestSplitForcedSite(t *testing.T) {
	b := start(t, Options{})
	b.visit("https://app.shop.test/", "sid=alice; Domain=shop.test")
	b.new("bob")
	b.visit("https://app.shop.test/", "sid=bob; Domain=shop.test")
	if _, err := b.book.SplitSite("app.shop.test", b.now); err != nil {
		t.Fatal(err)
	}
	b.wantSent("https://app.shop.test/", "sid=bob")
	ref, err := b.book.Find(Query{Text: "Session 1", Site: "app.shop.test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.book.Use(Main, ref, b.jar(), b.now); err != nil {
		t.Fatal(err)
	}
	b.wantSent("https://app.shop.test/", "sid=alice")
	b.wantSent("https://www.shop.test/", "sid=bob")
	if got := b.book.Clashes(Main, "app.shop.test", b.now); !slices.Equal(got, []string{shop}) {
		t.Errorf("clashes with %q", got)
	}
}

func TestSplitPort(t *testing.T) {
	b := start(t, Options{})
	if _, err := b.book.SplitSite("http://localhost:8080/", b.now); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"http://localhost:8080/": "localhost:8080", "http://localhost:9090/": "localhost", "http://[::1]:8080/": "::1",
	} {
		if got := b.book.SiteOf(url); got != want {
			t.Errorf("SiteOf(%s) = %q, want %q", url, got, want)
		}
	}
}

// In scope host the hosts of a domain are joined, and parted again.
func TestJoinSite(t *testing.T) {
	b := start(t, Options{Scope: ScopeHost})
	b.visit("https://app.shop.test/", "sid=1; Domain=shop.test")
	if _, err := b.book.JoinSite("shop.test", b.now); err != nil {
		t.Fatal(err)
	}
	b.visit("https://www.shop.test:8443/")
	b.wantList("Session 1: sid=1")
	if _, ok := b.book.Site("app.shop.test:443"); ok {
		t.Error("the joined host is still listed")
	}
	if _, err := b.book.SplitSite("shop.test", b.now); err != nil {
		t.Fatal(err)
	}
	if got := b.listOn("www.shop.test:8443"); got != "Session 1: sid=1" {
		t.Errorf("the parted host has %q", got)
	}
}

// A request that is on its way while sites are split or joined is booked where
// it belongs by then.
func TestSplitInFlight(t *testing.T) {
	const host, other = "https://app.shop.test/", "https://www.shop.test/"
	split := func(b *browser) { b.book.SplitSite("app.shop.test", b.now) }
	join := func(b *browser) { b.book.JoinSite("app.shop.test", b.now) }
	for name, test := range map[string]struct {
		cookie string // of the session that the request is sent as, "" for nobody
		cuts   []func(*browser)
		want   string // on the site of the host
	}{
		"split":                 {"sid=1", []func(*browser){split}, "Session 1: sid=2"},
		"split, nobody":         {"", []func(*browser){split}, "Session 1: sid=2"},
		"split and joined":      {"sid=1", []func(*browser){split, join}, "Session 2: sid=2"},
		"split off once more":   {"sid=1", []func(*browser){split, join, split}, "Session 1: sid=2"},
		"of a domain":           {"sid=1; Domain=shop.test", []func(*browser){split}, "Session 1: sid=1; sid=2"},
		"of a domain, rejoined": {"sid=1; Domain=shop.test", []func(*browser){split, join}, "Session 1: sid=1; sid=2"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, Options{})
			b.visit(other, "theme=dark")
			if test.cookie != "" {
				b.visit(host, test.cookie)
			}
			f := b.send(host)
			for _, cut := range test.cuts {
				cut(b)
			}
			f.answer("sid=2")
			if got := b.listOn(b.book.SiteOf(host)); got != test.want {
				t.Errorf("the host has %q, want %q", got, test.want)
			}
		})
	}
}

// TestBoundaryWalk splits and joins at every moment: nothing breaks, and no session is
// left on a site that there is no more.
func TestBoundaryWalk(t *testing.T) {
	hosts := []string{"https://shop.test/", "https://app.shop.test/", "https://www.shop.test:8443/", "https://b.app.shop.test/x"}
	walks(t, func(t *rapid.T) {
		b := start(t, Options{Scope: rapid.SampledFrom([]Scope{ScopeDomain, ScopeHost}).Draw(t, "scope")})
		var flights []flight
		pick := func(what string, list ...string) string { return rapid.SampledFrom(list).Draw(t, what) }
		session := func() (Ref, bool) {
			site := b.book.SiteOf(pick("site", hosts...))
			list := b.book.Sessions(site, b.now)
			if len(list) == 0 {
				return Ref{}, false
			}
			return Ref{site, rapid.SampledFrom(list).Draw(t, "session").Number}, true
		}
		steps := map[string]func(*rapid.T){
			"send": func(*rapid.T) { flights = append(flights, b.send(pick("url", hosts...))) },
			"answer": func(*rapid.T) {
				if len(flights) == 0 {
					return
				}
				i := rapid.IntRange(0, len(flights)-1).Draw(t, "flight")
				value := pick("value", "a", "b", "c")
				flights[i].answerOnly(pick("name", "sid", "token", "theme") + "=" + value + pick("domain", "", "; Domain=shop.test"))
				flights = slices.Delete(flights, i, i+1)
			},
			"split": func(*rapid.T) {
				b.book.SplitSite(pick("split", "app.shop.test", "www.shop.test:8443", "b.app.shop.test", "shop.test"), b.now)
			},
			"join": func(*rapid.T) {
				b.book.JoinSite(pick("join", "app.shop.test", "www.shop.test:8443", "b.app.shop.test", "shop.test"), b.now)
			},
			"new": func(*rapid.T) { b.book.New(b.window, b.book.SiteOf(pick("new", hosts...)), "", b.jar(), b.now) },
			"use": func(*rapid.T) {
				if ref, ok := session(); ok {
					b.book.Use(b.window, ref, b.jar(), b.now)
				}
			},
			"unset": func(*rapid.T) { b.book.Unset(b.window, b.book.SiteOf(pick("unset", hosts...)), b.now) },
			"rm": func(*rapid.T) {
				if ref, ok := session(); ok {
					b.book.Remove(ref, b.now)
				}
			},
			"token": func(*rapid.T) {
				b.book.AddToken(b.window, b.book.SiteOf(pick("token", hosts...)), "theme", Token, b.jar(), b.now)
			},
			"": func(*rapid.T) {
				for _, s := range b.book.order {
					if problem := s.problem(); problem != "" {
						t.Fatalf("%s: %s", s.name, problem)
					}
					if l := (location{host: hostOf(s.name), port: portOf(s.name)}); len(s.sessions) > 0 && b.book.boundary.site(&l) != s.name {
						t.Fatalf("%s has sessions and is no site", s.name)
					}
				}
			},
		}
		t.Repeat(steps)
	})
}

func TestBoundaryErrors(t *testing.T) {
	b := start(t, Options{})
	for _, text := range []string{"shop.test", "", "ht tp", "localhost"} {
		var e *BoundaryError
		if _, err := b.book.SplitSite(text, b.now); !errors.As(err, &e) {
			t.Errorf("split %q: %v", text, err)
		}
		if _, err := b.book.JoinSite(text, b.now); !errors.As(err, &e) {
			t.Errorf("join %q: %v", text, err)
		}
	}
}

// listOn is list for another site.
func (b *browser) listOn(site string) string {
	var text string
	for _, s := range b.book.Sessions(site, b.now) {
		text += s.Name + ": " + Mask{}.Cookies(s.Tokens)
	}
	return text
}

// A site that is split off keeps what was said of its names, and knows the
// earlier values and the history of its sessions.
func TestSplitSiteRemembers(t *testing.T) {
	b := start(t, Options{})
	const app = "https://app.shop.test/"
	b.add("ticket", Token)
	b.drop("jwt")
	b.visit(app, "sid=old", "ticket=t")
	late := b.send(app)
	b.visit(app, "sid=new")
	if _, err := b.book.SplitSite("app.shop.test", b.now); err != nil {
		t.Fatal(err)
	}
	site, _ := b.book.Site("app.shop.test")
	named := func(name string) bool {
		return slices.ContainsFunc(site.Tokens, func(token SiteToken) bool { return token.Name == name })
	}
	if !named("ticket") || named("jwt") {
		t.Errorf("the site's tokens are %v", site.Tokens)
	}
	ref := Ref{"app.shop.test", 1}
	if history, err := b.book.History(ref); err != nil || len(history) < 3 || history[0].URL != app {
		t.Errorf("the history is %+v, %v", history, err)
	}
	late.answer("jwt=j", "more=1") // it left before the split
	stale := b.book.Sent(Request{URL: app, Header: "sid=old; ticket=t", Now: b.now})
	b.book.Received(stale, Response{Now: b.now})
	if got := b.listOn("app.shop.test"); got != "Session 1: sid=new; ticket=t" && got != "Session 1: ticket=t; sid=new" {
		t.Errorf("the site has %s", got)
	}
	if list := b.book.Sessions(shop, b.now); len(list) > 0 {
		t.Errorf("the rest has %+v", list)
	}
}

// Joined, two people do not become one because their sessions have the same
// generated name; given names are the same session, unless the values differ.
func TestJoinKeepsUsersApart(t *testing.T) {
	for _, test := range []struct{ name, one, other, want string }{
		{"", "sid=alice", "sid=bob", "Session 1: sid=aliceSession 2: sid=bob"},
		{"bob", "sid=b1", "sid=b2", "bob: sid=b1; sid=b2"},
		{"bob", "sid=b1; Domain=shop.test", "sid=b2; Domain=shop.test", "bob: sid=b1bob (app.shop.test:81): sid=b2"},
	} {
		b := start(t, Options{Scope: ScopeHost})
		b.visit("http://www.shop.test:80/", test.one)
		second := b.in("w2")
		second.visit("http://app.shop.test:81/", test.other)
		if test.name != "" {
			for _, site := range []string{"www.shop.test:80", "app.shop.test:81"} {
				if err := b.book.Rename(Ref{site, 1}, test.name); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := b.book.JoinSite("shop.test", b.now); err != nil {
			t.Fatal(err)
		}
		if got := b.listOn(shop); got != test.want {
			t.Errorf("joined: %s, want %s", got, test.want)
		}
	}
}

// Two forced sites share the jar's cookie: each keeps its own session, and that
// they clash is reported once.
func TestForcedSitesShareJar(t *testing.T) {
	for _, test := range []struct {
		scope     Scope
		split     string
		one, more string
		sites     [2]string
	}{
		{ScopeHost, "", "http://localhost:8080/", "http://localhost:9090/", [2]string{"localhost:8080", "localhost:9090"}},
		{ScopeDomain, "localhost:8080", "http://localhost:8080/", "http://localhost:9090/", [2]string{"localhost:8080", "localhost"}},
		{ScopeDomain, "app.shop.test", "https://app.shop.test/", "https://shop.test/", [2]string{"app.shop.test", shop}},
	} {
		b := start(t, Options{Scope: test.scope})
		if test.split != "" {
			if _, err := b.book.SplitSite(test.split, b.now); err != nil {
				t.Fatal(err)
			}
		}
		for _, site := range test.sites {
			if _, err := b.book.New(Main, site, "me", b.jar(), b.now); err != nil {
				t.Fatal(err)
			}
		}
		domain := ""
		if test.split == "app.shop.test" {
			domain = "; Domain=shop.test"
		}
		b.send(test.one).answerOnly("sid=1; Path=/" + domain)
		if n := b.count(SitesClash); n != 0 {
			t.Errorf("%v: reported %d times before there was a clash", test.sites, n)
		}
		b.send(test.more).answerOnly("sid=2; Path=/" + domain)
		for range 2 {
			if got := b.send(test.one); got.header != "sid=1" {
				t.Errorf("%s is sent with %q", test.one, got.header)
			}
			if got := b.send(test.more); got.header != "sid=2" {
				t.Errorf("%s is sent with %q", test.more, got.header)
			}
		}
		if n := b.count(SitesClash); n != 1 {
			t.Errorf("%v: the clash was reported %d times", test.sites, n)
		}
		if n := b.count(ValueAdopted); n != 0 {
			t.Errorf("%v: adopted %d times", test.sites, n)
		}
	}
}
