package sessions

import (
	"bytes"
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
	// Fields gives another header by its name, "" for none; nil where they are not
	// known.
	Fields func(name string) string
	// FromOldDocument reports whether the document that asks is from before the last switch
	// of the site: it is another session's page. nil is no. It is called while the book is
	// locked.
	FromOldDocument func(site string) bool
	// IsAuthMirror reports whether the request is ours, to change what the browser keeps for
	// HTTP authentication: that is not forced. nil is no. It is called while the book is locked.
	IsAuthMirror func() bool
	// Top gives the URL of the page that the request is for; nil where it is of the
	// request's own site.
	Top func() string
	// Preflight says that it is a CORS preflight, which never has cookies.
	Preflight bool
	// Flushed says that all events of the browser up to now are booked, and Jar has the
	// cookies of the window as they are: what is still unknown was written by a script.
	Flushed bool
	Jar     []Cookie
	// JarChanging says that the jar may be another by the time that the request is sent. The
	// browser reads it then, unless the verdict writes the cookies (CHROMIUM 19). It is so
	// while the mirror writes the jar, and while OldInFlight is true.
	JarChanging bool
	// OldInFlight says that requests from before the switch may still be answered: an unknown
	// value may be one that another session gets, and a missing one its logout.
	OldInFlight bool
	// Waited says that the end of OldInFlight was waited for, and did not come soon.
	Waited bool
	// JarWritten says that the jar was written since the request was paused, so that it may
	// have been paused without what Jar has.
	JarWritten bool
	Now        time.Time
}

// Verdict is the decision on a paused request. The zero Verdict means "continue
// unchanged".
type Verdict struct {
	Action Action
	// Header is the Cookie header to send, for [Rewrite]; "" means none.
	Header string
	// Fields are other headers to replace, or to add, for [Rewrite] and [Restore]; Without
	// names those to take out.
	Fields  []Field
	Without []string
	// Anonymous says that the credentials in the URL are another session's: it is to be
	// asked for without them.
	Anonymous bool
	// Explicit says that the Cookie line is written also when it is empty: without it the
	// browser would add what the jar has by then.
	Explicit bool
	// Lost are the cookies to put into the jar, for [Restore].
	Lost []Cookie
	// Session is the session that the request goes out as, the zero Ref where
	// none is forced.
	Session Ref
}

// Action is what to do with a paused request.
type Action int

const (
	// Continue sends the request as it is.
	Continue Action = iota
	// Rewrite sends it with other headers.
	Rewrite
	// Flush asks for another decision once all events up to now are booked, as
	// [Paused.Flushed] says: the header has a value that no response has set as far as we
	// know, or lacks what the jar may have lost.
	Flush
	// Write sends it with the Cookie header that it has, [Paused.Header], written: what the
	// browser would send may be another by then.
	Write
	// Restore puts the lost cookies back into the jar and then sends the request as it is:
	// the browser decides whether it carries them.
	Restore
	// Await asks for another decision once no response from before the switch can come, or
	// after a while, as [Paused.Waited] says: the header has a value that such a response may
	// explain.
	Await
)

// Decide gives the verdict on a paused request (RULES 43, 45): on a site with an
// active session the values of token and carried cookies are replaced by that
// session's, those it lacks are removed, and every other byte stays. A request
// without a Cookie header gets none, unless the book forces everywhere, or the jar has
// just lost the cookies.
//
// A header token of another session is replaced by the active session's. Where the active
// one has none, the header is removed if the document is from before the switch; a later
// document has it from elsewhere: an application's own key, say.
//
// An unknown value is adopted by the active session if the request is [Paused.Flushed].
// Where the jar may change before the request is sent, a header that is right is written
// too: see [Paused.JarChanging].
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
	p := s.windows[r.Window]
	if p == nil || p.active == nil || r.Preflight {
		return Verdict{}
	}
	v := Verdict{Session: Ref{s.name, p.active.id}}
	if r.Header != "" || b.options.ForceEverywhere || r.JarChanging {
		b.decideCookies(s, p, r, l, &v)
	}
	if v.Action == Flush || v.Action == Await {
		return v
	}
	v.Fields, v.Without = s.replaceHeaders(p.active, &r, &l)
	if len(s.auth.spaces) > 0 && (r.IsAuthMirror == nil || !r.IsAuthMirror()) {
		v.Fields = append(v.Fields, s.authField(p, &r, &l)...)
		v.Anonymous = s.foreignURL(p.active, r.URL)
	}
	if v.Action == Restore {
		if v.Fields != nil || v.Without != nil {
			v.Header = r.Header // where these are written, the Cookie line is, too
		}
		return v
	}
	changed := v.Fields != nil || v.Without != nil
	v.Explicit = r.JarChanging
	if v.Action == Continue && (changed || r.JarChanging) {
		v.Action, v.Header = Write, r.Header
	}
	if changed {
		v.Action = Rewrite
	}
	return v
}

func (b *Book) decideCookies(s *site, p *windowState, r Paused, l location, v *Verdict) {
	d := &b.scratch
	if d.site != s {
		d.header, d.pairs = "", d.pairs[:0]
	}
	d.book, d.site, d.window, d.request, d.at = b, s, p, r, l
	defer func() { d.request = Paused{} }() // the jar in it is not ours to keep
	if r.Header == "" && !b.options.ForceEverywhere {
		d.decideEmpty(v)
		return
	}
	d.decide(v)
}

// maxNames bounds what a hostile site can make us remember.
const maxNames = 1_000

// kindOf looks the name of a cookie in a request up, learning default tokens on
// the way: a site may be forced before its first token is known. What it finds
// is remembered. A cookie without a name is no token, but part of the whole jar.
func (b *Book) kindOf(s *site, c *cookiePair) Kind {
	name := c.name
	if name == "" && c.value == "" {
		return NotToken // nothing between two semicolons
	}
	if kind, ok := s.kindCache[name]; ok {
		return kind
	}
	b.detect(s, name)
	if len(s.kindCache) >= maxNames {
		clear(s.kindCache)
	}
	kind := s.kind(name)
	s.kindCache[strings.Clone(name)] = kind
	return kind
}

// decision works one verdict out. The book has one for all verdicts, which it
// gives one at a time, so that they need no memory of their own.
type decision struct {
	book         *Book
	site         *site
	window       *windowState
	request      Paused
	at           location
	pairs        []edit
	header       string // that the pairs are of,
	kindsVersion int    // with the kinds of the site's names as they were: see site.kindsVersion
	own          []ownCookie
	out          []byte // the header as it is written
	written      string // the same, as it was given away last
}

// edit is a token or carried cookie in the header and what becomes of it.
type edit struct {
	cookiePair
	kind Kind
	to   *sessionCookie // nil: removed
	keep bool           // a logout has emptied it: it is of no session and identifies none
}

// ownCookie is a cookie of the active session.
type ownCookie struct {
	*sessionCookie
	applies bool // the browser would send it
	present bool // it is in the header, rewritten or not
	lost    bool // the jar has lost it
}

// decide leaves the zero Action where the header is right.
func (d *decision) decide(v *Verdict) {
	d.read()
	d.assignEqual()
	if !d.request.JarChanging && !d.mayAdd() && !slices.ContainsFunc(d.pairs, removed) {
		return // the common case, thanks to the jar mirror
	}
	if slices.ContainsFunc(d.pairs, d.isUnknown) {
		switch {
		case d.request.OldInFlight && !d.request.Waited:
			v.Action = Await
			return
		case d.request.OldInFlight: // it may be another session's: no session gets it
		case !d.request.Flushed:
			v.Action = Flush
			return
		default:
			d.adopt()
			d.assignEqual()
		}
	}
	d.assignRest()
	if d.request.JarChanging && slices.ContainsFunc(d.own, d.mayBeLost) {
		switch {
		case !d.request.Flushed:
			v.Action = Flush
			return
		case d.markLost() == 0 && d.request.JarWritten && !slices.ContainsFunc(d.pairs, changed):
			v.Action = Restore
			return
		}
	}
	d.write()
	if string(d.out) == d.request.Header {
		return
	}
	if string(d.out) != d.written {
		d.written = string(d.out)
	}
	v.Action, v.Header = Rewrite, d.written
}

// decideEmpty is decide for a request to which the browser gave no cookies. It gets none,
// unless the jar has just lost them.
func (d *decision) decideEmpty(v *Verdict) {
	d.read()
	d.assignEqual()
	switch {
	case !slices.ContainsFunc(d.own, d.mayBeLost):
	case !d.request.Flushed:
		v.Action = Flush
	case d.markLost() > 0:
		v.Action = Restore
		for _, o := range d.own {
			if o.lost {
				v.Lost = append(v.Lost, o.Cookie)
			}
		}
	case d.request.JarWritten:
		v.Action = Restore
	}
}

// mayBeLost reports a cookie that the request lacks, where another session's response may
// have deleted it, or has.
func (d *decision) mayBeLost(o ownCookie) bool {
	return o.applies && !o.present && o.Partition == "" && (d.request.OldInFlight && d.window.seenInJar[o.key()] || d.window.missing[o.key()])
}

// markLost marks the cookies that the flushed jar does not have, and counts them. What it
// has, the browser does not send with this request.
func (d *decision) markLost() (n int) {
	for i := range d.own {
		o := &d.own[i]
		has := func(c Cookie) bool { return c.key() == o.key() }
		if o.lost = d.mayBeLost(*o) && !slices.ContainsFunc(d.request.Jar, has); o.lost {
			n++
		}
	}
	return n
}

// read takes the token and carried cookies out of the header. The requests of a
// page mostly have the same one: it is read once.
func (d *decision) read() {
	if d.header == d.request.Header && d.kindsVersion == d.site.kindsVersion {
		return
	}
	d.pairs = d.pairs[:0]
	for c := range cookiePairs(d.request.Header) {
		if kind := d.book.kindOf(d.site, &c); kind != NotToken {
			d.pairs = append(d.pairs, edit{cookiePair: c, kind: kind})
		}
	}
	d.header, d.kindsVersion = d.request.Header, d.site.kindsVersion // reading may have found new ones
}

func removed(e edit) bool { return e.to == nil && !e.keep }

// changed reports a piece of the header that does not stay as it is.
func changed(e edit) bool { return !e.keep && (e.to == nil || e.to.Value != e.value) }

// mayAdd reports whether cookies may be missing in the header that are to be
// there.
func (d *decision) mayAdd() bool { return d.book.options.ForceEverywhere || len(d.window.missing) > 0 }

// isUnknown reports a value that the book never saw.
func (d *decision) isUnknown(e edit) bool {
	p := pair{e.name, e.value}
	return removed(e) && !d.site.isEmptied(e.name, e.value) && !d.site.known(p) && !d.book.knownOnSharedSite(d.site, p)
}

// knownOnSharedSite reports whether another site that may share the jar's cookie has
// the value.
func (b *Book) knownOnSharedSite(s *site, p pair) bool {
	if !b.boundary.shares() {
		return false
	}
	near := registrable(hostOf(s.name))
	for _, other := range b.sites {
		if other != s && other.known(p) && registrable(hostOf(other.name)) == near {
			return true
		}
	}
	return false
}

// adopt gives the active session the values that a script must have written:
// the jar has them. What left the jar meanwhile (it was a removed session's, or
// overwritten) is replaced like any foreign value.
func (d *decision) adopt() {
	o := d.book.newCause(FromScript, d.request.URL, d.request.Now)
	for _, e := range d.pairs {
		if !d.isUnknown(e) {
			continue
		}
		for _, c := range inJar(pair{e.name, e.value}, d.request.Jar, &d.at) {
			d.book.adoptValue(d.window.active, d.request.Window, c, e.kind, o)
		}
	}
}

// assignEqual and assignRest find for each pair the cookie of the active session
// that takes its place: the one of the same value, else of the same identity as
// far as the value shows, else the next in jar order. Last, a value of its own
// stays where its scope does not reach: the browser knows the cookie's scope
// better.
func (d *decision) assignEqual() {
	d.own = d.own[:0]
	for _, h := range d.window.active.cookies {
		d.own = append(d.own, ownCookie{sessionCookie: h, applies: h.covers(&d.at) && !h.Expired(d.request.Now)})
	}
	for i := range d.pairs {
		e := &d.pairs[i]
		e.to, e.keep = nil, d.site.isEmptied(e.name, e.value) && !slices.ContainsFunc(d.own, func(o ownCookie) bool { return o.applies && o.Name == e.name })
	}
	d.assignBy(func(e *edit, o *ownCookie) bool { return e.value == o.Value && o.applies })
}

func (d *decision) assignRest() {
	d.assignBy(func(e *edit, o *ownCookie) bool {
		return o.applies && (d.isOnly(e.name) || d.sameIdentity(e, o.sessionCookie))
	})
	d.assignBy(func(_ *edit, o *ownCookie) bool { return o.applies })
	d.assignBy(func(e *edit, o *ownCookie) bool { return e.value == o.Value })
	for i := range d.pairs { // one that a logout left empty beside another of its name
		e := &d.pairs[i]
		e.keep = e.to == nil && d.site.isEmptied(e.name, e.value)
	}
}

func (d *decision) assignBy(same func(*edit, *ownCookie) bool) {
	for i := range d.pairs {
		e := &d.pairs[i]
		for j := range d.own {
			o := &d.own[j]
			if e.to == nil && !o.present && o.Name == e.name && same(e, o) {
				e.to, o.present = o.sessionCookie, true
			}
		}
	}
}

// isOnly reports whether a name stands once in the header and once in the session,
// so that there is no choice.
func (d *decision) isOnly(name string) bool {
	n := 0
	for i := range d.pairs {
		if d.pairs[i].name == name {
			n++
		}
	}
	for i := range d.own {
		if d.own[i].Name == name {
			n++
		}
	}
	return n == 2
}

// sameIdentity reports whether some session has the pair's value in a cookie
// of this identity.
func (d *decision) sameIdentity(e *edit, h *sessionCookie) bool {
	for holder := range d.site.values.of(pair{e.name, e.value}) {
		if other := holder.find(h.key()); other != nil && other.Value == e.value {
			return true
		}
	}
	return false
}

// write builds the header: other bytes as they were, replaced values in place,
// removed pieces with the semicolon before them, missing ones at the end.
func (d *decision) write() {
	old, out, from := d.request.Header, d.out[:0], 0
	for _, e := range d.pairs {
		if e.keep && e.to == nil {
			continue // with what stands before the next one
		}
		if e.to == nil {
			out = append(out, old[from:max(from, e.start-1)]...) // the semicolon goes too
			from = e.end
			continue
		}
		valueEnd := e.end - trailing(old[e.start:e.end])
		out = append(out, old[from:valueEnd-len(e.value)]...)
		out = append(out, e.to.Value...)
		from = valueEnd
	}
	out = append(out, old[from:]...)
	if len(d.pairs) > 0 && d.pairs[0].start == 0 && removed(d.pairs[0]) {
		out = bytes.TrimLeft(bytes.TrimPrefix(out, []byte(";")), " ")
	}
	for i := range d.own {
		if o := &d.own[i]; d.isMissing(o) {
			out, o.present = appendPair(out, &o.Cookie), true
		}
	}
	d.out = out
	if d.book.options.ForceEverywhere {
		d.addOutOfScope()
	}
}

// trailing counts the blanks at the end of a piece.
func trailing(piece string) int {
	n := 0
	for n < len(piece) && (piece[len(piece)-1-n] == ' ' || piece[len(piece)-1-n] == '\t') {
		n++
	}
	return n
}

func appendPair(header []byte, c *Cookie) []byte {
	if len(header) > 0 {
		header = append(header, "; "...)
	}
	if c.Name != "" {
		header = append(header, c.Name...)
		header = append(header, '=')
	}
	return append(header, c.Value...)
}

// isMissing reports a cookie of the active session that is to be added: one that
// the jar has not been given yet, or that a late response of another session took
// from it, or any token when the book forces everywhere.
func (d *decision) isMissing(o *ownCookie) bool {
	if !o.applies || o.present {
		return false
	}
	if d.request.JarChanging && d.request.Flushed && o.Partition == "" {
		return o.lost || d.book.options.ForceEverywhere && o.kind == Token
	}
	return d.book.options.ForceEverywhere && o.kind == Token || d.window.missing[o.key()]
}

// addOutOfScope adds the tokens that do not cover the URL, one of each name that
// the request would lack otherwise (RULES 46; Secure and expiry are honoured).
func (d *decision) addOutOfScope() {
	for i := range d.own {
		o := &d.own[i]
		sameName := func(other ownCookie) bool { return other.present && other.Name == o.Name }
		if o.kind != Token || o.Expired(d.request.Now) || o.Secure && !trustworthy(&d.at) || slices.ContainsFunc(d.own, sameName) {
			continue
		}
		d.out, o.present = appendPair(d.out, &o.Cookie), true
	}
}
