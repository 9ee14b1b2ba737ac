package sessions

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// NothingToRevertError reports a session of whose changes nothing is known.
type NothingToRevertError struct{ Site, Name string }

func (e *NothingToRevertError) Error() string {
	return fmt.Sprintf("%q on %s has no earlier values to go back to (see: session show %s)", e.Name, e.Site, quote(e.Name))
}

// NoChangeError reports a number that no change of a session has.
type NoChangeError struct {
	Site, Name string
	Number     int
}

func (e *NoChangeError) Error() string {
	return fmt.Sprintf("%q on %s has no change %d, or it is forgotten (see: session show %s)", e.Name, e.Site, e.Number, quote(e.Name))
}

// Revert takes the last change of a session's cookies back: all that one
// response, one script or one person changed together. With the number of a change
// (see [Book.History]) the cookies are again what they were right after that. The jars
// where the session is active are out of step afterwards.
func (b *Book) Revert(ref Ref, to int, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.session(ref)
	if err != nil {
		return err
	}
	before, ok := s.lastBatch()
	if to != 0 {
		before, ok = s.batchAfter(to)
		if !ok {
			return &NoChangeError{ref.Site, s.name, to}
		}
	}
	if !ok {
		return &NothingToRevertError{ref.Site, s.name}
	}
	b.goBack(s, before, now)
	b.notify(s.event(SessionRenewed))
	return nil
}

// lastBatch is the newest change that left something to go back to: a first
// fill did not.
func (s *session) lastBatch() (int64, bool) {
	if len(s.changes) == 0 {
		return 0, false
	}
	batch := s.changes[len(s.changes)-1].batch
	for _, c := range s.changes {
		if c.batch < batch || c.was != nil {
			return batch, true
		}
	}
	return 0, false
}

// batchAfter is what follows the change of a number.
func (s *session) batchAfter(number int) (int64, bool) {
	for _, c := range s.changes {
		if c.number == number {
			return c.batch + 1, true
		}
	}
	return 0, false
}

// goBack makes the cookies what they were before a batch.
func (b *Book) goBack(s *session, batch int64, now time.Time) {
	back := b.origin(FromUser, "", now)
	seen := map[key]bool{}
	for _, c := range slices.Clone(s.changes) { // going back changes them too
		k := c.key()
		if c.batch < batch || seen[k] {
			continue
		}
		seen[k] = true
		if was := s.before(k, batch); was == nil {
			s.lose(k, back)
		} else if s.site.kind(was.Name) != NotToken {
			b.learn(s, was.Cookie, s.site.kind(was.Name), back)
		}
	}
}

// before is the cookie of an identity as it was before a batch, nil for none. Of one
// that changed often since, the nearest that is remembered.
func (s *session) before(k key, batch int64) *held {
	var earlier, later *change // the last one before the batch, and the first one since
	for i := range s.changes {
		c := &s.changes[i]
		if c.key() != k {
			continue
		}
		if c.batch >= batch {
			later = c
			break
		}
		earlier = c
	}
	switch {
	case later == nil:
		return s.find(k)
	case later.was != nil && earlier == nil && later.born >= batch:
		return nil // it came since, and that is forgotten
	case later.was == nil || earlier == nil || later.was == earlier.is:
		return later.was
	}
	return earlier.is
}

// Split undoes the last replacement of a session's tokens: a new session gets the
// present cookies, and what changed since, and the old one has those from before
// again. Where the old one was active the new one is, since the browser is on it. The
// name "" takes a generated one.
func (b *Book) Split(ref Ref, name string, now time.Time) (Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.session(ref)
	if err != nil {
		return Session{}, err
	}
	if name != "" && s.site.names[name] != nil {
		return Session{}, &NameTakenError{ref.Site, name}
	}
	batch, ok := s.lastReplacement()
	if !ok {
		batch, ok = s.lastBatch()
	}
	if !ok {
		return Session{}, &NothingToRevertError{ref.Site, s.name}
	}
	part := s.site.newSession(name)
	cookies := slices.Clone(s.cookies)
	part.somebody, s.somebody = true, true
	part.takeChanges(s, batch, func() { b.goBack(s, batch, now) })
	for _, h := range cookies {
		if !h.Expired(now) {
			part.set(h.Cookie, s.site.kind(h.Name), h.age).since = h.since
		}
	}
	s.disown(part)
	part.stock, s.stock = s.stock, nil // what the pages have is of the later login
	part.takeHeaders(s, batch)
	for _, p := range s.site.places {
		if p.active == s {
			p.active = part
		}
		if p.last == s {
			p.last = part
		}
	}
	b.notify(part.event(SessionNew))
	return part.view(now), nil
}

// takeChanges takes over the changes of another session since a batch, once it went back
// before that: it forgets them, and how it went back.
func (s *session) takeChanges(other *session, batch int64, back func()) {
	isLater := func(c change) bool { return c.batch >= batch }
	seen := map[key]bool{}
	for _, c := range other.changes {
		if !isLater(c) {
			continue
		}
		if c.is != nil && c.is.kind == Token {
			delete(s.site.renewals, c.is.Name) // a login was taken for one
		}
		k := c.key()
		if !seen[k] { // what was before is the other one's
			c.was = nil
		}
		seen[k] = true
		if c.is != nil || c.was != nil {
			s.changes = append(s.changes, c)
			s.counted = max(s.counted, c.number)
		}
	}
	back()
	other.changes = slices.DeleteFunc(other.changes, isLater)
	other.pins = slices.DeleteFunc(other.pins, func(p pins) bool { return p.batch >= batch })
}

// lastReplacement is the last change that another login made: one that was told, else
// one that gave a token another value.
func (s *session) lastReplacement() (int64, bool) {
	for _, p := range slices.Backward(s.pins) {
		if p.told {
			return p.batch, true
		}
	}
	for _, c := range slices.Backward(s.changes) {
		if c.is != nil && c.was != nil && c.is.kind == Token {
			return c.batch, true
		}
	}
	return 0, false
}

// noteLogin remembers the change by which somebody logged in, to be split off
// if it was somebody else, and tells when it replaced the tokens of an earlier
// login. The first login, of a visitor who had a token already, is none; but
// one that comes by another site decides who an active session is.
func (b *Book) noteLogin(a *answer, x *Exchange, batch int64) {
	s := a.session
	if len(a.set) == len(a.foreign) || !s.knows(batch) {
		return
	}
	again := s.somebody || a.via != "" && x.active == s
	if a.sign || a.signIn || a.was == LoggedOut {
		s.somebody = true
	}
	if a.was == LoggedOut {
		s.pin(batch)
		s.told(batch)
	}
	if a.sign && again && a.was == Live {
		s.told(batch)
		e := s.event(SessionReplaced)
		e.Window, e.Text = x.request.Window, a.via
		b.notify(e)
	}
}

// via is the other site that redirected to a request last, "" for none: single
// sign-on.
func (b *Book) via(x *Exchange) string {
	for _, from := range slices.Backward(x.request.Via) {
		l, ok := locate(from)
		if !ok {
			continue
		}
		if site := b.cutting.site(&l); site != x.site.name {
			return site
		}
	}
	return ""
}

// looksLikeLogin goes by the words of ZAP-BEHAVIOUR 10.10 and a few more.
func looksLikeLogin(url string) bool {
	url = strings.ToLower(url)
	for _, word := range []string{"login", "logon", "signin", "sign-in", "sign_in", "authenticate", "inloggen", "accueil"} {
		if strings.Contains(url, word) {
			return true
		}
	}
	return false
}

// knows reports whether the session still remembers a change.
func (s *session) knows(batch int64) bool {
	return batch != 0 && slices.ContainsFunc(s.changes, func(c change) bool { return c.batch == batch })
}

// disown gives the values that another session has, and had, to that one: they were never
// this one's.
func (s *session) disown(part *session) {
	for _, h := range part.cookies {
		s.disclaim(h.pair())
	}
	for _, c := range part.changes {
		if c.is == nil || s.holds(c.is.pair()) || !s.held(c.is.pair()) {
			continue
		}
		s.disclaim(c.is.pair())
		part.inherit([]pair{c.is.pair()})
	}
}
