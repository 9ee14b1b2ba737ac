package cdp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// Use makes a session the active one of its site in the current tab's window.
// It answers when every request that starts later belongs to the session: the
// interceptor is on, the jar is read back, the reloads are sent. With wait it
// answers when they are committed.
func (b *Browser) Use(ctx context.Context, ref sessions.Ref, wait bool) (sessions.Switch, error) {
	if _, err := b.book.Session(ref, time.Now()); err != nil {
		return sessions.Switch{}, err
	}
	return b.change(ctx, b.Window(), ref.Site, wait, b.uses(ref))
}

// decision changes the active session of a window, of which it gets the jar.
type decision func(w sessions.Window, jar []sessions.Cookie) (sessions.Session, error)

// uses is the decision to use a session.
func (b *Browser) uses(ref sessions.Ref) decision {
	return func(w sessions.Window, jar []sessions.Cookie) (sessions.Session, error) {
		if err := b.book.Use(w, ref, jar, time.Now()); err != nil {
			return sessions.Session{}, err
		}
		return b.book.Session(ref, time.Now())
	}
}

// New makes an empty session and makes it active: the site sees a newcomer.
// The name "" takes a generated one.
func (b *Browser) New(ctx context.Context, site, name string, wait bool) (sessions.Switch, error) {
	return b.change(ctx, b.Window(), site, wait, func(w sessions.Window, jar []sessions.Cookie) (sessions.Session, error) {
		return b.book.New(w, site, name, jar, time.Now())
	})
}

// Unset ends forcing on a site in the current tab's window and puts back the
// present cookies of the session that the jar was on before. Where nothing is
// active it does nothing: its Switch has no session.
func (b *Browser) Unset(ctx context.Context, site string, wait bool) (sessions.Switch, error) {
	if err := b.answers(ctx); err != nil {
		return sessions.Switch{}, err
	}
	w := b.Window()
	if _, active := b.book.Active(w, site, time.Now()); !active {
		return sessions.Switch{}, nil
	}
	return b.change(ctx, w, site, wait, func(w sessions.Window, _ []sessions.Cookie) (sessions.Session, error) {
		session, _ := b.book.Unset(w, site, time.Now())
		return session, nil
	})
}

// Remove deletes a session and takes its cookies out of every jar. Where it was
// active nothing is active afterwards.
func (b *Browser) Remove(ctx context.Context, ref sessions.Ref) (sessions.Switch, error) {
	session, err := b.book.Session(ref, time.Now())
	if err != nil {
		return sessions.Switch{}, err
	}
	if w := b.Window(); session.ActiveIn(w) {
		return b.change(ctx, w, ref.Site, false, func(sessions.Window, []sessions.Cookie) (sessions.Session, error) {
			return b.remove(ctx, ref)
		})
	}
	b.commands.Lock()
	defer b.commands.Unlock()
	session, err = b.remove(ctx, ref)
	if err != nil {
		return sessions.Switch{}, err
	}
	return sessions.Switch{Session: session}, b.interceptor.update(ctx)
}

// remove deletes a session from the book and the jars.
func (b *Browser) remove(ctx context.Context, ref sessions.Ref) (sessions.Session, error) {
	b.switchedAll(ref.Site)
	session, err := b.book.Remove(ref, time.Now())
	if err != nil {
		return session, err
	}
	for _, w := range b.targets.Windows() {
		if session.ActiveIn(w) {
			err = b.inStep(ctx, w, ref.Site)
			b.planSwaps(w)
		} else {
			active, _ := b.book.Active(w, ref.Site, time.Now())
			kept := append(active.Tokens, active.Carried...)
			err = b.mirror.takeOut(ctx, w, slices.DeleteFunc(append(session.Tokens, session.Carried...), func(c sessions.Cookie) bool {
				return slices.ContainsFunc(kept, func(k sessions.Cookie) bool { return identityOf(k) == identityOf(c) && k.Value == c.Value })
			}))
		}
		if err != nil && b.targets.HasWindow(w) {
			return session, err
		}
		b.switchAuth(ctx, w, ref.Site)
	}
	return session, nil
}

// change carries a change of the active session out, in the order that keeps
// the promise of [Browser.Use]: the book decides, then every request that starts
// meets the interceptor, then the jar follows for what cannot be paused, then
// the pages.
func (b *Browser) change(ctx context.Context, w sessions.Window, site string, wait bool, decide decision) (sessions.Switch, error) {
	b.commands.Lock()
	defer b.commands.Unlock()
	return b.carryOut(ctx, w, site, wait, decide)
}

// carryOut is change for who has the lock of the commands.
func (b *Browser) carryOut(ctx context.Context, w sessions.Window, site string, wait bool, decide decision) (sessions.Switch, error) {
	jar, err := b.settledJar(ctx, w)
	if err != nil {
		return sessions.Switch{}, err
	}
	var leaving []*targets.Tab
	if b.guard.mode != sessions.GuardOff {
		leaving = b.tabsToReload(w, site)
	}
	b.depart(leaving)
	defer b.remain(w) // where it fails before
	was := b.targets.Unanswered(w, site)
	b.quiet.switched(w, site)
	session, err := decide(w, jar)
	if err != nil {
		b.targets.Answer(w, site, was)
		return sessions.Switch{}, err
	}
	defer func() {
		if !b.targets.HasWindow(w) { // it was closed meanwhile, by hand
			b.gone(w)
		}
	}()
	b.log.Debug("switched", "site", site, "session", session.Name)
	done := sessions.Switch{Session: session}
	if err := b.interceptor.update(ctx); err != nil {
		return done, fmt.Errorf("forcing %q on %s: %w", session.Name, site, err)
	}
	b.quiet.switched(w, site) // what began before Fetch was on counts
	if b.forces(w) {
		b.mirror.plantFirst(w)
	}
	defer func() {
		if !b.forces(w) {
			b.mirror.plantOut(w)
		}
	}()
	fresh := make(chan struct{})
	freshen := sync.OnceFunc(func() { go func() { b.freshen(ctx, w); close(fresh) }() })
	written := freshen
	if !b.guard.up.Load() { // what starts before the jar is read back might be cached as the old session's
		written = func() {}
	}
	if b.Observation() != sessions.ObserveFull {
		jar = nil // what it took meanwhile is told of nowhere else
	}
	refused, err := b.mirror.syncFrom(ctx, w, site, jar, written)
	freshen()
	<-fresh
	switch {
	case errors.Is(err, errUnrest): // until it is quiet, what is forced is written
		b.log.Debug("switched", "site", site, "error", err)
		if b.guard.mode == sessions.GuardOff {
			done.Notes = append(done.Notes, fmt.Sprintf("%s sets its cookies again and again: with the guard off requests may go out as another session", site))
		}
	case err != nil:
		return done, fmt.Errorf("forcing %q on %s: %w", session.Name, site, err)
	}
	for _, c := range refused {
		done.Refused = append(done.Refused, c.Name)
	}
	done.Notes = append(done.Notes, b.switchAuth(ctx, w, site)...)
	done.Notes = append(done.Notes, b.swapsReady(ctx, b.planSwaps(w))...)
	done.Notes = append(done.Notes, b.otherStorage(ctx, w, site)...)
	err = b.reloadSite(ctx, w, site, wait, &done)
	done.Streams = b.openStreams(ctx, w, site)
	b.targets.Answer(w, site, time.Now())
	b.updateSign(w)
	for _, other := range b.book.Clashes(w, site, time.Now()) {
		what := "WebSockets, prerendered pages and what else Chrome does not let us pause"
		if b.guard.mode == sessions.GuardOff {
			what = "with the guard off all requests"
		}
		done.Notes = append(done.Notes, fmt.Sprintf("%s is forced too, and shares a cookie: %s of both carry %s's", other, what, site))
	}
	if fresh, gone := b.book.Session(session.Ref(), time.Now()); gone == nil {
		done.Session = fresh
	}
	return done, err
}

// forces reports whether anything is forced in a window.
func (b *Browser) forces(w sessions.Window) bool {
	return slices.ContainsFunc(b.book.Forced(), func(site string) bool {
		_, active := b.book.Active(w, site, time.Now())
		return active
	})
}

// settledJar reads a jar once what the browser told up to then is booked, also of the
// mirror's own writes.
func (b *Browser) settledJar(ctx context.Context, w sessions.Window) ([]sessions.Cookie, error) {
	b.mirror.writing.Lock()
	defer b.mirror.writing.Unlock()
	if err := b.observer.settle(ctx); err != nil {
		return nil, err
	}
	return b.mirror.jar(ctx, w)
}

// openStreams counts what goes on as another session than the one that is forced.
func (b *Browser) openStreams(ctx context.Context, w sessions.Window, site string) int {
	n, _ := inTurn(ctx, b.wire, func() int { return b.exchanges.streams(w, site) })
	return n
}

// inTurn asks what only a turn of the wire may look at; false says that none came.
func inTurn[T any](ctx context.Context, w *wire.Conn, question func() T) (answer T, ok bool) {
	ok = w.DoWithin(ctx, func() { answer = question() })
	return answer, ok
}

// Jar returns the cookies of the current tab's window.
func (b *Browser) Jar(ctx context.Context) ([]sessions.Cookie, error) {
	return b.mirror.jar(ctx, b.Window())
}

// AddToken makes a cookie name a token of a site, see [sessions.Book.AddToken].
func (b *Browser) AddToken(ctx context.Context, site, name string, kind sessions.Kind) error {
	b.commands.Lock()
	defer b.commands.Unlock()
	w := b.Window()
	jar, err := b.mirror.jar(ctx, w)
	if err != nil {
		return err
	}
	if err := b.book.AddToken(w, site, name, kind, jar, time.Now()); err != nil {
		return err
	}
	return b.syncAll(ctx, site)
}

// RemoveToken makes it an ordinary cookie again, see
// [sessions.Book.RemoveToken].
func (b *Browser) RemoveToken(ctx context.Context, site, name string) error {
	b.commands.Lock()
	defer b.commands.Unlock()
	if err := b.book.RemoveToken(site, name); err != nil {
		return err
	}
	if err := b.interceptor.update(ctx); err != nil {
		return err
	}
	return b.syncAll(ctx, site)
}

// Revert takes the last change of a session's cookies back, or goes back to a change, see
// [sessions.Book.Revert]. Where the session is active, that is carried out as a switch is:
// the site's tabs are shown anew.
func (b *Browser) Revert(ctx context.Context, ref sessions.Ref, to int) (sessions.Switch, error) {
	return b.amend(ctx, ref, func() error { return b.book.Revert(ref, to, time.Now()) })
}

// Accept gives a session what was withheld from it, see [sessions.Book.Accept]. Tabs are
// shown anew as by Revert.
func (b *Browser) Accept(ctx context.Context, ref sessions.Ref) (sessions.Switch, error) {
	return b.amend(ctx, ref, func() error { return b.book.Accept(ref, time.Now()) })
}

// amend gives a session other cookies, and carries that out in the windows where it is
// active. Its Switch tells of all of them.
func (b *Browser) amend(ctx context.Context, ref sessions.Ref, do func() error) (done sessions.Switch, err error) {
	b.commands.Lock()
	defer b.commands.Unlock()
	if done.Session, err = b.book.Session(ref, time.Now()); err != nil {
		return done, err
	}
	windows := done.Session.Active
	do = sync.OnceValue(do)
	if len(windows) == 0 {
		if err := do(); err != nil {
			return done, err
		}
		if done.Session, err = b.book.Session(ref, time.Now()); err != nil {
			return done, err
		}
		return done, b.syncAll(ctx, ref.Site)
	}
	for _, w := range windows {
		in, err := b.carryOut(ctx, w, ref.Site, false, func(sessions.Window, []sessions.Cookie) (sessions.Session, error) {
			if err := do(); err != nil {
				return sessions.Session{}, err
			}
			b.switchedAll(ref.Site)
			return b.book.Session(ref, time.Now())
		})
		if err != nil && b.targets.HasWindow(w) {
			return done, err
		}
		in.Reloaded, in.Streams = in.Reloaded+done.Reloaded, in.Streams+done.Streams
		in.Refused, in.Notes = append(done.Refused, in.Refused...), append(done.Notes, in.Notes...)
		done = in
	}
	return done, nil
}

// Split undoes a login that replaced a session's tokens, see
// [sessions.Book.Split].
func (b *Browser) Split(ctx context.Context, ref sessions.Ref, name string) (sessions.Session, error) {
	b.commands.Lock()
	defer b.commands.Unlock()
	part, err := b.book.Split(ref, name, time.Now())
	if err != nil {
		return part, err
	}
	return part, b.syncAll(ctx, ref.Site)
}

// SplitSite makes a host a site of its own, see [sessions.Book.SplitSite].
func (b *Browser) SplitSite(ctx context.Context, host string) (string, error) {
	return b.cut(ctx, func() (string, error) { return b.book.SplitSite(host, time.Now()) })
}

// JoinSite takes a split back, see [sessions.Book.JoinSite].
func (b *Browser) JoinSite(ctx context.Context, host string) (string, error) {
	return b.cut(ctx, func() (string, error) { return b.book.JoinSite(host, time.Now()) })
}

func (b *Browser) cut(ctx context.Context, change func() (string, error)) (string, error) {
	b.commands.Lock()
	defer b.commands.Unlock()
	name, err := change()
	if err != nil {
		return "", err
	}
	if err := b.interceptor.update(ctx); err != nil {
		return name, err
	}
	for _, site := range b.book.Forced() {
		if err := b.syncAll(ctx, site); err != nil {
			return name, err
		}
	}
	for _, w := range b.targets.Windows() {
		b.planSwaps(w)
	}
	return name, nil
}

func (b *Browser) syncAll(ctx context.Context, site string) error {
	b.switchedAll(site)
	for _, w := range b.targets.Windows() {
		if err := b.inStep(ctx, w, site); err != nil && b.targets.HasWindow(w) {
			return err
		}
	}
	return nil
}

// inStep brings a jar in step, or leaves that to the mirror, where the site goes on writing.
func (b *Browser) inStep(ctx context.Context, w sessions.Window, site string) error {
	_, err := b.mirror.sync(ctx, w, site)
	if errors.Is(err, errUnrest) {
		b.mirror.mend(w, site)
		return nil
	}
	return err
}

// Settle answers when everything that the browser told up to now is booked.
func (b *Browser) Settle(ctx context.Context) error { return b.targets.Settle(ctx) }
