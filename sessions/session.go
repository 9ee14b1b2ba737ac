package sessions

import (
	"slices"
	"strconv"
	"time"
)

// maxPast bounds the earlier values that a session remembers; what is
// forgotten can no longer be told from a stranger's value.
const maxPast = 64

// session is a named set of token cookies and carried cookies on one site.
type session struct {
	site *site
	id   int
	name string
	// given is true when a person chose the name: such a session never
	// vanishes by itself.
	given   bool
	filled  bool // it has held a token
	removed bool
	// cookies are in the order of a Cookie header: longer paths first, then
	// older.
	cookies  []held
	past     []pair
	changes  []change // oldest first
	login    int64    // batch of the last login that replaced its tokens; 0 for none
	requests int
	last     time.Time
}

// held is a cookie of a session.
type held struct {
	Cookie
	kind Kind
	age  int64
}

func (s *site) newSession(name string) *session {
	s.lastID++
	session := &session{site: s, id: s.lastID, name: name, given: name != ""}
	if name == "" {
		session.name = s.generateName()
	}
	s.sessions = append(s.sessions, session)
	s.numbers[session.id], s.names[session.name] = session, session
	return session
}

// generateName gives "Session" and the number of the newest session, or the
// next one that was never in a generated name and is in no other.
func (s *site) generateName() string {
	for s.lastName = max(s.lastName+1, s.lastID); ; s.lastName++ {
		if name := "Session " + strconv.Itoa(s.lastName); s.names[name] == nil {
			return name
		}
	}
}

func (s *session) find(k key) *held {
	for i := range s.cookies {
		if s.cookies[i].key() == k {
			return &s.cookies[i]
		}
	}
	return nil
}

// set gives the session a cookie, in place of the one of the same identity.
func (s *session) set(c Cookie, kind Kind, age int64) {
	old := s.find(c.key())
	if old != nil && old.Value == c.Value && old.kind == kind {
		s.site.unscope(old)
		old.Cookie = c
		s.site.scoped(old)
		return
	}
	if old != nil {
		// A cookie that is set again keeps its age (RFC 6265bis 5.7).
		age = old.age
		s.drop(c.key())
	}
	s.insert(held{Cookie: c, kind: kind, age: age})
	s.filled = s.filled || kind == Token
}

// insert puts a cookie at its place in jar order and into the indexes.
func (s *session) insert(h held) {
	at, _ := slices.BinarySearchFunc(s.cookies, &h, func(a held, b *held) int {
		if d := jarOrder(&a.Cookie, &b.Cookie); d != 0 {
			return d
		}
		return int(a.age - b.age)
	})
	s.cookies = slices.Insert(s.cookies, at, h)
	s.site.scoped(&h)
	if holders := s.site.current[h.pair()]; !slices.Contains(holders, s) {
		s.site.current[h.pair()] = append(holders, s)
	}
	if i := slices.Index(s.past, h.pair()); i >= 0 {
		s.past = slices.Delete(s.past, i, i+1)
		forget(s.site.past, h.pair(), s)
	}
}

// drop takes a cookie away, remembering its value as an earlier one. It reports
// whether there was one.
func (s *session) drop(k key) bool {
	i := slices.IndexFunc(s.cookies, func(h held) bool { return h.key() == k })
	if i < 0 {
		return false
	}
	h := s.cookies[i]
	s.cookies = slices.Delete(s.cookies, i, i+1)
	s.unindex(&h)
	s.remember(h.pair())
	return true
}

// unindex takes a cookie that is in cookies no more out of the indexes.
func (s *session) unindex(h *held) {
	s.site.unscope(h)
	if !s.holds(h.pair()) {
		forget(s.site.current, h.pair(), s)
	}
}

func (s *session) remember(p pair) {
	if slices.Contains(s.past, p) || s.holds(p) {
		return
	}
	if len(s.past) >= maxPast {
		forget(s.site.past, s.past[0], s)
		s.past = slices.Delete(s.past, 0, 1)
	}
	s.past = append(s.past, p)
	s.site.past[p] = append(s.site.past[p], s)
}

// unlearn forgets all cookies, present and past, whose names mean nothing to
// the site any more, and gives the others the kind that theirs have now.
func (s *session) unlearn() {
	for _, h := range slices.Clone(s.cookies) {
		if kind := s.site.kind(h.Name); kind == NotToken {
			s.drop(h.key())
		} else {
			s.set(h.Cookie, kind, h.age)
		}
	}
	s.past = slices.DeleteFunc(s.past, func(p pair) bool {
		if s.site.kind(p.name) != NotToken {
			return false
		}
		forget(s.site.past, p, s)
		return true
	})
}

// lacksCookie reports whether a cookie that a jar shows is to be learned: a
// token's value that no session has or had, a carried one that this one lacks.
func (s *session) lacksCookie(c *Cookie) bool {
	if s.site.kind(c.Name) == Carried {
		return !s.holds(c.pair())
	}
	return !s.site.known(c.pair())
}

// holds reports whether a cookie with this name and value is the session's now.
func (s *session) holds(p pair) bool { return s.index(p.name, p.value) >= 0 }

func (s *session) index(name, value string) int {
	for i := range s.cookies {
		if h := &s.cookies[i]; h.Name == name && h.Value == value {
			return i
		}
	}
	return -1
}

func (s *session) held(p pair) bool { return slices.Contains(s.past, p) }

// hasTokens reports whether the session has a token that is not expired.
func (s *session) hasTokens(now time.Time) bool {
	return slices.ContainsFunc(s.cookies, func(h held) bool { return h.kind == Token && !h.Expired(now) })
}

// spare reports whether the session goes by itself when another takes its
// place: unnamed and never filled (ZAP 5.2).
func (s *session) spare() bool { return !s.given && !s.filled }

// remove takes the session out of its site and all indexes.
func (s *session) remove() {
	s.removed = true
	cookies := s.cookies
	s.cookies = nil
	for i := range cookies {
		s.unindex(&cookies[i])
	}
	for _, p := range s.past {
		forget(s.site.past, p, s)
	}
	page := s.site
	delete(page.numbers, s.id)
	delete(page.names, s.name)
	page.sessions = slices.DeleteFunc(page.sessions, func(other *session) bool { return other == s })
	if page.anonymous == s {
		page.anonymous = nil
	}
	for _, p := range page.places {
		if p.active == s {
			p.active = nil
		}
		if p.last == s {
			p.last = nil
		}
		if p.before != nil && p.before.session == s {
			p.before = &before{} // nothing to go back to
		}
	}
}

func (s *site) scoped(h *held) {
	if h.kind == Token {
		s.scopes[h.scope()]++
	}
}

func (s *site) unscope(h *held) {
	if h.kind != Token {
		return
	}
	if s.scopes[h.scope()]--; s.scopes[h.scope()] <= 0 {
		delete(s.scopes, h.scope())
	}
}

// forget removes a session from one list of an index, and the list when it is
// empty.
func forget(index map[pair][]*session, p pair, s *session) {
	index[p] = slices.DeleteFunc(index[p], func(other *session) bool { return other == s })
	if len(index[p]) == 0 {
		delete(index, p)
	}
}
