package force

import (
	"context"
	"time"

	"sessdriver/cdp/internal/targets"
	"sessdriver/sessions"
)

// Inside is what the tests of package cdp look at, and set, to run an Engine with a real
// browser. Nothing else uses it.
type Inside struct{ en *Engine }

// Inside gives it.
func (en *Engine) Inside() Inside { return Inside{en} }

// Never is a pattern of URLs that no request matches, MarkDomain that of cookies of ours.
const (
	Never      = never
	MarkDomain = markDomain
)

// How long some things are waited for.
const (
	OldStream = oldStream
	LastWords = lastWords
	JarPace   = jarPace
)

// How the browser's words are read and written.
var (
	Attach      = attach
	Header      = header
	Override    = override
	Parameter   = parameter
	Partition   = partition
	Partitioned = partitioned
	RawBytes    = rawBytes
	Removal     = removal
)

// IsUp reports whether requests are being checked.
func (in Inside) IsUp() bool { return in.en.guard.up.Load() }

// CallGuard lets the guard look at once.
func (in Inside) CallGuard() { in.en.guard.call() }

// IsQuiet reports whether no request that is right is written any more.
func (in Inside) IsQuiet() bool { return in.en.quiet.everywhere() }

// Untold bounds the wait for what nobody tells the end of, and looks at once. blind is
// when that was last under way, zero for as it is.
func (in Inside) Untold(bound time.Duration, blind time.Time) {
	q := in.en.quiet
	q.mu.Lock()
	q.untold = bound
	if !blind.IsZero() {
		q.blind = blind
	}
	q.mu.Unlock()
	q.call()
}

// Checked counts the requests that were decided for a forced session.
func (in Inside) Checked() int64 { return in.en.interceptor.checked.Load() }

// Written counts those of them that left with headers of ours.
func (in Inside) Written() int64 { return in.en.interceptor.written.Load() }

// IsOn reports whether Fetch may be enabled.
func (in Inside) IsOn() bool { return in.en.interceptor.on }

// Lower turns Fetch off.
func (in Inside) Lower(ctx context.Context) error { return in.en.interceptor.stop(ctx) }

// Drain waits until every request that was paused up to now has its answer.
func (in Inside) Drain(ctx context.Context) error { return in.en.interceptor.drain(ctx) }

// StopWorkers ends the service workers.
func (in Inside) StopWorkers() { in.en.interceptor.stopWorkers() }

// Sync brings a jar in step, and returns the cookies that Chrome refuses.
func (in Inside) Sync(ctx context.Context, w sessions.Window, site string) ([]sessions.Cookie, error) {
	return in.en.mirror.sync(ctx, w, site)
}

// Write writes into a jar behind the book's back.
func (in Inside) Write(ctx context.Context, w sessions.Window, plan sessions.Plan) {
	in.en.mirror.write(ctx, w, plan)
}

// Still ends what moves by itself, so that a test says when it does.
func (in Inside) Still() {
	q, m := in.en.quiet, in.en.mirror
	q.stop()
	m.stop()
	m.quit = make(chan struct{})
	in.en.wire.Do(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.quit, q.stopped, q.blind = make(chan struct{}), nil, time.Time{}
		q.rests, q.flying, q.waiting = map[targets.Place]*unrest{}, map[flight]flown{}, map[string]int{}
	})
}

// SetBook gives the Engine another book. It is called in a turn, with the lock of the
// commands.
func (in Inside) SetBook(book *sessions.Book) { in.en.book = book }

// SetReload changes the policy, in a turn.
func (in Inside) SetReload(p ReloadPolicy) { in.en.options.Reload = p }

// HoldTime is how long a request is held of a document that is about to be replaced.
func (in Inside) HoldTime() *time.Duration { return &in.en.holdTime }

// ReloadTimeout is how long a reload is waited for.
func (in Inside) ReloadTimeout() *time.Duration { return &in.en.reloadTimeout }

// MaxStored is how much of an origin's web storage is kept.
func (in Inside) MaxStored() *int { return &in.en.maxStored }

// Unfinished lists the requests whose end was not told, by kind and URL.
func (in Inside) Unfinished(ctx context.Context) []string {
	list, _ := inTurn(ctx, in.en.wire, func() (list []string) {
		for _, ex := range in.en.exchanges.open {
			if len(ex.urls) > 0 && !ex.finished && !ex.orphan {
				list = append(list, string(ex.kind)+" "+ex.urls[0].url)
			}
		}
		return list
	})
	return list
}
