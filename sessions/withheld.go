package sessions

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxWithheld bounds the values that a site remembers of what was not booked.
const maxWithheld = 64

// withheldResponse is what a response brought and was not booked: the session would be
// another user by it, which nobody asked for.
type withheldResponse struct {
	cookies []Cookie
	url     string // without the query
}

// NothingToAcceptError reports a session from which no response was withheld.
type NothingToAcceptError struct{ Site, Name string }

func (e *NothingToAcceptError) Error() string {
	return fmt.Sprintf("nothing was withheld from %q on %s", e.Name, e.Site)
}

// withhold does not book what a response brought on its session, and reports that, once
// for each response or chain of redirects. The jar has it by now, and is to be corrected.
func (b *Book) withhold(a *assessment, x *Exchange, cookies []Cookie, now time.Time) {
	s := a.session
	for _, c := range a.changed {
		p := c.pair()
		if s.site.values.first[p] != nil || slices.Contains(s.site.withheld, p) {
			continue
		}
		if len(s.site.withheld) >= maxWithheld {
			s.site.withheld = slices.Delete(s.site.withheld, 0, 1)
		}
		s.site.withheld = append(s.site.withheld, pair{strings.Clone(p.name), strings.Clone(p.value)})
	}
	again := s.withheld != nil && slices.ContainsFunc(x.request.Via, func(url string) bool { return withoutQuery(url) == s.withheld.url })
	s.withheld = &withheldResponse{slices.Clone(cookies), strings.Clone(withoutQuery(x.request.URL))}
	if again {
		return
	}
	e := s.event(SessionWithheld)
	e.Window, e.Text = x.request.Window, a.via
	switch {
	case a.owner != nil:
		e.Text, e.Token = a.owner.name, a.foreign[0].Name
	case a.via == "" && !s.wasAnswered(x):
		e.Token = a.givenName()
	}
	b.notify(e)
}

// withoutQuery is a URL without what follows the path.
func withoutQuery(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		return url[:i]
	}
	return url
}

// Accept books what a response brought and was withheld from the session, see
// [SessionWithheld]. [Book.Revert] brings back what it replaces. The jars where the session is active are
// out of sync afterwards.
func (b *Book) Accept(ref Ref, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.session(ref)
	if err != nil {
		return err
	}
	if s.withheld == nil {
		return &NothingToAcceptError{ref.Site, s.name}
	}
	was, o, changed := s.state(now), b.newCause(FromResponse, s.withheld.url, now), false
	s.snapshot(o.batch)
	for _, c := range s.withheld.cookies {
		switch kind := s.site.kind(c.Name); {
		case kind == NotToken:
		case c.Expired(now):
			changed = s.deleteCookie(c.key(), o) || changed
		default:
			changed = b.learn(s, c, kind, o) || changed
		}
	}
	s.withheld, s.isLogin = nil, true
	s.markReported(o.batch)
	b.notifyChange(s, Main, was, changed, now)
	if duplicate := s.duplicate(); duplicate != nil {
		b.mergeDuplicates(s, duplicate)
	}
	return nil
}
