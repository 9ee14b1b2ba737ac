package sessions

import (
	"slices"
	"strings"
	"time"
)

// Request is a request as it was sent.
type Request struct {
	Window Window
	URL    string
	// Header is the Cookie header as it left, rewritten or not; "" for none.
	Header string
	// Jar has the cookies that the browser found for the request, with their
	// attributes, as far as it tells.
	Jar []Cookie
	// Held names the cookies that it found and kept back.
	Held []string
	Now  time.Time
}

// Exchange is a request and, later, its response. It remembers the session
// that the request was sent as. The zero Exchange is of no site.
type Exchange struct {
	request Request
	at      location
	site    *site
	session *session
}

// Response is what came back.
type Response struct {
	// Cookies are those that the browser took; a deletion is an expired one.
	Cookies []Cookie
	Now     time.Time
}

// Sent books a request as it left: it learns default tokens and finds the
// session. Give the Exchange to [Book.Received] with the response. A request
// whose response never comes is not counted (ZAP 4.16).
func (b *Book) Sent(r Request) Exchange {
	l, ok := locate(r.URL)
	if !ok || !b.observes(r.URL) {
		return Exchange{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.learnSite(&l)
	x := Exchange{request: r, at: l, site: s}
	pairs := pairsOf(r.Header)
	for _, p := range pairs {
		b.detect(s, p.name)
	}
	place := s.place(r.Window)
	x.session = s.match(place, x.sent(pairs))
	if x.session == nil {
		return x
	}
	if x.session != s.anonymous {
		place.last = x.session
	}
	b.learnCarried(&x, pairs)
	return x
}

func (x *Exchange) sent(pairs []pair) *sent {
	r := &sent{at: &x.at, held: x.request.Held, now: x.request.Now}
	for _, p := range pairs {
		if x.site.kind(p.name) == Token {
			r.tokens = append(r.tokens, p)
		}
	}
	return r
}

// learnCarried gives the session the carried cookies that its own request
// shows: scripts write them, so that no response tells.
func (b *Book) learnCarried(x *Exchange, pairs []pair) {
	for _, p := range pairs {
		if x.site.kind(p.name) == Carried && !x.session.holds(p) && !x.site.place(x.request.Window).forced() {
			x.session.set(x.cookie(p), Carried, b.nextAge())
		}
	}
}

func (p *place) forced() bool { return p.active != nil }

// cookie is the request's cookie with the attributes that the jar has for it;
// without them it is host-only, as ZAP 4.8 has it.
func (x *Exchange) cookie(p pair) Cookie {
	return describe(p, x.request.Jar, &x.at)
}

func describe(p pair, jar []Cookie, at *location) Cookie {
	for _, c := range jar {
		if c.Name == p.name && c.Value == p.value {
			return c
		}
	}
	return Cookie{Name: strings.Clone(p.name), Value: strings.Clone(p.value), Domain: at.host, Path: "/"}
}

// detect makes a cookie name a token of the site when it is a default token
// that nobody removed there.
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
// was sent as. It returns the windows whose jars are out of step with the
// session that is active there: the mirror has to look at them.
func (b *Book) Received(x Exchange, r Response) []Window {
	if x.site == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := x.site
	s.requests++
	s.last = r.Now
	for _, c := range r.Cookies {
		b.detect(s, c.Name)
	}
	if len(s.tokens) == 0 {
		return nil
	}
	session := b.owner(&x, r)
	if session == nil {
		return nil
	}
	session.requests++
	session.last = r.Now
	changed := b.apply(session, &x, r)
	if session != s.anonymous {
		s.place(x.request.Window).last = session
	}
	return s.outOfStep(session, x.request.Window, changed)
}

// owner is the session that a response is booked on: the one that the request
// was sent as, else the one that its cookies match by now, else a new one.
func (b *Book) owner(x *Exchange, r Response) *session {
	if x.session != nil && !x.session.removed {
		return x.session
	}
	pairs := pairsOf(x.request.Header)
	request := x.sent(pairs)
	if session := x.site.match(x.site.place(x.request.Window), request); session != nil {
		return session
	}
	if len(request.tokens) > 0 || x.setsToken(r) {
		return b.found(x, request)
	}
	if len(x.site.scopes) > 0 && !x.site.anyScope(&x.at) {
		return nil // no token applies there, and none is set: (d)
	}
	x.site.anonymous = x.site.newSession("")
	return x.site.anonymous
}

// found makes the session of a request that no session matches, with the
// tokens and carried cookies it had.
func (b *Book) found(x *Exchange, request *sent) *session {
	session := x.site.newSession("")
	for _, p := range pairsOf(x.request.Header) {
		if kind := x.site.kind(p.name); kind != NotToken {
			session.set(x.cookie(p), kind, b.nextAge())
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
	return slices.ContainsFunc(r.Cookies, func(c Cookie) bool { return x.site.kind(c.Name) == Token && !c.Expired(r.Now) })
}

// apply writes a response into its session: tokens that the request showed and
// the session lacks (completion), then what the response set and deleted. It
// returns the identities that changed.
func (b *Book) apply(session *session, x *Exchange, r Response) []key {
	was := session.state(r.Now)
	b.complete(session, x)
	var changed []key
	for _, c := range r.Cookies {
		kind := session.site.kind(c.Name)
		if kind == NotToken {
			continue
		}
		if c.Expired(r.Now) {
			if session.drop(c.key()) {
				changed = append(changed, c.key())
			}
			continue
		}
		old := session.find(c.key())
		if old == nil || old.Value != c.Value {
			changed = append(changed, c.key())
		}
		session.set(c, kind, b.nextAge())
	}
	b.tell(session, x.request.Window, was, changed, r.Now)
	return changed
}

func (b *Book) complete(session *session, x *Exchange) {
	for _, p := range pairsOf(x.request.Header) {
		if x.site.kind(p.name) == Token && !x.site.known(p) {
			session.set(x.cookie(p), Token, b.nextAge())
		}
	}
}

// tell notifies what a response did to a session, and moves the anonymous
// session into the light when it was filled.
func (b *Book) tell(session *session, w Window, was State, changed []key, now time.Time) {
	is := session.state(now)
	if is != Empty && session.site.anonymous == session {
		session.site.anonymous = nil
	}
	e := session.event(SessionRenewed)
	e.Window = w
	switch {
	case len(changed) == 0 || is == Empty:
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

// outOfStep lists the windows whose jar differs from the session that is
// active there because of the change: those where this session is active but
// the response did not arrive, and the one where it arrived while another is
// active.
func (s *site) outOfStep(changed *session, arrived Window, keys []key) []Window {
	if len(keys) == 0 {
		return nil
	}
	var list []Window
	for w, p := range s.places {
		switch {
		case p.active == nil || (p.active == changed) == (w == arrived):
			continue
		case w == arrived:
			p.take(keys)
		}
		list = append(list, w)
	}
	slices.Sort(list)
	return list
}

// take remembers which of the active session's cookies left the jar.
func (p *place) take(keys []key) {
	for _, k := range keys {
		if p.active.find(k) != nil {
			if p.taken == nil {
				p.taken = map[key]bool{}
			}
			p.taken[k] = true
		}
	}
}
