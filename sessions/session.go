package sessions

import (
	"slices"
	"strconv"
	"time"
)

// maxEarlier bounds the earlier values that a session remembers; what is
// forgotten can no longer be told from an unknown value.
const maxEarlier = 64

// session is a named set of token cookies and carried cookies on one site.
type session struct {
	site *site
	id   int
	name string
	// named is true when a person chose the name: such a session never
	// vanishes by itself.
	named    bool
	hadToken bool // it has had a token
	removed  bool
	// cookies are in the order of a Cookie header: longer paths first, then
	// older.
	cookies     []*sessionCookie
	headers     []sessionHeader
	earlier     []pair            // values it had, oldest first; none that it has
	changes     []change          // oldest first
	changeCount int               // of all changes there were
	snapshots   []snapshot        // one for each replacement that was reported, oldest first
	withheld    *withheldResponse // what a response brought that was not booked; nil for nothing
	// isLogin says that it is a login, and not just a visitor: the login was seen, or a
	// person said so.
	isLogin bool
	// isVisitor says that its tokens are those that a server gives whoever comes without
	// any: there was no sign of a login yet.
	isVisitor      bool
	expiryReported bool // it was reported that what a person gave it may have expired
	requests       int
	documents      int // of those
	last           time.Time
	savedStorage   *savedStorage // its web storage, as far as no window has it; nil for none yet
	splitID        int64         // the same for the parts of a session whose site was split; 0 for none
}

// sessionCookie is a cookie of a session.
type sessionCookie struct {
	Cookie
	kind   Kind
	seq    int64
	cameAt time.Time // zero where that was not noted
	// fromUser says that a person gave it; one that a revert brought back is none.
	fromUser bool
}

func (s *site) newSession(name string) *session {
	s.lastID++
	session := &session{site: s, id: s.lastID, name: name, named: name != ""}
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

func (s *session) find(k key) *sessionCookie {
	for _, h := range s.cookies {
		if h.Name == k.name && h.key() == k {
			return h
		}
	}
	return nil
}

// set gives the session a cookie, in place of the one of the same identity.
func (s *session) set(c Cookie, kind Kind, age int64) *sessionCookie {
	old := s.find(c.key())
	if old != nil && old.Value == c.Value && old.kind == kind {
		s.site.dropScope(old)
		old.Cookie = c
		s.site.addScope(old)
		return old
	}
	if old != nil {
		// A cookie keeps its creation order as long as its value stays: not RFC 6265bis
		// 5.7, but what Chrome does (TestOracle in cdp).
		if old.Value == c.Value {
			age = old.seq
		}
		s.removeCookie(c.key())
	}
	h := &sessionCookie{Cookie: c, kind: kind, seq: age}
	s.insert(h)
	s.hadToken = s.hadToken || kind == Token
	return h
}

// insert puts a cookie at its place in jar order and into the indexes.
func (s *session) insert(h *sessionCookie) {
	at, _ := slices.BinarySearchFunc(s.cookies, h, func(a, b *sessionCookie) int {
		if d := jarOrder(&a.Cookie, &b.Cookie); d != 0 {
			return d
		}
		return int(a.seq - b.seq)
	})
	s.cookies = slices.Insert(s.cookies, at, h)
	s.site.addScope(h)
	if !s.site.values.has(h.pair(), s) {
		s.site.values.add(h.pair(), s)
	} else if i := slices.Index(s.earlier, h.pair()); i >= 0 {
		s.earlier = slices.Delete(s.earlier, i, i+1)
	}
}

// removeCookie takes a cookie away, remembering its value as an earlier one. It reports
// whether there was one.
func (s *session) removeCookie(k key) bool {
	i := slices.IndexFunc(s.cookies, func(h *sessionCookie) bool { return h.key() == k })
	if i < 0 {
		return false
	}
	h := s.cookies[i]
	s.cookies = slices.Delete(s.cookies, i, i+1)
	s.site.dropScope(h)
	if !s.hasValue(h.pair()) { // else it has another of that value, with another path
		s.addEarlierValue(h.pair())
	}
	return true
}

// addEarlierValue keeps a value that the session no longer has, and that is in the
// index already. It forgets the oldest one when there are too many.
func (s *session) addEarlierValue(p pair) {
	if len(s.earlier) >= maxEarlier {
		s.site.values.remove(s.earlier[0], s)
		s.earlier = slices.Delete(s.earlier, 0, 1)
	}
	s.earlier = append(s.earlier, p)
}

// addEarlier remembers the earlier values of a session that is merged into this.
func (s *session) addEarlier(past []pair) {
	for _, p := range past {
		if !s.site.values.has(p, s) {
			s.site.values.add(p, s)
			s.addEarlierValue(p)
		}
	}
}

// forgetEarlier forgets an earlier value, which the session never really had.
func (s *session) forgetEarlier(p pair) {
	if i := slices.Index(s.earlier, p); i >= 0 {
		s.earlier = slices.Delete(s.earlier, i, i+1)
		s.site.values.remove(p, s)
	}
}

// applyKinds forgets all cookies, present and past, whose names mean nothing to
// the site any more, and gives the others the kind that theirs have now.
func (s *session) applyKinds() {
	for _, h := range slices.Clone(s.cookies) {
		if kind := s.site.kind(h.Name); kind == NotToken {
			s.removeCookie(h.key())
		} else {
			s.set(h.Cookie, kind, h.seq)
		}
	}
	s.earlier = slices.DeleteFunc(s.earlier, func(p pair) bool {
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
	case own == nil && s.hasValue(c.pair()):
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

// hasValue reports whether a cookie with this name and value is the session's now.
func (s *session) hasValue(p pair) bool { return s.index(p.name, p.value) >= 0 }

func (s *session) index(name, value string) int {
	return slices.IndexFunc(s.cookies, func(h *sessionCookie) bool { return h.Name == name && h.Value == value })
}

func (s *session) hadValue(p pair) bool { return slices.Contains(s.earlier, p) }

// hasTokens reports whether the session has a token that is not expired.
func (s *session) hasTokens(now time.Time) bool {
	return slices.ContainsFunc(s.cookies, func(h *sessionCookie) bool { return h.kind == Token && !h.Expired(now) })
}

// discardable reports whether the session goes by itself when another takes its
// place: unnamed and never filled (RULES 56).
func (s *session) discardable() bool { return !s.named && !s.hadToken }

// remove takes the session out of its site and all indexes.
func (s *session) remove() {
	s.removed = true
	for len(s.cookies) > 0 {
		s.removeCookie(s.cookies[0].key())
	}
	for _, p := range s.earlier {
		s.site.values.remove(p, s)
	}
	page := s.site
	delete(page.names, s.name)
	page.sessions = slices.DeleteFunc(page.sessions, func(other *session) bool { return other == s })
	if page.anonymous == s {
		page.anonymous = nil
	}
	for _, p := range page.windows {
		if p.active == s {
			p.active = nil
		}
		if p.last == s {
			p.last = nil
		}
		if p.restore != nil && p.restore.session == s {
			p.restore = &restorePoint{} // nothing to go back to
		}
	}
}

// addScope counts where tokens apply. No event says which partition a request is in,
// so a partitioned one applies nowhere for sure.
func (s *site) addScope(h *sessionCookie) {
	if h.kind == Token && h.Partition == "" {
		s.scopes[h.scope()]++
	}
}

func (s *site) dropScope(h *sessionCookie) {
	if h.kind != Token || h.Partition != "" {
		return
	}
	if s.scopes[h.scope()]--; s.scopes[h.scope()] <= 0 {
		delete(s.scopes, h.scope())
	}
}
