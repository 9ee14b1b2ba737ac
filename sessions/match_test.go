package sessions

import (
	"testing"
	"time"
)

const (
	home = "https://www.shop.test/"
	api  = "https://api.shop.test/"
)

// TestMatch names for a request the session it is counted on, by RULES 19 (a),
// 20 (b), 21 (c), 22 (d) and 23 (e).
func TestMatch(t *testing.T) {
	setUp := func(t *testing.T) *browser {
		b := start(t, Options{})
		for _, name := range []string{"alice", "bob"} {
			b.new(name)
			b.visit(home, "sid="+name+"1; Domain=shop.test", "token="+name+"; Domain=shop.test")
			b.visit(home, "sid="+name+"2; Domain=shop.test") // a rotation
		}
		b.unset()
		return b
	}
	for _, c := range []struct {
		name, url, header string
		held              []string
		want              string // "" means a new one, "none" means none
	}{
		{"(a) all agree", home, "sid=alice2; token=alice; x=1", nil, "alice"},
		{"(a) in any order", home, "token=bob; sid=bob2", nil, "bob"},
		{"(a) one is missing", home, "sid=alice2", nil, ""},
		{"(a) of two sessions", home, "sid=alice2; token=bob", nil, ""},
		{"(a) value in other case", home, "sid=ALICE2; token=alice", nil, ""},
		{"(a) held back by the browser", home, "token=alice", []string{"sid"}, "alice"},
		{"(b) a late value", home, "sid=alice1; token=alice", nil, "alice"},
		{"(b) alone", home, "sid=bob1", nil, "bob"},
		{"(b) and a value of another", home, "sid=bob1; token=alice", nil, ""},
		{"(b) and one of nobody", home, "sid=bob1; jwt=new", nil, "bob"},
		{"(c) completes", home, "sid=alice2; token=alice; jwt=new", nil, "alice"},
		{"(c) not when one is missing", home, "sid=alice2; jwt=new", nil, ""},
		{"strangers", home, "sid=x; token=y", nil, ""},
		{"(e) no token", home, "x=1", nil, ""},
		{"(e) no cookie", home, "", nil, ""},
		{"(d) a host without tokens", "https://shop.test.other.test/", "", nil, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setUp(t)
			counts := map[string]int{}
			for _, s := range b.book.Sessions(shop, b.now) {
				counts[s.Name] = s.Requests
			}
			x := b.book.Sent(Request{URL: c.url, Header: c.header, Blocked: c.held, Now: b.now})
			b.book.Received(x, Response{Now: b.now})
			got := "none"
			for _, s := range b.book.Sessions(shop, b.now) {
				if n, old := counts[s.Name]; !old {
					got = ""
				} else if s.Requests > n {
					got = s.Name
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q: %s", got, c.want, b.list())
			}
		})
	}
}

// Equal values in two sessions: the active one first, then the oldest.
func TestMatchOrder(t *testing.T) {
	b := start(t, Options{})
	first, second := b.give("first", "sid=1"), b.give("second", "sid=1")
	match := func() Ref { return b.send(home).exchange.session.view(b.now).Ref() }
	b.script(home, "sid=1; Domain=shop.test")
	if got := match(); got != first {
		t.Errorf("nothing active: %v", got)
	}
	if err := b.book.Use(Main, second, b.jar(), b.now); err != nil {
		t.Fatal(err)
	}
	if got := match(); got != second {
		t.Errorf("second active: %v", got)
	}
}

// RULES 22: a sub-domain before its login, a path above the cookie's: the requests
// are the session's that the window was last on, and make none.
func TestMatchOutOfScope(t *testing.T) {
	b := start(t, Options{})
	if b.visit(api); b.list() != "" {
		t.Errorf("before any token: %s", b.list())
	}
	b.visit("https://www.shop.test/app/login", "sid=A; Path=/app")
	b.visit(home)
	b.visit(api)
	b.wantList("Session 1: sid=A")
	if s, _ := b.book.Session(b.ref("1"), b.now); s.Requests != 3 {
		t.Errorf("%d requests", s.Requests)
	}
	b.visit(api, "token=a") // the login of the sub-domain completes it
	b.wantList("Session 1: sid=A; token=a")
	b.script("https://pay.shop.test/", "jwt=p")
	b.visit("https://pay.shop.test/") // as does a script there (c)
	b.wantList("Session 1: sid=A; token=a; jwt=p")

	other := b.in("other")
	other.visit(api)
	other.visit("https://cdn.shop.test/")
	other.wantList("Session 1: sid=A; token=a; jwt=p | Session 2(anonymous):")
}

// A session that is logged out takes no request without its token, and no
// stranger's token, unless it is active.
func TestMatchLoggedOut(t *testing.T) {
	const login = "https://www.shop.test/app/"
	b := start(t, Options{})
	b.in("w2").visit(login, "sid=B; Path=/app")
	b.visit(login, "sid=A; Path=/app")
	b.visit(login, "sid=; Path=/app; Max-Age=0")
	b.wantList("Session 1: sid=B | Session 2(out):")
	b.visit(home) // no token applies here, and the last session is logged out
	b.visit(home, "token=C")
	b.wantList("Session 1: sid=B | Session 2(out): | Session 3: token=C")

	b.visit(home, "token=; Max-Age=0")
	b.script(home, "jwt=D")
	b.visit(home)
	b.wantList("Session 1: sid=B | Session 2(out): | Session 3(out): | Session 4: jwt=D")
}

// Expired tokens do not count: without them the request is another's.
func TestMatchExpired(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A; Max-Age=60", "token=a")
	b.now = b.now.Add(2 * time.Minute)
	b.wantSent(home, "token=a")
	b.wantList("Session 1: token=a")
}

// A long history is bounded, and the newest values stay.
func TestHistoryIsBounded(t *testing.T) {
	b := start(t, Options{})
	for i := range 3 * maxEarlier {
		b.visit(home, "sid="+string(rune('a'+i%26))+string(rune('A'+i/26)))
	}
	s := b.book.sites[shop]
	if len(s.sessions) != 1 || len(s.sessions[0].earlier) != maxEarlier || len(s.values.first) != maxEarlier+1 {
		t.Errorf("%d sessions, %d past values, %d indexed", len(s.sessions), len(s.sessions[0].earlier), len(s.values.first))
	}
}

// Tokens that the browser kept back (SameSite) are not missing: a request that
// had no others makes no session, and takes nobody's when it logs in.
func TestMatchBlocked(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=A; Domain=shop.test; SameSite=Strict")
	b.send(home, "sid").answer()
	b.wantList("Session 1: sid=A")
	b.send(home, "sid").answer("sid=B; Domain=shop.test")
	b.wantList("Session 1: sid=A | Session 2: sid=B")
}

// Of a WebSocket no event says what was blocked: what a page of another site leaves out
// makes nobody new of it (TestDoctor in cmd/sessdriver).
func TestMatchHandshake(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for handshake, want := range map[bool]int{true: 1, false: 2} {
		b := New(Options{Defaults: StandardDefaults()})
		login := b.Sent(Request{URL: "https://a.test/", Now: noon})
		b.Received(login, Response{Now: noon, Cookies: []Cookie{
			{Name: "sid", Value: "1", Domain: ".a.test", Path: "/", Secure: true, SameSite: "None"},
			{Name: "session", Value: "2", Domain: ".a.test", Path: "/", Secure: true, SameSite: "Lax"},
		}})
		later := noon.Add(time.Minute)
		x := b.Sent(Request{URL: "wss://a.test/", Header: "sid=1", Handshake: handshake, Began: later, Now: later})
		b.Received(x, Response{Now: later, Cookies: []Cookie{{Name: "token", Value: "3", Domain: "a.test", Path: "/"}}})
		if list := b.Sessions("a.test", later); len(list) != want {
			t.Errorf("handshake %v: %d sessions, want %d: %+v", handshake, len(list), want, list)
		}
		stranger := b.Sent(Request{URL: "wss://a.test/", Header: "sid=1; session=other", Handshake: handshake, Began: later, Now: later})
		if stranger.Session() != (Ref{}) {
			t.Errorf("handshake %v: another's value is taken for %v's", handshake, stranger.Session())
		}
	}
}

// TestManyTokensAtOnce: many requests of a page are under way while responses bring
// tokens. One that began before a token came lacks it, and is no stranger for that.
func TestManyTokensAtOnce(t *testing.T) {
	b := start(t, Options{})
	b.visit(home, "sid=1")
	began := b.now
	first, second := b.send(home), b.send(home)
	b.now = b.now.Add(time.Second)
	first.answer("jsessionid=a")
	second.answer("phpsessid=b")
	for _, test := range []struct {
		name, header string
		began        time.Time
		want         int
	}{
		{"before both", "sid=1", began, 1},
		{"between them", "sid=1; jsessionid=a", began, 1},
		{"with another value", "sid=1; jsessionid=c", began, 0},
		{"after both", "sid=1", b.now, 0},
		{"it is not known when", "sid=1", time.Time{}, 0},
	} {
		x := b.book.Sent(Request{URL: home, Header: test.header, Began: test.began, Now: b.now.Add(time.Second)})
		if got := x.Session().Number; got != test.want {
			t.Errorf("%s: the request is of session %d, want %d", test.name, got, test.want)
		}
	}
}
