package sessions

import (
	"errors"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=1") // Session 1
	for _, name := range []string{"alice", "Alicia", "bob", "2", "a/b", "carol"} {
		b.give(name, "sid="+name)
	}
	for _, site := range []string{"other.test", "third.test"} {
		for _, name := range []string{"dave", "bob"} {
			if _, err := b.book.Import(site, name, nil, b.now); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.book.Import("third.test", "erin", nil, b.now)
	ok := func(site string, number int) Ref { return Ref{site, number} }
	for _, c := range []struct {
		query Query
		want  Ref
		err   string // a part of it
	}{
		{Query{Text: "alice", Current: shop}, ok(shop, 2), ""},
		{Query{Text: "Session 1", Current: shop}, ok(shop, 1), ""},
		{Query{Text: "session 1", Current: shop}, ok(shop, 1), ""},
		{Query{Text: "3", Current: shop}, ok(shop, 3), ""},
		{Query{Text: "2", Current: shop}, ok(shop, 5), ""}, // a name before a number
		{Query{Text: "BO", Current: shop}, ok(shop, 4), ""},
		{Query{Text: "ali", Current: shop}, Ref{}, `may be "alice" or "Alicia"`},
		{Query{Text: "alic", Current: shop}, Ref{}, "may be"},
		{Query{Text: "a/b", Current: shop}, ok(shop, 6), ""},
		{Query{Text: "zoe", Current: shop}, Ref{}, "its sessions are"},
		{Query{Text: "99", Current: shop}, Ref{}, "no session"},
		{Query{Text: "", Current: shop}, Ref{}, "no session"},
		{Query{Text: "erin", Current: shop}, ok("third.test", 3), ""},
		{Query{Text: "er", Current: shop}, Ref{}, "no session"}, // elsewhere by its very name only
		{Query{Text: "dave", Current: shop}, Ref{}, "these sites have one: other.test, third.test"},
		{Query{Text: "third.test/dave", Current: shop}, ok("third.test", 1), ""},
		{Query{Text: "https://third.test/dave"}, Ref{}, "no session"},
		{Query{Text: "third.test/1"}, ok("third.test", 1), ""},
		{Query{Text: "third.test/b"}, ok("third.test", 2), ""},
		{Query{Text: "WWW.Third.test/bob", Current: shop}, ok("third.test", 2), ""},
		{Query{Text: "third.test/zoe", Current: shop}, Ref{}, "on third.test"},
		{Query{Text: "bob", Current: "third.test"}, ok("third.test", 2), ""},
		{Query{Text: "bob", Site: "other.test", Current: shop}, ok("other.test", 2), ""},
		{Query{Text: "bob", Site: "https://www.other.test:8443/x", Current: shop}, ok("other.test", 2), ""},
		{Query{Text: "alice", Site: "other.test", Current: shop}, Ref{}, "on other.test"},
		{Query{Text: "bob", Site: "nowhere.test", Current: shop}, Ref{}, "the known sites are shop.test, other.test, third.test"},
		{Query{Text: "carol"}, ok(shop, 7), ""},
		{Query{Text: "bob"}, Ref{}, "shop.test, other.test, third.test"},
		{Query{Text: "nobody here"}, Ref{}, "there is none yet"},
	} {
		got, err := b.book.Find(c.query)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != c.want || (text == "") != (c.err == "") || !strings.Contains(text, c.err) {
			t.Errorf("%+v:\n got %v, %q\nwant %v, %q", c.query, got, text, c.want, c.err)
		}
	}
	var ambiguous *AmbiguousError
	if _, err := b.book.Find(Query{Text: "a", Current: shop}); !errors.As(err, &ambiguous) || len(ambiguous.Fits) != 3 {
		t.Errorf("got %+v", err)
	}
}

// The anonymous session answers to its number and its name, never to a prefix.
func TestFindAnonymous(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=A")
	b.visit(home)
	for _, text := range []string{"2", "Session 2"} {
		if got := b.ref(text); got.Number != 2 {
			t.Errorf("%q: got %v", text, got)
		}
	}
	if _, err := b.book.Find(Query{Text: "Sess", Current: shop}); err == nil {
		t.Error("found by prefix")
	}
}

func TestFindSite(t *testing.T) {
	b := start(t, Options{})
	if _, err := b.book.FindSite(""); err == nil || !strings.Contains(err.Error(), "no site yet") {
		t.Errorf("no site: %v", err)
	}
	b.visit(home)
	b.visit("http://[::1]:8080/")
	for text, want := range map[string]string{
		"shop.test": shop, "SHOP.test": shop, "www.shop.test:8080": shop, "https://api.shop.test/x": shop,
		"::1": "::1", "[::1]:8080": "::1", "test": "", "not a site": "",
	} {
		if got, err := b.book.FindSite(text); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}
