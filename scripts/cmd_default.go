package scripts

import (
	"context"
	"strconv"

	"sessdriver/sessions"
)

var saveFlag = Flag{Name: "save", Summary: "keep it for later runs too; at the prompt it is kept without"}

var allFlag = Flag{Name: "all", Summary: "all entries of the list"}

func defaultCommands() []*Command {
	pattern := []Param{{Name: "PATTERN", Kind: KindText}}
	maybe := []Param{{Name: "PATTERN", Kind: KindText, Optional: true}}
	const later = "Sites keep the tokens that they have; what is new counts from the next message that carries it. " +
		"At the prompt the list is kept for later runs. In a script, a pipe and with -c it is for this run, unless --save is given."
	return []*Command{
		{
			Name:    "default list",
			Summary: "List the default tokens: cookie names that count on every site",
			Detail:  "A pattern ignores upper and lower case; * stands for any characters and ? for one. The list for later runs is a file that you can edit.",
			Example: "default list",
			run:     runDefaults,
		},
		{
			Name:    "default add",
			Summary: "Make a cookie name a default token",
			Params:  pattern,
			Flags:   []Flag{{Name: "carry", Summary: "it travels with the session without identifying it"}, saveFlag},
			Detail:  later,
			Example: "default add my_session\ndefault add 'keep_*' --carry",
			run:     runDefaultAdd,
		},
		{
			Name:    "default modify",
			Summary: "Give a default token another pattern",
			Params:  []Param{{Name: "PATTERN", Kind: KindText}, {Name: "NEW", Kind: KindText}},
			Flags:   []Flag{saveFlag},
			Detail:  later,
			Example: "default modify sid 'sid*'",
			run:     runDefaultModify,
		},
		{
			Name:    "default remove",
			Summary: "Take a default token out of the list",
			Params:  maybe,
			Flags:   []Flag{allFlag, saveFlag},
			Detail:  "An emptied list stays empty. " + later,
			Example: "default remove zenid",
			run:     runDefaultRemove,
		},
		{
			Name:    "default on",
			Summary: "Use a default token again",
			Params:  maybe, Flags: []Flag{allFlag, saveFlag}, Detail: later,
			Example: "default on token\ndefault on --all",
			run:     func(ctx context.Context, c *call) (Result, error) { return runDefaultSwitch(c, true) },
		},
		{
			Name:    "default off",
			Summary: "Do not use a default token, but keep it in the list",
			Params:  maybe, Flags: []Flag{allFlag, saveFlag}, Detail: later,
			Example: "default off token\ndefault off --all",
			run:     func(ctx context.Context, c *call) (Result, error) { return runDefaultSwitch(c, false) },
		},
		{
			Name:    "default reset",
			Summary: "Go back to the built-in default tokens",
			Flags:   []Flag{saveFlag},
			Detail:  later,
			Example: "default reset",
			run: func(_ context.Context, c *call) (Result, error) {
				return c.changeDefaults(func() error {
					c.engine.Book.SetDefaults(sessions.StandardDefaults())
					return nil
				})
			},
		},
	}
}

// DefaultItem is an entry of the value of default list.
type DefaultItem struct {
	Pattern string        `json:"pattern"`
	Kind    sessions.Kind `json:"kind"`
	Off     bool          `json:"off,omitempty"`
	Source  string        `json:"source,omitempty"`
}

func runDefaults(_ context.Context, c *call) (Result, error) {
	list := c.engine.Book.Defaults()
	if len(list) == 0 {
		return Result{Text: "no default tokens; go back to the built-in ones with: default reset", Value: []DefaultItem{}}, nil
	}
	t := newTable("PATTERN", "KIND", "USED", "SOURCE")
	items := make([]DefaultItem, len(list))
	for i, d := range list {
		items[i] = DefaultItem{d.Pattern, d.Kind, d.Off, d.Source}
		used := "yes"
		if d.Off {
			used = "no"
		}
		t.add(d.Pattern, kindWord(d.Kind), used, d.Source)
	}
	return Result{Text: t.String(), Value: items}, nil
}

// saves reports whether what a command changes is kept for later runs.
func (c *call) saves(can bool) (bool, error) {
	if c.has("save") && !can {
		return false, usage("nothing is kept for later runs here; leave --save out, or start without --no-default-tokens")
	}
	return can && (c.has("save") || c.engine.AlwaysSave), nil
}

// forThisRun is what a command says that kept nothing for later runs.
const forThisRun = "; for this run only (--save keeps it)"

// changeDefaults changes the list, and may keep it for later runs; when that fails
// nothing is changed.
func (c *call) changeDefaults(change func() error) (Result, error) {
	e := c.engine
	save, err := c.saves(e.SaveDefaults != nil)
	if err != nil {
		return Result{}, err
	}
	before := e.Book.Defaults()
	if err := change(); err != nil {
		return Result{}, err
	}
	after := e.Book.Defaults()
	if save {
		if err := e.SaveDefaults(after); err != nil {
			e.Book.SetDefaults(before)
			return Result{}, doing("saving the default tokens", err, "nothing was changed; see: default list")
		}
	}
	used := 0
	for _, d := range after {
		if !d.Off {
			used++
		}
	}
	text := plural(len(after), "default token") + " in the list, " + strconv.Itoa(used) + " used"
	if !save {
		text += forThisRun
	}
	return Result{Text: text, Value: map[string]int{"defaults": len(after), "used": used}}, nil
}

func runDefaultAdd(_ context.Context, c *call) (Result, error) {
	d := sessions.Default{Pattern: c.args["PATTERN"], Kind: sessions.Token, Source: "added by hand"}
	if c.has("carry") {
		d.Kind = sessions.Carried
	}
	return c.changeDefaults(func() error { return c.engine.Book.AddDefault(d) })
}

func runDefaultModify(_ context.Context, c *call) (Result, error) {
	return c.changeDefaults(func() error { return c.engine.Book.ModifyDefault(c.args["PATTERN"], c.args["NEW"]) })
}

func runDefaultRemove(_ context.Context, c *call) (Result, error) {
	one, err := c.oneOrAll("remove")
	if err != nil {
		return Result{}, err
	}
	return c.changeDefaults(func() error {
		if one == "" {
			c.engine.Book.SetDefaults(nil)
			return nil
		}
		return c.engine.Book.RemoveDefault(one)
	})
}

func runDefaultSwitch(c *call, on bool) (Result, error) {
	one, err := c.oneOrAll(map[bool]string{true: "on", false: "off"}[on])
	if err != nil {
		return Result{}, err
	}
	book := c.engine.Book
	return c.changeDefaults(func() error {
		if one != "" {
			return book.EnableDefault(one, on)
		}
		list := book.Defaults()
		for i := range list {
			list[i].Off = !on
		}
		book.SetDefaults(list)
		return nil
	})
}

// oneOrAll is the pattern, or "" for --all.
func (c *call) oneOrAll(verb string) (string, error) {
	one := c.args["PATTERN"]
	if (one == "") == !c.has("all") {
		return "", usage("name one: default %s PATTERN; or take all: default %s --all", verb, verb)
	}
	return one, nil
}
