package force

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire/wiretest"
	"sessdriver/sessions"
)

// jarOf is an answer to Storage.getCookies with one cookie.
func jarOf(value string) string {
	return fmt.Sprintf(`{"cookies":[{"name":"sid","value":%q,"domain":"a.test","path":"/","expires":-1,"size":8,"httpOnly":false,"secure":false,"session":true,"priority":"Medium","sourceScheme":"NonSecure","sourcePort":80}]}`, value)
}

// written is the value that a Storage.setCookies sets.
func written(t *testing.T, m *cdproto.Message) string {
	t.Helper()
	var last string
	for _, c := range wiretest.Parameter(t, m, "cookies").([]any) {
		last = c.(map[string]any)["value"].(string)
	}
	return last
}

// rotation tells a request of bob's (its first half) and the response that gives
// him another value (its second).
func (f *fakeChrome) rotation(half int) {
	if half == 1 {
		f.Event("tab", "Network.requestWillBeSent", `{"requestId":"n1","loaderId":"L","documentURL":"http://a.test/","request":{"url":"http://a.test/","method":"GET","headers":{},"initialPriority":"High","referrerPolicy":"no-referrer"},"timestamp":1,"wallTime":1,"initiator":{"type":"script"},"redirectHasExtraInfo":false,"type":"Fetch","frameId":"tab"}`)
		f.Event("tab", "Network.requestWillBeSentExtraInfo", `{"requestId":"n1","associatedCookies":[],"headers":{"Cookie":"sid=bob1"},"connectTiming":{"requestTime":1}}`)
		return
	}
	f.Event("tab", "Network.responseReceivedExtraInfo", `{"requestId":"n1","blockedCookies":[],"headers":{"Set-Cookie":"sid=bob2; Path=/"},"resourceIPAddressSpace":"Local","statusCode":200}`)
}

func withTab(t *testing.T, f *fakeChrome) *Engine {
	t.Helper()
	b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
	f.attach(b, "tab")
	b.targets.Add(b.wire.Link("tab"), &target.Info{TargetID: "tab", Type: "page", URL: "http://a.test/"}, "")
	go b.mirror.run()
	return b
}

// A rotation comes while the jar is being written: what is read back is compared
// with what the book knows after all that was told before, so the new value wins.
func TestRotationRacesWrite(t *testing.T) {
	f := newFakeChrome(t)
	b := withTab(t, f)
	synced := make(chan error, 1)
	go func() {
		_, err := b.mirror.sync(t.Context(), sessions.Main, "a.test")
		synced <- err
	}()
	f.Reply(f.Command("Storage.getCookies"), jarOf("alice1"))
	write := f.Command("Storage.setCookies")
	if got := written(t, write); got != "bob1" {
		t.Errorf("wrote %q, want bob1", got)
	}
	f.rotation(1)
	f.rotation(2)
	f.Reply(write, `{}`)
	f.Reply(f.Command("Storage.getCookies"), jarOf("bob1")) // the write was the later one
	second := f.Command("Storage.setCookies")
	if got := written(t, second); got != "bob2" {
		t.Errorf("wrote %q, want bob2", got)
	}
	f.Reply(second, `{}`)
	f.Reply(f.Command("Storage.getCookies"), jarOf("bob2"))
	if err := <-synced; err != nil {
		t.Error(err)
	}
}

// The same, but the response is told only after the jar was read back.
func TestLateRotation(t *testing.T) {
	f := newFakeChrome(t)
	b := withTab(t, f)
	f.rotation(1)
	wiretest.Eventually(t, b.wire.Do, "the request is booked", func() bool {
		x := b.exchanges.open["n1"]
		return x != nil && len(x.urls) == 1 && x.urls[0].booked != nil
	})
	synced := make(chan error, 1)
	go func() {
		_, err := b.mirror.sync(t.Context(), sessions.Main, "a.test")
		synced <- err
	}()
	f.Reply(f.Command("Storage.getCookies"), jarOf("alice1"))
	f.Reply(f.Command("Storage.setCookies"), `{}`)
	f.Reply(f.Command("Storage.getCookies"), jarOf("bob1"))
	if err := <-synced; err != nil {
		t.Fatal(err)
	}
	f.rotation(2)
	f.Reply(f.Command("Storage.getCookies"), jarOf("bob1"))
	write := f.Command("Storage.setCookies")
	if got := written(t, write); got != "bob2" {
		t.Errorf("wrote %q, want bob2", got)
	}
	f.Reply(write, `{}`)
	f.Reply(f.Command("Storage.getCookies"), jarOf("bob2"))
}

// A response that nothing shows gives a token while the jar is being written: it stays
// there, and is the active session's.
func TestUntoldRacesWrite(t *testing.T) {
	f := newFakeChrome(t)
	b := withTab(t, f)
	const other = "PHPSESSID"
	if err := b.book.AddToken(sessions.Main, "a.test", other, sessions.Token, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	both := func(value, untold string) string {
		return strings.TrimSuffix(jarOf(value), "]}") + "," + strings.TrimPrefix(strings.Replace(jarOf(untold), "sid", other, 1), `{"cookies":[`)
	}
	synced := make(chan error, 1)
	sync := func() {
		_, err := b.mirror.sync(t.Context(), sessions.Main, "a.test")
		synced <- err
	}
	go sync()
	f.Reply(f.Command("Storage.getCookies"), jarOf("bob1")) // in step
	if err := <-synced; err != nil {
		t.Fatal(err)
	}
	f.rotation(1)
	f.rotation(2) // bob2 is known, and the jar has something else
	go sync()
	f.Reply(f.Command("Storage.getCookies"), jarOf("bob1"))
	f.Reply(f.Command("Storage.setCookies"), `{}`)
	f.Reply(f.Command("Storage.getCookies"), both("bob2", "untold"))
	f.Reply(f.Command("Browser.getVersion"), `{}`)
	if err := <-synced; err != nil {
		t.Fatal(err)
	}
	if found, err := b.book.Session(sessions.Ref{Site: "a.test", Number: 2}, time.Now()); err != nil || len(found.Tokens) != 2 || found.Tokens[1].Value != "untold" {
		t.Errorf("%+v (%v)", found, err)
	}
}
