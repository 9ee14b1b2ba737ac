package sessions_test

import (
	"cmp"
	"fmt"
	"time"

	"sessdriver/sessions"
)

// Two logins are seen, then the first is forced: from that moment a request
// with the second one's cookies leaves with the first one's.
func Example() {
	now := time.Now()
	book := sessions.New(sessions.Options{Defaults: sessions.StandardDefaults()})
	login := func(setCookie string) {
		const url = "https://shop.test/login"
		x := book.Sent(sessions.Request{URL: url, Now: now})
		c, _ := sessions.ParseSetCookie(setCookie, url, now)
		book.Received(x, sessions.Response{Cookies: []sessions.Cookie{c}, Now: now})
	}
	login("sid=for-alice; Path=/")
	login("sid=; Path=/; Max-Age=0") // nobody's request, so nobody is logged out
	login("sid=for-bob; Path=/")

	list := book.Sessions("shop.test", now)
	book.Rename(list[0].Ref(), "alice")
	book.Rename(list[len(list)-1].Ref(), "bob")
	for _, s := range book.Sessions("shop.test", now) {
		fmt.Println(s.Number, s.Name, sessions.Mask{}.Cookies(s.Tokens))
	}

	jar := list[len(list)-1].Tokens // the jar is on bob
	book.Use(sessions.Main, list[0].Ref(), jar, now)
	v := book.Decide(sessions.Paused{URL: "https://shop.test/cart", Header: "theme=dark; sid=for-bob", Now: now})
	fmt.Println(v.Header)
	plan := book.PlanJar(sessions.Main, "shop.test", jar, now)
	fmt.Println("into the jar:", sessions.Mask{}.Cookies(plan.Set))
	// Output:
	// 1 alice sid=for-alice
	// 2 bob sid=for-bob
	// theme=dark; sid=for-alice
	// into the jar: sid=for-alice
}

// A book reports every change, in order; no event has a value.
func ExampleOptions_notify() {
	now := time.Now()
	book := sessions.New(sessions.Options{
		Defaults: sessions.StandardDefaults(),
		Notify:   func(e sessions.Event) { fmt.Println(e.Kind, cmp.Or(e.Session, e.Token, e.Site)) },
	})
	cookies, err := sessions.ReadCookies(book.Scope(), "sid=secret", "shop.test", "")
	if err != nil {
		fmt.Println(err)
	}
	alice, err := book.Import("shop.test", "alice", cookies, now)
	if err != nil {
		fmt.Println(err)
	}
	book.Use(sessions.Main, alice.Ref(), nil, now)
	// Output:
	// site shop.test
	// token-added sid
	// session-new alice
	// session-forced alice
}
