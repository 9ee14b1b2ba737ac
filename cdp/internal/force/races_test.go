package force

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire/wiretest"
	"sessdriver/sessions"
)

// fakeTab adds a page to a browser on the fake, which tells of its requests.
func (f *fakeChrome) tab(b *Engine, id target.ID, url string) *targets.Tab {
	t := b.targets.Add(b.wire.Link(target.SessionID(id)), &target.Info{TargetID: id, Type: "page", URL: url}, "")
	f.attach(b, t.Link.ID)
	b.targets.SetTells(t, true)
	b.targets.SetReady(t)
	return t
}

// A stream whose opening is not answered yet is waited for as any request is: the answer
// may set cookies. Once it is answered it is waited for until it is old.
func TestQuietWaitsForHandshakes(t *testing.T) {
	open := map[string][]string{
		"WebSocket": {
			"Network.webSocketCreated", `{"requestId":"r","url":"ws://a.test/live"}`,
			"Network.webSocketWillSendHandshakeRequest", `{"requestId":"r","timestamp":1,"wallTime":1,"request":{"headers":{"Cookie":"sid=alice1"}}}`,
			"Network.webSocketHandshakeResponseReceived", `{"requestId":"r","timestamp":2,"response":{"status":101,"statusText":"","headers":{"Set-Cookie":"sid=alice2"}}}`,
		},
		"EventSource": {
			"Network.requestWillBeSent", `{"requestId":"r","loaderId":"L","frameId":"tab","type":"EventSource","wallTime":1,"request":{"url":"http://a.test/live","method":"GET","headers":{}}}`,
			"Network.requestWillBeSentExtraInfo", `{"requestId":"r","headers":{"Cookie":"sid=alice1"},"associatedCookies":[]}`,
			"Network.responseReceivedExtraInfo", `{"requestId":"r","headers":{"Set-Cookie":"sid=alice2"},"statusCode":200,"blockedCookies":[]}`,
		},
		"EventSource of a service worker": {
			"Network.requestWillBeSent", `{"requestId":"r","loaderId":"L","frameId":"tab","type":"EventSource","wallTime":1,"request":{"url":"http://a.test/live","method":"GET","headers":{}}}`,
			"Network.responseReceived", `{"requestId":"r","hasExtraInfo":false,"response":{"url":"http://a.test/live"}}`,
		},
	}
	for name, events := range open {
		t.Run(name, func(t *testing.T) {
			f := newFakeChrome(t)
			b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
			f.tab(b, "tab", "http://a.test/")
			at := targets.At(sessions.Main, "a.test")
			for i := 0; i < len(events); i += 2 {
				f.Event("tab", events[i], events[i+1])
				last := i == len(events)-2
				wiretest.Eventually(t, b.wire.Do, fmt.Sprintf("%s: waited for: %v", events[i], !last), func() bool {
					ex := b.exchanges.open["r"]
					if ex == nil {
						return false
					}
					ex.came = time.Now().Add(-2 * oldStream)
					return b.exchanges.mayBeAnswered(at, time.Now(), oldRequest) == !last
				})
			}
		})
	}
}

// What a script wrote while late answers may come is adopted once, as it is when that is
// decided.
func TestAdoptedOnce(t *testing.T) {
	f := newFakeChrome(t)
	book := bookOf(t, "bob")
	b := f.engine(t, sessions.GuardAlways, book)
	jar := func(value string) []sessions.Cookie {
		return []sessions.Cookie{{Name: "sid", Value: value, Domain: "a.test", Path: "/"}}
	}
	at := targets.At(sessions.Main, "a.test")
	book.JarWritten(at.Window, at.Site)
	b.quiet.stir(at, true)
	for range 3 {
		if open, err := b.mirror.adopt(t.Context(), at.Window, at.Site, jar("script1")); err != nil || len(open) != 1 {
			t.Fatalf("%v, %v: want that it stays open", open, err)
		}
	}
	if !b.mirror.isAdopting(at) {
		t.Fatal("nothing is to be adopted")
	}
	b.quiet.mu.Lock()
	delete(b.quiet.rests, at)
	b.quiet.mu.Unlock()
	f.Reply(f.Command("Storage.getCookies"), `{"cookies":[{"name":"sid","value":"script2","domain":"a.test","path":"/","expires":-1,"session":true}]}`)
	f.Reply(f.Command("Browser.getVersion"), `{}`)
	wiretest.Eventually(t, b.wire.Do, "it to be adopted", func() bool { return !b.mirror.isAdopting(at) })
	if is, _ := book.Active(at.Window, at.Site, time.Now()); len(is.Tokens) != 1 || is.Tokens[0].Value != "script2" {
		t.Errorf("bob has %+v", is.Tokens)
	}
	time.Sleep(2 * explains)
	f.Silent()
}

// While it is found out who took a cookie the jar may be written, as a switch does.
func TestSeekingHoldsNobodyUp(t *testing.T) {
	f := newFakeChrome(t)
	book := bookOf(t, "bob")
	b := f.engine(t, sessions.GuardAlways, book)
	book.PlanJar(sessions.Main, "a.test", []sessions.Cookie{{Name: "sid", Value: "bob1", Domain: "a.test", Path: "/"}}, time.Now())
	done := make(chan error, 1)
	go func() {
		_, err := b.mirror.sync(t.Context(), sessions.Main, "a.test")
		done <- err
	}()
	f.Reply(f.Command("Storage.getCookies"), `{"cookies":[]}`)
	wiretest.Eventually(t, b.wire.Do, "the jar to be free", func() bool {
		free := b.mirror.writing.TryLock()
		if free {
			b.mirror.writing.Unlock()
		}
		return free
	})
	whole := `{"cookies":[{"name":"sid","value":"bob1","domain":"a.test","path":"/","expires":-1,"session":true}]}`
	f.Reply(f.Command("Storage.getCookies"), whole)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A jar that was read before the mark was put into it was not cleared.
func TestMarkIsPutMeanwhile(t *testing.T) {
	for name, before := range map[string]func(*mirror){
		"for the first time": func(*mirror) {},
		"anew":               func(m *mirror) { m.plant(sessions.Main, true); m.plant(sessions.Main, false) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeChrome(t)
			b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
			before(b.mirror)
			for len(f.Untaken()) > 0 {
				f.Reply(f.Command("Storage.setCookies"), `{}`)
			}
			cleared := make(chan time.Time, 1)
			go func() {
				_, at, err := b.mirror.read(t.Context(), sessions.Main)
				if err != nil {
					t.Error(err)
				}
				cleared <- at
			}()
			read := f.Command("Storage.getCookies")
			b.mirror.plantFirst(sessions.Main)
			f.Reply(f.Command("Storage.setCookies"), `{}`)
			f.Reply(read, `{"cookies":[]}`)
			if at := <-cleared; !at.IsZero() {
				t.Error("the jar is said to have been cleared")
			}
			f.Silent()
		})
	}
}

// Only what a switch sent is its reload: neither the page's own, nor what a person opens
// there once it came to nothing.
func TestReloadIsOurs(t *testing.T) {
	const url = "http://a.test/x"
	started := func(loader, url, kind string) [2]string {
		return [2]string{"Page.frameStartedNavigating", fmt.Sprintf(`{"frameId":"tab","url":%q,"loaderId":%q,"navigationType":%q}`, url, loader, kind)}
	}
	asked := func(loader, url string) [2]string {
		return [2]string{"Network.requestWillBeSent", fmt.Sprintf(`{"requestId":%[1]q,"loaderId":%[1]q,"frameId":"tab","type":"Document","wallTime":1,"request":{"url":%[2]q,"method":"GET","headers":{}}}`, loader, url)}
	}
	shown := func(loader, url string) [2]string {
		return [2]string{"Page.frameNavigated", fmt.Sprintf(`{"type":"Navigation","frame":{"id":"tab","loaderId":%q,"url":%q,"domainAndRegistry":"","securityOrigin":"http://a.test","mimeType":"text/html"}}`, loader, url)}
	}
	for name, c := range map[string]struct {
		events [][2]string
		ours   bool
	}{
		"ours":             {[][2]string{started("L", url, "reloadBypassingCache"), asked("L", url)}, true},
		"the page's own":   {[][2]string{started("L", url, "reload"), asked("L", url)}, false},
		"ours beside that": {[][2]string{started("P", url, "reload"), asked("P", url), started("L", url, "reloadBypassingCache"), asked("L", url)}, true},
		"back, and opened again": {[][2]string{
			started("B", "http://a.test/b", "historyDifferentDocument"), asked("B", "http://a.test/b"), shown("B", "http://a.test/b"),
			started("L", url, "differentDocument"), asked("L", url)}, false},
		"back, and reloaded by hand": {[][2]string{
			started("B", url, "historyDifferentDocument"), shown("B", url),
			started("L", url, "reloadBypassingCache"), asked("L", url)}, false},
		"stopped, and opened again": {[][2]string{started("L", url, "differentDocument"), asked("L", url)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeChrome(t)
			b := f.engine(t, sessions.GuardAlways, bookOf(t, "bob"))
			tab := f.tab(b, "tab", url)
			b.wire.Do(func() { b.reloads.showAnew(tab, "GET") })
			f.Reply(f.Command("Page.reload"), `{}`)
			for _, e := range c.events {
				f.Event("tab", e[0], e[1])
			}
			var coming targets.Load
			wiretest.Eventually(t, b.wire.Do, "the document", func() bool {
				is, ok := b.targets.Coming(tab, "L")
				coming = is
				return ok
			})
			if coming.Ours != c.ours {
				t.Errorf("taken for the reload of the switch: %v", coming.Ours)
			}
		})
	}
}
