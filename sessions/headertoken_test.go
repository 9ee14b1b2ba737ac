package sessions

import (
	"fmt"
	"strings"
	"testing"
)

const apiURL = "https://api.shop.test/v1"

// bears sends a request with headers, NAME: VALUE, as a page's script would, and
// returns them as they left. It has the jar's cookies unless it is to omit them.
func (b *browser) bears(url string, omit bool, lines ...string) string {
	b.Helper()
	fields := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		fields[strings.ToLower(name)] = value
	}
	get := func(name string) string { return fields[strings.ToLower(name)] }
	header := ""
	if !omit {
		header = Mask{}.Cookies(b.found(url))
	}
	v := b.book.Decide(Paused{Window: b.window, URL: url, Header: header, Fields: get, Now: b.now})
	if v.Action == Rewrite {
		header = v.Header
	}
	for _, f := range v.Fields {
		fields[strings.ToLower(f.Name)] = f.Value
	}
	x := b.book.Sent(Request{Window: b.window, URL: url, Header: header, Fields: get, Asked: get, Jar: b.found(url), Now: b.now})
	flight{b, url, header, x}.answer()
	var left []string
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ": ")
		left = append(left, get(name))
	}
	return strings.Join(left, ", ")
}

// wantHeaders compares the header tokens of a session.
func (b *browser) wantHeaders(name, want string) {
	b.Helper()
	s, err := b.book.Session(b.ref(name), b.now)
	if err != nil {
		b.Fatal(err)
	}
	var list []string
	for _, h := range s.Headers {
		list = append(list, fmt.Sprintf("%s %s %s", h.Origin, h.Name, h.Value))
	}
	if got := strings.Join(list, "; "); got != want {
		b.Errorf("the header tokens of %s:\n got %q\nwant %q", name, got, want)
	}
}

// twoBearers has alice and bob with a bearer token each; bob is active.
func twoBearers(t *testing.T) *browser {
	b := start(t, Options{})
	b.new("alice")
	b.visit("https://shop.test/login", "sid=A; Domain=shop.test")
	b.bears(apiURL, false, "Authorization: Bearer a1")
	b.new("bob")
	b.visit("https://shop.test/login", "sid=B; Domain=shop.test")
	b.bears(apiURL, false, "Authorization: Bearer b1")
	return b
}

func TestHeaderTokens(t *testing.T) {
	b := twoBearers(t)
	b.wantHeaders("alice", "https://api.shop.test Authorization Bearer a1")
	b.wantHeaders("bob", "https://api.shop.test Authorization Bearer b1")
	for _, c := range []struct{ name, url, sends, want string }{
		{"its own", apiURL, "Bearer b1", "Bearer b1"},
		{"alice's", apiURL, "Bearer a1", "Bearer b1"},
		{"alice's, on an origin where bob was not seen", "https://files.shop.test/", "Bearer a1", "Bearer b1"},
		{"no bearer token", apiURL, "Basic YTph", "Basic YTph"},
		{"none", apiURL, "", ""},
	} {
		for _, omit := range []bool{false, true} {
			if got := b.bears(c.url, omit, "Authorization: "+c.sends); got != c.want {
				t.Errorf("%s: sent %q, want %q", c.name, got, c.want)
			}
		}
	}
	preflight := Paused{URL: apiURL, Preflight: true, Fields: func(string) string { return "Bearer a1" }, Now: b.now}
	if v := b.book.Decide(preflight); v.Action != Continue || v.Fields != nil {
		t.Errorf("a preflight: %+v", v)
	}
	b.wantHeaders("bob", "https://api.shop.test Authorization Bearer b1; https://files.shop.test Authorization Bearer b1")
	b.use("alice")
	b.bears("https://only.shop.test/", true, "Authorization: Bearer a2")
	b.use("bob")
	if got := b.bears("https://only.shop.test/", true, "Authorization: Bearer a2"); got != "Bearer a2" {
		t.Errorf("with no token of his own for it bob sends %q", got)
	}
	// Rotated, and the one before is still bob's.
	b.bears(apiURL, true, "Authorization: bearer b2")
	b.wantHeaders("bob", "https://api.shop.test Authorization bearer b2; https://files.shop.test Authorization Bearer b1")
	for sends, want := range map[string]string{"Bearer b1": "Bearer b1", "Bearer a1": "bearer b2"} {
		if got := b.bears(apiURL, false, "Authorization: "+sends); got != want {
			t.Errorf("%s is sent as %q, want %q", sends, got, want)
		}
	}
	b.use("alice")
	if got := b.bears(apiURL, false, "Authorization: bearer b2"); got != "Bearer a1" {
		t.Errorf("as alice %q is sent", got)
	}
	b.unset()
	if got := b.bears(apiURL, false, "Authorization: bearer b2"); got != "bearer b2" {
		t.Errorf("with nothing forced %q is sent", got)
	}
}

// The cookies of a request with another's bearer token are the forced session's as
// ever, and only what changes is written.
func TestHeaderTokenWithCookies(t *testing.T) {
	b := twoBearers(t)
	get := func(string) string { return "Bearer a1" }
	for header, want := range map[string]string{"": "", "x=1": "x=1", "sid=B; x=1": "sid=B; x=1", "sid=A; x=1": "sid=B; x=1"} {
		v := b.book.Decide(Paused{URL: apiURL, Header: header, Fields: get, Now: b.now})
		if v.Action != Rewrite || v.Header != want || len(v.Fields) != 1 || v.Fields[0] != (Field{"Authorization", "Bearer b1"}) {
			t.Errorf("%q: %+v", header, v)
		}
	}
}

// What visitors send too, as an application's key, is nobody's.
func TestHeaderTokenOfNobody(t *testing.T) {
	b := start(t, Options{})
	b.bears(apiURL, true, "Authorization: Bearer public")
	b.new("alice")
	b.visit("https://shop.test/", "sid=A; Domain=shop.test")
	b.bears(apiURL, false, "Authorization: Bearer public")
	b.wantHeaders("alice", "")
	b.bears(apiURL, false, "Authorization: Bearer a1")
	b.new("bob")
	b.visit("https://shop.test/", "sid=B; Domain=shop.test")
	b.bears(apiURL, false, "Authorization: Bearer b1")
	if got := b.bears(apiURL, false, "Authorization: Bearer public"); got != "Bearer public" {
		t.Errorf("the application's key is sent as %q", got)
	}
}

// A token that comes with a login is not the earlier user's, whose window it was.
func TestHeaderTokenOfNewLogin(t *testing.T) {
	b := start(t, Options{})
	b.visit("https://shop.test/", "sid=A; Domain=shop.test")
	b.bears(apiURL, true, "Authorization: Bearer a1")
	b.script("https://shop.test/", "sid=B; Domain=shop.test") // unknown yet
	b.bears(apiURL, false, "Authorization: Bearer b1")
	b.bears(apiURL, true, "Authorization: Bearer b1")
	b.wantHeaders("Session 1", "https://api.shop.test Authorization Bearer a1")
	b.wantHeaders("Session 3", "https://api.shop.test Authorization Bearer b1")
}

func TestAddHeader(t *testing.T) {
	b := twoBearers(t)
	if err := b.book.AddHeader("shop.test", "X-Auth"); err != nil {
		t.Fatal(err)
	}
	b.bears(apiURL, false, "x-auth: b", "Authorization: Bearer b1")
	b.use("alice")
	b.bears(apiURL, false, "X-AUTH: a", "Authorization: Bearer a1")
	b.wantHeaders("alice", "https://api.shop.test Authorization Bearer a1; https://api.shop.test X-Auth a")
	if got := b.bears(apiURL, false, "X-Auth: b", "Authorization: Bearer b1"); got != "a, Bearer a1" {
		t.Errorf("sent %q", got)
	}
	if s, _ := b.book.Site("shop.test"); fmt.Sprint(s.Headers) != "[{Authorization true 2} {X-Auth false 2}]" {
		t.Errorf("the site has %v", s.Headers)
	}
	// Authorization by name counts whatever its scheme; removed, it does not at all.
	if err := b.book.AddHeader("shop.test", "authorization"); err != nil {
		t.Fatal(err)
	}
	b.bears(apiURL, false, "Authorization: DPoP a")
	b.wantHeaders("alice", "https://api.shop.test Authorization DPoP a; https://api.shop.test X-Auth a")
	for _, name := range []string{"Authorization", "x-auth"} {
		if err := b.book.RemoveHeader("shop.test", name); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.bears(apiURL, false, "X-Auth: b", "Authorization: Bearer b1"); got != "b, Bearer b1" {
		t.Errorf("removed, sent %q", got)
	}
	b.wantHeaders("alice", "")
	for _, name := range []string{"", "a b", "a:b", "ü", "\n", "Cookie", "set-cookie"} {
		if err := b.book.AddHeader("shop.test", name); err == nil {
			t.Errorf("%q was added", name)
		}
	}
	for site, name := range map[string]string{"shop.test": "X-Auth", "other.test": "Authorization"} {
		if err := b.book.RemoveHeader(site, name); err == nil {
			t.Errorf("%s was removed from %s", name, site)
		}
	}
}

// Header tokens go where their sessions go.
func TestHeaderTokensMove(t *testing.T) {
	b := twoBearers(t)
	b.use("alice")
	b.login("https://shop.test/login", "sid=C; Domain=shop.test") // alice's session is carol's now
	b.bears(apiURL, false, "Authorization: Bearer c1")
	if _, err := b.book.Split(b.ref("alice"), "carol", b.now); err != nil {
		t.Fatal(err)
	}
	b.wantHeaders("carol", "https://api.shop.test Authorization Bearer c1")
	b.wantHeaders("alice", "")
	if got := b.bears(apiURL, true, "Authorization: Bearer a1"); got != "Bearer c1" {
		t.Errorf("alice's goes out as %q in carol's name", got)
	}
	// Removed, and back.
	b.use("bob")
	if _, err := b.book.Remove(b.ref("carol"), b.now); err != nil {
		t.Fatal(err)
	}
	if got := b.bears(apiURL, true, "Authorization: Bearer c1"); got != "Bearer b1" {
		t.Errorf("a removed session's goes out as %q", got)
	}
	// Another site has them no more.
	if _, err := b.book.SplitSite("api.shop.test", b.now); err != nil {
		t.Fatal(err)
	}
	b.wantHeaders("bob", "")
}

// A hostile page does not fill our memory, nor take a session's token away.
func TestHeaderTokenBounds(t *testing.T) {
	b := twoBearers(t)
	for i := range 3 * maxHeaderValues {
		b.bears(fmt.Sprintf("https://h%d.shop.test/", i), true, fmt.Sprintf("Authorization: Bearer x%d", i))
	}
	b.bears(apiURL, true, "Authorization: Bearer "+strings.Repeat("x", maxHeaderToken))
	b.bears(apiURL, true, "Authorization: Bearer \x01")
	page := b.book.sites["shop.test"]
	if n := len(page.headers.owners); n > maxHeaderValues {
		t.Errorf("%d values are remembered", n)
	}
	if n := len(page.names["bob"].headers); n != maxHeaders {
		t.Errorf("bob has %d", n)
	}
	if got := b.bears(apiURL, true, "Authorization: Bearer a1"); got != "Bearer b1" {
		t.Errorf("sent %q", got)
	}
}
