package force

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sessdriver/cdp/internal/targets"
	"sessdriver/sessions"
)

// Use makes a session the active one of its site in the current tab's window.
// It answers when every request that starts later belongs to the session: the
// interceptor is on, the jar is read back, the reloads are sent. With wait it
// answers when they are committed.
func (en *Engine) Use(ctx context.Context, w sessions.Window, ref sessions.Ref, wait bool) (sessions.Switch, error) {
	if _, err := en.book.Session(ref, time.Now()); err != nil {
		return sessions.Switch{}, err
	}
	return en.change(ctx, w, ref.Site, wait, en.uses(ref))
}

// decision changes the active session of a window, of which it gets the jar.
type decision func(w sessions.Window, jar []sessions.Cookie) (sessions.Session, error)

// uses is the decision to use a session.
func (en *Engine) uses(ref sessions.Ref) decision {
	return func(w sessions.Window, jar []sessions.Cookie) (sessions.Session, error) {
		if err := en.book.Use(w, ref, jar, time.Now()); err != nil {
			return sessions.Session{}, err
		}
		return en.book.Session(ref, time.Now())
	}
}

// New makes an empty session and makes it active: the site sees a newcomer.
// The name "" takes a generated one.
func (en *Engine) New(ctx context.Context, w sessions.Window, site, name string, wait bool) (sessions.Switch, error) {
	return en.change(ctx, w, site, wait, func(w sessions.Window, jar []sessions.Cookie) (sessions.Session, error) {
		return en.book.New(w, site, name, jar, time.Now())
	})
}

// Unset ends forcing on a site in the current tab's window and puts back the
// present cookies of the session that the jar was on before. Where nothing is
// active it does nothing: its Switch has no session.
func (en *Engine) Unset(ctx context.Context, w sessions.Window, site string, wait bool) (sessions.Switch, error) {
	if err := en.wire.Answers(ctx); err != nil {
		return sessions.Switch{}, err
	}
	if _, active := en.book.Active(w, site, time.Now()); !active {
		return sessions.Switch{}, nil
	}
	return en.change(ctx, w, site, wait, func(w sessions.Window, _ []sessions.Cookie) (sessions.Session, error) {
		session, _ := en.book.Unset(w, site, time.Now())
		return session, nil
	})
}

// Remove deletes a session and takes its cookies out of every jar. Where it was
// active nothing is active afterwards.
func (en *Engine) Remove(ctx context.Context, w sessions.Window, ref sessions.Ref) (sessions.Switch, error) {
	session, err := en.book.Session(ref, time.Now())
	if err != nil {
		return sessions.Switch{}, err
	}
	if session.ActiveIn(w) {
		return en.change(ctx, w, ref.Site, false, func(sessions.Window, []sessions.Cookie) (sessions.Session, error) {
			return en.remove(ctx, ref)
		})
	}
	en.commands.Lock()
	defer en.commands.Unlock()
	session, err = en.remove(ctx, ref)
	if err != nil {
		return sessions.Switch{}, err
	}
	return sessions.Switch{Session: session}, en.interceptor.update(ctx)
}

// remove deletes a session from the book and the jars.
func (en *Engine) remove(ctx context.Context, ref sessions.Ref) (sessions.Session, error) {
	en.quiet.switchedAll(ref.Site)
	session, err := en.book.Remove(ref, time.Now())
	if err != nil {
		return session, err
	}
	for _, w := range en.targets.Windows() {
		if session.ActiveIn(w) {
			err = en.inStep(ctx, w, ref.Site)
			en.storage.planSwaps(w)
		} else {
			active, _ := en.book.Active(w, ref.Site, time.Now())
			kept := append(active.Tokens, active.Carried...)
			err = en.mirror.takeOut(ctx, w, slices.DeleteFunc(append(session.Tokens, session.Carried...), func(c sessions.Cookie) bool {
				return slices.ContainsFunc(kept, func(k sessions.Cookie) bool { return identityOf(k) == identityOf(c) && k.Value == c.Value })
			}))
		}
		if err != nil && en.targets.HasWindow(w) {
			return session, err
		}
		en.challenges.switchAuth(ctx, w, ref.Site)
	}
	return session, nil
}

// change carries a change of the active session out, in the order that keeps
// the promise of [Engine.Use]: the book decides, then every request that starts
// meets the interceptor, then the jar follows for what cannot be paused, then
// the pages.
func (en *Engine) change(ctx context.Context, w sessions.Window, site string, wait bool, decide decision) (sessions.Switch, error) {
	en.commands.Lock()
	defer en.commands.Unlock()
	return en.carryOut(ctx, w, site, wait, decide)
}

// carryOut is change for who has the lock of the commands.
func (en *Engine) carryOut(ctx context.Context, w sessions.Window, site string, wait bool, decide decision) (sessions.Switch, error) {
	jar, err := en.settledJar(ctx, w)
	if err != nil {
		return sessions.Switch{}, err
	}
	var leaving []*targets.Tab
	if en.guard.mode != sessions.GuardOff {
		leaving = en.reloads.tabsToReload(w, site)
	}
	en.departures.depart(leaving)
	defer en.departures.remain(w) // where it fails before
	was := en.targets.Unanswered(w, site)
	en.quiet.switched(w, site)
	session, err := decide(w, jar)
	if err != nil {
		en.targets.Answer(w, site, was)
		return sessions.Switch{}, err
	}
	defer func() {
		if !en.targets.HasWindow(w) { // it was closed meanwhile, by hand
			en.Gone(w)
		}
	}()
	en.log.Debug("switched", "site", site, "session", session.Name)
	done := sessions.Switch{Session: session}
	if err := en.interceptor.update(ctx); err != nil {
		return done, fmt.Errorf("forcing %q on %s: %w", session.Name, site, err)
	}
	en.quiet.switched(w, site) // what began before Fetch was on counts
	if en.forces(w) {
		en.mirror.plantFirst(w)
	}
	defer func() {
		if !en.forces(w) {
			en.mirror.plantOut(w)
		}
	}()
	fresh := make(chan struct{})
	freshen := sync.OnceFunc(func() { go func() { en.cache.freshen(ctx, w); close(fresh) }() })
	written := freshen
	if !en.guard.up.Load() { // what starts before the jar is read back might be cached as the old session's
		written = func() {}
	}
	if en.observer.observation() != sessions.ObserveFull {
		jar = nil // what it took meanwhile is told of nowhere else
	}
	refused, err := en.mirror.syncFrom(ctx, w, site, jar, written)
	freshen()
	<-fresh
	switch {
	case errors.Is(err, errUnrest): // until it is quiet, what is forced is written
		en.log.Debug("switched", "site", site, "error", err)
		if en.guard.mode == sessions.GuardOff {
			done.Notes = append(done.Notes, fmt.Sprintf("%s sets its cookies again and again: with the guard off requests may go out as another session", site))
		}
	case err != nil:
		return done, fmt.Errorf("forcing %q on %s: %w", session.Name, site, err)
	}
	for _, c := range refused {
		done.Refused = append(done.Refused, c.Name)
	}
	done.Notes = append(done.Notes, en.challenges.switchAuth(ctx, w, site)...)
	done.Notes = append(done.Notes, en.storage.swapsReady(ctx, en.storage.planSwaps(w))...)
	done.Notes = append(done.Notes, en.storage.otherStorage(ctx, w, site)...)
	err = en.reloads.reloadSite(ctx, w, site, wait, &done)
	done.Streams = en.openStreams(ctx, w, site)
	en.targets.Answer(w, site, time.Now())
	en.Switched(w)
	for _, other := range en.book.Clashes(w, site, time.Now()) {
		what := "WebSockets, prerendered pages and what else Chrome does not let us pause"
		if en.guard.mode == sessions.GuardOff {
			what = "with the guard off all requests"
		}
		done.Notes = append(done.Notes, fmt.Sprintf("%s is forced too, and shares a cookie: %s of both carry %s's", other, what, site))
	}
	if fresh, gone := en.book.Session(session.Ref(), time.Now()); gone == nil {
		done.Session = fresh
	}
	return done, err
}

// forces reports whether anything is forced in a window.
func (en *Engine) forces(w sessions.Window) bool {
	return slices.ContainsFunc(en.book.Forced(), func(site string) bool {
		_, active := en.book.Active(w, site, time.Now())
		return active
	})
}

// settledJar reads a jar once what the browser told up to then is booked, also of the
// mirror's own writes.
func (en *Engine) settledJar(ctx context.Context, w sessions.Window) ([]sessions.Cookie, error) {
	en.mirror.writing.Lock()
	defer en.mirror.writing.Unlock()
	if err := en.observer.settle(ctx); err != nil {
		return nil, err
	}
	return en.mirror.jar(ctx, w)
}

// openStreams counts what goes on as another session than the one that is forced.
func (en *Engine) openStreams(ctx context.Context, w sessions.Window, site string) int {
	n, _ := inTurn(ctx, en.wire, func() int { return en.exchanges.streams(w, site) })
	return n
}

// AddToken makes a cookie name a token of a site, see [sessions.Book.AddToken].
func (en *Engine) AddToken(ctx context.Context, w sessions.Window, site, name string, kind sessions.Kind) error {
	en.commands.Lock()
	defer en.commands.Unlock()
	jar, err := en.mirror.jar(ctx, w)
	if err != nil {
		return err
	}
	if err := en.book.AddToken(w, site, name, kind, jar, time.Now()); err != nil {
		return err
	}
	return en.syncAll(ctx, site)
}

// RemoveToken makes it an ordinary cookie again, see
// [sessions.Book.RemoveToken].
func (en *Engine) RemoveToken(ctx context.Context, site, name string) error {
	en.commands.Lock()
	defer en.commands.Unlock()
	if err := en.book.RemoveToken(site, name); err != nil {
		return err
	}
	if err := en.interceptor.update(ctx); err != nil {
		return err
	}
	return en.syncAll(ctx, site)
}

// Revert takes the last change of a session's cookies back, or goes back to a change, see
// [sessions.Book.Revert]. Where the session is active, that is carried out as a switch is:
// the site's tabs are shown anew.
func (en *Engine) Revert(ctx context.Context, ref sessions.Ref, to int) (sessions.Switch, error) {
	return en.amend(ctx, ref, func() error { return en.book.Revert(ref, to, time.Now()) })
}

// Accept gives a session what was withheld from it, see [sessions.Book.Accept]. Tabs are
// shown anew as by Revert.
func (en *Engine) Accept(ctx context.Context, ref sessions.Ref) (sessions.Switch, error) {
	return en.amend(ctx, ref, func() error { return en.book.Accept(ref, time.Now()) })
}

// amend gives a session other cookies, and carries that out in the windows where it is
// active. Its Switch tells of all of them.
func (en *Engine) amend(ctx context.Context, ref sessions.Ref, do func() error) (done sessions.Switch, err error) {
	en.commands.Lock()
	defer en.commands.Unlock()
	if done.Session, err = en.book.Session(ref, time.Now()); err != nil {
		return done, err
	}
	windows := done.Session.Active
	do = sync.OnceValue(do)
	if len(windows) == 0 {
		if err := do(); err != nil {
			return done, err
		}
		if done.Session, err = en.book.Session(ref, time.Now()); err != nil {
			return done, err
		}
		return done, en.syncAll(ctx, ref.Site)
	}
	for _, w := range windows {
		in, err := en.carryOut(ctx, w, ref.Site, false, func(sessions.Window, []sessions.Cookie) (sessions.Session, error) {
			if err := do(); err != nil {
				return sessions.Session{}, err
			}
			en.quiet.switchedAll(ref.Site)
			return en.book.Session(ref, time.Now())
		})
		if err != nil && en.targets.HasWindow(w) {
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
func (en *Engine) Split(ctx context.Context, ref sessions.Ref, name string) (sessions.Session, error) {
	en.commands.Lock()
	defer en.commands.Unlock()
	part, err := en.book.Split(ref, name, time.Now())
	if err != nil {
		return part, err
	}
	return part, en.syncAll(ctx, ref.Site)
}

// SplitSite makes a host a site of its own, see [sessions.Book.SplitSite].
func (en *Engine) SplitSite(ctx context.Context, host string) (string, error) {
	return en.cut(ctx, func() (string, error) { return en.book.SplitSite(host, time.Now()) })
}

// JoinSite takes a split back, see [sessions.Book.JoinSite].
func (en *Engine) JoinSite(ctx context.Context, host string) (string, error) {
	return en.cut(ctx, func() (string, error) { return en.book.JoinSite(host, time.Now()) })
}

func (en *Engine) cut(ctx context.Context, change func() (string, error)) (string, error) {
	en.commands.Lock()
	defer en.commands.Unlock()
	name, err := change()
	if err != nil {
		return "", err
	}
	if err := en.interceptor.update(ctx); err != nil {
		return name, err
	}
	for _, site := range en.book.Forced() {
		if err := en.syncAll(ctx, site); err != nil {
			return name, err
		}
	}
	for _, w := range en.targets.Windows() {
		en.storage.planSwaps(w)
	}
	return name, nil
}

func (en *Engine) syncAll(ctx context.Context, site string) error {
	en.quiet.switchedAll(site)
	for _, w := range en.targets.Windows() {
		if err := en.inStep(ctx, w, site); err != nil && en.targets.HasWindow(w) {
			return err
		}
	}
	return nil
}

// inStep brings a jar in step, or leaves that to the mirror, where the site goes on writing.
func (en *Engine) inStep(ctx context.Context, w sessions.Window, site string) error {
	_, err := en.mirror.sync(ctx, w, site)
	if errors.Is(err, errUnrest) {
		en.mirror.mend(w, site)
		return nil
	}
	return err
}
