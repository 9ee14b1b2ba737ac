package sessions

import (
	"slices"
	"testing"
)

// TestDetect is what a single exchange makes of a fresh site (RULES 7).
func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name, header   string
		lines          []string
		list, reported string
	}{
		{"nothing", "", nil, "", "site"},
		{"no token", "theme=1", []string{"lang=de"}, "", "site"},
		{"in the request", "theme=1; SID=A", nil, "Session 1: SID=A", "site, token-added SID, session-new Session 1"},
		{"in the response", "theme=1", []string{"sid=A"}, "Session 1: sid=A", "site, token-added sid, session-new Session 1"},
		{"in both, replaced", "sid=A", []string{"sid=B"}, "Session 1: sid=B", "site, token-added sid, session-new Session 1, session-renewed Session 1"},
		{"in both, added", "sid=A", []string{"auth_token=b"}, "Session 1: sid=A; auth_token=b", "site, token-added sid, token-added auth_token, session-new Session 1, session-renewed Session 1"},
		{"the last of two wins", "", []string{"sid=A", "sid=B"}, "Session 1: sid=B", "site, token-added sid, session-new Session 1"},
		{"two spellings are two tokens", "", []string{"jSessionId=A", "JSESSIONID=B"}, "Session 1: jSessionId=A; JSESSIONID=B", "site, token-added jSessionId, token-added JSESSIONID, session-new Session 1"},
		{"carried along", "XSRF-TOKEN=x; sid=A", nil, "Session 1: sid=A + XSRF-TOKEN=x", "site, token-added XSRF-TOKEN, token-added sid, session-new Session 1"},
		{"carried alone identifies nobody", "XSRF-TOKEN=x", nil, "", "site, token-added XSRF-TOKEN"},
		{"an empty value is one", "", []string{"sid="}, "Session 1: sid=", "site, token-added sid, session-new Session 1"},
		{"a deletion alone", "", []string{"sid=; Max-Age=0"}, "Session 1(anonymous):", "site, token-added sid"},
		{"an unknown one is logged out", "sid=A", []string{"sid=; Max-Age=0"}, "Session 1(out):", "site, token-added sid, session-new Session 1, session-out Session 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, Options{})
			x := b.book.Sent(Request{URL: home, Header: c.header, Now: b.now})
			flight{b, home, c.header, x}.answer(c.lines...)
			b.wantList(c.list)
			b.wantEvents(c.reported)
		})
	}
}

// A login fills the anonymous session, which keeps its place. The visitors before
// do not count as its requests.
func TestLoginFillsAnonymous(t *testing.T) {
	b := start(t, Options{})
	b.give("token", "sid=T")
	b.visit(home)
	b.visit(home)
	b.wantList("token: sid=T | Session 2(anonymous):")
	b.visit(home, "sid=A")
	b.wantList("token: sid=T | Session 2: sid=A")
	if s, _ := b.book.Session(b.ref("Session 2"), b.now); s.Requests != 1 || s.LastUse != b.now {
		t.Errorf("got %+v", s)
	}
	b.in("w2").visit(home)
	b.wantList("token: sid=T | Session 2: sid=A | Session 3(anonymous):")
}

// Rotation renews in place; a late request with the old value makes no phantom.
func TestRotation(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A1")
	late := b.send(home)
	b.visit(home, "sid=A2")
	if late.header != "sid=A1" {
		t.Fatalf("late request has %q", late.header)
	}
	late.answer()
	again := b.book.Sent(Request{URL: home, Header: "sid=A1", Now: b.now})
	b.book.Received(again, Response{Now: b.now})
	b.wantList("Session 1: sid=A2")
	b.wantEvents("site, token-added sid, session-new Session 1, session-renewed Session 1")
}

func TestLogoutAndNextLogin(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A")
	b.visit(home, "sid=deleted; Max-Age=0")
	b.wantList("Session 1(out):")
	b.visit(home) // nobody's
	b.visit(home, "sid=B")
	b.wantList("Session 1(out): | Session 2: sid=B") // exploring: a new session
	b.wantEvents("site, token-added sid, session-new Session 1, session-out Session 1, session-new Session 2")

	b.use("Session 2")
	b.visit(home, "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	b.wantList("Session 1(out): | Session 2*(out):")
	b.visit(home, "sid=C") // active: filled in place, and reported
	b.wantList("Session 1(out): | Session 2*: sid=C")
	b.wantEvents("session-forced Session 2, session-out Session 2, session-refill Session 2")
}

// Several answers to requests without a token, of one jar: one session, with
// the value that the jar ends with, whether the site is fresh or not.
func TestParallelAnonymous(t *testing.T) {
	for _, known := range []bool{false, true} {
		b := start(t, Options{})
		if known {
			b.book.AddToken(Main, shop, "sid", Token, nil, b.now)
			b.visit(home)
		}
		one, two, three := b.send(home), b.send(home), b.send(home)
		other := b.in("w2").send(home)
		one.answer("sid=1")
		two.answer("sid=2")
		other.answer("sid=W2") // another jar is another login
		three.answer("sid=3")
		b.wantList("Session 1: sid=3 | Session 2: sid=W2")
		b.wantSent(home, "sid=3")
		b.in("w2").wantSent(home, "sid=W2")
		b.wantList("Session 1: sid=3 | Session 2: sid=W2")
	}
}

// An exchange is booked on the session it was sent as, also when another became
// active meanwhile.
func TestLateResponse(t *testing.T) {
	b := start(t, Options{})
	b.give("bob", "sid=B")
	early := b.send(home) // nobody's
	b.new("carol")
	if got := early.answer("sid=A"); !slices.Equal(got, []Window{Main}) {
		t.Errorf("windows to mend: %q", got)
	}
	b.wantList("bob: sid=B | carol*: | Session 3: sid=A")
	b.wantJar("")
	b.visit(home, "sid=C")
	b.wantList("bob: sid=B | carol*: sid=C | Session 3: sid=A")
}

// A response of alice that comes when bob is active takes bob's token from the
// jar, also when it only sets again what alice has (a sliding expiry). Until the
// jar is mended the token is added to requests.
func TestLateResponseTakesToken(t *testing.T) {
	for _, line := range []string{"sid=A", "sid=A2", "sid=; Max-Age=0"} {
		b := start(t, Options{})
		b.new("alice")
		b.visit(home, "sid=A", "theme=1")
		b.new("bob")
		b.visit(home, "sid=B")
		b.use("alice")
		late := b.send(home)
		b.use("bob")
		if got := late.answerOnly(line); !slices.Equal(got, []Window{Main}) {
			t.Errorf("%s: windows to mend: %q", line, got)
		}
		b.wantSent(home, "theme=1; sid=B")
		b.mend(shop)
		b.wantSent(home, "theme=1; sid=B")
		v := b.book.Decide(Paused{URL: home, Header: "theme=1", Now: b.now})
		if v.Action != Continue {
			t.Errorf("%s: mended, but a token is still added: %+v", line, v)
		}
	}
}

// A rotation goes into every jar where the session is active.
func TestRotationReachesOtherWindows(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A")
	b.use("1")
	w2, w3 := b.in("w2"), b.in("w3")
	w2.use("1")
	w3.visit(home, "sid=C")
	w3.use("2")
	if got := b.send(home).answer("sid=A2"); !slices.Equal(got, []Window{"w2"}) {
		t.Errorf("windows to mend: %q", got)
	}
	w2.wantJar("sid=A2")
	w3.wantJar("sid=C")
	// A token that a script gave to the jar of one window as well.
	w2.script(home, "jwt=j")
	if got := w2.send(home).answer(); len(got) != 0 {
		t.Errorf("adopted by a verdict: %q", got)
	}
	b.wantList("Session 1*: sid=A2; jwt=j | Session 2: sid=C")
}

// A removed session does not come back to life by a response that names it: its
// values make a new one (RULES 57).
func TestRemovedWhileUnderWay(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A")
	late := b.send(home)
	if _, err := b.book.Remove(b.ref("1"), b.now); err != nil {
		t.Fatal(err)
	}
	late.answer("sid=A2")
	b.wantList("Session 2: sid=A2")
}

func TestObserves(t *testing.T) {
	b := start(t, Options{Observes: func(url string) bool { return url != home }})
	b.visit(home, "sid=A")
	b.visit("about:blank")
	if got := b.newEvents(); got != "" || len(b.book.Sites()) != 0 {
		t.Errorf("booked: %s, %v", got, b.book.Sites())
	}
	if got := b.book.Received(Exchange{}, Response{}).Windows; got != nil {
		t.Errorf("zero exchange: %v", got)
	}
}

// Carried cookies that scripts write are learnt from requests, with the
// attributes of the jar; a forced window teaches by verdicts only.
func TestCarriedFromRequests(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A")
	b.script(home, "XSRF-TOKEN=1; Domain=shop.test; SameSite=Strict")
	b.visit(home)
	b.script(home, "XSRF-TOKEN=2; Domain=shop.test; SameSite=Strict")
	b.visit(home)
	s, _ := b.book.Session(b.ref("1"), b.now)
	want := Cookie{Name: "XSRF-TOKEN", Value: "2", Domain: ".shop.test", Path: "/", SameSite: "Strict"}
	if len(s.Carried) != 1 || s.Carried[0] != want {
		t.Errorf("got %+v", s.Carried)
	}
	b.wantEvents("site, token-added sid, session-new Session 1, token-added XSRF-TOKEN, session-renewed Session 1, session-renewed Session 1")
}

// Under scope host each port is a site of its own.
func TestScopeHost(t *testing.T) {
	b := start(t, Options{Scope: ScopeHost})
	b.visit("http://shop.test:8080/", "sid=A")
	b.visit("http://shop.test/")
	var got []string
	for _, s := range b.book.Sites() {
		got = append(got, s.Name)
	}
	if want := []string{"shop.test:8080", "shop.test:80"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	b.book.SeeJar(Main, b.jar(), b.now)
	if n := len(b.book.Sites()); n != 2 {
		t.Errorf("the jar, which knows no ports, made %d sites", n)
	}
}
