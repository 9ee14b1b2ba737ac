package sessions

import (
	"errors"
	"slices"
	"testing"
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

func TestCutErrors(t *testing.T) {
	b := start(t, Options{})
	for _, text := range []string{"shop.test", "", "ht tp", "localhost"} {
		var e *CutError
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
