package cdp

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCarriedCookies: a site that logs a visitor in again by a remember-me cookie,
// and takes a form only with the XSRF-TOKEN of its session. A new session is really
// logged out, and a forced one can post.
func TestCarriedCookies(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie := func(name string) string {
			if c, err := r.Cookie(name); err == nil {
				return c.Value
			}
			return ""
		}
		begin := func(user string) {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "sid-of-" + user, Path: "/", HttpOnly: true})
			http.SetCookie(w, &http.Cookie{Name: "XSRF-TOKEN", Value: "xsrf-of-" + user, Path: "/"})
		}
		user := strings.TrimPrefix(cookie("sid"), "sid-of-")
		switch name, login := strings.CutPrefix(r.URL.Path, "/login/"); {
		case login:
			begin(name)
			http.SetCookie(w, &http.Cookie{Name: "remember_me", Value: "remember-" + name, Path: "/", MaxAge: 1000})
			user = name
		case user == "" && cookie("remember_me") != "":
			user = strings.TrimPrefix(cookie("remember_me"), "remember-")
			begin(user)
		case r.Method == http.MethodPost && (r.FormValue("xsrf") != "xsrf-of-"+user || cookie("XSRF-TOKEN") != r.FormValue("xsrf")):
			user = "refused"
		case r.Method == http.MethodPost:
			user += " posted"
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><link rel=icon href="data:,"><title>%s</title><form method=post action=/save><input name=xsrf></form>`, user)
	}))
	defer server.Close()
	r := launch(t, func(o *Options) { o.Arguments = []string{resolve} })
	page := at(server, "shop.test", "/")
	want := func(title string) {
		t.Helper()
		if got := r.title(); got != title {
			t.Errorf("the page is of %q, want %q", got, title)
		}
	}
	for _, name := range []string{"alice", "bob"} {
		r.newSession("shop.test", name)
		r.open(page)
		want("") // nobody is remembered
		r.open(page + "login/" + name)
		want(name)
		r.open(page) // else the switch would reload the login
	}
	for _, name := range []string{"alice", "bob", "alice"} {
		r.use("shop.test", name)
		r.open(page)
		want(name)
		// As a page does: the token of the cookie goes into the form.
		run(r, `const f = document.forms[0]; f.xsrf.value = document.cookie.match(/XSRF-TOKEN=([^;]*)/)[1]; f.submit()`)
		r.until("the answer to the form", func() bool { return r.targets.Document(r.currentTab()).Method == "POST" })
		want(name + " posted")
		r.open(page)
	}
}
