package sessions_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sessdriver/sessions"
)

// Matching and messages, in the words of model.

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
		f := m.compare(x, r, tokens)
		isHeir := x == active || x == last && active == nil && len(x.cookies) > 0
		switch {
		case f.foreign:
		case f.agree+f.earlier == 0:
			if isHeir && !x.applies(r.url, m.now) {
				heir = x
			}
		case f.earlier > 0:
			late = cmp.Or(late, x)
		case f.lacks:
		case f.unknown == 0:
			if f.beyond {
				m.note(scope)
			}
			return x // (a)
		default:
			grows = cmp.Or(grows, x)
		}
	}
	switch {
	case late != nil:
		m.note(earlierValue)
		return late // (b)
	case cmp.Or(grows, heir) != nil:
		m.note(completion)
		return cmp.Or(grows, heir) // (c)
	}
	return nil
}

// agreement is how the tokens of a request compare with a session.
type agreement struct {
	agree, earlier, unknown int
	foreign                 bool // one is another session's
	lacks                   bool // the request lacks one that applies there
	beyond                  bool // or one that does not
}

func (m *model) compare(x *msession, r *mmessage, tokens []pair) agreement {
	var f agreement
	for _, p := range tokens {
		switch {
		case x.holds(p):
			f.agree++
		case slices.Contains(x.past, p):
			f.earlier++
		case r.site.known(p):
			f.foreign = true
		default:
			f.unknown++
		}
	}
	for _, c := range x.cookies {
		switch {
		case slices.Contains(tokens, pair{c.Name, c.Value}):
		case c.Covers(r.url) && !c.Expired(m.now):
			f.lacks = true
		default:
			f.beyond = true
		}
	}
	return f
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
	if name != zapSite(url) || strings.Contains(name, "[") {
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
	w := rewriting{session: s.active, url: url}
	for piece := range strings.SplitSeq(header, ";") {
		w.replace(piece, s.tokens)
	}
	w.text = strings.TrimLeft(strings.Join(w.pieces, ";"), " ")
	for _, c := range s.active.cookies {
		if c.Secure && !strings.HasPrefix(url, "https://") {
			m.note(secure)
			continue
		}
		w.add(c)
	}
	if !w.changed {
		return header
	}
	if s.active.bare {
		m.note(bareSession)
	}
	return w.text
}

// rewriting is one header under work.
type rewriting struct {
	session *msession
	url     string
	pieces  []string
	used    []mcookie // of the session
	text    string
	changed bool
}

func (w *rewriting) replace(piece string, tokens []string) {
	p := pairs(piece)
	if len(p) == 0 || !slices.Contains(tokens, p[0].name) {
		w.pieces = append(w.pieces, piece)
		return
	}
	value, ok := w.take(p[0])
	w.changed = w.changed || value != p[0].value
	if ok {
		w.pieces = append(w.pieces, piece[:strings.LastIndex(piece, p[0].value)]+value)
	} else {
		w.changed = true
	}
}

// take finds the session's cookie for a pair: of the same value, else the next
// in jar order.
func (w *rewriting) take(p pair) (value string, ok bool) {
	for _, fits := range []func(c mcookie) bool{
		func(c mcookie) bool { return c.Value == p.value && c.Covers(w.url) },
		func(c mcookie) bool { return c.Covers(w.url) },
		func(c mcookie) bool { return c.Value == p.value },
	} {
		for _, c := range w.session.cookies {
			if c.Name == p.name && fits(c) && !slices.Contains(w.used, c) {
				w.used = append(w.used, c)
				return c.Value, true
			}
		}
	}
	return "", false
}

// add appends a cookie that the header lacks: one of each name where its scope
// does not reach.
func (w *rewriting) add(c mcookie) {
	sameName := func(u mcookie) bool { return u.Name == c.Name }
	if slices.Contains(w.used, c) || slices.ContainsFunc(w.used, sameName) && !c.Covers(w.url) {
		return
	}
	w.used, w.changed = append(w.used, c), true
	if w.text != "" {
		w.text += "; "
	}
	w.text += c.Name + "=" + c.Value
}

func (m *model) answer(id string, lines []string) who {
	m.now = m.now.Add(time.Millisecond)
	r := m.sent[id]
	if r == nil {
		return who{}
	}
	s := r.site
	set := parse(r.url, lines, m.now)
	m.noteParsing(lines, set)
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
	if x := m.match(r, unlessRemoved(r.active), unlessRemoved(r.last)); x != nil {
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

func unlessRemoved(x *msession) *msession {
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
	return sessions.Cookie{Name: p.name, Value: p.value, Domain: hostOf(r.site.name), Path: "/"}
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
			if slices.ContainsFunc(x.cookies, func(old mcookie) bool { return old.Name == c.Name && !same(&old.Cookie, &c) }) {
				m.note(duplicates)
			}
			m.set(x, c)
		}
	}
	if len(x.cookies) > 0 && s.anonymous == x {
		s.anonymous = nil
	}
}

// noteParsing notes where RFC 6265bis reads Set-Cookie otherwise than RFC 2109.
func (m *model) noteParsing(lines []string, set []sessions.Cookie) {
	for _, line := range lines {
		head, attributes, _ := strings.Cut(strings.ToLower(line), ";")
		hasExpires, hasMaxAge := strings.Contains(attributes, "expires"), strings.Contains(attributes, "max-age")
		if strings.ContainsAny(head, `"',`) || hasExpires && hasMaxAge {
			m.note(parsing)
		}
		if hasExpires && slices.ContainsFunc(set, func(c sessions.Cookie) bool { return c.Expires.IsZero() }) {
			m.note(parsing) // one that cannot be read says nothing
		}
	}
	if len(set) < len(lines) {
		m.note(parsing)
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
