package sessions

import (
	"cmp"
	"slices"
	"time"
)

// JarChanged books a cookie that a window's jar took, or lost (an expired one, with the
// value it had), where no event says which response or script did it. It is recorded in
// the window's active or last session, unless the value is another session's. It
// returns the site and, like [Book.Received], the windows whose jars are out of sync.
func (b *Book) JarChanged(w Window, c Cookie, now time.Time) (string, []Window) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := b.boundary.site(&location{host: c.host()})
	s := b.sites[name]
	if b.options.Scope == ScopeHost || !b.observesCookie(&c) || s == nil && b.defaults.kind(c.Name) == NotToken {
		return "", nil
	}
	if s == nil || !s.seen {
		s = b.listSite(name)
	}
	b.detect(s, c.Name)
	kind, p := s.kind(c.Name), s.inWindow(w)
	if kind == NotToken {
		return "", nil
	}
	s.last = now
	if c.Expired(now) {
		return name, b.jarLost(p, w, &c, now)
	}
	session := p.active
	if session == nil {
		session = p.lastUnlessLoggedOut(now)
	}
	if session != nil && session.deletesByEmptyValue(&c, kind) {
		was := session.state(now)
		changed := session.deleteCookie(c.key(), b.newCause(FromJar, "", now))
		b.notifyChange(session, w, was, changed, now)
		return name, s.outOfSync(session, w, changed, nil, now)
	}
	if s.isEmptied(c.Name, c.Value) {
		return name, nil
	}
	if kind == Token && s.isForeignValue(session, c.pair()) {
		return name, s.jarTook(p, w, &c)
	}
	if session == nil && kind == Carried {
		return "", nil // no session's yet; the login that follows finds it in the jar
	}
	if session == nil {
		session = s.anonymous
	}
	if session == nil {
		session = s.newSession("")
	}
	was := session.state(now)
	changed := b.learn(session, c, kind, b.newCause(FromJar, "", now))
	session.last, p.last = now, session
	b.notifyChange(session, w, was, changed, now)
	b.warnClashes(session, now)
	if duplicate := session.duplicate(); duplicate != nil {
		b.mergeDuplicates(session, duplicate)
	}
	return name, s.outOfSync(session, w, changed, nil, now)
}

// Visited makes the site of a page known where no request of it is reported.
func (b *Book) Visited(rawURL string) {
	l, ok := locate(rawURL)
	if !ok || !b.Observes(rawURL) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.learnSite(&l)
}

// jarLost books a cookie that a jar lost. What its session does not
// have was deleted by a write of the mirror.
func (b *Book) jarLost(p *windowState, w Window, c *Cookie, now time.Time) []Window {
	session := cmp.Or(p.active, p.last)
	if session == nil || session.find(c.key()) == nil || !session.hasValue(c.pair()) {
		return nil
	}
	was := session.state(now)
	changed := session.deleteCookie(c.key(), b.newCause(FromJar, "", now))
	b.notifyChange(session, w, was, changed, now)
	return session.site.outOfSync(session, w, changed, nil, now)
}

// isForeignValue reports whether a value is, or was, of other sessions than this, which never
// had it.
func (s *site) isForeignValue(session *session, p pair) bool {
	return s.known(p) && (session == nil || !session.hasValue(p) && !session.hadValue(p))
}

// jarTook notes that a jar took another session's value: where one is forced the jar is
// out of sync, else it has that other one's cookies now.
func (s *site) jarTook(p *windowState, w Window, c *Cookie) []Window {
	if p.active != nil {
		return []Window{w}
	}
	var holder *session
	for candidate := range s.values.of(c.pair()) {
		if candidate.hasValue(c.pair()) && (holder == nil || candidate.id < holder.id) {
			holder = candidate
		}
	}
	if holder == nil && p.last != nil && p.last.hadValue(c.pair()) {
		holder = p.last
	}
	p.last = cmp.Or(holder, p.last)
	return nil
}

// JarChanges lists the cookies that a jar took and lost between two looks at it, as
// [Book.JarChanged] takes them.
func JarChanges(before, after []Cookie) []Cookie {
	was := map[key]Cookie{}
	for i := range before {
		was[before[i].key()] = before[i]
	}
	var list []Cookie
	for _, c := range after {
		if old, had := was[c.key()]; !had || old != c { // another date of expiry counts, too
			list = append(list, c)
		}
		delete(was, c.key())
	}
	lost := slices.DeleteFunc(slices.Clone(before), func(c Cookie) bool { _, gone := was[c.key()]; return !gone })
	for _, c := range lost {
		c.Expires = time.Unix(1, 0)
		list = append(list, c)
	}
	return list
}
