package scripts

import (
	"context"
	"slices"
	"strings"

	"sessdriver/sessions"
)

func whyCommands() []*Command {
	return []*Command{
		{
			Name: "session why", Aliases: []string{"why"},
			Summary: "Tell by what the server may still know another user after a switch",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Optional: true, Rest: true}},
			Flags:   []Flag{siteFlag},
			Detail: "It lists the cookies of the site that stay in the browser whoever is active, and with NAME those that only one of the active session and NAME has. " +
				"A cookie that belongs to a login, as remember-me does, is to be carried with its session.",
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
	why.Active, why.Stays = active.Name, e.maskCookies(e.Book.Loose(why.Site, jar, e.now()))
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
	if len(why.Stays) == 0 {
		lines = append(lines, "every cookie of the site travels with its session; what pages keep in web storage does with --storage swap")
	} else {
		lines = append(lines,
			"whoever is active, the browser sends: "+Escape(sessions.Mask{}.Cookies(why.Stays)),
			"if the server knows a user by one of them, go to the session that it belongs to (use NAME) and type: token add "+Escape(Quote(why.Stays[0].Name))+" --carry")
	}
	return Result{Text: strings.Join(lines, "\n"), Value: why}, nil
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
