package scripts

import (
	"testing"

	"sessdriver/sessions"
)

func TestWhy(t *testing.T) {
	w := newWorld(t)
	w.browser.jar = []sessions.Cookie{
		{Name: "sid", Value: "secret-a", Domain: "shop.test", Path: "/"},
		{Name: "who", Value: "alice\x1b", Domain: "shop.test", Path: "/"},
		{Name: "theme", Value: "dark", Domain: "blog.test", Path: "/"},
	}
	const carry = "\nif the server knows a user by one of them, go to the session that it belongs to (use NAME) and type: token add who --carry"
	check(t, "nothing forced", w.run("why").Text, `shop.test: no session is forced
whoever is active, the browser sends: who=alice\x1b`+carry)
	w.run("use bob")
	check(t, "compared", w.run("why alice").Text, `shop.test: bob is active
only alice has basket
whoever is active, the browser sends: who=alice\x1b`+carry)
	w.run("use alice")
	check(t, "the other way", w.run("session why bob").Text, `shop.test: alice is active
only alice has basket
whoever is active, the browser sends: who=alice\x1b`+carry)
	w.run("token add who --carry")
	check(t, "all travels", w.run("why").Text, `shop.test: alice is active
every cookie of the site travels with its session; what pages keep in web storage does with --storage swap`)
	check(t, "another site", w.run("why carol").Text, `blog.test: no session is forced
whoever is active, the browser sends: theme=dark
if the server knows a user by one of them, go to the session that it belongs to (use NAME) and type: token add theme --carry`)
	if _, err := w.Run(t.Context(), "why zed"); err == nil {
		t.Error("no error")
	}
}
