package sessions_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sessdriver/sessions"
)

// model is DESIGN 5 over ZAP's rules, for one window without a jar: slow and
// plain, so that a person can check it. Where it decides otherwise than ZAP, it
// notes the rule; what a rule says stands in vectors_deviations_test.go.
type model struct {
	list  []defaultToken
	all   []*msite // in the order they were opened
	sent  map[string]*mmessage
	now   time.Time
	age   int
	fired []rule
}

type msite struct {
	name      string
	seen      bool
	tokens    []string
	removed   map[string]string // by bare name: the spelling
	sessions  []*msession
	count     int // of sessions ever made
	active    *msession
	last      *msession // of the last request
	anonymous *msession
	login     *msession // that anonymous messages made, and when
	loginAt   int
}

type msession struct {
	name    string
	given   bool
	filled  bool // had a token
	bare    bool // made before the site had a token
	gone    bool
	matched int
	cookies []mcookie
	past    []pair
}

type mcookie struct {
	sessions.Cookie
	age int
}

type mmessage struct {
	site         *msite
	url          string
	pairs        []pair
	jar          []sessions.Cookie
	session      *msession
	anonymous    bool
	active, last *msession
	at           int
}

func newModel(defaults []string) *model {
	m := &model{}
	for _, name := range defaults {
		m.list = append(m.list, defaultToken{name, true})
	}
	m.restart()
	return m
}

func (m *model) restart() {
	m.all, m.sent, m.now = nil, map[string]*mmessage{}, caseStart
}

// note remembers that a rule decided otherwise than ZAP.
func (m *model) note(r rule) {
	if !slices.Contains(m.fired, r) {
		m.fired = append(m.fired, r)
	}
}

func (m *model) open(name string) *msite {
	for _, s := range m.all {
		if s.name == name {
			return s
		}
	}
	s := &msite{name: name, removed: map[string]string{}}
	m.all = append(m.all, s)
	return s
}

// Default tokens.

func bare(name string) string {
	name = strings.ToLower(name)
	for _, prefix := range []string{"__host-http-", "__host-", "__secure-", "__http-"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest
		}
	}
	return name
}

func (m *model) isDefault(name string) bool {
	return slices.ContainsFunc(m.list, func(d defaultToken) bool {
		prefix, pattern := strings.CutSuffix(d.Name, "*")
		return d.Enabled && (d.Name == bare(name) || pattern && strings.HasPrefix(bare(name), prefix))
	})
}

func (m *model) defaults() []defaultToken { return m.list }

func (m *model) detect(s *msite, name string) {
	if slices.Contains(s.tokens, name) || !m.isDefault(name) {
		return
	}
	if spelling, ok := s.removed[bare(name)]; ok {
		if spelling != name {
			m.note(respelling)
		}
		return
	}
	if !slices.ContainsFunc(m.list, func(d defaultToken) bool { return d.Name == strings.ToLower(name) }) {
		m.note(patterns)
	}
	s.tokens = append(s.tokens, name)
}

// Sessions.

func (m *model) make(s *msite, name string) *msession {
	s.count++
	made := &msession{name: name, given: name != "", bare: len(s.tokens) == 0}
	for n := s.count; made.name == ""; n++ {
		if s.find(fmt.Sprint("Session ", n)) == nil {
			made.name = fmt.Sprint("Session ", n)
		}
	}
	s.sessions = append(s.sessions, made)
	return made
}

func (s *msite) find(name string) *msession {
	for _, x := range s.sessions {
		if x.name == name {
			return x
		}
	}
	return nil
}

func (s *msite) remove(x *msession) {
	x.gone = true
	s.sessions = slices.DeleteFunc(s.sessions, func(other *msession) bool { return other == x })
	for _, p := range []**msession{&s.active, &s.last, &s.anonymous, &s.login} {
		if *p == x {
			*p = nil
		}
	}
}

// spare removes a session that nobody named or filled once it is not active.
func (m *model) spare(s *msite, x *msession) {
	switch {
	case x == nil || x == s.active || len(x.cookies) > 0:
	case x.given:
		m.note(named)
	case x.filled:
		m.note(logout)
	default:
		s.remove(x)
	}
}

func (x *msession) holds(p pair) bool {
	return slices.ContainsFunc(x.cookies, func(c mcookie) bool { return c.Name == p.name && c.Value == p.value })
}

func same(a, b *sessions.Cookie) bool {
	return a.Name == b.Name && a.Domain == b.Domain && a.Path == b.Path
}

func (m *model) set(x *msession, c sessions.Cookie) {
	m.age++
	age := m.age
	for _, old := range x.cookies {
		if same(&old.Cookie, &c) {
			age = old.age
		}
	}
	x.drop(&c)
	x.past = slices.DeleteFunc(x.past, func(p pair) bool { return p == pair{c.Name, c.Value} })
	x.cookies = append(x.cookies, mcookie{c, age})
	slices.SortFunc(x.cookies, func(a, b mcookie) int {
		return cmp.Or(cmp.Compare(len(b.Path), len(a.Path)), cmp.Compare(a.age, b.age))
	})
	x.filled = true
}

func (x *msession) drop(c *sessions.Cookie) {
	for i, old := range x.cookies {
		if same(&old.Cookie, c) {
			x.cookies = slices.Delete(x.cookies, i, i+1)
			if p := (pair{old.Name, old.Value}); !slices.Contains(x.past, p) {
				x.past = append(x.past, p)
			}
			return
		}
	}
}

// Matching.

func (s *msite) known(p pair) bool {
	return slices.ContainsFunc(s.sessions, func(x *msession) bool { return x.holds(p) || slices.Contains(x.past, p) })
}

func (x *msession) applies(url string, now time.Time) bool {
	return slices.ContainsFunc(x.cookies, func(c mcookie) bool { return c.Covers(url) && !c.Expired(now) })
}

func (m *model) tokensOf(r *mmessage) []pair {
	var list []pair
	for _, p := range r.pairs {
		if slices.Contains(r.site.tokens, p.name) {
			list = append(list, p)
		}
	}
	return list
}

func (m *model) match(r *mmessage, active, last *msession) *msession {
	s, tokens := r.site, m.tokensOf(r)
	if len(tokens) == 0 {
		return m.matchBare(r, active, last)
	}
	for i, p := range tokens {
		if slices.ContainsFunc(tokens[:i], func(q pair) bool { return q.name == p.name }) {
			m.note(duplicates)
		}
	}
	order := slices.Clone(s.sessions)
	if i := slices.Index(order, active); i > 0 {
		order = append([]*msession{active}, slices.Delete(order, i, i+1)...)
	}
	var late, grows, heir *msession
	for _, x := range order {
		agree, earlier, unknown, foreign := 0, 0, 0, false
		for _, p := range tokens {
			switch {
			case x.holds(p):
				agree++
			case slices.Contains(x.past, p):
				earlier++
			case s.known(p):
				foreign = true
			default:
				unknown++
			}
		}
		lacks, beyond := false, false
		for _, c := range x.cookies {
			if slices.Contains(tokens, pair{c.Name, c.Value}) {
				continue
			}
			if c.Covers(r.url) && !c.Expired(m.now) {
				lacks = true
			} else {
				beyond = true
			}
		}
		switch {
		case foreign:
		case agree+earlier == 0:
			if (x == active || x == last && active == nil && len(x.cookies) > 0) && !x.applies(r.url, m.now) {
				heir = x
			}
		case earlier > 0 && late == nil:
			late = x
		case earlier > 0 || lacks:
		case unknown == 0:
			if beyond {
				m.note(scope)
			}
			return x
		case grows == nil:
			grows = x
		}
	}
	switch {
	case late != nil:
		m.note(earlierValue)
		return late
	case cmp.Or(grows, heir) != nil:
		m.note(completion)
		return cmp.Or(grows, heir)
	}
	return nil
}

func (m *model) matchBare(r *mmessage, active, last *msession) *msession {
	s := r.site
	if active != nil && !active.applies(r.url, m.now) {
		if len(s.tokens) == 0 {
			m.note(forced)
		}
		return active
	}
	if len(s.tokens) > 0 && m.outOfScope(s, r.url) {
		m.note(scope)
		if last != nil && last.filled && len(last.cookies) == 0 {
			return nil // logged out
		}
		return last
	}
	return s.anonymous
}

// outOfScope reports that sessions have tokens, of which none applies.
func (m *model) outOfScope(s *msite, url string) bool {
	some := false
	for _, x := range s.sessions {
		for _, c := range x.cookies {
			some = true
			if c.Covers(url) {
				return false
			}
		}
	}
	return some
}

// Messages.

func (m *model) send(id, url, header string) (string, who) {
	m.now = m.now.Add(time.Millisecond)
	name := sessions.ScopeHost.SiteOf(url)
	if name != zapSite(url) {
		m.note(hosts)
	}
	s := m.open(name)
	s.seen = true
	for _, p := range pairs(header) {
		m.detect(s, p.name)
	}
	header = m.rewrite(s, url, header)
	r := &mmessage{site: s, url: url, pairs: pairs(header), jar: jarOf(url, header), active: s.active, last: s.last, at: m.age}
	m.sent[id] = r
	r.session = m.match(r, s.active, s.last)
	r.anonymous = r.session == nil || r.session == s.anonymous
	if !r.anonymous {
		s.last = r.session
	}
	if r.session == nil {
		return header, who{}
	}
	return header, who{name, r.session.name}
}

// rewrite makes the header the active session's: foreign pairs keep their
// bytes and their order.
func (m *model) rewrite(s *msite, url, header string) string {
	if s.active == nil {
		return header
	}
	var pieces []string
	var used []mcookie
	changed := false
	take := func(p pair) *mcookie {
		for _, fits := range []func(c mcookie) bool{
			func(c mcookie) bool { return c.Value == p.value && c.Covers(url) },
			func(c mcookie) bool { return c.Covers(url) },
			func(c mcookie) bool { return c.Value == p.value },
		} {
			for _, c := range s.active.cookies {
				if c.Name == p.name && fits(c) && !slices.Contains(used, c) {
					used = append(used, c)
					return &c
				}
			}
		}
		return nil
	}
	for piece := range strings.SplitSeq(header, ";") {
		p := pairs(piece)
		if len(p) == 0 || !slices.Contains(s.tokens, p[0].name) {
			pieces = append(pieces, piece)
			continue
		}
		c := take(p[0])
		switch {
		case c == nil:
			changed = true
		case c.Value != p[0].value:
			changed = true
			pieces = append(pieces, piece[:strings.LastIndex(piece, p[0].value)]+c.Value)
		default:
			pieces = append(pieces, piece)
		}
	}
	text := strings.TrimLeft(strings.Join(pieces, ";"), " ")
	for _, c := range s.active.cookies {
		has := func(name string) bool {
			return slices.ContainsFunc(used, func(u mcookie) bool { return u.Name == name })
		}
		secret := c.Secure && !strings.HasPrefix(url, "https://")
		if secret {
			m.note(secure)
		}
		if slices.Contains(used, c) || secret || has(c.Name) && !c.Covers(url) {
			continue
		}
		used, changed = append(used, c), true
		if text != "" {
			text += "; "
		}
		text += c.Name + "=" + c.Value
	}
	if changed && s.active.bare {
		m.note(bareSession)
	}
	if !changed {
		return header
	}
	return text
}

func (m *model) answer(id string, lines []string) who {
	m.now = m.now.Add(time.Millisecond)
	r := m.sent[id]
	s := r.site
	set := parse(r.url, lines, m.now)
	m.noteParsing(r.url, lines, set)
	for _, c := range set {
		m.detect(s, c.Name)
	}
	if len(s.tokens) == 0 && (r.session == nil || r.session.gone) {
		return who{}
	}
	x := m.owner(r, set)
	if x == nil {
		return who{}
	}
	was := x.filled
	x.matched++
	m.book(x, r, set)
	if x != s.anonymous {
		s.last = x
	}
	if r.anonymous && x.filled && !was {
		if x.matched > 1 {
			m.note(visitors)
		}
		x.matched = 1
		m.age++
		s.login, s.loginAt = x, m.age
	}
	return who{s.name, m.mergeTwin(s, x).name}
}

func (m *model) owner(r *mmessage, set []sessions.Cookie) *msession {
	s, tokens := r.site, m.tokensOf(r)
	if r.anonymous && len(tokens) == 0 && s.login != nil && s.loginAt > r.at {
		m.note(oneLogin)
		return s.login
	}
	if r.session != nil && !r.session.gone && !(r.anonymous && r.session.filled) {
		return r.session
	}
	if x := m.match(r, alive(r.active), alive(r.last)); x != nil {
		return x
	}
	sets := slices.ContainsFunc(set, func(c sessions.Cookie) bool { return slices.Contains(s.tokens, c.Name) && !c.Expired(m.now) })
	if len(tokens) == 0 && !sets && m.outOfScope(s, r.url) {
		m.note(scope)
		return nil
	}
	x := m.make(s, "")
	for _, p := range tokens {
		m.set(x, r.cookie(p))
	}
	if len(tokens) == 0 && !sets {
		s.anonymous = x
	}
	return x
}

func alive(x *msession) *msession {
	if x == nil || x.gone {
		return nil
	}
	return x
}

func (r *mmessage) cookie(p pair) sessions.Cookie {
	for _, c := range r.jar {
		if c.Name == p.name && c.Value == p.value {
			return c
		}
	}
	host, _, _ := strings.Cut(r.site.name, ":")
	return sessions.Cookie{Name: p.name, Value: p.value, Domain: host, Path: "/"}
}

// book writes a response into its session.
func (m *model) book(x *msession, r *mmessage, set []sessions.Cookie) {
	s := r.site
	for _, p := range m.tokensOf(r) {
		if !s.known(p) {
			m.set(x, r.cookie(p))
		}
	}
	for _, c := range set {
		switch {
		case !slices.Contains(s.tokens, c.Name):
		case c.Expired(m.now):
			m.note(logout)
			x.drop(&c)
		default:
			m.set(x, c)
		}
	}
	if len(x.cookies) > 0 && s.anonymous == x {
		s.anonymous = nil
	}
}

// noteParsing notes where RFC 6265bis reads Set-Cookie otherwise than RFC 2109.
func (m *model) noteParsing(url string, lines []string, set []sessions.Cookie) {
	if len(lines) != len(set) {
		m.note(parsing)
	}
	for _, line := range lines {
		if strings.ContainsAny(line, `"',`) {
			m.note(parsing)
		}
	}
}

// mergeTwin merges a session with the one that a response made it equal to.
func (m *model) mergeTwin(s *msite, x *msession) *msession {
	for _, other := range s.sessions {
		if other != x && len(x.cookies) > 0 && x.id() == other.id() {
			m.note(twins)
			if slices.Index(s.sessions, x) < slices.Index(s.sessions, other) {
				x, other = other, x
			}
			return s.merge(other, x)
		}
	}
	return x
}

// id is equal for sessions with equal tokens.
func (x *msession) id() string {
	var list []string
	for _, c := range x.cookies {
		list = append(list, fmt.Sprintf("%q=%q", c.Name, c.Value))
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

func (s *msite) merge(earlier, later *msession) *msession {
	keep, gone := earlier, later
	if s.active == later {
		keep, gone = later, earlier
	}
	keep.matched += gone.matched
	keep.past = append(keep.past, gone.past...)
	if s.last == gone {
		s.last = keep
	}
	s.remove(gone)
	return keep
}

// Actions.

func (m *model) sites() []string {
	var list []string
	for _, s := range m.all {
		if s.seen {
			list = append(list, s.name)
		}
	}
	return list
}

func (m *model) lookup(text string) *msite {
	url, err := sessions.NormalizeURL(text)
	if err != nil {
		return nil
	}
	for _, s := range m.all {
		if s.name == sessions.ScopeHost.SiteOf(url) && s.seen {
			return s
		}
	}
	return nil
}

func (m *model) site(text string) *page {
	s := m.lookup(text)
	if s == nil {
		return nil
	}
	p := &page{name: s.name, tokens: s.tokens}
	if s.active != nil {
		p.active = s.active.name
	}
	for _, x := range s.sessions {
		r := row{name: x.name, matched: x.matched, empty: !x.filled}
		for _, c := range x.cookies {
			r.cookies = append(r.cookies, c.Cookie)
		}
		p.sessions = append(p.sessions, r)
	}
	return p
}

func (m *model) hold(site, name string) func() bool {
	s := m.lookup(site)
	x := s.find(name)
	return func() bool { return x != nil && !x.gone }
}

func (m *model) do(action string, p map[string]string) (string, who) {
	if strings.Contains(action, "Default") {
		return m.doDefault(action, p), who{}
	}
	url, _ := sessions.NormalizeURL(p["site"])
	s := m.open(sessions.ScopeHost.SiteOf(url))
	switch action {
	case "addSessionToken":
		m.addToken(s, p["sessionToken"])
		return "ok", who{}
	case "removeSessionToken":
		return m.removeToken(s, p["sessionToken"]), who{}
	case "createEmptySession":
		s.seen = true
		if s.find(p["session"]) != nil {
			return "the name is taken", who{}
		}
		x := m.make(s, p["session"])
		m.activate(s, x)
		return "ok", who{s.name, x.name}
	}
	if !s.seen {
		return "no such site", who{}
	}
	return m.doSession(s, action, p), who{}
}

func (m *model) doSession(s *msite, action string, p map[string]string) string {
	x := s.find(cmp.Or(p["session"], p["oldSessionName"]))
	switch {
	case action == "unsetActiveSession":
		m.activate(s, nil)
		s.last = nil
	case action == "renameSession" && (x == nil || s.find(p["newSessionName"]) != nil && s.find(p["newSessionName"]) != x):
		return "refused"
	case x == nil:
		return "no such session"
	case action == "setActiveSession":
		m.activate(s, x)
	case action == "removeSession":
		s.remove(x)
	case action == "renameSession":
		if s.anonymous == x {
			s.anonymous = nil
		}
		x.name, x.given = p["newSessionName"], true
	case action == "setSessionTokenValue":
		m.give(s, x, pair{p["sessionToken"], p["tokenValue"]})
	}
	return "ok"
}

func (m *model) activate(s *msite, x *msession) {
	old := s.active
	if x == old {
		return
	}
	s.active = x
	if x != nil {
		s.last = x
		if s.anonymous == x {
			s.anonymous = nil
		}
	}
	m.spare(s, old)
}

func (m *model) give(s *msite, x *msession, p pair) {
	host, _, _ := strings.Cut(s.name, ":")
	for _, c := range slices.Clone(x.cookies) {
		if c.Name == p.name {
			x.drop(&c.Cookie)
		}
	}
	m.addToken(s, p.name)
	m.set(x, sessions.Cookie{Name: p.name, Value: p.value, Domain: host, Path: "/"})
	if s.anonymous == x {
		s.anonymous = nil
	}
}

func (m *model) addToken(s *msite, name string) {
	delete(s.removed, bare(name))
	if !slices.Contains(s.tokens, name) {
		s.tokens = append(s.tokens, name)
	}
}

func (m *model) removeToken(s *msite, name string) string {
	_, already := s.removed[bare(name)]
	if m.isDefault(name) {
		s.removed[bare(name)] = name
	} else {
		already = true
	}
	if !slices.Contains(s.tokens, name) {
		if already {
			return "no such token"
		}
		return "ok"
	}
	s.seen = true
	s.tokens = slices.DeleteFunc(s.tokens, func(t string) bool { return t == name })
	kept := map[string]*msession{}
	for _, x := range slices.Clone(s.sessions) {
		x.cookies = slices.DeleteFunc(x.cookies, func(c mcookie) bool { return c.Name == name })
		x.past = slices.DeleteFunc(x.past, func(p pair) bool { return p.name == name })
		first := kept[x.id()]
		switch {
		case len(s.tokens) == 0:
			s.remove(x)
		case len(x.cookies) == 0:
			if x.given && x != s.active {
				m.note(named)
			} else if x != s.active {
				s.remove(x)
			}
		case first == nil:
			kept[x.id()] = x
		default:
			if x.given && number(x.name) < 0 || first.given && number(first.name) < 0 {
				m.note(renamed)
			}
			if x != s.active && first == s.active {
				m.note(sums)
			}
			kept[x.id()] = s.merge(first, x)
		}
	}
	return "ok"
}

func (m *model) doDefault(action string, p map[string]string) string {
	name := strings.ToLower(p["sessionToken"])
	i := slices.IndexFunc(m.list, func(d defaultToken) bool { return d.Name == name })
	switch {
	case action == "addDefaultSessionToken" && i >= 0:
		return "a default already"
	case action == "addDefaultSessionToken":
		m.list = append(slices.Clip(m.list), defaultToken{name, !strings.EqualFold(p["tokenEnabled"], "false")})
	case i < 0:
		return "no such default"
	case action == "setDefaultSessionTokenEnabled":
		m.list = slices.Clone(m.list)
		m.list[i].Enabled = strings.EqualFold(p["tokenEnabled"], "true")
	default:
		m.list = slices.Delete(slices.Clone(m.list), i, i+1)
	}
	return "ok"
}
