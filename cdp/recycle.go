package cdp

import (
	"context"
	"errors"
	"fmt"

	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// Again ends what a browser with [Options.Apart] is used for, and gives one of the same
// process that nothing of it is left in: another book, and a main window with a jar,
// storage and cache of its own. That is much faster than a new process. The options for
// [Launch] only count where they did before. The receiver is closed afterwards, also where
// Again fails; then the process has ended, too.
func (b *Browser) Again(ctx context.Context, o Options) (*Browser, error) {
	if b.process == nil || !b.options.Apart {
		return nil, errors.New("using a browser again: its main window cannot be closed")
	}
	if err := o.check(); err != nil {
		b.Close()
		return nil, fmt.Errorf("using a browser again: %w", err)
	}
	var next *Browser
	err := ErrGone // it was closed before
	b.closing.Do(func() { next, err = b.again(ctx, o) })
	if err != nil {
		return nil, fmt.Errorf("using a browser again: %w", err)
	}
	return next, nil
}

func (b *Browser) again(ctx context.Context, o Options) (*Browser, error) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	b.force.End()
	b.force.Lock()
	defer b.force.Unlock()
	b.force.EndDepartures()
	b.pages.close(ctx, b)
	if err := b.letGo(ctx); err != nil {
		err = b.because(err)
		b.abandon()
		return nil, err
	}
	b.leave()
	b.force.Stop()

	o.Apart, o.Path, o.Profile, o.Headless = true, b.options.Path, b.options.Profile, b.options.Headless
	next := newBrowser(o, b.process)
	next.claim = b.claim
	next.wire = b.wire // what comes from now on is next's
	b.wire.Reset(next.handle)
	next.speak(b.wire)
	if err := next.start(ctx); err != nil {
		err = next.because(err) // before abandon, after which the browser is gone in any case
		next.abandon()
		return nil, err
	}
	return next, nil
}

// letGo disposes of the windows, which are all ours, and of our connection with all that
// it is attached to.
func (b *Browser) letGo(ctx context.Context) error {
	for _, w := range b.targets.Windows() {
		params := target.DisposeBrowserContextParams{BrowserContextID: b.targets.ContextOf(w)}
		if _, err := wire.Call(ctx, b.link, target.DisposeBrowserContext, params); err != nil {
			return err
		}
	}
	_, err := wire.Call(ctx, b.wire.Root(), target.DetachFromTarget, target.DetachFromTargetParams{SessionID: b.link.ID})
	return err
}

// openApart makes the main window of a browser that is used more than once. It is disposed
// of with our connection.
func (b *Browser) openApart(ctx context.Context) error {
	r, err := wire.Call(ctx, b.link, target.CreateBrowserContext, target.CreateBrowserContextParams{DisposeOnDetach: new(true)})
	if err != nil {
		return err
	}
	b.targets.OwnMain(r.BrowserContextID)
	return nil
}

// firstTab opens the tab that a browser has from the start.
func (b *Browser) firstTab(ctx context.Context) error {
	tab, err := b.newTab(ctx, target.CreateTargetParams{URL: "about:blank", BrowserContextID: b.targets.ContextOf(sessions.Main), NewWindow: new(true)})
	if err != nil {
		return err
	}
	return b.targets.Ready(ctx, tab)
}
