package force

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// Engine learns the sessions of a browser and forces them. Its methods are safe for
// concurrent use, but for those that say more.
type Engine struct {
	*core
	exchanges   *exchanges
	requests    *requestLog
	interceptor *interceptor
	challenges  *challenges
	departures  *departures
	mirror      *mirror
	quiet       *quiet
	guard       *guard
	observer    *observer
	cache       *cache
	reloads     *reloader
	storage     *webStorage
	fresh       *fresh
}

// New makes an Engine. Before anything else it is given its wire, with [Engine.Speak], and
// its connection, with [Engine.Connect].
func New(o Options, s Surroundings, book *sessions.Book, log *slog.Logger) *Engine {
	c := &core{outside: s, options: o, book: book, log: log, reloadTimeout: reloadTimeout, holdTime: holdTime, maxStored: sessions.MaxStored, told: map[string]bool{}}
	en := &Engine{
		core:        c,
		exchanges:   newExchanges(c),
		requests:    &requestLog{core: c},
		interceptor: newInterceptor(c),
		challenges:  newChallenges(c),
		departures:  &departures{core: c, tabs: map[target.ID]*departure{}},
		mirror:      newMirror(c),
		quiet:       newQuiet(c),
		guard:       newGuard(c),
		observer:    newObserver(c),
		reloads:     &reloader{core: c},
		storage:     &webStorage{core: c, scripts: scripts{tabs: map[*targets.Tab]*script{}}},
		fresh:       newFresh(),
	}
	en.cache = &cache{core: c, fresh: en.fresh, observer: en.observer}
	c.targets = targets.New(en.observer.settle)
	en.join()
	return en
}

// join gives the parts those others that they use.
func (en *Engine) join() {
	en.exchanges.guard, en.exchanges.interceptor, en.exchanges.mirror = en.guard, en.interceptor, en.mirror
	en.exchanges.quiet, en.exchanges.requests = en.quiet, en.requests
	en.interceptor.challenges, en.interceptor.departures, en.interceptor.exchanges = en.challenges, en.departures, en.exchanges
	en.interceptor.guard, en.interceptor.mirror, en.interceptor.observer, en.interceptor.quiet = en.guard, en.mirror, en.observer, en.quiet
	en.challenges.guard, en.challenges.reloads = en.guard, en.reloads
	en.departures.exchanges, en.departures.guard, en.departures.interceptor = en.exchanges, en.guard, en.interceptor
	en.departures.quiet, en.departures.reloads = en.quiet, en.reloads
	en.mirror.observer, en.mirror.quiet = en.observer, en.quiet
	en.quiet.exchanges, en.quiet.guard, en.quiet.mirror, en.quiet.observer = en.exchanges, en.guard, en.mirror, en.observer
	en.guard.departures, en.guard.interceptor, en.guard.mirror, en.guard.quiet = en.departures, en.interceptor, en.mirror, en.quiet
	en.observer.exchanges, en.observer.guard, en.observer.mirror, en.observer.quiet = en.exchanges, en.guard, en.mirror, en.quiet
	en.reloads.cache, en.reloads.departures, en.reloads.exchanges, en.reloads.fresh = en.cache, en.departures, en.exchanges, en.fresh
}

// Targets are the targets of the browser.
func (en *Engine) Targets() *targets.Set { return en.targets }

// Speak gives it its wire, of which it takes the events: see [Engine.Handle].
func (en *Engine) Speak(w *wire.Conn) { en.wire = w }

// Connect gives it its connection to the browser target. headless says that nobody sees
// the dialogs of the browser.
func (en *Engine) Connect(l wire.Link, headless bool) {
	en.link, en.headless = l, headless
	en.targets.Connect(l)
}

// KeepJournal makes it keep a journal of the cookies that it changes, in a file: see
// [Engine.Recover].
func (en *Engine) KeepJournal(file string) { en.mirror.journal = &journal{file: file} }

// Start begins its goroutines, which end with Stop.
func (en *Engine) Start() {
	go en.mirror.run()
	en.guard.start()
	en.quiet.start()
	en.observer.start()
}

// Stop ends its goroutines.
func (en *Engine) Stop() {
	en.guard.stop()
	en.quiet.stop()
	en.observer.stop()
	en.mirror.stop()
}

// Begin begins to learn cookies as the options say.
func (en *Engine) Begin(ctx context.Context) { en.observer.begin(ctx) }

// Unseen says that up to now requests may have begun that were not told.
func (en *Engine) Unseen() { en.quiet.unseen() }

// Lock is taken by a command that changes what is forced, or the windows, until it is done.
// Commands of the Engine take it themselves.
func (en *Engine) Lock() { en.commands.Lock() }

// Unlock ends that.
func (en *Engine) Unlock() { en.commands.Unlock() }

// End says that the browser is about to be given back: the guard, and what else goes on by
// itself, rests from now on.
func (en *Engine) End() { en.ending.Store(true) }

// IsEnding reports whether it is.
func (en *Engine) IsEnding() bool { return en.ending.Load() }

// EndDepartures lets documents go on that were about to be replaced.
func (en *Engine) EndDepartures() { en.departures.endAll() }

// Gone forgets a window whose context is disposed of: it makes no requests any more.
func (en *Engine) Gone(w sessions.Window) {
	en.observer.forget(w)
	en.targets.Forget(w)
	en.book.CloseWindow(w)
}

// Update makes Fetch pause what is forced now. The caller holds the lock of the commands.
func (en *Engine) Update(ctx context.Context) error { return en.interceptor.update(ctx) }

// Opens notes that somebody opens another page in a tab.
func (en *Engine) Opens(tab *targets.Tab) { en.departures.opensThere(tab) }

// Renewed waits until a tab shows what the last switch of its site shows anew there.
func (en *Engine) Renewed(ctx context.Context, tab *targets.Tab) error {
	return en.reloads.renewed(ctx, tab)
}

// MirrorPaused answers what a tab asks for that changes the HTTP credentials of the
// browser. It runs in a turn.
func (en *Engine) MirrorPaused(tab *targets.Tab, e *wire.RequestPaused) {
	en.challenges.mirrorPaused(tab, e)
}

// SeeJars books the sessions that a browser brings along.
func (en *Engine) SeeJars(ctx context.Context) error {
	for _, w := range en.targets.Windows() {
		jar, err := en.mirror.jar(ctx, w)
		if err != nil {
			return err
		}
		en.book.SeeJar(w, jar, time.Now())
	}
	return nil
}

// Jar returns the cookies of a window.
func (en *Engine) Jar(ctx context.Context, w sessions.Window) ([]sessions.Cookie, error) {
	return en.mirror.jar(ctx, w)
}

// Restore puts back what was changed: the jars, and Fetch; in a browser that is not ours
// the tabs are shown as they were found. The caller holds the lock of the commands.
func (en *Engine) Restore(ctx context.Context) error {
	select {
	case <-en.wire.Lost():
		return nil // nothing to give back to
	default:
	}
	now := time.Now()
	for _, site := range en.book.Forced() {
		for _, w := range en.targets.Windows() {
			if _, was := en.book.Unset(w, site, now); !was {
				continue
			}
			if _, err := en.mirror.sync(ctx, w, site); err != nil && !errors.Is(err, errUnrest) {
				return fmt.Errorf("putting the cookies of %s back: %w", site, err)
			}
			if !en.options.Ours {
				en.showAsFound(ctx, w, site)
			}
		}
	}
	en.mirror.unplant()
	return en.interceptor.stop(ctx)
}

// showTime bounds the wait for that.
const showTime = 2500 * time.Millisecond

// showAsFound loads the tabs of a site anew that show the session that was forced.
// A server that does not answer holds nobody up.
func (en *Engine) showAsFound(ctx context.Context, w sessions.Window, site string) {
	ctx, cancel := context.WithTimeout(ctx, showTime)
	defer cancel()
	en.storage.swapsReady(ctx, en.storage.planSwaps(w))
	if err := en.reloads.reloadSite(ctx, w, site, true, &sessions.Switch{}); err != nil {
		en.log.Debug("leaving", "site", site, "error", err)
	}
}
