package sessions

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cutting says where one site ends and another begins: a scope, and the
// exceptions to it that a person made. In ScopeDomain an exception is a host or
// host:port that is split off, a host with its sub-domains; in ScopeHost it is a
// registrable domain whose hosts are joined. A cutting is never changed, only
// replaced.
type cutting struct {
	scope      Scope
	exceptions []string
}

// site returns the site of a location.
func (c *cutting) site(l *location) string {
	if len(c.exceptions) == 0 {
		return c.scope.site(*l)
	}
	if c.scope == ScopeHost {
		if domain := registrable(l.host); slices.Contains(c.exceptions, domain) {
			return domain
		}
		return c.scope.site(*l)
	}
	best := ""
	for _, exception := range c.exceptions {
		host, port := splitPort(exception)
		if under(l.host, host) && (port == "" || port == l.port) && len(exception) > len(best) {
			best = exception
		}
	}
	if best != "" {
		return best
	}
	return c.scope.site(*l)
}

// perPort reports whether the port of a URL matters.
func (c *cutting) perPort() bool {
	return c.scope == ScopeHost || slices.ContainsFunc(c.exceptions, func(e string) bool {
		_, port := splitPort(e)
		return port != ""
	})
}

// shares reports whether sites may share a cookie of the jar, which does not know
// what tells them apart.
func (c *cutting) shares() bool { return c.scope == ScopeHost || len(c.exceptions) > 0 }

// holds reports whether a cookie of the jar belongs to a site: is sent to it
// and, in ScopeDomain, not to a host that is split off alone.
func (c *cutting) holds(site string, cookie *Cookie) bool {
	own := slices.Contains(c.exceptions, site)
	host, _ := splitPort(site)
	switch {
	case c.scope == ScopeHost && !own:
		return cookie.coversHost(host)
	case c.scope != ScopeHost && own:
		return cookie.coversHost(host) || under(cookie.host(), host)
	case registrable(cookie.host()) != site:
		return false
	case c.scope == ScopeHost:
		return true
	}
	return !slices.ContainsFunc(c.exceptions, func(e string) bool {
		host, port := splitPort(e)
		return port == "" && under(cookie.host(), host)
	})
}

// under reports whether a host is a domain or one of its sub-domains.
func under(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// splitPort takes the name of a site apart; the port is "" when it has none.
func splitPort(site string) (host, port string) {
	i := strings.LastIndexByte(site, ':')
	if i < 0 || isIP(site) {
		return site, ""
	}
	return cleanHost(site[:i]), site[i+1:]
}

// CutError reports a site that cannot be split off or joined.
type CutError struct{ Name, Problem string }

func (e *CutError) Error() string { return fmt.Sprintf("%q %s", e.Name, e.Problem) }

// Exceptions lists the hosts that were split off (ScopeDomain) or the domains
// that were joined (ScopeHost).
func (b *Book) Exceptions() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.cutting.exceptions)
}

// SetExceptions replaces the exceptions, before anything is booked.
func (b *Book) SetExceptions(names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recut(slices.Clone(names))
}

// Split makes a host (with its sub-domains), or a host:port, a site of its own;
// in ScopeHost it parts a domain that was joined. Sessions with cookies of it
// go on there under their names. It returns the name of the site. The jars are
// out of step afterwards where one of the sites is forced.
func (b *Book) SplitSite(text string, now time.Time) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, l, err := cutName(text)
	if err != nil {
		return "", err
	}
	if b.cutting.scope == ScopeHost {
		return b.dropException(registrable(l.host), "is not joined; each host:port is a site already", now)
	}
	if name == registrable(l.host) || slices.Contains(b.cutting.exceptions, name) {
		return "", &CutError{name, "is a site of its own already"}
	}
	whole := b.sites[b.cutting.site(&l)]
	err = b.addException(name, now)
	if whole != nil {
		b.page(name).inherit(whole)
	}
	return name, err
}

// inherit takes over what a person said of the names of the site that this one
// was part of.
func (s *site) inherit(whole *site) {
	for _, name := range whole.tokens {
		if _, known := s.kinds[name]; !known {
			s.tokens = append(s.tokens, name)
			s.kinds[name] = whole.kinds[name]
		}
	}
	maps.Copy(s.removed, whole.removed)
	s.headers.named, s.headers.order = maps.Clone(whole.headers.named), slices.Clone(whole.headers.order)
	s.forgetNames()
}

// JoinSite takes a split back; in ScopeHost it makes one site of all hosts of a
// registrable domain. It returns the name of the site that is left.
func (b *Book) JoinSite(text string, now time.Time) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, l, err := cutName(text)
	if err != nil {
		return "", err
	}
	domain := registrable(l.host)
	if b.cutting.scope != ScopeHost {
		_, err := b.dropException(name, "was not split off", now)
		return domain, err
	}
	if slices.Contains(b.cutting.exceptions, domain) {
		return "", &CutError{domain, "is joined already"}
	}
	return domain, b.addException(domain, now)
}

// cutName reads HOST or HOST:PORT, or a URL.
func cutName(text string) (string, location, error) {
	normal, err := NormalizeURL(text)
	l, ok := locate(normal)
	if err != nil || !ok {
		return "", l, &CutError{text, "is not a host or HOST:PORT"}
	}
	name := l.host
	rest := text
	if _, after, ok := strings.Cut(text, "://"); ok {
		rest = after
	}
	authority, _, _ := strings.Cut(rest, "/")
	if _, port := splitPort(authority); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err == nil {
			name = bracketed(l.host) + ":" + l.port
		}
	}
	return name, l, nil
}

func (b *Book) addException(name string, now time.Time) error {
	b.recut(append(slices.Clone(b.cutting.exceptions), name))
	b.move(now)
	return nil
}

func (b *Book) dropException(name, problem string, now time.Time) (string, error) {
	i := slices.Index(b.cutting.exceptions, name)
	if i < 0 {
		return "", &CutError{name, problem}
	}
	b.recut(slices.Delete(slices.Clone(b.cutting.exceptions), i, i+1))
	b.move(now)
	return name, nil
}

func (b *Book) recut(exceptions []string) {
	b.cutting = &cutting{b.cutting.scope, exceptions}
	clear(b.hosts)
}

// SharesJar reports whether sites may share a cookie of the jar: in ScopeHost,
// and where one was split off.
func (b *Book) SharesJar() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cutting.shares()
}

// move takes every cookie to the site that it belongs to by now, to a session
// of the same name there. A site that is no site any more goes.
func (b *Book) move(now time.Time) {
	for _, s := range slices.Clone(b.order) {
		for _, session := range slices.Clone(s.sessions) {
			b.moveCookies(session, now)
		}
		if l := (location{host: hostOf(s.name), port: portOf(s.name)}); b.cutting.site(&l) != s.name {
			b.dissolve(s)
		}
	}
	b.leaveStorage()
	b.leaveHeaders()
}

func hostOf(site string) string { host, _ := splitPort(site); return host }
func portOf(site string) string { _, port := splitPort(site); return port }

func (b *Book) moveCookies(of *session, now time.Time) {
	from, moved := of.site, map[*site]*session{}
	o := b.origin(FromUser, "", now)
	for _, h := range slices.Clone(of.cookies) {
		for _, name := range b.holders(&h.Cookie, from) {
			if name == from.name {
				continue
			}
			to := b.makeSite(name)
			if to.kinds[h.Name] == NotToken {
				b.addToken(to, h.Name, h.kind)
			}
			there := moved[to]
			if there == nil {
				there = b.namesake(to, of)
				moved[to] = there
			}
			there.remembers(of, h)
			there.log(o, there.set(h.Cookie, to.kind(h.Name), h.age), nil) // its age goes with it
		}
		if !b.cutting.holds(from.name, &h.Cookie) {
			of.drop(h.key())
		}
	}
	if len(moved) > 0 && len(of.cookies) == 0 && !of.given && !of.activeSomewhere() {
		b.discardFor(of) // it is all there
	}
}

// holders names the sites that a cookie of a site belongs to.
func (b *Book) holders(c *Cookie, from *site) []string {
	candidates := append(slices.Clone(b.cutting.exceptions), from.hosts...)
	if b.cutting.scope != ScopeHost {
		candidates = append(candidates, registrable(c.host()))
	}
	var names []string
	for _, name := range candidates {
		if !slices.Contains(names, name) && b.cutting.holds(name, c) {
			names = append(names, name)
		}
	}
	return names
}

// remembers takes over what another session remembers of a cookie that moves here.
func (s *session) remembers(of *session, h *held) {
	s.inherit(slices.DeleteFunc(slices.Clone(of.past), func(p pair) bool { return p.name != h.Name }))
	for _, c := range of.changes {
		if c.key() == h.key() {
			s.counted++
			c.number = s.counted
			s.forgetOldest(&c)
			s.changes = append(s.changes, c)
		}
	}
	s.somebody, s.visitor = s.somebody || of.somebody, of.visitor
}

// namesake is the session on a site that this one was part of, or one that a
// person gave the same name, unless it has other values; else a new one. It is
// active where the other one is.
func (b *Book) namesake(to *site, of *session) *session {
	if of.kin == 0 {
		of.kin = b.nextAge()
	}
	if i := slices.IndexFunc(to.sessions, func(s *session) bool { return s.kin == of.kin && !s.differs(of) }); i >= 0 {
		return to.sessions[i]
	}
	name := ""
	if of.given {
		name = of.name
	}
	if session := to.names[name]; session != nil {
		if session.given && !session.differs(of) {
			return session
		}
		if name += " (" + of.site.name + ")"; to.names[name] != nil {
			name = ""
		}
	}
	session := to.newSession(name)
	session.kin = of.kin
	for w, p := range of.site.places {
		if p.active == of {
			place := to.place(w)
			place.active, place.last, place.before = session, session, &before{session: session}
		}
		if p.last == of {
			to.place(w).last = session
		}
	}
	b.notify(session.event(SessionNew))
	return session
}

// differs reports whether two sessions have a cookie of other values.
func (s *session) differs(other *session) bool {
	return slices.ContainsFunc(other.cookies, func(h *held) bool {
		own := s.find(h.key())
		return own != nil && own.Value != h.Value
	})
}

// dissolve takes a site out of the book.
func (b *Book) dissolve(s *site) {
	for _, session := range slices.Clone(s.sessions) {
		session.remove()
	}
	delete(b.sites, s.name)
	b.order = slices.DeleteFunc(b.order, func(other *site) bool { return other == s })
}

// Clashes lists the other sites that are forced in a window and share a cookie
// of the jar with a site, to other values: what cannot be paused carries the
// cookie of the one that was forced last.
func (b *Book) Clashes(w Window, site string, now time.Time) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.places[w] == nil || s.places[w].active == nil {
		return nil
	}
	return b.clashes(w, s, now)
}

func (b *Book) clashes(w Window, s *site, now time.Time) []string {
	var list []string
	for _, other := range b.order {
		if p := other.places[w]; other != s && p != nil && p.active != nil && s.places[w].active.clashes(p.active, now) {
			list = append(list, other.name)
		}
	}
	return list
}

// warnClashes tells where a forced session has come to share a cookie of the jar
// with another site's, once for each two sites.
func (b *Book) warnClashes(s *session, now time.Time) {
	if !b.cutting.shares() {
		return
	}
	for w, p := range s.site.places {
		if p.active != s {
			continue
		}
		for _, other := range b.clashes(w, s.site, now) {
			pair := [2]string{min(s.site.name, other), max(s.site.name, other)}
			if b.clashed[pair] {
				continue
			}
			if b.clashed == nil {
				b.clashed = map[[2]string]bool{}
			}
			b.clashed[pair] = true
			b.notify(Event{Kind: SitesClash, Site: s.site.name, Window: w, Text: other})
		}
	}
}

func (s *session) clashes(other *session, now time.Time) bool {
	return slices.ContainsFunc(s.present(now), func(c Cookie) bool {
		h := other.find(c.key())
		return h != nil && h.Value != c.Value
	})
}
