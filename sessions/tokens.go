package sessions

import (
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
	s := b.makeSite(site)
	delete(s.removed, bareName(name))
	if s.kinds[name] == kind {
		return nil
	}
	if s.kinds[name] != NotToken {
		b.dropToken(s, name)
	}
	b.addToken(s, name, kind)
	p := s.place(w)
	adopter := first(p.active, p.last)
	if adopter == nil {
		b.learnJar(w, s, jar, now)
		return nil
	}
	for _, c := range jar {
		if b.options.Scope.holdsCookie(s.name, c) && s.kind(c.Name) == kind && !s.known(c.pair()) {
			adopter.set(c, kind, b.nextAge())
		}
	}
	return nil
}

func (b *Book) addToken(s *site, name string, kind Kind) {
	s.kinds[name] = kind
	s.tokens = append(s.tokens, name)
	b.notify(Event{Kind: TokenAdded, Site: s.name, Token: name, Text: string(kind)})
}

// NoTokenError reports a name that is no token of the site.
type NoTokenError struct{ Site, Name string }

func (e *NoTokenError) Error() string {
	return fmt.Sprintf("%q is no token of %s (see: tokens)", e.Name, e.Site)
}

// RemoveToken makes a name an ordinary cookie again (ZAP 3.7): sessions lose
// its values; those that become equal merge, their counts added up; unnamed
// ones that become empty go. Without any token left all sessions of the site
// go. A default token stays removed on this site until it is added again.
func (b *Book) RemoveToken(site, name string, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil {
		return &NoSiteError{Name: site}
	}
	if s.kinds[name] == NotToken {
		return &NoTokenError{site, name}
	}
	if b.defaults.kind(name) != NotToken {
		s.removed[bareName(name)] = true
	}
	b.dropToken(s, name)
	if !slices.ContainsFunc(s.tokens, func(n string) bool { return s.kinds[n] == Token }) {
		for _, session := range slices.Clone(s.sessions) {
			b.discardFor(session)
		}
		return nil
	}
	b.mergeEqual(s, now)
	return nil
}

// dropToken takes a name out of the site and its values out of the sessions.
func (b *Book) dropToken(s *site, name string) {
	kept := s.kinds[All] != NotToken && name != All
	for _, session := range s.sessions {
		for _, h := range slices.Clone(session.cookies) {
			_, own := s.kinds[h.Name]
			if h.Name == name && !kept || name == All && !own {
				session.drop(h.key())
			}
		}
	}
	delete(s.kinds, name)
	s.tokens = slices.DeleteFunc(s.tokens, func(n string) bool { return n == name })
	b.notify(Event{Kind: TokenRemoved, Site: s.name, Token: name})
}

func (b *Book) discardFor(session *session) {
	session.remove()
	b.notify(session.event(SessionRemoved))
}

// mergeEqual removes what the loss of a token made empty or equal.
func (b *Book) mergeEqual(s *site, now time.Time) {
	seen := map[string]*session{}
	for _, session := range slices.Clone(s.sessions) {
		if !session.filled {
			continue
		}
		id := session.fingerprint()
		if id == "" {
			if !session.given && !session.activeSomewhere() {
				b.discardFor(session)
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
	for _, p := range keep.site.places {
		if p.active == gone {
			p.active = keep
		}
		if p.last == gone {
			p.last = keep
		}
	}
	gone.remove()
	e := keep.event(SessionMerged)
	e.Text = gone.name
	b.notify(e)
	return keep
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
