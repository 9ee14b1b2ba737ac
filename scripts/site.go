package scripts

import (
	"context"
	"strings"

	"sessdriver/sessions"
)

// Tab is where a person is, for all commands.
type Tab interface {
	// Window and Location are those of the current tab; Location is "" when there is none.
	Window() sessions.Window
	Location() string

	// Settle answers when all events of the browser up to now are booked.
	Settle(ctx context.Context) error

	// Reloaded answers when the current tab has loaded what a switch reloads there.
	Reloaded(ctx context.Context) error
}

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
	if err := e.waitForEvents(ctx); err != nil {
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

// splitSite takes the site off a token that may be written SITE/NAME. What stands before
// the slash is a site when it is known or cannot be anything else.
func (c *call) splitSite(text string) (site, name string, err error) {
	return c.splitBy(text, c.engine.Book.FindSite)
}

// splitNewSite is splitSite for what may be made before a site is opened.
func (c *call) splitNewSite(text string) (site, name string, err error) {
	return c.splitBy(text, c.engine.anySite)
}

func (c *call) splitBy(text string, find func(string) (string, error)) (site, name string, err error) {
	if given := c.flags["site"]; given != "" {
		site, err := find(given)
		return site, text, err
	}
	if before, after, ok := strings.Cut(text, "/"); ok {
		site, err := find(before)
		if err == nil || looksLikeSite(before) {
			return site, after, err
		}
	}
	site, err = c.site("")
	return site, text, err
}

// anySite is the site of a name, a host or a URL, whether it was opened or not.
func (e *Engine) anySite(text string) (string, error) {
	site, err := e.Book.FindSite(text)
	if err == nil || !looksLikeSite(text) {
		return site, err
	}
	address, invalid := sessions.NormalizeURL(text)
	if invalid != nil {
		return "", err
	}
	return e.Book.SiteOf(address), nil
}

// looksLikeSite reports what is rather a host than a name.
func looksLikeSite(text string) bool { return strings.ContainsAny(text, ".:") || text == "localhost" }

// waitForEvents waits until what happened in the browser is in the book.
func (e *Engine) waitForEvents(ctx context.Context) error {
	return doing("waiting for the browser's events", e.Browser.Settle(ctx), "try again, or leave with: quit")
}
