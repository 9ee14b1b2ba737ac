package cdp

import (
	"context"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// OpenWindow makes an isolated window, forces a session there before its first tab
// (none for the zero Ref), and shows a URL. The window's tab is the current one
// afterwards. Where any of it fails no window stays.
func (b *Browser) OpenWindow(ctx context.Context, w sessions.Window, ref sessions.Ref, url string) (sessions.Switch, error) {
	done, err := b.openWindow(ctx, w, ref, url)
	if err != nil {
		return done, fmt.Errorf("opening window %q: %w", w, b.because(err))
	}
	return done, nil
}

func (b *Browser) openWindow(ctx context.Context, w sessions.Window, ref sessions.Ref, url string) (done sessions.Switch, err error) {
	before := b.currentTab()
	if err := b.makeWindow(ctx, w); err != nil {
		return done, err
	}
	defer func() {
		if err == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		if err := b.CloseWindow(ctx, w); err != nil {
			b.log.Debug("closing a window that could not be opened", "window", w, "error", err)
		}
		b.choose(before)
	}()
	if ref != (sessions.Ref{}) {
		done, err = b.force.Use(ctx, w, ref, false)
		if err != nil {
			return done, err
		}
	}
	seen := b.process != nil && !b.options.Headless
	if seen {
		if err := b.openSign(ctx, w); err != nil {
			return done, err
		}
	}
	// A window of its own, or behind its sign.
	tab, err := b.newTab(ctx, target.CreateTargetParams{URL: "about:blank", BrowserContextID: b.targets.ContextOf(w), NewWindow: new(!seen)})
	if err != nil {
		return done, err
	}
	return done, b.page.Navigate(ctx, tab, url)
}

// makeWindow makes the browser context of a window.
func (b *Browser) makeWindow(ctx context.Context, w sessions.Window) error {
	b.force.Lock()
	defer b.force.Unlock()
	// It goes with us, also when we are killed.
	r, err := wire.Call(ctx, b.link, target.CreateBrowserContext, target.CreateBrowserContextParams{DisposeOnDetach: new(true)})
	if err != nil {
		return err
	}
	if !b.targets.Claim(w, r.BrowserContextID) {
		wire.Send(b.link, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: r.BrowserContextID}, nil)
		return &sessions.WindowTakenError{Name: w.String()}
	}
	return nil
}

// CloseWindow ends a window that we made: its tabs, jar and storage. The sessions
// stay.
func (b *Browser) CloseWindow(ctx context.Context, w sessions.Window) error {
	b.force.Lock()
	defer b.force.Unlock()
	switch {
	case w == sessions.Main:
		return fault.Errorf(fault.MainWindow, "the main window goes with the browser")
	case !b.targets.HasWindow(w):
		return b.noWindow(w)
	case !b.targets.IsOwn(w):
		return fmt.Errorf("window %q is another client's; close it there", w)
	}
	disposed := make(chan error, 1)
	b.dispose(w, func(err error) { disposed <- err })
	select {
	case err := <-disposed:
		if err == nil || !b.targets.HasWindow(w) {
			break
		}
		if there, fault := b.hasContext(ctx, w); fault != nil || there {
			return fmt.Errorf("closing window %q: %w", w, b.because(err))
		}
		b.force.Gone(w)
	case <-ctx.Done():
		return fmt.Errorf("closing window %q: %w", w, b.because(ctx.Err()))
	}
	return b.force.Update(ctx)
}

// hasContext reports whether the browser still has what a window is in.
func (b *Browser) hasContext(ctx context.Context, w sessions.Window) (bool, error) {
	r, err := wire.Call(ctx, b.link, target.GetBrowserContexts, cdp.Empty{})
	return slices.Contains(r.BrowserContextIDs, b.targets.ContextOf(w)), err
}

// dispose ends the context of a window and forgets that. done runs in a turn.
func (b *Browser) dispose(w sessions.Window, done func(error)) {
	params := target.DisposeBrowserContextParams{BrowserContextID: b.targets.ContextOf(w)}
	wire.Send(b.link, target.DisposeBrowserContext, params, func(_ cdp.Empty, err error) {
		if err == nil {
			b.force.Gone(w)
		}
		done(err)
	})
}

// abandoned sees to a window whose last tab was closed: one of ours is closed with it.
// It runs in a turn.
func (b *Browser) abandoned(w sessions.Window) {
	if b.force.IsEnding() || w == sessions.Main || b.targets.TabsIn(w) > 0 {
		return
	}
	if !b.targets.IsOwn(w) {
		b.disposed(w)
		return
	}
	b.dispose(w, func(err error) {
		switch {
		case err == nil:
			b.notice("window %q is closed", w)
		case b.targets.IsOwn(w): // else CloseWindow was first
			b.disposed(w)
		}
	})
}

// disposed forgets a window that another client has disposed of. Where it has not, the
// window stays known: a tab may come again, and late requests are told by its frames.
func (b *Browser) disposed(w sessions.Window) {
	id := b.targets.ContextOf(w)
	wire.Send(b.link, target.GetBrowserContexts, cdp.Empty{}, func(r target.GetBrowserContextsResult, err error) {
		if err != nil || slices.Contains(r.BrowserContextIDs, id) || b.targets.ContextOf(w) != id {
			return
		}
		own := b.targets.IsOwn(w)
		b.force.Gone(w)
		if own {
			b.notice("window %q is closed: another client has disposed of it", w)
		}
	})
}

// Windows lists the windows, the main one first.
func (b *Browser) Windows() []sessions.WindowView {
	var list []sessions.WindowView
	for _, w := range b.targets.Windows() {
		list = append(list, sessions.WindowView{Window: w, Tabs: b.targets.TabsIn(w), Own: b.targets.IsOwn(w)})
	}
	return list
}

// SelectWindow makes the newest tab of a window the current one and shows it.
func (b *Browser) SelectWindow(ctx context.Context, w sessions.Window) error {
	if !b.targets.HasWindow(w) {
		return b.noWindow(w)
	}
	var newest *targets.Tab
	for _, tab := range b.targets.List("page") {
		if tab.Window == w {
			newest = tab
		}
	}
	if newest == nil {
		return fmt.Errorf("window %q has no tab", w)
	}
	return b.show(ctx, newest)
}

// Tabs lists the tabs of all windows.
func (b *Browser) Tabs() []sessions.TabView {
	current := b.currentTab()
	var list []sessions.TabView
	for i, tab := range b.targets.List("page") {
		list = append(list, sessions.TabView{Number: i + 1, Window: tab.Window, URL: b.targets.Document(tab).URL, Current: tab == current})
	}
	return list
}

// SelectTab makes a tab the current one, by its number in [Browser.Tabs], and shows
// it.
func (b *Browser) SelectTab(ctx context.Context, number int) error {
	list := b.targets.List("page")
	if number < 1 || number > len(list) {
		return fmt.Errorf("there is no tab %d", number)
	}
	return b.show(ctx, list[number-1])
}

// show makes a tab the current one and brings it to the front.
func (b *Browser) show(ctx context.Context, tab *targets.Tab) error {
	if _, err := wire.Call(ctx, b.link, target.ActivateTarget, target.ActivateTargetParams{TargetID: tab.ID}); err != nil {
		return b.because(err)
	}
	b.choose(tab)
	return nil
}

// choose makes a tab the current one, in somebody else's browser too.
func (b *Browser) choose(tab *targets.Tab) {
	b.pages.mu.Lock()
	defer b.pages.mu.Unlock()
	if tab != nil {
		b.pages.choose(tab)
		b.pages.chosen = tab.ID
	}
}

func (b *Browser) noWindow(w sessions.Window) error {
	e := &sessions.NoWindowError{Name: w.String()}
	for _, known := range b.targets.Windows() {
		e.Known = append(e.Known, known.String())
	}
	return e
}

// closeWindows ends the windows that are ours in somebody else's browser.
func (b *Browser) closeWindows(ctx context.Context) {
	if b.process != nil {
		return // they go with it
	}
	for _, w := range b.targets.Windows() {
		if !b.targets.IsOwn(w) {
			continue
		}
		if _, err := wire.Call(ctx, b.link, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: b.targets.ContextOf(w)}); err != nil {
			b.log.Debug("closing our window", "window", w, "error", err)
		}
		b.force.Gone(w)
	}
}
