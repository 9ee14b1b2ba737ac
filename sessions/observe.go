package sessions

import (
	"slices"
	"strings"
	"time"
)

// Request is a request as it was sent.
type Request struct {
	Window Window
	Method string
	URL    string
	// Header is the Cookie header as it left, rewritten or not; "" for none.
	Header string
	// Jar has the cookies that the browser found for the request, with their
	// attributes, as far as it reports them.
	Jar []Cookie
	// Blocked names the cookies that it found and did not send.
	Blocked []string
	// Handshake says that it opens a WebSocket: no event lists what the browser did not send,
	// nor when it read the jar, so that any cookie may be missing.
	Handshake bool
	// Fields gives another header as it left, by its name, "" for none; nil where
	// they are not known.
	Fields func(name string) string
	// Asked gives a header as the page had it, in the same way, before the browser added
	// its own; Rewritten says that our verdict changed some. Top is as in [Paused].
	Asked     func(name string) string
	Rewritten bool
	Top       func() string
	// Unchecked says that no verdict was asked for, and that it began after the last
	// switch: what no session has in it is the active one's own.
	Unchecked bool
	// Via has the URLs that redirected to this one, the first one first.
	Via []string
	// Document says that a page or frame is shown by it; Outside that neither a page of the
	// site nor one of its links led there, as far as it reports; Password that it has the
	// fields of a form with a password.
	Document, Outside, Password bool
	// Reload says that a switch asked for the document, or that such a request redirected
	// to it; Before what its response did when it was asked for last. Part says that it is
	// loaded with such a document.
	Reload bool
	Before Effect
	Part   bool
	// Began is when the browser began with it, by its own clock, the zero time
	// where it did not say; Now is when it was reported.
	Began, Now time.Time
}

// Exchange is a request and, later, its response. It remembers the session
// that the request was sent as. The zero Exchange is of no site.
type Exchange struct {
	request Request
	at      location
	site    *site
	session *session
	// anonymous says that it was of no session, so that, without a token, it may
	// be part of a login that another response brings.
	anonymous bool
	// active and last are the window's sessions when it left, seq is the book's sequence
	// then: what is forced later does not concern it.
	active, last *session
	seq          int64
	// complete says that its session has all tokens of the header, so that they need not be
	// read again while the site has the same kindsVersion.
	complete     bool
	kindsVersion int
	boundary     *boundary // that the site was found by
	// authorization is the header of HTTP authentication, "" for none.
	authorization string
}

// Session is the session that the request was sent as, the zero Ref while it is
// of none.
func (x Exchange) Session() Ref {
	if x.session == nil {
		return Ref{}
	}
	return Ref{x.site.name, x.session.id}
}

// Forced is the session that was active when the request was reported, the zero Ref
// where none was.
func (x Exchange) Forced() Ref {
	if x.active == nil {
		return Ref{}
	}
	return Ref{x.site.name, x.active.id}
}

// Misattributed reports that the request went out as another session than the one that
// was forced when it was reported.
func (x Exchange) Misattributed() bool {
	return x.active != nil && x.session != nil && !x.anonymous && x.session != x.active
}

// Response is what came back.
type Response struct {
	// Cookies are those that the browser took; a deletion is an expired one.
	Cookies []Cookie
	// Cleared says that the browser deleted all cookies of the registrable domain first, as
	// the response asked for: Clear-Site-Data.
	Cleared bool
	// Challenge is the WWW-Authenticate header of a 401, its lines joined by line ends.
	Challenge string
	Now       time.Time
}

// Sent books a request as it left: it learns default tokens and finds the
// session. Give the Exchange to [Book.Received] with the response. A request
// whose response never comes is not counted (RULES 31).
func (b *Book) Sent(r Request) Exchange {
	l, ok := locate(r.URL)
	if !ok || !b.Observes(r.URL) {
		return Exchange{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.learnSite(&l)
	x := Exchange{request: r, at: l, site: s, boundary: b.boundary}
	request := b.readPairs(&x)
	window := s.inWindow(r.Window)
	x.active, x.last, x.seq, x.kindsVersion = window.active, window.last, b.sequence, s.kindsVersion
	x.session = s.match(window, request)
	if x.session == nil && b.adoptFromRequest(&x, request) {
		x.session = x.active
	}
	x.anonymous = x.session == nil || x.session == s.anonymous
	if x.session != nil || len(request.tokens) == 0 { // else its session is only found by the response
		if of := b.learnHeaders(&x, window); of != nil && x.anonymous && x.active == nil {
			x.session, x.anonymous = of, false
		}
	}
	x.request.Fields, x.request.Asked = nil, nil // they keep an event in memory
	if x.session == nil {
		return x
	}
	if x.session != s.anonymous {
		window.last = x.session
	}
	x.complete = !slices.ContainsFunc(request.tokens, func(p pair) bool { return !x.session.hasValue(p) })
	b.learnCarried(&x, request)
	return x
}

// adoptFromRequest gives the active session the values of a request that no session has, where
// no verdict was asked for or the others are that session's: a script wrote them, or a
// response that nothing shows. It reports whether the request is that session's by that.
func (b *Book) adoptFromRequest(x *Exchange, r *sentRequest) bool {
	if x.active == nil || !x.request.Unchecked && !slices.ContainsFunc(r.tokens, x.active.hasValue) {
		return false
	}
	isForeign := func(p pair) bool { return x.site.known(p) && !x.active.hasValue(p) }
	if slices.ContainsFunc(r.tokens, isForeign) {
		return false
	}
	o, unknown := b.newCause(FromScript, x.request.URL, x.request.Now), false
	for _, p := range r.tokens {
		if x.site.known(p) {
			continue
		}
		unknown = true
		for _, c := range inJar(p, x.request.Jar, &x.at) { // without any, the next request shows whose place it takes
			b.adoptValue(x.active, x.request.Window, c, Token, o)
		}
	}
	return unknown
}

// adoptValue gives the active session a value that no response set, and reports that.
func (b *Book) adoptValue(active *session, w Window, c Cookie, kind Kind, o cause) {
	b.learn(active, c, kind, o)
	event := active.event(ValueAdopted)
	event.Window, event.Token = w, c.Name
	b.notify(event)
}

// AdoptJar gives the active session of a window what its jar has for the site and no
// session had: a script wrote it, or a response that nothing shows. What the jar had
// before it was in sync with that session is not adopted.
func (b *Book) AdoptJar(w Window, site string, jar []Cookie, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.newCause(FromScript, "", now)
	for _, c := range b.unknownIn(w, site, jar, now) {
		s := b.sites[site]
		b.adoptValue(s.windows[w].active, w, c, s.kind(c.Name), o)
	}
}

// Unknown lists what AdoptJar would give the active session.
func (b *Book) Unknown(w Window, site string, jar []Cookie, now time.Time) []Cookie {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unknownIn(w, site, jar, now)
}

// unknownIn lists the token and carried cookies of a jar that no session has, where it
// was in sync with the active one.
func (b *Book) unknownIn(w Window, site string, jar []Cookie, now time.Time) []Cookie {
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil || !s.windows[w].inSync {
		return nil
	}
	var list []Cookie
	for _, c := range jar {
		active := s.windows[w].active
		elsewhere := active.hasValue(c.pair()) && active.lacksCookie(&c) // the same value, at another path or domain
		if s.kind(c.Name) != NotToken && !s.isEmptied(c.Name, c.Value) && b.boundary.contains(s.name, &c) && !c.Expired(now) && (elsewhere || !s.known(c.pair())) && !b.knownOnSharedSite(s, c.pair()) {
			list = append(list, c)
		}
	}
	return list
}

// readPairs takes the token and carried cookies out of a request, learning default
// tokens on the way. The book has one place for what is read, which is good
// until the next read. Like [decision.read] it reads the same header once.
func (b *Book) readPairs(x *Exchange) *sentRequest {
	r := &b.sentScratch
	r.at, r.blocked, r.began, r.now = x.at, x.request.Blocked, x.request.Began, x.request.Now
	r.handshake = x.request.Handshake
	if r.began.IsZero() {
		r.began = r.now
	}
	if r.header == x.request.Header && r.site == x.site && r.kindsVersion == x.site.kindsVersion {
		return r
	}
	r.cookies, r.tokens = r.cookies[:0], r.tokens[:0]
	for c := range cookiePairs(x.request.Header) {
		kind := b.kindOf(x.site, &c)
		if kind == NotToken || x.site.isEmptied(c.name, c.value) {
			continue
		}
		r.cookies = append(r.cookies, pair{c.name, c.value})
		if kind == Token {
			r.tokens = append(r.tokens, pair{c.name, c.value})
		}
	}
	r.header, r.site, r.kindsVersion = x.request.Header, x.site, x.site.kindsVersion // reading may have found new ones
	return r
}

// learnCarried gives the session the carried cookies that its own request
// shows: scripts write them, so that no response shows them.
func (b *Book) learnCarried(x *Exchange, r *sentRequest) {
	if x.active != nil && !(x.request.Unchecked && x.session == x.active) || len(r.cookies) == len(r.tokens) {
		return // the active one's may show what a verdict has not seen
	}
	was, o := x.session.state(x.request.Now), b.newCause(FromScript, x.request.URL, x.request.Now)
	changed := false
	for _, p := range r.cookies {
		if x.site.kind(p.name) != Carried {
			continue
		}
		for _, c := range x.cookies(p) {
			// Where its scope is unknown, one of that value may be it.
			if x.session.lacksCookie(&c) && (len(x.request.Jar) > 0 || !x.session.hasValue(p)) {
				b.learn(x.session, c, Carried, o)
				changed = true
			}
		}
	}
	b.notifyChange(x.session, x.request.Window, was, changed, x.request.Now)
}

// cookies are the request's cookies of a name and value, with the attributes that the
// jar has for them; without them it is one that is host-only (RULES 15).
func (x *Exchange) cookies(p pair) []Cookie {
	if list := inJar(p, x.request.Jar, &x.at); len(list) > 0 {
		return list
	}
	return []Cookie{{Name: strings.Clone(p.name), Value: strings.Clone(p.value), Domain: x.at.hostOnly(), Path: "/"}}
}

// inJar finds the cookies of a jar that a request there shows as a pair: of one value
// there may be several, of other paths or domains.
func inJar(p pair, jar []Cookie, at *location) (list []Cookie) {
	for i := range jar {
		if c := &jar[i]; c.pair() == p && c.coversHostAt(at) {
			list = append(list, *c)
		}
	}
	return list
}

// detect makes a cookie name a token of the site when it is a default token
// that was not removed there.
func (b *Book) detect(s *site, name string) {
	if _, known := s.kinds[name]; known || name == "" {
		return
	}
	kind := b.defaults.kind(name)
	if kind == NotToken || s.removed[bareName(name)] {
		return
	}
	b.addToken(s, name, kind)
}

// Received books the response of an exchange on the session that the request
// was sent as.
func (b *Book) Received(x Exchange, r Response) Outcome {
	if x.site == nil {
		return Outcome{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if x.boundary != b.boundary {
		b.relocate(&x)
	}
	s := x.site
	s.requests++
	s.last = r.Now
	for _, c := range r.Cookies {
		b.detect(s, c.Name)
	}
	if x.authorization != "" || r.Challenge != "" {
		b.authAnswered(&x, &r)
	}
	if !s.hasToken() && unlessRemoved(x.session) == nil {
		return Outcome{} // RULES 24
	}
	request := &sentRequest{}
	if !x.complete || x.kindsVersion != s.kindsVersion || x.session.removed || x.anonymous {
		request = b.readPairs(&x)
	}
	session := b.owner(&x, request, r)
	if session == nil {
		return Outcome{}
	}
	session.requests++
	if x.request.Document {
		session.documents++
	}
	session.last = r.Now
	window, wasFilled := s.inWindow(x.request.Window), session.hadToken
	outcome := b.apply(session, &x, request, r)
	b.warnClashes(session, r.Now)
	switch {
	case outcome.owner != nil && window.active == nil:
		window.last = outcome.owner // the jar is on that one now
	case session != s.anonymous:
		window.last = session
	}
	if x.anonymous && session.hadToken && !wasFilled {
		session.requests = 1 // the visitors before were not this login (RULES 23)
		window.login, window.loginSeq = session, b.nextSeq()
	}
	if duplicate := session.duplicate(); duplicate != nil {
		b.mergeDuplicates(session, duplicate)
	}
	return outcome.Outcome
}

// relocate takes an exchange to the site that it belongs to since sites were split
// or joined; nothing that was found out on the other one is true there.
func (b *Book) relocate(x *Exchange) {
	if s := b.learnSite(&x.at); s != x.site {
		*x = Exchange{request: x.request, at: x.at, site: s, kindsVersion: s.kindsVersion, boundary: b.boundary}
	}
}

// owner is the session that a response is booked on: the one that the request
// was sent as, else the one that its cookies match by now, else a new one.
func (b *Book) owner(x *Exchange, request *sentRequest, r Response) *session {
	window := x.site.inWindow(x.request.Window)
	if x.anonymous && len(request.tokens) == 0 && unlessRemoved(window.login) != nil && window.loginSeq > x.seq {
		return window.login // one jar, one login
	}
	if unlessRemoved(x.session) != nil && !(x.anonymous && x.session.hadToken) {
		return x.session // unless another window logged in as it
	}
	if session := x.site.match(x.windowWhenSent(), request); session != nil {
		return session
	}
	if len(request.tokens) > 0 || x.setsToken(r) {
		return b.startSession(x, request)
	}
	if len(x.site.scopes) > 0 && !x.site.anyScope(&x.at) || x.hasBlockedToken() {
		return nil // no token applies there, and none is set: RULES 22
	}
	x.site.anonymous = b.startSession(x, request)
	return x.site.anonymous
}

// hasBlockedToken reports whether the browser had a token for the request and did
// not send it: the request is not anonymous by that.
func (x *Exchange) hasBlockedToken() bool {
	return slices.ContainsFunc(x.request.Blocked, func(name string) bool { return x.site.kind(name) == Token })
}

// windowWhenSent is the window as it was when the request left.
func (x *Exchange) windowWhenSent() *windowState {
	return &windowState{active: unlessRemoved(x.active), last: unlessRemoved(x.last)}
}

// startSession makes the session of a request that no session matches, with the
// tokens and carried cookies it had.
func (b *Book) startSession(x *Exchange, request *sentRequest) *session {
	session := x.site.newSession("")
	o := b.newCause(FromRequest, x.request.URL, x.request.Now)
	for _, p := range request.cookies {
		for _, c := range x.cookies(p) {
			b.learn(session, c, x.site.kind(p.name), o)
		}
	}
	if len(request.tokens) > 0 {
		b.notifyNew(session, x.request.Window)
	}
	return session
}

func (b *Book) notifyNew(session *session, w Window) {
	e := session.event(SessionNew)
	e.Window = w
	b.notify(e)
}

func (x *Exchange) setsToken(r Response) bool {
	return slices.ContainsFunc(r.Cookies, func(c Cookie) bool {
		return x.site.kind(c.Name) == Token && !c.Expired(r.Now) && !x.site.isEmptied(c.Name, c.Value)
	})
}

// applied is the outcome of apply.
type applied struct {
	Outcome
	owner *session // of tokens that were not booked, nil for none
}

// apply writes a response into its session: tokens that the request showed and
// the session lacks (completion), then what the response set and deleted.
func (b *Book) apply(session *session, x *Exchange, request *sentRequest, r Response) applied {
	was := session.state(r.Now)
	changed := b.complete(session, x, request)
	if len(r.Cookies) == 0 && !r.Cleared {
		b.notifyChange(session, x.request.Window, was, changed, r.Now)
		return applied{Outcome: Outcome{Windows: session.site.outOfSync(session, x.request.Window, changed, nil, r.Now)}}
	}
	a := b.assess(session, x, r)
	if a.refuses(x) {
		b.withhold(&a, x, r.Cookies, r.Now)
		session.site.inWindow(x.request.Window).noteDeleted(r.Cookies, r.Now)
		windows := session.site.outOfSync(session, x.request.Window, changed, nil, r.Now)
		return applied{Outcome: Outcome{addSorted(windows, x.request.Window), Withheld}}
	}
	o := b.newCause(FromResponse, x.request.URL, r.Now)
	if r.Cleared {
		changed = session.deleteCookiesOf(x.at.host, o) || changed
	}
	if a.replacesLogin && a.was == Live {
		session.snapshot(o.batch)
	}
	expired := a.mayBeExpired(x)
	if expired == "" && a.effect() == Renewed {
		a.noteRenewal(r.Now)
	}
	for i := range r.Cookies {
		c := &r.Cookies[i]
		kind := session.site.kind(c.Name)
		switch {
		case kind == NotToken || slices.Contains(a.foreign, c):
		case c.Expired(r.Now), session.deletesByEmptyValue(c, kind):
			changed = session.deleteCookie(c.key(), o) || changed
		default:
			changed = b.learn(session, *c, kind, o) || changed
		}
	}
	b.notifyChange(session, x.request.Window, was, changed, r.Now)
	b.noteExpired(session, x.request.Window, expired)
	a.noteVisitor()
	b.noteLogin(&a, x, o.batch)
	windows := session.site.outOfSync(session, x.request.Window, changed, r.Cookies, r.Now)
	if r.Cleared && session.site.windows[x.request.Window].cleared(session, x.at.host, r.Now) {
		windows = addSorted(windows, x.request.Window)
	}
	if len(a.foreign) > 0 {
		var withheld []Cookie
		for _, c := range a.foreign {
			withheld = append(withheld, *c)
		}
		b.withhold(&a, x, withheld, r.Now)
		if session.site.inWindow(x.request.Window).active == session {
			windows = addSorted(windows, x.request.Window)
		}
	}
	return applied{Outcome{windows, a.effect()}, a.owner}
}

// addSorted adds a window to a sorted list.
func addSorted(list []Window, w Window) []Window {
	if at, has := slices.BinarySearch(list, w); !has {
		list = slices.Insert(list, at, w)
	}
	return list
}

func (b *Book) complete(session *session, x *Exchange, request *sentRequest) bool {
	changed := false
	o := b.newCause(FromRequest, x.request.URL, x.request.Now)
	for _, p := range request.tokens {
		// Which cookie a second one of a name replaces is unknown, unless the jar shows it.
		second := slices.ContainsFunc(session.cookies, func(h *sessionCookie) bool { return h.Name == p.name })
		if !x.site.known(p) && !(second && inJar(p, x.request.Jar, &x.at) == nil) {
			for _, c := range x.cookies(p) {
				b.learn(session, c, Token, o)
			}
			changed = true
		}
	}
	return changed
}

// notifyChange notifies what a response did to a session. The anonymous session is
// listed from the moment that it has a token.
func (b *Book) notifyChange(session *session, w Window, was State, changed bool, now time.Time) {
	is := session.state(now)
	if is != Empty && session.site.anonymous == session {
		session.site.anonymous = nil
	}
	e := session.event(SessionRenewed)
	e.Window = w
	switch {
	case !changed || is == Empty:
		return
	case was == Empty && is == Live:
		e.Kind = SessionNew
	case was == LoggedOut && is == Live:
		e.Kind = SessionRefill
	case was == Live && is == LoggedOut:
		e.Kind = SessionOut
	}
	b.notify(e)
}

// outOfSync lists the windows whose jar differs from the session that is
// active there because of a response: those where its session is active but
// the response did not arrive, and the one where it arrived while another is
// active.
func (s *site) outOfSync(session *session, arrived Window, changed bool, set []Cookie, now time.Time) []Window {
	if !changed && len(set) == 0 {
		return nil
	}
	var list []Window
	for w, p := range s.windows {
		switch {
		case p.active == nil:
		case w == arrived && p.active == session:
			p.noteSet(set, now)
		case w == arrived && p.active != session && slices.ContainsFunc(set, func(c Cookie) bool { return s.kind(c.Name) != NotToken }):
			p.noteDeleted(set, now)
			list = append(list, w)
		case p.active == session && changed: // it arrived elsewhere
			list = append(list, w)
		}
	}
	slices.Sort(list)
	return list
}

// noteDeleted remembers which of the active session's cookies left the jar, where a
// response deleted these. What it set instead is in the jar, and replaced where
// the browser sends it.
func (p *windowState) noteDeleted(set []Cookie, now time.Time) {
	for i := range set {
		if k := set[i].key(); set[i].Expired(now) && p.active.find(k) != nil {
			p.noteMissing(k)
		}
	}
}
