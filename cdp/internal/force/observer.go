package force

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// observer decides how the browser's cookies are learnt: from the events of each
// request, from the changes of the jar that an extension tells, or by reading the jar.
type observer struct {
	*core
	exchanges *exchanges
	guard     *guard
	mirror    *mirror
	quiet     *quiet

	mu      sync.Mutex // guards all down to changed
	mode    sessions.Observation
	around  map[sessions.Window]bool // the windows that go around the cache: what they ask for is told
	behind  bool                     // the jars may have taken what nobody told of
	feed    *feed                    // nil until changes are asked for
	changed chan struct{}            // closed and replaced when the feed has told a mark, or has ended
	looks   chan struct{}            // a token: who holds it reads the jars
	seen    map[sessions.Window][]sessions.Cookie
	quit    chan struct{}
	stopped chan struct{} // closed when run has ended; nil before it began
}

func newObserver(c *core) *observer {
	return &observer{
		core: c, mode: sessions.ObserveFull, around: map[sessions.Window]bool{}, changed: make(chan struct{}),
		looks: make(chan struct{}, 1), seen: map[sessions.Window][]sessions.Cookie{}, quit: make(chan struct{}),
	}
}

// source is the extension, nil where there is none.
func (o *observer) source() *feed {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.feed
}

// Observation is how cookies are learnt.
func (en *Engine) Observation() sessions.Observation { return en.observer.observation() }

// observation is how cookies are learnt. It may be another than the one that was asked
// for: not every browser has all.
func (o *observer) observation() sessions.Observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mode
}

// SetObservation changes it. Where it is not to be had, it stays as it was.
func (en *Engine) SetObservation(ctx context.Context, mode sessions.Observation) error {
	en.commands.Lock()
	defer en.commands.Unlock()
	if _, err := sessions.Observations.Parse(string(mode)); err != nil {
		return err
	}
	if err := en.wire.Answers(ctx); err != nil {
		return err
	}
	if mode == en.observer.observation() {
		return nil
	}
	if err := en.targets.Settle(ctx); err != nil { // as it was told up to now
		return en.outside.Because(err)
	}
	if err := en.observer.prepare(ctx, mode); err != nil {
		return en.outside.Because(err)
	}
	en.wire.Do(func() {
		en.observer.turn(mode)
		en.quiet.unseen() // of what is under way nobody tells all
	})
	return en.outside.Because(en.targets.Settle(ctx))
}

// begin is the observation of the options, or the full one with a notice.
func (o *observer) begin(ctx context.Context) {
	mode := o.options.Observe
	if mode == "" {
		return
	}
	if err := o.prepare(ctx, mode); err != nil {
		o.notice("observing in full: %w", err)
		return
	}
	o.wire.Do(func() { o.turn(mode) })
}

// prepare finds out whether a mode is to be had.
func (o *observer) prepare(ctx context.Context, mode sessions.Observation) error {
	if mode != sessions.ObserveFull && o.book.Scope() == sessions.ScopeHost {
		return fmt.Errorf("cookies have no port, which sites of one host and port need")
	}
	if mode == sessions.ObserveJar {
		return o.read(ctx, func(w sessions.Window, jar []sessions.Cookie) { o.seen[w] = jar }) // that is no news
	}
	if mode != sessions.ObserveChanges || o.source() != nil {
		return nil
	}
	if o.options.Apart {
		return fault.Errorf(fault.NoExtension, "the extension that reports the changes of cookies sees only the browser's own window, and each script has another")
	}
	return o.openFeed(ctx)
}

// turn changes the mode for the targets that are there. It runs in a turn.
func (o *observer) turn(mode sessions.Observation) {
	o.mu.Lock()
	o.behind, o.mode = o.mode != mode, mode
	o.mu.Unlock()
	for _, tab := range o.targets.List(requesters...) {
		o.listen(tab)
	}
}

// full reports whether the requests of a window are told. The extension knows the
// cookies of the main window only, and what goes around the cache tells in any case.
func (o *observer) full(w sessions.Window) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.mode == sessions.ObserveFull || o.mode == sessions.ObserveChanges && w != sessions.Main || o.around[w]
}

// goAround notes that a window goes around the cache from now on.
func (o *observer) goAround(w sessions.Window) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.behind = o.mode != sessions.ObserveFull && !o.around[w]
	o.around[w] = true
}

func (o *observer) goesAround(w sessions.Window) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.around[w]
}

// forget drops a window that is gone.
func (o *observer) forget(w sessions.Window) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.around, w)
}

// listen lets a target tell of its requests, or not. It runs in a turn.
func (o *observer) listen(tab *targets.Tab) {
	full := o.full(tab.Window)
	if full == o.targets.Tells(tab) {
		return
	}
	o.targets.SetTells(tab, full)
	EnableNetwork(tab, full)
	if !full {
		o.exchanges.leave(tab, true) // nobody tells their ends
	}
}

// EnableNetwork turns the Network domain on or off. Without it a target takes no order
// about the cache and service workers either.
func EnableNetwork(tab *targets.Tab, on bool) {
	if !on {
		wire.Send(tab.Link, network.Disable, cdp.Empty{}, nil)
		return
	}
	wire.Send(tab.Link, network.Enable, network.EnableParams{
		MaxTotalBufferSize: new(int64(0)), MaxResourceBufferSize: new(int64(0)), MaxPostDataSize: new(int64(maxForm)),
	}, nil)
}

// settle answers when what the jars took up to now is booked.
func (o *observer) settle(ctx context.Context) error {
	if err := o.catchUp(ctx); err != nil {
		return err
	}
	switch o.observation() {
	case sessions.ObserveChanges:
		return o.source().settle(ctx)
	case sessions.ObserveJar:
		return o.look(ctx)
	}
	return nil
}

// catchUp books what the jars hold and nobody told of, after the way to learn of it has
// changed.
func (o *observer) catchUp(ctx context.Context) error {
	o.mu.Lock()
	behind := o.behind
	o.behind = false
	o.mu.Unlock()
	if !behind {
		return nil
	}
	return o.read(ctx, func(w sessions.Window, jar []sessions.Cookie) {
		for _, c := range jar {
			o.jarChanged(w, c)
		}
		o.seen[w] = jar
	})
}

// look books what is new in the jars of the windows whose requests are not told.
func (o *observer) look(ctx context.Context) error {
	return o.read(ctx, func(w sessions.Window, jar []sessions.Cookie) {
		if !o.full(w) {
			for _, c := range sessions.JarChanges(o.seen[w], jar) {
				o.jarChanged(w, c)
			}
		}
		o.seen[w] = jar
	})
}

// read reads the jars, one caller at a time.
func (o *observer) read(ctx context.Context, each func(sessions.Window, []sessions.Cookie)) error {
	select {
	case o.looks <- struct{}{}:
		defer func() { <-o.looks }()
	case <-ctx.Done():
		return ctx.Err()
	}
	windows := o.targets.Windows()
	maps.DeleteFunc(o.seen, func(w sessions.Window, _ []sessions.Cookie) bool { return !slices.Contains(windows, w) })
	for _, w := range windows {
		jar, err := o.mirror.jar(ctx, w)
		if err == nil {
			each(w, jar)
		} else if o.targets.HasWindow(w) {
			return err
		}
	}
	return nil
}

// jarChanged books a change of a jar and lets the mirror mend those that are out of step.
func (o *observer) jarChanged(w sessions.Window, c sessions.Cookie) {
	if o.mirror.isEcho(w, c) {
		// It may have gone over what a server set meanwhile.
		o.mirror.mend(w, o.book.SiteOf("https://"+strings.TrimPrefix(c.Domain, ".")+"/"))
		return
	}
	site, torn := o.book.JarChanged(w, c, time.Now())
	for _, window := range torn {
		o.guard.drift()
		o.mirror.mend(window, site)
	}
}

// start begins the goroutine that reads the jars where nobody tells their changes. It
// ends with stop.
func (o *observer) start() {
	o.stopped = make(chan struct{})
	go o.run()
}

func (o *observer) run() {
	defer close(o.stopped)
	pace := time.NewTicker(jarPace)
	defer pace.Stop()
	for {
		select {
		case <-o.quit:
			return
		case <-pace.C:
		}
		if o.observation() != sessions.ObserveJar {
			continue
		}
		if !o.commands.TryLock() { // it reads them itself, and a switch may be half made
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), mendTimeout)
		if err := o.look(ctx); err != nil {
			o.log.Debug("reading the jars", "error", err)
		}
		cancel()
		o.commands.Unlock()
	}
}

func (o *observer) stop() {
	close(o.quit)
	if o.stopped != nil {
		<-o.stopped
	}
}
