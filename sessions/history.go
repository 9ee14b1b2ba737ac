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

const (
	// maxChanges bounds what a session remembers of the changes of one cookie; the oldest
	// go first, but those that a replacement took the place of stay.
	maxChanges = 20
	// maxSnapshots bounds the replacements of which that is remembered.
	maxSnapshots = 20
)

// maxCookies bounds the cookies of a session. Chrome keeps 180 of a registrable
// domain.
const maxCookies = 400

// cause says when and why cookies change. Those with one batch changed
// together, and are reverted together.
type cause struct {
	batch  int64
	at     time.Time
	url    string
	source Source
	// documents is the session's count.
	documents int
	// undoes is the batch before which a revert went back, 0 for other changes.
	undoes int64
}

func (b *Book) newCause(source Source, url string, at time.Time) cause {
	return cause{batch: b.nextSeq(), at: at, url: url, source: source}
}

// change is one entry of a session's history. What changed together shares the
// cause, and the cookies are those that the session has or had.
type change struct {
	*cause
	number     int            // among all of the session, from 1
	firstBatch int64          // the batch since which the session has had a cookie of this identity, 0 where that is forgotten
	is         *sessionCookie // nil where there is none now
	was        *sessionCookie // nil where there was none before
}

func (c *change) key() key {
	if c.is != nil {
		return c.is.key()
	}
	return c.was.key()
}

// snapshot has the cookies that a session had before a replacement: they can be brought
// back however often they change later.
type snapshot struct {
	batch    int64 // of the replacement
	reported bool
	cookies  []*sessionCookie
}

// snapshot keeps the present cookies, before a replacement.
func (s *session) snapshot(batch int64) {
	if n := len(s.snapshots); n > 0 && s.snapshots[n-1].batch == batch {
		return
	}
	if len(s.snapshots) >= maxSnapshots {
		s.snapshots = slices.Delete(s.snapshots, 0, 1)
	}
	s.snapshots = append(s.snapshots, snapshot{batch: batch, cookies: slices.Clone(s.cookies)})
}

// markReported notes that a replacement was reported to the user.
func (s *session) markReported(batch int64) {
	if n := len(s.snapshots); n > 0 && s.snapshots[n-1].batch == batch {
		s.snapshots[n-1].reported = true
	}
}

func (s *session) inSnapshot(h *sessionCookie) bool {
	return h != nil && slices.ContainsFunc(s.snapshots, func(p snapshot) bool { return slices.Contains(p.cookies, h) })
}

// learn gives the session a cookie and remembers where it came from. It reports
// whether that is a change of value.
func (b *Book) learn(s *session, c Cookie, kind Kind, o cause) bool {
	old := s.find(c.key())
	if old != nil && old.Value == c.Value {
		s.set(c, kind, old.seq)
		return false
	}
	h := s.set(c, kind, b.nextSeq())
	b.secretNews.value(c.Value)
	h.cameAt = o.at
	if old != nil {
		h.cameAt = old.cameAt // a request without any value never had this one
	}
	s.record(o, h, old)
	s.limitCookies(o)
	return true
}

// limitCookies lets cookies of a session go when a site gives too many, as Chrome does
// long before: expired ones first, then carried ones, then tokens, each the oldest
// first.
func (s *session) limitCookies(o cause) {
	rank := func(h *sessionCookie) int {
		switch {
		case h.Expired(o.at):
			return 0
		case h.kind == Carried:
			return 1
		}
		return 2
	}
	for len(s.cookies) > maxCookies {
		first := slices.MinFunc(s.cookies, func(a, b *sessionCookie) int { return cmp.Or(rank(a)-rank(b), cmp.Compare(a.seq, b.seq)) })
		s.deleteCookie(first.key(), o)
	}
}

// deleteCookie takes a cookie from the session and remembers that. It reports whether
// there was one.
func (s *session) deleteCookie(k key, o cause) bool {
	old := s.find(k)
	if old == nil {
		return false
	}
	s.removeCookie(k)
	s.record(o, nil, old)
	return true
}

func (s *session) record(o cause, is, was *sessionCookie) {
	c := change{is: is, was: was}
	if n := len(s.changes); n > 0 {
		c.cause = s.changes[n-1].cause
	}
	if c.cause == nil || c.batch != o.batch {
		c.cause = o.after(c.cause)
		c.documents = s.documents
	}
	s.changeCount++
	c.number = s.changeCount
	s.forgetOldest(&c)
	if c.is != nil && c.source == FromUser && c.undoes == 0 {
		c.is.fromUser = true
	}
	s.changes = append(s.changes, c)
}

// forgetOldest makes room for a change among those of its cookie.
func (s *session) forgetOldest(c *change) {
	k, n, oldest := c.key(), 0, -1
	if c.was == nil {
		c.firstBatch = c.batch
	}
	for i := range s.changes {
		other := &s.changes[i]
		if cmp.Or(other.is, other.was).Name != k.name || other.key() != k {
			continue
		}
		if c.was != nil {
			c.firstBatch = other.firstBatch
		}
		if len(s.snapshots) > 0 && s.inSnapshot(other.is) {
			continue
		}
		if n++; oldest < 0 {
			oldest = i
		}
	}
	if n >= maxChanges {
		s.changes = slices.Delete(s.changes, oldest, oldest+1)
	}
}

// after is the origin as it is kept: with the URL as people may see it, which is shared
// with the origin before if it is the same.
func (o cause) after(before *cause) *cause {
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
	Number  int       `json:"number"` // see [Book.Revert]
	Name    string    `json:"name"`
	Value   string    `json:"value"`
	Deleted bool      `json:"deleted,omitempty"` // the cookie was deleted
	Present bool      `json:"present,omitempty"` // the session has the value now
	At      time.Time `json:"at"`
	URL     string    `json:"url,omitempty"` // as [ShowURL] shows it
	Source  Source    `json:"source"`
	// Replaced says that another login took its place, or the session's other values',
	// and that this was reported.
	Replaced bool `json:"replaced,omitempty"`
}

// History lists when and by which URL each value of a session came, oldest
// first. Of each cookie the last twenty are remembered, and those before each of the last
// twenty replacements that were reported.
func (b *Book) History(ref Ref) ([]Value, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.session(ref)
	if err != nil {
		return nil, err
	}
	list := make([]Value, len(s.changes))
	for i, c := range s.changes {
		list[i] = Value{Number: c.number, At: c.at, URL: c.url, Source: c.source}
		list[i].Replaced = slices.ContainsFunc(s.snapshots, func(p snapshot) bool { return p.reported && p.batch == c.batch })
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
