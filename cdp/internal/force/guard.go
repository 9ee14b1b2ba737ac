package force

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"sessdriver/cdp/internal/targets"
	"sessdriver/sessions"
)

const (
	// oldStream is how long a WebSocket or EventSource was open when it is not waited
	// for any more: it goes on as whom it was opened.
	oldStream = 5 * time.Second
	// oldFailure is how long it may be told of a request that failed that it was sent. A page
	// that is opened right after a switch cancels the reload, mostly before that is sent.
	oldFailure = 500 * time.Millisecond
	// oldRequest is the same for any request: not all ends are told.
	oldRequest = time.Minute
	// guardPace is how often the guard looks again while it waits for something.
	guardPace = 100 * time.Millisecond
	// jarPace is how often the jars are compared while nothing is paused.
	jarPace = 2 * time.Second
)

// guard lowers Fetch when it is not needed, and raises it again, in the mode
// [sessions.GuardSwitch]. Its goroutine takes the turn of a command for both.
type guard struct {
	*core
	departures  *departures
	interceptor *interceptor
	mirror      *mirror
	quiet       *quiet

	mode    sessions.Guard // under browser.commands, as all below
	lowers  bool           // Fetch is to be lowered, once all is quiet
	is      atomic.Value   // mode, for who does not hold that
	forces  atomic.Bool    // a session is forced
	up      atomic.Bool
	drifted atomic.Bool
	meddled atomic.Bool   // somebody else changes requests: it stays up
	wake    chan struct{} // holds a value when there may be something to do
	quit    chan struct{}
	stopped chan struct{} // closed when run has ended; nil before it began
}

func newGuard(c *core) *guard {
	g := &guard{core: c, mode: c.options.Guard, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	g.is.Store(g.mode)
	return g
}

// now is the mode, and whether requests are being checked, for who does not hold commands.
func (g *guard) now() (sessions.Guard, bool) { return g.is.Load().(sessions.Guard), g.up.Load() }

// Guard is the mode, and whether requests are being checked now.
func (en *Engine) Guard() (sessions.Guard, bool) {
	en.commands.Lock()
	defer en.commands.Unlock()
	return en.guard.mode, en.guard.up.Load()
}

// SetGuard changes the mode.
func (en *Engine) SetGuard(ctx context.Context, mode sessions.Guard) error {
	en.commands.Lock()
	defer en.commands.Unlock()
	if _, err := sessions.Guards.Parse(string(mode)); err != nil {
		return err
	}
	if err := en.wire.Answers(ctx); err != nil {
		return err
	}
	if mode != sessions.GuardAlways && en.book.ForcesEverywhere() {
		return errors.New("tokens are forced everywhere, which needs every request to be checked")
	}
	was := en.guard.mode
	en.guard.mode = mode
	en.guard.is.Store(mode)
	en.guard.meddled.Store(false)
	if err := en.interceptor.update(ctx); err != nil {
		en.guard.mode = was
		en.guard.is.Store(was)
		return en.outside.Because(err)
	}
	return nil
}

// raised notes that Fetch is on, or off.
func (g *guard) raised(up bool) {
	g.up.Store(up)
	g.lowers = up && g.mode == sessions.GuardSwitch
	g.call()
}

// drift tells that a jar was seen to be another's while nothing was paused. It never
// blocks.
func (g *guard) drift() {
	if !g.up.Load() && !g.drifted.Swap(true) {
		g.call()
	}
}

func (g *guard) call() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// start begins the goroutine, once there is something to guard. It ends with stop.
func (g *guard) start() {
	g.stopped = make(chan struct{})
	go g.run()
}

func (g *guard) run() {
	defer close(g.stopped)
	pace := time.NewTimer(0)
	for {
		select {
		case <-g.quit:
			return
		case <-g.wake:
		case <-pace.C:
		}
		pace.Reset(g.step())
	}
}

func (g *guard) stop() {
	close(g.quit)
	if g.stopped != nil {
		<-g.stopped
	}
}

// step does what there is to do, and says when to look again.
func (g *guard) step() time.Duration {
	if !g.commands.TryLock() { // a command is at work, or Close, which waits for us
		return guardPace
	}
	defer g.commands.Unlock()
	if !g.ending.Load() && !g.forces.Load() && g.interceptor.on && !g.departures.any.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), mendTimeout)
		defer cancel()
		if err := g.interceptor.stop(ctx); err != nil {
			g.log.Debug("guarding", "error", err)
		}
	}
	if !g.forces.Load() || g.ending.Load() {
		g.drifted.Store(false)
		return time.Hour // until it is called
	}
	ctx, cancel := context.WithTimeout(context.Background(), mendTimeout)
	defer cancel()
	var err error
	switch {
	case g.mode == sessions.GuardOff, g.up.Load() && !g.lowers:
		if !g.book.SharesJar() { // else two forced sites might take the jar from each other
			g.compare(ctx)
		}
	case g.up.Load():
		if !g.quiet.everywhere() || g.departures.any.Load() {
			return guardPace
		}
		err = g.lower(ctx)
	case g.drifted.Load() || g.compare(ctx):
		g.log.Debug("the browser's cookies are not the forced session's any more: requests are checked again")
		err = g.raise(ctx)
	}
	if err != nil {
		g.log.Debug("guarding", "error", err)
	}
	return jarPace
}

// raise lets requests be checked again and mends the jars.
func (g *guard) raise(ctx context.Context) error {
	g.drifted.Store(false)
	if err := g.interceptor.update(ctx); err != nil {
		return err
	}
	g.eachForced(func(w sessions.Window, active sessions.Ref) { g.mirror.mend(w, active.Site) })
	return nil
}

// lower turns Fetch off, once the jars are proven to be in step. Where they cannot be,
// since Chrome refuses a cookie, or keeps another's HTTP credentials, or two forced sites share one, or do not decide, since
// another DevTools client does, it stays on.
func (g *guard) lower(ctx context.Context) error {
	proven := !g.meddled.Load()
	var failed error
	g.eachForced(func(w sessions.Window, active sessions.Ref) {
		site := active.Site
		refused, err := g.mirror.sync(ctx, w, site)
		proven = proven && len(refused) == 0 && len(g.book.Clashes(w, site, time.Now())) == 0 && len(g.book.PlanAuth(w, site)) == 0
		if err != nil && g.targets.HasWindow(w) {
			failed = err
		}
	})
	switch {
	case failed != nil:
		return failed
	case !proven:
		g.lowers = false
		return nil
	}
	g.drifted.Store(false)
	return g.interceptor.stop(ctx)
}

// compare compares the jars with what they are to hold, and lets those be mended that
// differ. It reports whether any does.
func (g *guard) compare(ctx context.Context) bool {
	differs := false
	g.eachForced(func(w sessions.Window, active sessions.Ref) {
		if jar, err := g.mirror.jar(ctx, w); err == nil && g.mirror.differs(w, active.Site, jar) {
			differs = true
			g.mirror.mend(w, active.Site)
		}
	})
	return differs
}

// eachForced calls a function for every active session of a window.
func (g *guard) eachForced(do func(sessions.Window, sessions.Ref)) {
	for _, site := range g.book.Forced() {
		for _, w := range g.targets.Windows() {
			if active, forced := g.book.Active(w, site, time.Now()); forced {
				do(w, active.Ref())
			}
		}
	}
}

// isLoading reports whether a tab of a place has not loaded yet.
func (q *quiet) isLoading(at targets.Place) bool {
	return q.targets.AnyLoading(func(t *targets.Tab, d targets.Document) bool {
		return t.Window == at.Window && q.book.SiteOf(d.URL) == at.Site
	})
}
