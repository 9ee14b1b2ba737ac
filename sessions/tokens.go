package sessions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// AddToken makes a cookie name a token, or with [Carried] a carried cookie, of
// a site. The active session of the window, else the one it was last on, adopts
// the present value in the jar, so that nobody is logged out by learning a
// name. [All] with Carried carries the whole jar of the site.
func (b *Book) AddToken(w Window, site, name string, kind Kind, jar []Cookie, now time.Time) error {
	if name == "" || kind == Token && name == All || hasControl(name) {
		return fmt.Errorf("adding a token: %q is not the name of a cookie", name)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.checkSite(site); err != nil {
		return err
	}
	s := b.ensureSite(site)
	delete(s.removed, bareName(name))
	if s.kinds[name] == kind {
		return nil
	}
	wasToken := s.kinds[name] == Token
	b.addToken(s, name, kind)
	if wasToken {
		b.removeMeaningless(s)
	}
	p := s.inWindow(w)
	if adopter := cmp.Or(p.active, p.last); adopter != nil {
		b.adoptFromJar(adopter, w, name, jar, now)
		return nil
	}
	b.learnJar(w, s, jar, now)
	if len(s.sessions) > 0 {
		b.listSite(site)
	}
	return nil
}

// adoptFromJar gives a session what a window's jar has of a name that became a token
// or carried.
func (b *Book) adoptFromJar(session *session, w Window, name string, jar []Cookie, now time.Time) {
	s, was, o := session.site, session.state(now), b.newCause(FromJar, "", now)
	changed := false
	for _, c := range jar {
		if name != c.Name && name != All || !b.boundary.contains(s.name, &c) || !session.lacksCookie(&c) {
			continue
		}
		b.learn(session, c, s.kind(c.Name), o)
		changed = true
	}
	b.notifyChange(session, w, was, changed, now)
}

// addToken gives a name a kind, also one that had another.
func (b *Book) addToken(s *site, name string, kind Kind) {
	name = strings.Clone(name)
	was := s.kind(name)
	if _, known := s.kinds[name]; !known {
		s.tokens = append(s.tokens, name)
	}
	s.kinds[name] = kind
	s.kindsChanged()
	if was != NotToken && was != kind {
		s.applyKinds()
	}
	b.notify(Event{Kind: TokenAdded, Site: s.name, Token: name, Text: string(kind)})
	if a := s.anonymous; a != nil && a.hadToken {
		s.anonymous = nil // what it carried identifies it now
		b.notify(a.event(SessionNew))
	}
}

// kindsChanged is called when what the site's names are changes.
func (s *site) kindsChanged() {
	s.kindsVersion++
	clear(s.kindCache)
}

func (s *site) applyKinds() {
	for _, session := range s.sessions {
		session.applyKinds()
	}
}

// NoTokenError reports a name that is no token of the site.
type NoTokenError struct{ Site, Name string }

func (e *NoTokenError) Error() string {
	return fmt.Sprintf("%q is not a token of %s", e.Name, e.Site)
}

// RemoveToken makes a name an ordinary cookie again (RULES 10): sessions lose
// its values; where it was a token those that become equal merge, their counts
// added up, and unnamed ones that become empty go. Without any token left all
// sessions of the site go. A default token stays removed on this site until it is added again, also
// when the site never had it, or was never seen.
func (b *Book) RemoveToken(site, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	isDefault := b.defaults.kind(name) != NotToken
	s := b.sites[site]
	switch {
	case s == nil && isDefault:
		s = b.ensureSite(site)
	case s == nil:
		return &NoSiteError{Name: site}
	case s.kinds[name] == NotToken && (!isDefault || s.removed[bareName(name)]):
		return &NoTokenError{site, name}
	}
	if isDefault {
		s.removed[bareName(name)] = true
	}
	if s.kinds[name] == NotToken {
		return nil
	}
	b.listSite(site)
	wasToken := s.kinds[name] == Token
	delete(s.kinds, name)
	s.kindsChanged()
	s.tokens = slices.DeleteFunc(s.tokens, func(n string) bool { return n == name })
	s.applyKinds()
	b.notify(Event{Kind: TokenRemoved, Site: s.name, Token: name})
	if wasToken {
		b.removeMeaningless(s)
	}
	return nil
}

// removeMeaningless removes the sessions that mean nothing without a token that was lost.
// The jars stay as they are: forgetting a name logs nobody out.
func (b *Book) removeMeaningless(s *site) {
	if s.hasToken() {
		b.mergeEqual(s)
		return
	}
	for _, session := range slices.Clone(s.sessions) {
		b.removeSession(session)
	}
	for _, p := range s.windows {
		p.restore, p.missing = nil, nil
		p.storage = nil // what the pages have stays as it is, too
	}
}

func (b *Book) removeSession(session *session) {
	session.remove()
	b.notify(session.event(SessionRemoved))
}

// mergeEqual removes what the loss of a token made empty or equal. Named sessions
// merge too: a person removed the token that distinguished them (RULES 10).
func (b *Book) mergeEqual(s *site) {
	seen := map[string]*session{}
	for _, session := range slices.Clone(s.sessions) {
		id := session.fingerprint()
		if id == "" {
			if !session.named && !session.activeSomewhere() {
				b.removeSession(session)
			}
			continue
		}
		if earlier := seen[id]; earlier != nil {
			seen[id] = b.merge(earlier, session)
			continue
		}
		seen[id] = session
	}
}

// merge keeps the earlier of two equal sessions, or the later when only that
// one is active, with the sum of the counts.
func (b *Book) merge(earlier, later *session) *session {
	keep, gone := earlier, later
	if later.activeSomewhere() && !earlier.activeSomewhere() {
		keep, gone = later, earlier
	}
	keep.requests += gone.requests
	if gone.last.After(keep.last) {
		keep.last = gone.last
	}
	for _, p := range keep.site.windows {
		if p.active == gone {
			p.active = keep
		}
		if p.last == gone {
			p.last = keep
		}
		if p.restore != nil && p.restore.session == gone {
			p.restore.session = keep
		}
	}
	b.mergeStorage(keep, gone)
	mergeHeaders(keep, gone)
	keep.addEarlier(gone.earlier)
	keep.isLogin, keep.isVisitor = keep.isLogin || gone.isLogin, keep.isVisitor && gone.isVisitor
	for _, h := range gone.cookies {
		if h.kind == Carried && keep.find(h.key()) == nil {
			keep.set(h.Cookie, h.kind, b.nextSeq())
		}
	}
	gone.remove()
	lost := gone.name
	if gone.named && !keep.named {
		lost = keep.name
		keep.rename(gone.name)
	}
	e := keep.event(SessionMerged)
	e.Text = lost
	b.notify(e)
	return keep
}

// mergeDuplicates merges two sessions that a response made equal: one login, seen
// twice (RULES 30).
func (b *Book) mergeDuplicates(one, other *session) {
	if one.id > other.id {
		one, other = other, one
	}
	b.merge(one, other)
}

// duplicate is the oldest other session with the same tokens, nil for none: one at
// most of the two was named, since named sessions never vanish by themselves. It
// looks among those that share the rarest value, commonly none.
func (s *session) duplicate() *session {
	rarest, count := pair{}, 0
	for _, h := range s.cookies {
		if h.kind != Token {
			continue
		}
		n := s.site.values.count(h.pair())
		if n == 1 {
			return nil
		}
		if count == 0 || n < count {
			rarest, count = h.pair(), n
		}
	}
	var found *session
	for other := range s.site.values.of(rarest) {
		older := found == nil || other.id < found.id
		if other != s && older && !(s.named && other.named) && other.fingerprint() == s.fingerprint() {
			found = other
		}
	}
	return found
}

// fingerprint is equal for sessions with equal tokens; "" means no token.
func (s *session) fingerprint() string {
	var pairs []string
	for _, h := range s.cookies {
		if h.kind == Token {
			pairs = append(pairs, fmt.Sprintf("%q", h.pair()))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ";")
}
