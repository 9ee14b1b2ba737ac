package sessions_test

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"sessdriver/sessions"
)

// zapTokens are ZAP's eleven default tokens (RULES 5).
var zapTokens = []string{"asp.net_sessionid", "aspsessionid", "siteserver", "cfid", "cftoken", "jsessionid", "phpsessid", "sessid", "sid", "viewstate", "zenid"}

var (
	caseStart = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	someTime  = caseStart.Add(time.Hour)
)

// played is the book as a subject.
type played struct {
	*sessions.Book
	now  time.Time // grows with every step, so that it shows what was used last
	sent map[string]message
}

// message is a request whose response is awaited.
type message struct {
	url      string
	exchange sessions.Exchange
}

func playBook(defaults []string) *played {
	var list []sessions.Default
	for _, name := range defaults {
		list = append(list, sessions.Default{Pattern: name, Kind: sessions.Token})
	}
	return playBookWith(list)
}

func playBookWith(list []sessions.Default) *played {
	b := sessions.New(sessions.Options{Scope: sessions.ScopeHost, Defaults: list, ForceEverywhere: true})
	return &played{Book: b, now: caseStart, sent: map[string]message{}}
}

func (b *played) restart() { *b = *playBookWith(b.Defaults()) }

func (b *played) send(id, url, header string) (string, who) {
	b.now = b.now.Add(time.Millisecond)
	p := sessions.Paused{URL: url, Header: header, Now: b.now}
	v := b.Decide(p)
	if v.Action == sessions.Flush {
		p.Flushed = true
		v = b.Decide(p)
	}
	if v.Action == sessions.Rewrite {
		header = v.Header
	}
	x := b.Sent(sessions.Request{URL: url, Header: header, Jar: jarOf(url, header), Now: b.now})
	b.sent[id] = message{url, x}
	s, err := b.Session(x.Session(), b.now)
	if err != nil {
		return header, who{}
	}
	return header, who{s.Site, s.Name}
}

// jarOf has the cookies of a header that repeats a name, since a browser can
// have two of one name only where Domain or Path differ.
func jarOf(url, header string) []sessions.Cookie {
	var jar []sessions.Cookie
	seen := map[string]string{}
	host := hostOf(sessions.ScopeHost.SiteOf(url))
	for _, p := range pairs(header) {
		if value, again := seen[p.name]; again && value != p.value {
			jar = append(jar, sessions.Cookie{Name: p.name, Value: p.value, Domain: "." + host, Path: "/"})
			continue
		}
		seen[p.name] = p.value
		jar = append(jar, sessions.Cookie{Name: p.name, Value: p.value, Domain: host, Path: "/"})
	}
	if len(jar) == len(seen) {
		return nil
	}
	return jar
}

// hostOf is the host in host:port.
func hostOf(site string) string { return site[:max(0, strings.LastIndexByte(site, ':'))] }

// pair is a cookie in a header.
type pair struct{ name, value string }

// pairs reads a Cookie header, leaving out what has no name.
func pairs(header string) []pair {
	var list []pair
	for piece := range strings.SplitSeq(header, ";") {
		name, value, ok := strings.Cut(piece, "=")
		if name = strings.TrimSpace(name); ok && name != "" {
			list = append(list, pair{name, strings.TrimSpace(value)})
		}
	}
	return list
}

// parse reads Set-Cookie lines. Nobody judges whether a browser would take
// them: also Secure ones come by http.
func parse(url string, lines []string, now time.Time) []sessions.Cookie {
	_, rest, _ := strings.Cut(url, "://")
	var list []sessions.Cookie
	for _, line := range lines {
		if c, ok := sessions.ParseSetCookie(line, "https://"+rest, now); ok {
			list = append(list, c)
		}
	}
	return list
}

func (b *played) answer(id string, lines []string) who {
	b.now = b.now.Add(time.Millisecond)
	m := b.sent[id]
	b.Received(m.exchange, sessions.Response{Cookies: parse(m.url, lines, b.now), Now: b.now})
	site := b.SiteOf(m.url)
	for _, s := range b.Sessions(site, b.now) {
		if s.LastUse.Equal(b.now) {
			return who{site, s.Name}
		}
	}
	return who{}
}

func (b *played) sites() []string {
	var list []string
	for _, s := range b.Sites() {
		list = append(list, s.Name)
	}
	return list
}

func (b *played) site(text string) *page {
	name, err := b.FindSite(text)
	if err != nil {
		return nil
	}
	s, _ := b.Site(name)
	p := &page{name: name}
	for _, token := range s.Tokens {
		p.tokens = append(p.tokens, token.Name)
	}
	if active, ok := b.Active(sessions.Main, name, b.now); ok {
		p.active = active.Name
	}
	for _, s := range b.Sessions(name, b.now) {
		p.sessions = append(p.sessions, row{s.Name, s.Requests, s.State == sessions.Empty, s.Tokens})
	}
	return p
}

func (b *played) ref(site, name string) (sessions.Ref, error) {
	site, err := b.FindSite(site)
	if err != nil {
		return sessions.Ref{}, err
	}
	for _, s := range b.Sessions(site, b.now) {
		if s.Name == name {
			return s.Ref(), nil
		}
	}
	return sessions.Ref{}, &sessions.NoSessionError{Site: site, Name: name}
}

func (b *played) hold(site, name string) func() bool {
	ref, _ := b.ref(site, name)
	return func() bool { _, err := b.Session(ref, b.now); return err == nil }
}

func (b *played) isDefault(name string) bool {
	other := playBookWith(b.Defaults())
	other.send("", "http://other.test/", name+"=1")
	s, _ := other.Site("other.test:80")
	return len(s.Tokens) > 0
}

func (b *played) defaults() []defaultToken {
	var list []defaultToken
	for _, d := range b.Defaults() {
		list = append(list, defaultToken{d.Pattern, !d.Off})
	}
	return list
}

func (b *played) do(action string, p map[string]string) (string, who) {
	var made who
	err := b.act(action, p, &made)
	var (
		noSite    *sessions.NoSiteError
		noSession *sessions.NoSessionError
		noToken   *sessions.NoTokenError
		taken     *sessions.NameTakenError
		wrong     *sessions.DefaultError
	)
	switch {
	case err == nil:
		return "ok", made
	case action == "removeSessionToken" && (errors.As(err, &noSite) || errors.As(err, &noToken)):
		return "no such token", made
	case errors.As(err, &noSite):
		return "no such site", made
	case action == "renameSession":
		return "refused", made
	case errors.As(err, &noSession):
		return "no such session", made
	case errors.As(err, &taken):
		return "the name is taken", made
	case errors.As(err, &wrong) && wrong.Taken:
		return "a default already", made
	case errors.As(err, &wrong):
		return "no such default", made
	}
	return err.Error(), made
}

func (b *played) act(action string, p map[string]string, made *who) error {
	switch action {
	case "addDefaultSessionToken":
		return b.AddDefault(sessions.Default{Pattern: p["sessionToken"], Kind: sessions.Token, Off: strings.EqualFold(p["tokenEnabled"], "false")})
	case "setDefaultSessionTokenEnabled":
		return b.EnableDefault(p["sessionToken"], strings.EqualFold(p["tokenEnabled"], "true"))
	case "removeDefaultSessionToken":
		return b.RemoveDefault(p["sessionToken"])
	}
	url, err := sessions.NormalizeURL(p["site"])
	if err != nil {
		return err
	}
	site := b.SiteOf(url)
	switch action {
	case "createEmptySession":
		s, err := b.New(sessions.Main, site, p["session"], nil, b.now)
		*made = who{s.Site, s.Name}
		return err
	case "addSessionToken":
		return b.AddToken(sessions.Main, site, p["sessionToken"], sessions.Token, nil, b.now)
	case "removeSessionToken":
		return b.RemoveToken(site, p["sessionToken"])
	case "unsetActiveSession":
		b.Unset(sessions.Main, site, b.now)
		_, err := b.FindSite(site)
		return err
	}
	ref, err := b.ref(site, cmp.Or(p["session"], p["oldSessionName"]))
	if err != nil {
		return err
	}
	switch action {
	case "setActiveSession":
		return b.Use(sessions.Main, ref, nil, b.now)
	case "removeSession":
		_, err := b.Remove(ref, b.now)
		return err
	case "renameSession":
		return b.Rename(ref, p["newSessionName"])
	case "setSessionTokenValue":
		list, err := sessions.ReadCookies(b.Scope(), p["sessionToken"]+"="+p["tokenValue"], site, "")
		if err != nil {
			return err
		}
		return b.Give(ref, list, b.now)
	}
	return errors.New("no such action: " + action)
}
