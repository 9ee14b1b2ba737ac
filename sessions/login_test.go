package sessions

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// sends lets a request go as the browser would, with what only package cdp knows of it.
func (b *browser) sends(url string, change func(*Request)) flight {
	b.Helper()
	f := b.send(url)
	r := Request{Window: b.window, Method: "GET", URL: url, Header: f.header, Jar: b.found(url), Document: true, Now: b.now}
	if change != nil {
		change(&r)
	}
	f.exchange = b.book.Sent(r)
	return f
}

// shows opens a page and returns what its answer did.
func (b *browser) shows(url string, change func(*Request), lines ...string) Effect {
	b.Helper()
	f := b.sends(url, change)
	r := Response{Now: b.now}
	for _, line := range lines {
		c := f.parse(url, line)
		f.put(c)
		r.Cookies = append(r.Cookies, c)
	}
	outcome := b.book.Received(f.exchange, r)
	for _, w := range outcome.Windows {
		b.in(w).mend(shop)
	}
	return outcome.Effect
}

func posts(r *Request)    { r.Method = "POST" }
func reload(r *Request)   { r.Reload = true }
func part(r *Request)     { r.Part, r.Document = true, false }
func password(r *Request) { r.Method, r.Password = "POST", true }
func fromAfar(r *Request) { r.Outside = true }
func inside(r *Request)   { r.Document = false }
func by(site string) func(r *Request) {
	return func(r *Request) { r.Via = []string{"https://" + site + "/"} }
}

func jwt(claims string) string {
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

const at = "https://www.shop.test/"

// TestReplacementIsReported: each sign of another login is enough, whatever the method, and a
// renewal is none.
func TestReplacementIsReported(t *testing.T) {
	for _, c := range []struct {
		name     string
		lives    int // documents that the token outlives
		url      string
		change   func(*Request)
		line     string
		want     Effect
		reported bool
	}{
		{"a form with a password", 0, at + "enter", password, "sid=other-user; Path=/", Replaced, true},
		{"a login by POST", 0, at + "login", posts, "sid=other-user; Path=/", Replaced, true},
		{"another POST", 0, at + "basket", posts, "sid=other-user; Path=/", Renewed, false},
		{"another site", 0, at + "callback", by("idp.test"), "sid=other-user; Path=/", Replaced, true},
		{"a sibling host", 0, at + "callback", by("id.shop.test"), "sid=other-user; Path=/", Renewed, false},
		{"a link that was given out", 0, at + "enter?token=3f9a27", fromAfar, "sid=other-user; Path=/", Replaced, true},
		{"a link of the site", 0, at + "page?token=3f9a27", nil, "sid=other-user; Path=/", Renewed, false},
		{"a given link without a code", 0, at + "page?q=3f9a27", fromAfar, "sid=other-user; Path=/", Renewed, false},
		{"a stable token and a page", 1, at + "impersonate", nil, "sid=other-user; Path=/", Replaced, true},
		{"a stable token and a script's request", 3, at + "refresh", inside, "sid=other-user; Path=/", Renewed, false},
		{"a token of each answer", 0, at + "orders", nil, "sid=other-user; Path=/", Renewed, false},
		{"a deletion", 3, at + "exit", nil, "sid=; Path=/; Max-Age=0", Deleted, false},
		{"another cookie", 3, at + "theme", nil, "theme=dark; Path=/", NoEffect, false},
		{"the same value", 3, at + "orders", nil, "sid=alice-first; Path=/; HttpOnly", NoEffect, false},
		{"deleted there, set here", 0, at + "orders", nil, "sid=other-user; Path=/", Renewed, false},
	} {
		b := start(t, Options{})
		b.shows(at+"login", password, "sid=alice-first; Path=/")
		for range c.lives {
			b.shows(at, nil)
		}
		got := b.shows(c.url, c.change, c.line)
		if reported := b.count(SessionReplaced) == 1; got != c.want || reported != c.reported {
			t.Errorf("%s: effect %d, reported %v; want %d, %v", c.name, got, reported, c.want, c.reported)
		}
	}
}

// TestVisitorsLogin: a visitor's first login is no other one, but it may be a login.
func TestVisitorsLogin(t *testing.T) {
	for name, change := range map[string]func(*Request){"form": password, "link": nil} {
		b := start(t, Options{})
		if got := b.shows(at, nil, "sid=visitor; Path=/"); got != Started {
			t.Errorf("%s: the first token: effect %d", name, got)
		}
		got := b.shows(at+"enter", change, "sid=alice; Path=/")
		want := map[string]Effect{"form": Replaced, "link": Changed}[name]
		if n := b.count(SessionReplaced); n != 0 || got != want || got.Safe() {
			t.Errorf("%s: reported %d times, effect %d, want %d", name, n, got, want)
		}
		b.shows(at, nil)
		b.shows(at+"enter", password, "sid=bob; Path=/")
		if n := b.count(SessionReplaced); name == "form" && n != 1 {
			t.Errorf("the second login was reported %d times", n)
		}
	}
}

// TestSecondLink: links that log in, without a sign of it in their URLs: that the second
// replaces a stable token is reported.
func TestSecondLink(t *testing.T) {
	b := start(t, Options{})
	b.shows(at, nil)
	b.shows(at+"m/bob", nil, "sid=bob; Path=/")
	b.use("1")
	for range 3 {
		b.shows(at, nil)
	}
	b.state.events = nil
	if got := b.shows(at+"m/carol", fromAfar, "sid=carol; Path=/"); got != Replaced {
		t.Errorf("effect %d", got)
	}
	b.wantEvents("session-renewed Session 1, session-replaced Session 1sid")
	if _, err := b.book.Split(b.ref("1"), "carol", b.now); err != nil {
		t.Fatal(err)
	}
	b.wantList("Session 1: sid=bob | carol*: sid=carol")
}

// TestFirstTokens: a login is what shows signs of one; a first token by itself starts a
// session, whoever it is for.
func TestFirstTokens(t *testing.T) {
	for _, c := range []struct {
		name   string
		url    string
		change func(*Request)
		want   Effect
	}{
		{"a page", at + "account", nil, Started},
		{"a page from outside", at + "account", fromAfar, Started},
		{"a script's request", at + "api", inside, Started},
		{"a form with a password", at + "enter", password, Filled},
		{"a login by POST", at + "login", posts, Filled},
		{"a link with a code", at + "enter?token=3f9a27", fromAfar, Filled},
	} {
		b := start(t, Options{})
		if got := b.shows(c.url, c.change, "sid=first; Path=/"); got != c.want || got.Safe() {
			t.Errorf("%s: effect %d, want %d", c.name, got, c.want)
		}
		b.shows(at+"exit", nil, "sid=; Path=/; Max-Age=0")
		b.use("1")
		if got := b.shows(at+"account", nil, "sid=again; Path=/"); got != Filled {
			t.Errorf("%s: once it had ended: effect %d", c.name, got)
		}
	}
}

// TestLoginOfANamedVisitor: a visitor who was given a name and then logs in is the same
// user's session growing up. A login is reported where there was one before, or may have been.
func TestLoginOfANamedVisitor(t *testing.T) {
	found := func(b *browser) { b.script(at, "sid=found; Path=/"); b.book.SeeJar(Main, b.jar(), b.now) }
	visitor := func(b *browser) { b.shows(at, nil, "sid=visitor; Path=/") }
	for _, c := range []struct {
		name     string
		before   func(*browser) // the name is given
		after    func(*browser)
		reported int // at the login
	}{
		{"a visitor", visitor, nil, 0},
		{"a visitor who stays a while", visitor, func(b *browser) { b.shows(at, nil); b.shows(at+"basket", posts) }, 0},
		{"a visitor who is forced", visitor, func(b *browser) { b.use("alice") }, 0},
		{"a second login", visitor, func(b *browser) { b.shows(at+"login", password, "sid=alice; Path=/") }, 1},
		{"a login before", func(b *browser) { b.shows(at+"login", password, "sid=alice; Path=/") }, nil, 1},
		{"a visitor's login before", func(b *browser) { visitor(b); b.shows(at+"login", password, "sid=alice; Path=/") }, nil, 1},
		{"maybe a login before", func(b *browser) { visitor(b); b.shows(at+"in", nil, "sid=alice; Path=/") }, nil, 1},
		{"found in the jar", found, nil, 1},
		{"by another site", func(b *browser) { b.shows(at+"callback", by("idp.test"), "sid=alice; Path=/") }, nil, 1},
	} {
		b := start(t, Options{})
		c.before(b)
		if err := b.book.Rename(Ref{shop, 1}, "alice"); err != nil {
			t.Fatal(err)
		}
		if c.after != nil {
			c.after(b)
		}
		reported := b.count(SessionReplaced)
		if b.shows(at+"login", password, "sid=logged-in; Path=/"); b.count(SessionReplaced)-reported != c.reported {
			t.Errorf("%s: the login was reported %d times, want %d", c.name, b.count(SessionReplaced)-reported, c.reported)
		}
	}
}

// TestRenewalHabit: a site that renews its token now and then is learnt, so that only what
// is out of the usual is reported.
func TestRenewalHabit(t *testing.T) {
	b := start(t, Options{})
	b.shows(at+"login", password, "sid=a0; Path=/")
	value := 0
	renew := func(pages int, after time.Duration) {
		for range pages {
			b.shows(at, nil)
		}
		b.now = b.now.Add(after)
		value++
		b.shows(at+"orders", nil, fmt.Sprintf("sid=a%d-%d; Path=/", value, pages))
	}
	renew(0, 0)
	renew(0, 0)
	renew(3, 15*time.Minute)
	if n := b.count(SessionReplaced); n != 1 {
		t.Errorf("the first long life was reported %d times", n)
	}
	b = start(t, Options{})
	b.shows(at+"login", password, "sid=a0; Path=/")
	for range 5 {
		b.shows(at+"orders", nil, fmt.Sprintf("sid=%s; Path=/", jwt(fmt.Sprintf(`{"sub":"alice","iat":%d}`, value))))
		value++
		b.shows(at, nil)
	}
	reported := b.count(SessionReplaced)
	b.shows(at, nil)
	if b.shows(at+"orders", nil, "sid="+jwt(`{"sub":"alice","iat":99}`)+"; Path=/") != Renewed || b.count(SessionReplaced) != reported {
		t.Error("a token of the same subject was taken for another login's")
	}
	if b.shows(at+"orders", inside, "sid="+jwt(`{"sub":"bob","iat":99}`)+"; Path=/") != Replaced || b.count(SessionReplaced) != reported+1 {
		t.Error("a token of another subject was taken for a renewal")
	}
}

// TestReloadKeepsTheSession: what the answer to our own reload brings is only booked where
// it renews.
func TestReloadKeepsTheSession(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Request)
		line   string
		want   Effect
		sent   string // afterwards
	}{
		{"another login", reload, "sid=other-user; Path=/; Domain=shop.test", Withheld, "sid=alice-first"},
		{"by another site", func(r *Request) { reload(r); by("idp.test")(r) }, "sid=other-user; Path=/; Domain=shop.test", Withheld, "sid=alice-first"},
		{"another session's token", reload, "sid=bob-first; Path=/; Domain=shop.test", Withheld, "sid=alice-first"},
		{"as it did before", func(r *Request) { reload(r); r.Before = Renewed }, "sid=renewed; Path=/; Domain=shop.test", Renewed, "sid=renewed"},
		{"a logout", reload, "sid=; Path=/; Domain=shop.test; Max-Age=0", Deleted, ""},
		{"no reload", nil, "sid=other-user; Path=/; Domain=shop.test", Replaced, "sid=other-user"},
		{"no reload, another session's", nil, "sid=bob-first; Path=/; Domain=shop.test", Withheld, "sid=alice-first"},
	} {
		b := start(t, Options{})
		b.give("bob", "sid=bob-first")
		b.give("alice", "sid=alice-first")
		b.use("alice")
		b.shows(at, nil)
		b.shows(at, nil)
		if got := b.shows(at+"magic", c.change, c.line, "theme=dark; Path=/; Domain=shop.test"); got != c.want {
			t.Errorf("%s: effect %d, want %d", c.name, got, c.want)
		}
		wantKept := 0
		if c.want == Withheld {
			wantKept = 1
		}
		if n := b.count(SessionWithheld); n != wantKept {
			t.Errorf("%s: reported %d times", c.name, n)
		}
		if got := b.visit(at); got != strings.TrimPrefix(c.sent+"; theme=dark", "; ") {
			t.Errorf("%s: alice sends %q", c.name, got)
		}
		if c.want != Withheld {
			continue
		}
		if err := b.book.Accept(b.ref("alice"), b.now); err != nil {
			t.Fatal(err)
		}
		b.mend(shop)
		value, _, _ := strings.Cut(c.line, ";")
		if got := b.visit(at); got != value+"; theme=dark" {
			t.Errorf("%s: accepted, alice sends %q", c.name, got)
		}
		if err := b.book.Accept(b.ref("alice"), b.now); err == nil {
			t.Errorf("%s: accepted twice", c.name)
		}
		if err := b.book.Revert(b.ref("alice"), 0, b.now); err != nil {
			t.Fatal(err)
		}
		b.mend(shop)
		if got := b.visit(at); got != "sid=alice-first; theme=dark" {
			t.Errorf("%s: taken back, alice sends %q", c.name, got)
		}
	}
}

// TestFirstReload: nor what it brings before the token was ever seen to work, where the site
// has renewed none.
func TestFirstReload(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(*browser)
		ask   func(*Request)
		want  Effect
		token string // that is reported
	}{
		"after a login": {func(b *browser) { b.shows(at+"login", password, "sid=alice; Path=/") }, reload, Withheld, ""},
		"after a login by a script": {func(b *browser) {
			b.shows(at, nil)
			b.shows(at+"api/session", func(r *Request) { r.Method, r.Document = "POST", false }, "sid=alice; Path=/")
		}, reload, Withheld, ""},
		"given":            {func(b *browser) { b.give("alice", "sid=alice") }, reload, Withheld, "sid"},
		"given, no reload": {func(b *browser) { b.give("alice", "sid=alice") }, nil, Renewed, ""},
		"as it did before": {func(b *browser) { b.give("alice", "sid=alice") }, func(r *Request) { reload(r); r.Before = Renewed }, Renewed, ""},
		"on a site that renews": {func(b *browser) {
			b.shows(at+"login", password, "sid=bob0; Path=/")
			b.shows(at, nil, "sid=bob1; Path=/")
			b.give("alice", "sid=alice")
		}, reload, Renewed, ""},
	} {
		b := start(t, Options{})
		c.begin(b)
		last := b.book.Sessions(shop, b.now)
		b.use(last[len(last)-1].Name)
		if got := b.shows(at, c.ask, "sid=fresh; Path=/"); got != c.want {
			t.Errorf("%s: effect %d, want %d", name, got, c.want)
		}
		kept := slices.DeleteFunc(slices.Clone(b.state.events), func(e Event) bool { return e.Kind != SessionWithheld })
		if reported := c.want == Withheld; reported != (len(kept) == 1) || reported && kept[0].Token != c.token {
			t.Errorf("%s: reported %+v", name, kept)
		}
	}
}

// TestOnOtherPaths: a cookie of the same name at another path or host is another cookie, and
// the first one there is no login.
func TestOnOtherPaths(t *testing.T) {
	for _, c := range []struct{ here, there, path, otherPath string }{
		{"https://shop.test/a/", "https://shop.test/b/", "/a", "/b"},
		{"https://a.shop.test/", "https://b.shop.test/", "/", "/"},
	} {
		b := start(t, Options{})
		for i, name := range []string{"alice", "bob"} {
			b.shows(c.here+"login", password, "sid="+name+"; HttpOnly; Path="+c.path)
			b.use(fmt.Sprint(i + 1))
			for range 3 {
				b.shows(c.here, nil)
			}
			if name == "alice" {
				b.new("bob")
			}
		}
		for name, change := range map[string]func(*Request){"2": nil, "1": reload} {
			b.use(name)
			if got := b.shows(c.there, change, "sid=visitor-"+name+"; HttpOnly; Path="+c.otherPath); got != Renewed {
				t.Errorf("%s, session %s: effect %d", c.there, name, got)
			}
		}
		if n := b.count(SessionReplaced) + b.count(SessionWithheld); n != 0 {
			t.Errorf("%s: reported %d times", c.there, n)
		}
	}
}

// TestHasCode: a name that only has such a word in it carries no code.
func TestHasCode(t *testing.T) {
	for url, want := range map[string]bool{
		"https://a.test/?code=4711-0815":                       true,
		"https://a.test/?accessToken=4711-0815":                true,
		"https://a.test/?login_token=4711-0815":                true,
		"https://a.test/?auth[token]=4711-0815":                true,
		"https://a.test/?SAMLResponse=4711-0815":               true,
		"https://a.test/callback;ticket=4711-0815":             true,
		"https://a.test/?x=1&magic_link=4711-0815#top":         true,
		"https://a.test/?code=4711":                            false,
		"https://a.test/order?no=1&postcode=123456":            false,
		"https://a.test/?zipcode=123456":                       false,
		"https://a.test/?csrf_token=4711-0815":                 false,
		"https://a.test/?page_token=4711-0815":                 false,
		"https://a.test/?_wpnonce=4711-0815":                   false,
		"https://a.test/?promo-code=4711-0815&lang_code=de-DE": false,
	} {
		if got := hasCode(url); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
}

// TestLoadOfReloadKeepsTheSession: nor does what is loaded with the document that we asked
// for make the session another user's. A person who logs in there does.
func TestLoadOfReloadKeepsTheSession(t *testing.T) {
	alice, bob := jwt(`{"sub":"alice"}`), jwt(`{"sub":"bob"}`)
	for _, c := range []struct {
		name   string
		change func(*Request)
		value  string
		want   Effect
	}{
		{"another subject", part, bob, Withheld},
		{"another subject, by a person", nil, bob, Replaced},
		{"by another site", func(r *Request) { part(r); by("idp.test")(r) }, "other", Withheld},
		{"the same subject", part, jwt(`{"sub":"alice","iat":2}`), Renewed},
		{"a login", func(r *Request) { part(r); password(r) }, bob, Replaced},
	} {
		b := start(t, Options{})
		b.give("alice", "sid="+alice)
		b.use("alice")
		b.shows(at, nil)
		b.shows(at, reload)
		if got := b.shows(at+"silent", c.change, "sid="+c.value+"; Path=/; Domain=shop.test"); got != c.want {
			t.Errorf("%s: effect %d, want %d", c.name, got, c.want)
		}
		want := c.value
		if c.want == Withheld {
			want = alice
		}
		if got := b.visit(at); got != "sid="+want {
			t.Errorf("%s: alice sends %q", c.name, got)
		}
	}
}

// TestWithheldIsNotAdopted: a request that finds the value in the jar, before that is put
// right, does not make it alice's.
func TestWithheldIsNotAdopted(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=alice-first")
	b.use("alice")
	b.shows(at, nil)
	b.shows(at, nil)
	f := b.sends(at+"magic", reload)
	f.answerOnly("sid=other-user; Path=/")
	if got := b.send(at).header; got != "sid=alice-first" {
		t.Errorf("before the jar is put right alice sends %q", got)
	}
	b.mend(shop)
	b.wantList("alice*: sid=alice-first")
}

// TestSilentLogin: a reload by which the identity provider logs the session in again is
// its own where the provider is switched, too.
func TestSilentLogin(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "sid=alice-first")
	for _, name := range []string{"alice", "bob"} {
		cookies, err := ReadCookies(ScopeDomain, "sid=idp-"+name, "idp.test", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.book.Import("idp.test", name, cookies, b.now); err != nil {
			t.Fatal(err)
		}
	}
	b.use("alice")
	provider := func(number int) {
		t.Helper()
		if err := b.book.Use(Main, Ref{"idp.test", number}, nil, b.now); err != nil {
			t.Fatal(err)
		}
	}
	again := func(r *Request) { reload(r); by("idp.test")(r) }
	provider(2)
	if got := b.shows(at+"callback", again, "sid=of-bob; Path=/"); got != Withheld {
		t.Errorf("bob is logged in at the provider: effect %d", got)
	}
	provider(1)
	if got := b.shows(at+"callback", again, "sid=of-alice; Path=/"); got != Renewed {
		t.Errorf("alice is logged in at the provider: effect %d", got)
	}
}

// TestForeignToken: a token that another session owns is not booked, wherever it comes from;
// what only travels, and what is a flag, is everybody's.
func TestForeignToken(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", `sid=alice-first; flag=1; none=""; XSRF-TOKEN=x`)
	b.give("bob", "sid=bob-first")
	b.use("bob")
	b.state.events = nil
	const api = "https://api.shop.test/"
	for _, line := range []string{"sid=alice-first; Path=/", "sid=alice-first; Path=/; Domain=shop.test"} {
		if got := b.shows(api, inside, line); got != Withheld || b.count(SessionWithheld) != 1 {
			t.Errorf("%s: effect %d, reported %d times", line, got, b.count(SessionWithheld))
		}
		b.state.events = nil
		b.wantSent(api, "sid=bob-first")
	}
	for _, line := range []string{"XSRF-TOKEN=x; Path=/", "flag=1; Path=/", `none=""; Path=/`} {
		if got := b.shows(api, inside, line); got == Withheld {
			t.Errorf("%s: effect %d", line, got)
		}
	}
	if got := b.visit(api); !strings.Contains(got, "XSRF-TOKEN=x") || !strings.Contains(got, "flag=1") {
		t.Errorf("bob sends %q", got)
	}

	// Where nothing is forced, the jar goes to the session that owns the token.
	b.unset()
	b = start(t, Options{})
	b.visit(at, "sid=alice-first; Path=/")
	b.shows(at+"login", password, "sid=alice-second; Path=/")
	b.give("bob", "sid=bob-first")
	if got := b.shows(at+"switch", nil, "sid=bob-first; Path=/"); got != Withheld {
		t.Errorf("another account: effect %d", got)
	}
	b.wantList("Session 1: sid=alice-second | bob: sid=bob-first")
}

// TestSplitGivesBack: whatever replaced alice's token, split gives it back to her.
func TestSplitGivesBack(t *testing.T) {
	for name, replace := range map[string]func(b *browser){
		"by GET, not reported": func(b *browser) { b.visit(at+"switch", "sid=bob; Path=/", "jwt=bob; Path=/") },
		"by GET, reported":     func(b *browser) { b.shows(at, nil); b.shows(at+"switch", nil, "sid=bob; Path=/", "jwt=bob; Path=/") },
		"by POST":              func(b *browser) { b.shows(at+"login", password, "sid=bob; Path=/", "jwt=bob; Path=/") },
		"and renewed often": func(b *browser) {
			b.shows(at+"login", password, "sid=bob-0; Path=/", "jwt=bob; Path=/", "XSRF-TOKEN=0; Path=/")
			for i := range 70 {
				b.shows(at+"orders", inside, fmt.Sprintf("sid=bob-%d; Path=/", i), fmt.Sprintf("XSRF-TOKEN=%d; Path=/", i))
			}
			b.shows(at+"orders", inside, "sid=bob; Path=/", "XSRF-TOKEN=; Path=/; Max-Age=0")
		},
	} {
		b := start(t, Options{})
		b.shows(at+"login", password, "sid=alice; Path=/")
		replace(b)
		part, err := b.book.Split(Ref{shop, 1}, "bob", b.now)
		if err != nil {
			t.Fatal(err)
		}
		alice, _ := b.book.Session(Ref{shop, 1}, b.now)
		got := Mask{}.Cookies(append(alice.Tokens, alice.Carried...)) + " | " + Mask{}.Cookies(part.Tokens)
		if got != "sid=alice | sid=bob; jwt=bob" && got != "sid=alice | jwt=bob; sid=bob" {
			t.Errorf("%s: %s", name, got)
		}
		if err := b.book.Revert(part.Ref(), 0, b.now); name != "and renewed often" && err == nil {
			t.Errorf("%s: bob went back to what was alice's", name)
		}
		values, _ := b.book.History(Ref{shop, 1})
		for _, v := range values {
			if strings.HasPrefix(v.Value, "bob") {
				t.Errorf("%s: alice's history has bob's %s", name, v.Value)
			}
		}
		if problem := b.book.sites[shop].problem(); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// TestSplitAfterRevert: split is about the last login that was reported, never about a revert:
// what that took back gets a session of its own, and the old one keeps what it has.
func TestSplitAfterRevert(t *testing.T) {
	login := func(who string) func(*browser) {
		return func(b *browser) {
			b.shows(at+"login", password, "sid="+who+"; Path=/", "jwt=j-"+who+"; Path=/")
		}
	}
	answer := func(lines ...string) func(*browser) {
		return func(b *browser) { b.shows(at+"api", inside, lines...) }
	}
	revert := func(to int) func(*browser) {
		return func(b *browser) {
			b.Helper()
			if err := b.book.Revert(Ref{shop, 1}, to, b.now); err != nil {
				b.Fatal(err)
			}
			b.mend(shop)
		}
	}
	many := func(b *browser) {
		for i := range 50 {
			answer(fmt.Sprintf("sid=bob-%d; Path=/", i))(b)
		}
	}
	for name, c := range map[string]struct {
		steps     []func(*browser) // after alice's login
		old, part string
		active    string // the number of the session that is, of 1
	}{
		"reverted":                        {[]func(*browser){login("bob"), revert(0)}, "jwt=j-alice; sid=alice", "jwt=j-bob; sid=bob", "1"},
		"reverted twice":                  {[]func(*browser){login("bob"), revert(0), revert(0)}, "jwt=j-alice; sid=alice", "jwt=j-bob; sid=bob", "2"},
		"reverted three times":            {[]func(*browser){login("bob"), revert(0), revert(0), revert(0)}, "jwt=j-alice; sid=alice", "jwt=j-bob; sid=bob", "1"},
		"renewed since":                   {[]func(*browser){login("bob"), revert(0), answer("sid=alice-2; Path=/")}, "jwt=j-alice; sid=alice-2", "jwt=j-bob; sid=bob", "1"},
		"renewed before":                  {[]func(*browser){login("bob"), answer("sid=bob-2; Path=/"), revert(2)}, "jwt=j-alice; sid=alice", "jwt=j-bob; sid=bob-2", "1"},
		"only the renewal reverted":       {[]func(*browser){login("bob"), answer("sid=bob-2; Path=/"), revert(0)}, "jwt=j-alice; sid=alice", "jwt=j-bob; sid=bob", "2"},
		"renewed very often before":       {[]func(*browser){login("bob"), many, revert(2)}, "jwt=j-alice; sid=alice", "jwt=j-bob; sid=bob-49", "1"},
		"the second login reverted":       {[]func(*browser){login("bob"), login("carol"), revert(0)}, "jwt=j-bob; sid=bob", "jwt=j-carol; sid=carol", "1"},
		"both logins reverted":            {[]func(*browser){login("bob"), login("carol"), revert(2)}, "jwt=j-alice; sid=alice", "jwt=j-carol; sid=carol", "1"},
		"a renewal that was not reported": {[]func(*browser){answer("sid=alice-2; Path=/"), revert(0)}, "jwt=j-alice; sid=alice", "jwt=j-alice; sid=alice-2", "1"},
	} {
		b := start(t, Options{})
		login("alice")(b)
		b.use("1")
		for _, step := range c.steps {
			step(b)
		}
		part, err := b.book.Split(Ref{shop, 1}, "", b.now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		old, _ := b.book.Session(Ref{shop, 1}, b.now)
		for _, side := range []struct {
			s    Session
			want string
		}{{old, c.old}, {part, c.part}} {
			list := strings.Split(Mask{}.Cookies(side.s.Tokens), "; ")
			slices.Sort(list)
			if got := strings.Join(list, "; "); got != side.want {
				t.Errorf("%s: session %d has %s, want %s", name, side.s.Number, got, side.want)
			}
		}
		if active, _ := b.book.Active(Main, shop, b.now); fmt.Sprint(active.Number) != c.active {
			t.Errorf("%s: session %d is active, want %s", name, active.Number, c.active)
		}
		for number, others := range map[int]string{1: c.part, 2: c.old} {
			other, _, _ := strings.Cut(strings.TrimPrefix(others, "jwt="), ";")
			values, err := b.book.History(Ref{shop, number})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if v.Value == other && name != "a renewal that was not reported" {
					t.Errorf("%s: the history of session %d has the other's %s", name, number, v.Value)
				}
			}
		}
		if problem := b.book.sites[shop].problem(); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
		if name == "reverted" { // and once only
			if _, err := b.book.Split(Ref{shop, 1}, "", b.now); err == nil {
				t.Errorf("%s: split twice", name)
			}
		}
	}

	// What a person gave is no login either.
	b := start(t, Options{})
	b.give("alice", "sid=alice")
	if err := b.book.Give(b.ref("alice"), []Cookie{{Name: "sid", Value: "other", Domain: "shop.test", Path: "/"}}, b.now); err != nil {
		t.Fatal(err)
	}
	if _, err := b.book.Split(b.ref("alice"), "", b.now); err == nil {
		t.Error("what a person gave was split off")
	}
}

// TestRevertTo: the last twenty values of a cookie, and those before each replacement that
// was reported, can be brought back however often another one changes.
func TestRevertTo(t *testing.T) {
	b := start(t, Options{})
	ref := Ref{shop, 1}
	b.shows(at+"login", password, "sid=alice; Path=/", "jwt=j-alice; Path=/")
	b.shows(at+"login", password, "sid=bob; Path=/", "jwt=j-bob; Path=/")
	for i := range 100 {
		b.shows(at+"api", inside, fmt.Sprintf("sid=bob-%d; Path=/", i))
	}
	number := func(value string) int {
		t.Helper()
		values, err := b.book.History(ref)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if v.Value == value {
				return v.Number
			}
		}
		return 0
	}
	for _, want := range []string{"alice", "bob-95", "bob-86", "alice"} {
		if err := b.book.Revert(ref, number(want), b.now); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		s, _ := b.book.Session(ref, b.now)
		jwt := "jwt=j-bob"
		if want == "alice" {
			jwt = "jwt=j-alice"
		}
		if got := (Mask{}).Cookies(s.Tokens); !strings.Contains(got, "sid="+want) || !strings.Contains(got, jwt) {
			t.Errorf("at %s the session has %s", want, got)
		}
	}
	if number("bob-3") != 0 {
		t.Error("an old value is remembered for ever")
	}
	if err := b.book.Revert(ref, 9999, b.now); err == nil {
		t.Error("there is no such change")
	}
	if n := len(b.book.sites[shop].number(1).changes); n > 60 {
		t.Errorf("%d changes are remembered", n)
	}
}

// TestSameValueOnTwoPaths: WordPress has two cookies of one name and value on two paths.
func TestSameValueOnTwoPaths(t *testing.T) {
	lines := []string{"sid=alice; Path=/wp-admin", "sid=alice; Path=/wp-content"}
	want := func(b *browser, when string) {
		t.Helper()
		b.new("bob")
		b.wantJar("")
		b.use("1")
		for _, path := range []string{"wp-admin", "wp-content"} {
			if got := b.visit(at + path); got != "sid=alice" {
				t.Errorf("%s: at /%s alice sends %q", when, path, got)
			}
		}
	}
	b := start(t, Options{})
	b.visit(at, lines...)
	want(b, "set by a response")

	b = start(t, Options{})
	for _, line := range lines {
		b.script(at, line)
	}
	b.book.SeeJar(Main, b.jar(), b.now)
	want(b, "found in the jar")

	b = start(t, Options{})
	b.script(at, lines[0])
	b.book.SeeJar(Main, b.jar(), b.now)
	b.script(at, lines[1])
	b.use("1")
	want(b, "the second one later")
}

func TestHasForeignToken(t *testing.T) {
	b := start(t, Options{})
	b.give("alice", "JSESSIONID=ALICE1")
	b.give("bob", "JSESSIONID=BOB1+x")
	b.use("alice")
	x := b.book.Sent(Request{URL: at, Header: "JSESSIONID=BOB1+x", Fields: func(string) string { return "Bearer eyBOB" }, Now: b.now})
	b.book.Received(x, Response{Now: b.now})
	for url, want := range map[string]bool{
		at + "orders;jsessionid=BOB1%2Bx":   true,
		at + "orders;jsessionid=BOB1+x?q=1": false, // that is a blank in a query
		at + "orders;jsessionid=ALICE1":     false,
		at + "#access_token=eyBOB":          true,
		at + "?sid=nobody":                  false,
		at + "BOB":                          false,
		"https://other.test/?s=BOB1%2Bx":    false,
		"about:blank":                       false,
	} {
		if got := b.book.HasForeignToken(Main, url); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
	for url, want := range map[string]bool{at + "#access_token=abcdef": true, at + "#/x?id_token=abcdef": true, at + "#section": false, at + "?access_token=abcdef": false} {
		if got := HasFragmentToken(url); got != want {
			t.Errorf("%s gives a token: %v", url, got)
		}
	}
}
