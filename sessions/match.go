package sessions

import (
	"cmp"
	"slices"
	"time"
)

// sentRequest is a request as it left, reduced to what matching needs.
type sentRequest struct {
	at      location
	cookies []pair // the token and carried cookies in it, as they stood
	tokens  []pair // and the tokens alone
	// blocked are names of tokens that the browser had and did not send (SameSite,
	// credentials): they say nothing about whose request it is.
	blocked    []string
	handshake  bool // no event lists those
	began, now time.Time

	header       string // that the cookies are of, on this site,
	site         *site
	kindsVersion int // of the site, when it was read
}

// match finds the session that a request belongs to (RULES 18).
// nil means: of none yet. Its cost depends on the tokens in the request, not on
// the number of sessions.
func (s *site) match(p *windowState, r *sentRequest) *session {
	if len(r.tokens) == 0 {
		return s.matchWithoutTokens(p, r)
	}
	var best [completes + 1]*session
	for candidate := range s.values.of(s.rarest(r.tokens)) {
		fit := candidate.agreement(r)
		if best[fit] == nil || p.prefers(candidate, best[fit]) {
			best[fit] = candidate
		}
	}
	for _, found := range best[agrees:] { // RULES 19, 20, 21
		if found != nil {
			return found
		}
	}
	candidate := cmp.Or(p.active, p.last)
	if candidate != nil && (candidate == p.active || candidate.hasTokens(r.now)) && candidate.agreement(r) == completes {
		return candidate // RULES 21, for a token outside the scope of all it has
	}
	return nil
}

// rarest is the known value that the fewest sessions have or had: a session
// that fits has or had all known ones, so the others need not be looked at.
func (s *site) rarest(tokens []pair) pair {
	rarest, count := tokens[0], 0
	for _, token := range tokens {
		if n := s.values.count(token); n > 0 && (count == 0 || n < count) {
			rarest, count = token, n
		}
		if count == 1 {
			break
		}
	}
	return rarest
}

// prefers orders sessions that fit equally: the active one, then the oldest.
func (p *windowState) prefers(a, b *session) bool {
	return a == p.active || b != p.active && a.id < b.id
}

type agreement int

const (
	disagrees agreement = iota
	agrees
	agreesEarlier
	completes
)

// agreement compares a request that carries tokens with a session. Duplicate names
// count one by one.
func (s *session) agreement(r *sentRequest) agreement {
	var agree, earlier, unknown int
	for _, token := range r.tokens {
		switch {
		case s.hasValue(token):
			agree++
		case s.hadValue(token):
			earlier++
		case s.site.known(token):
			return disagrees
		default:
			unknown++
		}
	}
	switch {
	case earlier > 0:
		return agreesEarlier
	case s.lacks(r):
		return disagrees
	case unknown == 0:
		return agrees
	case agree > 0 || !s.appliesTo(r):
		return completes
	}
	return disagrees
}

// lacks reports whether a token of the session that applies to the request is
// not in it.
func (s *session) lacks(r *sentRequest) bool {
	return slices.ContainsFunc(s.cookies, func(h *sessionCookie) bool {
		return h.applies(r) && !slices.Contains(r.tokens, h.pair()) && !h.cameAfter(r)
	})
}

// cameAfter reports whether the token came after the request began, which has none
// of its name: many requests of a page are under way while the response to one
// brings a token (TestLeaks in cdp).
func (h *sessionCookie) cameAfter(r *sentRequest) bool {
	return h.cameAt.After(r.began) && !r.names(h.Name)
}

func (s *session) appliesTo(r *sentRequest) bool {
	return slices.ContainsFunc(s.cookies, func(h *sessionCookie) bool { return h.applies(r) })
}

// applies reports whether the browser would have sent the token. No event says
// which partition a request is in, so a partitioned one may always be missing, nor
// which cookies a WebSocket left out, and when they were read.
func (h *sessionCookie) applies(r *sentRequest) bool {
	return !(r.handshake && !r.names(h.Name)) && h.kind == Token && h.Partition == "" && h.covers(&r.at) && !h.Expired(r.now) && !slices.Contains(r.blocked, h.Name)
}

// names reports whether the request has a token of that name.
func (r *sentRequest) names(name string) bool {
	return slices.ContainsFunc(r.tokens, func(p pair) bool { return p.name == name })
}

// known reports whether any session has or had the value, or it was withheld from one.
func (s *site) known(token pair) bool {
	return s.values.first[token] != nil || slices.Contains(s.withheld, token)
}

// matchWithoutTokens finds the session of a request without any token.
func (s *site) matchWithoutTokens(p *windowState, r *sentRequest) *session {
	switch {
	case p.active != nil && !p.active.appliesTo(r):
		return p.active
	case !s.hasToken():
		return nil
	case len(s.scopes) > 0 && !s.anyScope(&r.at):
		return p.lastUnlessLoggedOut(r.now) // RULES 22: it creates none
	}
	return s.anonymous // RULES 23
}

// lastUnlessLoggedOut is the session that the window was last on, nil when that is logged
// out: it takes part again when it is forced.
func (p *windowState) lastUnlessLoggedOut(now time.Time) *session {
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
