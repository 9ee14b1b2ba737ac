package sessions

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Effect says what a response did to the tokens of the session that it is booked on.
type Effect int

const (
	NoEffect Effect = iota
	Renewed         // a token has another value, without a sign of another login
	Started         // a token came where there was none, without a sign of a login
	Changed         // a token took the place of a visitor's, without a sign of a login
	Filled          // a login, in a session that was anonymous or had ended
	Deleted         // a token was deleted, and nothing came in its place
	Replaced        // another login took the place of the tokens
	Withheld        // it would have done that, or brought another session's token, and was not booked
)

// Safe reports whether a URL with such a response may be asked for again as another
// session.
func (e Effect) Safe() bool { return e <= Renewed }

// Outcome is the result of booking a response.
type Outcome struct {
	// Windows are those whose jars are out of sync with the session that is active there:
	// the mirror has to look at them.
	Windows []Window
	Effect  Effect
}

// assessment is what a response does to its session, before it is booked.
type assessment struct {
	session       *session
	was           State
	via           string    // the other site that redirected to it last
	changed       []*Cookie // tokens that bring the session another value; good until the next answer
	replaces      bool      // one of them takes the place of a value
	deletes       bool      // a token is deleted, and none of its name is set
	foreign       []*Cookie // those of changed that another session owns
	owner         *session  // of the first of them
	replacesLogin bool      // it is another login
	otherUser     bool      // and one without a login form: of another subject, by another site, by a code
	wasStable     bool      // the only sign of it is that the token was stable
	logsIn        bool      // a user logs in by it, so that the session is a login
	renewal       bool
	forcedLogin   bool // it comes by another site that is forced as the same user
}

// assess looks at a response before it is booked.
func (b *Book) assess(session *session, x *Exchange, r Response) assessment {
	a := assessment{session: session, was: session.state(r.Now), via: b.via(x), changed: b.tokenScratch[:0]}
	a.deletes = r.Cleared && session.hasTokenNear(x.at.host)
	defer func() { b.tokenScratch = a.changed[:0] }()
	for i := range r.Cookies {
		c := &r.Cookies[i]
		if session.site.kind(c.Name) != Token {
			continue
		}
		if c.Expired(r.Now) || session.isEmptyDeletion(c) {
			a.deletes = a.deletes || session.find(c.key()) != nil && !slices.ContainsFunc(r.Cookies, func(other Cookie) bool { return other.Name == c.Name && !other.Expired(r.Now) })
			continue
		}
		if old := session.find(c.key()); old != nil && old.Value == c.Value {
			continue
		}
		old := session.replacedToken(c)
		a.changed = append(a.changed, c)
		a.replaces = a.replaces || old != nil && old.kind == Token && !old.Expired(r.Now)
	}
	if len(a.changed) == 0 {
		return a
	}
	a.findForeign(x)
	login := x.request.Password || x.request.Method == "POST" && looksLikeLogin(x.request.URL)
	a.logsIn = login || a.via != "" && a.replaces || x.followsCodeLink()
	a.replacesLogin, a.renewal = login || a.via != "" && a.replaces, true
	if a.via != "" && b.isForcedAs(x, a.via) { // its own login there brought it
		a.forcedLogin = !login
		return a
	}
	if !a.replaces || a.was != Live {
		return a
	}
	same, other := a.subjects()
	a.otherUser = !login && (other || a.via != "" || x.followsCodeLink())
	switch {
	case other:
		a.replacesLogin = true
	case same:
	case x.request.Reload && x.request.Before == Renewed: // as it did before
	case x.followsCodeLink():
		a.replacesLogin = true
	case x.request.Document && session.wasAnswered(x) && a.outlived(r.Now), x.request.Reload && a.replacesUnproven(r.Now):
		a.replacesLogin, a.wasStable = true, !login
	case !session.isLogin && !session.site.renewsOften(a.changed):
		a.renewal = false // a visitor's token gave way, maybe to a login
	}
	return a
}

// isForcedAs reports whether the other site has a session of the same name forced in the
// window, so that a login by it is that one's own.
func (b *Book) isForcedAs(x *Exchange, site string) bool {
	s := b.sites[site]
	if s == nil || x.active == nil {
		return false
	}
	p := s.windows[x.request.Window]
	return p != nil && p.active != nil && p.active.name == x.active.name
}

// findForeign finds the tokens that another session owns. A value that came there while
// this request was under way is of one login, seen twice. One that is as short as a flag,
// or that several sessions have, identifies no user.
func (a *assessment) findForeign(x *Exchange) {
	s := a.session
	if a.was != Live && !s.named && !s.activeSomewhere() {
		return // it becomes that session: see mergeDuplicates
	}
	fresh := slices.ContainsFunc(a.changed, func(c *Cookie) bool { return !s.site.known(c.pair()) })
	for _, c := range a.changed {
		size := len(strings.Trim(c.Value, `"`))
		if s.hasValue(c.pair()) || s.hadValue(c.pair()) || size < 2 || fresh && size < maxFlag {
			continue
		}
		var owner *session
		owners := 0
		for other := range s.site.values.of(c.pair()) {
			if other.hadBefore(c.pair(), x.seq) {
				owners++
				if owner == nil || other.id < owner.id {
					owner = other
				}
			}
		}
		if owners == 1 {
			a.foreign = append(a.foreign, c)
			a.owner = cmp.Or(a.owner, owner)
		}
	}
}

// maxFlag bounds the bytes of a value that may be a flag ("loggedin=yes") where it comes
// with a token of a new login.
const maxFlag = 16

// hadBefore reports whether the session has a value, since before a point of the sequence, or had it.
func (s *session) hadBefore(p pair, before int64) bool {
	i := s.index(p.name, p.value)
	return i < 0 || s.cookies[i].seq <= before
}

// refuses reports whether nothing of the response is booked: it would make the session
// another user, by our own reload. Tokens of other sessions are left out in any case. What
// is loaded with the document may renew a token in ways that say little, and a user may
// log in there: only clear evidence of another user is refused.
func (a *assessment) refuses(x *Exchange) bool {
	r := &x.request
	other := r.Reload && a.replacesLogin || r.Part && a.otherUser
	return (r.Reload || r.Part) && a.session == x.active && a.was == Live && (a.replaces && other && !a.forcedLogin || len(a.foreign) > 0)
}

// effect names what the response does.
func (a *assessment) effect() Effect {
	switch {
	case len(a.foreign) > 0:
		return Withheld
	case a.deletes && len(a.changed) == 0:
		return Deleted
	case len(a.changed) == 0:
		return NoEffect
	case a.was == Empty && !a.logsIn:
		return Started
	case a.was != Live:
		return Filled
	case !a.renewal && !a.replacesLogin:
		return Changed
	case a.replacesLogin && !a.forcedLogin:
		return Replaced
	}
	return Renewed
}

// noteVisitor remembers whether the session is known to be a visitor's: a response gave it
// its first tokens, and no other site led there, which may have logged a user in.
func (a *assessment) noteVisitor() {
	switch a.effect() {
	case Started:
		a.session.isVisitor = a.via == ""
	case Changed: // maybe to a login
		a.session.isVisitor = false
	}
}

// lifetime is how long a value lived: the documents that it outlived, and the time.
type lifetime struct {
	documents int
	time      time.Duration
}

// outlives reports that a value lived clearly longer than another.
func (l lifetime) outlives(other lifetime) bool {
	return 2*l.documents > 3*other.documents && 2*l.time >= 3*other.time
}

// lifetimeOf is how long the session has had a value; ok is false where that is not known.
func (s *session) lifetimeOf(h *sessionCookie, now time.Time) (l lifetime, ok bool) {
	for _, c := range slices.Backward(s.changes) {
		if c.is != nil && c.is.key() == h.key() && c.is.Value == h.Value {
			return lifetime{s.documents - c.documents - 1, now.Sub(c.at)}, true // the document of the response itself is counted by now
		}
	}
	return l, false
}

// outlived reports that a token which is replaced was stable: it outlived documents, and
// more than any that was renewed on the site.
func (a *assessment) outlived(now time.Time) bool {
	for _, c := range a.changed {
		old := a.session.replacedToken(c)
		if old == nil {
			continue
		}
		l, known := a.session.lifetimeOf(old, now)
		usual := a.session.site.renewals[c.Name]
		if known && l.documents > 0 && (usual == nil || l.outlives(usual.longest)) {
			return true
		}
	}
	return false
}

// replacesUnproven reports that a token is replaced which was never seen to work, where the
// site has renewed none of that name: there is no sign of a renewal.
func (a *assessment) replacesUnproven(now time.Time) bool {
	return slices.ContainsFunc(a.changed, func(c *Cookie) bool {
		old := a.session.replacedToken(c)
		if old == nil || a.session.site.renewals[c.Name] != nil {
			return false
		}
		l, known := a.session.lifetimeOf(old, now)
		return known && l.documents <= 0
	})
}

// replacedToken is the token of the session that a cookie replaces: the one of its identity
// (RFC 6265bis, 5.7), else one of its name that a person gave, whose scope may be a guess.
// At another path or domain a site keeps another one of that name.
func (s *session) replacedToken(c *Cookie) *sessionCookie {
	if h := s.find(c.key()); h != nil {
		return h
	}
	for _, h := range s.cookies {
		if h.Name == c.Name && h.kind == Token && h.fromUser {
			return h
		}
	}
	return nil
}

// renewals are what is known of how a site renews a token.
type renewals struct {
	count   int
	longest lifetime // that a value had which was renewed
}

// renewsOften reports whether the site is known to renew the tokens.
func (s *site) renewsOften(set []*Cookie) bool {
	return !slices.ContainsFunc(set, func(c *Cookie) bool { return s.renewals[c.Name] == nil || s.renewals[c.Name].count < 2 })
}

// noteRenewal learns how long the site lets tokens live.
func (a *assessment) noteRenewal(now time.Time) {
	s := a.session.site
	for _, c := range a.changed {
		old := a.session.find(c.key())
		if old == nil {
			continue
		}
		l, _ := a.session.lifetimeOf(old, now)
		if s.renewals == nil {
			s.renewals = map[string]*renewals{}
		}
		usual := s.renewals[c.Name]
		if usual == nil {
			usual = &renewals{}
			s.renewals[strings.Clone(c.Name)] = usual
		}
		usual.count = min(usual.count+1, 1000)
		usual.longest = lifetime{max(usual.longest.documents, l.documents), max(usual.longest.time, l.time)}
	}
}

// subjects reports whether the claims of tokens (JWT, RFC 7519) name the same subject,
// or another one.
func (a *assessment) subjects() (same, other bool) {
	for _, c := range a.changed {
		h := a.session.replacedToken(c)
		if h == nil {
			continue
		}
		before, after := subject(h.Value), subject(c.Value)
		if before == "" || after == "" {
			return false, other // the others may say anything
		}
		same = before == after
		other = other || !same
	}
	return same && !other, other
}

// subject is whom a JWT is about, "" where it does not say.
func subject(token string) string {
	if !strings.HasPrefix(token, "ey") || strings.Count(token, ".") != 2 {
		return ""
	}
	parts := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Iss, Sub string }
	if err != nil || json.Unmarshal(text, &claims) != nil || claims.Sub == "" {
		return ""
	}
	return claims.Iss + " " + claims.Sub
}

// followsCodeLink reports that the request follows a link from outside with a code or token
// in it, as in a mail: no page of the site has it.
func (x *Exchange) followsCodeLink() bool {
	return x.request.Outside && hasCode(x.request.URL)
}

// isCodeName matches the names of parameters that carry a code or a token which logs a user in,
// in small letters and without what separates their words. Others have such a word too:
// postcode, csrf_token, page_token.
var isCodeName = regexp.MustCompile(`^((access|activation|auth|authentication|authorization|bearer|confirm|confirmation|email|id|impersonate|impersonation|invitation|invite|jwt|login|loginas|magic|magiclink|oauth|onetime|passwordreset|refresh|reset|session|signin|sso|user|verification|verify)?(token|code|ticket)|otp|nonce|assertion|saml[a-z]*|magic|magiclink|invite|invitation|jwt)$`).MatchString

// minCode is how many bytes such a value has at least.
const minCode = 6

var separators = strings.NewReplacer("_", "", "-", "", ".", "", "[", "", "]", "")

// hasCode reports whether a URL has a code or token in its query or its path's parameters.
func hasCode(rawURL string) bool {
	rawURL, _, _ = strings.Cut(rawURL, "#")
	_, rest, _ := strings.Cut(rawURL, "://")
	for part := range strings.FieldsFuncSeq(rest, func(r rune) bool { return strings.ContainsRune("?&;/", r) }) {
		name, value, ok := strings.Cut(part, "=")
		if ok && len(value) >= minCode && isCodeName(separators.Replace(strings.ToLower(name))) {
			return true
		}
	}
	return false
}

// HasFragmentToken reports whether the fragment of a URL hands the page a token, as the
// implicit flow of OAuth does: a page takes it again when it is reloaded.
func HasFragmentToken(rawURL string) bool {
	_, fragment, _ := strings.Cut(rawURL, "#")
	for part := range strings.FieldsFuncSeq(fragment, func(r rune) bool { return strings.ContainsRune("?&/", r) }) {
		switch name, value, _ := strings.Cut(part, "="); strings.ToLower(name) {
		case "access_token", "id_token", "token":
			if len(value) >= minCode {
				return true
			}
		}
	}
	return false
}

// HasForeignToken reports whether a URL has a token of another session in it than the one
// that is active in the window: ;jsessionid=… in its path, say.
func (b *Book) HasForeignToken(w Window, rawURL string) bool {
	l, ok := locate(rawURL)
	if !ok {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.siteAt(&l)
	if s == nil {
		return false
	}
	var active *session
	if p := s.windows[w]; p != nil {
		active = p.active
	}
	_, rest, _ := strings.Cut(rawURL, "://")
	for part := range strings.FieldsFuncSeq(rest, func(r rune) bool { return strings.ContainsRune("/?#&;=", r) }) {
		if len(part) < minURLToken {
			continue
		}
		if text, err := url.QueryUnescape(part); err == nil {
			part = text
		}
		if s.isForeignText(active, part) {
			return true
		}
	}
	return false
}

// minURLToken is how many bytes a part of a URL has that is looked for among the tokens.
const minURLToken = 3

func (s *site) isForeignText(active *session, text string) bool {
	for _, name := range s.tokens {
		if s.kinds[name] != Token {
			continue
		}
		known, own := false, false
		for holder := range s.values.of(pair{name, text}) {
			known, own = true, own || holder == active
		}
		if known && !own {
			return true
		}
	}
	for _, name := range s.headers.names() {
		for _, value := range []string{text, "Bearer " + text} {
			if owner := s.headers.owners[Field{name, value}]; owner != 0 && (active == nil || owner != active.id) {
				return true
			}
		}
	}
	return false
}
