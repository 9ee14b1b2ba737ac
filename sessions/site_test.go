package sessions

import "testing"

func TestSiteOf(t *testing.T) {
	for _, c := range []struct{ url, domain, host string }{
		{"https://shop.test/a?b#c", "shop.test", "shop.test:443"},
		{"http://shop.test/", "shop.test", "shop.test:80"},
		{"http://www.shop.test:8080/", "shop.test", "www.shop.test:8080"},
		{"https://a.b.example.co.uk/", "example.co.uk", "a.b.example.co.uk:443"},
		{"https://alice.github.io/", "alice.github.io", "alice.github.io:443"},
		{"https://www.alice.github.io/", "alice.github.io", "www.alice.github.io:443"},
		{"https://github.io/", "github.io", "github.io:443"},
		{"https://co.uk/", "co.uk", "co.uk:443"},
		{"http://localhost:3000/", "localhost", "localhost:3000"},
		{"http://app.localhost:3000/", "localhost", "app.localhost:3000"},
		{"http://notlocalhost/", "notlocalhost", "notlocalhost:80"},
		{"http://intranet/", "intranet", "intranet:80"},
		{"http://127.0.0.1:8080/", "127.0.0.1", "127.0.0.1:8080"},
		{"http://[::1]:8081/", "::1", "[::1]:8081"},
		{"https://[2001:db8::1]/", "2001:db8::1", "[2001:db8::1]:443"},
		{"https://shop.test./", "shop.test", "shop.test:443"},
		{"https://SHOP.Test/", "shop.test", "shop.test:443"},
		{"https://www.xn--bcher-kva.example/", "xn--bcher-kva.example", "www.xn--bcher-kva.example:443"},
		{"ws://shop.test/live", "shop.test", "shop.test:80"},
		{"wss://shop.test/live", "shop.test", "shop.test:443"},
		{"https://user:pass@shop.test/", "shop.test", "shop.test:443"},
		{"https://shop.test?next=http://evil.test/", "shop.test", "shop.test:443"},
		{"https://shop.test#@evil.test", "shop.test", "shop.test:443"},
		{"about:blank", "", ""},
		{"data:text/html,http://shop.test/", "", ""},
		{"blob:https://shop.test/1-2", "", ""},
		{"file:///etc/passwd", "", ""},
		{"chrome-extension://abc/x.html", "", ""},
		{"https:///x", "", ""},
		{"", "", ""},
	} {
		if got := ScopeDomain.SiteOf(c.url); got != c.domain {
			t.Errorf("domain site of %q: got %q, want %q", c.url, got, c.domain)
		}
		if got := ScopeHost.SiteOf(c.url); got != c.host {
			t.Errorf("host site of %q: got %q, want %q", c.url, got, c.host)
		}
	}
}

func TestScopes(t *testing.T) {
	for text, want := range map[string]Scope{"domain": ScopeDomain, "host": ScopeHost} {
		if got, err := Scopes.Parse(text); got != want || err != nil {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	if _, err := Scopes.Parse("Site"); err == nil {
		t.Error("an unknown scope is taken")
	}
}

func TestNormalizeURL(t *testing.T) {
	for raw, want := range map[string]string{
		"shop.test":                   "http://shop.test/",
		"127.0.0.1:8080":              "http://127.0.0.1:8080/",
		"localhost:3000/a":            "http://localhost:3000/a",
		"[::1]:8080":                  "http://[::1]:8080/",
		"HTTPS://Shop.Test/A":         "https://shop.test/A",
		" bücher.example ":            "http://xn--bcher-kva.example/",
		"my_app.test":                 "http://my_app.test/",
		"r3---sn-x.test":              "http://r3---sn-x.test/",
		"http://[0:0:0:0:0:0:0:1]/":   "http://[::1]/",
		"shop.test/?u=http://x.test/": "http://shop.test/?u=http://x.test/",
		"ftp://shop.test/":            "",
		"javascript:alert(1)":         "",
		"http://":                     "",
		"":                            "",
		"two words":                   "",
	} {
		got, err := NormalizeURL(raw)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: got %q, %v; want %q", raw, got, err, want)
		}
	}
}

// The jar writes IPv6 hosts in brackets; a Secure token must not leak to a name
// that only looks like a loopback address.
func TestCovers(t *testing.T) {
	for _, c := range []struct {
		cookie Cookie
		url    string
		want   bool
	}{
		{Cookie{Domain: "shop.test", Path: "/"}, "http://shop.test/", true},
		{Cookie{Domain: "shop.test", Path: "/"}, "http://www.shop.test/", false},
		{Cookie{Domain: ".shop.test", Path: "/"}, "http://www.shop.test/", true},
		{Cookie{Domain: ".shop.test", Path: "/"}, "http://shop.test/", true},
		{Cookie{Domain: ".shop.test", Path: "/"}, "http://workshop.test/", false},
		{Cookie{Domain: "shop.test", Path: "/foo"}, "http://shop.test/foo", true},
		{Cookie{Domain: "shop.test", Path: "/foo"}, "http://shop.test/foo/bar", true},
		{Cookie{Domain: "shop.test", Path: "/foo/"}, "http://shop.test/foo/bar", true},
		{Cookie{Domain: "shop.test", Path: "/foo"}, "http://shop.test/foobar", false},
		{Cookie{Domain: "shop.test", Path: "/foo"}, "http://shop.test/?/foo", false},
		{Cookie{Domain: "shop.test", Path: "/", Secure: true}, "http://shop.test/", false},
		{Cookie{Domain: "shop.test", Path: "/", Secure: true}, "wss://shop.test/", true},
		{Cookie{Domain: "localhost", Path: "/", Secure: true}, "http://localhost:3000/", true},
		{Cookie{Domain: "127.0.0.1", Path: "/", Secure: true}, "http://127.0.0.1/", true},
		{Cookie{Domain: "127.0.0.1.evil.test", Path: "/", Secure: true}, "http://127.0.0.1.evil.test/", false},
		{Cookie{Domain: "[::1]", Path: "/", Secure: true}, "http://[::1]:8080/", true},
		{Cookie{Domain: "shop.test", Path: "/"}, "about:blank", false},
	} {
		if got := c.cookie.Covers(c.url); got != c.want {
			t.Errorf("%+v covers %s: got %v, want %v", c.cookie, c.url, got, c.want)
		}
	}
}
