package force

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

const (
	// syncRounds bounds how often a write is repeated: a rotation may race
	// it, but not for ever.
	syncRounds  = 8
	mendTimeout = 10 * time.Second
	maxOrigins  = 10_000 // bounds what a hostile page can make us remember
)

// mirror keeps the jars in step with the sessions that are active. Commands
// call sync and wait; what responses put out of step is mended on a goroutine
// of its own, because a turn may not wait.
type mirror struct {
	*core
	observer *observer
	quiet    *quiet
	journal  *journal // nil where the jar is our own

	writing sync.Mutex   // held while a jar is compared and written
	writes  atomic.Int64 // grows before and after each write

	torn    *wire.Queue[targets.Place] // jars that may be out of step
	quit    chan struct{}
	stopped chan struct{} // closed when run has ended; nil before it began

	renewals sync.WaitGroup // of the journal

	mu      sync.Mutex      // guards all below
	ended   bool            // no renewal begins any more
	refused map[string]bool // cookies that Chrome refuses, which were named to the user
	planted map[sessions.Window]planting
	cleared map[sessions.Window]time.Time // when that was seen
	whole   map[targets.Place]time.Time   // when a jar was last seen to miss nothing
	losses  map[targets.Place]time.Time   // when a loss was last told
	later   map[targets.Place]bool        // see adoptLater
	// partitioned are the partitioned cookies that a jar was seen to have.
	partitioned map[sessions.Window][]sessions.Cookie
	origins     map[identity]origin // of the cookies that were in a jar
	echoes      map[echo]bool       // changes of our own that a jar may tell yet
}

// echo is a change of a jar that a write made.
type echo struct {
	window sessions.Window
	id     identity
	value  string
	lost   bool
}

// identity is what makes a cookie another one.
type identity struct{ name, domain, path, partition string }

func identityOf(c sessions.Cookie) identity { return identity{c.Name, c.Domain, c.Path, c.Partition} }

// origin is what Chrome keeps of a cookie and the book does not.
type origin struct {
	scheme network.CookieSourceScheme
	port   int64
}

func newMirror(c *core) *mirror {
	return &mirror{core: c, torn: wire.NewQueue[targets.Place](), quit: make(chan struct{}), refused: map[string]bool{}, planted: map[sessions.Window]planting{}, cleared: map[sessions.Window]time.Time{}, whole: map[targets.Place]time.Time{}, losses: map[targets.Place]time.Time{}, later: map[targets.Place]bool{}, partitioned: map[sessions.Window][]sessions.Cookie{}, origins: map[identity]origin{}, echoes: map[echo]bool{}}
}

// mend lets the mirror look at a jar soon. It never blocks.
func (m *mirror) mend(w sessions.Window, site string) {
	m.quiet.torn(w, site)
	m.torn.Push(targets.At(w, site))
}

// restore puts cookies into a jar that has just lost them. It runs in a turn, as done does.
func (m *mirror) restore(w sessions.Window, lost []sessions.Cookie, done func()) {
	params := storage.SetCookiesParams{BrowserContextID: m.targets.ContextOf(w)}
	for _, c := range lost {
		params.Cookies = append(params.Cookies, m.parameter(c))
	}
	m.writes.Add(2)
	ended := func(_ cdp.Empty, err error) {
		if err != nil {
			m.log.Warn("putting a cookie back", "error", err)
		}
		m.writes.Add(2) // what came meanwhile may be under it
		done()
	}
	wire.Send(m.link, storage.SetCookies, params, func(r cdp.Empty, err error) {
		if err == nil || len(params.Cookies) == 1 {
			ended(r, err)
			return
		}
		for i, c := range params.Cookies { // one bad cookie fails all (CHROMIUM 49)
			done := ended
			if i < len(params.Cookies)-1 {
				done = nil
			}
			wire.Send(m.link, storage.SetCookies, storage.SetCookiesParams{BrowserContextID: params.BrowserContextID, Cookies: []*network.CookieParam{c}}, done)
		}
	})
}

func (m *mirror) run() {
	m.mu.Lock()
	stopped := make(chan struct{})
	m.stopped = stopped
	m.mu.Unlock()
	defer close(stopped)
	for {
		torn := m.torn.Take(m.quit)
		if len(torn) == 0 {
			return
		}
		slices.SortFunc(torn, targets.Place.Compare)
		for _, t := range slices.Compact(torn) {
			m.mendNow(t)
		}
	}
}

func (m *mirror) mendNow(t targets.Place) {
	ctx, cancel := context.WithTimeout(context.Background(), mendTimeout)
	defer cancel()
	switch _, err := m.sync(ctx, t.Window, t.Site); {
	case errors.Is(err, errUnrest):
		m.log.Debug("mending a jar", "site", t.Site, "error", err) // it is looked at until it is quiet
	case err != nil:
		m.log.Warn("mending a jar", "site", t.Site, "error", err)
	}
}

// stop ends run. It does nothing before run began.
func (m *mirror) stop() {
	close(m.quit)
	m.mu.Lock()
	stopped := m.stopped
	m.ended = true
	m.mu.Unlock()
	if stopped != nil {
		<-stopped
	}
	m.renewals.Wait()
}

// jar reads the cookies of a window. What the browser told before is booked by
// then.
func (m *mirror) jar(ctx context.Context, w sessions.Window) ([]sessions.Cookie, error) {
	jar, _, err := m.read(ctx, w)
	return jar, err
}

// read is jar, and tells when everything was last cleared: the cookie was gone that plant
// has put there.
func (m *mirror) read(ctx context.Context, w sessions.Window) (jar []sessions.Cookie, cleared time.Time, err error) {
	m.mu.Lock()
	planted := m.planted[w]
	m.mu.Unlock()
	r, err := wire.Call(ctx, m.link, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: m.targets.ContextOf(w)})
	if err != nil {
		return nil, cleared, fmt.Errorf("reading the cookies: %w", err)
	}
	m.look(r.Cookies)
	there := slices.ContainsFunc(r.Cookies, func(c *network.Cookie) bool { return c.Domain == markDomain && c.Name == plant.Name })
	m.mu.Lock()
	differs := planted.in != there && planted == m.planted[w] && planted.writes%2 == 0 // else it was written meanwhile
	if differs && !there {
		m.cleared[w] = time.Now()
	}
	cleared = m.cleared[w]
	m.mu.Unlock()
	if differs {
		m.plant(w, planted.in) // anew, or out: it is of a run that was killed
	}
	jar = cookiesOf(r)
	m.keepPartitioned(w, jar)
	return jar, cleared, nil
}

// keepPartitioned remembers the partitioned cookies of a jar: see [interceptor.complete].
func (m *mirror) keepPartitioned(w sessions.Window, jar []sessions.Cookie) {
	var list []sessions.Cookie
	for _, c := range jar {
		if c.Partition != "" && len(list) < maxOrigins {
			list = append(list, c)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(list) == 0 {
		delete(m.partitioned, w)
	} else {
		m.partitioned[w] = list
	}
}

// plant is a cookie that is sent nowhere: when it goes, somebody has cleared the jar.
var plant = sessions.Cookie{Name: "sessdriver", Value: "1", Domain: markDomain, Path: "/", HTTPOnly: true}

// planting is whether a jar is to have that cookie.
type planting struct {
	in     bool
	writes int // grows before and after each
}

// plant puts that cookie into a jar, or takes it out.
func (m *mirror) plant(w sessions.Window, in bool) {
	p := parameter(plant)
	if !in {
		p = removal(plant)
	}
	m.notePlanting(w, in)
	wire.Send(m.link, storage.SetCookies, storage.SetCookiesParams{Cookies: []*network.CookieParam{p}, BrowserContextID: m.targets.ContextOf(w)}, nil)
	m.notePlanting(w, in)
}

func (m *mirror) notePlanting(w sessions.Window, in bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.planted[w] = planting{in, m.planted[w].writes + 1}
}

// isPlanted reports whether a jar is to have it.
func (m *mirror) isPlanted(w sessions.Window) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.planted[w].in
}

// plantFirst plants it where something is forced for the first time.
func (m *mirror) plantFirst(w sessions.Window) {
	if !m.isPlanted(w) {
		m.plant(w, true)
	}
}

// plantOut takes it out where nothing is forced any more.
func (m *mirror) plantOut(w sessions.Window) {
	if m.isPlanted(w) {
		m.plant(w, false)
	}
}

// unplant takes it out everywhere.
func (m *mirror) unplant() {
	m.mu.Lock()
	list := slices.Collect(maps.Keys(m.planted))
	m.mu.Unlock()
	for _, w := range list {
		m.plant(w, false)
	}
}

// look remembers the source of the cookies in a jar.
func (m *mirror) look(cookies []*network.Cookie) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.origins) > maxOrigins {
		clear(m.origins)
	}
	for _, c := range cookies {
		m.origins[identity{c.Name, c.Domain, c.Path, partition(c.PartitionKey)}] = origin{c.SourceScheme, c.SourcePort}
	}
}

// parameter is a cookie for Storage.setCookies, with its source as the
// jar had them before.
func (m *mirror) parameter(c sessions.Cookie) *network.CookieParam {
	p := parameter(c)
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.origins[identityOf(c)]
	p.SourceScheme, p.SourcePort = o.scheme, o.port
	return p
}

func cookiesOf(r storage.GetCookiesResult) []sessions.Cookie {
	list := make([]sessions.Cookie, 0, len(r.Cookies))
	for _, c := range r.Cookies {
		if c.Domain != markDomain {
			list = append(list, cookie(c))
		}
	}
	return list
}

// sync brings the jar of a window in step with the book: it writes, reads back
// and repeats until they agree. It returns the cookies that Chrome refuses.
func (m *mirror) sync(ctx context.Context, w sessions.Window, site string) ([]sessions.Cookie, error) {
	return m.syncFrom(ctx, w, site, reading{}, func() {})
}

// errUnrest says that a jar does not come to rest: what is forced is written into each
// request until it does, and it is looked at again and again.
var errUnrest = errors.New("the site sets its cookies again and again")

// reading is a jar as it was just read; it counts where isNew.
type reading struct {
	jar   []sessions.Cookie
	isNew bool
}

// syncFrom is sync that begins with what was just read. written is called as soon as the
// jar has been written.
func (m *mirror) syncFrom(ctx context.Context, w sessions.Window, site string, first reading, written func()) ([]sessions.Cookie, error) {
	m.writing.Lock()
	defer m.writing.Unlock()
	var tried []sessions.Plan
	var open []sessions.Cookie
	judged := false
	jar, isRead := first.jar, first.isNew
	for range syncRounds {
		old := isRead
		isRead = false
		if !old {
			// What the jar took is to be booked before, or it would be written over.
			err := m.observer.settle(ctx)
			if err == nil {
				jar, err = m.seek(ctx, w, site)
			}
			if err != nil {
				return nil, err
			}
		}
		if !old { // meanwhile responses that nothing shows may have written some
			var err error
			if open, err = m.adopt(ctx, w, site, withoutOurs(jar, tried)); err != nil {
				return nil, err
			}
		}
		plan, refused := m.without(site, m.book.PlanJar(w, site, jar, time.Now()))
		if plan = leaving(plan, open); judged {
			plan.Delete = slices.DeleteFunc(plan.Delete, func(c sessions.Cookie) bool { return isInVain(tried, c) })
		}
		if plan.Empty() && old {
			continue
		}
		if plan.Empty() && len(refused) == 0 {
			return nil, m.settled(w, site)
		}
		if plan.Empty() {
			m.clearWay(ctx, w, refused, jar)
			m.book.JarWritten(w, site)
			return refused, nil
		}
		if err := m.note(w, site, plan, jar); err != nil {
			return nil, err
		}
		if !judged && again(tried, plan) {
			judged = true
			if err := m.judge(ctx, site, plan.Set); err != nil {
				return nil, err
			}
			if rest, _ := m.without(site, plan); len(rest.Set) < len(plan.Set) {
				m.write(ctx, w, sessions.Plan{Delete: plan.Delete}) // what Chrome made of the refused ones
				isRead = true
				continue
			}
		}
		m.write(ctx, w, plan)
		written()
		tried = append(tried, plan)
	}
	return nil, fmt.Errorf("the cookies of %s keep changing: %w; close its other pages, and try again", site, errUnrest)
}

// withoutOurs is a jar without what may have come of cookies that were written and that it
// does not have: Chrome takes some that it refuses under another name or with another value.
func withoutOurs(jar []sessions.Cookie, tried []sessions.Plan) []sessions.Cookie {
	var lost []sessions.Cookie
	for _, p := range tried {
		for _, c := range p.Set {
			if !slices.ContainsFunc(jar, func(has sessions.Cookie) bool { return identityOf(has) == identityOf(c) && has.Value == c.Value }) {
				lost = append(lost, c)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(jar), func(c sessions.Cookie) bool {
		return slices.ContainsFunc(lost, func(l sessions.Cookie) bool { return l.Name == c.Name || l.Value == c.Value })
	})
}

// isInVain reports whether a cookie was deleted as often as a plan is repeated, and is there
// still: of a name that is not UTF-8 CDP drops bytes, so that it cannot name the cookie
// (TestOracle).
func isInVain(tried []sessions.Plan, c sessions.Cookie) bool {
	times := 0
	for _, p := range tried {
		if slices.Contains(p.Delete, c) {
			times++
		}
	}
	return times > 2
}

// leaving is a plan that leaves cookies in a jar as they are.
func leaving(plan sessions.Plan, open []sessions.Cookie) sessions.Plan {
	if len(open) == 0 {
		return plan
	}
	isOpen := func(c sessions.Cookie) bool {
		return slices.ContainsFunc(open, func(o sessions.Cookie) bool { return identityOf(o) == identityOf(c) })
	}
	return sessions.Plan{Set: slices.DeleteFunc(slices.Clone(plan.Set), isOpen), Delete: slices.DeleteFunc(slices.Clone(plan.Delete), isOpen)}
}

// without is a plan without the cookies that Chrome refuses, and these.
func (m *mirror) without(site string, plan sessions.Plan) (sessions.Plan, []sessions.Cookie) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var refused []sessions.Cookie
	if len(m.refused) > 0 {
		for _, c := range plan.Set {
			if m.refused[refusedID(site, c)] {
				refused = append(refused, c)
			}
		}
		plan.Set = slices.DeleteFunc(slices.Clone(plan.Set), func(c sessions.Cookie) bool { return m.refused[refusedID(site, c)] })
	}
	return plan, refused
}

// differs reports whether there is anything to do about a jar.
func (m *mirror) differs(w sessions.Window, site string, jar []sessions.Cookie) bool {
	plan, _ := m.without(site, m.book.CompareJar(w, site, jar, time.Now()))
	return !plan.Empty()
}

func refusedID(site string, c sessions.Cookie) string {
	return strings.Join([]string{site, c.Name, c.Value, c.Domain, c.Path}, "\x00")
}

// judge finds out which cookies Chrome refuses, and tells so. That a jar does not have what
// was written says little: a late answer may have gone over it. So they are written into
// the jar of a context that nobody else uses.
func (m *mirror) judge(ctx context.Context, site string, cookies []sessions.Cookie) error {
	r, err := wire.Call(ctx, m.link, target.CreateBrowserContext, target.CreateBrowserContextParams{DisposeOnDetach: new(true)})
	if err != nil {
		return fmt.Errorf("trying the cookies of %s: %w", site, err)
	}
	defer wire.Send(m.link, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: r.BrowserContextID}, nil)
	for _, c := range cookies { // one bad cookie fails all
		if err := m.set(ctx, r.BrowserContextID, []*network.CookieParam{m.parameter(c)}); err != nil {
			m.log.Debug("trying a cookie", "name", c.Name, "error", err)
		}
	}
	jar, err := wire.Call(ctx, m.link, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: r.BrowserContextID})
	if err != nil {
		return fmt.Errorf("trying the cookies of %s: %w", site, err)
	}
	taken := cookiesOf(jar)
	m.tell(site, slices.DeleteFunc(slices.Clone(cookies), func(c sessions.Cookie) bool {
		return slices.ContainsFunc(taken, func(t sessions.Cookie) bool { return identityOf(t) == identityOf(c) && t.Value == c.Value })
	}))
	return nil
}

// seek reads a jar and finds out who took what the active session has lost: see
// [sessions.Loss]. The caller holds writing, which others may have while it waits.
func (m *mirror) seek(ctx context.Context, w sessions.Window, site string) ([]sessions.Cookie, error) {
	book, quiet := m.book, m.quiet
	jar, missing, cleared, err := m.misses(ctx, w, site)
	for tries := 0; err == nil && !cleared && len(missing) > 0; tries++ {
		// An answer that is told a moment later may say who did.
		if tries > 0 && !quiet.mayBeAnswered(ctx, targets.At(w, site), time.Now()) || tries > 9 {
			break
		}
		m.writing.Unlock() // a switch is not kept waiting
		select {
		case <-time.After(explains):
		case <-ctx.Done():
		}
		m.writing.Lock()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err = m.observer.settle(ctx); err == nil {
			jar, missing, cleared, err = m.misses(ctx, w, site)
		}
	}
	if err != nil {
		return nil, err
	}
	loss := sessions.Loss{Missing: missing, Cleared: cleared, JarFull: isFull(site, jar, book.SiteOf), OldInFlight: quiet.mayBeUntold(targets.At(w, site))}
	switch {
	case len(loss.Missing) == 0:
	case loss.Ends():
		book.ScriptDeleted(w, site, loss.Missing, time.Now())
	default:
		m.tellLoss(w, site, loss.Cause())
	}
	return jar, nil
}

// misses reads a jar and lists what the active session has lost from it. cleared reports
// whether all was cleared lately, and since the jar was last seen to miss nothing: what is
// lost after it was put back has another cause.
func (m *mirror) misses(ctx context.Context, w sessions.Window, site string) (jar, missing []sessions.Cookie, cleared bool, err error) {
	began := time.Now()
	jar, at, err := m.read(ctx, w)
	if err != nil {
		return nil, nil, false, err
	}
	missing = m.book.Missing(w, site, jar, time.Now())
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(missing) == 0 {
		m.whole[targets.At(w, site)] = began
	}
	return jar, missing, time.Since(at) < oldStream && at.After(m.whole[targets.At(w, site)]), nil
}

// mostOfSite is what Chrome leaves of the cookies of a registrable domain when there are
// more than 180.
const mostOfSite = 150

// isFull reports whether a jar has so many cookies of a site that Chrome may have taken some.
func isFull(site string, jar []sessions.Cookie, siteOf func(string) string) bool {
	n := 0
	for _, c := range jar {
		if siteOf("https://"+strings.TrimPrefix(c.Domain, ".")+"/") == site {
			n++
		}
	}
	return n >= mostOfSite
}

// tellLoss says that the forced session's cookies were lost and are put back.
func (m *mirror) tellLoss(w sessions.Window, site, cause string) {
	active, forced := m.book.Active(w, site, time.Now())
	if !forced {
		return
	}
	now := time.Now()
	m.mu.Lock()
	at := targets.At(w, site)
	recently := now.Sub(m.losses[at]) < oldRequest
	if !recently {
		m.losses[at] = now
	}
	m.mu.Unlock()
	if !recently {
		m.notice("%s: the browser lost cookies of %q, and they were put back: %s", site, active.Name, cause)
	}
}

// adopt gives the active session what scripts, and responses that nothing shows, wrote
// into a jar. It returns those of which that is still open: they are not to be deleted.
func (m *mirror) adopt(ctx context.Context, w sessions.Window, site string, jar []sessions.Cookie) ([]sessions.Cookie, error) {
	book := m.book
	unknown := book.Unknown(w, site, jar, time.Now())
	if len(unknown) == 0 {
		return nil, nil
	}
	// Of another session's response the jar may tell a moment before the event does.
	if _, late := m.quiet.at(w, site); late {
		active, _ := book.Active(w, site, time.Now())
		m.adoptLater(targets.At(w, site), active.Ref())
		return unknown, nil
	}
	return nil, m.adoptNow(ctx, w, site, jar)
}

// adoptNow adopts what is unknown in a jar once all is told that was before it was read.
func (m *mirror) adoptNow(ctx context.Context, w sessions.Window, site string, jar []sessions.Cookie) error {
	if err := m.targets.RoundTrip(ctx); err != nil {
		return err
	}
	m.book.AdoptJar(w, site, jar, time.Now())
	return nil
}

// adoptLater is adopt for a jar that may have a late answer's value, once that would have
// been told: what nobody knows by then a script has written. There is one at a time for
// each place; which values there are is seen when it is decided.
func (m *mirror) adoptLater(at targets.Place, active sessions.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.later[at] {
		m.later[at] = true
		m.adoptAfter(at, active, time.Now())
	}
}

func (m *mirror) adoptAfter(at targets.Place, active sessions.Ref, began time.Time) {
	time.AfterFunc(explains, func() {
		if !m.adoptsLate(at, active, began) {
			m.adoptAfter(at, active, began)
			return
		}
		m.mu.Lock()
		delete(m.later, at)
		m.mu.Unlock()
		m.mend(at.Window, at.Site)
	})
}

// adoptsLate reports whether that is done: nobody waits for it any more, or it is adopted.
func (m *mirror) adoptsLate(at targets.Place, active sessions.Ref, began time.Time) bool {
	if m.ending.Load() {
		return true
	}
	if _, late := m.quiet.at(at.Window, at.Site); late && time.Since(began) < oldStream {
		return false
	}
	if !m.commands.TryLock() { // who is active may be about to change
		return false
	}
	defer m.commands.Unlock()
	if is, forced := m.book.Active(at.Window, at.Site, time.Now()); !forced || is.Ref() != active {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), mendTimeout)
	defer cancel()
	jar, err := m.jar(ctx, at.Window)
	if err == nil {
		err = m.adoptNow(ctx, at.Window, at.Site, jar)
	}
	if err != nil {
		m.log.Debug("adopting what a script wrote", "site", at.Site, "error", err)
	}
	return true
}

// isAdopting reports whether something is to be adopted later in a place.
func (m *mirror) isAdopting(at targets.Place) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.later[at]
}

// note writes in the journal what a plan is about to change. A window of our own
// ends with us.
func (m *mirror) note(w sessions.Window, site string, plan sessions.Plan, jar []sessions.Cookie) error {
	if m.targets.IsOwn(w) {
		return nil
	}
	return m.journal.note(m.targets.ContextOf(w), site, plan, jar, m.parameter)
}

// renewJournal brings the journal up to date after an answer that set cookies. It does not
// wait: a file is written.
func (m *mirror) renewJournal(site string) {
	if m.journal == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return
	}
	m.renewals.Go(func() {
		for _, w := range m.targets.Windows() {
			if m.targets.IsOwn(w) {
				continue
			}
			present := func() []sessions.Cookie {
				list, _ := m.book.RestorableCookies(w, site, time.Now())
				return list
			}
			if err := m.journal.renew(m.targets.ContextOf(w), site, present, m.parameter); err != nil {
				m.log.Warn("renewing the journal", "site", site, "error", err)
			}
		}
	})
}

// settled notes that a jar is in step: as it was found, if nothing is forced.
func (m *mirror) settled(w sessions.Window, site string) error {
	if _, active := m.book.Active(w, site, time.Now()); active {
		return nil
	}
	return m.journal.drop(m.targets.ContextOf(w), site)
}

// clearWay takes out what a jar has in the place of refused cookies: it is
// another session's, and what Fetch cannot see would go out as that one
// (TestRefusedCookie).
func (m *mirror) clearWay(ctx context.Context, w sessions.Window, refused, jar []sessions.Cookie) {
	var plan sessions.Plan
	for _, c := range jar {
		same := func(other sessions.Cookie) bool { return identityOf(other) == identityOf(c) }
		if slices.ContainsFunc(refused, same) {
			plan.Delete = append(plan.Delete, c)
		}
	}
	if !plan.Empty() {
		m.write(ctx, w, plan)
	}
}

// again reports whether a plan was tried twice. Once may be in vain although Chrome takes
// the cookies: a late response went over them.
func again(tried []sessions.Plan, plan sessions.Plan) bool {
	times := 0
	for _, p := range tried {
		if slices.Equal(p.Set, plan.Set) && slices.Equal(p.Delete, plan.Delete) {
			times++
		}
	}
	return times > 1
}

// write carries a plan out: in one batch, or one by one when the batch is
// refused, since one bad cookie fails all (CHROMIUM 49).
func (m *mirror) write(ctx context.Context, w sessions.Window, plan sessions.Plan) {
	m.writes.Add(1)
	defer m.writes.Add(1)
	if m.observer.observation() != sessions.ObserveFull {
		m.expect(w, plan)
	}
	in := m.targets.ContextOf(w)
	var batch []*network.CookieParam
	// The new ones first: a request in between that finds no token at all
	// would go out as nobody.
	for _, c := range plan.Set {
		batch = append(batch, m.parameter(c))
	}
	for _, c := range plan.Delete {
		batch = append(batch, removal(c))
	}
	if m.set(ctx, in, batch) == nil {
		return
	}
	for _, p := range batch {
		if err := m.set(ctx, in, []*network.CookieParam{p}); err != nil {
			m.log.Debug("setting a cookie", "name", p.Name, "error", err)
		}
	}
}

// expect notes what a jar will tell of a plan.
func (m *mirror) expect(w sessions.Window, plan sessions.Plan) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.echoes) > maxOrigins {
		clear(m.echoes)
	}
	for _, c := range plan.Set {
		m.echoes[echo{w, identityOf(c), c.Value, false}] = true
	}
	for _, c := range plan.Delete {
		m.echoes[echo{w, identityOf(c), c.Value, true}] = true
	}
}

// isEcho reports whether a change of a jar is one of our own, once for each.
func (m *mirror) isEcho(w sessions.Window, c sessions.Cookie) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := echo{w, identityOf(c), c.Value, c.Expired(time.Now())}
	is := m.echoes[e]
	delete(m.echoes, e)
	return is
}

func (m *mirror) set(ctx context.Context, in cdp.BrowserContextID, batch []*network.CookieParam) error {
	_, err := wire.Call(ctx, m.link, storage.SetCookies, storage.SetCookiesParams{Cookies: batch, BrowserContextID: in})
	return err
}

// takeOut deletes those of the cookies that a jar holds.
func (m *mirror) takeOut(ctx context.Context, w sessions.Window, cookies []sessions.Cookie) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	jar, err := m.jar(ctx, w)
	if err != nil {
		return err
	}
	var plan sessions.Plan
	for _, c := range jar {
		same := func(other sessions.Cookie) bool { return identityOf(other) == identityOf(c) && other.Value == c.Value }
		if slices.ContainsFunc(cookies, same) {
			plan.Delete = append(plan.Delete, c)
		}
	}
	if !plan.Empty() {
		m.write(ctx, w, plan)
	}
	return nil
}

// tell notes and names the cookies that Chrome refuses, each once.
func (m *mirror) tell(site string, cookies []sessions.Cookie) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range cookies {
		if len(m.refused) > maxOrigins {
			clear(m.refused)
		}
		m.refused[refusedID(site, c)] = true
		m.notice("%s: Chrome refuses the cookie %q (domain %s, path %s); requests are sent without it", site, c.Name, c.Domain, c.Path)
	}
}
