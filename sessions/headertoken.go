package sessions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sessdriver/sessions/fault"
)

// A header token is a request header by which a server knows a session: the bearer
// token that a page's scripts write into Authorization (RFC 6750), or another header
// that a person named. No response sets it, so it is learnt from the requests that carry
// it, for the session that they travel with, and each origin has its own. It is only
// ever replaced or taken out: pages decide whether a request carries one.

const (
	// Authorization is the header that counts by itself, when it has a bearer token.
	Authorization = "Authorization"

	maxHeaderToken  = 16 << 10 // bytes of a value; a longer one is no token
	maxHeaders      = 40       // that a session has: names times origins
	maxHeaderValues = 1_000    // values of a site that are remembered
)

// Field is a header of a request.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// HeaderToken is a header token of a session.
type HeaderToken struct {
	Field
	Origin string `json:"origin"` // whose requests carry it; for HTTP authentication with a path, or a site
}

// sessionHeader is a header token with the book's age when it was learnt.
type sessionHeader struct {
	HeaderToken
	seq     int64
	refused bool // the server refused it, as far as that is known: see httpauth.go
}

// headers is what a site knows of header tokens.
type headers struct {
	// named has what a person said, by name in lower case: true for added, false for
	// removed; order has the added ones as they were written.
	named map[string]bool
	order []string
	// owners has the session, by number, that each value was learnt for; 0 is no session's,
	// as an application's own key that visitors send too.
	owners map[Field]int
}

var defaultHeaders = []string{Authorization}

// names lists the headers to look at.
func (h *headers) names() []string {
	if len(h.named) == 0 {
		return defaultHeaders
	}
	if _, said := h.named[strings.ToLower(Authorization)]; said {
		return h.order
	}
	return append(defaultHeaders[:1:1], h.order...)
}

// value is that of a header as far as it is a token, else "".
func (h *headers) value(name, value string) string {
	if value == "" || len(value) > maxHeaderToken || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	if scheme, _, _ := strings.Cut(value, " "); name == Authorization && !h.named[strings.ToLower(name)] && !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return value
}

// AddHeader makes a request header a token of a site: in Authorization also what is no
// bearer token. Its value is learnt from the requests that come.
func (b *Book) AddHeader(site, name string) error {
	if err := checkHeader(name); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.checkSite(site); err != nil {
		return err
	}
	h, key := &b.ensureSite(site).headers, strings.ToLower(name)
	if h.named[key] {
		return nil
	}
	if key == strings.ToLower(Authorization) {
		name = Authorization
	}
	if h.named == nil {
		h.named = map[string]bool{}
	}
	h.named[key] = true
	h.order = append(h.order, strings.Clone(name))
	b.notify(Event{Kind: TokenAdded, Site: site, Token: name, Text: "header"})
	return nil
}

// IsHeaderName reports whether a text is the name of a header (RFC 9110, 5.6.2).
func IsHeaderName(name string) bool {
	isToken := func(r rune) bool {
		return r > ' ' && r < 0x7f && !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) })
}

// checkHeader refuses what is no name of a header, and the cookies'.
func checkHeader(name string) error {
	if !IsHeaderName(name) {
		return fmt.Errorf("%q is not the name of a header", name)
	}
	if strings.EqualFold(name, "Cookie") || strings.EqualFold(name, "Set-Cookie") {
		return fault.Errorf(fault.CookieHeader, "%q is the header of the cookies", name)
	}
	return nil
}

// RemoveHeader makes a header token an ordinary header again; sessions lose its values.
func (b *Book) RemoveHeader(site, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil {
		return &NoSiteError{Name: site}
	}
	h, key := &s.headers, strings.ToLower(name)
	is := func(other string) bool { return strings.EqualFold(other, name) }
	if !slices.ContainsFunc(h.names(), is) {
		return &NoTokenError{site, name}
	}
	if h.named == nil {
		h.named = map[string]bool{}
	}
	h.named[key] = false
	h.order = slices.DeleteFunc(h.order, is)
	maps.DeleteFunc(h.owners, func(f Field, _ int) bool { return is(f.Name) })
	for _, session := range s.sessions {
		session.headers = slices.DeleteFunc(session.headers, func(t sessionHeader) bool { return is(t.Name) })
	}
	b.notify(Event{Kind: TokenRemoved, Site: site, Token: name, Text: "header"})
	return nil
}

// learnHeaders gives the header tokens of a request to the session it travels with: its
// own, else the one that is forced, else the one that the window was last on, since
// pages send bearer tokens without cookies, too. What another session has stays that
// one's. It returns the session that HTTP authentication identifies, nil for none.
func (b *Book) learnHeaders(x *Exchange, p *windowState) (found *session) {
	get := x.request.Fields
	if get == nil {
		return nil
	}
	h := &x.site.headers
	for _, name := range h.names() {
		text := get(name)
		if name == Authorization && (text != "" || strings.Contains(x.request.URL, "@")) {
			if of := b.learnAuth(x, p, text); of != nil {
				found = of
			}
			if x.authorization != "" {
				continue
			}
		}
		value := h.value(name, text)
		if value == "" {
			continue
		}
		of := x.headerOwner(p)
		owner, known := h.owners[Field{name, value}]
		if known && owner != 0 && x.site.number(owner) == nil && (x.active == nil || x.session == x.active) {
			known = false // that session was removed, and is coming back
		}
		t := HeaderToken{Field{name, value}, x.at.origin()}
		if known && (of == nil || owner != of.id || of.header(name, t.Origin) != nil) {
			continue // no session's, another's, or one that it has, or had
		}
		t.Value = strings.Clone(value)
		h.remember(x.site, t.Field, of)
		if of != nil && of.setHeader(t, b.nextSeq()) {
			b.secretNews.value(t.Value)
			b.secretNews.value(t.token())
			e := of.event(SessionRenewed)
			e.Window = x.request.Window
			b.notify(e)
		}
	}
	return found
}

// headerOwner is the session that the header tokens of a request belong to, nil for none.
func (x *Exchange) headerOwner(p *windowState) *session {
	for _, s := range []*session{x.session, x.active, p.last} {
		if unlessRemoved(s) != nil && s != x.site.anonymous {
			return s
		}
	}
	return nil
}

// remember notes whose a value is. When there are too many, those that no session has
// now are forgotten.
func (h *headers) remember(s *site, f Field, of *session) {
	if len(h.owners) >= maxHeaderValues {
		maps.DeleteFunc(h.owners, func(f Field, owner int) bool {
			session := s.number(owner)
			return session == nil || !slices.ContainsFunc(session.headers, func(t sessionHeader) bool { return t.Field == f })
		})
	}
	if h.owners == nil || len(h.owners) >= maxHeaderValues {
		h.owners = map[Field]int{}
	}
	h.owners[f] = 0
	if of != nil {
		h.owners[f] = of.id
	}
}

// setHeader gives the session a header token. It reports whether there was room.
func (s *session) setHeader(t HeaderToken, age int64) bool {
	if h := s.header(t.Name, t.Origin); h != nil {
		*h = sessionHeader{HeaderToken: t, seq: age}
		return true
	}
	if len(s.headers) >= maxHeaders {
		return false
	}
	s.headers = append(s.headers, sessionHeader{HeaderToken: t, seq: age})
	return true
}

// header is the session's token of a name for an origin, nil for none.
func (s *session) header(name, origin string) *sessionHeader {
	for i := range s.headers {
		if h := &s.headers[i]; h.Name == name && h.Origin == origin {
			return h
		}
	}
	return nil
}

// replaceHeaders lists the headers of a paused request that have another session's token,
// with the active session's own. Where it has none yet, a document from before the switch
// does not send one, which is listed in without; a later one does.
func (s *site) replaceHeaders(active *session, r *Paused, at *location) (list []Field, without []string) {
	if r.Fields == nil || len(s.headers.owners) == 0 {
		return nil, nil
	}
	for _, name := range s.headers.names() {
		value := s.headers.value(name, r.Fields(name))
		if value == "" {
			continue
		}
		owner := s.headers.owners[Field{name, value}]
		if owner == 0 || owner == active.id {
			continue // unknown, no session's, or its own
		}
		if own := active.headerFor(s.number(owner), Field{name, value}, at.origin()); own != nil {
			list = append(list, own.Field)
		} else if r.FromOldDocument != nil && r.FromOldDocument(s.name) {
			without = append(without, name)
		}
	}
	return list, without
}

// headerFor is the session's token for a request to an origin that has another one's:
// where it was not seen there yet, the one for an origin where the other sends the same
// as here. nil is none.
func (s *session) headerFor(other *session, f Field, origin string) *sessionHeader {
	if own := s.header(f.Name, origin); own != nil || other == nil {
		return own
	}
	for _, h := range other.headers {
		if own := s.header(f.Name, h.Origin); h.Field == f && own != nil {
			return own
		}
	}
	return nil
}

// mergeHeaders makes the header tokens of a session that goes the one's that is kept.
func mergeHeaders(keep, gone *session) {
	keep.takeHeaders(gone, 0, present)
	for f, owner := range keep.site.headers.owners {
		if owner == gone.id {
			keep.site.headers.owners[f] = keep.id
		}
	}
}

// takeHeaders takes over what another session learnt after one point of the sequence, up to
// another, where this one has nothing.
func (s *session) takeHeaders(other *session, after, last int64) {
	other.headers = slices.DeleteFunc(other.headers, func(h sessionHeader) bool {
		if h.seq <= after || h.seq > last || s.header(h.Name, h.Origin) != nil {
			return false
		}
		s.headers = append(s.headers, h)
		s.site.headers.owners[h.Field] = s.id
		return true
	})
}

// dropMovedHeaders forgets the header tokens of origins that belong to another site now:
// its sessions learn them with the next requests.
func (b *Book) dropMovedHeaders() {
	for _, s := range b.sites {
		for _, session := range s.sessions {
			session.headers = slices.DeleteFunc(session.headers, func(h sessionHeader) bool {
				if h.Origin == s.name {
					return false // a person gave it for the site
				}
				l, ok := locate(h.Origin)
				return !ok || b.boundary.site(&l) != s.name
			})
		}
	}
}

// headerTokens lists the headers that count as tokens of a site, with how many sessions
// have one; one that counts by itself only where there is one.
func (s *site) headerTokens() []SiteHeader {
	var list []SiteHeader
	for _, name := range s.headers.names() {
		item := SiteHeader{Name: name, Default: !s.headers.named[strings.ToLower(name)]}
		for _, session := range s.sessions {
			if slices.ContainsFunc(session.headers, func(h sessionHeader) bool { return h.Name == name }) {
				item.Sessions++
			}
		}
		if item.Sessions > 0 || !item.Default {
			list = append(list, item)
		}
	}
	return list
}

// SiteHeader is a request header that is a token of a site.
type SiteHeader struct {
	Name     string `json:"name"`
	Default  bool   `json:"default"`  // it counts by itself
	Sessions int    `json:"sessions"` // how many have one
}
