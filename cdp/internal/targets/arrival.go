package targets

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions/fault"
)

// ErrClosed reports a tab that went while it was waited for.
var ErrClosed = errors.New("the tab was closed")

// ErrCrashed reports one whose page crashed meanwhile.
var ErrCrashed = fault.Errorf(fault.Crashed, "the tab crashed")

// VainError says what was waited for in vain.
type VainError struct {
	Text  string
	Cause error
}

func (e *VainError) Error() string { return e.Text }

func (e *VainError) Unwrap() error { return e.Cause }

// Arrival is the next document of a tab: one that was neither there nor on its
// way when it was made.
type Arrival struct {
	Tab *Tab

	set     *Set
	old     map[cdp.LoaderID]Load
	busy    bool // the tab was loading when it was made
	crashes int
	sent    time.Time // when it was made
}

// Next is the next document of a tab.
func (t *Set) Next(tab *Tab) Arrival {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := maps.Clone(tab.loading)
	busy := len(old) > 0 || !tab.document.Loaded
	old[tab.document.Loader] = Load{}
	return Arrival{Tab: tab, set: t, old: old, busy: busy, crashes: tab.crashes, sent: time.Now()}
}

// isThere reports whether the tab shows the document, or one after it. The caller of this and
// of the next few holds the lock.
func (a Arrival) isThere() bool {
	_, old := a.old[a.Tab.document.Loader]
	return !old
}

func (a Arrival) isLoaded() bool { return a.isThere() && a.Tab.document.Loaded }

// comes reports whether the document is there or on its way.
func (a Arrival) comes() bool { return a.isThere() || a.isComing() }

func (a Arrival) isComing() bool {
	for loader := range a.Tab.loading {
		if _, old := a.old[loader]; !old {
			return true
		}
	}
	return false
}

// dropped reports that a reload came to nothing: Chrome drops one while it commits
// a document. The old one has loaded and no other is on its way.
func (a Arrival) dropped() bool {
	return a.busy && !a.isThere() && a.Tab.document.Loaded && !a.isComing()
}

// Comes reports whether it is there or on its way.
func (a Arrival) Comes() bool {
	a.set.mu.Lock()
	defer a.set.mu.Unlock()
	return a.comes()
}

// Crashed reports whether the page has crashed since, once all is told.
func (a Arrival) Crashed(ctx context.Context) bool {
	if a.set.Settle(ctx) != nil {
		return false
	}
	a.set.mu.Lock()
	defer a.set.mu.Unlock()
	return a.Tab.crashes > a.crashes
}

// Coming waits until the document is on its way.
func (a Arrival) Coming(ctx context.Context) error { return a.set.waitTab(ctx, a.Tab, a.comes) }

// Committed waits until the tab shows the document.
func (a Arrival) Committed(ctx context.Context) error { return a.wait(ctx, a.isThere) }

// Loaded waits until it has loaded, and what was told up to then is booked.
func (a Arrival) Loaded(ctx context.Context) error {
	if err := a.wait(ctx, a.isLoaded); err != nil {
		return err
	}
	return a.set.Settle(ctx)
}

// LoadedOrDropped waits until it has loaded, or Chrome has dropped the reload that was to
// bring it. That happens once: a tab that loads nothing drops none.
func (a *Arrival) LoadedOrDropped(ctx context.Context) (dropped bool, err error) {
	err = a.wait(ctx, func() bool {
		dropped = a.dropped()
		return dropped || a.isLoaded()
	})
	a.busy = false
	return dropped, err
}

// LoadedOrGone waits until it has loaded, or does not come any more.
func (a Arrival) LoadedOrGone(ctx context.Context) error {
	return a.wait(ctx, func() bool { return a.isLoaded() || !a.comes() })
}

// OrStop says how far it came when the time is over. A document that has not even come is
// not loaded any more: the one that is there answers nothing as long as it may come.
func (a Arrival) OrStop(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	a.set.mu.Lock()
	there := a.isThere()
	a.set.mu.Unlock()
	if there {
		return &VainError{"the page is there, but has not finished loading", ctx.Err()}
	}
	wire.Send(a.Tab.Link, page.StopLoading, cdp.Empty{}, nil)
	return &VainError{"the server has not answered with a page", ctx.Err()}
}

// wait waits for a condition of the tab, unless its page crashes.
func (a Arrival) wait(ctx context.Context, condition func() bool) error {
	crashed := false
	err := a.set.waitTab(ctx, a.Tab, func() bool {
		holds := condition()
		crashed = !holds && a.Tab.crashes > a.crashes
		return holds || crashed
	})
	if err == nil && crashed {
		return ErrCrashed
	}
	return err
}

// Ready waits until a page tells what it does.
func (t *Set) Ready(ctx context.Context, tab *Tab) error {
	return t.waitTab(ctx, tab, func() bool { return tab.ready })
}

// Moved gives a wait until a tab is at another place of its document than it is now.
func (t *Set) Moved(tab *Tab) (wait func(context.Context) error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	moves := tab.moves
	return func(ctx context.Context) error {
		return t.waitTab(ctx, tab, func() bool { return tab.moves > moves })
	}
}

// WaitFor waits until a condition holds that somebody else knows of a target. It is looked
// at, without the lock, after each change of a target and each [Set.Wake].
func (t *Set) WaitFor(ctx context.Context, tab *Tab, condition func() bool) error {
	return t.until(ctx, tab.Link, func() (bool, error) {
		holds := condition()
		t.mu.Lock()
		defer t.mu.Unlock()
		return holds, t.goneError(tab)
	})
}

// waitTab waits until a condition of a target holds. It is looked at with the lock.
func (t *Set) waitTab(ctx context.Context, tab *Tab, condition func() bool) error {
	return t.until(ctx, tab.Link, func() (bool, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		return condition(), t.goneError(tab)
	})
}

// goneError is ErrClosed where a target is gone.
func (t *Set) goneError(tab *Tab) error {
	if t.byLink[tab.Link.ID] != tab {
		return ErrClosed
	}
	return nil
}

// Opened waits until a page is there.
func (t *Set) Opened(ctx context.Context, id target.ID) (tab *Tab, err error) {
	err = t.until(ctx, t.link, func() (bool, error) {
		tab = t.Page(id)
		return tab != nil, nil
	})
	return tab, err
}

// Closed waits until a page is gone, which all are when the browser is.
func (t *Set) Closed(ctx context.Context, id target.ID) error {
	err := t.until(ctx, t.link, func() (bool, error) { return t.Page(id) == nil, nil })
	if errors.Is(err, wire.ErrGone) {
		return nil
	}
	return err
}

// until looks again and again, after each change, until what was looked for is there, or is
// not to be had.
func (t *Set) until(ctx context.Context, l wire.Link, look func() (bool, error)) error {
	for {
		changed := t.Changed()
		holds, vain := look()
		switch {
		case holds:
			return nil
		case vain != nil:
			return vain
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.Lost():
			return l.Err()
		}
	}
}

// Changed is closed at the next change, to be asked for before looking.
func (t *Set) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// Wake lets those look again who wait for what somebody else knows of a target.
func (t *Set) Wake() { t.note(func() {}) }
