package sessions

import (
	"fmt"
	"slices"
	"time"
)

// Use makes a session the active one of its site in a window: from now on every
// request there belongs to it. jar has the window's present cookies, so that
// nothing in it is lost and Unset can go back. Requests decided before keep
// their verdict.
func (b *Book) Use(w Window, ref Ref, jar []Cookie, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	session, err := b.session(ref)
	if err != nil {
		return err
	}
	b.activate(w, session, jar, now)
	return nil
}

func (b *Book) activate(w Window, session *session, jar []Cookie, now time.Time) {
	p := session.site.inWindow(w)
	if p.active == session {
		return
	}
	if p.restore == nil {
		p.restore = b.learnJar(w, session.site, jar, now)
	}
	old := p.active
	if old == nil {
		b.claimStorage(w, p)
		p.saveAuth()
	}
	b.storageOf(w, p).previous = b.wantedStorage(w, p)
	p.active, p.last, p.missing = session, session, session.missingFrom(jar, now)
	p.inSync, p.seenInJar = false, nil
	if session.site.anonymous == session {
		session.site.anonymous = nil // forced, it is a session like any other
	}
	e := session.event(SessionForced)
	e.Window = w
	b.notify(e)
	b.discard(old)
}

// missingFrom lists the cookies that a jar has to be given yet. A request that finds
// only some of a login's cookies there would make the server end it
// (TestDokuWiki).
func (s *session) missingFrom(jar []Cookie, now time.Time) map[key]bool {
	lacked := map[key]bool{}
	for _, c := range s.present(now) {
		if !slices.ContainsFunc(jar, func(other Cookie) bool { return other.key() == c.key() }) {
			lacked[c.key()] = true
		}
	}
	return lacked
}

// discard removes a session that nobody named or filled, once it is active
// nowhere.
func (b *Book) discard(s *session) {
	if s == nil || !s.discardable() || s.activeSomewhere() || s.removed {
		return
	}
	s.remove()
	b.notify(s.event(SessionRemoved))
}

func (s *session) activeSomewhere() bool {
	for _, p := range s.site.windows {
		if p.active == s {
			return true
		}
	}
	return false
}

// New makes an empty session, with a generated name when name is "", and makes
// it active. The others stay as they are.
func (b *Book) New(w Window, site, name string, jar []Cookie, now time.Time) (Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.checkSite(site); err != nil {
		return Session{}, err
	}
	s := b.listSite(site)
	p := s.inWindow(w)
	back := p.restore
	if back == nil {
		back = b.learnJar(w, s, jar, now) // first, so that the numbers follow the order
	}
	if name != "" && s.names[name] != nil {
		return Session{}, &NameTakenError{site, name}
	}
	p.restore = back
	session := s.newSession(name)
	b.activate(w, session, jar, now)
	return session.view(now), nil
}

// Unset ends forcing on a site in a window. It reports the session that was
// active. The next [Book.PlanJar] puts back what the jar had before.
func (b *Book) Unset(w Window, site string, now time.Time) (Session, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil {
		return Session{}, false
	}
	p := s.windows[w]
	session := p.active
	b.storageOf(w, p).previous = b.wantedStorage(w, p)
	p.active, p.missing, p.seenInJar = nil, nil, nil
	p.last = nil
	if p.restore != nil {
		p.last = p.restore.session
	}
	e := session.event(SessionUnset)
	e.Window = w
	b.notify(e)
	view := session.view(now)
	b.discard(session)
	return view, true
}

// Rename gives a session another name. Its own name is no error.
func (b *Book) Rename(ref Ref, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	session, err := b.session(ref)
	if err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf("renaming %q: a name needs at least one character", session.name)
	}
	if other := session.site.names[name]; other != nil && other != session {
		return &NameTakenError{ref.Site, name}
	}
	old := session.name
	session.rename(name)
	session.isLogin = session.isLogin || session.hadToken && !session.isVisitor // else the login is still to come
	if session.site.anonymous == session {
		session.site.anonymous = nil // named, it is a session like any other
	}
	e := session.event(SessionRenamed)
	e.Text = old
	b.notify(e)
	return nil
}

// rename gives the session a name that a person chose.
func (s *session) rename(name string) {
	delete(s.site.names, s.name)
	s.name, s.named = name, true
	s.site.names[name] = s
}

// Remove deletes a session and returns it as it was: its cookies are to be
// taken out of every jar. Where it was active nothing is active afterwards, and
// nothing is restored.
func (b *Book) Remove(ref Ref, now time.Time) (Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	session, err := b.session(ref)
	if err != nil {
		return Session{}, err
	}
	view := session.view(now)
	for _, p := range session.site.windows {
		p.inSync, p.seenInJar = false, nil // the values of the removed one are unknown from now on
		if p.active == session {
			p.restore = &restorePoint{}
		}
		if p.active == session || p.storage != nil && p.storage.base == session.savedStorage {
			b.clearBase(p) // nothing is put back
		}
	}
	session.remove()
	b.notify(session.event(SessionRemoved))
	return view, nil
}

// Import makes a session of cookies that a person gave. Their names become
// tokens of the site, or carried cookies where the defaults say so.
func (b *Book) Import(site, name string, cookies []Cookie, now time.Time) (Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.checkSite(site); err != nil {
		return Session{}, err
	}
	s := b.listSite(site)
	if s.names[name] != nil {
		return Session{}, &NameTakenError{site, name}
	}
	session := s.newSession(name)
	b.fill(session, cookies, now)
	b.notify(session.event(SessionNew))
	return session.view(now), nil
}

// Give puts cookies that a person gave into a session, in place of those of the
// same names. Where it is active the jars are out of sync afterwards.
func (b *Book) Give(ref Ref, cookies []Cookie, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	session, err := b.session(ref)
	if err != nil {
		return err
	}
	was := session.state(now)
	b.notifyChange(session, Main, was, b.fill(session, cookies, now), now)
	return nil
}

// fill gives a session cookies as a person gave them and reports whether that
// changed any.
func (b *Book) fill(session *session, cookies []Cookie, now time.Time) bool {
	s, o := session.site, b.newCause(FromUser, "", now)
	changed := false
	session.isLogin = true
	for _, c := range cookies {
		b.detect(s, c.Name)
		if s.kinds[c.Name] == NotToken {
			b.addToken(s, c.Name, Token)
		}
		for _, h := range slices.Clone(session.cookies) {
			if h.Name == c.Name && !slices.ContainsFunc(cookies, func(c Cookie) bool { return c.key() == h.key() }) {
				session.deleteCookie(h.key(), o)
			}
		}
		if b.learn(session, c, s.kinds[c.Name], o) {
			changed = true
		}
	}
	return changed
}
