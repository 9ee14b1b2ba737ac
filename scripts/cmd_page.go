package scripts

import (
	"context"
	"errors"
	"strings"

	"sessdriver/sessions"
)

// Opener shows pages. Its methods answer when they have loaded.
type Opener interface {
	Open(ctx context.Context, url string) error
	Reload(ctx context.Context) error
}

var loadingFlag = Flag{Name: "timeout", Kind: KindTime, Summary: "how long it may take to load, as 500ms or 30s (default 1m)"}

func pageCommands() []*Command {
	return []*Command{
		{
			Name: "page open", Aliases: []string{"open"},
			Summary: "Open a page in the current tab, or in a window that holds a session, and wait until it has loaded",
			Params:  []Param{{Name: "URL", Kind: KindURL}},
			Flags: []Flag{
				{Name: "as", Kind: KindSession, Summary: "in an isolated window where this session is forced"},
				{Name: "window", Kind: KindWindow, Summary: "in the window of this name; a new one is empty, or holds the session of --as"},
				loadingFlag,
			},
			Detail: "http:// may be left out. A URL that begins with /, ?, # or . is relative to the current page, as in a link on it; about:blank is an empty page. " +
				"A URL with a ; or a space in it needs quotes. " +
				"With --as the page opens in a window of its own, named after the session, beside the others; the next time in the same one.",
			Example: "open http://shop.test/account\nopen shop.test\nopen /login\nopen shop.test --as bob",
			run:     runOpen,
		},
		{
			Name: "page reload", Aliases: []string{"reload"},
			Summary: "Reload the current tab and wait until it has loaded",
			Flags:   []Flag{loadingFlag},
			Example: "open http://shop.test/\nreload",
			run:     runReload,
		},
	}
}

// Page is the value of page open and page reload.
type Page struct {
	URL     string `json:"url"` // as people may see it
	Site    string `json:"site,omitempty"`
	Session string `json:"session,omitempty"` // the one that is forced there

	Window sessions.Window `json:"window"`
}

func runOpen(ctx context.Context, c *call) (Result, error) {
	e := c.engine
	address, err := e.address(c.args["URL"])
	if err != nil {
		return Result{}, err
	}
	var notes []string
	err = c.boundedBy(ctx, c.timeout(DefaultLoadTimeout), func(ctx context.Context) (err error) {
		if c.flags["as"] != "" || c.flags["window"] != "" {
			notes, err = c.openIn(ctx, address)
		} else {
			err = e.Browser.Open(ctx, address)
		}
		return err
	})
	if err != nil {
		next := "check the address, then: open URL"
		if strings.Contains(err.Error(), "ERR_INVALID_AUTH_CREDENTIALS") {
			next = "the server asks for HTTP credentials; type them as USER:PASSWORD@ before the host in: open URL"
		}
		return Result{}, doing("opening "+e.Mask.URL(address), err, next)
	}
	result, err := e.loaded(ctx, "opened ")
	for _, note := range notes {
		result.Text += "\n" + Escape(note)
	}
	return result, err
}

func runReload(ctx context.Context, c *call) (Result, error) {
	e := c.engine
	if e.Browser.Location() == "" {
		return Result{}, errors.New("there is no page to reload; open one: open URL")
	}
	if err := c.boundedBy(ctx, c.timeout(DefaultLoadTimeout), e.Browser.Reload); err != nil {
		return Result{}, doing("reloading "+e.Mask.URL(e.Browser.Location()), err, "try again, or: open URL")
	}
	return e.loaded(ctx, "reloaded ")
}

// loaded says where the tab is after loading, once the book knows of it.
func (e *Engine) loaded(ctx context.Context, what string) (Result, error) {
	if err := e.waitForEvents(ctx); err != nil {
		return Result{}, err
	}
	page := Page{URL: e.Mask.URL(e.Browser.Location()), Site: e.tabSite(), Window: e.Browser.Window()}
	text := what + Escape(page.URL)
	if s, ok := e.Book.Active(e.Browser.Window(), page.Site, e.now()); ok {
		page.Session = s.Name
		text += " as " + Escape(s.Name)
	}
	if page.Window != sessions.Main {
		text += " in window " + Escape(page.Window.String())
	}
	return Result{Text: text, Value: page}, nil
}
