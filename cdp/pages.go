package cdp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// closePace is how often a tab that stays is asked to close.
const closePace = 100 * time.Millisecond

// pages are the tabs that people drive, one of them the current one, each with
// chromedp on it.
type pages struct {
	mu      sync.Mutex // guards all below
	current target.ID
	window  sessions.Window // of the current tab, also when that was closed
	opened  []target.ID     // tabs that we opened in somebody else's browser
	chosen  target.ID       // the tab of somebody else's browser that we were told to drive
	driven  map[target.ID]driven
	answer  *answer // nil for none
}

// choose makes a tab the current one.
func (p *pages) choose(tab *targets.Tab) { p.current, p.window = tab.ID, tab.Window }

type driven struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func (p *pages) currentID() target.ID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

// currentTab is the current tab: the one that commands drove last, else the
// newest, of the same window if there is one, or of the main one; in a browser that was
// there before one that shows a site, if there is any. It is nil when no tab is open.
func (b *Browser) currentTab() *targets.Tab {
	b.pages.mu.Lock()
	defer b.pages.mu.Unlock()
	if tab := b.targets.Page(b.pages.current); tab != nil {
		return tab
	}
	list := b.targets.List("page")
	if b.process == nil {
		slices.Reverse(list) // the browser lists the one used last first
	}
	for _, fits := range []func(*targets.Tab) bool{
		func(tab *targets.Tab) bool {
			return b.process == nil && tab.Window == b.pages.window && strings.HasPrefix(b.targets.Document(tab).URL, "http")
		},
		func(tab *targets.Tab) bool { return tab.Window == b.pages.window },
		func(tab *targets.Tab) bool { return tab.Window == sessions.Main },
		func(tab *targets.Tab) bool { return true },
	} {
		for _, tab := range slices.Backward(list) {
			if fits(tab) {
				b.pages.choose(tab)
				return tab
			}
		}
	}
	return nil
}

// Window is the window of the current tab.
func (b *Browser) Window() sessions.Window {
	if tab := b.currentTab(); tab != nil {
		return tab.Window
	}
	return sessions.Main
}

// Location is the URL of the current tab, "" when there is none.
func (b *Browser) Location() string {
	if tab := b.currentTab(); tab != nil {
		return b.targets.Document(tab).URL
	}
	return ""
}

// because prefers the loss of the browser, or of the current page, to what comes of it.
func (b *Browser) because(err error) error {
	select {
	case <-b.wire.Lost():
		return b.wire.Err()
	default:
	}
	if tab := b.currentTab(); errors.Is(err, context.DeadlineExceeded) && tab != nil && b.targets.IsCrashed(tab) {
		return targets.ErrCrashed // while it was asked
	}
	return err
}

// Page returns a chromedp context for the current tab, for page automation. It
// lives until the tab or the browser is closed; do not cancel it.
func (b *Browser) Page(ctx context.Context) (context.Context, error) {
	if err := b.wire.Answers(ctx); err != nil {
		return nil, err
	}
	tab := b.currentTab()
	if tab == nil {
		var err error
		if tab, err = b.ownTab(ctx); err != nil {
			return nil, err
		}
	}
	b.pages.mu.Lock()
	d, ok := b.pages.driven[tab.ID]
	b.pages.mu.Unlock()
	if ok && d.ctx.Err() == nil {
		return d.ctx, nil
	}
	d.ctx, d.cancel = chromedp.NewContext(b.chromedp, chromedp.WithTargetID(tab.ID), chromedp.WithDetachOnCancel())
	// The first action binds chromedp's goroutines to its context, so it must
	// not be one with a deadline.
	if err := start(ctx, d.ctx); err != nil {
		d.cancel()
		return nil, b.because(err)
	}
	b.pages.mu.Lock()
	defer b.pages.mu.Unlock()
	if b.pages.driven == nil {
		b.pages.driven = map[target.ID]driven{}
	}
	b.pages.driven[tab.ID] = d
	b.pages.choose(tab)
	return d.ctx, nil
}

// start lets chromedp attach to its tab, and gives up with the context.
func start(ctx, page context.Context) error {
	attached := make(chan error, 1)
	go func() { attached <- chromedp.Do(page) }()
	select {
	case err := <-attached:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ownTab is the current tab, or one that it opens when there is none, or when
// the current one is not ours to drive.
func (b *Browser) ownTab(ctx context.Context) (*targets.Tab, error) {
	tab := b.currentTab()
	if tab != nil && (b.process != nil || b.targets.IsOwn(tab.Window) || b.pages.isOurs(tab.ID)) {
		return tab, nil
	}
	if tab != nil {
		b.own.Do(func() { b.noticeOf(fault.NewTab, "pages are opened in a new tab, which is closed at the end") })
	}
	return b.newTab(ctx, target.CreateTargetParams{URL: "about:blank", BrowserContextID: b.targets.ContextOf(sessions.Main)})
}

// newTab opens a tab and makes it the current one.
func (b *Browser) newTab(ctx context.Context, params target.CreateTargetParams) (*targets.Tab, error) {
	id, err := b.createTarget(ctx, params)
	if err != nil {
		return nil, err
	}
	tab, err := b.targets.Opened(ctx, id)
	if err != nil {
		return nil, err
	}
	b.pages.mu.Lock()
	b.pages.opened = append(b.pages.opened, tab.ID)
	b.pages.choose(tab)
	b.pages.mu.Unlock()
	if params.NewWindow != nil && *params.NewWindow {
		return tab, b.resize(ctx, tab)
	}
	return tab, nil
}

// createTarget opens a tab. One that comes when nobody waits for it any more is closed.
func (b *Browser) createTarget(ctx context.Context, params target.CreateTargetParams) (target.ID, error) {
	r, err := wire.CallOrUndo(ctx, b.link, target.CreateTarget, params, func(r target.CreateTargetResult) { b.closeTab(r.TargetID) })
	return r.TargetID, err
}

// closeTab closes a tab. While a document is just coming there, Chrome answers that it does,
// and does not (TestCloseWhileComing): so it is asked again until it knows of no such tab. We
// may know of none only because it has just come.
func (b *Browser) closeTab(id target.ID) { b.closeBy(id, time.Now().Add(endTimeout)) }

func (b *Browser) closeBy(id target.ID, end time.Time) {
	wire.Send(b.link, target.CloseTarget, target.CloseTargetParams{TargetID: id}, func(_ cdp.Empty, err error) {
		if err != nil {
			return // it is gone
		}
		time.AfterFunc(closePace, func() {
			if time.Now().Before(end) {
				b.closeBy(id, end)
			}
		})
	})
}

func (p *pages) isOurs(id target.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return id == p.chosen || slices.Contains(p.opened, id)
}

// close ends chromedp on all tabs, and closes the tabs that are ours in
// somebody else's browser.
func (p *pages) close(ctx context.Context, b *Browser) {
	p.mu.Lock()
	opened := slices.Clone(p.opened)
	p.mu.Unlock()
	if b.process == nil { // a turn may want the lock, and the answer comes after it
		for _, id := range opened {
			b.closeTab(id)
		}
		ctx, cancel := context.WithTimeout(ctx, endTimeout/4)
		defer cancel()
		for _, id := range opened {
			if err := b.targets.Closed(ctx, id); err != nil {
				b.log.Debug("closing our tab", "error", err)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.driven {
		d.cancel()
	}
}
