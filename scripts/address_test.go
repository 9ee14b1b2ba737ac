package scripts

import (
	"strings"
	"testing"
)

func TestRelativeAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"/login": "http://shop.test:8080/login", "?a=b": "http://shop.test:8080/orders/1?a=b", "#top": "http://shop.test:8080/orders/1?x=1#top", "./2": "http://shop.test:8080/orders/2", "..": "http://shop.test:8080/",
		"//other.test/a": "http://other.test/a", "about:blank": "about:blank", "shop.test/b": "http://shop.test/b",
	} {
		w := newWorld(t)
		w.browser.location = "http://shop.test:8080/orders/1?x=1"
		w.run("open " + Quote(text))
		if text == "#top" {
			w.browser.location = "http://shop.test:8080/orders/1?x=1"
			w.run("open '#top'")
		}
		if w.browser.location != want {
			t.Errorf("%s: %s, want %s", text, w.browser.location, want)
		}
	}
	for _, at := range []string{"", "about:blank", "chrome-error://chromewebdata/"} {
		w := newWorld(t)
		w.browser.location = at
		for _, line := range []string{"open /login?token=secret", "request GET /login?token=secret"} {
			_, err := w.Run(t.Context(), line)
			if kindOf(err) != "usage" || !strings.Contains(err.Error(), "/login?… is relative to the current page, and there is none; type the whole address") {
				t.Errorf("at %q: %v", at, err)
			}
		}
	}
	w := newWorld(t)
	for line, want := range map[string]string{"open /%zz": "is not a valid address", "request GET about:blank": "about:blank comes from no server"} {
		if _, err := w.Run(t.Context(), line); kindOf(err) != "usage" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
	w.run("open about:blank --as alice")
	if w.browser.window == "" || w.active("shop.test") != "alice" {
		t.Errorf("in window %q %q is forced", w.browser.window, w.active("shop.test"))
	}
}

func TestSiteNotOpened(t *testing.T) {
	w := emptyWorld(t)
	w.run("new new.test/dave")
	w.run("new erin --site https://www.other.test:8443/login")
	w.run("new localhost/frank")
	w.run("token add my_login --site new2.test")
	w.run("token add new2.test/basket --carry")
	w.run("token add-header X-Auth --site new3.test")
	for site, want := range map[string]string{"new.test": "dave", "other.test": "erin", "localhost": "frank"} {
		if got := w.active(site); got != want {
			t.Errorf("on %s %q is forced, want %s", site, got, want)
		}
	}
	w.browser.location = "http://new2.test/"
	w.exchange("http://new2.test/", "my_login=1; basket=2", noon)
	if list := w.Book.Sessions("new2.test", noon); len(list) != 1 || len(list[0].Tokens) != 1 || len(list[0].Carried) != 1 {
		t.Errorf("the sessions of new2.test are %+v", list)
	}
}
