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
	cookies  []*held
	headers  []heldHeader
	past     []pair   // earlier values, oldest first; none that it holds
	changes  []change // oldest first
	counted  int      // of all changes there were
	pins     []pins   // one for each replacement that was told, oldest first
	withheld *offer   // what an answer brought that was not booked; nil for nothing
	// somebody says that it is a login, and not just a visitor: it was seen, or a person
	// said so.
	somebody bool
	// visitor says that its tokens are those that a server gives whoever comes without any:
	// nothing told of a login yet.
	visitor   bool
	doubted   bool // it was told that what a person gave it may have expired
	requests  int
	documents int // of those
	last      time.Time
	stock     *stock // its web storage, as far as no window has it; nil for none yet
	kin       int64  // the same for the parts of a session whose site was split; 0 for none
}

// held is a cookie of a session.
type held struct {
	Cookie
	kind  Kind
	age   int64
	since time.Time // zero where that was not noted
	// given says that a person gave it; one that a revert brought back is none.
	given bool
}

func (s *site) newSession(name string) *session {
	s.lastID++
	session := &session{site: s, id: s.lastID, name: name, given: name != ""}
	if name == "" {
		session.name = s.generateName()
	}
	s.sessions = append(s.sessions, session)
	s.names[session.name] = session
	return session
}

// number finds a session by its number, nil for none.
func (s *site) number(id int) *session {
	at, ok := slices.BinarySearchFunc(s.sessions, id, func(session *session, id int) int { return session.id - id })
	if !ok {
		return nil
	}
	return s.sessions[at]
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
	for _, h := range s.cookies {
		if h.Name == k.name && h.key() == k {
			return h
		}
	}
	return nil
}

// set gives the session a cookie, in place of the one of the same identity.
func (s *session) set(c Cookie, kind Kind, age int64) *held {
	old := s.find(c.key())
	if old != nil && old.Value == c.Value && old.kind == kind {
		s.site.unscope(old)
		old.Cookie = c
		s.site.scoped(old)
		return old
	}
	if old != nil {
		// A cookie keeps its age as long as its value stays: not RFC 6265bis
		// 5.7, but what Chrome does (TestOracle in cdp).
		if old.Value == c.Value {
			age = old.age
		}
		s.drop(c.key())
	}
	h := &held{Cookie: c, kind: kind, age: age}
	s.insert(h)
	s.filled = s.filled || kind == Token
	return h
}

// insert puts a cookie at its place in jar order and into the indexes.
func (s *session) insert(h *held) {
	at, _ := slices.BinarySearchFunc(s.cookies, h, func(a, b *held) int {
		if d := jarOrder(&a.Cookie, &b.Cookie); d != 0 {
			return d
		}
		return int(a.age - b.age)
	})
	s.cookies = slices.Insert(s.cookies, at, h)
	s.site.scoped(h)
	if !s.site.values.has(h.pair(), s) {
		s.site.values.add(h.pair(), s)
	} else if i := slices.Index(s.past, h.pair()); i >= 0 {
		s.past = slices.Delete(s.past, i, i+1)
	}
}

// drop takes a cookie away, remembering its value as an earlier one. It reports
// whether there was one.
func (s *session) drop(k key) bool {
	i := slices.IndexFunc(s.cookies, func(h *held) bool { return h.key() == k })
	if i < 0 {
		return false
	}
	h := s.cookies[i]
	s.cookies = slices.Delete(s.cookies, i, i+1)
	s.site.unscope(h)
	if !s.holds(h.pair()) { // else it has another of that value, with another path
		s.remember(h.pair())
	}
	return true
}

// remember keeps a value that the session no longer holds, and that is in the
// index already. It forgets the oldest one when there are too many.
func (s *session) remember(p pair) {
	if len(s.past) >= maxPast {
		s.site.values.remove(s.past[0], s)
		s.past = slices.Delete(s.past, 0, 1)
	}
	s.past = append(s.past, p)
}

// inherit remembers the earlier values of a session that is merged into this.
func (s *session) inherit(past []pair) {
	for _, p := range past {
		if !s.site.values.has(p, s) {
			s.site.values.add(p, s)
			s.remember(p)
		}
	}
}

// disclaim forgets an earlier value, which the session never really had.
func (s *session) disclaim(p pair) {
	if i := slices.Index(s.past, p); i >= 0 {
		s.past = slices.Delete(s.past, i, i+1)
		s.site.values.remove(p, s)
	}
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
		s.site.values.remove(p, s)
		return true
	})
}

// lacksCookie reports whether a cookie that a jar shows is to be learned: a
// token's value that no session has or had, or that this one has at another path or
// domain; a carried one that this one lacks.
func (s *session) lacksCookie(c *Cookie) bool {
	own := s.find(c.key())
	switch {
	case own == nil && s.holds(c.pair()):
		return !s.wasGiven(c.pair())
	case s.site.kind(c.Name) == Carried:
		return own == nil || own.Value != c.Value
	}
	return !s.site.known(c.pair())
}

// wasGiven reports whether a person gave the value: its path and domain are guessed then,
// and the one that a jar has is it.
func (s *session) wasGiven(p pair) bool {
	return slices.ContainsFunc(s.changes, func(c change) bool { return c.source == FromUser && c.is != nil && c.is.pair() == p })
}

// holds reports whether a cookie with this name and value is the session's now.
func (s *session) holds(p pair) bool { return s.index(p.name, p.value) >= 0 }

func (s *session) index(name, value string) int {
	return slices.IndexFunc(s.cookies, func(h *held) bool { return h.Name == name && h.Value == value })
}

func (s *session) held(p pair) bool { return slices.Contains(s.past, p) }

// hasTokens reports whether the session has a token that is not expired.
func (s *session) hasTokens(now time.Time) bool {
	return slices.ContainsFunc(s.cookies, func(h *held) bool { return h.kind == Token && !h.Expired(now) })
}

// spare reports whether the session goes by itself when another takes its
// place: unnamed and never filled (RULES 56).
func (s *session) spare() bool { return !s.given && !s.filled }

// remove takes the session out of its site and all indexes.
func (s *session) remove() {
	s.removed = true
	for len(s.cookies) > 0 {
		s.drop(s.cookies[0].key())
	}
	for _, p := range s.past {
		s.site.values.remove(p, s)
	}
	page := s.site
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

// scoped counts where tokens apply. Nobody tells which partition a request is in,
// so a partitioned one applies nowhere for sure.
func (s *site) scoped(h *held) {
	if h.kind == Token && h.Partition == "" {
		s.scopes[h.scope()]++
	}
}

func (s *site) unscope(h *held) {
	if h.kind != Token || h.Partition != "" {
		return
	}
	if s.scopes[h.scope()]--; s.scopes[h.scope()] <= 0 {
		delete(s.scopes, h.scope())
	}
}
