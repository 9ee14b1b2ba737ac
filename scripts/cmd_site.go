package scripts

import (
	"context"
)

func siteCommands() []*Command {
	host := []Param{{Name: "HOST[:PORT]", Kind: KindText}}
	return []*Command{
		{
			Name:    "site split",
			Summary: "Make a host, or a host and port, a site of its own",
			Params:  host,
			Detail: "The host's sub-domains go with it, and so do the cookies that the site's sessions have there, under the sessions' names. " +
				"It is kept for later runs. With --site-scope host it parts a domain that was joined.",
			Example: "site split app.shop.test",
			run: func(ctx context.Context, c *call) (Result, error) {
				return c.cut(ctx, c.engine.Browser.SplitSite, "is a site of its own now")
			},
		},
		{
			Name:    "site join",
			Summary: "Take a split back",
			Params:  host,
			Detail:  "It is kept for later runs. With --site-scope host it makes one site of all hosts of a domain.",
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
	name, err := change(ctx, c.args["HOST[:PORT]"])
	if err != nil {
		return Result{}, err
	}
	if e.SaveSites != nil {
		if err := e.SaveSites(e.Book.Exceptions()); err != nil {
			return Result{}, doing("keeping this for later runs", err, "it holds for this run; see: sites --all")
		}
	}
	return Result{Text: sayf("%s %s", name, done), Value: map[string]string{"site": name}}, nil
}
