package cdp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/target"
)

func nothing(*cdproto.Message) {}

// A message is ours by its session id, or as a reply by its id; all else is
// chromedp's, in the order of the wire.
func TestRouting(t *testing.T) {
	f := newFakeChrome(t)
	var got []string
	w := f.wire(func(m *cdproto.Message) { got = append(got, string(m.Method)) })
	attached := make(chan link)
	go func() {
		l, err := w.browserLink(t.Context())
		if err != nil {
			t.Error(err)
		}
		attached <- l
	}()
	m := f.command("Target.attachToBrowserTarget")
	f.event("", "Target.attachedToTarget", `{"sessionId":"own"}`) // Chrome tells it on the root
	f.reply(m, `{"sessionId":"own"}`)
	if l := <-attached; l.id != own {
		t.Fatalf("the link is %q, want %q", l.id, own)
	}

	f.event(own, "Mine.first", `{}`)
	f.event("guest's", "Guest.event", `{}`)
	f.event(own, "Target.attachedToTarget", `{"sessionId":"tab"}`)
	f.event("tab", "Mine.nested", `{}`)
	f.event("tab", "Target.attachedToTarget", `{"sessionId":"frame"}`)
	f.event("frame", "Mine.deeper", `{}`)
	f.event("", "Guest.root", `{}`)
	f.tell.push(&cdproto.Message{ID: 7, Result: []byte(`{}`)})                       // chromedp's reply
	f.tell.push(&cdproto.Message{ID: firstID + 999, Result: []byte(`{}`)})           // nobody's
	f.tell.push(&cdproto.Message{ID: 8, SessionID: "guest's", Result: []byte(`{}`)}) // chromedp's
	f.event(own, "Target.detachedFromTarget", `{"sessionId":"tab"}`)                 // handle is to forget it
	f.event(own, "Mine.last", `{}`)

	g := &guest{wire: w, queue: w.guest, closed: make(chan struct{})}
	var theirs []string
	for len(theirs) < 5 {
		var m cdproto.Message
		if err := g.Read(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
		theirs = append(theirs, fmt.Sprint(m.Method, m.ID))
	}
	if want := []string{"Target.attachedToTarget0", "Guest.event0", "Guest.root0", "7", "8"}; !slices.Equal(theirs, want) {
		t.Errorf("chromedp got %v, want %v", theirs, want)
	}
	eventually(t, w, "our last event", func() bool { return len(got) > 0 && got[len(got)-1] == "Mine.last" })
	want := []string{"Mine.first", "Target.attachedToTarget", "Mine.nested", "Target.attachedToTarget", "Mine.deeper", "Target.detachedFromTarget", "Mine.last"}
	if !slices.Equal(got, want) {
		t.Errorf("we got %v, want %v", got, want)
	}
	w.forget("tab")
	f.event("tab", "Stray.event", `{}`)
	var stray cdproto.Message
	if err := g.Read(t.Context(), &stray); err != nil || stray.Method != "Stray.event" {
		t.Errorf("after forget chromedp reads %s, %v", stray.Method, err)
	}
}

// The result of a command that was sent comes after all that the browser told
// before it, and before what it told later.
func TestReplyKeepsItsPlace(t *testing.T) {
	f := newFakeChrome(t)
	var order []string
	w := f.wire(func(m *cdproto.Message) { order = append(order, string(m.Method)) })
	w.ours[own] = true
	l := link{w, own}
	send(l, fetch.Disable, cdp.Empty{}, func(_ cdp.Empty, err error) { order = append(order, fmt.Sprint("reply ", err)) })
	m := f.command("Fetch.disable")
	var want []string
	for i := range 1000 {
		method := fmt.Sprint("Before.", i)
		f.event(own, method, `{}`)
		want = append(want, method)
	}
	f.reply(m, `{}`)
	f.event(own, "After.0", `{}`)
	want = append(want, "reply <nil>", "After.0")
	eventually(t, w, "the last event", func() bool { return len(order) == len(want) })
	if !slices.Equal(order, want) {
		t.Error("the reply is not between the events that surround it")
	}
}

func TestCallErrors(t *testing.T) {
	f := newFakeChrome(t)
	w := f.wire(nothing)
	l := link{w, own}
	errs := make(chan error, 1)
	ask := func(ctx context.Context) {
		go func() {
			_, err := call(ctx, l, browser.GetVersion, cdp.Empty{})
			errs <- err
		}()
	}

	ask(t.Context())
	f.refuse(f.command("Browser.getVersion"), "No such thing")
	var refused *cdproto.Error
	if err := <-errs; !errors.As(err, &refused) || err.Error() != "Browser.getVersion: No such thing (-32602)" {
		t.Errorf("refused: %v", err)
	}

	ask(t.Context())
	f.reply(f.command("Browser.getVersion"), `["not an object"]`)
	if err := <-errs; err == nil {
		t.Error("a result that cannot be read is no error")
	}

	ctx, cancel := context.WithCancel(t.Context())
	ask(ctx)
	late := f.command("Browser.getVersion")
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	f.reply(late, `{}`) // nobody waits any more
	ask(t.Context())
	f.reply(f.command("Browser.getVersion"), `{"product":"Chrome/156"}`)
	if err := <-errs; err != nil {
		t.Errorf("after a cancelled call: %v", err)
	}
	if len(w.waiting) != 0 {
		t.Errorf("%d commands are still waited for", len(w.waiting))
	}
}

// Each command that waits when the browser goes gets ErrGone, and each that
// comes later at once.
func TestLoss(t *testing.T) {
	f := newFakeChrome(t)
	w := newWire(f, nothing)
	l := link{w, own}
	const n = 20
	errs := make(chan error, 2*n)
	for range n {
		go func() {
			_, err := call(t.Context(), l, browser.GetVersion, cdp.Empty{})
			errs <- err
		}()
		send(l, browser.GetVersion, cdp.Empty{}, func(_ browser.GetVersionResult, err error) { errs <- err })
	}
	for range 2 * n {
		f.command("Browser.getVersion")
	}
	f.Close()
	for range 2 * n {
		if err := <-errs; !errors.Is(err, ErrGone) {
			t.Errorf("a waiting command got %v, want ErrGone", err)
		}
	}
	<-w.lost
	if _, err := call(t.Context(), l, browser.GetVersion, cdp.Empty{}); !errors.Is(err, ErrGone) {
		t.Errorf("a late command got %v, want ErrGone", err)
	}
	send(l, browser.GetVersion, cdp.Empty{}, func(browser.GetVersionResult, error) {}) // must not block
	if err := w.lostError(); err.Error() != ErrGone.Error() {
		t.Errorf("the reason is %q, want no more than %q", err, ErrGone)
	}
	w.close()
	g := &guest{wire: w, queue: w.guest, closed: make(chan struct{})}
	if err := g.Read(t.Context(), new(cdproto.Message)); err != io.EOF {
		t.Errorf("chromedp reads %v, want EOF", err)
	}
}

// The browser goes while commands are being written: none is left without an
// answer, none gets two.
func TestLossRace(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeChrome(t)
			w := newWire(f, nothing)
			var done sync.WaitGroup
			for i := range 8 {
				done.Go(func() {
					if i == 4 {
						f.Close()
						return
					}
					_, err := call(t.Context(), link{w, own}, browser.GetVersion, cdp.Empty{})
					if !errors.Is(err, ErrGone) {
						t.Errorf("got %v, want ErrGone", err)
					}
				})
			}
			done.Wait()
			w.close()
		})
	}
}

// A page is closed while commands wait for it: they do not wait for ever, and
// those of others are not touched.
func TestDetachedWhileWaiting(t *testing.T) {
	f := newFakeChrome(t)
	w := f.wire(nothing)
	w.ours[own], w.ours["tab"] = true, true
	errs := make(chan error, 2)
	go func() {
		_, err := call(t.Context(), link{w, "tab"}, browser.GetVersion, cdp.Empty{})
		errs <- err
	}()
	f.command("Browser.getVersion")
	send(link{w, "tab"}, browser.GetVersion, cdp.Empty{}, func(_ browser.GetVersionResult, err error) { errs <- err })
	f.command("Browser.getVersion")
	other := make(chan error, 1)
	go func() {
		_, err := call(t.Context(), link{w, own}, browser.GetVersion, cdp.Empty{})
		other <- err
	}()
	m := f.command("Browser.getVersion")
	f.event(own, "Target.detachedFromTarget", `{"sessionId":"tab"}`)
	for range 2 {
		if err := <-errs; err == nil || errors.Is(err, ErrGone) || err.Error() != "Browser.getVersion: the page or worker is closed (-32001)" {
			t.Errorf("got %v", err)
		}
	}
	f.reply(m, `{"product":"x"}`)
	if err := <-other; err != nil {
		t.Errorf("the other connection's command: %v", err)
	}
}

// A command that cannot be written says so, and a turn learns it as a reply.
func TestWriteFails(t *testing.T) {
	f := newFakeChrome(t)
	w := f.wire(nothing)
	f.fail = errors.New("broken pipe")
	if _, err := call(t.Context(), link{w, own}, browser.GetVersion, cdp.Empty{}); !errors.Is(err, ErrGone) {
		t.Errorf("call: %v, want ErrGone", err)
	}
	errs := make(chan error, 1)
	send(link{w, own}, browser.GetVersion, cdp.Empty{}, func(_ browser.GetVersionResult, err error) { errs <- err })
	if err := <-errs; !errors.Is(err, ErrGone) {
		t.Errorf("send: %v, want ErrGone", err)
	}
}

// chromedp's end of the wire may be closed by several goroutines, and reading
// ends then although the wire lives.
func TestGuestClose(t *testing.T) {
	f := newFakeChrome(t)
	w := f.wire(nothing)
	g := &guest{wire: w, queue: w.guest, closed: make(chan struct{})}
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
		_, err := call(t.Context(), link{w, ""}, target.GetBrowserContexts, cdp.Empty{})
		answered <- err
	}()
	f.reply(f.command("Target.getBrowserContexts"), `{"browserContextIds":[]}`)
	if err := <-answered; err != nil {
		t.Errorf("the wire is not usable any more: %v", err)
	}
}

// A command gives up with its context although Chrome never answers.
func TestSettleGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeChrome(t)
		b := f.browser(Options{Book: bookOf(t, "")})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := b.Settle(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Settle: %v", err)
		}
		f.Close()
		if err := b.Settle(t.Context()); !errors.Is(err, ErrGone) {
			t.Errorf("Settle without a browser: %v", err)
		}
	})
}
