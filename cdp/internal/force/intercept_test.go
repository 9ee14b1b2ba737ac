package force

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"

	"sessdriver/cdp/internal/wire"
	"sessdriver/cdp/internal/wire/wiretest"
	"sessdriver/sessions"
)

const refusal = "Invalid InterceptionId." // Chrome's words for a request that is gone

// plain are headers without a cookie, as Chrome lists them.
func plain(more ...string) map[string]string {
	headers := map[string]string{"Accept": "*/*", "X-Odd": "ä;=\"b\"", "referer": "http://a.test/?q=1"}
	for i := 0; i < len(more); i += 2 {
		headers[more[i]] = more[i+1]
	}
	return headers
}

// headersOf are the headers of an answer; nil when it has none.
func headersOf(t *testing.T, m *cdproto.Message) map[string]string {
	t.Helper()
	var params struct {
		Headers []struct{ Name, Value string }
	}
	if err := json.Unmarshal(m.Params, &params); err != nil {
		t.Fatal(err)
	}
	if params.Headers == nil {
		return nil
	}
	headers := map[string]string{}
	for _, h := range params.Headers {
		if _, twice := headers[h.Name]; twice {
			t.Errorf("the header %s is there twice", h.Name)
		}
		headers[h.Name] = h.Value
	}
	return headers
}

// Paused event in, commands out. Each request gets one accepted answer.
func TestAnswers(t *testing.T) {
	const (
		url   = "http://a.test/path?q=1"
		alice = "sid=alice1"
	)
	tests := []struct {
		name    string
		active  string
		url     string
		headers map[string]string
		refuse  string // Chrome's first word to the first answer
		want    map[string]string
		second  string // what follows a refusal
		notice  string
	}{
		{name: "nothing is forced", headers: plain("Cookie", alice)},
		{name: "another site", active: "bob", url: "http://b.test/", headers: plain("Cookie", alice)},
		{name: "in step", active: "alice", headers: plain("Cookie", "x=1; sid=alice1")},
		{name: "no cookie", active: "bob", headers: plain()},
		{name: "another session's", active: "bob", headers: plain("Cookie", "a={\"b\":1}; sid=alice1; ; flag"),
			want: plain("Cookie", "a={\"b\":1}; sid=bob1; ; flag")},
		{name: "the header is in lower case", active: "bob", headers: plain("cookie", alice), want: plain("Cookie", "sid=bob1")},
		{name: "in two spellings", active: "bob", headers: plain("Cookie", alice, "X-Cookie", alice),
			want: plain("Cookie", "sid=bob1", "X-Cookie", alice)},
		{name: "the only one is dropped", active: "new", headers: plain("Cookie", alice), want: plain("Cookie", "")},
		{name: "others stay", active: "new", headers: plain("Cookie", "x=1; sid=alice1; y=2"), want: plain("Cookie", "x=1; y=2")},
		{name: "a refused rewrite", active: "bob", headers: plain("Cookie", alice), refuse: "Invalid header",
			want: plain("Cookie", "sid=bob1"), second: "Fetch.failRequest", notice: "blocked GET http://a.test/path?…: Chrome refused the rewritten request"},
		{name: "a refused continue", active: "alice", headers: plain("Cookie", alice), refuse: "Internal error", second: "Fetch.continueRequest"},
		{name: "a rewrite for a request that is gone", active: "bob", headers: plain("Cookie", alice), refuse: refusal, want: plain("Cookie", "sid=bob1")},
		{name: "a continue for a request that is gone", active: "alice", headers: plain("Cookie", alice), refuse: refusal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakeChrome(t)
			book := bookOf(t, test.active)
			if test.active == "new" {
				if _, err := book.New(sessions.Main, "a.test", "new", nil, time.Now()); err != nil {
					t.Fatal(err)
				}
			}
			var notices []string
			b := f.engineWith(t, Options{Guard: sessions.GuardAlways}, book, func(n error) { notices = append(notices, n.Error()) })
			if test.url == "" {
				test.url = url
			}
			f.Paused("r1", test.url, test.headers)
			m := f.Command("Fetch.continueRequest")
			if got := headersOf(t, m); !equalHeaders(got, test.want) {
				t.Errorf("headers %q, want %q", got, test.want)
			}
			if test.refuse == "" {
				f.Reply(m, `{}`)
			} else {
				f.Refuse(m, test.refuse)
			}
			if test.second != "" {
				m := f.Command(test.second)
				if got := headersOf(t, m); got != nil {
					t.Errorf("the second answer has headers %q", got)
				}
				if reason := wiretest.Parameter(t, m, "errorReason"); test.second == "Fetch.failRequest" && reason != "BlockedByClient" {
					t.Errorf("the reason is %v, want BlockedByClient", reason)
				}
				f.Reply(m, `{}`)
			}
			wiretest.Eventually(t, b.wire.Do, "nothing is paused", func() bool { return len(b.interceptor.open) == 0 })
			f.Silent()
			if got := strings.Join(notices, "\n"); !strings.HasPrefix(got, test.notice) || test.notice == "" && got != "" {
				t.Errorf("notices %q, want %q", got, test.notice)
			}
			if strings.Contains(strings.Join(notices, ""), "alice1") {
				t.Errorf("a notice shows a value: %q", notices)
			}
		})
	}
}

func equalHeaders(a, b map[string]string) bool {
	if len(a) != len(b) || (a == nil) != (b == nil) {
		return false
	}
	for name, value := range a {
		if b[name] != value {
			return false
		}
	}
	return true
}

// A value that nobody knows is looked up in the jar before the answer: a script
// wrote it (adopted), or it is gone from the jar (replaced).
func TestAnswerAfterTheJar(t *testing.T) {
	const mine = `{"cookies":[{"name":"sid","value":"fresh","domain":"a.test","path":"/","expires":-1,"size":8,"httpOnly":false,"secure":false,"session":true,"priority":"Medium","sourceScheme":"NonSecure","sourcePort":80}]}`
	tests := []struct {
		name, jar, refuse string
		want              map[string]string
		adopted           string
	}{
		{name: "a script wrote it", jar: mine, adopted: "fresh"},
		{name: "it left the jar", jar: `{"cookies":[]}`, want: plain("Cookie", "sid=bob1"), adopted: "bob1"},
		{name: "the jar cannot be read", refuse: "No such window", want: plain("Cookie", "sid=bob1"), adopted: "bob1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakeChrome(t)
			book := bookOf(t, "bob")
			b := f.engine(t, sessions.GuardAlways, book)
			f.Paused("r1", "http://a.test/", plain("Cookie", "sid=fresh"))
			m := f.Command("Storage.getCookies")
			b.wire.Do(func() {})
			f.Silent() // no answer before the jar is known
			if test.refuse != "" {
				f.Refuse(m, test.refuse)
			} else {
				f.Reply(m, test.jar)
			}
			answer := f.Command("Fetch.continueRequest")
			if got := headersOf(t, answer); !equalHeaders(got, test.want) {
				t.Errorf("headers %q, want %q", got, test.want)
			}
			f.Reply(answer, `{}`)
			wiretest.Eventually(t, b.wire.Do, "nothing is paused", func() bool { return len(b.interceptor.open) == 0 })
			f.Silent()
			if bob, _ := book.Active(sessions.Main, "a.test", time.Now()); bob.Tokens[0].Value != test.adopted {
				t.Errorf("bob has %q, want %q", bob.Tokens[0].Value, test.adopted)
			}
		})
	}
}

// Chrome may tell one id twice. Each telling is answered, and what Chrome makes
// of the second one changes nothing.
func TestPausedTwice(t *testing.T) {
	f := newFakeChrome(t)
	b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
	f.Paused("r1", "http://a.test/", plain("Cookie", "sid=alice1"))
	f.Paused("r1", "http://a.test/", plain("Cookie", "sid=alice1"))
	first, second := f.Command("Fetch.continueRequest"), f.Command("Fetch.continueRequest")
	f.Reply(first, `{}`)
	wiretest.Eventually(t, b.wire.Do, "one answer is confirmed", func() bool { return b.interceptor.open["r1"] == 1 })
	f.Refuse(second, refusal)
	wiretest.Eventually(t, b.wire.Do, "nothing is paused", func() bool { return len(b.interceptor.open) == 0 })
	f.Silent()
}

// The target of a paused request goes before the answer: there is nothing to
// answer any more, and nothing waits for it.
func TestPausedThenGone(t *testing.T) {
	f := newFakeChrome(t)
	b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
	f.attach(b, "tab")
	f.Paused("r1", "http://a.test/", plain("Cookie", "sid=strange"))
	f.Event(own, "Target.detachedFromTarget", `{"sessionId":"tab"}`)
	f.Reply(f.Command("Storage.getCookies"), `{"cookies":[]}`)
	f.Refuse(f.Command("Fetch.continueRequest"), refusal)
	wiretest.Eventually(t, b.wire.Do, "nothing is paused", func() bool { return len(b.interceptor.open) == 0 })
	f.Silent()
}

// A paused request that cannot be read is blocked, not left waiting.
func TestPausedUnreadable(t *testing.T) {
	f := newFakeChrome(t)
	notices := make(chan string, 1)
	f.engineWith(t, Options{Guard: sessions.GuardAlways}, bookOf(t, "bob"), func(n error) { notices <- n.Error() })
	f.Event(own, "Fetch.requestPaused", `{"requestId":"r1","request":"not an object"}`)
	m := f.Command("Fetch.failRequest")
	if got := wiretest.Parameter(t, m, "requestId"); got != "r1" {
		t.Errorf("blocked %v, want r1", got)
	}
	<-notices
}

// Many requests at once get their answers in the order they were paused.
func TestAnswersInOrder(t *testing.T) {
	f := newFakeChrome(t)
	b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
	var want, got []string
	for i := range 500 {
		id := "r" + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
		f.Paused(id, "http://a.test/", plain("Cookie", "sid=alice1"))
		want = append(want, id)
	}
	for range want {
		m := f.Command("Fetch.continueRequest")
		got = append(got, wiretest.Parameter(t, m, "requestId").(string))
		f.Reply(m, `{}`)
	}
	if !slices.Equal(got, want) {
		t.Error("the answers are in another order than the requests")
	}
	wiretest.Eventually(t, b.wire.Do, "nothing is paused", func() bool { return len(b.interceptor.open) == 0 })
}

// Fetch is narrowed first and disabled only when every paused request has its
// answer, also those that are paused meanwhile and those that are refused: the
// fake fails the test when Fetch.disable comes before that.
func TestStopWaitsForAnswers(t *testing.T) {
	f := newFakeChrome(t)
	b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
	b.interceptor.on = true
	f.Paused("plain", "http://a.test/", plain("Cookie", "sid=bob1"))
	f.Paused("rewritten", "http://a.test/", plain("Cookie", "sid=alice1"))
	f.Paused("strange", "http://a.test/", plain("Cookie", "sid=strange"))
	one, two, jar := f.Command("Fetch.continueRequest"), f.Command("Fetch.continueRequest"), f.Command("Storage.getCookies")

	stopped := make(chan error, 1)
	go func() { stopped <- b.interceptor.stop(t.Context()) }()
	narrow := f.Command("Fetch.enable")
	if !strings.Contains(string(narrow.Params), never) {
		t.Errorf("narrowing with %s", narrow.Params)
	}
	f.Paused("late", "http://a.test/", plain("Cookie", "sid=alice1"))
	late := f.Command("Fetch.continueRequest")
	f.Reply(narrow, `{}`)
	wiretest.Eventually(t, b.wire.Do, "stop waits", func() bool { return len(b.interceptor.idle) == 1 })
	f.Reply(one, `{}`)
	f.Refuse(two, "Invalid header")
	failed := f.Command("Fetch.failRequest")
	f.Reply(jar, `{"cookies":[]}`)
	three := f.Command("Fetch.continueRequest")
	f.Reply(late, `{}`)
	f.Reply(three, `{}`)
	b.wire.Do(func() {})
	f.Reply(failed, `{}`)
	f.Reply(f.Command("Fetch.disable"), `{}`)
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	f.Silent()
}

// A stop that gives up, or whose browser goes, does not disable Fetch, and a
// later one does what is left to do.
func TestStopGivesUp(t *testing.T) {
	f := newFakeChrome(t)
	b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
	b.interceptor.on = true
	f.Paused("r1", "http://a.test/", plain("Cookie", "sid=alice1"))
	answer := f.Command("Fetch.continueRequest")
	stopped := make(chan error, 1)
	stop := func(ctx context.Context) {
		go func() { stopped <- b.interceptor.stop(ctx) }()
		f.Reply(f.Command("Fetch.enable"), `{}`)
	}

	ctx, cancel := context.WithCancel(t.Context())
	stop(ctx)
	wiretest.Eventually(t, b.wire.Do, "stop waits", func() bool { return len(b.interceptor.idle) == 1 })
	cancel()
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	stop(t.Context())
	f.Reply(answer, `{}`)
	f.Reply(f.Command("Fetch.disable"), `{}`)
	if err := <-stopped; err != nil {
		t.Errorf("the second stop: %v", err)
	}

	b.interceptor.on = true
	f.Paused("r2", "http://a.test/", plain("Cookie", "sid=alice1"))
	f.Command("Fetch.continueRequest")
	stop(t.Context())
	wiretest.Eventually(t, b.wire.Do, "stop waits", func() bool { return len(b.interceptor.idle) == 1 })
	f.Close()
	if err := <-stopped; !errors.Is(err, wire.ErrGone) {
		t.Errorf("the browser goes: %v", err)
	}
}

// A use that is cancelled while Fetch is being enabled leaves it enabled in
// Chrome: the next stop must turn it off, and the next use reach the open pages.
func TestEnableCancelled(t *testing.T) {
	f := newFakeChrome(t)
	book := bookOf(t, "bob")
	b := f.engine(t, sessions.GuardAlways, book)
	ctx, cancel := context.WithCancel(t.Context())
	updated := make(chan error, 1)
	go func() { updated <- b.interceptor.update(ctx) }()
	late := f.Command("Fetch.enable")
	cancel()
	if err := <-updated; !errors.Is(err, context.Canceled) {
		t.Errorf("update: %v", err)
	}
	f.Reply(late, `{}`)
	book.Unset(sessions.Main, "a.test", time.Now())
	go func() { updated <- b.interceptor.update(t.Context()) }()
	f.Reply(f.Command("Fetch.enable"), `{}`)
	f.Reply(f.Command("Fetch.disable"), `{}`)
	if err := <-updated; err != nil {
		t.Errorf("the second update: %v", err)
	}
}

// What Fetch is asked to pause: the site, its sub-domains, with and without a
// port (CHROMIUM 6); of an IPv6 address no sub-domain that could be.
func TestPatterns(t *testing.T) {
	tests := []struct {
		site string
		want []string
	}{
		{"a.test", []string{"*://a.test/*", "*://a.test:*/*", "*://*.a.test/*", "*://*.a.test:*/*"}},
		{"127.0.0.1", []string{"*://127.0.0.1/*", "*://127.0.0.1:*/*"}},
		{"::1", []string{"*://[::1]/*", "*://[::1]:*/*"}},
	}
	for _, test := range tests {
		book := sessions.New(sessions.Options{})
		if _, err := book.New(sessions.Main, test.site, "x", nil, time.Now()); err != nil {
			t.Fatal(err)
		}
		f := newFakeChrome(t)
		b := f.engine(t, sessions.GuardAlways, book)
		var got []string
		for _, p := range b.interceptor.patterns() {
			got = append(got, p.URLPattern)
		}
		for _, want := range test.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: no pattern %s in %q", test.site, want, got)
			}
		}
	}
}
