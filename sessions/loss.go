package sessions

import (
	"slices"
	"time"
)

// Missing lists the cookies of a window's active session that its jar had and no longer
// has, though no event says why. Whoever reads the jar finds out what deleted them: see
// [Loss].
func (b *Book) Missing(w Window, site string, jar []Cookie, now time.Time) []Cookie {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil {
		return nil
	}
	p := s.windows[w]
	return slices.DeleteFunc(p.active.present(now), func(c Cookie) bool {
		return !p.seenInJar[c.key()] || p.missing[c.key()] || slices.ContainsFunc(jar, func(other Cookie) bool { return other.key() == c.key() })
	})
}

// Loss is what is known of cookies that a jar lost.
type Loss struct {
	Missing []Cookie
	// Cleared says that cookies of other sites were lost with them.
	Cleared bool
	// JarFull says that the jar has as many of the site as a browser keeps, so that it
	// evicted some.
	JarFull bool
	// OldInFlight says that a response to another session may have deleted them, and is not
	// reported yet.
	OldInFlight bool
}

// Ends reports whether the loss ends the session, as a logout does: a script of the site
// can have deleted the cookies, and there is no sign of another cause. What is lost
// otherwise is to be put back.
func (l Loss) Ends() bool {
	return len(l.Missing) > 0 && !l.Cleared && !l.JarFull && !l.OldInFlight && !slices.ContainsFunc(l.Missing, func(c Cookie) bool { return c.HTTPOnly })
}

// Cause says in words why they were lost.
func (l Loss) Cause() string {
	switch {
	case l.Cleared:
		return "the browser's cookies were cleared"
	case l.JarFull:
		return "the browser keeps at most 180 cookies of a site"
	case l.OldInFlight:
		return "a response to another session may have deleted them"
	}
	return "no event says what deleted them"
}

// ScriptDeleted books that a script deleted cookies of the active session.
func (b *Book) ScriptDeleted(w Window, site string, cookies []Cookie, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil {
		return
	}
	session, changed := s.windows[w].active, false
	was, o := session.state(now), b.newCause(FromScript, "", now)
	for i := range cookies {
		changed = session.deleteCookie(cookies[i].key(), o) || changed
	}
	b.notifyChange(session, w, was, changed, now)
}

// deleteCookiesOf deletes all cookies of the registrable domain of a host from the session.
// It reports whether there were any.
func (s *session) deleteCookiesOf(host string, o cause) bool {
	lost := false
	for _, h := range slices.Clone(s.cookies) {
		if registrable(h.host()) == registrable(host) {
			lost = s.deleteCookie(h.key(), o) || lost
		}
	}
	return lost
}

// cleared notes that a response to a session cleared the jar of a host. It reports whether
// another session is forced there, which lost its cookies by that.
func (p *windowState) cleared(by *session, host string, now time.Time) bool {
	if p == nil || p.active == nil || p.active == by {
		return false
	}
	lost := false
	for _, c := range p.active.present(now) {
		if registrable(c.host()) == registrable(host) {
			p.noteMissing(c.key())
			lost = true
		}
	}
	return lost
}

func (p *windowState) noteMissing(k key) {
	if p.missing == nil {
		p.missing = map[key]bool{}
	}
	p.missing[k] = true
}

// noteSet notes what a jar took for its active session.
func (p *windowState) noteSet(set []Cookie, now time.Time) {
	for i := range set {
		if c := &set[i]; !c.Expired(now) && p.active.find(c.key()) != nil {
			if p.seenInJar == nil {
				p.seenInJar = map[key]bool{}
			}
			p.seenInJar[c.key()] = true
		}
	}
}

// noteJar notes which of its active session's cookies a jar has.
func (p *windowState) noteJar(jar []Cookie) {
	if p.active == nil {
		return
	}
	for i := range jar {
		k := jar[i].key()
		if p.seenInJar[k] && !p.missing[k] || p.active.find(k) == nil {
			continue
		}
		delete(p.missing, k)
		if p.seenInJar == nil {
			p.seenInJar = map[key]bool{}
		}
		p.seenInJar[k] = true
	}
}

// noteComplete notes that a jar has all of its active session.
func (p *windowState) noteComplete(now time.Time) {
	if p.active == nil {
		return
	}
	list := p.active.present(now)
	if len(list) == len(p.seenInJar) && !slices.ContainsFunc(list, func(c Cookie) bool { return !p.seenInJar[c.key()] }) {
		return // mostly so
	}
	p.seenInJar = make(map[key]bool, len(list))
	for i := range list {
		p.seenInJar[list[i].key()] = true
	}
}

// deletesByEmptyValue reports whether a response drops a token by giving it an empty value, as some
// sites do at a logout. From then on an empty one of that name means nothing. A token that
// is empty from the start is a value like any other.
func (s *session) deletesByEmptyValue(c *Cookie, kind Kind) bool {
	if kind != Token || !s.isEmptyDeletion(c) {
		return false
	}
	if !s.site.emptied[c.Name] {
		if s.site.emptied == nil {
			s.site.emptied = map[string]bool{}
		}
		s.site.emptied[c.Name] = true
		s.site.kindsVersion++ // what was read before may be read otherwise
	}
	return true
}

// isEmptyDeletion reports whether a token of a response has the empty value in place of another.
func (s *session) isEmptyDeletion(c *Cookie) bool {
	if c.Value != "" || s.site.emptied[c.Name] {
		return c.Value == ""
	}
	old := s.find(c.key())
	return old != nil && old.Value != ""
}

// hasTokenNear reports whether the session has a token that Clear-Site-Data of a host takes.
func (s *session) hasTokenNear(host string) bool {
	return slices.ContainsFunc(s.cookies, func(h *sessionCookie) bool { return h.kind == Token && registrable(h.host()) == registrable(host) })
}

// isEmptied reports a cookie that a logout has left empty.
func (s *site) isEmptied(name, value string) bool { return value == "" && s.emptied[name] }

// IsOfJar reports whether all cookies that a request was sent with are ones that the
// browser found in the jar for it: else something else has written others.
func (r *Request) IsOfJar() bool {
	l, ok := locate(r.URL)
	for c := range cookiePairs(r.Header) {
		if ok && c.name+c.value != "" && inJar(pair{c.name, c.value}, r.Jar, &l) == nil {
			return false
		}
	}
	return true
}

// Trustworthy reports whether the browser takes a URL for secure: https, and this machine.
func Trustworthy(rawURL string) bool {
	l, ok := locate(rawURL)
	return ok && trustworthy(&l)
}
