package sessions

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Source says how a session came by a value.
type Source string

const (
	FromResponse Source = "response" // a server set or deleted it
	FromRequest  Source = "request"  // a request carried it before any response was seen
	FromJar      Source = "jar"      // the browser had it
	FromScript   Source = "script"   // no response set it: a script must have
	FromUser     Source = "user"     // a person gave it, or took the change before it back
)

// maxChanges bounds what a session remembers of its changes; the oldest go
// first.
const maxChanges = 64

// maxCookies bounds the cookies of a session. Chrome keeps 180 of a registrable
// domain.
const maxCookies = 400

// origin says when and why cookies change. Those with one batch changed
// together, and are reverted together.
type origin struct {
	batch  int64
	at     time.Time
	url    string
	source Source
}

func (b *Book) origin(source Source, url string, at time.Time) origin {
	return origin{b.nextAge(), at, url, source}
}

// change is one entry of a session's history. What changed together shares the
// origin, and the cookies are those that the session holds or held.
type change struct {
	*origin
	is  *held // nil where there is none now
	was *held // nil where there was none before
}

// learn gives the session a cookie and remembers where it came from. It reports
// whether that is a change of value.
func (b *Book) learn(s *session, c Cookie, kind Kind, o origin) bool {
	old := s.find(c.key())
	if old != nil && old.Value == c.Value {
		s.set(c, kind, old.age)
		return false
	}
	h := s.set(c, kind, b.nextAge())
	b.news.value(c.Value)
	h.since = o.at
	if old != nil {
		h.since = old.since // a request without any value never had this one
	}
	s.log(o, h, old)
	s.bound(o)
	return true
}

// bound lets cookies of a session go when a site gives too many, as Chrome does
// long before: expired ones first, then carried ones, then tokens, each the oldest
// first.
func (s *session) bound(o origin) {
	rank := func(h *held) int {
		switch {
		case h.Expired(o.at):
			return 0
		case h.kind == Carried:
			return 1
		}
		return 2
	}
	for len(s.cookies) > maxCookies {
		first := slices.MinFunc(s.cookies, func(a, b *held) int { return cmp.Or(rank(a)-rank(b), cmp.Compare(a.age, b.age)) })
		s.lose(first.key(), o)
	}
}

// lose takes a cookie from the session and remembers that. It reports whether
// there was one.
func (s *session) lose(k key, o origin) bool {
	old := s.find(k)
	if old == nil {
		return false
	}
	s.drop(k)
	s.log(o, nil, old)
	return true
}

func (s *session) log(o origin, is, was *held) {
	c := change{is: is, was: was}
	if n := len(s.changes); n > 0 {
		c.origin = s.changes[n-1].origin
	}
	if c.origin == nil || c.batch != o.batch {
		c.origin = o.after(c.origin)
	}
	if len(s.changes) >= maxChanges {
		s.changes = slices.Delete(s.changes, 0, 1)
	}
	s.changes = append(s.changes, c)
}

// after is the origin as it is kept: with the URL as people may see it, which is shared
// with the origin before if it is the same.
func (o origin) after(before *origin) *origin {
	if strings.ContainsAny(o.url, "@;?#") {
		o.url = ShowURL(o.url)
	}
	if before != nil && before.url == o.url {
		o.url = before.url
	} else {
		o.url = strings.Clone(o.url)
	}
	return &o
}

// Value is one entry of a session's history.
type Value struct {
	Name    string    `json:"name"`
	Value   string    `json:"value"`
	Deleted bool      `json:"deleted,omitempty"` // the cookie was deleted
	Present bool      `json:"present,omitempty"` // the session has the value now
	At      time.Time `json:"at"`
	URL     string    `json:"url,omitempty"` // as [ShowURL] shows it
	Source  Source    `json:"source"`
}

// History tells when and by which URL each value of a session came, oldest
// first. What lies back more than 64 changes is forgotten.
func (b *Book) History(ref Ref) ([]Value, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.session(ref)
	if err != nil {
		return nil, err
	}
	list := make([]Value, len(s.changes))
	for i, c := range s.changes {
		list[i] = Value{At: c.at, URL: c.url, Source: c.source}
		if c.is == nil {
			list[i].Name, list[i].Deleted = c.was.Name, true
			continue
		}
		h := s.find(c.is.key())
		list[i].Name, list[i].Value = c.is.Name, c.is.Value
		list[i].Present = h != nil && h.Value == c.is.Value
	}
	return list, nil
}
