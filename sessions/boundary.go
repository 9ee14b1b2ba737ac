package sessions

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// boundary says where one site ends and another begins: a scope, and the
// exceptions to it that a person made. In ScopeDomain an exception is a host or
// host:port that is split off, a host with its sub-domains; in ScopeHost it is a
// registrable domain whose hosts are joined. A boundary is never changed, only
// replaced.
type boundary struct {
	scope      Scope
	exceptions []string
}

// site returns the site of a location.
func (c *boundary) site(l *location) string {
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
func (c *boundary) perPort() bool {
	return c.scope == ScopeHost || slices.ContainsFunc(c.exceptions, func(e string) bool {
		_, port := splitPort(e)
		return port != ""
	})
}

// shares reports whether sites may share a cookie of the jar: it knows no ports and no
// split hosts.
func (c *boundary) shares() bool { return c.scope == ScopeHost || len(c.exceptions) > 0 }

// contains reports whether a cookie of the jar belongs to a site: is sent to it
// and, in ScopeDomain, not to a host that is split off alone.
func (c *boundary) contains(site string, cookie *Cookie) bool {
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

// BoundaryError reports a site that cannot be split off or joined.
type BoundaryError struct{ Name, Problem string }

func (e *BoundaryError) Error() string { return fmt.Sprintf("%q %s", e.Name, e.Problem) }

// Exceptions lists the hosts that were split off (ScopeDomain) or the domains
// that were joined (ScopeHost).
func (b *Book) Exceptions() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.boundary.exceptions)
}

// SetExceptions replaces the exceptions, before anything is booked.
func (b *Book) SetExceptions(names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.setBoundary(slices.Clone(names))
}

// SplitSite makes a host (with its sub-domains), or a host:port, a site of its own;
// in ScopeHost it splits a domain that was joined. Sessions with cookies of it
// go on there under their names. It returns the name of the site. The jars are
// out of sync afterwards where one of the sites is forced.
func (b *Book) SplitSite(text string, now time.Time) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, l, err := parseSiteName(text)
	if err != nil {
		return "", err
	}
	if b.boundary.scope == ScopeHost {
		return b.dropException(registrable(l.host), "is not joined; each host:port is a site already", now)
	}
	if name == registrable(l.host) || slices.Contains(b.boundary.exceptions, name) {
		return "", &BoundaryError{name, "is a site of its own already"}
	}
	whole := b.sites[b.boundary.site(&l)]
	err = b.addException(name, now)
	if whole != nil {
		b.ensureSite(name).copyNames(whole)
	}
	return name, err
}

// copyNames takes over what a person said of the names of the site that this one
// was part of.
func (s *site) copyNames(whole *site) {
	for _, name := range whole.tokens {
		if _, known := s.kinds[name]; !known {
			s.tokens = append(s.tokens, name)
			s.kinds[name] = whole.kinds[name]
		}
	}
	maps.Copy(s.removed, whole.removed)
	s.headers.named, s.headers.order = maps.Clone(whole.headers.named), slices.Clone(whole.headers.order)
	s.kindsChanged()
}

// JoinSite undoes a split; in ScopeHost it makes one site of all hosts of a
// registrable domain. It returns the name of the site that remains.
func (b *Book) JoinSite(text string, now time.Time) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, l, err := parseSiteName(text)
	if err != nil {
		return "", err
	}
	domain := registrable(l.host)
	if b.boundary.scope != ScopeHost {
		_, err := b.dropException(name, "was not split off", now)
		return domain, err
	}
	if slices.Contains(b.boundary.exceptions, domain) {
		return "", &BoundaryError{domain, "is joined already"}
	}
	return domain, b.addException(domain, now)
}

// parseSiteName reads HOST or HOST:PORT, or a URL.
func parseSiteName(text string) (string, location, error) {
	normal, err := NormalizeURL(text)
	l, ok := locate(normal)
	if err != nil || !ok {
		return "", l, &BoundaryError{text, "is not a host or HOST:PORT"}
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
	b.setBoundary(append(slices.Clone(b.boundary.exceptions), name))
	b.moveToSites(now)
	return nil
}

func (b *Book) dropException(name, problem string, now time.Time) (string, error) {
	i := slices.Index(b.boundary.exceptions, name)
	if i < 0 {
		return "", &BoundaryError{name, problem}
	}
	b.setBoundary(slices.Delete(slices.Clone(b.boundary.exceptions), i, i+1))
	b.moveToSites(now)
	return name, nil
}

func (b *Book) setBoundary(exceptions []string) {
	b.boundary = &boundary{b.boundary.scope, exceptions}
	clear(b.hosts)
}

// SharesJar reports whether sites may share a cookie of the jar: in ScopeHost,
// and where one was split off.
func (b *Book) SharesJar() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.boundary.shares()
}

// moveToSites moves every cookie to the site that it belongs to now, into a session of
// the same name there. What is no longer a site is removed.
func (b *Book) moveToSites(now time.Time) {
	for _, s := range slices.Clone(b.order) {
		for _, session := range slices.Clone(s.sessions) {
			b.moveCookies(session, now)
		}
		if l := (location{host: hostOf(s.name), port: portOf(s.name)}); b.boundary.site(&l) != s.name {
			b.removeSite(s)
		}
	}
	b.dropMovedStorage()
	b.dropMovedHeaders()
}

func hostOf(site string) string { host, _ := splitPort(site); return host }
func portOf(site string) string { _, port := splitPort(site); return port }

func (b *Book) moveCookies(of *session, now time.Time) {
	from, moved := of.site, map[*site]*session{}
	o := b.newCause(FromUser, "", now)
	for _, h := range slices.Clone(of.cookies) {
		for _, name := range b.sitesOfCookie(&h.Cookie, from) {
			if name == from.name {
				continue
			}
			to := b.listSite(name)
			if to.kinds[h.Name] == NotToken {
				b.addToken(to, h.Name, h.kind)
			}
			there := moved[to]
			if there == nil {
				there = b.counterpart(to, of)
				moved[to] = there
			}
			there.copyHistory(of, h)
			there.record(o, there.set(h.Cookie, to.kind(h.Name), h.seq), nil) // its creation order goes with it
		}
		if !b.boundary.contains(from.name, &h.Cookie) {
			of.removeCookie(h.key())
		}
	}
	if len(moved) > 0 && len(of.cookies) == 0 && !of.named && !of.activeSomewhere() {
		b.removeSession(of) // it is all there
	}
}

// sitesOfCookie names the sites that a cookie of a site belongs to.
func (b *Book) sitesOfCookie(c *Cookie, from *site) []string {
	candidates := append(slices.Clone(b.boundary.exceptions), from.hosts...)
	if b.boundary.scope != ScopeHost {
		candidates = append(candidates, registrable(c.host()))
	}
	var names []string
	for _, name := range candidates {
		if !slices.Contains(names, name) && b.boundary.contains(name, c) {
			names = append(names, name)
		}
	}
	return names
}

// copyHistory takes over what another session remembers of a cookie that moves here.
func (s *session) copyHistory(of *session, h *sessionCookie) {
	s.addEarlier(slices.DeleteFunc(slices.Clone(of.earlier), func(p pair) bool { return p.name != h.Name }))
	for _, c := range of.changes {
		if c.key() == h.key() {
			s.changeCount++
			c.number = s.changeCount
			s.forgetOldest(&c)
			s.changes = append(s.changes, c)
		}
	}
	s.isLogin, s.isVisitor = s.isLogin || of.isLogin, of.isVisitor
}

// counterpart is the session on another site that has the other part of this one, or one that a
// person gave the same name, unless it has other values; else a new one. It is
// active where the other one is.
func (b *Book) counterpart(to *site, of *session) *session {
	if of.splitID == 0 {
		of.splitID = b.nextSeq()
	}
	if i := slices.IndexFunc(to.sessions, func(s *session) bool { return s.splitID == of.splitID && !s.differs(of) }); i >= 0 {
		return to.sessions[i]
	}
	name := ""
	if of.named {
		name = of.name
	}
	if session := to.names[name]; session != nil {
		if session.named && !session.differs(of) {
			return session
		}
		if name += " (" + of.site.name + ")"; to.names[name] != nil {
			name = ""
		}
	}
	session := to.newSession(name)
	session.splitID = of.splitID
	for w, p := range of.site.windows {
		if p.active == of {
			window := to.inWindow(w)
			window.active, window.last, window.restore = session, session, &restorePoint{session: session}
		}
		if p.last == of {
			to.inWindow(w).last = session
		}
	}
	b.notify(session.event(SessionNew))
	return session
}

// differs reports whether two sessions have a cookie of other values.
func (s *session) differs(other *session) bool {
	return slices.ContainsFunc(other.cookies, func(h *sessionCookie) bool {
		own := s.find(h.key())
		return own != nil && own.Value != h.Value
	})
}

// removeSite takes a site out of the book.
func (b *Book) removeSite(s *site) {
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
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil {
		return nil
	}
	return b.clashes(w, s, now)
}

func (b *Book) clashes(w Window, s *site, now time.Time) []string {
	var list []string
	for _, other := range b.order {
		if p := other.windows[w]; other != s && p != nil && p.active != nil && s.windows[w].active.clashes(p.active, now) {
			list = append(list, other.name)
		}
	}
	return list
}

// warnClashes reports a forced session that now shares a cookie of the jar with
// another site's, once for each two sites.
func (b *Book) warnClashes(s *session, now time.Time) {
	if !b.boundary.shares() {
		return
	}
	for w, p := range s.site.windows {
		if p.active != s {
			continue
		}
		for _, other := range b.clashes(w, s.site, now) {
			pair := [2]string{min(s.site.name, other), max(s.site.name, other)}
			if b.reportedClashes[pair] {
				continue
			}
			if b.reportedClashes == nil {
				b.reportedClashes = map[[2]string]bool{}
			}
			b.reportedClashes[pair] = true
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
