package sessions

import (
	"slices"
	"time"
)

// sent is a request as it left, reduced to what matching needs.
type sent struct {
	at     *location
	tokens []pair // the token cookies in it, as they stood
	// held are names of tokens that the browser had and kept back (SameSite,
	// credentials): they say nothing about whose request it is.
	held []string
	now  time.Time
}

// match finds the session that a request belongs to (DESIGN 5, "Matching").
// nil means: of none yet. Its cost depends on the tokens in the request, not on
// the number of sessions.
func (s *site) match(p *place, r *sent) *session {
	if len(r.tokens) == 0 {
		return s.matchBare(p, r)
	}
	var late, grows *session
	for _, candidate := range s.candidates(p, r) {
		switch candidate.fit(r) {
		case fits:
			return candidate // (a)
		case fitsEarlier:
			late = first(late, candidate) // (b)
		case grown:
			grows = first(grows, candidate) // (c)
		}
	}
	if found := first(late, grows); found != nil {
		return found
	}
	heir := first(p.active, p.last)
	if heir != nil && (heir == p.active || heir.hasTokens(r.now)) && heir.fit(r) == grown {
		return heir // (c) for a token outside the scope of all it has
	}
	return nil
}

func first(a, b *session) *session {
	if a != nil {
		return a
	}
	return b
}

// candidates are the sessions that hold or held one of the values, the active
// one first, then by age.
func (s *site) candidates(p *place, r *sent) []*session {
	var list []*session
	for _, token := range r.tokens {
		list = append(list, s.current[token]...)
		list = append(list, s.past[token]...)
	}
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b *session) int {
		if a == p.active || b == p.active {
			return b.rank(p) - a.rank(p)
		}
		return a.id - b.id
	})
	return slices.Compact(list)
}

func (s *session) rank(p *place) int {
	if s == p.active {
		return 1
	}
	return 0
}

type fit int

const (
	misfit fit = iota
	fits
	fitsEarlier
	grown
)

// fit compares a request that carries tokens with a session. Duplicate names
// count one by one.
func (s *session) fit(r *sent) fit {
	var agree, earlier, unknown int
	for _, token := range r.tokens {
		switch {
		case s.holds(token):
			agree++
		case s.held(token):
			earlier++
		case s.site.known(token):
			return misfit
		default:
			unknown++
		}
	}
	switch {
	case earlier > 0:
		return fitsEarlier
	case s.lacks(r):
		return misfit
	case unknown == 0:
		return fits
	case agree > 0 || !s.appliesTo(r):
		return grown
	}
	return misfit
}

// lacks reports whether a token of the session that applies to the request is
// not in it.
func (s *session) lacks(r *sent) bool {
	return slices.ContainsFunc(s.cookies, func(h held) bool {
		return h.applies(r) && !slices.Contains(r.tokens, h.pair())
	})
}

func (s *session) appliesTo(r *sent) bool {
	return slices.ContainsFunc(s.cookies, func(h held) bool { return h.applies(r) })
}

// applies reports whether the browser would have sent the token.
func (h *held) applies(r *sent) bool {
	return h.kind == Token && h.covers(r.at) && !h.Expired(r.now) && !slices.Contains(r.held, h.Name)
}

// known reports whether any session holds or held the value.
func (s *site) known(token pair) bool {
	return len(s.current[token]) > 0 || len(s.past[token]) > 0
}

// matchBare finds the session of a request without any token.
func (s *site) matchBare(p *place, r *sent) *session {
	switch {
	case p.active != nil && !p.active.appliesTo(r):
		return p.active
	case !s.hasToken():
		return nil
	case len(s.scopes) > 0 && !s.anyScope(r.at):
		return p.lastIn(r.now) // (d): it creates none
	}
	return s.anonymous // (e)
}

// lastIn is the session that the window was last on, nil when that is logged
// out: it takes part again when it is forced.
func (p *place) lastIn(now time.Time) *session {
	if p.last == nil || p.last.state(now) == LoggedOut {
		return nil
	}
	return p.last
}

func (s *site) anyScope(l *location) bool {
	for sc := range s.scopes {
		c := Cookie{Domain: sc.domain, Path: sc.path, Secure: sc.secure}
		if c.covers(l) {
			return true
		}
	}
	return false
}
