package sessions

import (
	"strings"
	"testing"
)

func TestShowURL(t *testing.T) {
	tests := map[string]string{
		"": "", "http://a/b?c#d": "http://a/b?…#…", "http://a/b#d": "http://a/b#…", "about:blank": "about:blank", "http://a/?": "http://a/?", "http://a/?#": "http://a/?#",
		"https://u:p@a/":                            "https://…@a/",
		"https://u@a":                               "https://…@a",
		"https://u:p@ss@a:8080/x":                   "https://…@a:8080/x",
		"https://u:p/ss@a/x?q":                      "https://…@a/x?…",
		"https://u:p?s#s@a/x?q":                     "https://…@a/x?…",
		`https://u:pw\@a/x`:                         "https://…@a/x",
		"https://u:pw":                              "https://u:…",
		"https://u:pw/path":                         "https://u:…/path",
		"http://a:8080/@alice/b@c":                  "http://a:8080/@alice/b@c",
		"http://[::1]:80/x":                         "http://[::1]:80/x",
		"http://u:p@[::1]:80/x":                     "http://…@[::1]:80/x",
		"http://a/b;jsessionid=1/c;d=2;e?f":         "http://a/b;…/c;…?…",
		"http://a/b;/c;":                            "http://a/b;/c;",
		"about:blank#x":                             "about:blank#…",
		"data:text/html,secret":                     "data:…",
		"blob:https://a/1":                          "blob:…",
		"JavaScript:alert(1)":                       "JavaScript:…",
		"view-source:http://u:p@a/":                 "view-source:…",
		"ws://u:p@127.0.0.1:9222/devtools?token=x":  "ws://…@127.0.0.1:9222/devtools?…",
		"u:p@proxy.test:8080":                       "…@proxy.test:8080",
		"localhost:8080/a":                          "localhost:8080/a",
		"9222":                                      "9222",
		"::1":                                       "::1",
		"*.shop.test:*/app/*":                       "*.shop.test:*/app/*",
		"http=a:80;https=b:80":                      "http=a:80;https=b:80",
		"/login?next=x":                             "/login?…",
		"?a=b":                                      "?…",
		"#/route":                                   "#…",
		"http://%":                                  "http://%",
		"http:\n//u:pw@a/x":                         "…@a/x",
		"chrome-error://chromewebdata/":             "chrome-error://chromewebdata/",
		"http://h/login?next=http://u:p@other/#top": "http://h/login?…#…",
	}
	for raw, want := range tests {
		if got := ShowURL(raw); got != want {
			t.Errorf("%q is shown as %q, want %q", raw, got, want)
		}
	}
}

func TestShowURLs(t *testing.T) {
	tests := [][3]string{
		{`parse "http://u:pw@a b/": invalid character " " in host name`, "", `parse "http://…@a b/": invalid character " " in host name`},
		{"Failed to fetch (http://a/x?q=1), then", "", "Failed to fetch (http://a/x?…), then"},
		{"at http://a/x.js;jsessionid=1: net::ERR", "", "at http://a/x.js;…: net::ERR"},
		{"see http://a/b and http://u@c", "", "see http://a/b and http://…@c"},
		{`expected "http://a/?q=1", but it is http://a/?q=2`, "expect url http://a/?q=1", `expected "http://a/?q=1", but it is http://a/?…`},
		{"opening http://u:pw@a/?q: no", "open http://u:pw@a/?q", "opening http://…@a/?q: no"},
	}
	for _, test := range tests {
		if got := showURLs(test[0], test[1]); got != test[2] {
			t.Errorf("%s\n got: %s\nwant: %s", test[0], got, test[2])
		}
	}
}

// Whatever is hidden is nowhere in what is shown, and what is parted is the URL.
func FuzzShowURL(f *testing.F) {
	for _, seed := range []string{"http://u:p@a/b;c=d?e#f", "u:p/s@a", "http://a:b@", "data:x", `\\a@b:c`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		shown, all := ShowURL(raw), ""
		for _, p := range SplitURL(raw) {
			all += p.Text
		}
		if all != raw {
			t.Errorf("%q is parted as %q", raw, all)
		}
		if again := ShowURL(shown); again != shown && !strings.Contains(raw, "…") {
			t.Errorf("%q is shown as %q, and that as %q", raw, shown, again)
		}
		const secret = "s3cr3t-v4lue"
		for _, with := range []string{"http://user:" + secret + "@" + raw, "http://h.test/?" + secret + raw, "http://h.test/a#" + secret + raw} {
			if strings.Contains(ShowURL(with), secret) {
				t.Errorf("%q is shown as %q", with, ShowURL(with))
			}
		}
	})
}
