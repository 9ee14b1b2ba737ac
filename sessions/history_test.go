package sessions

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestHistory(t *testing.T) {
	b := start(t, Options{})
	b.visit("https://shop.test/?secret=1", "sid=a1; Path=/", "auth=x1; Path=/")
	if err := b.book.AddToken(Main, "shop.test", "auth", Token, b.jar(), b.now); err != nil {
		t.Fatal(err)
	}
	b.visit("https://shop.test/login", "sid=a2; Path=/", "auth=x2; Path=/")
	b.visit("https://shop.test/logout", "auth=; Path=/; Max-Age=0")
	values, err := b.book.History(Ref{"shop.test", 1})
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, v := range values {
		got += fmt.Sprintln(v.Name, v.Value, v.Deleted, v.Present, v.URL, v.Source)
	}
	want := `sid a1 false false https://shop.test/?… response
auth x1 false false  jar
sid a2 false true https://shop.test/login response
auth x2 false false https://shop.test/login response
auth  true false https://shop.test/logout response
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestRevert(t *testing.T) {
	b := start(t, Options{})
	ref := Ref{"shop.test", 1}
	b.visit("https://shop.test/", "sid=a1; Path=/")
	var nothing *NothingToRevertError
	if err := b.book.Revert(ref, 0, b.now); !errors.As(err, &nothing) {
		t.Errorf("a session of one value: error %v", err)
	}
	b.visit("https://shop.test/login", "sid=a2; Path=/", "sessionid=s; Path=/")
	if err := b.book.Revert(ref, 0, b.now); err != nil {
		t.Fatal(err)
	}
	s, err := b.book.Session(ref, b.now)
	if err != nil || (Mask{}).Cookies(s.Tokens) != "sid=a1" {
		t.Errorf("after the revert: %v, %v", s.Tokens, err)
	}
	if err := b.book.Revert(Ref{"shop.test", 9}, 0, b.now); err == nil {
		t.Error("a session that is not there was reverted")
	}
}

// login is a POST of a login form.
func (b *browser) login(url string, lines ...string) {
	b.Helper()
	f := b.send(url)
	f.exchange.request.Method = "POST"
	f.answer(lines...)
}

func (b *browser) count(kind EventKind) (n int) {
	for _, e := range b.state.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// TestSplit is the login that replaces a live session's tokens: split moves the
// new ones to a session of their own.
func TestSplit(t *testing.T) {
	b := start(t, Options{})
	b.visit("https://shop.test/", "sid=anonymous; Path=/")
	b.login("https://shop.test/login", "sid=alice; Path=/")
	b.login("https://shop.test/login", "sid=bob; Path=/")
	b.visit("https://shop.test/account", "sid=bob2; Path=/") // bob is rotated meanwhile
	part, err := b.book.Split(Ref{"shop.test", 1}, "bob", b.now)
	if err != nil {
		t.Fatal(err)
	}
	alice, err := b.book.Session(Ref{"shop.test", 1}, b.now)
	if err != nil || (Mask{}).Cookies(alice.Tokens) != "sid=alice" || (Mask{}).Cookies(part.Tokens) != "sid=bob2" {
		t.Errorf("alice has %v, bob %v, error %v", alice.Tokens, part.Tokens, err)
	}
	x := b.book.Sent(Request{URL: "https://shop.test/", Header: "sid=bob2", Now: b.now})
	b.book.Received(x, Response{Now: b.now})
	if bob, _ := b.book.Session(part.Ref(), b.now); bob.Requests != 1 {
		t.Errorf("bob's request was not booked on bob: %+v", b.book.Sessions("shop.test", b.now))
	}
}

func TestSplitReportsTheLogin(t *testing.T) {
	b := start(t, Options{})
	b.visit("https://shop.test/", "sid=anonymous; Path=/")
	b.login("https://shop.test/login", "sid=alice; Path=/")
	if n := b.count(SessionReplaced); n != 0 {
		t.Errorf("the first login was reported %d times", n)
	}
	b.login("https://shop.test/login", "sid=bob; Path=/")
	if n := b.count(SessionReplaced); n != 1 {
		t.Errorf("the second login was reported %d times, want 1", n)
	}
	b.login("https://shop.test/basket", "sid=bob2; Path=/")
	if n := b.count(SessionReplaced); n != 1 {
		t.Errorf("another POST was taken for a login")
	}
}

func TestSplitRefill(t *testing.T) {
	b := start(t, Options{})
	b.visit("https://shop.test/", "sid=alice; Path=/")
	if err := b.book.Use(Main, Ref{"shop.test", 1}, b.jar(), b.now); err != nil {
		t.Fatal(err)
	}
	b.visit("https://shop.test/logout", "sid=; Path=/; Max-Age=0")
	b.login("https://shop.test/login", "sid=bob; Path=/")
	part, err := b.book.Split(Ref{"shop.test", 1}, "", b.now)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := b.book.Session(Ref{"shop.test", 1}, b.now)
	if old.State != LoggedOut || (Mask{}).Cookies(part.Tokens) != "sid=bob" || !part.ActiveIn(Main) {
		t.Errorf("old %+v, new %+v", old, part)
	}
	if b.count(SessionRefill) != 1 {
		t.Error("the refill was not reported")
	}
}

// TestSingleSignOn: a login that comes by another site replaces tokens with GET,
// and the other site decides whose they are.
func TestSingleSignOn(t *testing.T) {
	b := start(t, Options{})
	const callback = "https://shop.test/callback"
	back := func(line string, via ...string) {
		t.Helper()
		before := b.send(callback)
		before.exchange = b.book.Sent(Request{URL: callback, Header: before.header, Jar: b.found(callback), Via: via, Now: b.now})
		before.answer(line)
	}
	reported := func(want ...string) {
		t.Helper()
		var got []string
		for _, e := range b.state.events {
			if e.Kind == SessionReplaced {
				got = append(got, e.Session+" via "+e.Text)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("reported %q, want %q", got, want)
		}
	}
	b.visit("https://shop.test/", "sid=visitor; Path=/")
	back("sid=alice; Path=/", "https://shop.test/login", "https://id.idp.test/authorize", "https://shop.test/return")
	reported() // the first login
	b.visit("https://shop.test/", "sid=alice2; Path=/")
	back("sid=alice3; Path=/", "https://www.shop.test/", "https://shop.test/login")
	back("theme=dark; Path=/", "https://idp.test/")
	back("jwt=more; Path=/", "https://idp.test/") // nothing is replaced
	reported()
	back("sid=alice4; Path=/", "https://idp.test/")
	reported("Session 1 via idp.test")
	b.new("bob")
	back("sid=first; Path=/", "https://idp.test/")
	reported("Session 1 via idp.test") // it was empty
	back("sid=again; Path=/", "https://idp.test/")
	reported("Session 1 via idp.test", "bob via idp.test")
	part, err := b.book.Split(b.ref("bob"), "", b.now)
	if err != nil || (Mask{}).Cookies(part.Tokens) != "sid=again" {
		t.Errorf("split %+v, %v", part, err)
	}
}
