package cdp

import (
	"context"
	"time"

	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/page"
	"sessdriver/sessions"
)

// Sessions are learnt and forced by package force, in the window that is named; here it is
// that of the current tab.

// newEngine makes what forces the sessions of a browser.
func newEngine(b *Browser) *force.Engine {
	o := force.Options{
		Reload: b.options.Reload, Storage: b.options.Storage, Guard: b.options.Guard, Observe: b.options.Observe,
		Ours: b.process != nil, Apart: b.options.Apart, Shared: b.options.DebugPort != 0, Console: b.options.Console,
	}
	if b.process != nil && b.process.Temporary() {
		o.Profile = b.process.Profile()
	}
	return force.New(o, force.Surroundings{
		Notice:   b.options.Notice,
		Because:  b.because,
		Current:  b.pages.currentID,
		BlankTab: b.blankTab,
		Switched: b.updateSign,
		Comes:    b.comes,
		Left:     b.left,
	}, b.book, b.log)
}

// Use makes a session the active one of its site in the current tab's window.
// It answers when every request that starts later belongs to the session: the
// interceptor is on, the jar is read back, the reloads are sent. With wait it
// answers when they are committed.
func (b *Browser) Use(ctx context.Context, ref sessions.Ref, wait bool) (sessions.Switch, error) {
	return b.force.Use(ctx, b.Window(), ref, wait)
}

// New makes an empty session and makes it active: the site sees a newcomer.
// The name "" takes a generated one.
func (b *Browser) New(ctx context.Context, site, name string, wait bool) (sessions.Switch, error) {
	return b.force.New(ctx, b.Window(), site, name, wait)
}

// Unset ends forcing on a site in the current tab's window and puts back the
// present cookies of the session that the jar was on before. Where nothing is
// active it does nothing: its Switch has no session.
func (b *Browser) Unset(ctx context.Context, site string, wait bool) (sessions.Switch, error) {
	return b.force.Unset(ctx, b.Window(), site, wait)
}

// Remove deletes a session and takes its cookies out of every jar. Where it was
// active nothing is active afterwards.
func (b *Browser) Remove(ctx context.Context, ref sessions.Ref) (sessions.Switch, error) {
	return b.force.Remove(ctx, b.Window(), ref)
}

// Revert takes the last change of a session's cookies back, or goes back to a change, see
// [sessions.Book.Revert]. Where the session is active, that is carried out as a switch is:
// the site's tabs are shown anew.
func (b *Browser) Revert(ctx context.Context, ref sessions.Ref, to int) (sessions.Switch, error) {
	return b.force.Revert(ctx, ref, to)
}

// Accept gives a session what was withheld from it, see [sessions.Book.Accept]. Tabs are
// shown anew as by Revert.
func (b *Browser) Accept(ctx context.Context, ref sessions.Ref) (sessions.Switch, error) {
	return b.force.Accept(ctx, ref)
}

// Split undoes a login that replaced a session's tokens, see
// [sessions.Book.Split].
func (b *Browser) Split(ctx context.Context, ref sessions.Ref, name string) (sessions.Session, error) {
	return b.force.Split(ctx, ref, name)
}

// AddToken makes a cookie name a token of a site, see [sessions.Book.AddToken].
func (b *Browser) AddToken(ctx context.Context, site, name string, kind sessions.Kind) error {
	return b.force.AddToken(ctx, b.Window(), site, name, kind)
}

// RemoveToken makes it an ordinary cookie again, see
// [sessions.Book.RemoveToken].
func (b *Browser) RemoveToken(ctx context.Context, site, name string) error {
	return b.force.RemoveToken(ctx, site, name)
}

// SplitSite makes a host a site of its own, see [sessions.Book.SplitSite].
func (b *Browser) SplitSite(ctx context.Context, host string) (string, error) {
	return b.force.SplitSite(ctx, host)
}

// JoinSite takes a split back, see [sessions.Book.JoinSite].
func (b *Browser) JoinSite(ctx context.Context, host string) (string, error) {
	return b.force.JoinSite(ctx, host)
}

// Guard is the mode, and whether requests are being checked now.
func (b *Browser) Guard() (sessions.Guard, bool) { return b.force.Guard() }

// SetGuard changes the mode.
func (b *Browser) SetGuard(ctx context.Context, mode sessions.Guard) error {
	return b.force.SetGuard(ctx, mode)
}

// Observation is how cookies are learnt. It may be another than the one that was asked
// for: not every browser has all.
func (b *Browser) Observation() sessions.Observation { return b.force.Observation() }

// SetObservation changes it. Where it is not to be had, it stays as it was.
func (b *Browser) SetObservation(ctx context.Context, mode sessions.Observation) error {
	return b.force.SetObservation(ctx, mode)
}

// Settle answers when everything that the browser told up to now is booked.
func (b *Browser) Settle(ctx context.Context) error { return b.targets.Settle(ctx) }

// Jar returns the cookies of the current tab's window.
func (b *Browser) Jar(ctx context.Context) ([]sessions.Cookie, error) {
	return b.force.Jar(ctx, b.Window())
}

// Reloaded waits until the current tab shows what the last switch of its site shows anew
// there, so that nobody acts on, or reads, the page of the session before. It is an error
// when the context ends before, or when nothing comes.
func (b *Browser) Reloaded(ctx context.Context) error {
	if tab := b.currentTab(); tab != nil {
		return b.force.Renewed(ctx, tab)
	}
	return b.wire.Answers(ctx)
}

// Requests lists the requests that were answered, or failed, after the first since of all
// (0 or less for all, [math.MaxInt64] for none), as far as they are remembered, and how many there were. changed is closed
// when there are more. Where requests are not told, there are none: see [Browser.Observation].
func (b *Browser) Requests(since int64) (list []sessions.RequestView, count int64, changed <-chan struct{}) {
	return b.force.Requests(since)
}

// Acted is the count of the requests when a page was last opened or acted on.
func (b *Browser) Acted() int64 { return b.force.Acted() }

// idleTime is how long a window makes no request when it is idle.
const idleTime = 500 * time.Millisecond

// Idle waits until the current window has made no request, but for open streams, for half
// a second.
func (b *Browser) Idle(ctx context.Context) error {
	w, busy := b.Window(), time.Now()
	for {
		if err := b.wire.Answers(ctx); err != nil {
			return err
		}
		loading, answered := b.force.IsLoading(ctx, w)
		if !answered {
			return b.because(ctx.Err())
		}
		if loading {
			busy = time.Now()
		}
		if time.Since(busy) >= idleTime {
			return nil
		}
		if err := page.Resting(ctx); err != nil {
			return err
		}
	}
}
