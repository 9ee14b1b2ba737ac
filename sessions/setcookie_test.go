package sessions

import (
	"strings"
	"testing"
	"time"
)

func TestParseSetCookie(t *testing.T) {
	const url = "https://www.shop.test/account/orders"
	host := Cookie{Name: "sid", Value: "1", Domain: "www.shop.test", Path: "/account"}
	with := func(change func(*Cookie)) Cookie {
		c := host
		change(&c)
		return c
	}
	at := func(d time.Duration) Cookie { return with(func(c *Cookie) { c.Expires = testNow.Add(d) }) }
	for _, c := range []struct {
		line string
		want Cookie // the zero Cookie: refused
	}{
		{"sid=1", host},
		{" sid = 1 ; ", host},
		{"sid=1; Path=/", with(func(c *Cookie) { c.Path = "/" })},
		{"sid=1; Path=x", host},
		{"sid=1; Path=/a; Path=", host},
		{"sid=1; Domain=shop.test", with(func(c *Cookie) { c.Domain = ".shop.test" })},
		{"sid=1; Domain=.SHOP.test", with(func(c *Cookie) { c.Domain = ".shop.test" })},
		{"sid=1; Domain=", host},
		{"sid=1; Domain=test", Cookie{}},
		// What only Chrome says (TestOracle in cdp): the last attribute of a kind
		// counts, also where it says nothing.
		{"sid=1; Domain=test; Domain=shop.test", with(func(c *Cookie) { c.Domain = ".shop.test" })},
		{"sid=1; Domain=.", Cookie{}},
		{"sid=1; Domain=shop.test.", Cookie{}},
		{"sid=1; Max-Age=60; Max-Age=", host},
		{"sid=1; Expires=Mon, 23 Nov 2026 06:01:00 GMT; Expires=x", host},
		{"sid=1; Expires=Mon, 23 Nov 2026 06:01:00x GMT", host},
		{"sid=1; Expires=Mon, 23 Nov 2026y 06:01:00 GMT", host},
		{"sid=1; Expires=Mon, 23rd Nov 2026 06:01:00 GMT", host},
		{"sid=1; SameSite=None", Cookie{}},
		{"sid=1; Partitioned", Cookie{}},
		{"sid=a\tb", Cookie{}},
		{"sid=1; Odd=a\x7fb", Cookie{}},
		{"=a=b", Cookie{}},
		{"=__Http-a", Cookie{}},
		{"__Http-sid=1; Secure", Cookie{}},
		{"__Host-Http-sid=1; Secure; HttpOnly", Cookie{}},
		{"__Host-sid=1; Secure", Cookie{}},
		{"sid=1; Domain=other.test", Cookie{}},
		{"sid=1; Domain=a.www.shop.test", Cookie{}},
		{"sid=1; Secure; HttpOnly; SameSite=none", with(func(c *Cookie) { c.Secure, c.HTTPOnly, c.SameSite = true, true, "None" })},
		{"sid=1; samesite=LAX", with(func(c *Cookie) { c.SameSite = "Lax" })},
		{"sid=1; SameSite=odd", host},
		{"sid=1; Max-Age=60", at(time.Minute)},
		{"sid=1; Max-Age=+60", at(time.Minute)},
		{"sid=1; Max-Age=", host},
		{"sid=1; Max-Age=99999999999999999999", at(maxAge)},
		{"sid=1; Max-Age=0", with(func(c *Cookie) { c.Expires = expire })},
		{"sid=1; Max-Age=-1", with(func(c *Cookie) { c.Expires = expire })},
		{"sid=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", at(time.Minute)},
		{"sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", at(time.Minute)},
		{"sid=1; Expires=Mon, 23-Nov-2026 07:00:00 GMT", at(time.Hour)},
		{"sid=1; Expires=Mon Nov 23 07:00:00 26", at(time.Hour)},
		{"sid=1; Expires=Mon, 23 Nov 2026 007:000:0 GMT", at(time.Hour)},
		{"sid=1; Expires=Mon, 23 Nov 2099 07:00:00 GMT", at(maxAge)},
		{"sid=1; Expires=tomorrow", host},
		{"sid=1; Expires=Mon, 30 Feb 2026 07:00:00 GMT", host},
		{`sid="a, b"=c`, with(func(c *Cookie) { c.Value = `"a, b"=c` })},
		{"sid=", with(func(c *Cookie) { c.Value = "" })},
		{"flag", with(func(c *Cookie) { c.Name, c.Value = "", "flag" })},
		{"=flag", with(func(c *Cookie) { c.Name, c.Value = "", "flag" })},
		{"sid=1\r\nEvil: 1", host},
		{"sid=a\x01b", Cookie{}},
		{"", Cookie{}},
		{"=", Cookie{}},
		{"; Path=/", Cookie{}},
		{"sid=" + strings.Repeat("x", maxPairSize), Cookie{}},
		{"sid=1; Path=/" + strings.Repeat("x", maxAttributeSize), host},
		{"__Host-sid=1", Cookie{}},
		{"__Host-sid=1; Secure; Path=/", with(func(c *Cookie) { c.Name, c.Secure, c.Path = "__Host-sid", true, "/" })},
		{"__Host-sid=1; Secure; Path=/; Domain=shop.test", Cookie{}},
		{"__Secure-sid=1", Cookie{}},
		{"__Secure-sid=1; Secure", with(func(c *Cookie) { c.Name, c.Secure = "__Secure-sid", true })},
		{"__SECURE-flag", with(func(c *Cookie) { c.Name, c.Value = "", "__SECURE-flag" })},
	} {
		got, ok := ParseSetCookie(c.line, url, testNow)
		if c.line == "__SECURE-flag" {
			c.want = Cookie{} // a nameless cookie must not look like a prefixed one
		}
		if got != c.want || ok != (c.want != Cookie{}) {
			t.Errorf("%.60q:\n got %+v, %v\nwant %+v", c.line, got, ok, c.want)
		}
	}
}

func TestParseSetCookieAtOddHosts(t *testing.T) {
	for _, c := range []struct {
		url, line, domain string // "" means refused
	}{
		{"http://localhost:3000/", "sid=1; Domain=localhost", "localhost"},
		{"http://app.localhost:3000/", "sid=1; Domain=localhost", ""},
		{"http://localhost:3000/", "sid=1; Secure", "localhost"},
		{"http://shop.test/", "sid=1; Secure", ""},
		{"http://127.0.0.1/", "sid=1; Domain=127.0.0.1", "127.0.0.1"},
		{"http://127.0.0.1/", "sid=1; Domain=0.0.1", ""},
		{"http://[::1]:8080/", "sid=1", "[::1]"},
		{"http://[::1]:8080/", "sid=1; Domain=[::1]", "[::1]"},
		{"https://alice.github.io/", "sid=1; Domain=github.io", ""},
		{"https://github.io/", "sid=1; Domain=github.io", "github.io"},
		{"https://alice.github.io/", "sid=1; Domain=alice.github.io", ".alice.github.io"},
		{"http://shop.test./", "sid=1", "shop.test."},
		{"http://shop.test./", "sid=1; Domain=shop.test.", ".shop.test."},
		{"http://www.shop.test./", "sid=1; Domain=shop.test", ""},
		{"http://www.shop.test./", "sid=1; Domain=.shop.test.", ".shop.test."},
		{"http://www.shop.test/", "sid=1; Domain=shop.test.", ""},
		{"http://www.co.uk./", "sid=1; Domain=co.uk.", ""},
		{"about:blank", "sid=1", ""},
	} {
		got, ok := ParseSetCookie(c.line, c.url, testNow)
		if got.Domain != c.domain || ok != (c.domain != "") {
			t.Errorf("%s at %s: got %q, %v; want %q", c.line, c.url, got.Domain, ok, c.domain)
		}
	}
}

// FuzzSetCookie wants a parsed cookie to come out again when it is written down.
func FuzzSetCookie(f *testing.F) {
	for _, seed := range []string{"sid=1; Path=/", "sid", "=;", "a=b=c; Expires=Mon, 23-Nov-26 07:00:00 GMT", "\x00", "a=\xff\t b; domain=shop.test"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, ok := ParseSetCookie(line, "https://www.shop.test/a/b", testNow)
		if !ok {
			if c != (Cookie{}) {
				t.Errorf("%q is refused with %+v", line, c)
			}
			return
		}
		again, ok := ParseSetCookie(c.Name+"="+c.Value, "https://www.shop.test/a/b", testNow)
		if !ok || again.Name != c.Name || again.Value != c.Value {
			t.Errorf("%q: %q=%q comes back as %q=%q, %v", line, c.Name, c.Value, again.Name, again.Value, ok)
		}
		if c.Name == "" {
			return
		}
		if got := pairsOf("x=1; " + c.Name + "=" + c.Value); len(got) != 2 || got[1] != c.pair() {
			t.Errorf("%q in a Cookie header is %q", line, got)
		}
	})
}
