package sessions

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Plan is what brings a jar in sync with the book. The empty Plan says that it
// is.
type Plan struct {
	Set    []Cookie
	Delete []Cookie
}

// Empty reports whether there is nothing to do.
func (p Plan) Empty() bool { return len(p.Set) == 0 && len(p.Delete) == 0 }

// PlanJar compares the jar of a window with what it must have for a site: the
// active session's cookies, or, after an Unset, the present cookies of the
// session whose cookies the jar had before forcing began (none when that one is
// logged out or gone; the raw old ones where no session ever had them). Other
// cookies are not touched. Call it again with the jar read back, until the plan
// is empty.
func (b *Book) PlanJar(w Window, site string, jar []Cookie, now time.Time) Plan {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil {
		return Plan{}
	}
	p := s.windows[w]
	if p.active == nil && p.restore == nil {
		return Plan{}
	}
	plan := b.compare(s, p.wanted(now), jar, now)
	p.noteJar(jar)
	if plan.Empty() {
		p.missing, p.inSync = nil, p.active != nil
		p.noteComplete(now)
		if p.active == nil {
			p.restore = nil
		}
	}
	return plan
}

// CompareJar is the plan for the jar of a window where a session is forced. Unlike
// [Book.PlanJar] it changes nothing in the book.
func (b *Book) CompareJar(w Window, site string, jar []Cookie, now time.Time) Plan {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil {
		return Plan{}
	}
	return b.compare(s, s.windows[w].wanted(now), jar, now)
}

// RestorableCookies lists the cookies that a window gets back for a site once nothing is
// forced there: the present ones of the session that its jar was on before. known is false
// where nothing is forced, and where that is no session, or one that has ended.
func (b *Book) RestorableCookies(w Window, site string, now time.Time) (list []Cookie, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].restore == nil {
		return nil, false
	}
	session := s.windows[w].restore.session
	if session == nil || !session.hasTokens(now) {
		return nil, false
	}
	return session.present(now), true
}

// JarWritten books that a jar was written: what a plan would still set, Chrome refuses.
func (b *Book) JarWritten(w Window, site string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.sites[site]; s != nil && s.windows[w] != nil {
		s.windows[w].missing, s.windows[w].inSync = nil, true
	}
}

// wanted lists the cookies that the jar of a window must have.
func (p *windowState) wanted(now time.Time) []Cookie {
	switch {
	case p.active != nil:
		return p.active.present(now)
	case p.restore.session == nil:
		return p.restore.raw
	case !p.restore.session.hasTokens(now):
		return nil
	}
	return p.restore.session.present(now)
}

func (s *session) present(now time.Time) []Cookie {
	var list []Cookie
	for _, h := range s.cookies {
		if !h.Expired(now) {
			list = append(list, h.Cookie)
		}
	}
	return list
}

func (b *Book) compare(s *site, wanted, jar []Cookie, now time.Time) Plan {
	var plan Plan
	for _, c := range jar {
		if s.kind(c.Name) == NotToken || !b.boundary.contains(s.name, &c) || unreachable(c.Path) {
			continue
		}
		if s.isEmptied(c.Name, c.Value) {
			continue
		}
		if !slices.ContainsFunc(wanted, func(want Cookie) bool { return want.key() == c.key() }) {
			plan.Delete = append(plan.Delete, c)
		}
	}
	for _, want := range wanted {
		has := slices.ContainsFunc(jar, func(c Cookie) bool { return c.key() == want.key() && c.Value == want.Value })
		if !has && !want.Expired(now) && !unreachable(want.Path) {
			plan.Set = append(plan.Set, want)
		}
	}
	return plan
}

// unreachable reports a cookie path that no request has, since Chrome writes it
// otherwise in URLs. The cookie is never sent, and Storage.setCookies would make
// another one of it.
func unreachable(path string) bool {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"#<>?\\^`{}", r) }
	if strings.ContainsFunc(path, odd) {
		return true
	}
	for segment := range strings.SplitSeq(path, "/") {
		if s := strings.ReplaceAll(strings.ToLower(segment), "%2e", "."); s == "." || s == ".." {
			return true
		}
	}
	return false
}

// SeeJar books what a window's jar has: of each site with tokens the session
// whose cookies are in the jar, a new one where no session has its values.
func (b *Book) SeeJar(w Window, jar []Cookie, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.options.Scope == ScopeHost {
		return // a cookie does not say the port
	}
	seen := map[*site]bool{}
	for i := range jar {
		c := &jar[i]
		if !b.isToken(c) || !b.observesCookie(c) {
			continue
		}
		s := b.listSite(b.boundary.site(&location{host: c.host()}))
		if p := s.inWindow(w); p.active == nil && !seen[s] {
			seen[s] = true
			b.learnJar(w, s, jar, now)
		}
	}
}

// observesCookie reports whether what a cookie is sent to first is looked at.
func (b *Book) observesCookie(c *Cookie) bool {
	at := bracketed(c.host()) + c.Path
	return b.Observes("http://"+at) || b.Observes("https://"+at)
}

// isToken reports whether a cookie of a jar is a token of its site, known to it
// or by default.
func (b *Book) isToken(c *Cookie) bool {
	s := b.sites[b.boundary.site(&location{host: c.host()})]
	if s != nil && (s.kinds[c.Name] != NotToken || s.removed[bareName(c.Name)]) {
		return s.kinds[c.Name] == Token
	}
	return b.defaults.kind(c.Name) == Token
}

// learnJar finds the session whose cookies a jar has, and completes it with what it
// lacks and no other has. It makes a session of values that no session has.
func (b *Book) learnJar(w Window, s *site, jar []Cookie, now time.Time) *restorePoint {
	var cookies []Cookie
	for _, c := range jar {
		if !b.boundary.contains(s.name, &c) || !b.observesCookie(&c) {
			continue
		}
		b.detect(s, c.Name)
		if s.kind(c.Name) != NotToken && !s.isEmptied(c.Name, c.Value) {
			cookies = append(cookies, c)
		}
	}
	p := s.inWindow(w)
	session := cmp.Or(s.holder((*session).hasValue, cookies), s.holder((*session).hadValue, cookies))
	if session == nil && slices.ContainsFunc(cookies, func(c Cookie) bool { return s.kind(c.Name) == Token && !s.known(c.pair()) }) {
		session = s.newSession("")
		defer b.notifyNew(session, w)
	}
	if session == nil {
		return &restorePoint{raw: cookies}
	}
	o := b.newCause(FromJar, "", now)
	for _, c := range cookies {
		if session.lacksCookie(&c) {
			b.learn(session, c, s.kind(c.Name), o)
		}
	}
	if s.anonymous == session && session.hadToken {
		s.anonymous = nil
	}
	p.last = session
	return &restorePoint{session: session}
}

// holder is the oldest session that has a token of the jar, or had it, and none
// that differs from it.
func (s *site) holder(has func(*session, pair) bool, jar []Cookie) *session {
	var found *session
	for _, c := range jar {
		for candidate := range s.values.of(c.pair()) {
			if s.kind(c.Name) == Token && has(candidate, c.pair()) && candidate.agreesWithJar(jar) && (found == nil || candidate.id < found.id) {
				found = candidate
			}
		}
	}
	return found
}

func (s *session) agreesWithJar(jar []Cookie) bool {
	return !slices.ContainsFunc(jar, func(c Cookie) bool {
		h := s.find(c.key())
		return h != nil && h.kind == Token && h.Value != c.Value && !s.hadValue(c.pair())
	})
}
