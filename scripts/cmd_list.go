package scripts

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"sessdriver/sessions"
)

func listCommands() []*Command {
	return []*Command{
		{
			Name: "site list", Aliases: []string{"sites"},
			Summary: "List the sites with tokens or an active session",
			Flags:   []Flag{{Name: "all", Summary: "every site that was seen"}},
			Detail:  "The mark * is on the site of the current tab.",
			Example: "sites\nsites --all",
			run:     runSites,
		},
		{
			Name: "session list", Aliases: []string{"ls"},
			Summary: "List the sessions of a site",
			Params:  []Param{{Name: "SITE", Kind: KindSite, Optional: true}},
			Flags:   []Flag{siteFlag, {Name: "all", Summary: "also the anonymous session, of requests without a token"}},
			Detail: "The mark * is on the session that is active in the current tab's window, + on one that is active in another window. " +
				"A session is live while it has tokens, logged out when it lost them, empty before it had any. Values are masked: length and a fingerprint.",
			Example: "ls\nls blog.test --all",
			run:     runList,
		},
	}
}

// SessionList is the value of session list.
type SessionList struct {
	Site     string             `json:"site"` // "" when there is none yet
	Sessions []sessions.Session `json:"sessions"`
}

func runList(ctx context.Context, c *call) (Result, error) {
	e := c.engine
	if err := e.waitForEvents(ctx); err != nil {
		return Result{}, err
	}
	site, err := c.site(c.args["SITE"])
	if isNoneYet(err) {
		return Result{Text: advise(err, "").Error(), Value: SessionList{Sessions: []sessions.Session{}}}, nil
	}
	if err != nil {
		return Result{}, err
	}
	list := e.list(site, c.has("all"))
	value := SessionList{Site: site, Sessions: list}
	if len(list) == 0 {
		return Result{Text: e.whyNone(site), Value: value}, nil
	}
	return Result{Text: Escape(site) + "\n" + e.sessionTable(list), Value: value}, nil
}

// isNoneYet reports whether an error says that nothing was seen yet: to a list
// that is no error.
func isNoneYet(err error) bool {
	var none *sessions.NoSiteError
	return errors.As(err, &none) && none.Name == ""
}

func (e *Engine) list(site string, all bool) []sessions.Session {
	list := []sessions.Session{}
	for _, s := range e.Book.Sessions(site, e.now()) {
		if all || !s.Anonymous {
			list = append(list, e.masked(s))
		}
	}
	return list
}

func (e *Engine) sessionTable(list []sessions.Session) string {
	t := newTable(" ", ">#", "NAME", "STATE", "TOKENS", ">REQUESTS", "LAST USE")
	for _, s := range list {
		name := s.Name
		if s.Anonymous {
			name += " (anonymous)"
		}
		t.add(e.marker(s), strconv.Itoa(s.Number), name, string(s.State), tokensOf(s), strconv.Itoa(s.Requests), e.age(s.LastUse))
	}
	return t.String()
}

func (e *Engine) marker(s sessions.Session) string {
	switch {
	case s.ActiveIn(e.Browser.Window()):
		return "*"
	case len(s.Active) > 0:
		return "+"
	}
	return ""
}

// tokensOf writes the tokens of a session that are masked already: its cookies, and
// its header tokens as headers are written.
func tokensOf(s sessions.Session) string {
	var list []string
	if len(s.Tokens) > 0 {
		list = append(list, sessions.Mask{}.Cookies(s.Tokens))
	}
	for _, h := range s.Headers {
		if text := h.Name + ": " + h.Value; !slices.Contains(list, text) { // another origin has the same
			list = append(list, text)
		}
	}
	return cmp.Or(strings.Join(list, "; "), "-")
}

// whyNone says why a site has no session to list, and what to do.
func (e *Engine) whyNone(site string) string {
	s, _ := e.Book.Site(site)
	switch {
	case s.Requests == 0:
		return sayf("%s: no session yet, since no page of it was loaded; open one: open URL", site)
	case len(s.Tokens) == 0:
		return sayf("%s: no session in %s: none of its cookies has the name of a known token. "+
			"Log in in the browser; if that does not help, name the cookie that keeps the login: token add NAME", site, plural(s.Requests, "request"))
	}
	return sayf("%s: no session in %s: none carried a token (%s). "+
		"Log in in the browser, or name another cookie: token add NAME", site, plural(s.Requests, "request"), tokenNames(s))
}

func tokenNames(s sessions.Site) string {
	names := make([]string, len(s.Tokens))
	for i, t := range s.Tokens {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}

func runSites(ctx context.Context, c *call) (Result, error) {
	e := c.engine
	if err := e.waitForEvents(ctx); err != nil {
		return Result{}, err
	}
	shown, hidden := []sessions.Site{}, 0
	for _, s := range e.Book.Sites() {
		if c.has("all") || len(s.Tokens) > 0 || len(s.Active) > 0 {
			shown = append(shown, s)
		} else {
			hidden++
		}
	}
	var lines []string
	if len(shown) > 0 {
		lines = append(lines, e.siteTable(shown))
	} else {
		lines = append(lines, "no site with tokens yet; open a page and log in: open URL")
	}
	if hidden > 0 {
		lines = append(lines, "not shown: "+plural(hidden, "site")+" without tokens; see: sites --all")
	}
	return Result{Text: strings.Join(lines, "\n"), Value: shown}, nil
}

func (e *Engine) siteTable(list []sessions.Site) string {
	t := newTable(" ", "SITE", "TOKENS", ">SESSIONS", "ACTIVE", ">REQUESTS", "LAST USE")
	here := e.tabSite()
	for _, s := range list {
		active := "-"
		if s := e.activeOn(s); s != "" {
			active = s
		}
		t.add(mark(s.Name == here), s.Name, cmp.Or(tokenNames(s), "-"), strconv.Itoa(s.Sessions), active, strconv.Itoa(s.Requests), e.age(s.LastUse))
	}
	return t.String()
}

// activeOn is the session that is active in the current window, else those of
// the others.
func (e *Engine) activeOn(s sessions.Site) string {
	var names []string
	for _, a := range s.Active {
		if a.Window == e.Browser.Window() {
			return a.Session
		}
		names = append(names, a.Session)
	}
	return strings.Join(names, ", ")
}

// age says how long ago something was.
func (e *Engine) age(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	switch d := e.now().Sub(at); {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s ago"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "m ago"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + "h ago"
	default:
		return strconv.Itoa(int(d.Hours()/24)) + "d ago"
	}
}

// masked returns the session with the values of its cookies masked.
func (e *Engine) masked(s sessions.Session) sessions.Session {
	s.Tokens, s.Carried = e.maskCookies(s.Tokens), e.maskCookies(s.Carried)
	s.Headers = slices.Clone(s.Headers)
	for i := range s.Headers {
		s.Headers[i].Value = e.Mask.Value(s.Headers[i].Value)
	}
	return s
}

func (e *Engine) maskCookies(list []sessions.Cookie) []sessions.Cookie {
	masked := make([]sessions.Cookie, len(list))
	for i, c := range list {
		c.Value = e.Mask.Value(c.Value)
		masked[i] = c
	}
	return masked
}
