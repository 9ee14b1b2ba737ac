package sessions

import (
	"strings"
	"testing"
)

func TestReadCookies(t *testing.T) {
	for _, c := range []struct {
		name, text, page string
		want             []Cookie
	}{
		{"on the page", "sid=1; auth=2", "https://www.shop.test/a", []Cookie{
			{Name: "sid", Value: "1", Domain: "www.shop.test", Path: "/", Secure: true},
			{Name: "auth", Value: "2", Domain: "www.shop.test", Path: "/", Secure: true}}},
		{"over http", "sid=1", "http://shop.test/", []Cookie{{Name: "sid", Value: "1", Domain: "shop.test", Path: "/"}}},
		{"header line", " cookie: sid=1;", "", []Cookie{{Name: "sid", Value: "1", Domain: ".shop.test", Path: "/"}}},
		{"another page is open", "sid=1", "http://other.test/", []Cookie{{Name: "sid", Value: "1", Domain: ".shop.test", Path: "/"}}},
		{"prefixes", "__Host-sid=1; __Secure-sid=2", "", []Cookie{
			{Name: "__Host-sid", Value: "1", Domain: "shop.test", Path: "/", Secure: true},
			{Name: "__Secure-sid", Value: "2", Domain: ".shop.test", Path: "/", Secure: true}}},
		{"odd value", `sid={"a":"b=c:d"}`, "", []Cookie{{Name: "sid", Value: `{"a":"b=c:d"}`, Domain: ".shop.test", Path: "/"}}},
	} {
		got, err := ReadCookies(ScopeDomain, c.text, shop, c.page)
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s:\n got %+v\nwant %+v", c.name, got[i], c.want[i])
			}
		}
	}
}

func TestReadCookiesForOddSites(t *testing.T) {
	for _, c := range []struct {
		scope              Scope
		site, page, domain string
	}{
		{ScopeDomain, "localhost", "", "localhost"},
		{ScopeDomain, "127.0.0.1", "", "127.0.0.1"},
		{ScopeDomain, "::1", "", "[::1]"},
		{ScopeDomain, "::1", "http://[::1]:8080/", "[::1]"},
		{ScopeDomain, "github.io", "", "github.io"},
		{ScopeHost, "shop.test:8443", "", "shop.test"},
		{ScopeHost, "[::1]:8080", "", "[::1]"},
	} {
		got, err := ReadCookies(c.scope, "sid=1", c.site, c.page)
		if err != nil || got[0].Domain != c.domain || got[0].Secure {
			t.Errorf("%s: got %+v, %v; want domain %q", c.site, got, err, c.domain)
		}
	}
}

func TestReadCookiesRefuses(t *testing.T) {
	for _, text := range []string{"", " ; ;", "Cookie:", "secret", "sid=1; secret", "=secret", "sid=1\nsecret=2"} {
		got, err := ReadCookies(ScopeDomain, text, shop, "")
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func TestImport(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "own=A; XSRF-TOKEN=x; sid=1")
	b.wantEvents("site, token-added own, token-added XSRF-TOKEN, token-added sid, session-new alice")
	b.wantList("alice: own=A; sid=1 + XSRF-TOKEN=x") // a default that is carried does not identify
	if _, err := b.book.Import(shop, "alice", nil, b.now); err == nil {
		t.Error("the name was taken")
	}
	b.wantJar("")
	b.script("https://shop.test/", "own=A")
	b.script("https://shop.test/", "sid=1")
	b.visit("https://shop.test/")
	b.wantList("alice: own=A; sid=1 + XSRF-TOKEN=x")
	if s, _ := b.book.Session(b.ref("alice"), b.now); s.Requests != 1 {
		t.Errorf("alice has %d requests", s.Requests)
	}
	// Imported at "carry everything", a name becomes a token of its own.
	if err := b.book.AddToken(Main, shop, All, Carried, b.jar(), b.now); err != nil {
		t.Fatal(err)
	}
	b.script("https://shop.test/", "theme=dark")
	b.visit("https://shop.test/")
	b.wantList("alice: own=A; sid=1 + XSRF-TOKEN=x; theme=dark")
	b.give("bob", "theme=light")
	b.wantList("alice: own=A; sid=1; theme=dark + XSRF-TOKEN=x | bob: theme=light")
}
