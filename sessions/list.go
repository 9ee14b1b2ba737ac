package sessions

import (
	"fmt"
	"slices"
	"time"
)

// State says whether a session has tokens.
type State string

const (
	Empty     State = "empty"      // it never had one
	Live      State = "live"       // it has one that is not expired, or HTTP credentials
	LoggedOut State = "logged out" // it had one
)

func (s *session) state(now time.Time) State {
	switch {
	case s.hasTokens(now) || s.hasCredentials():
		return Live
	case s.hadToken:
		return LoggedOut
	}
	return Empty
}

// Site is what the book knows of a site. It is a copy.
type Site struct {
	Name     string       `json:"site"`
	Tokens   []SiteToken  `json:"tokens"`
	Headers  []SiteHeader `json:"headers,omitempty"`
	Sessions int          `json:"sessions"` // the anonymous one not counted
	Active   []ActiveItem `json:"active,omitempty"`
	Requests int          `json:"requests"`
	LastUse  time.Time    `json:"lastUse,omitzero"`
}

// SiteToken is a token or carried cookie of a site.
type SiteToken struct {
	Name    string `json:"name"`
	Kind    Kind   `json:"kind"`
	Default bool   `json:"default"` // a default token has this name
}

// ActiveItem is the session that is active in a window.
type ActiveItem struct {
	Window  Window `json:"window"`
	Session string `json:"session"`
	Number  int    `json:"number"`
}

// Session is what the book knows of a session. It is a copy.
type Session struct {
	Site      string        `json:"site"`
	Number    int           `json:"number"`
	Name      string        `json:"name"`
	State     State         `json:"state"`
	Anonymous bool          `json:"anonymous,omitempty"`
	Active    []Window      `json:"active,omitempty"` // the windows where it is forced
	Tokens    []Cookie      `json:"tokens"`
	Carried   []Cookie      `json:"carried,omitempty"`
	Headers   []HeaderToken `json:"headers,omitempty"`
	Requests  int           `json:"requests"`
	LastUse   time.Time     `json:"lastUse,omitzero"`
	Withheld  bool          `json:"withheld,omitempty"` // a login was, see [Book.Accept]
}

// Ref names a session for good: the number is never given to another one.
type Ref struct {
	Site   string
	Number int
}

// Ref returns the session's reference.
func (s Session) Ref() Ref { return Ref{s.Site, s.Number} }

// ActiveIn reports whether the session is forced in the window.
func (s Session) ActiveIn(w Window) bool { return slices.Contains(s.Active, w) }

// Sites lists the sites in the order they appeared.
func (b *Book) Sites() []Site {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Site, 0, len(b.order))
	for _, s := range b.order {
		list = append(list, b.view(s))
	}
	return list
}

// Site returns one site.
func (b *Book) Site(name string) (Site, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.seenSite(name)
	if s == nil {
		return Site{}, false
	}
	return b.view(s), true
}

func (b *Book) view(s *site) Site {
	v := Site{Name: s.name, Requests: s.requests, LastUse: s.last, Sessions: len(s.sessions)}
	if s.anonymous != nil {
		v.Sessions--
	}
	for _, name := range s.tokens {
		v.Tokens = append(v.Tokens, SiteToken{name, s.kinds[name], b.defaults.kind(name) != NotToken})
	}
	v.Headers = s.headerTokens()
	for w, p := range s.windows {
		if p.active != nil {
			v.Active = append(v.Active, ActiveItem{Window: w, Session: p.active.name, Number: p.active.id})
		}
	}
	slices.SortFunc(v.Active, func(a, b ActiveItem) int { return compare(a.Window, b.Window) })
	return v
}

func compare(a, b Window) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// Sessions lists the sessions of a site in the order of their creation, the
// anonymous one included.
func (b *Book) Sessions(site string, now time.Time) []Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil {
		return nil
	}
	list := make([]Session, 0, len(s.sessions))
	for _, session := range s.sessions {
		list = append(list, session.view(now))
	}
	return list
}

// Session returns one session.
func (b *Book) Session(ref Ref, now time.Time) (Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	session, err := b.session(ref)
	if err != nil {
		return Session{}, err
	}
	return session.view(now), nil
}

func (b *Book) session(ref Ref) (*session, error) {
	s := b.seenSite(ref.Site)
	if s == nil {
		return nil, &NoSiteError{Name: ref.Site}
	}
	if session := s.number(ref.Number); session != nil {
		return session, nil
	}
	return nil, &NoSessionError{Site: ref.Site, Name: fmt.Sprint(ref.Number)}
}

func (s *session) view(now time.Time) Session {
	v := Session{
		Site: s.site.name, Number: s.id, Name: s.name, State: s.state(now),
		Anonymous: s.site.anonymous == s, Withheld: s.withheld != nil, Requests: s.requests, LastUse: s.last,
	}
	for _, h := range s.cookies {
		if h.Expired(now) {
			continue
		}
		if h.kind == Token {
			v.Tokens = append(v.Tokens, h.Cookie)
		} else {
			v.Carried = append(v.Carried, h.Cookie)
		}
	}
	for _, h := range s.headers {
		v.Headers = append(v.Headers, h.HeaderToken)
	}
	for w, p := range s.site.windows {
		if p.active == s {
			v.Active = append(v.Active, w)
		}
	}
	slices.Sort(v.Active)
	return v
}

// Active returns the session that is forced on a site in a window.
func (b *Book) Active(w Window, site string, now time.Time) (Session, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil {
		return Session{}, false
	}
	return s.windows[w].active.view(now), true
}

// Forced lists the sites that have an active session in some window.
func (b *Book) Forced() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []string
	for _, s := range b.order {
		for _, p := range s.windows {
			if p.active != nil {
				list = append(list, s.name)
				break
			}
		}
	}
	return list
}
