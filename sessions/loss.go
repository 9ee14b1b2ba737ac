package sessions

import (
	"slices"
	"time"
)

// Missing lists the cookies of a window's active session that its jar had and has no
// more, though nothing that was told says why. Whoever reads the jar finds out who took
// them: see [Loss].
func (b *Book) Missing(w Window, site string, jar []Cookie, now time.Time) []Cookie {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.places[w] == nil || s.places[w].active == nil {
		return nil
	}
	p := s.places[w]
	return slices.DeleteFunc(p.active.present(now), func(c Cookie) bool {
		return !p.had[c.key()] || p.taken[c.key()] || slices.ContainsFunc(jar, func(other Cookie) bool { return other.key() == c.key() })
	})
}

// Loss is what is known of cookies that a jar lost.
type Loss struct {
	Missing []Cookie
	// Cleared says that cookies of other sites went with them.
	Cleared bool
	// Full says that the jar has as many of the site as a browser keeps, so that some had
	// to go.
	Full bool
	// Late says that an answer to another session may have taken them, and is not told yet.
	Late bool
}

// Ends reports whether the loss ends the session, as a logout does: a script of the site
// may have taken what it may see, and nothing speaks for another cause. What is lost
// otherwise is to be put back.
func (l Loss) Ends() bool {
	return len(l.Missing) > 0 && !l.Cleared && !l.Full && !l.Late && !slices.ContainsFunc(l.Missing, func(c Cookie) bool { return c.HTTPOnly })
}

// Cause says it in words.
func (l Loss) Cause() string {
	switch {
	case l.Cleared:
		return "the browser's cookies were cleared"
	case l.Full:
		return "the browser keeps at most 180 cookies of a site"
	case l.Late:
		return "an answer to another session may have taken them"
	}
	return "nothing that was told took them"
}

// Dropped books that a script took cookies of the active session.
func (b *Book) Dropped(w Window, site string, cookies []Cookie, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.places[w] == nil || s.places[w].active == nil {
		return
	}
	session, changed := s.places[w].active, false
	was, o := session.state(now), b.origin(FromScript, "", now)
	for i := range cookies {
		changed = session.lose(cookies[i].key(), o) || changed
	}
	b.tell(session, w, was, changed, now)
}

// loseNear takes all cookies from the session that the registrable domain of a host has.
// It reports whether there were any.
func (s *session) loseNear(host string, o origin) bool {
	lost := false
	for _, h := range slices.Clone(s.cookies) {
		if registrable(h.host()) == registrable(host) {
			lost = s.lose(h.key(), o) || lost
		}
	}
	return lost
}

// cleared notes that an answer to a session cleared the jar of a host. It reports whether
// another session is forced there, which lost its cookies by that.
func (p *place) cleared(by *session, host string, now time.Time) bool {
	if p == nil || p.active == nil || p.active == by {
		return false
	}
	lost := false
	for _, c := range p.active.present(now) {
		if registrable(c.host()) == registrable(host) {
			p.takes(c.key())
			lost = true
		}
	}
	return lost
}

func (p *place) takes(k key) {
	if p.taken == nil {
		p.taken = map[key]bool{}
	}
	p.taken[k] = true
}

// hasTaken notes what a jar took for its active session.
func (p *place) hasTaken(set []Cookie, now time.Time) {
	for i := range set {
		if c := &set[i]; !c.Expired(now) && p.active.find(c.key()) != nil {
			if p.had == nil {
				p.had = map[key]bool{}
			}
			p.had[c.key()] = true
		}
	}
}

// hasSome notes which of its active session's cookies a jar has.
func (p *place) hasSome(jar []Cookie) {
	if p.active == nil {
		return
	}
	for i := range jar {
		k := jar[i].key()
		if p.had[k] && !p.taken[k] || p.active.find(k) == nil {
			continue
		}
		delete(p.taken, k)
		if p.had == nil {
			p.had = map[key]bool{}
		}
		p.had[k] = true
	}
}

// hasAll notes that a jar has all of its active session.
func (p *place) hasAll(now time.Time) {
	if p.active == nil {
		return
	}
	list := p.active.present(now)
	if len(list) == len(p.had) && !slices.ContainsFunc(list, func(c Cookie) bool { return !p.had[c.key()] }) {
		return // mostly so
	}
	p.had = make(map[key]bool, len(list))
	for i := range list {
		p.had[list[i].key()] = true
	}
}

// empties reports whether a response drops a token by giving it an empty value, as some
// sites do at a logout. From then on an empty one of that name tells nothing. A token that
// is empty from the start is a value like any other.
func (s *session) empties(c *Cookie, kind Kind) bool {
	if kind != Token || !s.isLeftEmpty(c) {
		return false
	}
	if !s.site.emptied[c.Name] {
		if s.site.emptied == nil {
			s.site.emptied = map[string]bool{}
		}
		s.site.emptied[c.Name] = true
		s.site.renamed++ // what was read before may be read otherwise
	}
	return true
}

// isLeftEmpty reports whether a token of a response has the empty value in place of one that
// tells something.
func (s *session) isLeftEmpty(c *Cookie) bool {
	if c.Value != "" || s.site.emptied[c.Name] {
		return c.Value == ""
	}
	old := s.find(c.key())
	return old != nil && old.Value != ""
}

// hasTokenNear reports whether the session has a token that Clear-Site-Data of a host takes.
func (s *session) hasTokenNear(host string) bool {
	return slices.ContainsFunc(s.cookies, func(h *held) bool { return h.kind == Token && registrable(h.host()) == registrable(host) })
}

// isEmptied reports a cookie that a logout has left empty.
func (s *site) isEmptied(name, value string) bool { return value == "" && s.emptied[name] }

// IsOfJar reports whether all cookies that a request was sent with are ones that the
// browser found in the jar for it: else somebody has written others.
func (r *Request) IsOfJar() bool {
	l, ok := locate(r.URL)
	for c := range crumbs(r.Header) {
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
