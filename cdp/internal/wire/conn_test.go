package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire/wiretest"
)

const own = wiretest.Own

func nothing(*cdproto.Message) {}

// start gives a connection to the fake that ends with the test.
func start(t *testing.T, f *wiretest.Chrome, handle func(*cdproto.Message)) *Conn {
	c := New(f, handle)
	t.Cleanup(c.Close)
	return c
}

// newChromedp is the connection as chromedp sees it.
func newChromedp(c *Conn) *chromedpTransport {
	return &chromedpTransport{conn: c, queue: c.chromedp, closed: make(chan struct{})}
}

// A message is ours by its session id, or as a reply by its id; all else is
// chromedp's, in the order of the wire.
func TestRouting(t *testing.T) {
	f := wiretest.NewChrome(t)
	var got []string
	c := start(t, f, func(m *cdproto.Message) { got = append(got, string(m.Method)) })
	attached := make(chan Link)
	go func() {
		l, err := c.AttachToBrowser(t.Context())
		if err != nil {
			t.Error(err)
		}
		attached <- l
	}()
	m := f.Command("Target.attachToBrowserTarget")
	f.Event("", "Target.attachedToTarget", `{"sessionId":"own"}`) // Chrome reports it on the root
	f.Reply(m, `{"sessionId":"own"}`)
	if l := <-attached; l.ID != own {
		t.Fatalf("the link is %q, want %q", l.ID, own)
	}

	f.Event(own, "Mine.first", `{}`)
	f.Event("chromedp's", "Theirs.event", `{}`)
	f.Event(own, "Target.attachedToTarget", `{"sessionId":"tab"}`)
	f.Event("tab", "Mine.nested", `{}`)
	f.Event("tab", "Target.attachedToTarget", `{"sessionId":"frame"}`)
	f.Event("frame", "Mine.deeper", `{}`)
	f.Event("", "Theirs.root", `{}`)
	f.Send(&cdproto.Message{ID: 7, Result: []byte(`{}`)})                          // chromedp's reply
	f.Send(&cdproto.Message{ID: firstID + 999, Result: []byte(`{}`)})              // nobody's
	f.Send(&cdproto.Message{ID: 8, SessionID: "chromedp's", Result: []byte(`{}`)}) // chromedp's
	f.Event(own, "Target.detachedFromTarget", `{"sessionId":"tab"}`)               // handle is to forget it
	f.Event(own, "Mine.last", `{}`)

	g := newChromedp(c)
	var theirs []string
	for len(theirs) < 5 {
		var m cdproto.Message
		if err := g.Read(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
		theirs = append(theirs, fmt.Sprint(m.Method, m.ID))
	}
	if want := []string{"Target.attachedToTarget0", "Theirs.event0", "Theirs.root0", "7", "8"}; !slices.Equal(theirs, want) {
		t.Errorf("chromedp got %v, want %v", theirs, want)
	}
	wiretest.Eventually(t, c.Do, "our last event", func() bool { return len(got) > 0 && got[len(got)-1] == "Mine.last" })
	want := []string{"Mine.first", "Target.attachedToTarget", "Mine.nested", "Target.attachedToTarget", "Mine.deeper", "Target.detachedFromTarget", "Mine.last"}
	if !slices.Equal(got, want) {
		t.Errorf("we got %v, want %v", got, want)
	}
	c.Forget("tab")
	f.Event("tab", "Stray.event", `{}`)
	var stray cdproto.Message
	if err := g.Read(t.Context(), &stray); err != nil || stray.Method != "Stray.event" {
		t.Errorf("after forget chromedp reads %s, %v", stray.Method, err)
	}
}

// The result of a command that was sent comes after all that the browser sent
// before it, and before what it sent later.
func TestReplyKeepsItsPlace(t *testing.T) {
	f := wiretest.NewChrome(t)
	var order []string
	c := start(t, f, func(m *cdproto.Message) { order = append(order, string(m.Method)) })
	c.ours[own] = true
	l := c.Link(own)
	Send(l, fetch.Disable, cdp.Empty{}, func(_ cdp.Empty, err error) { order = append(order, fmt.Sprint("reply ", err)) })
	m := f.Command("Fetch.disable")
	var want []string
	for i := range 1000 {
		method := fmt.Sprint("Before.", i)
		f.Event(own, method, `{}`)
		want = append(want, method)
	}
	f.Reply(m, `{}`)
	f.Event(own, "After.0", `{}`)
	want = append(want, "reply <nil>", "After.0")
	wiretest.Eventually(t, c.Do, "the last event", func() bool { return len(order) == len(want) })
	if !slices.Equal(order, want) {
		t.Error("the reply is not between the events that surround it")
	}
}

func TestCallErrors(t *testing.T) {
	f := wiretest.NewChrome(t)
	c := start(t, f, nothing)
	l := c.Link(own)
	errs := make(chan error, 1)
	ask := func(ctx context.Context) {
		go func() {
			_, err := Call(ctx, l, browser.GetVersion, cdp.Empty{})
			errs <- err
		}()
	}

	ask(t.Context())
	f.Refuse(f.Command("Browser.getVersion"), "No such thing")
	var refused *cdproto.Error
	if err := <-errs; !errors.As(err, &refused) || err.Error() != "Browser.getVersion: No such thing (-32602)" {
		t.Errorf("refused: %v", err)
	}

	ask(t.Context())
	f.Reply(f.Command("Browser.getVersion"), `["not an object"]`)
	if err := <-errs; err == nil {
		t.Error("a result that cannot be read is no error")
	}

	ctx, cancel := context.WithCancel(t.Context())
	ask(ctx)
	late := f.Command("Browser.getVersion")
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	f.Reply(late, `{}`) // nobody waits any more
	ask(t.Context())
	f.Reply(f.Command("Browser.getVersion"), `{"product":"Chrome/156"}`)
	if err := <-errs; err != nil {
		t.Errorf("after a cancelled call: %v", err)
	}
	if len(c.waiting) != 0 {
		t.Errorf("%d commands are still waited for", len(c.waiting))
	}
}

// Each command that waits when the browser goes gets ErrGone, and each that
// comes later at once.
func TestLoss(t *testing.T) {
	f := wiretest.NewChrome(t)
	c := New(f, nothing)
	l := c.Link(own)
	const n = 20
	errs := make(chan error, 2*n)
	for range n {
		go func() {
			_, err := Call(t.Context(), l, browser.GetVersion, cdp.Empty{})
			errs <- err
		}()
		Send(l, browser.GetVersion, cdp.Empty{}, func(_ browser.GetVersionResult, err error) { errs <- err })
	}
	for range 2 * n {
		f.Command("Browser.getVersion")
	}
	f.Close()
	for range 2 * n {
		if err := <-errs; !errors.Is(err, ErrGone) {
			t.Errorf("a waiting command got %v, want ErrGone", err)
		}
	}
	<-c.Lost()
	if _, err := Call(t.Context(), l, browser.GetVersion, cdp.Empty{}); !errors.Is(err, ErrGone) {
		t.Errorf("a late command got %v, want ErrGone", err)
	}
	Send(l, browser.GetVersion, cdp.Empty{}, func(browser.GetVersionResult, error) {}) // must not block
	if err := c.Err(); err.Error() != ErrGone.Error() {
		t.Errorf("the reason is %q, want no more than %q", err, ErrGone)
	}
	c.Close()
	g := newChromedp(c)
	if err := g.Read(t.Context(), new(cdproto.Message)); err != io.EOF {
		t.Errorf("chromedp reads %v, want EOF", err)
	}
}

// The browser goes while commands are being written: none is left without an
// answer, none gets two.
func TestLossRace(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			f := wiretest.NewChrome(t)
			c := New(f, nothing)
			var done sync.WaitGroup
			for i := range 8 {
				done.Go(func() {
					if i == 4 {
						f.Close()
						return
					}
					_, err := Call(t.Context(), c.Link(own), browser.GetVersion, cdp.Empty{})
					if !errors.Is(err, ErrGone) {
						t.Errorf("got %v, want ErrGone", err)
					}
				})
			}
			done.Wait()
			c.Close()
		})
	}
}

// A page is closed while commands wait for it: they do not wait for ever, and
// those of others are not touched.
func TestDetachedWhileWaiting(t *testing.T) {
	f := wiretest.NewChrome(t)
	c := start(t, f, nothing)
	c.ours[own], c.ours["tab"] = true, true
	errs := make(chan error, 2)
	go func() {
		_, err := Call(t.Context(), c.Link("tab"), browser.GetVersion, cdp.Empty{})
		errs <- err
	}()
	f.Command("Browser.getVersion")
	Send(c.Link("tab"), browser.GetVersion, cdp.Empty{}, func(_ browser.GetVersionResult, err error) { errs <- err })
	f.Command("Browser.getVersion")
	other := make(chan error, 1)
	go func() {
		_, err := Call(t.Context(), c.Link(own), browser.GetVersion, cdp.Empty{})
		other <- err
	}()
	m := f.Command("Browser.getVersion")
	f.Event(own, "Target.detachedFromTarget", `{"sessionId":"tab"}`)
	for range 2 {
		if err := <-errs; err == nil || errors.Is(err, ErrGone) || err.Error() != "Browser.getVersion: the page or worker is closed (-32001)" {
			t.Errorf("got %v", err)
		}
	}
	f.Reply(m, `{"product":"x"}`)
	if err := <-other; err != nil {
		t.Errorf("the other connection's command: %v", err)
	}
}

// A command that cannot be written says so, and a turn learns it as a reply.
func TestWriteFails(t *testing.T) {
	f := wiretest.NewChrome(t)
	c := start(t, f, nothing)
	f.Fail(errors.New("broken pipe"))
	if _, err := Call(t.Context(), c.Link(own), browser.GetVersion, cdp.Empty{}); !errors.Is(err, ErrGone) {
		t.Errorf("call: %v, want ErrGone", err)
	}
	errs := make(chan error, 1)
	Send(c.Link(own), browser.GetVersion, cdp.Empty{}, func(_ browser.GetVersionResult, err error) { errs <- err })
	if err := <-errs; !errors.Is(err, ErrGone) {
		t.Errorf("send: %v, want ErrGone", err)
	}
}

// chromedp's end of the wire may be closed by several goroutines, and reading
// ends then although the wire lives.
func TestChromedpCloses(t *testing.T) {
	f := wiretest.NewChrome(t)
	c := start(t, f, nothing)
	g := newChromedp(c)
	read := make(chan error)
	go func() { read <- g.Read(t.Context(), new(cdproto.Message)) }()
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() { g.Close() })
	}
	done.Wait()
	if err := <-read; err != io.EOF {
		t.Errorf("Read: %v, want EOF", err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := Call(t.Context(), c.Root(), target.GetBrowserContexts, cdp.Empty{})
		answered <- err
	}()
	f.Reply(f.Command("Target.getBrowserContexts"), `{"browserContextIds":[]}`)
	if err := <-answered; err != nil {
		t.Errorf("the wire is not usable any more: %v", err)
	}
}
