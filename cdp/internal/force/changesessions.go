package force

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"sessdriver/sessions"
)

// What a person changes of sessions and sites, in all windows.

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
