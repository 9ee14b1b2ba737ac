package scripts

import (
	"context"
	"strings"

	"sessdriver/sessions"
)

var siteFlag = Flag{Name: "site", Kind: KindSite, Summary: "the site that is meant, instead of the current tab's"}

// site is the site that a command is about: the one given, by --site or as an
// argument, else the current tab's, else the only one that has something.
func (c *call) site(given string) (string, error) {
	if given != "" && c.has("site") {
		return "", usage("the site is given twice, as %q and by --site; type it once", given)
	}
	if given += c.flags["site"]; given != "" {
		return c.engine.Book.FindSite(given)
	}
	if site := c.engine.tabSite(); site != "" {
		return site, nil
	}
	switch names := c.engine.busySites(); len(names) {
	case 0:
		return "", &sessions.NoSiteError{}
	case 1:
		return names[0], nil
	default:
		return "", usage("the current tab is on no site, and several are known: %s; say which with: --site SITE", strings.Join(names, ", "))
	}
}

// tabSite is the site of the current tab, "" when it has none.
func (e *Engine) tabSite() string { return e.Book.SiteOf(e.Browser.Location()) }

// busySites lists the sites with sessions or tokens.
func (e *Engine) busySites() []string {
	var names []string
	for _, s := range e.Book.Sites() {
		if isBusy(s) {
			names = append(names, s.Name)
		}
	}
	return names
}

func isBusy(s sessions.Site) bool { return s.Sessions > 0 || len(s.Tokens) > 0 || len(s.Active) > 0 }

// session finds the session that a person named.
func (c *call) session(ctx context.Context, text string) (sessions.Session, error) {
	e := c.engine
	if err := e.settle(ctx); err != nil {
		return sessions.Session{}, err
	}
	q := sessions.Query{Text: text, Site: c.flags["site"], Current: e.currentSite()}
	ref, err := e.Book.Find(q)
	if err != nil {
		return sessions.Session{}, err
	}
	return e.Book.Session(ref, e.now())
}

// currentSite is the current tab's site, else the only one that has something,
// else "".
func (e *Engine) currentSite() string {
	if site := e.tabSite(); site != "" {
		return site
	}
	if names := e.busySites(); len(names) == 1 {
		return names[0]
	}
	return ""
}

// splitSite takes the site off a new name or a token that may be written
// SITE/NAME. What stands before the slash is a site when it is known or cannot
// be anything else.
func (c *call) splitSite(text string) (site, name string, err error) {
	before, after, ok := strings.Cut(text, "/")
	if ok && !c.has("site") {
		site, err := c.engine.Book.FindSite(before)
		if err == nil || strings.ContainsAny(before, ".:") {
			return site, after, err
		}
	}
	site, err = c.site("")
	return site, text, err
}

// settle waits until what happened in the browser is in the book.
func (e *Engine) settle(ctx context.Context) error {
	return doing("waiting for the browser's events", e.Browser.Settle(ctx), "try again, or leave with: quit")
}
