package scripts

import (
	"context"
	"os"
	"path/filepath"
)

// Actor does what a person does on a page. A selector is as in help selectors; what it
// finds is waited for until the context ends. Its methods answer when what they lead to has
// loaded.
type Actor interface {
	Click(ctx context.Context, selector string) error
	Fill(ctx context.Context, selector, text string) error
	Choose(ctx context.Context, selector, option string) error
	Check(ctx context.Context, selector string, on bool) error
	Press(ctx context.Context, key string) error // where the focus is
	PressOn(ctx context.Context, selector, key string) error
	Upload(ctx context.Context, selector string, files []string) error
	Go(ctx context.Context, by int) error // back -1, forward 1

	// Secret reports whether a selector finds a field whose text is a secret; known is
	// false where that can no longer be found out.
	Secret(ctx context.Context, selector string) (secret, known bool)
}

const selectorHelp = "A selector is CSS, or text=TEXT, role=ROLE[name=NAME] (by the accessibility tree), label=TEXT, placeholder=TEXT, testid=ID. " +
	"The command waits until the element is there, visible, at rest, enabled and not covered."

func actCommands() []*Command {
	selector := Param{Name: "SELECTOR", Kind: KindSelector}
	act := func(name, summary string, more []Param, detail, example string, do func(context.Context, Actor, *call) error) *Command {
		return &Command{
			Name: "page " + name, Aliases: []string{name}, Summary: summary, Params: more, Flags: []Flag{timeoutFlag}, Detail: detail, Example: example,
			run: func(ctx context.Context, c *call) (Result, error) {
				return Result{}, c.withTimeout(ctx, "see: help "+name, func(ctx context.Context) error { return do(ctx, c.engine.Browser, c) })
			},
		}
	}
	return []*Command{
		act("click", "Click an element, and wait until what that leads to has loaded", []Param{selector},
			selectorHelp, "click '#login'\nclick text='Log in'\nclick role=button[name=Save]",
			func(ctx context.Context, b Actor, c *call) error { return b.Click(ctx, c.args["SELECTOR"]) }),
		act("fill", "Replace the text of a field", []Param{selector, {Name: "TEXT", Kind: KindText, Rest: true}},
			selectorHelp+" For an empty text write ''. It fails when the field does not hold the text afterwards; where the page only gives it another form, as 12-34 for 1234, it says so.", "fill '#user' alice\nfill label=Password $PASSWORD",
			func(ctx context.Context, b Actor, c *call) error {
				err := b.Fill(ctx, c.args["SELECTOR"], c.args["TEXT"])
				c.noteSecret(ctx, c.args["SELECTOR"], c.args["TEXT"])
				return err
			}),
		act("select", "Choose an option of a select, by its text or its value", []Param{selector, {Name: "OPTION", Kind: KindText, Rest: true}},
			selectorHelp, "select '#size' Large",
			func(ctx context.Context, b Actor, c *call) error {
				return b.Choose(ctx, c.args["SELECTOR"], c.args["OPTION"])
			}),
		act("check", "Check a checkbox or a radio button", []Param{selector}, selectorHelp, "check label='Remember me'",
			func(ctx context.Context, b Actor, c *call) error { return b.Check(ctx, c.args["SELECTOR"], true) }),
		act("uncheck", "Uncheck a checkbox", []Param{selector}, selectorHelp, "uncheck label='Remember me'",
			func(ctx context.Context, b Actor, c *call) error { return b.Check(ctx, c.args["SELECTOR"], false) }),
		act("press", "Press a key, with or without Control, Shift, Alt or Meta", []Param{{Name: "KEY", Kind: KindText}, {Name: "SELECTOR", Kind: KindSelector, Optional: true}},
			"With a selector the focus is set there first; without one the key goes where the page has it. A key is one character, or a name: Enter, Tab, Escape, Backspace, Delete, Space, ArrowDown, Home, PageUp, F5 and so on; Alt, Control, Meta and Shift are held with +.",
			"press Enter\npress Control+a\npress Enter '#search'",
			func(ctx context.Context, b Actor, c *call) error {
				if selector := c.args["SELECTOR"]; selector != "" {
					return b.PressOn(ctx, selector, c.args["KEY"])
				}
				return b.Press(ctx, c.args["KEY"])
			}),
		act("upload", "Give a file field its file", []Param{selector, {Name: "FILE", Kind: KindFile, Rest: true}},
			"The file is named as from the folder that the program was started in.", "upload '#avatar' picture.png",
			func(ctx context.Context, b Actor, c *call) error {
				file, err := filepath.Abs(c.args["FILE"])
				if err == nil {
					_, err = os.Stat(file)
				}
				if err != nil {
					return err
				}
				return b.Upload(ctx, c.args["SELECTOR"], []string{file})
			}),
		act("back", "Go back to the page before", nil, "", "back",
			func(ctx context.Context, b Actor, c *call) error { return b.Go(ctx, -1) }),
		act("forward", "Go forward again", nil, "", "forward",
			func(ctx context.Context, b Actor, c *call) error { return b.Go(ctx, 1) }),
	}
}
