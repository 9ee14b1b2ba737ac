package cdp

import (
	"context"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
)

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
	return b.force.Watch(ctx)
}

// handle takes one event of our target connections: what is of dialogs, consoles and blank
// tabs is taken care of here, the rest by package force. It runs in a turn.
func (b *Browser) handle(m *cdproto.Message) {
	switch m.Method {
	case "Fetch.requestPaused":
		if tab := b.targets.Tab(m.SessionID); b.targets.IsBlank(tab) {
			on(b, m, func(e *wire.RequestPaused) { b.fulfil(tab, e) })
			return
		}
	case "Network.loadingFailed":
		if tab := b.targets.Tab(m.SessionID); b.targets.IsBlank(tab) {
			on(b, m, func(e *wire.LoadingEnded) { b.blanks.fail(tab, e.Reason()) })
		}
	case "Page.javascriptDialogOpening":
		if tab := b.targets.Tab(m.SessionID); tab != nil {
			on(b, m, func(e *page.EventJavascriptDialogOpening) { b.dialog(tab, e) })
		}
		return
	case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
		if b.targets.Tab(m.SessionID) != nil {
			b.handleConsole(m)
		}
		return
	}
	b.force.Handle(m)
}

// on decodes the parameters of an event for its handler.
func on[E any](b *Browser, m *cdproto.Message, handle func(*E)) {
	e, err := wire.Event[E](m)
	if err != nil {
		b.log.Error("reading an event", "method", m.Method, "error", err)
		return
	}
	handle(e)
}

// comes begins to listen to the console of a target. It runs in a turn.
func (b *Browser) comes(tab *targets.Tab) {
	if b.options.Console {
		b.console.Hear(tab.Link)
	}
}

// left forgets a target that is gone. It runs in a turn.
func (b *Browser) left(tab *targets.Tab) {
	b.blanks.left(tab)
	if tab.Kind == "page" && !b.targets.IsBlank(tab) { // its window is seen to by who made it
		b.abandoned(tab.Window)
	}
}
