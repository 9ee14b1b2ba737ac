package sessions

import (
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

// change is one entry of a session's history.
type change struct {
	origin
	key key
	is  string // the new value
	// was is the cookie before, nil where there was none; gone says that
	// there is none now.
	was  *held
	gone bool
}

// learn gives the session a cookie and remembers where it came from. It reports
// whether that is a change of value.
func (b *Book) learn(s *session, c Cookie, kind Kind, o origin) bool {
	entry := change{origin: o, key: c.key(), is: c.Value}
	if old := s.find(entry.key); old != nil {
		if old.Value == c.Value {
			s.set(c, kind, old.age)
			return false
		}
		was := *old
		entry.was = &was
	}
	s.set(c, kind, b.nextAge())
	s.log(entry)
	return true
}

// lose takes a cookie from the session and remembers that. It reports whether
// there was one.
func (s *session) lose(k key, o origin) bool {
	old := s.find(k)
	if old == nil {
		return false
	}
	was := *old
	s.drop(k)
	s.log(change{origin: o, key: k, was: &was, gone: true})
	return true
}

func (s *session) log(c change) {
	if i := strings.IndexAny(c.url, "?#"); i >= 0 {
		c.url = strings.Clone(c.url[:i]) // what people typed is not kept
	}
	if len(s.changes) >= maxChanges {
		s.changes = slices.Delete(s.changes, 0, 1)
	}
	s.changes = append(s.changes, c)
}

// Value is one entry of a session's history.
type Value struct {
	Name    string    `json:"name"`
	Value   string    `json:"value"`
	Deleted bool      `json:"deleted,omitempty"` // the cookie was deleted
	Present bool      `json:"present,omitempty"` // the session has the value now
	At      time.Time `json:"at"`
	URL     string    `json:"url,omitempty"` // without the query
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
		list[i] = Value{Name: c.key.name, Value: c.is, Deleted: c.gone, At: c.at, URL: c.url, Source: c.source}
		h := s.find(c.key)
		list[i].Present = h != nil && h.Value == c.is && !c.gone
	}
	return list, nil
}
