package sessions

import (
	"maps"
	"slices"
	"strconv"
)

// model is RULES.md for one site, as plain as it can be written: no index, no cache,
// every question answered by looking at everything.
type model struct {
	everywhere bool // --force-everywhere
	defaults   map[string]Kind
	kinds      map[string]Kind
	removed    map[string]bool // defaults that are none here
	sessions   []*mSession     // in the order of creation
	anonymous  *mSession
	windows    map[Window]*mWindow
	number     int
	generated  int
	clock      int
	aging      int
}

type mSession struct {
	number        int
	name          string
	given, filled bool
	gone          bool
	cookies       []Cookie // in the order of age
	ever          map[pair]bool
	ages          map[key]int // of the cookies
	requests      int
}

type mWindow struct {
	jar          map[key]Cookie
	active, last *mSession
	forced       bool // a session was forced, and the jar not yet put back
	before       *mSession
	raw          []Cookie
	taken        map[key]bool // by late responses of other sessions, and not yet mended
	login        *mSession
	loginAt      int
}

// mExchange is a request on its way, with the window as it was.
type mExchange struct {
	window       *mWindow
	url          string
	found        []Cookie // by the browser
	header       []pair
	session      *mSession
	anonymous    bool
	active, last *mSession
	at, age      int
}

func newModel(defaults map[string]Kind) *model {
	return &model{
		defaults: defaults, kinds: map[string]Kind{}, removed: map[string]bool{},
		windows: map[Window]*mWindow{Main: newMWindow(), "w2": newMWindow()},
	}
}

func newMWindow() *mWindow { return &mWindow{jar: map[key]Cookie{}, taken: map[key]bool{}} }

// Names.

func (m *model) kind(name string) Kind {
	if kind, ok := m.kinds[name]; ok {
		return kind
	}
	return m.kinds[All]
}

// meet: RULES 7, 8.
func (m *model) meet(name string) Kind {
	if _, ok := m.kinds[name]; !ok && m.defaults[name] != NotToken && !m.removed[name] {
		m.name(name, m.defaults[name])
	}
	return m.kind(name)
}

func (m *model) name(name string, kind Kind) {
	m.kinds[name] = kind
	m.relearn()
	if m.anonymous != nil && m.anonymous.filled {
		m.anonymous = nil
	}
}

func (m *model) relearn() {
	for _, s := range m.sessions {
		s.cookies = slices.DeleteFunc(s.cookies, func(c Cookie) bool { return m.kind(c.Name) == NotToken })
		maps.DeleteFunc(s.ever, func(p pair, _ bool) bool { return m.kind(p.name) == NotToken })
		s.filled = s.filled || len(m.tokens(s)) > 0
	}
}

func (m *model) hasToken() bool { return slices.Contains(slices.Collect(maps.Values(m.kinds)), Token) }

// Sessions.

func (m *model) newSession(name string) *mSession {
	m.number++
	s := &mSession{number: m.number, name: name, given: name != "", ever: map[pair]bool{}, ages: map[key]int{}}
	if name == "" {
		m.generated = max(m.generated+1, m.number)
		for m.named("Session "+strconv.Itoa(m.generated)) != nil {
			m.generated++
		}
		s.name = "Session " + strconv.Itoa(m.generated) // RULES 53
	}
	m.sessions = append(m.sessions, s)
	return s
}

func (m *model) named(name string) *mSession {
	for _, s := range m.sessions {
		if s.name == name {
			return s
		}
	}
	return nil
}

func (s *mSession) holds(p pair) bool {
	return slices.ContainsFunc(s.cookies, func(c Cookie) bool { return c.pair() == p })
}

func (s *mSession) held(p pair) bool { return s.ever[p] && !s.holds(p) }

func (m *model) known(p pair) bool {
	return slices.ContainsFunc(m.sessions, func(s *mSession) bool { return s.ever[p] })
}

func (m *model) tokens(s *mSession) []Cookie {
	return slices.DeleteFunc(s.ordered(), func(c Cookie) bool { return m.kind(c.Name) != Token })
}

// ordered: as a Cookie header has them (CHROMIUM 51).
func (s *mSession) ordered() []Cookie {
	list := slices.Clone(s.cookies)
	slices.SortStableFunc(list, func(a, b Cookie) int { return len(b.Path) - len(a.Path) })
	return list
}

func (s *mSession) index(k key) int {
	return slices.IndexFunc(s.cookies, func(c Cookie) bool { return c.key() == k })
}

func (m *model) state(s *mSession) State {
	switch {
	case len(m.tokens(s)) > 0:
		return Live
	case s.filled:
		return LoggedOut
	}
	return Empty
}

// learn reports whether the value is new to the session.
func (m *model) learn(s *mSession, c Cookie) bool {
	s.ever[c.pair()] = true
	s.filled = s.filled || m.kind(c.Name) == Token
	i := s.index(c.key())
	if i < 0 || s.cookies[i].Value != c.Value {
		m.aging++
		s.ages[c.key()] = m.aging
	}
	if i < 0 {
		s.cookies = append(s.cookies, c)
		return true
	}
	if s.cookies[i].Value == c.Value {
		s.cookies[i] = c
		return false
	}
	s.cookies = append(slices.Delete(s.cookies, i, i+1), c) // Chrome makes it the youngest
	return true
}

// light: a login fills the anonymous session (RULES 23).
func (m *model) light(s *mSession) {
	if m.anonymous == s && m.state(s) != Empty {
		m.anonymous = nil
	}
}

func (m *model) remove(s *mSession) {
	s.gone = true
	m.sessions = slices.DeleteFunc(m.sessions, func(other *mSession) bool { return other == s })
	if m.anonymous == s {
		m.anonymous = nil
	}
	for _, w := range m.windows {
		if w.active == s {
			w.active = nil
		}
		if w.last == s {
			w.last = nil
		}
		if w.before == s {
			w.before, w.raw = nil, nil
		}
	}
}

func (m *model) active(s *mSession) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(m.windows)), func(w *mWindow) bool { return w.active == s })
}

// Matching.

// agree says how a request agrees with a session (RULES 18).
func (m *model) agree(s *mSession, url string, tokens []pair) agreement {
	var agreeing, earlier, unknown, applying, lacking int
	for _, p := range tokens {
		switch {
		case s.holds(p):
			agreeing++
		case s.held(p):
			earlier++
		case m.known(p):
			return disagrees
		default:
			unknown++
		}
	}
	for _, c := range m.tokens(s) {
		if c.Covers(url) {
			applying++
			if !slices.Contains(tokens, c.pair()) {
				lacking++
			}
		}
	}
	switch {
	case earlier > 0: // RULES 20
		return agreesEarlier
	case lacking > 0:
		return disagrees
	case unknown == 0:
		return agrees
	case agreeing > 0 || applying == 0: // RULES 21
		return completes
	}
	return disagrees
}

func (m *model) match(active, last *mSession, url string, tokens []pair) *mSession {
	if len(tokens) == 0 {
		return m.matchBare(active, last, url)
	}
	order := m.sessions // RULES 18
	if active != nil {
		order = append([]*mSession{active}, order...)
	}
	for _, want := range []agreement{agrees, agreesEarlier, completes} { // RULES 19, 20, 21
		for _, s := range order {
			touched := slices.ContainsFunc(tokens, func(p pair) bool { return s.ever[p] })
			if touched && m.agree(s, url, tokens) == want {
				return s
			}
		}
	}
	heir := active // RULES 21, where nothing of what the session has applies
	if heir == nil && last != nil && m.state(last) == Live {
		heir = last
	}
	if heir != nil && m.agree(heir, url, tokens) == completes {
		return heir
	}
	return nil
}

func (m *model) matchBare(active, last *mSession, url string) *mSession {
	all, covering := 0, 0
	for _, s := range m.sessions {
		for _, c := range m.tokens(s) {
			all++
			if c.Covers(url) {
				covering++
			}
		}
	}
	switch {
	case active != nil && m.agree(active, url, nil) == agrees: // nothing of it applies
		return active
	case !m.hasToken():
		return nil
	case all > 0 && covering == 0: // RULES 22
		if last == nil || m.state(last) == LoggedOut {
			return nil
		}
		return last
	}
	return m.anonymous // RULES 23
}

// Requests and responses.

// send gives the request that leaves, of what the browser found for it.
func (m *model) send(w *mWindow, url string, found []Cookie, jar []Cookie) *mExchange {
	x := &mExchange{window: w, url: url, found: found, header: m.verdict(w, url, found, jar)}
	for _, p := range x.header {
		m.meet(p.name)
	}
	x.active, x.last, x.at, x.age = w.active, w.last, m.clock, m.aging
	x.session = m.match(w.active, w.last, url, m.tokensOf(x.header))
	x.anonymous = x.session == nil || x.session == m.anonymous
	if x.session == nil {
		return x
	}
	if x.session != m.anonymous {
		w.last = x.session
	}
	for _, p := range x.header { // a script wrote it
		if w.active == nil && m.kind(p.name) == Carried {
			m.complete(x.session, x.cookies(p))
		}
	}
	m.light(x.session)
	return x
}

func (m *model) tokensOf(header []pair) []pair {
	return slices.DeleteFunc(slices.Clone(header), func(p pair) bool { return m.kind(p.name) != Token })
}

// cookies: those of one value at other paths or domains are others.
func (x *mExchange) cookies(p pair) []Cookie {
	list := slices.DeleteFunc(slices.Clone(x.found), func(c Cookie) bool { return c.pair() != p })
	if len(list) > 0 {
		return list
	}
	l, _ := locate(x.url)
	return []Cookie{{Name: p.name, Value: p.value, Domain: l.host, Path: "/"}}
}

// verdict: RULES 43, 44.
func (m *model) verdict(w *mWindow, url string, found, jar []Cookie) []pair {
	var header []pair
	for _, c := range found {
		header = append(header, c.pair())
	}
	if w.active == nil || header == nil && !m.everywhere {
		return header // RULES 45
	}
	for _, p := range header {
		m.meet(p.name)
	}
	l, _ := locate(url)
	for _, p := range header { // RULES 47
		if m.kind(p.name) == NotToken || m.known(p) {
			continue
		}
		for _, c := range jar {
			if c.pair() == p && c.coversHost(l.host) {
				m.learn(w.active, c)
			}
		}
	}
	own, given := w.active.ordered(), map[key]bool{}
	to := make([]*Cookie, len(header))
	for _, better := range []func(p pair, c Cookie) bool{
		func(p pair, c Cookie) bool { return c.Covers(url) && c.Value == p.value },
		func(p pair, c Cookie) bool { return c.Covers(url) && m.isIn(p, c.key()) },
		func(p pair, c Cookie) bool { return c.Covers(url) },
		func(p pair, c Cookie) bool { return c.Value == p.value },
	} {
		for i, p := range header {
			for j, c := range own {
				if to[i] == nil && m.kind(p.name) != NotToken && c.Name == p.name && !given[c.key()] && better(p, c) {
					to[i], given[c.key()] = &own[j], true
				}
			}
		}
	}
	var left []pair
	for i, p := range header {
		switch {
		case m.kind(p.name) == NotToken:
			left = append(left, p)
		case to[i] != nil:
			left = append(left, to[i].pair())
		}
	}
	for _, c := range own { // RULES 45, 46
		if c.Covers(url) && !given[c.key()] && (m.everywhere && m.kind(c.Name) == Token || w.taken[c.key()]) {
			left, given[c.key()] = append(left, c.pair()), true
		}
	}
	for _, c := range own { // RULES 46
		lacks := !slices.ContainsFunc(own, func(other Cookie) bool { return other.Name == c.Name && given[other.key()] })
		if m.everywhere && m.kind(c.Name) == Token && lacks {
			left, given[c.key()] = append(left, c.pair()), true
		}
	}
	return left
}

// isIn reports whether some session holds the value in a cookie of that identity.
func (m *model) isIn(p pair, k key) bool {
	return slices.ContainsFunc(m.sessions, func(s *mSession) bool {
		i := s.index(k)
		return i >= 0 && s.cookies[i].pair() == p
	})
}

// receive books a response and returns the windows whose jars it put out of sync.
func (m *model) receive(x *mExchange, set []Cookie) []Window {
	for _, c := range set {
		m.meet(c.Name)
	}
	if !m.hasToken() && (x.session == nil || x.session.gone) {
		return nil
	}
	s := m.owner(x, set)
	if s == nil {
		return nil
	}
	wasFilled := s.filled
	s.requests++
	changed, touched := false, false
	for _, p := range m.tokensOf(x.header) { // of a second one of a name only the jar knows whose place it takes
		second := slices.ContainsFunc(s.cookies, func(c Cookie) bool { return c.Name == p.name })
		inJar := slices.ContainsFunc(x.found, func(c Cookie) bool { return c.pair() == p })
		if !m.known(p) && (!second || inJar) {
			for _, c := range x.cookies(p) {
				changed = m.learn(s, c) || changed
			}
		}
	}
	foreign, owner := m.foreign(s, x, set)
	for _, c := range set {
		if m.kind(c.Name) == NotToken {
			continue
		}
		touched = true
		i := s.index(c.key())
		switch {
		case slices.Contains(foreign, c.pair()): // RULES 36
		case !c.Expired(testNow):
			changed = m.learn(s, c) || changed // RULES 26
		case i >= 0:
			s.cookies = slices.Delete(s.cookies, i, i+1) // RULES 27
			changed = true
		}
	}
	m.light(s)
	var windows []Window
	for name, w := range m.windows { // RULES 49
		if w.active != nil && (w == x.window && (w.active != s && touched || w.active == s && owner != nil) || w != x.window && w.active == s && changed) {
			windows = append(windows, name)
		}
	}
	for _, c := range set {
		if a := x.window.active; a != nil && a != s && a.index(c.key()) >= 0 && c.Expired(testNow) {
			x.window.taken[c.key()] = true
		}
	}
	switch {
	case owner != nil && x.window.active == nil:
		x.window.last = owner // the jar is on that one
	case s != m.anonymous:
		x.window.last = s
	}
	if x.anonymous && s.filled && !wasFilled {
		m.clock++
		s.requests, x.window.login, x.window.loginAt = 1, s, m.clock
	}
	for _, other := range m.sessions { // RULES 30
		if other != s && len(m.tokens(s)) > 0 && m.equal(s, other) && !(s.given && other.given) {
			m.merge(s, other)
			break
		}
	}
	return windows
}

// foreign: the tokens that one other session owns, and had before the request; flags, which
// come with a new token, are none.
func (m *model) foreign(s *mSession, x *mExchange, set []Cookie) (list []pair, owner *mSession) {
	if m.state(s) != Live && !s.given && !m.active(s) {
		return nil, nil
	}
	token := func(c Cookie) bool { return m.kind(c.Name) == Token && !c.Expired(testNow) }
	if slices.ContainsFunc(set, func(c Cookie) bool { return token(c) && !m.known(c.pair()) }) {
		return nil, nil
	}
	for _, c := range set {
		var owners []*mSession
		for _, other := range m.sessions {
			at := slices.IndexFunc(other.ordered(), func(own Cookie) bool { return own.pair() == c.pair() })
			if other.held(c.pair()) || at >= 0 && other.ages[other.ordered()[at].key()] <= x.age {
				owners = append(owners, other)
			}
		}
		if token(c) && !s.ever[c.pair()] && len(owners) == 1 {
			list = append(list, c.pair())
			if owner == nil {
				owner = owners[0]
			}
		}
	}
	return list, owner
}

// owner: RULES 25, 29.
func (m *model) owner(x *mExchange, set []Cookie) *mSession {
	alive := func(s *mSession) *mSession {
		if s == nil || s.gone {
			return nil
		}
		return s
	}
	tokens := m.tokensOf(x.header)
	if x.anonymous && len(tokens) == 0 && alive(x.window.login) != nil && x.window.loginAt > x.at {
		return x.window.login
	}
	if s := alive(x.session); s != nil && !(x.anonymous && s.filled) {
		return s
	}
	if s := m.match(alive(x.active), alive(x.last), x.url, tokens); s != nil {
		return s
	}
	sets := slices.ContainsFunc(set, func(c Cookie) bool { return m.kind(c.Name) == Token && !c.Expired(testNow) })
	if len(tokens) == 0 && !sets && m.noneApplies(x.url) {
		return nil // RULES 22
	}
	s := m.newSession("")
	for _, p := range x.header {
		if m.meet(p.name) != NotToken {
			for _, c := range x.cookies(p) {
				m.learn(s, c)
			}
		}
	}
	if len(tokens) == 0 && !sets {
		m.anonymous = s
	}
	return s
}

func (m *model) noneApplies(url string) bool {
	all := 0
	for _, s := range m.sessions {
		for _, c := range m.tokens(s) {
			if all++; c.Covers(url) {
				return false
			}
		}
	}
	return all > 0
}

func (m *model) equal(a, b *mSession) bool {
	pairs := func(s *mSession) (list []string) {
		for _, c := range m.tokens(s) {
			list = append(list, c.Name+"="+c.Value)
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(pairs(a), pairs(b))
}

// merge keeps the earlier of two, or the later when only that one is active.
func (m *model) merge(a, b *mSession) {
	keep, gone := a, b
	if b.number < a.number {
		keep, gone = b, a
	}
	if m.active(gone) && !m.active(keep) {
		keep, gone = gone, keep
	}
	keep.requests += gone.requests
	for p := range gone.ever {
		keep.ever[p] = keep.ever[p] || gone.held(p)
	}
	for _, c := range gone.cookies {
		if m.kind(c.Name) == Carried && keep.index(c.key()) < 0 {
			m.learn(keep, c)
		}
	}
	for _, w := range m.windows {
		for _, s := range []**mSession{&w.active, &w.last, &w.before} {
			if *s == gone {
				*s = keep
			}
		}
	}
	m.remove(gone)
	if gone.given && !keep.given {
		keep.name, keep.given = gone.name, true
	}
}

// Commands.

// see finds the session that a jar is on, or makes it.
func (m *model) see(w *mWindow, jar []Cookie) (*mSession, []Cookie) {
	var cookies []Cookie
	for _, c := range jar {
		if m.meet(c.Name) != NotToken {
			cookies = append(cookies, c)
		}
	}
	s := m.on(cookies, (*mSession).holds)
	if s == nil {
		s = m.on(cookies, (*mSession).held)
	}
	news := slices.ContainsFunc(cookies, func(c Cookie) bool { return m.kind(c.Name) == Token && !m.known(c.pair()) })
	if s == nil && news {
		s = m.newSession("")
	}
	if s == nil {
		return nil, cookies
	}
	m.complete(s, cookies)
	if m.anonymous == s && s.filled {
		m.anonymous = nil
	}
	w.last = s
	return s, nil
}

func (m *model) on(jar []Cookie, has func(*mSession, pair) bool) *mSession {
	for _, s := range m.sessions {
		differs := func(c Cookie) bool {
			i := s.index(c.key())
			return i >= 0 && m.kind(c.Name) == Token && s.cookies[i].Value != c.Value && !s.held(c.pair())
		}
		token := func(c Cookie) bool { return m.kind(c.Name) == Token && has(s, c.pair()) }
		if slices.ContainsFunc(jar, token) && !slices.ContainsFunc(jar, differs) {
			return s
		}
	}
	return nil
}

// complete gives a session what a jar has and nobody else (RULES 15).
func (m *model) complete(s *mSession, cookies []Cookie) {
	for _, c := range cookies {
		i := s.index(c.key())
		twin := i < 0 && s.holds(c.pair())
		if twin || m.kind(c.Name) == Carried && (i < 0 || s.cookies[i].Value != c.Value) || m.kind(c.Name) == Token && !m.known(c.pair()) {
			m.learn(s, c)
		}
	}
}

func (m *model) use(w *mWindow, s *mSession, jar []Cookie) {
	defer m.mend(w)
	if w.active == s {
		return
	}
	m.remember(w, jar)
	old := w.active
	w.active, w.last = s, s
	clear(w.taken)
	if m.anonymous == s {
		m.anonymous = nil
	}
	m.discard(old)
}

// remember: RULES 50.
func (m *model) remember(w *mWindow, jar []Cookie) {
	if !w.forced {
		w.before, w.raw = m.see(w, jar)
		w.forced = true
	}
}

// discard: RULES 56.
func (m *model) discard(s *mSession) {
	if s != nil && !s.given && !s.filled && !m.active(s) {
		m.remove(s)
	}
}

func (m *model) unset(w *mWindow) {
	old := w.active
	w.active, w.last = nil, w.before
	m.discard(old)
	m.mend(w)
}

// addToken: RULES 9.
func (m *model) addToken(w *mWindow, name string, kind Kind, jar []Cookie) {
	delete(m.removed, name)
	was := m.kinds[name]
	if was == kind {
		return
	}
	m.name(name, kind)
	if was == Token {
		m.clean()
	}
	adopter := w.active
	if adopter == nil {
		adopter = w.last
	}
	if adopter == nil {
		m.see(w, jar)
		return
	}
	m.complete(adopter, slices.DeleteFunc(slices.Clone(jar), func(c Cookie) bool { return name != c.Name && name != All }))
	m.light(adopter)
}

// removeToken: RULES 10.
func (m *model) removeToken(name string) {
	if m.defaults[name] != NotToken {
		m.removed[name] = true
	}
	if m.kinds[name] == NotToken {
		return
	}
	was := m.kinds[name]
	delete(m.kinds, name)
	m.relearn()
	if was == Token {
		m.clean()
	}
}

func (m *model) clean() {
	if !m.hasToken() {
		for _, s := range slices.Clone(m.sessions) {
			m.remove(s)
		}
		for _, w := range m.windows {
			w.forced = false
		}
		return
	}
	for _, s := range slices.Clone(m.sessions) {
		if len(m.tokens(s)) == 0 && !s.given && !m.active(s) {
			m.remove(s)
		}
	}
	for i := 0; i < len(m.sessions); i++ {
		for _, s := range m.sessions[:i] {
			if len(m.tokens(s)) > 0 && m.equal(s, m.sessions[i]) {
				m.merge(s, m.sessions[i])
				i--
				break
			}
		}
	}
}

// mend brings a jar in sync: RULES 49, 50.
func (m *model) mend(w *mWindow) {
	var wanted []Cookie
	switch {
	case w.active != nil:
		wanted = w.active.cookies
	case !w.forced:
		return
	case w.before == nil:
		wanted = w.raw
	case m.state(w.before) == Live:
		wanted = w.before.cookies
	}
	w.forced = w.active != nil
	clear(w.taken)
	maps.DeleteFunc(w.jar, func(k key, c Cookie) bool {
		return m.kind(c.Name) != NotToken && !slices.ContainsFunc(wanted, func(c Cookie) bool { return c.key() == k })
	})
	for _, c := range wanted {
		if old, ok := w.jar[c.key()]; !ok || old.Value != c.Value {
			w.jar[c.key()] = c
		}
	}
}

// put writes a cookie into a jar, as a script or a response does.
func (w *mWindow) put(c Cookie) {
	delete(w.jar, c.key())
	if !c.Expired(testNow) {
		w.jar[c.key()] = c
	}
}
