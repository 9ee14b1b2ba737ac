package force

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sessdriver/sessions"
)

// Use makes a session the active one of its site in a window.
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

// Unset ends forcing on a site in a window and puts back the
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

// change carries a change of the active session out: see carryOut.
func (en *Engine) change(ctx context.Context, w sessions.Window, site string, wait bool, decide decision) (sessions.Switch, error) {
	en.commands.Lock()
	defer en.commands.Unlock()
	return en.carryOut(ctx, w, site, wait, decide)
}

// switching is a change of the active session that is being carried out.
type switching struct {
	*Engine
	window sessions.Window
	site   string
	done   sessions.Switch // what a person is told of it
}

// carryOut is change for who has the lock of the commands. Its order keeps the promise of
// [Engine.Use]: the book decides, then every request that starts meets the interceptor, then
// the jar follows for what cannot be paused, then the pages.
func (en *Engine) carryOut(ctx context.Context, w sessions.Window, site string, wait bool, decide decision) (sessions.Switch, error) {
	jar, err := en.settledJar(ctx, w)
	if err != nil {
		return sessions.Switch{}, err
	}
	s := &switching{Engine: en, window: w, site: site}
	s.holdDocuments()
	defer en.departures.remain(w) // where it fails before
	if err := s.decide(decide, jar); err != nil {
		return sessions.Switch{}, err
	}
	defer s.forgetIfClosed()
	if err := s.intercept(ctx); err != nil {
		return s.done, s.failed(err)
	}
	s.markJar()
	defer s.unmarkJar()
	if err := s.writeJar(ctx, jar); err != nil {
		return s.done, s.failed(err)
	}
	s.changeRest(ctx)
	err = en.reloads.reloadSite(ctx, w, site, wait, &s.done)
	s.report(ctx)
	return s.done, err
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

// failed says what could not be done.
func (s *switching) failed(err error) error {
	return fmt.Errorf("forcing %q on %s: %w", s.done.Session.Name, s.site, err)
}

// holdDocuments: from now on nothing that the site's tabs show asks for anything, if these
// are to be shown anew.
func (s *switching) holdDocuments() {
	if s.guard.mode != sessions.GuardOff {
		s.departures.depart(s.reloads.tabsToReload(s.window, s.site))
	}
}

// decide: the session is the active one in the book, and nothing in the window is quiet.
// Where that fails all is as before.
func (s *switching) decide(decide decision, jar []sessions.Cookie) (err error) {
	was := s.targets.Unanswered(s.window, s.site)
	s.quiet.switched(s.window, s.site)
	if s.done.Session, err = decide(s.window, jar); err != nil {
		s.targets.Answer(s.window, s.site, was)
		return err
	}
	s.log.Debug("switched", "site", s.site, "session", s.done.Session.Name)
	return nil
}

// forgetIfClosed forgets the window if it was closed meanwhile, by hand.
func (s *switching) forgetIfClosed() {
	if !s.targets.HasWindow(s.window) {
		s.Gone(s.window)
	}
}

// intercept: every request of the site that starts is paused, if the guard is to check it.
func (s *switching) intercept(ctx context.Context) error {
	if err := s.interceptor.update(ctx); err != nil {
		return err
	}
	s.quiet.switched(s.window, s.site) // what began before Fetch was on counts
	return nil
}

// markJar: it will be seen when somebody clears the jar.
func (s *switching) markJar() {
	if s.forces(s.window) {
		s.mirror.plantFirst(s.window)
	}
}

// unmarkJar ends that where nothing is forced any more.
func (s *switching) unmarkJar() {
	if !s.forces(s.window) {
		s.mirror.plantOut(s.window)
	}
}

// writeJar: the jar has the cookies of the session, read back, but for those that Chrome
// refuses; and nothing that was cached for the session before is shown.
func (s *switching) writeJar(ctx context.Context, jar []sessions.Cookie) error {
	freshening := s.cache.freshening(ctx, s.window)
	written := freshening.begin
	if !s.guard.up.Load() { // what starts before the jar is read back might be cached as the old session's
		written = func() {}
	}
	// In other modes what the jar took meanwhile is told of nowhere else.
	read := reading{jar, s.observer.observation() == sessions.ObserveFull}
	refused, err := s.mirror.syncFrom(ctx, s.window, s.site, read, written)
	freshening.end()
	if errors.Is(err, errUnrest) { // until it is quiet, what is forced is written
		s.log.Debug("switched", "site", s.site, "error", err)
		if s.guard.mode == sessions.GuardOff {
			s.note("%s sets its cookies again and again: with the guard off requests may go out as another session", s.site)
		}
		err = nil
	}
	for _, c := range refused {
		s.done.Refused = append(s.done.Refused, c.Name)
	}
	return err
}

// changeRest: HTTP credentials and storage are those of the session, as far as they can be.
func (s *switching) changeRest(ctx context.Context) {
	s.done.Notes = append(s.done.Notes, s.challenges.switchAuth(ctx, s.window, s.site)...)
	s.done.Notes = append(s.done.Notes, s.storage.swapsReady(ctx, s.storage.planSwaps(s.window))...)
	s.done.Notes = append(s.done.Notes, s.storage.otherStorage(ctx, s.window, s.site)...)
}

// report: the switch counts as answered, and says what goes on as another session.
func (s *switching) report(ctx context.Context) {
	s.done.Streams = s.openStreams(ctx, s.window, s.site)
	s.targets.Answer(s.window, s.site, time.Now())
	s.outside.Switched(s.window)
	for _, other := range s.book.Clashes(s.window, s.site, time.Now()) {
		what := "WebSockets, prerendered pages and what else Chrome does not let us pause"
		if s.guard.mode == sessions.GuardOff {
			what = "with the guard off all requests"
		}
		s.note("%s is forced too, and shares a cookie: %s of both carry %s's", other, what, s.site)
	}
	if now, gone := s.book.Session(s.done.Session.Ref(), time.Now()); gone == nil {
		s.done.Session = now
	}
}

// note adds what a person should know.
func (s *switching) note(format string, args ...any) {
	s.done.Notes = append(s.done.Notes, fmt.Sprintf(format, args...))
}

// forces reports whether anything is forced in a window.
func (en *Engine) forces(w sessions.Window) bool {
	return slices.ContainsFunc(en.book.Forced(), func(site string) bool {
		_, active := en.book.Active(w, site, time.Now())
		return active
	})
}

// openStreams counts what goes on as another session than the one that is forced.
func (en *Engine) openStreams(ctx context.Context, w sessions.Window, site string) int {
	n, _ := inTurn(ctx, en.wire, func() int { return en.exchanges.streams(w, site) })
	return n
}
