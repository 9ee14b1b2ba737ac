package scripts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sessdriver/sessions"
)

// Storage is what the browser keeps for the window.
type Storage interface {
	Jar(ctx context.Context) ([]sessions.Cookie, error)

	// Stored lists the web storage that the open pages of a site have; travels says that it
	// goes and comes with the session.
	Stored(ctx context.Context, site string) (list []sessions.Stored, travels bool, err error)
}

func whyCommands() []*Command {
	return []*Command{
		{
			Name: "session why", Aliases: []string{"why"},
			Summary: "Show by what the server may still recognize another user after a switch",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Optional: true, Rest: true}},
			Flags:   []Flag{siteFlag},
			Detail: "It lists the cookies and the web storage of the site that stay in the browser whichever session is active. With NAME it compares the active session with that one, too. " +
				"A cookie that belongs to a login, such as remember-me, should travel with its session: token add NAME --carry. It also shows HTTP authentication that the sessions of a window share. " +
				"It does not look at IndexedDB, at CacheStorage, at what earlier pages of a tab's history keep (history.state, forms that were filled in), or at client certificates, which the browser sends whichever session is active. A window of its own (open URL --as NAME) has none of these but the certificates.",
			Example: "use bob\nwhy\nwhy alice",
			run:     runWhy,
		},
	}
}

// Why is the value of session why.
type Why struct {
	Site   string            `json:"site"`
	Active string            `json:"active,omitempty"` // the session that is forced
	Stays  []sessions.Cookie `json:"stays"`            // whoever is active
	Other  string            `json:"other,omitempty"`  // the session that was named
	// Lacks and Adds are the names of the cookies that only the other one has, and
	// that only the active one has.
	Lacks []string `json:"lacks,omitempty"`
	Adds  []string `json:"adds,omitempty"`
	// HTTPAuth is what the sessions of the window share of HTTP authentication.
	HTTPAuth []sessions.ForeignAuth `json:"httpAuth,omitempty"`
	// Storage has the items of web storage that stay, or that are not the same in
	// the two sessions.
	Storage []StoredItem `json:"storage,omitempty"`
}

// StoredItem is an item of web storage in the value of session why.
type StoredItem struct {
	sessions.Stored
	// In says who has it: "all" whoever is active, "both" sessions with different
	// values, or the name of one.
	In string `json:"in"`
}

func runWhy(ctx context.Context, c *call) (Result, error) {
	e, why, other := c.engine, Why{}, sessions.Session{}
	var err error
	if name := c.args["NAME"]; name != "" {
		if other, err = c.session(ctx, name); err != nil {
			return Result{}, err
		}
		why.Site, why.Other = other.Site, other.Name
	} else if why.Site, err = c.site(""); err != nil {
		return Result{}, err
	}
	jar, err := e.Browser.Jar(ctx)
	if err != nil {
		return Result{}, doing("reading the cookies of "+why.Site, err, "try again: why")
	}
	active, forced := e.Book.Active(e.Browser.Window(), why.Site, e.now())
	why.Active, why.Stays = active.Name, e.maskCookies(e.Book.Unbound(why.Site, jar, e.now()))
	lines := []string{sayf("%s: no session is forced", why.Site)}
	if forced {
		lines[0] = sayf("%s: %s is active", why.Site, active.Name)
	}
	if why.Other != "" && forced {
		has, others := cookieNames(active), cookieNames(other)
		why.Lacks, why.Adds = without(others, has), without(has, others)
		lines = append(lines, only(other.Name, why.Lacks)...)
		lines = append(lines, only(active.Name, why.Adds)...)
	}
	stored, travels, err := e.Browser.Stored(ctx, why.Site)
	if err != nil {
		return Result{}, doing("reading the web storage of "+why.Site, err, "try again: why")
	}
	switch {
	case !travels:
		why.Storage = inAll(stored)
	case why.Other != "" && forced && other.Ref() != active.Ref():
		why.Storage = compareStored(active.Name, stored, other.Name, e.Book.Saved(other.Ref(), e.Browser.Window()))
	}
	lines = append(lines, storedLines(why.Storage)...)
	if !travels && forced {
		lines = append(lines, "window.name and the history state of pages stay, too")
	}
	why.HTTPAuth = e.Book.SharedAuth(e.Browser.Window(), why.Site)
	lines = append(lines, authLines(why.HTTPAuth)...)
	if len(why.Stays) == 0 {
		lines = append(lines, "every cookie of the site travels with its session")
	} else {
		lines = append(lines,
			"the browser sends for every session: "+Escape(sessions.Mask{}.Cookies(why.Stays)),
			"if the server recognizes a user by one of them, go to the session that it belongs to (use NAME), then type: token add "+Escape(Quote(why.Stays[0].Name))+" --carry")
	}
	return Result{Text: strings.Join(lines, "\n"), Value: why}, nil
}

// authLines lists the HTTP authentication that does not go with the session.
func authLines(list []sessions.ForeignAuth) []string {
	var lines []string
	for _, a := range list {
		whose := a.Of
		if whose == "" {
			whose = "whoever logged in there"
		}
		lines = append(lines, sayf("%s: the browser keeps HTTP authentication (%s) of %s; a window of its own has none: open URL --as NAME", a.Space, a.Scheme, whose))
	}
	return lines
}

// inAll is the storage that does not travel.
func inAll(list []sessions.Stored) []StoredItem {
	var items []StoredItem
	for _, s := range list {
		items = append(items, StoredItem{s, "all"})
	}
	return items
}

// compareStored lists the items that are not the same in two sessions: what the pages
// of the one have, and what is kept for the other.
func compareStored(here string, shown []sessions.Stored, there string, saved []sessions.Stored) []StoredItem {
	var items []StoredItem
	for _, s := range shown {
		switch i := slices.IndexFunc(saved, s.SameItem); {
		case i < 0:
			items = append(items, StoredItem{s, here})
		case saved[i].Value != s.Value:
			items = append(items, StoredItem{s, "both"})
		}
	}
	for _, s := range saved {
		if !slices.ContainsFunc(shown, s.SameItem) {
			items = append(items, StoredItem{s, there})
		}
	}
	return items
}

// maxShown bounds the keys of one origin that a line names.
const maxShown = 10

// storedLines lists storage, a line for each place and who has it, in order.
func storedLines(items []StoredItem) []string {
	var lines []string
	for len(items) > 0 {
		first, keys := items[0], []string{}
		for len(items) > 0 && items[0].In == first.In && items[0].Origin == first.Origin && items[0].Where == first.Where {
			keys, items = append(keys, items[0].Key), items[1:]
		}
		if over := len(keys) - maxShown; over > 0 {
			keys = append(keys[:maxShown], fmt.Sprintf("%d more", over))
		}
		who := "only " + first.In + " has"
		switch first.In {
		case "all":
			who = "whichever session is active, pages keep"
		case "both":
			who = "the two sessions differ"
		}
		lines = append(lines, sayf("%s in %s of %s: %s", who, first.Where, first.Origin, strings.Join(keys, ", ")))
		if first.In == "all" && len(items) == 0 {
			lines = append(lines, "if the page recognizes a user by it, let it travel with the session: start with --storage swap")
		}
	}
	return lines
}

// only is the line that says what one session has alone; none for nothing.
func only(name string, cookies []string) []string {
	if len(cookies) == 0 {
		return nil
	}
	return []string{sayf("only %s has %s", name, strings.Join(cookies, ", "))}
}

func cookieNames(s sessions.Session) []string {
	var names []string
	for _, c := range slices.Concat(s.Tokens, s.Carried) {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(name string) bool { return slices.Contains(others, name) })
}
