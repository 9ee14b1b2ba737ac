package cdp

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"

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
	browser *Browser
	link    link

	writing sync.Mutex   // held while a jar is compared and written
	writes  atomic.Int64 // grows before and after each write

	torn    *queue[place] // jars that may be out of step
	quit    chan struct{}
	stopped chan struct{} // closed when run has ended; nil before it began

	mu      sync.Mutex          // guards all below
	refused map[string]bool     // cookies that were named to the user already
	origins map[identity]origin // of the cookies that were in a jar
	echoes  map[echo]bool       // changes of our own that a jar may tell yet
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

func newMirror(b *Browser) *mirror {
	return &mirror{browser: b, torn: newQueue[place](), quit: make(chan struct{}), refused: map[string]bool{}, origins: map[identity]origin{}, echoes: map[echo]bool{}}
}

// mend lets the mirror look at a jar soon. It never blocks.
func (m *mirror) mend(w sessions.Window, site string) { m.torn.push(place{w, site}) }

func (m *mirror) run() {
	m.mu.Lock()
	stopped := make(chan struct{})
	m.stopped = stopped
	m.mu.Unlock()
	defer close(stopped)
	for {
		torn := m.torn.take(m.quit)
		if len(torn) == 0 {
			return
		}
		slices.SortFunc(torn, comparePlaces)
		for _, t := range slices.Compact(torn) {
			m.mendNow(t)
		}
	}
}

func comparePlaces(a, b place) int {
	switch {
	case a == b:
		return 0
	case a.site < b.site || a.site == b.site && a.window < b.window:
		return -1
	}
	return 1
}

func (m *mirror) mendNow(t place) {
	ctx, cancel := context.WithTimeout(context.Background(), mendTimeout)
	defer cancel()
	if _, err := m.sync(ctx, t.window, t.site); err != nil {
		m.browser.log.Warn("mending a jar", "site", t.site, "error", err)
	}
}

// stop ends run. It does nothing before run began.
func (m *mirror) stop() {
	close(m.quit)
	m.mu.Lock()
	stopped := m.stopped
	m.mu.Unlock()
	if stopped != nil {
		<-stopped
	}
}

// jar reads the cookies of a window. What the browser told before is booked by
// then.
func (m *mirror) jar(ctx context.Context, w sessions.Window) ([]sessions.Cookie, error) {
	r, err := ask(ctx, m.link, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: m.browser.targets.contextOf(w)})
	if err != nil {
		return nil, fmt.Errorf("reading the cookies: %w", err)
	}
	m.look(r.Cookies)
	return cookiesOf(r), nil
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
	return m.syncFrom(ctx, w, site, nil, func() {})
}

// syncFrom is sync for a jar that was just read, nil for none. written is called as soon
// as the jar has been written, or is right.
func (m *mirror) syncFrom(ctx context.Context, w sessions.Window, site string, jar []sessions.Cookie, written func()) ([]sessions.Cookie, error) {
	m.writing.Lock()
	defer m.writing.Unlock()
	var tried []sessions.Plan
	for range syncRounds {
		old := jar != nil
		if !old {
			// What the jar took is to be booked before, or it would be written over.
			err := m.browser.observer.settle(ctx)
			if err == nil {
				jar, err = m.jar(ctx, w)
			}
			if err != nil {
				return nil, err
			}
		}
		if !old && len(tried) == 0 { // later jars have what Chrome made of what it refuses
			if err := m.adopt(ctx, w, site, jar); err != nil {
				return nil, err
			}
		}
		plan := m.browser.book.PlanJar(w, site, jar, time.Now())
		if plan.Empty() && old {
			jar = nil
			continue
		}
		if plan.Empty() {
			return nil, m.settled(w, site)
		}
		if err := m.note(w, site, plan, jar); err != nil {
			return nil, err
		}
		if again(tried, plan) {
			m.tell(site, plan.Set)
			m.write(ctx, w, sessions.Plan{Delete: plan.Delete}) // what Chrome made of the refused ones
			m.clearWay(ctx, w, plan.Set, jar)
			m.browser.book.JarWritten(w, site)
			return plan.Set, nil
		}
		m.write(ctx, w, plan)
		written()
		tried, jar = append(tried, plan), nil
	}
	return nil, fmt.Errorf("the jar of %s does not come to rest: the site sets its cookies again and again", site)
}

// adopt gives the active session what scripts, and responses that nothing shows, wrote
// into a jar.
func (m *mirror) adopt(ctx context.Context, w sessions.Window, site string, jar []sessions.Cookie) error {
	if !m.browser.book.Adopts(w, site, jar, time.Now()) {
		return nil
	}
	// Of another session's response the jar may tell a moment before the event does.
	if _, err := ask(ctx, m.link, getVersion, cdp.Empty{}); err != nil {
		return err
	}
	m.browser.book.AdoptJar(w, site, jar, time.Now())
	return nil
}

// note writes in the journal what a plan is about to change. A window of our own
// ends with us.
func (m *mirror) note(w sessions.Window, site string, plan sessions.Plan, jar []sessions.Cookie) error {
	if m.browser.targets.isOwn(w) {
		return nil
	}
	return m.browser.journal.note(m.browser.targets.contextOf(w), site, plan, jar, m.parameter)
}

// settled notes that a jar is in step: as it was found, if nothing is forced.
func (m *mirror) settled(w sessions.Window, site string) error {
	if _, active := m.browser.book.Active(w, site, time.Now()); active {
		return nil
	}
	return m.browser.journal.drop(m.browser.targets.contextOf(w), site)
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
// refused, since one bad cookie fails all (CDP-FACTS 32).
func (m *mirror) write(ctx context.Context, w sessions.Window, plan sessions.Plan) {
	m.writes.Add(1)
	defer m.writes.Add(1)
	if m.browser.Observation() != sessions.ObserveFull {
		m.expect(w, plan)
	}
	in := m.browser.targets.contextOf(w)
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
			m.browser.log.Debug("setting a cookie", "name", p.Name, "error", err)
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
	_, err := call(ctx, m.link, storage.SetCookies, storage.SetCookiesParams{Cookies: batch, BrowserContextID: in})
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

// tell names the cookies that Chrome refuses, each once.
func (m *mirror) tell(site string, cookies []sessions.Cookie) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range cookies {
		id := site + "\x00" + c.Name + "\x00" + c.Value
		if m.refused[id] {
			continue
		}
		m.refused[id] = true
		m.browser.notice("%s: Chrome refuses the cookie %q (domain %s, path %s): requests go out without it", site, c.Name, c.Domain, c.Path)
	}
}
