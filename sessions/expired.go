package sessions

import (
	"strings"
)

// mayBeExpired is the name of a token that a person gave the forced session and that the response
// replaces before it was ever seen to work, with no sign of a login; "" for none. The server
// may not know it any more, and have taken the request for a visitor's. A session that has
// worked, and a site that renews its tokens often, may replace them as they like.
func (a *assessment) mayBeExpired(x *Exchange) string {
	s := a.session
	if a.effect() != Renewed || s != x.active || s.expiryReported || x.request.Method != "GET" || s.wasAnswered(x) || s.site.renewsOften(a.changed) {
		return ""
	}
	if same, _ := a.subjects(); same {
		return ""
	}
	return a.givenName()
}

// givenName is the name of a token that a person gave the session and that the response replaces,
// "" for none.
func (a *assessment) givenName() string {
	for _, c := range a.changed {
		if old := a.session.replacedToken(c); old != nil && old.fromUser {
			return strings.Clone(c.Name)
		}
	}
	return ""
}

// wasAnswered reports whether the session was answered before an exchange: with a document, or,
// where it asks for none, with anything. What redirected to it is no such answer.
func (s *session) wasAnswered(x *Exchange) bool {
	before := s.documents
	switch {
	case x.request.Document:
		before--
	case before == 0:
		before = s.requests - 1
	}
	return before > len(x.request.Via)
}

// noteExpired reports it, once for each session.
func (b *Book) noteExpired(s *session, w Window, token string) {
	if token == "" {
		return
	}
	s.expiryReported = true
	e := s.event(SessionMayBeExpired)
	e.Window, e.Token = w, token
	b.notify(e)
}
