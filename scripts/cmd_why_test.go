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
	const carry = "\nif the server recognizes a user by one of them, go to the session that it belongs to (use NAME), then type: token add who --carry"
	check(t, "nothing forced", w.run("why").Text, `shop.test: no session is forced
the browser sends for every session: who=alice\x1b`+carry)
	w.run("use bob")
	check(t, "compared", w.run("why alice").Text, `shop.test: bob is active
only alice has basket
the browser sends for every session: who=alice\x1b`+carry)
	w.run("use alice")
	check(t, "the other way", w.run("session why bob").Text, `shop.test: alice is active
only alice has basket
the browser sends for every session: who=alice\x1b`+carry)
	w.run("token add who --carry")
	check(t, "all travels", w.run("why").Text, `shop.test: alice is active
every cookie of the site travels with its session`)
	check(t, "another site", w.run("why carol").Text, `blog.test: no session is forced
the browser sends for every session: theme=dark
if the server recognizes a user by one of them, go to the session that it belongs to (use NAME), then type: token add theme --carry`)
	if _, err := w.Run(t.Context(), "why zed"); err == nil {
		t.Error("no error")
	}
}

func TestWhyStorage(t *testing.T) {
	w := newWorld(t)
	const origin = "http://shop.test"
	w.run("use alice")
	// What alice's page had is kept when bob's is shown, as the browser would report.
	w.Book.OriginShown(sessions.Main, "shop.test", origin, "tab", false)
	w.run("use bob")
	for _, shelf := range []sessions.Shelf{sessions.LocalStorage, "tab"} {
		plan := w.Book.PlanStorage(sessions.Main, shelf)[0]
		w.Book.StorageSwapped(sessions.Main, "shop.test", shelf, origin, plan.Of, `[["token","a"],["theme","dark"],["cart\u001b","1"]]`)
	}
	stored := func(where, key, value string) sessions.Stored {
		return sessions.Stored{Origin: origin, Where: where, Key: key, Value: value}
	}
	w.browser.stored = []sessions.Stored{stored("localStorage", "name", "bob"), stored("localStorage", "theme", "dark"), stored("localStorage", "token", "b")}
	check(t, "compared", w.run("why alice").Text, `shop.test: bob is active
only alice has basket
only bob has in localStorage of http://shop.test: name
the two sessions differ in localStorage of http://shop.test: token
only alice has in localStorage of http://shop.test: cart\x1b
only alice has in sessionStorage of http://shop.test: cart\x1b, theme, token
every cookie of the site travels with its session`)
	check(t, "with itself", w.run("why bob").Text, "shop.test: bob is active\nevery cookie of the site travels with its session")
	w.browser.stays = true
	for i := range 15 {
		w.browser.stored = append(w.browser.stored, stored("sessionStorage", string(rune('a'+i)), ""))
	}
	check(t, "it stays", w.run("why").Text, `shop.test: bob is active
whichever session is active, pages keep in localStorage of http://shop.test: name, theme, token
whichever session is active, pages keep in sessionStorage of http://shop.test: a, b, c, d, e, f, g, h, i, j, 5 more
if the page recognizes a user by it, let it travel with the session: start with --storage swap
window.name and the history state of pages stay, too
every cookie of the site travels with its session`)
}
