package force

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/cdp/internal/wire/wiretest"
	"sessdriver/sessions"
)

// own is the id of our connection to the browser target in these tests.
const own = wiretest.Own

// fakeChrome is a Chrome that the test plays, with a browser on it.
type fakeChrome struct{ *wiretest.Chrome }

func newFakeChrome(t *testing.T) *fakeChrome { return &fakeChrome{wiretest.NewChrome(t)} }

// engine is an Engine on the fake, as it is once it has started, without the targets.
func (f *fakeChrome) engine(t *testing.T, guard sessions.Guard, book *sessions.Book) *Engine {
	t.Helper()
	return f.engineWith(t, Options{Guard: guard}, book, func(error) {})
}

func (f *fakeChrome) engineWith(t *testing.T, o Options, book *sessions.Book, notice func(error)) *Engine {
	t.Helper()
	o.Reload, o.Storage = ReloadAll, StorageKeep
	en := New(o, Surroundings{
		Notice: notice, Because: func(err error) error { return err }, Current: func() target.ID { return "" },
		Switched: func(sessions.Window) {}, Comes: func(*targets.Tab) {}, Left: func(*targets.Tab) {},
	}, book, slog.New(slog.DiscardHandler))
	conn := wire.New(f, en.Handle)
	en.Speak(conn)
	t.Cleanup(func() { conn.Close(); en.Stop() })
	attached := make(chan error)
	var own wire.Link
	go func() {
		var err error
		own, err = conn.AttachToBrowser(t.Context())
		attached <- err
	}()
	f.Reply(f.Command("Target.attachToBrowserTarget"), `{"sessionId":"own"}`)
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	en.Connect(own, false)
	return en
}

// attach lets a browser hear of a target, which it does not listen to by itself.
func (f *fakeChrome) attach(b *Engine, id target.SessionID) {
	attached := make(chan struct{})
	b.wire.Do(func() {
		b.wire.Handle(func(m *cdproto.Message) {
			if m.Method == "Target.attachedToTarget" {
				close(attached)
				b.wire.Handle(b.Handle)
				return
			}
			b.Handle(m)
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
