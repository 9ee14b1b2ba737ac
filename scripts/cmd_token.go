package scripts

import (
	"context"
	"slices"
	"strconv"

	"sessdriver/sessions"
)

// Tokens are the cookies that count for a site.
type Tokens interface {
	AddToken(ctx context.Context, site, name string, kind sessions.Kind) error
	RemoveToken(ctx context.Context, site, name string) error
}

func tokenCommands() []*Command {
	return []*Command{
		{
			Name: "token list", Aliases: []string{"tokens"},
			Summary: "List the cookies and headers that identify or travel with a site's sessions",
			Params:  []Param{{Name: "SITE", Kind: KindSite, Optional: true}},
			Flags:   []Flag{siteFlag},
			Detail:  "A token identifies a session; a carried cookie or a header is swapped with it without identifying it.",
			Example: "tokens\ntokens blog.test",
			run:     runTokens,
		},
		{
			Name:    "token add",
			Summary: "Make a cookie name a token of a site",
			Params:  []Param{{Name: "NAME", Kind: KindToken}},
			Flags:   []Flag{siteFlag, {Name: "carry", Summary: "carry the cookie with the session instead; '*' carries all cookies of the site"}},
			Detail: "The active session, else the one that the site was last seen with, keeps the value that the browser has now: nobody is logged out. " +
				"Write SITE/NAME or --site for another site than the current tab's; it need not be open.",
			Example: "token add sid\ntoken add remember_me --carry\ntoken add --carry '*'",
			run:     runTokenAdd,
		},
		{
			Name:    "token remove",
			Summary: "Make a cookie name an ordinary cookie again",
			Params:  []Param{{Name: "NAME", Kind: KindToken}},
			Flags:   []Flag{siteFlag},
			Detail: "Sessions that become equal are merged. Unnamed sessions that have no token left are forgotten; with the last token, all sessions of the site are. " +
				"A default token stays removed on this site until it is added again.",
			Example: "token remove basket",
			run:     runTokenRemove,
		},
		{
			Name:    "token add-header",
			Summary: "Make a request header a token of a site",
			Params:  []Param{{Name: "NAME", Kind: KindHeader}},
			Flags:   []Flag{siteFlag},
			Detail: "A bearer token in Authorization is one by itself. Each session learns the value that its requests carry, for each origin. Where a session is active, a value of another session is replaced by its own, once it has one. " +
				"The header is never added to a request without it.",
			Example: "token add-header X-Auth-Token",
			run:     runHeaderAdd,
		},
		{
			Name:    "token remove-header",
			Summary: "Make it an ordinary header again",
			Params:  []Param{{Name: "NAME", Kind: KindHeader}},
			Flags:   []Flag{siteFlag},
			Detail:  "Pages then send it as they like, whichever session is active. It works for Authorization, too.",
			Example: "token remove-header Authorization",
			run:     runHeaderRemove,
		},
	}
}

// TokenItem is a token or carried cookie of a site: the value of token add and
// token remove, and an item of that of token list.
type TokenItem struct {
	Site     string        `json:"site"`
	Name     string        `json:"name"`
	Kind     sessions.Kind `json:"kind"`     // "" when it is none any more, "header" for a header
	Default  bool          `json:"default"`  // a default token has this name
	Sessions int           `json:"sessions"` // how many hold it
}

const headerKind sessions.Kind = "header"

func runTokens(ctx context.Context, c *call) (Result, error) {
	e := c.engine
	if err := e.waitForEvents(ctx); err != nil {
		return Result{}, err
	}
	site, err := c.site(c.args["SITE"])
	if isNoneYet(err) {
		return Result{Text: advise(err, "").Error(), Value: []TokenItem{}}, nil
	}
	if err != nil {
		return Result{}, err
	}
	items := e.tokens(site)
	if len(items) == 0 {
		return Result{Text: sayf("%s: no token yet; log in in the browser, or name the cookie that keeps the login: token add NAME", site), Value: items}, nil
	}
	t := newTable("NAME", "KIND", "LEARNT", ">SESSIONS")
	for _, item := range items {
		t.add(item.Name, kindWord(item.Kind), learntWord(item.Default), strconv.Itoa(item.Sessions))
	}
	return Result{Text: Escape(site) + "\n" + t.String(), Value: items}, nil
}

func kindWord(k sessions.Kind) string {
	switch k {
	case sessions.Carried:
		return "carried"
	case headerKind:
		return "header"
	}
	return "token"
}

func learntWord(byDefault bool) string {
	if byDefault {
		return "by default"
	}
	return "on this site"
}

func (e *Engine) tokens(site string) []TokenItem {
	s, _ := e.Book.Site(site)
	items := make([]TokenItem, len(s.Tokens))
	for i, t := range s.Tokens {
		items[i] = TokenItem{Site: site, Name: t.Name, Kind: t.Kind, Default: t.Default, Sessions: e.holders(s, t.Name)}
	}
	for _, h := range s.Headers {
		items = append(items, TokenItem{Site: site, Name: h.Name, Kind: headerKind, Default: h.Default, Sessions: h.Sessions})
	}
	return items
}

func runHeaderAdd(ctx context.Context, c *call) (Result, error) {
	site, name, err := c.splitNewSite(c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	if err := c.engine.Book.AddHeader(site, name); err != nil {
		return Result{}, usage("%v", advise(err, "type it as in: token add-header X-Auth-Token"))
	}
	item := TokenItem{Site: site, Name: name, Kind: headerKind}
	return Result{Text: sayf("%s: the header %s is a token now; sessions learn it from their next requests", site, name), Value: item}, nil
}

func runHeaderRemove(ctx context.Context, c *call) (Result, error) {
	site, name, err := c.splitSite(c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	if err := c.engine.Book.RemoveHeader(site, name); err != nil {
		return Result{}, doing("removing the header "+name+" on "+site, err, "see: tokens")
	}
	return Result{Text: sayf("%s: the header %s is not a token any more", site, name), Value: TokenItem{Site: site, Name: name}}, nil
}

// holders counts the sessions that hold a cookie of a name; for the name that
// stands for all others, those that hold any of the others.
func (e *Engine) holders(s sessions.Site, name string) int {
	own := func(c sessions.Cookie) bool {
		return slices.ContainsFunc(s.Tokens, func(t sessions.SiteToken) bool { return t.Name == c.Name })
	}
	n := 0
	for _, session := range e.Book.Sessions(s.Name, e.now()) {
		if slices.ContainsFunc(slices.Concat(session.Tokens, session.Carried), func(c sessions.Cookie) bool {
			return c.Name == name || name == sessions.All && !own(c)
		}) {
			n++
		}
	}
	return n
}

func runTokenAdd(ctx context.Context, c *call) (Result, error) {
	site, name, err := c.splitNewSite(c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	if err := checkToken(name); err != nil {
		return Result{}, err
	}
	kind := sessions.Token
	if c.has("carry") {
		kind = sessions.Carried
	}
	if name == sessions.All && kind == sessions.Token {
		return Result{}, usage("* stands for all cookies of a site, which can only be carried; type: token add --carry '*'")
	}
	e := c.engine
	if err := e.Browser.AddToken(ctx, site, name, kind); err != nil {
		return Result{}, doing(`adding "`+name+`" on `+site, err, "see: tokens")
	}
	return e.tokenAdded(site, name, kind), nil
}

func (e *Engine) tokenAdded(site, name string, kind sessions.Kind) Result {
	s, _ := e.Book.Site(site)
	item := TokenItem{Site: site, Name: name, Kind: kind, Sessions: e.holders(s, name)}
	what := "is a token now"
	switch {
	case name == sessions.All:
		name, what = "every other cookie", "is carried now"
	case kind == sessions.Carried:
		what = "is carried now"
	}
	who := "in " + plural(item.Sessions, "session")
	if item.Sessions == 0 {
		who = "no session has it yet"
	}
	return Result{Text: sayf("%s: %s %s; %s", site, name, what, who), Value: item}
}

func runTokenRemove(ctx context.Context, c *call) (Result, error) {
	site, name, err := c.splitSite(c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	e := c.engine
	before, _ := e.Book.Site(site)
	if err := e.Browser.RemoveToken(ctx, site, name); err != nil {
		return Result{}, doing(`removing "`+name+`" on `+site, err, "see: tokens")
	}
	after, _ := e.Book.Site(site)
	text := sayf("%s: %s is not a token any more", site, name)
	if gone := before.Sessions - after.Sessions; gone > 0 {
		text += "; " + plural(gone, "session") + " gone or merged"
	}
	return Result{Text: text, Value: TokenItem{Site: site, Name: name}}, nil
}
