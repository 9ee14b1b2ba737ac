package sessions

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// NothingToRevertError reports a session of whose changes nothing is known.
type NothingToRevertError struct{ Site, Name string }

func (e *NothingToRevertError) Error() string {
	return fmt.Sprintf("%q on %s has no earlier values to go back to", e.Name, e.Site)
}

// NoChangeError reports a number that no change of a session has.
type NoChangeError struct {
	Site, Name string
	Number     int
}

func (e *NoChangeError) Error() string {
	return fmt.Sprintf("%q on %s has no change %d, or it is forgotten", e.Name, e.Site, e.Number)
}

// Revert takes the last change of a session's cookies back: all that one
// response, one script or one person changed together. With the number of a change
// (see [Book.History]) the cookies are again what they were right after that. The jars
// where the session is active are out of sync afterwards.
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
	b.restoreBefore(s, before, now)
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

// restoreBefore makes the cookies what they were before a batch.
func (b *Book) restoreBefore(s *session, batch int64, now time.Time) {
	back := b.newCause(FromUser, "", now)
	back.undoes = batch
	seen := map[key]bool{}
	for _, c := range slices.Clone(s.changes) { // going back changes them too
		k := c.key()
		if c.batch < batch || seen[k] {
			continue
		}
		seen[k] = true
		if was := s.cookieBefore(k, batch); was == nil {
			s.deleteCookie(k, back)
		} else if s.site.kind(was.Name) != NotToken {
			b.learn(s, was.Cookie, s.site.kind(was.Name), back)
		}
	}
}

// cookieBefore is the cookie of an identity as it was before a batch, nil for none. Of one
// that changed often since, the nearest that is remembered.
func (s *session) cookieBefore(k key, batch int64) *sessionCookie {
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
	case later.was != nil && earlier == nil && later.firstBatch >= batch:
		return nil // it came since, and that is forgotten
	case later.was == nil || earlier == nil || later.was == earlier.is:
		return later.was
	}
	return earlier.is
}

// Split undoes the last replacement of a session's tokens: a new session gets the
// present cookies, and what changed since, and the old one has those from before
// again. Where the old one was active the new one is, since the browser is on it. Where the
// replacement was reverted already, the new session gets what the old one had until then,
// and nothing else changes. The name "" takes a generated one.
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
		return Session{}, &NothingToRevertError{ref.Site, s.name}
	}
	part := s.site.newSession(name)
	part.isLogin, s.isLogin = true, true
	last := s.lastInEffect(batch)
	cookies := s.cookiesAt(last)
	if part.takeChanges(s, batch, last); last == present {
		b.restoreBefore(s, batch, now)
	}
	s.forgetChanges(batch, last)
	for _, h := range cookies {
		if kind := s.site.kind(h.Name); kind != NotToken && !h.Expired(now) {
			part.set(h.Cookie, kind, h.seq).cameAt = h.cameAt
		}
	}
	s.giveValuesTo(part)
	part.takeHeaders(s, batch, last)
	if last == present {
		part.savedStorage, s.savedStorage = s.savedStorage, nil // what the pages have is of the later login
		for _, p := range s.site.windows {
			if p.active == s {
				p.active = part
			}
			if p.last == s {
				p.last = part
			}
		}
	}
	b.notify(part.event(SessionNew))
	return part.view(now), nil
}

// present is later than any batch.
const present = math.MaxInt64

// isInEffect reports whether the cookies of a session, as they were at a point of the
// sequence, come of a change: it was not taken back until then.
func (s *session) isInEffect(change, at int64) bool {
	for _, c := range slices.Backward(s.changes) {
		switch {
		case c.batch > at:
		case c.batch <= change:
			return at >= change
		case c.undoes != 0:
			at = c.undoes - 1
		}
	}
	return at >= change
}

// lastInEffect is the point of the sequence up to which the cookies of a session came of a change; present where
// those that it has do.
func (s *session) lastInEffect(change int64) int64 {
	last := int64(present)
	for _, c := range slices.Backward(s.changes) {
		if s.isInEffect(change, last) {
			break
		}
		last = c.batch - 1
	}
	return last
}

// cookiesAt are the cookies as they were at a point of the sequence.
func (s *session) cookiesAt(age int64) []*sessionCookie {
	list := slices.Clone(s.cookies)
	if age == present {
		return list
	}
	for _, c := range s.changes {
		list = append(list, cmp.Or(c.is, c.was))
	}
	seen := map[key]bool{}
	var then []*sessionCookie
	for _, h := range list {
		if k := h.key(); !seen[k] {
			seen[k] = true
			if was := s.cookieBefore(k, age+1); was != nil {
				then = append(then, was)
			}
		}
	}
	return then
}

// takeChanges takes over the changes of another session from a batch on, up to a last one.
func (s *session) takeChanges(other *session, batch, last int64) {
	seen := map[key]bool{}
	for _, c := range other.changes {
		if c.batch < batch || c.batch > last || !other.isInEffect(batch, c.batch) {
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
			s.changeCount = max(s.changeCount, c.number)
		}
	}
}

// forgetChanges forgets the changes from a batch on, up to a last one, as if they had not
// been: the first one after them follows on what was before.
func (s *session) forgetChanges(batch, last int64) {
	before := map[key]*sessionCookie{}
	for i := range s.changes {
		if c := &s.changes[i]; c.batch > last {
			k := c.key()
			if _, known := before[k]; !known {
				before[k] = s.cookieBefore(k, batch)
				c.was = before[k]
			}
		}
	}
	s.changes = slices.DeleteFunc(s.changes, func(c change) bool {
		same := c.is == c.was || c.is != nil && c.was != nil && c.is.Value == c.was.Value
		return c.batch >= batch && c.batch <= last || c.batch > last && same
	})
	s.snapshots = slices.DeleteFunc(s.snapshots, func(p snapshot) bool { return p.batch >= batch && p.batch <= last })
}

// lastReplacement is the last change that another login made: one that was reported, else
// one that gave a token another value, else one that left something to go back to. What a
// person changed is no login.
func (s *session) lastReplacement() (int64, bool) {
	for _, p := range slices.Backward(s.snapshots) {
		if p.reported {
			return p.batch, true
		}
	}
	later := int64(0)
	for _, c := range slices.Backward(s.changes) {
		switch {
		case c.source == FromUser:
		case c.is != nil && c.was != nil && c.is.kind == Token:
			return c.batch, true
		case later == 0 && (c.was != nil || c.batch > s.changes[0].batch):
			later = c.batch
		}
	}
	return later, later != 0
}

// noteLogin remembers the change by which a user logged in, to be split off
// if it was another user, and reports when it replaced the tokens of an earlier
// login. The first login, of a visitor who had a token already, is none; but
// one that comes by another site decides who an active session is. Where a stable token
// is replaced by a page that was opened, it may be either, and that is reported.
func (b *Book) noteLogin(a *assessment, x *Exchange, batch int64) {
	s := a.session
	if len(a.changed) == len(a.foreign) || !s.remembersChange(batch) {
		return
	}
	again := s.isLogin || a.via != "" && x.active == s
	if a.replacesLogin || a.logsIn || a.was == LoggedOut {
		s.isLogin = true
	}
	if a.was == LoggedOut {
		s.snapshot(batch)
		s.markReported(batch)
	}
	if a.replacesLogin && (again || a.wasStable) && a.was == Live {
		s.markReported(batch)
		e := s.event(SessionReplaced)
		e.Window, e.Text = x.request.Window, a.via
		if !again {
			e.Token = strings.Clone(a.changed[0].Name)
		}
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
		if site := b.boundary.site(&l); site != x.site.name {
			return site
		}
	}
	return ""
}

// looksLikeLogin goes by the words of ZAP's authhelper and a few more (RULES 33).
func looksLikeLogin(url string) bool {
	url = strings.ToLower(url)
	for _, word := range []string{"login", "logon", "signin", "sign-in", "sign_in", "authenticate", "inloggen", "accueil"} {
		if strings.Contains(url, word) {
			return true
		}
	}
	return false
}

// remembersChange reports whether the session still remembers a change.
func (s *session) remembersChange(batch int64) bool {
	return batch != 0 && slices.ContainsFunc(s.changes, func(c change) bool { return c.batch == batch })
}

// giveValuesTo gives the values that another session has, and had, to that one: they were never
// this one's.
func (s *session) giveValuesTo(part *session) {
	for _, h := range part.cookies {
		s.forgetEarlier(h.pair())
	}
	for _, c := range part.changes {
		if c.is == nil || s.hasValue(c.is.pair()) || !s.hadValue(c.is.pair()) {
			continue
		}
		s.forgetEarlier(c.is.pair())
		part.addEarlier([]pair{c.is.pair()})
	}
}
