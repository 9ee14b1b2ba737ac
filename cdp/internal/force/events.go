package force

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

// Watch attaches to all targets, present and future, and waits until those
// that are there are being listened to.
func (en *Engine) Watch(ctx context.Context) error {
	if _, err := wire.Call(ctx, en.link, target.SetAutoAttach, attach(nil)); err != nil {
		return err
	}
	return en.targets.Settle(ctx)
}

// Handle takes one event of our target connections. It runs in a turn.
func (en *Engine) Handle(m *cdproto.Message) {
	switch m.Method {
	case "Fetch.requestPaused":
		if !on(en, m, en.interceptor.paused) {
			en.interceptor.unreadable(m)
		}
	case "Fetch.authRequired":
		on(en, m, func(e *fetch.EventAuthRequired) { en.challenges.asked(en.wire.Link(m.SessionID), e) })
	case "Network.requestWillBeSent":
		on(en, m, func(e *wire.RequestWillBeSent) { en.requestWillBeSent(m.SessionID, e) })
	case "Network.requestWillBeSentExtraInfo":
		on(en, m, en.exchanges.sent)
	case "Network.responseReceivedExtraInfo":
		on(en, m, en.exchanges.received)
	case "Network.responseReceived":
		on(en, m, func(e *wire.ResponseReceived) {
			tab := en.targets.Tab(m.SessionID)
			en.targets.Responded(tab, e)
			if tab != nil && en.departures.any.Load() {
				en.departures.respondedTo(tab, cdp.LoaderID(e.RequestID))
			}
			en.exchanges.answered(tab, e)
		})
	case "Network.loadingFinished":
		on(en, m, func(e *wire.LoadingEnded) { en.exchanges.finish(e.RequestID, false) })
	case "Network.loadingFailed":
		on(en, m, func(e *wire.LoadingEnded) {
			en.targets.Failed(m.SessionID, e.RequestID)
			tab := en.targets.Tab(m.SessionID)
			if tab != nil && en.departures.any.Load() {
				en.departures.cameToNothing(tab)
			}
			en.exchanges.finish(e.RequestID, true)
		})
	case "Network.webSocketCreated":
		on(en, m, func(e *network.EventWebSocketCreated) { en.exchanges.socket(en.targets.Tab(m.SessionID), e) })
	case "Network.webSocketWillSendHandshakeRequest":
		on(en, m, en.exchanges.handshake)
	case "Network.webSocketHandshakeResponseReceived":
		on(en, m, en.exchanges.handshakeAnswer)
	case "Network.webSocketClosed":
		on(en, m, func(e *network.EventWebSocketClosed) { en.exchanges.drop(e.RequestID) })
	case "Target.attachedToTarget":
		on(en, m, func(e *target.EventAttachedToTarget) { en.attached(m.SessionID, e) })
	case "Target.detachedFromTarget":
		on(en, m, en.detached)
	case "Inspector.targetReloadedAfterCrash":
		// A service worker that was stopped starts again on the same
		// connection, and is held again (TestServiceWorkerRestart).
		if feed := en.observer.source(); feed != nil && feed.link.ID == m.SessionID {
			feed.attach(feed.link)
		}
		wire.Send(en.wire.Link(m.SessionID), runtime.RunIfWaitingForDebugger, cdp.Empty{}, nil)
	default:
		en.handlePage(m)
	}
}

// handlePage takes the events that tell what a page shows.
func (en *Engine) handlePage(m *cdproto.Message) {
	tab := en.targets.Tab(m.SessionID)
	if tab == nil {
		if feed := en.observer.source(); feed != nil && m.SessionID == feed.link.ID && m.Method == "Runtime.bindingCalled" {
			on(en, m, feed.tell)
		}
		return
	}
	switch m.Method {
	case "Inspector.targetCrashed":
		en.exchanges.leave(tab, true)
		if tab.Kind != "page" {
			break // a worker that is stopped says so, too
		}
		en.departures.arrive(tab)
		en.notice("a tab crashed: %s", sessions.ShowURL(en.targets.Document(tab).URL))
		en.targets.Crashes(tab)
	case "Runtime.bindingCalled":
		on(en, m, func(e *runtime.EventBindingCalled) { en.storage.swapDone(tab, e) })
	case "Page.frameAttached":
		on(en, m, func(e *page.EventFrameAttached) { en.targets.SetFrame(e.FrameID, tab) })
	case "Page.frameDetached":
		on(en, m, func(e *page.EventFrameDetached) {
			if e.Reason != page.FrameDetachedReasonSwap { // it goes on in another process
				en.targets.DropFrame(e.FrameID)
			}
			en.exchanges.orphaned(func(ex *exchange) bool { return ex.frame == e.FrameID })
		})
	case "Page.frameNavigated":
		on(en, m, func(e *page.EventFrameNavigated) { en.navigated(tab, e.Frame) })
	case "Page.frameStartedNavigating":
		on(en, m, func(e *page.EventFrameStartedNavigating) {
			en.leaves(tab, e)
			en.targets.BeginsAgain(tab, e)
			en.departures.departs(tab, e)
		})
	case "Page.frameRequestedNavigation":
		on(en, m, func(e *page.EventFrameRequestedNavigation) { en.departures.wants(tab, e) })
	case "Page.frameStoppedLoading":
		on(en, m, func(e *page.EventFrameStoppedLoading) { en.stays(tab, e.FrameID) })
	case "Page.domContentEventFired":
		en.reloads.catchUp(tab)
	case "Page.loadEventFired":
		en.reloads.loaded(tab)
		en.reloads.catchUp(tab)
	case "Page.navigatedWithinDocument":
		on(en, m, func(e *page.EventNavigatedWithinDocument) { en.moved(tab, e) })
	}
}

// on decodes the parameters of an event for its handler. It reports whether
// they could be read.
func on[E any](en *Engine, m *cdproto.Message, handle func(*E)) bool {
	e, err := wire.Event[E](m)
	if err != nil {
		en.log.Error("reading an event", "method", m.Method, "error", err)
		return false
	}
	handle(e)
	return true
}

// attached begins to listen to a target. The commands are sent without waiting
// in between: waiting for Network.enable on a held service worker hangs its
// page (CHROMIUM 37).
func (en *Engine) attached(by target.SessionID, e *target.EventAttachedToTarget) {
	l := en.wire.Link(e.SessionID)
	info := e.TargetInfo
	if feed := en.observer.source(); feed != nil && isFeed(info) {
		feed.attach(l)
	} else if watched(info) && !en.targets.IsForeign(info.BrowserContextID) {
		tab := en.targets.Add(l, info, by)
		en.observer.listen(tab)
		en.outside.Comes(tab)
		if en.observer.goesAround(tab.Window) {
			en.cache.setCache(tab)
		}
		if tab.Kind == "page" || tab.Kind == "iframe" {
			wire.Send(l, page.Enable, page.EnableParams{}, func(cdp.Empty, error) { en.targets.SetReady(tab) })
			en.storage.beginSwaps(tab, info.OpenerID)
			if !e.WaitingForDebugger {
				wire.Send(l, page.GetFrameTree, cdp.Empty{}, func(r page.GetFrameTreeResult, err error) { en.seeFrames(tab, r.FrameTree) })
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

func (en *Engine) seeFrames(tab *targets.Tab, tree *page.FrameTree) {
	if tree == nil {
		return
	}
	en.targets.SetFrame(tree.Frame.ID, tab)
	en.visited(tab, tree.Frame.URL)
	if f := tree.Frame; f.ID == cdp.FrameID(tab.ID) {
		en.targets.Found(tab, f)
	}
	en.storage.shown(tab, tree.Frame)
	for _, child := range tree.ChildFrames {
		en.seeFrames(tab, child)
	}
}

func (en *Engine) detached(e *target.EventDetachedFromTarget) {
	en.wire.Forget(e.SessionID)
	en.observer.left(e.SessionID)
	tab := en.targets.Tab(e.SessionID)
	if tab == nil {
		return
	}
	en.exchanges.leave(tab, true)
	en.targets.Remove(e.SessionID)
	en.storage.scripts.left(tab)
	en.challenges.tabs.left(tab)
	en.fresh.left(tab)
	en.departures.arrive(tab)
	if tab.Kind == "page" && en.options.Storage != StorageKeep {
		en.book.ForgetStorageArea(sessions.Shelf(tab.ID))
	}
	en.outside.Left(tab)
}

func (en *Engine) requestWillBeSent(id target.SessionID, e *wire.RequestWillBeSent) {
	tab := en.targets.Tab(id)
	if tab == nil {
		return
	}
	if e.FrameID != "" {
		en.targets.SetFrame(e.FrameID, tab)
	}
	if e.Type == network.ResourceTypeDocument && cdp.FrameID(tab.ID) == e.FrameID {
		withUser := ""
		if sessions.WithoutCredentials(e.Request.URL) != e.Request.URL {
			withUser = e.Request.URL
		}
		en.targets.Begin(tab, e.LoaderID, e.Request.Method, withUser)
		en.targets.AskedAgain(tab, e.LoaderID)
	}
	en.exchanges.begin(tab, e)
	if en.departures.any.Load() {
		en.departures.toldOf(tab, e.RequestID)
	}
}

// leaves notes a document that is on its way, where no request tells of it.
func (en *Engine) leaves(tab *targets.Tab, e *page.EventFrameStartedNavigating) {
	same := e.NavigationType == page.FrameStartedNavigatingNavigationTypeSameDocument || e.NavigationType == page.FrameStartedNavigatingNavigationTypeHistorySameDocument
	if !en.targets.Tells(tab) && !same && cdp.FrameID(tab.ID) == e.FrameID {
		en.targets.Begin(tab, e.LoaderID, "", "")
	}
}

// stays notes that none is any more, likewise.
func (en *Engine) stays(tab *targets.Tab, frame cdp.FrameID) {
	if !en.targets.Tells(tab) && cdp.FrameID(tab.ID) == frame {
		en.targets.Rests(tab)
	}
}

// navigated notes that a frame shows another document.
func (en *Engine) navigated(tab *targets.Tab, f *cdp.Frame) {
	en.interceptor.primeNext(tab, f.ID)
	if f.ParentID != "" || cdp.FrameID(tab.ID) != f.ID {
		en.targets.SetFrame(f.ID, tab)
		en.exchanges.orphaned(func(ex *exchange) bool { return ex.frame == f.ID && ex.loader != f.LoaderID })
		en.storage.shown(tab, f)
		return
	}
	defer en.storage.shown(tab, f)
	en.visited(tab, f.URL)
	en.exchanges.leave(tab, false)
	en.exchanges.orphaned(func(ex *exchange) bool {
		if ex.tab != tab || ex.loader == f.LoaderID {
			return false
		}
		_, coming := en.targets.Coming(tab, ex.loader)
		return !coming
	})
	en.targets.Shows(tab, f)
	en.departures.replaced(tab)
	en.departures.comesLate(tab)
}

// visited makes the site of a page known, where no request does.
func (en *Engine) visited(tab *targets.Tab, url string) {
	if !en.targets.Tells(tab) && strings.HasPrefix(url, "http") {
		en.book.Visited(url)
	}
}

func (en *Engine) moved(tab *targets.Tab, e *page.EventNavigatedWithinDocument) {
	if cdp.FrameID(tab.ID) == e.FrameID {
		en.targets.Moves(tab, e.URL)
	}
}
