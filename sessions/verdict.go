package sessions

import (
	"slices"
	"strings"
	"time"
)

// Paused is a request that the browser is about to send.
type Paused struct {
	Window Window
	URL    string
	// Header is the Cookie header that the browser would send; "" for none.
	Header string
	// Preflight says that it is a CORS preflight, which never has cookies.
	Preflight bool
	// Settled says that everything the browser told up to now is booked, and
	// Jar has the cookies of the window as they are: what is still unknown
	// was written by a script.
	Settled bool
	Jar     []Cookie
	Now     time.Time
}

// Verdict is the decision on a paused request. The zero Verdict means "continue
// unchanged".
type Verdict struct {
	Action Action
	// Header is the Cookie header to send instead, for [Rewrite]; "" means
	// none.
	Header string
	// Session is the session that the request goes out as, the zero Ref where
	// none is forced.
	Session Ref
}

// Action is what to do with a paused request.
type Action int

const (
	// Continue sends the request as it is.
	Continue Action = iota
	// Rewrite sends it with another Cookie header.
	Rewrite
	// Settle asks for the question again, [Paused.Settled]: the header has a
	// value that no response has set as far as we know.
	Settle
)

// Decide gives the verdict on a paused request (DESIGN 4.3): on a site with an
// active session the values of token and carried cookies are replaced by that
// session's, those it lacks are removed, and every other byte stays. A request
// without a Cookie header is not given one, unless the book forces everywhere.
// An unknown value in a settled request is adopted by the active session.
func (b *Book) Decide(r Paused) Verdict {
	l, ok := locate(r.URL)
	if !ok {
		return Verdict{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.siteAt(&l)
	if s == nil {
		return Verdict{}
	}
	p := s.places[r.Window]
	if p == nil || p.active == nil || r.Preflight {
		return Verdict{}
	}
	v := Verdict{Session: Ref{s.name, p.active.id}}
	adds := b.options.ForceEverywhere || len(p.taken) > 0
	if r.Header == "" && !b.options.ForceEverywhere || !adds && b.inStep(s, p.active, &r, &l) {
		return v
	}
	d := &b.scratch
	d.book, d.site, d.place, d.request, d.at = b, s, p, r, l
	v.Action, v.Header = d.decide()
	d.request = Paused{} // the jar in it is not ours to keep
	return v
}

// inStep reports whether the header is the session's own as it stands: the
// common case, thanks to the jar mirror, decided without allocating.
func (b *Book) inStep(s *site, active *session, r *Paused, l *location) bool {
	var used uint64 // which of the session's cookies are in the header
	for c := range crumbs(r.Header) {
		if b.kindOf(s, c.name) == NotToken {
			continue
		}
		i := active.index(c.name, c.value)
		if i < 0 || i > 63 || used&(1<<i) != 0 || !active.cookies[i].covers(l) || active.cookies[i].Expired(r.Now) {
			return false
		}
		used |= 1 << i
	}
	return true
}

// maxPlain bounds what a hostile site can make us remember.
const maxPlain = 1_000

// kindOf looks a name up, learning default tokens on the way: a site may be
// forced before its first token is known. Most cookies are none, so those names
// are remembered. A cookie without a name is none.
func (b *Book) kindOf(s *site, name string) Kind {
	if s.plain[name] || name == "" {
		return NotToken
	}
	if s.kind(name) == NotToken {
		b.detect(s, name)
	}
	kind := s.kind(name)
	if kind == NotToken {
		if len(s.plain) >= maxPlain {
			clear(s.plain)
		}
		s.plain[strings.Clone(name)] = true
	}
	return kind
}

// decision works one verdict out. The book has one for all verdicts, which it
// gives one at a time, so that they need no memory of their own.
type decision struct {
	book    *Book
	site    *site
	place   *place
	request Paused
	at      location
	crumbs  []edit
	given   []*held // the session's cookies that are in the header, rewritten or not
}

// edit is a token or carried cookie in the header and what becomes of it.
type edit struct {
	crumb
	kind Kind
	to   *held // nil: removed
}

func (d *decision) decide() (Action, string) {
	d.crumbs, d.given = d.crumbs[:0], d.given[:0]
	for c := range crumbs(d.request.Header) {
		if kind := d.book.kindOf(d.site, c.name); kind != NotToken {
			d.crumbs = append(d.crumbs, edit{crumb: c, kind: kind})
		}
	}
	if d.strange() {
		if !d.request.Settled {
			return Settle, ""
		}
		d.adopt()
	}
	d.pair()
	header := d.write()
	if header == d.request.Header {
		return Continue, ""
	}
	return Rewrite, header
}

// strange reports whether the header has a value that the book never saw.
func (d *decision) strange() bool {
	return slices.ContainsFunc(d.crumbs, d.isStrange)
}

func (d *decision) isStrange(e edit) bool {
	return !d.site.known(pair{e.name, e.value})
}

// adopt gives the active session the values that a script must have written:
// the jar has them. What left the jar meanwhile (it was a removed session's, or
// overwritten) is replaced like any foreign value.
func (d *decision) adopt() {
	o := d.book.origin(FromScript, d.request.URL, d.request.Now)
	for _, e := range d.crumbs {
		c := inJar(pair{e.name, e.value}, d.request.Jar, &d.at)
		if c == nil || !d.isStrange(e) {
			continue
		}
		d.book.learn(d.place.active, *c, e.kind, o)
		event := d.place.active.event(ValueAdopted)
		event.Window, event.Token = d.request.Window, c.Name
		d.book.notify(event)
	}
}

// pair finds for each crumb the cookie of the active session that takes its
// place: the one of the same value, else of the same identity as far as the
// value tells, else the next in jar order. Last, a value of its own stays where
// its scope does not reach: the browser knows the cookie's scope better.
func (d *decision) pair() {
	d.pairBy(func(e *edit, h *held) bool { return e.value == h.Value && d.applies(h) })
	d.pairBy(func(e *edit, h *held) bool { return d.applies(h) && d.sameIdentity(e, h) })
	d.pairBy(func(_ *edit, h *held) bool { return d.applies(h) })
	d.pairBy(func(e *edit, h *held) bool { return e.value == h.Value })
}

func (d *decision) pairBy(same func(*edit, *held) bool) {
	active := d.place.active
	for i := range d.crumbs {
		e := &d.crumbs[i]
		for j := range active.cookies {
			h := &active.cookies[j]
			if e.to == nil && h.Name == e.name && !slices.Contains(d.given, h) && same(e, h) {
				e.to = h
				d.given = append(d.given, h)
			}
		}
	}
}

func (d *decision) applies(h *held) bool {
	return h.covers(&d.at) && !h.Expired(d.request.Now)
}

// sameIdentity reports whether some session holds the crumb's value in a cookie
// of this identity.
func (d *decision) sameIdentity(e *edit, h *held) bool {
	for _, holder := range d.site.current[pair{e.name, e.value}] {
		if other := holder.find(h.key()); other != nil && other.Value == e.value {
			return true
		}
	}
	return false
}

// write builds the header: other bytes as they were, replaced values in place,
// removed pieces with the semicolon before them, missing ones at the end.
func (d *decision) write() string {
	old, missing := d.request.Header, d.missing()
	if len(missing) == 0 && !slices.ContainsFunc(d.crumbs, changes) {
		return old
	}
	var b strings.Builder
	b.Grow(len(old) + 128)
	from := 0
	for _, e := range d.crumbs {
		if e.to == nil {
			b.WriteString(old[from:max(from, e.start-1)]) // the semicolon goes too
			from = e.end
			continue
		}
		valueEnd := e.end - trailing(old[e.start:e.end])
		b.WriteString(old[from : valueEnd-len(e.value)])
		b.WriteString(e.to.Value)
		from = valueEnd
	}
	b.WriteString(old[from:])
	header := b.String()
	if len(d.crumbs) > 0 && d.crumbs[0].start == 0 && d.crumbs[0].to == nil {
		header = strings.TrimLeft(strings.TrimPrefix(header, ";"), " ")
	}
	for _, h := range missing {
		if header != "" {
			header += "; "
		}
		header += h.Name + "=" + h.Value
	}
	return header
}

func changes(e edit) bool { return e.to == nil || e.to.Value != e.value }

func trailing(piece string) int { return len(piece) - len(strings.TrimRight(piece, " \t")) }

// missing lists the active session's cookies that are added: those that a late
// response of another session took from the jar, or all when the book forces
// everywhere.
func (d *decision) missing() []*held {
	everywhere := d.book.options.ForceEverywhere
	var list []*held
	for i := range d.place.active.cookies {
		h := &d.place.active.cookies[i]
		if (everywhere || d.place.taken[h.key()]) && d.applies(h) && !slices.Contains(d.given, h) {
			list = append(list, h)
		}
	}
	if everywhere {
		return d.outOfScope(list)
	}
	return list
}

// outOfScope adds the tokens that do not cover the URL, one of each name that
// the request would lack otherwise (ZAP 5.9; Secure and expiry are honoured).
func (d *decision) outOfScope(list []*held) []*held {
	for i := range d.place.active.cookies {
		h := &d.place.active.cookies[i]
		sameName := func(other *held) bool { return other.Name == h.Name }
		if h.kind != Token || h.Expired(d.request.Now) || h.Secure && !trustworthy(&d.at) ||
			slices.ContainsFunc(d.given, sameName) || slices.ContainsFunc(list, sameName) {
			continue
		}
		list = append(list, h)
	}
	return list
}
