package scripts

import (
	"context"
	"errors"
	"strings"
)

func frameCommands() []*Command {
	return []*Command{
		{
			Name: "page frame", Aliases: []string{"frame"},
			Summary: "Look into a frame of the page with the commands that follow, or at the page again",
			Params:  []Param{{Name: "SELECTOR", Kind: KindSelector, Optional: true}},
			Flags:   []Flag{timeoutFlag},
			Detail:  "A frame in a frame: go into the one and then into the other. Without SELECTOR, and once the tab shows another page, commands look at the page itself. In a frame eval takes an expression only.",
			Example: "frame '#payment'\nframe",
			run: func(ctx context.Context, c *call) (Result, error) {
				selector := c.args["SELECTOR"]
				if selector == "" {
					c.engine.Browser.Leave()
					return Result{}, nil
				}
				return Result{}, c.patiently(ctx, "see: help frame", func(ctx context.Context) error { return c.engine.Browser.Enter(ctx, selector) })
			},
		},
		{
			Name: "page dialog", Aliases: []string{"dialog"},
			Summary: "Say how the dialogs of pages that follow are answered (accept, dismiss), or show the last one",
			Params:  []Param{{Name: "ANSWER", Kind: KindAnswer, Optional: true}, {Name: "TEXT", Kind: KindText, Optional: true, Rest: true}},
			Detail: "It comes before the command that leads to the dialog, and holds for all later ones. TEXT is what to type into a prompt. " +
				"Where nothing was said, a browser without windows accepts alerts, dismisses the others, and tells so; with windows a person answers.",
			Example: "dialog accept\ndialog accept 'my answer'\ndialog dismiss\ndialog",
			run:     runDialog,
		},
	}
}

func runDialog(_ context.Context, c *call) (Result, error) {
	b, answer := c.engine.Browser, c.args["ANSWER"]
	switch {
	case answer == "" && b.LastDialog() == nil:
		return Result{}, errors.New("no page has shown a dialog that was answered here")
	case answer == "":
		d := b.LastDialog()
		done := "dismissed"
		if d.Accepted {
			done = "accepted"
		}
		return Result{Text: sayf("%s, %s: %s", d.Type, done, strings.Join(strings.Fields(d.Message), " ")), Value: d}, nil
	case answer == dismiss && c.args["TEXT"] != "":
		return Result{}, usage("a dialog that is dismissed takes no text; type: dialog dismiss")
	}
	b.AnswerDialogs(answer == accept, c.args["TEXT"])
	return Result{}, nil
}
