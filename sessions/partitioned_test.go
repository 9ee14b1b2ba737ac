package sessions

import (
	"testing"
	"time"
)

// The site of a page is what Chrome writes into a partition key, below localhost too
// (TestOracle in cdp).
func TestTopLevelSite(t *testing.T) {
	for url, want := range map[string]string{
		"https://www.shop.test:8443/a": "https://shop.test",
		"http://a.b.shop.co.uk/":       "http://shop.co.uk",
		"https://localhost:1/":         "https://localhost",
		"https://www.localhost:1/":     "https://www.localhost",
		"https://a.b.localhost/":       "https://b.localhost",
		"https://github.io/":           "https://github.io",
		"https://127.0.0.1:1/":         "https://127.0.0.1",
		"https://[::1]:1/":             "https://[::1]",
		"about:blank":                  "",
	} {
		if got := TopLevelSite(url); got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}

// What a written header has of partitioned cookies: the forced session's, and what is
// nobody's.
func TestPartitioned(t *testing.T) {
	b, _ := forced(t)
	const key = "https://a.test"
	now := time.Now()
	parted := func(name, value string) Cookie {
		return Cookie{Name: name, Value: value, Domain: "a.test", Path: "/", Secure: true, Partition: key}
	}
	answer := func(cookies ...Cookie) {
		x := b.Sent(Request{Window: Main, URL: "https://a.test/", Header: "sid=bob; XSRF-TOKEN=bob", Now: now})
		b.Received(x, Response{Cookies: cookies, Now: now})
	}
	says := func(what, top, want string, jar ...Cookie) {
		t.Helper()
		if got := b.Partitioned(Main, "https://a.test/", top, " cross", jar, now); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	answer(parted("sid", "parted"))
	says("its own", key, "sid=parted")
	says("of another page", "https://b.test", "")
	says("and what is nobody's", key, "sid=parted; theme=dark", parted("sid", "alice"), parted("theme", "dark"))
	answer(parted("sid", ""))
	says("emptied by a logout", key, "sid=", parted("sid", ""))
}
