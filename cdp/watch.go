package cdp

import (
	"context"
	"slices"
	"strings"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// attach is how every target is attached as it is created: held until we are
// listening (CHROMIUM 37).
func attach(without target.Filter) target.SetAutoAttachParams {
	filter := target.Filter{
		{Type: "browser", Exclude: true},
		{Type: "tab", Exclude: true}, // with page it would be refused (CHROMIUM 38)
		{Type: "browser_ui", Exclude: true},
		{},
	}
	return target.SetAutoAttachParams{AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: new(true), Filter: append(without, filter...)}
}

// attachBelow is attach for what a target has below it. A service worker is
// attached by the browser connection; each page of its scope would do so again
// and tell its requests once more (TestServiceWorkerToldOnce).
func attachBelow() target.SetAutoAttachParams {
	return attach(target.Filter{{Type: "service_worker", Exclude: true}})
}

// watch attaches to all targets, present and future, and waits until those
// that are there are being listened to.
func (b *Browser) watch(ctx context.Context) error {
	contexts, err := wire.Call(ctx, b.link, target.GetBrowserContexts, cdp.Empty{})
	if err != nil {
		return err
	}
	b.targets.SetMain(contexts.DefaultBrowserContextID)
	if b.options.Apart {
		if err := b.openApart(ctx); err != nil {
			return err
		}
	}
	if _, err := wire.Call(ctx, b.link, target.SetAutoAttach, attach(nil)); err != nil {
		return err
	}
	return b.Settle(ctx)
}

// handle takes one event of our target connections. It runs in a turn.
func (b *Browser) handle(m *cdproto.Message) {
	switch m.Method {
	case "Fetch.requestPaused":
		if tab := b.targets.Tab(m.SessionID); b.targets.IsBlank(tab) {
			on(b, m, func(e *wire.RequestPaused) { b.fulfil(tab, e) })
		} else if !on(b, m, b.interceptor.paused) {
			b.interceptor.unreadable(m)
		}
	case "Fetch.authRequired":
		on(b, m, func(e *fetch.EventAuthRequired) { b.interceptor.challenges.asked(b.wire.Link(m.SessionID), e) })
	case "Network.requestWillBeSent":
		on(b, m, func(e *wire.RequestWillBeSent) { b.requestWillBeSent(m.SessionID, e) })
	case "Network.requestWillBeSentExtraInfo":
		on(b, m, b.exchanges.sent)
	case "Network.responseReceivedExtraInfo":
		on(b, m, b.exchanges.received)
	case "Network.responseReceived":
		on(b, m, func(e *wire.ResponseReceived) {
			tab := b.targets.Tab(m.SessionID)
			b.targets.Responded(tab, e)
			if tab != nil && b.departures.any.Load() {
				b.respondedTo(tab, cdp.LoaderID(e.RequestID))
			}
			b.exchanges.answered(tab, e)
		})
	case "Network.loadingFinished":
		on(b, m, func(e *wire.LoadingEnded) { b.exchanges.finish(e.RequestID, false) })
	case "Network.loadingFailed":
		on(b, m, func(e *wire.LoadingEnded) {
			b.targets.Failed(m.SessionID, e.RequestID)
			tab := b.targets.Tab(m.SessionID)
			if b.targets.IsBlank(tab) {
				b.blanks.fail(tab, e.Reason())
			}
			if tab != nil && b.departures.any.Load() {
				b.cameToNothing(tab)
			}
			b.exchanges.finish(e.RequestID, true)
		})
	case "Network.webSocketCreated":
		on(b, m, func(e *network.EventWebSocketCreated) { b.exchanges.socket(b.targets.Tab(m.SessionID), e) })
	case "Network.webSocketWillSendHandshakeRequest":
		on(b, m, b.exchanges.handshake)
	case "Network.webSocketHandshakeResponseReceived":
		on(b, m, b.exchanges.handshakeAnswer)
	case "Network.webSocketClosed":
		on(b, m, func(e *network.EventWebSocketClosed) { b.exchanges.drop(e.RequestID) })
	case "Target.attachedToTarget":
		on(b, m, func(e *target.EventAttachedToTarget) { b.attached(m.SessionID, e) })
	case "Target.detachedFromTarget":
		on(b, m, b.detached)
	case "Inspector.targetReloadedAfterCrash":
		// A service worker that was stopped starts again on the same
		// connection, and is held again (TestServiceWorkerRestart).
		if feed := b.observer.source(); feed != nil && feed.link.ID == m.SessionID {
			feed.attach(feed.link)
		}
		wire.Send(b.wire.Link(m.SessionID), runtime.RunIfWaitingForDebugger, cdp.Empty{}, nil)
	default:
		b.handlePage(m)
	}
}

// handlePage takes the events that tell what a page shows.
func (b *Browser) handlePage(m *cdproto.Message) {
	tab := b.targets.Tab(m.SessionID)
	if tab == nil {
		if feed := b.observer.source(); feed != nil && m.SessionID == feed.link.ID && m.Method == "Runtime.bindingCalled" {
			on(b, m, feed.tell)
		}
		return
	}
	switch m.Method {
	case "Inspector.targetCrashed":
		b.exchanges.leave(tab, true)
		if tab.Kind != "page" {
			break // a worker that is stopped says so, too
		}
		b.arrive(tab)
		b.notice("a tab crashed: %s", sessions.ShowURL(b.targets.Document(tab).URL))
		b.targets.Crashes(tab)
	case "Runtime.bindingCalled":
		on(b, m, func(e *runtime.EventBindingCalled) { b.swapDone(tab, e) })
	case "Page.frameAttached":
		on(b, m, func(e *page.EventFrameAttached) { b.targets.SetFrame(e.FrameID, tab) })
	case "Page.frameDetached":
		on(b, m, func(e *page.EventFrameDetached) {
			if e.Reason != page.FrameDetachedReasonSwap { // it goes on in another process
				b.targets.DropFrame(e.FrameID)
			}
			b.exchanges.orphaned(func(ex *exchange) bool { return ex.frame == e.FrameID })
		})
	case "Page.frameNavigated":
		on(b, m, func(e *page.EventFrameNavigated) { b.navigated(tab, e.Frame) })
	case "Page.frameStartedNavigating":
		on(b, m, func(e *page.EventFrameStartedNavigating) {
			b.leaves(tab, e)
			b.targets.BeginsAgain(tab, e)
			b.departs(tab, e)
		})
	case "Page.frameRequestedNavigation":
		on(b, m, func(e *page.EventFrameRequestedNavigation) { b.wants(tab, e) })
	case "Page.frameStoppedLoading":
		on(b, m, func(e *page.EventFrameStoppedLoading) { b.stays(tab, e.FrameID) })
	case "Page.domContentEventFired":
		b.catchUp(tab)
	case "Page.loadEventFired":
		b.loaded(tab)
		b.catchUp(tab)
	case "Page.navigatedWithinDocument":
		on(b, m, func(e *page.EventNavigatedWithinDocument) { b.moved(tab, e) })
	case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
		b.handleConsole(m)
	case "Page.javascriptDialogOpening":
		on(b, m, func(e *page.EventJavascriptDialogOpening) { b.dialog(tab, e) })
	}
}

// on decodes the parameters of an event for its handler. It reports whether
// they could be read.
func on[E any](b *Browser, m *cdproto.Message, handle func(*E)) bool {
	e, err := wire.Event[E](m)
	if err != nil {
		b.log.Error("reading an event", "method", m.Method, "error", err)
		return false
	}
	handle(e)
	return true
}

// attached begins to listen to a target. The commands are sent without waiting
// in between: waiting for Network.enable on a held service worker hangs its
// page (CHROMIUM 37).
func (b *Browser) attached(by target.SessionID, e *target.EventAttachedToTarget) {
	l := b.wire.Link(e.SessionID)
	info := e.TargetInfo
	if feed := b.observer.source(); feed != nil && isFeed(info) {
		feed.attach(l)
	} else if watched(info) && !b.targets.IsForeign(info.BrowserContextID) {
		tab := b.targets.Add(l, info, by)
		b.observer.listen(tab)
		if b.options.Console {
			b.console.Hear(l)
		}
		if b.observer.goesAround(tab.Window) {
			b.setCache(tab)
		}
		if tab.Kind == "page" || tab.Kind == "iframe" {
			wire.Send(l, page.Enable, page.EnableParams{}, func(cdp.Empty, error) { b.targets.SetReady(tab) })
			b.beginSwaps(tab, info.OpenerID)
			if !e.WaitingForDebugger {
				wire.Send(l, page.GetFrameTree, cdp.Empty{}, func(r page.GetFrameTreeResult, err error) { b.seeFrames(tab, r.FrameTree) })
			}
		}
		wire.Send(l, target.SetAutoAttach, attachBelow(), nil)
	}
	if e.WaitingForDebugger {
		wire.Send(l, runtime.RunIfWaitingForDebugger, cdp.Empty{}, nil)
	}
}

// watched reports whether a target makes requests that are ours to see.
func watched(info *target.Info) bool {
	if strings.HasPrefix(info.URL, "devtools://") {
		return false
	}
	return slices.Contains(requesters, info.Type)
}

// requesters are the kinds of targets that make requests.
var requesters = []string{"page", "iframe", "worker", "shared_worker", "service_worker", "webview", "background_page", "worklet"}

func (b *Browser) seeFrames(tab *targets.Tab, tree *page.FrameTree) {
	if tree == nil {
		return
	}
	b.targets.SetFrame(tree.Frame.ID, tab)
	b.visited(tab, tree.Frame.URL)
	if f := tree.Frame; f.ID == cdp.FrameID(tab.ID) {
		b.targets.Found(tab, f)
	}
	b.shown(tab, tree.Frame)
	for _, child := range tree.ChildFrames {
		b.seeFrames(tab, child)
	}
}

func (b *Browser) detached(e *target.EventDetachedFromTarget) {
	b.wire.Forget(e.SessionID)
	b.observer.left(e.SessionID)
	tab := b.targets.Tab(e.SessionID)
	if tab == nil {
		return
	}
	b.exchanges.leave(tab, true)
	b.targets.Remove(e.SessionID)
	b.scripts.left(tab)
	b.blanks.left(tab)
	b.fresh.left(tab)
	b.arrive(tab)
	if tab.Kind == "page" {
		if b.options.Storage != StorageKeep {
			b.book.ForgetShelf(sessions.Shelf(tab.ID))
		}
		if !b.targets.IsBlank(tab) { // its window is seen to by who made it
			b.abandoned(tab.Window)
		}
	}
}

func (b *Browser) requestWillBeSent(id target.SessionID, e *wire.RequestWillBeSent) {
	tab := b.targets.Tab(id)
	if tab == nil {
		return
	}
	if e.FrameID != "" {
		b.targets.SetFrame(e.FrameID, tab)
	}
	if e.Type == network.ResourceTypeDocument && cdp.FrameID(tab.ID) == e.FrameID {
		withUser := ""
		if sessions.WithoutCredentials(e.Request.URL) != e.Request.URL {
			withUser = e.Request.URL
		}
		b.targets.Begin(tab, e.LoaderID, e.Request.Method, withUser)
		b.targets.AskedAgain(tab, e.LoaderID)
	}
	b.exchanges.begin(tab, e)
	if b.departures.any.Load() {
		b.toldOf(tab, e.RequestID)
	}
}

// leaves notes a document that is on its way, where no request tells of it.
func (b *Browser) leaves(tab *targets.Tab, e *page.EventFrameStartedNavigating) {
	same := e.NavigationType == page.FrameStartedNavigatingNavigationTypeSameDocument || e.NavigationType == page.FrameStartedNavigatingNavigationTypeHistorySameDocument
	if !b.targets.Tells(tab) && !same && cdp.FrameID(tab.ID) == e.FrameID {
		b.targets.Begin(tab, e.LoaderID, "", "")
	}
}

// stays notes that none is any more, likewise.
func (b *Browser) stays(tab *targets.Tab, frame cdp.FrameID) {
	if !b.targets.Tells(tab) && cdp.FrameID(tab.ID) == frame {
		b.targets.Rests(tab)
	}
}

// navigated notes that a frame shows another document.
func (b *Browser) navigated(tab *targets.Tab, f *cdp.Frame) {
	b.interceptor.primeNext(tab, f.ID)
	if f.ParentID != "" || cdp.FrameID(tab.ID) != f.ID {
		b.targets.SetFrame(f.ID, tab)
		b.exchanges.orphaned(func(ex *exchange) bool { return ex.frame == f.ID && ex.loader != f.LoaderID })
		b.shown(tab, f)
		return
	}
	defer b.shown(tab, f)
	b.visited(tab, f.URL)
	b.exchanges.leave(tab, false)
	b.exchanges.orphaned(func(ex *exchange) bool {
		if ex.tab != tab || ex.loader == f.LoaderID {
			return false
		}
		_, coming := b.targets.Coming(tab, ex.loader)
		return !coming
	})
	b.targets.Shows(tab, f)
	b.replaced(tab)
	b.comesLate(tab)
}

// visited makes the site of a page known, where no request does.
func (b *Browser) visited(tab *targets.Tab, url string) {
	if !b.targets.Tells(tab) && strings.HasPrefix(url, "http") {
		b.book.Visited(url)
	}
}

func (b *Browser) moved(tab *targets.Tab, e *page.EventNavigatedWithinDocument) {
	if cdp.FrameID(tab.ID) == e.FrameID {
		b.targets.Moves(tab, e.URL)
	}
}
