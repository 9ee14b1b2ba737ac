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

// Revert takes the last change of a session's cookies back: all that one
// response, one script or one person changed together. The jars where the
// session is active are out of step afterwards.
func (b *Book) Revert(ref Ref, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.session(ref)
	if err != nil {
		return err
	}
	batch, ok := s.lastBatch()
	if !ok {
		return &NothingToRevertError{ref.Site, s.name}
	}
	b.goBack(s, batch, now)
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

// goBack undoes all changes from the batch on, newest first.
func (b *Book) goBack(s *session, batch int64, now time.Time) {
	back := b.origin(FromUser, "", now)
	for _, c := range slices.Backward(slices.Clone(s.changes)) { // going back changes them too
		switch {
		case c.batch < batch:
			return
		case c.was == nil:
			s.lose(c.is.key(), back)
		default:
			b.learn(s, c.was.Cookie, s.site.kind(c.was.Name), back)
		}
	}
}

// Split undoes a login that replaced a session's tokens: a new session gets the
// present cookies, and the old one has those from before the login again. Where
// the old one was active the new one is, since the browser is on it. The name ""
// takes a generated one.
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
	batch, ok := s.login, s.knows(s.login)
	if !ok {
		batch, ok = s.lastBatch()
	}
	if !ok {
		return Session{}, &NothingToRevertError{ref.Site, s.name}
	}
	part := s.site.newSession(name)
	o := b.origin(FromUser, "", now)
	for _, h := range s.present(now) {
		b.learn(part, h, s.site.kind(h.Name), o)
	}
	b.goBack(s, batch, now)
	s.disown(part)
	part.stock, s.stock = s.stock, nil // what the pages have is of the later login
	part.takeHeaders(s, batch)
	s.login = 0
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

// noteLogin remembers the change by which somebody logged in, to be split off
// if it was somebody else, and tells when it replaced the tokens of an earlier
// login. The first login, of a visitor who had a token already, is none; but
// one that comes by another site decides who an active session is.
func (b *Book) noteLogin(s *session, x *Exchange, was State, batch int64) {
	if !s.knows(batch) {
		return
	}
	via := b.via(x)
	login := x.request.Method == "POST" && looksLikeLogin(x.request.URL) || via != "" && s.replaced(batch)
	again := s.login != 0 || via != "" && x.active == s
	if login || was == LoggedOut {
		s.login = batch
	}
	if login && again && was == Live {
		e := s.event(SessionReplaced)
		e.Window, e.Text = x.request.Window, via
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

// replaced reports whether a change gave a token another value.
func (s *session) replaced(batch int64) bool {
	return slices.ContainsFunc(s.changes, func(c change) bool {
		return c.batch == batch && c.is != nil && c.was != nil && c.is.kind == Token
	})
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

// disown forgets the values that another session has now: they were never this
// one's.
func (s *session) disown(part *session) {
	for _, h := range part.cookies {
		s.disclaim(h.pair())
	}
}
