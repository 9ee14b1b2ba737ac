package sessions

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// HTTP authentication is kept by the browser for a whole window: it sends the
// credentials again to all that is below the place that asked for them (RFC 7617, 2.2),
// whoever is forced. Those of the Basic scheme can travel. They are learnt from what was
// sent, are a header token of their session, and its origin is the space they are for.
// What the browser keeps is followed for each window, as its jar is: where it is not the
// forced session's, the header is written.

const (
	basicScheme = "Basic"
	maxSpaces   = 100 // of a site, and of a window
	// maxCredentials bounds a user name and password, in bytes.
	maxCredentials = 4 << 10
)

// Credentials are what a person types into the browser's dialog.
type Credentials struct{ User, Password string }

// basic is the Authorization header of the credentials.
func (c Credentials) basic() string {
	return basicScheme + " " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Password))
}

// ReadCredentials reads USER:PASSWORD. Its errors show nothing of it.
func ReadCredentials(text string) (Credentials, error) {
	text = strings.TrimRight(text, "\r\n")
	user, password, ok := strings.Cut(text, ":")
	switch {
	case !ok || user == "":
		return Credentials{}, fmt.Errorf("write USER:PASSWORD")
	case len(text) > maxCredentials:
		return Credentials{}, fmt.Errorf("they are longer than %d bytes", maxCredentials)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Credentials{}, fmt.Errorf("they have a control character")
	}
	return Credentials{user, password}, nil
}

// readBasic takes the credentials out of an Authorization header.
func readBasic(value string) (Credentials, bool) {
	if !isBasic(value) || len(value) > maxHeaderToken {
		return Credentials{}, false
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value[len(basicScheme):]))
	if err != nil {
		return Credentials{}, false
	}
	user, password, ok := strings.Cut(string(text), ":")
	return Credentials{user, password}, ok
}

func schemeOf(value string) string {
	scheme, _, _ := strings.Cut(value, " ")
	return scheme
}

func isBasic(value string) bool {
	return len(value) > len(basicScheme) && strings.EqualFold(schemeOf(value), basicScheme)
}

// httpAuth is what a site is known to ask for.
type httpAuth struct {
	spaces []string // origin and path up to a slash, the longest first
	// others are schemes that cannot travel, by the origin that asks for them.
	others map[string]string
}

// authKey is a space below pages of a site, since the browser keeps apart what it
// sends for pages of different ones: "" is the space's own.
type authKey struct{ space, top string }

// keptAuth is what the browser of a window keeps, as headers: "" is nothing.
type keptAuth struct {
	now  map[authKey]string
	base map[string]string // by space, when forcing began
}

// spaceAt is the space that a location is in, "" for none.
func (h *httpAuth) spaceAt(l *location) string {
	if len(h.spaces) == 0 {
		return ""
	}
	address := l.origin() + l.path
	for _, space := range h.spaces {
		if strings.HasPrefix(address, space) {
			return space
		}
	}
	return ""
}

// directory is the space that begins at a location.
func (l *location) directory() string {
	return l.origin() + l.path[:strings.LastIndexByte(l.path, '/')+1]
}

// add makes a space known.
func (h *httpAuth) add(space string) bool {
	if slices.Contains(h.spaces, space) {
		return true
	}
	if len(h.spaces) >= maxSpaces {
		return false
	}
	h.spaces = append(h.spaces, space)
	slices.SortStableFunc(h.spaces, func(a, b string) int { return len(b) - len(a) })
	return true
}

// ignoresAuthorization reports that a person took Authorization out of the tokens of the site.
func (h *headers) ignoresAuthorization() bool {
	is, said := h.named[strings.ToLower(Authorization)]
	return said && !is
}

// noteKept notes what the browser of a place keeps for a space.
func (p *windowState) noteKept(space, top, value string) {
	if p.auth.now == nil {
		p.auth.now = map[authKey]string{}
	}
	at := authKey{space, top}
	if _, known := p.auth.now[at]; !known && len(p.auth.now) >= maxSpaces {
		return
	}
	p.auth.now[at] = strings.Clone(value)
}

// topSite names the site of the page that a request is for, as far as the browser keeps
// credentials apart by it.
func topSite(top func() string, l *location) string {
	if top == nil {
		return ""
	}
	page, ok := locate(top())
	if !ok || registrable(page.host) == registrable(l.host) {
		return ""
	}
	return registrable(page.host)
}

// credentials is the header of the session for a space, nil for none: what was seen
// there, else what a person gave.
func (s *session) credentials(space string) *sessionHeader {
	if s == nil {
		return nil
	}
	for i := range s.headers {
		if h := &s.headers[i]; h.Origin == space && isBasic(h.Value) {
			return h
		}
	}
	return s.givenCredentials(space)
}

// givenCredentials is what a person gave for the origin of a space, or for the site.
func (s *session) givenCredentials(space string) *sessionHeader {
	for i := range s.headers {
		h := &s.headers[i]
		if isBasic(h.Value) && (h.Origin == s.site.name || !strings.HasSuffix(h.Origin, "/") && strings.HasPrefix(space, h.Origin+"/")) {
			return h
		}
	}
	return nil
}

// hasCredentials reports whether the session has credentials.
func (s *session) hasCredentials() bool {
	return slices.ContainsFunc(s.headers, func(h sessionHeader) bool { return isBasic(h.Value) && h.Name == Authorization })
}

// notSentYet reports whether what a person gave was not sent in a space yet: a challenge is
// answered with it.
func (s *session) notSentYet(space string) bool {
	h := s.credentials(space)
	return h != nil && h.Origin != space
}

// authHeader is the header that the session is to send in a space, "" for none.
func (s *session) authHeader(space string) string {
	if h := s.credentials(space); h != nil && !h.refused {
		return h.Value
	}
	return ""
}

// authField is the Authorization header that a paused request has to have, where the
// browser would send another session's.
func (s *site) authField(p *windowState, r *Paused, l *location) []Field {
	space := s.auth.spaceAt(l)
	if space == "" || r.Fields == nil || r.Fields(Authorization) != "" || s.headers.ignoresAuthorization() {
		return nil
	}
	own, waits := p.active.authHeader(space), p.active.notSentYet(space)
	if in, ok := credentialsIn(r.URL); ok && !s.isForeignAuth(p.active, in) {
		own, waits = in.basic(), true
	}
	kept := p.auth.now[authKey{space, topSite(r.Top, l)}]
	if own == kept || kept == "" && waits {
		return nil
	}
	return []Field{{Authorization, own}}
}

// isForeignAuth reports credentials of another session.
func (s *site) isForeignAuth(active *session, c Credentials) bool {
	owner, known := s.headers.owners[Field{Authorization, c.basic()}]
	return known && owner != active.id && s.number(owner) != nil
}

// foreignURL reports a URL with another session's credentials: that of a tab, say, which
// it was opened with.
func (s *site) foreignURL(active *session, raw string) bool {
	in, ok := credentialsIn(raw)
	return ok && !s.headers.ignoresAuthorization() && s.isForeignAuth(active, in)
}

// WithoutCredentials is a URL without the user and password in it.
func WithoutCredentials(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	if at := strings.LastIndexByte(authority, '@'); ok && at >= 0 {
		return scheme + "://" + rest[at+1:]
	}
	return raw
}

// HasForeignCredentials reports whether a URL has a user and password of another session
// than the one that is forced in a window.
func (b *Book) HasForeignCredentials(w Window, raw string) bool {
	l, ok := locate(raw)
	if !ok || !strings.Contains(raw, "@") {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.siteAt(&l)
	return s != nil && s.windows[w] != nil && s.windows[w].active != nil && s.foreignURL(s.windows[w].active, raw)
}

// credentialsIn are those in a URL.
func credentialsIn(raw string) (Credentials, bool) {
	_, rest, _ := strings.Cut(raw, "://")
	authority, _, _ := strings.Cut(rest, "/")
	if !strings.Contains(authority, "@") {
		return Credentials{}, false
	}
	u, err := url.Parse(raw)
	if err != nil || u.User == nil || u.User.Username() == "" {
		return Credentials{}, false
	}
	password, _ := u.User.Password()
	return Credentials{u.User.Username(), password}, true
}

// learnAuth books the HTTP authentication of a request, of which value is the
// Authorization header, and gives the session that it is of, nil where it does not
// say.
func (b *Book) learnAuth(x *Exchange, p *windowState, value string) *session {
	s, r := x.site, &x.request
	x.authorization = ""
	if value == "" {
		in, ok := credentialsIn(r.URL)
		if !ok {
			return nil
		}
		value = in.basic() // the browser answers a challenge with these, and shows that with the next request
	} else if r.Asked != nil && r.Asked(Authorization) != "" {
		return nil // a page wrote it
	}
	if s.headers.ignoresAuthorization() {
		return nil
	}
	if scheme := schemeOf(value); !isBasic(value) {
		s.noteScheme(x.at.origin(), scheme)
		return nil
	}
	if _, ok := readBasic(value); !ok {
		return nil
	}
	x.authorization = strings.Clone(value)
	space, of := s.auth.spaceAt(&x.at), x.authUser(p, value)
	if space == "" || of != nil && space != x.at.directory() && of.credentials(space) != nil && of.credentials(space).Value != value {
		space = x.at.directory() // one within the other has its own
	}
	if !s.auth.add(space) {
		return nil
	}
	if !(r.Rewritten && p.active != nil && value == p.active.authHeader(space)) {
		p.noteKept(space, topSite(r.Top, &x.at), value)
	}
	if x.active == nil {
		p.auth.base = nil
	} else if of != x.active {
		return nil // it began before the switch, or could not be stopped
	}
	if of == nil {
		of = s.anonymous
		if of == nil {
			of = s.newSession("")
		}
		s.anonymous = nil
	}
	b.setCredentials(of, HeaderToken{Field{Authorization, strings.Clone(value)}, space}, r.Window)
	return of
}

// authUser is the session that credentials are of: the one that has them, else the one
// that the request was sent as, else the one that the window was last on, unless these
// are another user's. nil is a new one.
func (x *Exchange) authUser(p *windowState, value string) *session {
	owner, known := x.site.headers.owners[Field{Authorization, value}]
	if known && x.site.number(owner) != nil {
		return x.site.number(owner)
	}
	of := x.headerOwner(p)
	if of == nil || of == x.active || of == x.session {
		return of
	}
	is, _ := readBasic(value)
	for _, h := range of.headers {
		if has, ok := readBasic(h.Value); ok && has.User != is.User {
			return nil
		}
	}
	return of
}

func (b *Book) setCredentials(of *session, t HeaderToken, w Window) {
	s := of.site
	if h := of.header(t.Name, t.Origin); h != nil && h.Value == t.Value {
		return
	}
	was := of.hasCredentials()
	s.headers.remember(s, t.Field, of)
	if !of.setHeader(t, b.nextSeq()) {
		return
	}
	of.hadToken = true
	e := of.event(SessionRenewed)
	if !was && len(of.cookies) == 0 {
		e.Kind = SessionNew
	}
	e.Window = w
	b.notify(e)
}

// noteScheme notes a scheme that cannot travel.
func (s *site) noteScheme(origin, scheme string) {
	if s.auth.others == nil || len(s.auth.others) >= maxSpaces {
		s.auth.others = map[string]string{}
	}
	s.auth.others[origin] = strings.Clone(scheme)
}

// authAnswered books a response that asks for credentials, or that took those of the
// request.
func (b *Book) authAnswered(x *Exchange, r *Response) {
	s := x.site
	schemes := challengeSchemes(r.Challenge)
	isRefused := slices.Contains(schemes, "basic")
	if x.authorization != "" && (isRefused || r.Challenge == "") {
		s.noteRefused(x.authorization, isRefused)
	}
	switch {
	case s.headers.ignoresAuthorization():
	case isRefused:
		if space := s.challengedSpace(&x.at); space != "" { // and the browser forgets what was not taken
			s.inWindow(x.request.Window).noteKept(space, topSite(x.request.Top, &x.at), "")
		}
	case len(schemes) > 0:
		s.noteScheme(x.at.origin(), schemes[0])
	}
}

// challengedSpace is the space of a location where a challenge came, "" where there is no room.
func (s *site) challengedSpace(l *location) string {
	space := s.auth.spaceAt(l)
	if space == "" && s.auth.add(l.directory()) {
		space = l.directory()
	}
	return space
}

// noteRefused notes that the server does not take a header, or takes it.
func (s *site) noteRefused(value string, refused bool) {
	for _, session := range s.sessions {
		for i := range session.headers {
			if h := &session.headers[i]; h.Name == Authorization && h.Value == value {
				h.refused = refused
			}
		}
	}
}

// challengeSchemes lists the schemes of a WWW-Authenticate header in lower case; its
// lines are joined by line ends.
func challengeSchemes(text string) []string {
	var list []string
	quoted, word := false, ""
	for _, r := range text + "\n" {
		switch {
		case r == '"':
			quoted, word = !quoted, "="
		case quoted:
		case r == ' ' || r == '\n':
			if word != "" && !strings.ContainsAny(word, "=") {
				list = append(list, strings.ToLower(word))
			}
			word = ""
		case r == ',':
			word = ""
		default:
			word += string(r)
		}
	}
	known := []string{"basic", "digest", "negotiate", "ntlm"}
	list = slices.DeleteFunc(list, func(scheme string) bool { return !slices.Contains(known, scheme) })
	return slices.Compact(list)
}

// Challenge is a server's question for credentials, before it was answered.
type Challenge struct {
	Window Window
	URL    string
	Scheme string
	Top    func() string // as in [Paused]
	// IsWritten says that our verdict wrote the header, Written, and the server refused it:
	// the request cannot be given another.
	IsWritten bool
	Written   string
	// Given says that the answer to this question was refused.
	Given bool
}

// Reply says how to answer a challenge. The zero Reply leaves it to the browser.
type Reply struct {
	Session Ref // that is forced; the zero Ref where none is
	// Refused says that the server refuses the credentials of the session.
	Refused bool
	// Give says that Credentials are the answer.
	Give        bool
	Credentials Credentials
	// Retry says that the request cannot be answered, and the browser has forgotten what it
	// kept: asked for again, the page gets the challenge.
	Retry bool
}

// Answer says how to answer a challenge as the forced session.
func (b *Book) Answer(c Challenge) Reply {
	l, ok := locate(c.URL)
	if !ok {
		return Reply{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.siteAt(&l)
	if s == nil || s.headers.ignoresAuthorization() {
		return Reply{}
	}
	p := s.windows[c.Window]
	if !strings.EqualFold(c.Scheme, basicScheme) {
		s.noteScheme(l.origin(), c.Scheme)
	}
	if p == nil || p.active == nil {
		return Reply{}
	}
	reply := Reply{Session: Ref{s.name, p.active.id}}
	if !strings.EqualFold(c.Scheme, basicScheme) {
		return reply
	}
	space := s.challengedSpace(&l)
	h := p.active.credentials(space)
	if h != nil && (c.Given || c.Written == h.Value) {
		h.refused = true // asked for again, it might lock the account
	}
	reply.Refused = h != nil && h.refused
	p.noteKept(space, topSite(c.Top, &l), "")
	if c.IsWritten {
		reply.Retry = true
		return reply
	}
	if h == nil || h.refused {
		return reply
	}
	reply.Give = true
	reply.Credentials, _ = readBasic(h.Value)
	return reply
}

// AuthStep says which credentials the browser of a window is to keep for a protection
// space, in place of what it keeps.
type AuthStep struct {
	Space string       // its URL begins with this: an origin, and a path
	Want  *Credentials // nil for none
}

// PlanAuth lists the protection spaces of a site where the browser of a window keeps other
// credentials than those of the session that is forced there, or was before.
func (b *Book) PlanAuth(w Window, site string) []AuthStep {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.headers.ignoresAuthorization() {
		return nil
	}
	p := s.windows[w]
	var list []AuthStep
	for _, space := range s.auth.spaces {
		is, want := p.auth.now[authKey{space: space}], s.wantedAuth(p, space)
		if is == want {
			continue
		}
		step := AuthStep{Space: space}
		if c, ok := readBasic(want); ok {
			step.Want = &c
		}
		list = append(list, step)
	}
	return list
}

// wantedAuth is what the browser is to keep for a space: the active session's, else what
// belongs to the session that it was of when forcing began.
func (s *site) wantedAuth(p *windowState, space string) string {
	if p.active != nil {
		return p.active.authHeader(space)
	}
	value := p.auth.now[authKey{space: space}]
	if p.auth.base != nil {
		value = p.auth.base[space]
	}
	number, known := s.headers.owners[Field{Authorization, value}]
	switch owner := s.number(number); {
	case !known || value == "":
		return value
	case owner == nil:
		return "" // it was removed
	case p.auth.base != nil:
		return owner.authHeader(space)
	}
	return value
}

// saveAuth notes what the browser kept when forcing begins.
func (p *windowState) saveAuth() {
	p.auth.base = map[string]string{}
	for at, value := range p.auth.now {
		if at.top == "" {
			p.auth.base[at.space] = value
		}
	}
}

// AuthKept books that the browser of a window keeps what a step said, or nothing.
func (b *Book) AuthKept(w Window, site string, step AuthStep, nothing bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil {
		return
	}
	value := ""
	if step.Want != nil && !nothing {
		value = step.Want.basic()
	}
	s.windows[w].noteKept(step.Space, "", value)
}

// ForeignAuth is HTTP authentication that the sessions of a window share.
type ForeignAuth struct {
	Space  string `json:"space"`  // origin, and path for Basic
	Scheme string `json:"scheme"` // in lower case
	// Of is the session whose credentials the browser keeps, "" where that is not known.
	Of string `json:"of,omitempty"`
}

// SharedAuth lists the HTTP authentication of a site that does not go with the forced
// session in a window: schemes that cannot, and Basic where the browser keeps another's.
func (b *Book) SharedAuth(w Window, site string) []ForeignAuth {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil {
		return nil
	}
	p := s.windows[w]
	var list []ForeignAuth
	for _, space := range slices.Backward(s.auth.spaces) {
		is := p.auth.now[authKey{space: space}]
		if is == "" || is == p.active.authHeader(space) {
			continue
		}
		item := ForeignAuth{Space: space, Scheme: "basic"}
		if owner := s.number(s.headers.owners[Field{Authorization, is}]); owner != nil {
			item.Of = owner.name
		}
		list = append(list, item)
	}
	for _, origin := range slices.Sorted(maps.Keys(s.auth.others)) {
		list = append(list, ForeignAuth{Space: origin, Scheme: strings.ToLower(s.auth.others[origin])})
	}
	return list
}

// OriginOf is the origin of a URL, "" for one that has none.
func OriginOf(raw string) string {
	l, ok := locate(raw)
	if !ok {
		return ""
	}
	return l.origin()
}

// GiveCredentials gives a session the answer to the challenges of an origin of its site,
// or of the whole site for "". A session of that name is made where there is none.
func (b *Book) GiveCredentials(site, name, origin string, c Credentials, now time.Time) (Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.checkSite(site); err != nil {
		return Session{}, err
	}
	s := b.listSite(site)
	session := s.names[name]
	if session == nil {
		session = s.newSession(name)
		b.notify(session.event(SessionNew))
	}
	if origin == "" {
		origin = s.name
	}
	t := HeaderToken{Field{Authorization, c.basic()}, origin}
	s.headers.remember(s, t.Field, session)
	if !session.setHeader(t, b.nextSeq()) {
		return Session{}, fmt.Errorf("%s has too many header tokens", name)
	}
	session.hadToken = true
	return session.view(now), nil
}
