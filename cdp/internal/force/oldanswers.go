package force

import (
	"context"
	"slices"
	"sync"
	"time"

	"sessdriver/cdp/internal/targets"
	"sessdriver/sessions"
)

const (
	// oldAnswer is how long an answer is waited for where nobody tells its end: after the page
	// that asked has gone, keepalive requests go on for 30 s.
	oldAnswer = 30 * time.Second
	// lateRequest is how long a request that is told of is waited for while each is checked:
	// a long poll may be answered after minutes.
	lateRequest = 10 * time.Minute
	// explains is how long an answer may be told after the jar has taken its cookies.
	explains = 200 * time.Millisecond
)

// quiet knows in which windows and sites a request may go on as it is when it is right
// while it is paused. The browser gives it its cookies when it is sent, from the jar as it
// is then (CHROMIUM 19): that is safe where nothing of before the last switch can be
// answered any more, and the jar, read back, is in step. All others are not quiet: there
// the verdict is written ([sessions.Paused]), and with [sessions.GuardSwitch] Fetch stays on.
//
// While all is quiet a request pays for one lock, else for a look into a map besides. What is
// not quiet is looked at by a goroutine of its own, every guardPace.
type quiet struct {
	*core
	exchanges *exchanges
	guard     *guard
	mirror    *mirror
	observer  *observer

	wake    chan struct{}
	stopped chan struct{} // closed when run has ended; nil before it began
	quit    chan struct{}

	mu    sync.Mutex // guards all below
	rests map[targets.Place]*unrest
	// blind is when what was under way was last not told: see unseen.
	blind time.Time
	// flying are requests whose end nobody tells: those that were sent on and not told of
	// otherwise, and those whose page has gone.
	flying map[flight]flown
	// waiting are requests that are paused until it is quiet, by their network ids.
	waiting map[string]int
	// untold and told replace the bounds in tests; 0 for the usual ones.
	untold, told time.Duration
}

// unrest is why a place is not quiet.
type unrest struct {
	late    bool      // requests from before since may still be answered
	since   time.Time // the last switch; what was told before it counts
	settled bool      // since is when all that began before the switch had been told
	moves   int       // grows with each reason: what was found out before is void
	looked  time.Time // when the jar was last found out of step
}

// flight is a request that may still be answered, though its end is not told.
type flight struct {
	place targets.Place
	id    string
}

// flown is when a flight began, and when it was last heard of.
type flown struct{ began, heard time.Time }

func newQuiet(c *core) *quiet {
	return &quiet{core: c, wake: make(chan struct{}, 1), quit: make(chan struct{}), rests: map[targets.Place]*unrest{}, flying: map[flight]flown{}, waiting: map[string]int{}}
}

// at reports how it is with a place: whether it is quiet, and, if not, whether answers of
// before a switch may come.
func (q *quiet) at(w sessions.Window, site string) (racing, late bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.rests[targets.At(w, site)]
	return u != nil, u != nil && u.late
}

// of is at for a URL.
func (q *quiet) of(w sessions.Window, url string) (racing, late bool) {
	if q.everywhere() {
		return false, false
	}
	return q.at(w, q.book.SiteOf(url))
}

// everywhere reports whether all places are quiet.
func (q *quiet) everywhere() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.rests) == 0
}

// switched says that what is forced in a window has changed, or begins to: what is
// under way belongs to whom it was sent as.
func (q *quiet) switched(w sessions.Window, site string) { q.stir(targets.At(w, site), true) }

// torn says that a jar may be out of step.
func (q *quiet) torn(w sessions.Window, site string) { q.stir(targets.At(w, site), false) }

func (q *quiet) stir(at targets.Place, late bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.rests[at]
	if u == nil {
		u = &unrest{}
		q.rests[at] = u
	}
	u.moves++
	if late {
		u.late, u.since, u.settled = true, time.Now(), false
	}
	q.call()
}

// call wakes the goroutine.
func (q *quiet) call() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// switchedAll is switched for a site in all windows.
func (q *quiet) switchedAll(site string) {
	for _, w := range q.targets.Windows() {
		if _, active := q.book.Active(w, site, time.Now()); active {
			q.switched(w, site)
		}
	}
}

// unseen says that up to now requests may have begun that were not told.
func (q *quiet) unseen() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.blind = time.Now()
}

// fly notes that nobody tells the end of a request that began at a time: nothing was told
// of it yet, which mostly is when it is paused; or the page that asked has gone.
func (q *quiet) fly(w sessions.Window, site, id string, began time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if len(q.flying) >= maxOpen {
		q.forget(now)
	}
	if len(q.flying) < maxOpen {
		q.flying[flight{targets.At(w, site), id}] = flown{began, now}
	}
}

func (q *quiet) forget(now time.Time) {
	for f, at := range q.flying {
		if now.Sub(at.heard) > oldAnswer {
			delete(q.flying, f)
		}
	}
}

// landed notes that a request is told of, or has ended.
func (q *quiet) landed(w sessions.Window, site, id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.flying) > 0 {
		delete(q.flying, flight{targets.At(w, site), id})
	}
}

// waits notes that a request is paused, one more time or less, and cannot be answered.
func (q *quiet) waits(id string, more int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[id] += more; q.waiting[id] <= 0 {
		delete(q.waiting, id)
	}
}

func (q *quiet) isWaiting(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[id] > 0
}

// bounds are how long an answer is waited for whose end is told, and one whose is not.
// Where each request is checked, waiting costs next to nothing.
func (q *quiet) bounds() (told, untold time.Duration) {
	told, untold = oldRequest, oldStream
	if mode, _ := q.guard.now(); mode == sessions.GuardAlways {
		told, untold = lateRequest, oldAnswer
	}
	if q.told > 0 {
		told = q.told
	}
	if q.untold > 0 {
		untold = q.untold
	}
	return told, untold
}

// start begins the goroutine, which ends with stop.
func (q *quiet) start() {
	q.stopped = make(chan struct{})
	go q.run()
}

func (q *quiet) stop() {
	close(q.quit)
	if q.stopped != nil {
		<-q.stopped
	}
}

func (q *quiet) run() {
	defer close(q.stopped)
	pace := time.NewTimer(time.Hour)
	for {
		select {
		case <-q.quit:
			return
		case <-q.wake:
			if q.everywhere() {
				continue
			}
			pace.Reset(guardPace) // pages tell later than the network does
		case <-pace.C:
			if q.step() {
				pace.Reset(guardPace)
			}
		}
	}
}

// step looks at the places that are not quiet. It reports whether there are any left.
func (q *quiet) step() bool {
	if q.ending.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), mendTimeout)
	defer cancel()
	q.mu.Lock()
	list := make([]targets.Place, 0, len(q.rests))
	for at := range q.rests {
		list = append(list, at)
	}
	q.mu.Unlock()
	slices.SortFunc(list, targets.Place.Compare)
	for _, at := range list {
		if ctx.Err() == nil {
			q.look(ctx, at)
		}
	}
	if !q.everywhere() {
		return true
	}
	q.guard.call()
	return false
}

// look finds out whether a place has become quiet.
func (q *quiet) look(ctx context.Context, at targets.Place) {
	if _, active := q.book.Active(at.Window, at.Site, time.Now()); !active && q.targets.HasWindow(at.Window) {
		q.rest(at)
		return
	}
	q.mu.Lock()
	u := q.rests[at]
	if u == nil {
		q.mu.Unlock()
		return
	}
	was := *u
	q.mu.Unlock()
	if was.late && !was.settled {
		if q.targets.Settle(ctx) == nil {
			q.mu.Lock()
			if u.moves == was.moves {
				u.since, u.settled = time.Now(), true
			}
			q.mu.Unlock()
		}
		return
	}
	if time.Since(was.looked) < 0 {
		return
	}
	if was.late && q.mayBeAnswered(ctx, at, was.since) {
		return
	}
	if q.mirror.isAdopting(at) { // which waits for that alone
		q.mu.Lock()
		if u.moves == was.moves {
			u.late = false
		}
		q.mu.Unlock()
		return
	}
	refused, err := q.mirror.sync(ctx, at.Window, at.Site)
	if err != nil && q.targets.HasWindow(at.Window) {
		q.log.Debug("the jar is not in step", "site", at.Site, "error", err)
		q.mu.Lock()
		u.looked = time.Now().Add(5 * guardPace)
		q.mu.Unlock()
		return
	}
	// A cookie that Chrome refuses will never be in step: what is written does not depend
	// on it.
	q.mu.Lock()
	defer q.mu.Unlock()
	if u.moves == was.moves && len(refused) == 0 {
		delete(q.rests, at)
	} else if u.moves == was.moves {
		u.late, u.looked = false, time.Now().Add(jarPace)
	}
}

// rest forgets a place where nothing is forced, unless a command may be about to force
// something: it says before that it begins to.
func (q *quiet) rest(at targets.Place) {
	if !q.commands.TryLock() {
		return
	}
	defer q.commands.Unlock()
	if _, active := q.book.Active(at.Window, at.Site, time.Now()); !active {
		q.mu.Lock()
		delete(q.rests, at)
		q.mu.Unlock()
	}
}

// mayBeAnswered reports whether a request of a place that began before a moment can still
// be answered.
func (q *quiet) mayBeAnswered(ctx context.Context, at targets.Place, since time.Time) bool {
	told, untold := q.bounds()
	now := time.Now()
	q.mu.Lock()
	q.forget(now)
	flying := q.mayFly(at, since, now, untold)
	q.mu.Unlock()
	if flying {
		return true
	}
	// Of what loads with nobody telling, only the tab does.
	if !q.observer.full(at.Window) && (now.Sub(since) < untold || q.isLoading(at)) {
		return true
	}
	in, answered := inTurn(ctx, q.wire, func() bool { return q.exchanges.mayBeAnswered(at, since, told) })
	return in || !answered
}

// mayBeUntold reports whether a request from before the last switch in a place may be
// answered without a word: what was under way was not told, or the page that asked has gone.
func (q *quiet) mayBeUntold(at targets.Place) bool {
	_, untold := q.bounds()
	full := q.observer.full(at.Window)
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	u := q.rests[at]
	if u == nil || !u.late {
		return false
	}
	q.forget(now)
	return !full || q.mayFly(at, u.since, now, untold)
}

// mayFly reports whether a request that nobody tells the end of, and that began before a
// moment, can still be answered. The caller holds the lock.
func (q *quiet) mayFly(at targets.Place, since, now time.Time, untold time.Duration) bool {
	if now.Sub(q.blind) < untold {
		return true
	}
	for f, is := range q.flying {
		if q.shares(f.place, at) && !is.began.After(since) && now.Sub(is.heard) < untold {
			return true
		}
	}
	return false
}

// shares reports whether the answers of one place can change the jar of another.
func (q *quiet) shares(of, at targets.Place) bool {
	return of.Window == at.Window && (of.Site == at.Site || q.book.SharesJar())
}
