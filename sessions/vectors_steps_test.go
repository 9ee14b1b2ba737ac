package sessions_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sessdriver/sessions"
)

// step is one step of a case. Params and Expect depend on Op; the file's "how"
// explains each.
type step struct {
	Op, ID, Initiator, URL, Site, Kind, Name, Session, As, Held string

	Cookie, SetCookie           lines
	Header, Headers, Lines, Raw lines // requestRaw has one of them
	Cookies                     bool  // state: with attributes
	Params                      map[string]string
	Expect                      json.RawMessage
	ExpectUnordered             []string
}

// lines is a list of header lines, or one text of them.
type lines []string

func (l *lines) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*l = strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(l))
}

// subject answers the steps: the book, or the model of the rules.
type subject interface {
	send(id, url, header string) (string, who)
	answer(id string, setCookies []string) who
	sites() []string
	site(text string) *page // nil for one that is not known
	// do carries out an action. It returns "ok" or why not, and the session
	// that it made.
	do(action string, p map[string]string) (string, who)
	defaults() []defaultToken
	isDefault(name string) bool
	hold(site, name string) (isValid func() bool)
	restart() // a new project; the default tokens stay
}

// who is a session, the zero one nobody.
type who struct{ site, name string }

type page struct {
	name, active string
	tokens       []string
	sessions     []row
}

type row struct {
	name    string
	matched int
	empty   bool // it never had a token
	cookies []sessions.Cookie
}

func (p *page) row(name string) *row {
	for i := range p.sessions {
		if p.sessions[i].name == name {
			return &p.sessions[i]
		}
	}
	return nil
}

type defaultToken struct {
	Name    string
	Enabled bool
}

// line is a step's answer as text. Where the step is not applicable, text is
// "" and skip says why. rules are those that made the model decide otherwise
// than ZAP up to then.
type line struct {
	text, skip string
	rules      []rule
}

// play runs a case on a subject. It returns ZAP's answers beside those of the
// subject.
func play(t *testing.T, c *scenario, s subject) (zaps, ours []line) {
	t.Helper()
	g := &game{T: t, subject: s, zap: &namer{}, our: &namer{}, names: map[who]string{}, held: map[string]func() bool{}, sites: map[string]string{}}
	for i := range c.Steps {
		g.step = &c.Steps[i]
		zap, our, skip := g.play()
		answer := line{text: our, skip: skip}
		if m, ok := s.(*model); ok {
			answer.rules = slices.Clone(m.fired)
		}
		zaps, ours = append(zaps, line{text: zap, skip: skip}), append(ours, answer)
	}
	return zaps, ours
}

// game is a case under way.
type game struct {
	*testing.T
	subject  subject
	step     *step
	zap, our *namer
	names    map[who]string // what the subject calls a session of ZAP's
	next     int            // in ZAP's next generated name
	held     map[string]func() bool
	sites    map[string]string // of messages, as ZAP names them, by id
}

var generated = regexp.MustCompile(`^Session ([\d,]+)$`)

// number is the number in a generated name, -1 in others.
func number(name string) int {
	m := generated.FindStringSubmatch(name)
	if m == nil {
		return -1
	}
	n, _ := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	return n
}

// namer writes generated names by the order in which they appear.
type namer struct{ seen []who }

func (n *namer) text(w who) string {
	switch {
	case w.name == "":
		return "nobody"
	case number(w.name) < 0:
		return strconv.Quote(w.name)
	}
	i := slices.Index(n.seen, w)
	if i < 0 {
		i = len(n.seen)
		n.seen = append(n.seen, w)
	}
	return fmt.Sprintf("#%d", i+1)
}

// meet notes that ZAP's session is the subject's.
func (g *game) meet(zap who, our string) {
	if n := number(zap.name); n >= 0 {
		g.next = max(g.next, n+1)
		if g.names[zap] == "" && our != "" {
			g.names[zap] = our
		}
	}
}

// translate gives the subject's name of a session of ZAP's. ZAP counts from 0,
// we from 1.
func (g *game) translate(zap who) string {
	if our := g.names[zap]; our != "" {
		return our
	}
	if n := number(zap.name); n >= 0 {
		return fmt.Sprint("Session ", n+1)
	}
	return zap.name
}

func (g *game) expect(into any) {
	g.Helper()
	if err := json.Unmarshal(g.step.Expect, into); err != nil {
		g.Fatalf("expect of %s: %v", g.step.Op, err)
	}
}

func (g *game) play() (zap, our, skip string) {
	s := g.step
	switch s.Op {
	case "request", "requestRaw":
		return g.request()
	case "response":
		return g.response()
	case "state":
		return g.state()
	case "sites":
		var sites []string
		g.expect(&sites)
		return listText(sites), listText(g.subject.sites()), ""
	case "api":
		return g.api()
	case "apiXml":
		if s.Kind == "action" {
			g.act() // for what it does
		}
		return "", "", "ZAP's XML encoding"
	case "isDefaultToken":
		return string(s.Expect), fmt.Sprint(g.subject.isDefault(s.Name)), ""
	case "newZapSession":
		g.subject.restart()
		g.next, g.names = 0, map[who]string{}
		g.zap.seen, g.our.seen = nil, nil
		return "ok", "ok", ""
	case "hold":
		g.held[s.As] = g.subject.hold(s.Site, g.translate(who{s.Site, s.Session}))
		return "ok", "ok", ""
	case "isValid":
		return string(s.Expect), fmt.Sprint(g.held[s.Held]()), ""
	case "tokensString":
		return listText(s.ExpectUnordered), g.tokensString(), ""
	}
	g.Fatalf("the operation %q is none of the format", s.Op)
	return "", "", ""
}

func listText(list []string) string {
	return fmt.Sprintf("%q", slices.Sorted(slices.Values(list)))
}

func (g *game) request() (zap, our, skip string) {
	s := g.step
	var want struct {
		Cookie  []string
		Session string
	}
	g.expect(&want)
	var header []string
	for _, text := range slices.Concat(s.Cookie, s.rawCookies()) {
		header = append(header, strings.TrimSpace(text)) // as every server reads it
	}
	site := zapSite(s.URL)
	g.sites[s.ID] = site
	sent, as := g.subject.send(s.ID, s.URL, strings.Join(header, "; "))
	g.meet(who{site, want.Session}, as.name)
	return g.sent(g.zap, strings.Join(want.Cookie, "; "), who{site, want.Session}), g.sent(g.our, sent, as), ""
}

// rawCookies are the Cookie lines among literal header lines.
func (s *step) rawCookies() []string {
	var list []string
	for _, line := range slices.Concat(s.Header, s.Headers, s.Lines, s.Raw) {
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(strings.TrimSpace(name), "cookie") {
			list = append(list, value)
		}
	}
	return list
}

func (g *game) sent(n *namer, header string, as who) string {
	return fmt.Sprintf("sends %q as %s", header, n.text(as))
}

func (g *game) response() (zap, our, skip string) {
	s := g.step
	var want struct{ Session string }
	g.expect(&want)
	on := g.subject.answer(s.ID, s.SetCookie)
	asked := who{g.sites[s.ID], want.Session}
	g.meet(asked, on.name)
	return "is " + g.zap.text(asked), "is " + g.our.text(on), ""
}

// zapSite names a site as ZAP does (RULES 1, 2).
func zapSite(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host
	}
	if strings.EqualFold(scheme, "https") {
		return host + ":443"
	}
	return host + ":80"
}

func (g *game) state() (zap, our, skip string) {
	var want *struct {
		Active   string
		Tokens   []string
		Sessions []struct {
			Name    string
			Matched int
			Values  map[string]string
			Cookies map[string]zapCookie
		}
	}
	g.expect(&want)
	got := g.subject.site(g.step.Site)
	if want == nil {
		return "unknown", g.stateText(g.our, got), ""
	}
	expected := &page{name: g.step.Site, active: want.Active, tokens: want.Tokens}
	for i, s := range want.Sessions {
		r := row{name: s.Name, matched: s.Matched}
		for name, value := range s.Values {
			c := s.Cookies[name]
			c.Name, c.Value = name, value
			r.cookies = append(r.cookies, c.cookie())
		}
		expected.sessions = append(expected.sessions, r)
		if got != nil && i < len(got.sessions) {
			g.meet(who{g.step.Site, s.Name}, got.sessions[i].name)
		}
	}
	return g.stateText(g.zap, expected), g.stateText(g.our, got), ""
}

// zapCookie is a cookie as ZAP shows it, in state and in its API.
type zapCookie struct {
	Name, Value, Domain, Path string
	Secure, Persistent        bool
}

func (c *zapCookie) cookie() sessions.Cookie {
	is := sessions.Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure}
	if c.Persistent {
		is.Expires = someTime
	}
	return is
}

func (g *game) stateText(n *namer, p *page) string {
	if p == nil {
		return "unknown"
	}
	parts := []string{fmt.Sprintf("tokens %v", p.tokens)}
	for _, r := range p.sessions {
		text := n.text(who{p.name, r.name})
		if r.name == p.active {
			text += "*"
		}
		parts = append(parts, fmt.Sprintf("%s %d %s", text, r.matched, cookiesText(r.cookies, g.step.Cookies)))
	}
	return strings.Join(parts, " | ")
}

func cookiesText(list []sessions.Cookie, attributes bool) string {
	var texts []string
	for _, c := range list {
		text := c.Name + "=" + c.Value
		if attributes {
			text += fmt.Sprintf(" (%s %s secure=%t persistent=%t)", c.Domain, c.Path, c.Secure, !c.Expires.IsZero())
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return "[" + strings.Join(texts, "; ") + "]"
}

func (g *game) tokensString() string {
	p := g.subject.site(g.step.Site)
	if p == nil {
		return "unknown"
	}
	r := p.row(g.translate(who{g.step.Site, g.step.Session}))
	if r == nil {
		return "no such session"
	}
	return listText(strings.Split((sessions.Mask{}).Cookies(r.cookies), "; "))
}
