package sessions

import (
	"fmt"
	"testing"
)

// TestGivenTokenExpired: a visitor's token in the place of one that a person gave is reported,
// once; a renewal of what has worked is not.
func TestGivenTokenExpired(t *testing.T) {
	page := func(url string, lines ...string) func(*browser) {
		return func(b *browser) { b.shows(url, nil, lines...) }
	}
	with := func(url string, change func(*Request), lines ...string) func(*browser) {
		return func(b *browser) { b.shows(url, change, lines...) }
	}
	const fresh = "sid=visitor; Path=/"
	for name, c := range map[string]struct {
		given    string
		steps    []func(*browser)
		reported int
	}{
		"at once":                  {"sid=old", []func(*browser){page(at, fresh)}, 1},
		"at once, of all the site": {"sid=old", []func(*browser){page(at, fresh+"; Domain=shop.test")}, 1},
		"again":                    {"sid=old", []func(*browser){page(at, fresh), page(at, "sid=visitor-2; Path=/")}, 1},
		"both tokens, one by one":  {"sid=old; session=old", []func(*browser){page(at, fresh), page(at, "session=visitor; Path=/")}, 1},
		"after a redirect":         {"sid=old", []func(*browser){page(at), with(at+"login", func(r *Request) { r.Via = []string{at} }, fresh)}, 1},
		"a script's request":       {"sid=old", []func(*browser){with(at+"api", inside, fresh)}, 1},
		"by a switch's reload, see TestFirstReload": {"sid=old", []func(*browser){with(at, reload, fresh)}, 0},
		"it has worked":                     {"sid=old", []func(*browser){page(at), page(at+"orders", fresh)}, 0},
		"it has worked, a script's request": {"sid=old", []func(*browser){page(at), with(at+"api", inside, fresh)}, 0},
		"scripts' requests":                 {"sid=old", []func(*browser){with(at+"api", inside), with(at+"api", inside, fresh)}, 0},
		"a login":                           {"sid=old", []func(*browser){with(at+"login", password, fresh)}, 0},
		"a POST":                            {"sid=old", []func(*browser){with(at+"basket", posts, fresh)}, 0},
		"by another site":                   {"sid=old", []func(*browser){with(at+"callback", by("idp.test"), fresh)}, 0},
		"another token":                     {"sid=old", []func(*browser){page(at, "session=new; Path=/")}, 0},
		"a logout":                          {"sid=old", []func(*browser){page(at, "sid=; Path=/; Max-Age=0")}, 0},
		"the same value":                    {"sid=old", []func(*browser){page(at, "sid=old; Path=/; Domain=shop.test")}, 0},
		"the same subject":                  {"sid=" + jwt(`{"sub":"alice"}`), []func(*browser){page(at, "sid="+jwt(`{"sub":"alice","iat":9}`)+"; Path=/; Domain=shop.test")}, 0},
	} {
		b := start(t, Options{})
		b.give("alice", c.given)
		b.use("alice")
		for _, step := range c.steps {
			step(b)
		}
		if n := b.count(SessionMayBeExpired); n != c.reported {
			t.Errorf("%s: reported %d times, want %d", name, n, c.reported)
		}
		if name != "at once" {
			continue
		}
		if err := b.book.Revert(b.ref("alice"), 0, b.now); err != nil { // as the notice says
			t.Fatal(err)
		}
		b.mend(shop)
		if got := b.visit(at); got != "sid=old" {
			t.Errorf("%s: reverted, alice sends %q", name, got)
		}
	}

	// What was found is nobody's gift, and what is not forced goes its own way.
	b := start(t, Options{})
	b.shows(at+"login", password, "sid=alice; Path=/")
	b.use("1")
	b.shows(at, nil, fresh)
	b.give("bob", "sid=bob")
	if n := b.count(SessionMayBeExpired); n != 0 {
		t.Errorf("a token of the server's: reported %d times", n)
	}

	// Where the site is known to renew its tokens all the time.
	b = start(t, Options{})
	b.shows(at+"login", password, "sid=a0; Path=/")
	for i := range 3 {
		b.shows(at+"orders", nil, fmt.Sprintf("sid=a%d; Path=/", i+1))
	}
	b.give("bob", "sid=bob")
	b.use("bob")
	b.shows(at, nil, "sid=bob-2; Path=/; Domain=shop.test")
	if n := b.count(SessionMayBeExpired); n != 0 {
		t.Errorf("a site that renews often: reported %d times", n)
	}
}
