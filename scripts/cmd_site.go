package scripts

import (
	"context"
)

// Sites changes where sites end, see the book's. Its methods return the name of the site,
// and answer when the jars are in sync again.
type Sites interface {
	SplitSite(ctx context.Context, host string) (string, error)
	JoinSite(ctx context.Context, host string) (string, error)
}

func siteCommands() []*Command {
	const keptHelp = "At the prompt it is kept for later runs; in a script, a pipe and with -c it is not, unless --save is given. "
	host := []Param{{Name: "HOST[:PORT]", Kind: KindText}}
	return []*Command{
		{
			Name:    "site split",
			Summary: "Make a host, or a host and port, a site of its own",
			Params:  host,
			Detail: "The host's sub-domains go with it, and so do the cookies that the site's sessions have there, under the sessions' names. " +
				keptHelp + "With --site-scope host it undoes a join.",
			Flags:   []Flag{saveFlag},
			Example: "site split app.shop.test",
			run: func(ctx context.Context, c *call) (Result, error) {
				return c.cut(ctx, c.engine.Browser.SplitSite, "is a site of its own now")
			},
		},
		{
			Name:    "site join",
			Summary: "Undo a split",
			Params:  host,
			Detail:  keptHelp + "With --site-scope host it makes one site of all hosts of a domain.",
			Flags:   []Flag{saveFlag},
			Example: "site split app.shop.test\nsite join app.shop.test",
			run: func(ctx context.Context, c *call) (Result, error) {
				return c.cut(ctx, c.engine.Browser.JoinSite, "is one site now")
			},
		},
	}
}

// cut changes where sites end and keeps that for later runs.
func (c *call) cut(ctx context.Context, change func(context.Context, string) (string, error), done string) (Result, error) {
	e := c.engine
	save, err := c.saves(e.SaveSites != nil)
	if err != nil {
		return Result{}, err
	}
	name, err := change(ctx, c.args["HOST[:PORT]"])
	if err != nil {
		return Result{}, err
	}
	if save {
		if err := e.SaveSites(e.Book.Exceptions()); err != nil {
			return Result{}, doing("saving this for later runs", err, "it holds for this run; see: sites --all")
		}
	}
	text := sayf("%s %s", name, done)
	if !save {
		text += forThisRun
	}
	return Result{Text: text, Value: map[string]string{"site": name}}, nil
}
