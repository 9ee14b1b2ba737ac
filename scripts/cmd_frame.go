package scripts

import (
	"context"
	"errors"
	"strings"

	"sessdriver/sessions"
)

// Frames are the frames of a page, and its dialogs.
type Frames interface {
	// Enter lets [Actor] and [Reader] look into a frame of what they look at now, Leave at
	// the page itself again.
	Enter(ctx context.Context, selector string) error
	Leave()

	// AnswerDialogs says how the dialogs that follow are answered; LastDialog is the last
	// one that was, nil for none.
	AnswerDialogs(accept bool, text string)
	LastDialog() *sessions.DialogView
}

func frameCommands() []*Command {
	return []*Command{
		{
			Name: "page frame", Aliases: []string{"frame"},
			Summary: "Let the commands that follow act in a frame of the page, or in the page again",
			Params:  []Param{{Name: "SELECTOR", Kind: KindSelector, Optional: true}},
			Flags:   []Flag{timeoutFlag},
			Detail:  "For a frame in a frame, go into the outer one first. Without SELECTOR, and once the tab shows another page, commands act in the page itself. In a frame eval takes only an expression.",
			Example: "frame '#payment'\nframe",
			run: func(ctx context.Context, c *call) (Result, error) {
				selector := c.args["SELECTOR"]
				if selector == "" {
					c.engine.Browser.Leave()
					return Result{}, nil
				}
				return Result{}, c.withTimeout(ctx, "see: help frame", func(ctx context.Context) error { return c.engine.Browser.Enter(ctx, selector) })
			},
		},
		{
			Name: "page dialog", Aliases: []string{"dialog"},
			Summary: "Say how the dialogs of pages that follow are answered (accept, dismiss), or show the last one",
			Params:  []Param{{Name: "ANSWER", Kind: KindAnswer, Optional: true}, {Name: "TEXT", Kind: KindText, Optional: true, Rest: true}},
			Detail: "Type it before the command that leads to the dialog; it holds for all later dialogs. TEXT is what to type into a prompt. " +
				"Without it a headless browser accepts alerts, dismisses other dialogs, and says so; in a visible one a person answers.",
			Example: "dialog accept\ndialog accept 'my answer'\ndialog dismiss\ndialog",
			run:     runDialog,
		},
	}
}

func runDialog(_ context.Context, c *call) (Result, error) {
	b, answer := c.engine.Browser, c.args["ANSWER"]
	switch {
	case answer == "" && b.LastDialog() == nil:
		return Result{}, errors.New("no dialog was answered here yet; say how the next one is answered: dialog accept")
	case answer == "":
		d := b.LastDialog()
		done := "dismissed"
		if d.Accepted {
			done = "accepted"
		}
		return Result{Text: sayf("%s, %s: %s", d.Type, done, strings.Join(strings.Fields(d.Message), " ")), Value: d}, nil
	case answer == dismiss && c.args["TEXT"] != "":
		return Result{}, usage("dialog dismiss takes no text; type: dialog dismiss")
	}
	b.AnswerDialogs(answer == accept, c.args["TEXT"])
	return Result{}, nil
}
