package cdp

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/cdp/internal/wire/wiretest"
	"sessdriver/sessions"
)

// patience bounds every wait of these tests; it is only reached when they fail.
const patience = wiretest.Patience

// own is the id of our connection to the browser target in these tests.
const own = wiretest.Own

// nothing is a handler of events that takes none.
func nothing(*cdproto.Message) {}

// fakeChrome is a Chrome that the test plays, with a browser on it.
type fakeChrome struct{ *wiretest.Chrome }

func newFakeChrome(t *testing.T) *fakeChrome { return &fakeChrome{wiretest.NewChrome(t)} }

// browser is a Browser on the fake, as it is once it has started, without the
// targets and without chromedp.
func (f *fakeChrome) browser(t *testing.T, o Options) *Browser {
	t.Helper()
	b := newBrowser(o)
	b.speak(wire.New(f, b.handle))
	t.Cleanup(b.abandon)
	attached := make(chan error)
	go func() {
		var err error
		b.link, err = b.wire.AttachToBrowser(t.Context())
		attached <- err
	}()
	f.Reply(f.Command("Target.attachToBrowserTarget"), `{"sessionId":"own"}`)
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	b.connected()
	return b
}

// attach lets a browser hear of a target, which it does not listen to by itself.
func (f *fakeChrome) attach(b *Browser, id target.SessionID) {
	attached := make(chan struct{})
	b.wire.Do(func() {
		b.wire.Handle(func(m *cdproto.Message) {
			if m.Method == "Target.attachedToTarget" {
				close(attached)
				b.wire.Handle(b.handle)
				return
			}
			b.handle(m)
		})
	})
	f.Event(own, "Target.attachedToTarget", fmt.Sprintf(`{"sessionId":%q}`, id))
	<-attached
}

// bookOf is a book with the sessions alice and bob on a.test; the one that is
// named is active, "" for none.
func bookOf(t *testing.T, active string) *sessions.Book {
	t.Helper()
	book := sessions.New(sessions.Options{Defaults: sessions.StandardDefaults()})
	for _, name := range []string{"alice", "bob"} {
		list, err := sessions.ReadCookies(book.Scope(), "sid="+name+"1", "a.test", "http://a.test/")
		if err != nil {
			t.Fatal(err)
		}
		session, err := book.Import("a.test", name, list, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if name == active {
			if err := book.Use(sessions.Main, session.Ref(), nil, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return book
}
