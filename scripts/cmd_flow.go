package scripts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"sessdriver/sessions"
)

const sectionName = "section"

// restoreTimeout bounds how long a block's end takes.
const restoreTimeout = 30 * time.Second

func flowCommands() []*Command {
	return []*Command{
		{
			Name:    "as",
			Summary: "Force a session for the commands up to end; then, also when one fails, force again what was forced before",
			Params:  []Param{{Name: "NAME", Kind: KindSession, Rest: true}},
			Flags:   []Flag{siteFlag},
			Detail:  "Blocks may be nested. At the end the session that was forced before is forced again, in the window where the block began.",
			Example: "as alice\n  open http://shop.test/account\nend",
			run:     runAs,
		},
		{
			Name:    "set",
			Summary: "Give a variable a value, or show the variables' names",
			Params:  []Param{{Name: "NAME", Kind: KindVariable, Optional: true}, {Name: "VALUE", Kind: KindText, Optional: true, Rest: true}},
			Detail: "$NAME and ${NAME} stand for the value, as one word, also between double quotes. " +
				"Variables also come from --var NAME=VALUE and from the environment: SESSDRIVER_VAR_NAME. " +
				"What is typed into a password field, and the value of a variable whose name says that it is secret (PASSWORD, PW, TOKEN, SECRET, KEY), is masked in messages and reports.",
			Example: "set SHOP http://shop.test\nopen $SHOP/login",
			run:     runSet,
		},
		{
			Name:    includeName,
			Summary: "Run another script at this place",
			Params:  []Param{{Name: "FILE", Kind: KindFile}},
			Detail:  "The path is as seen from the script that includes it. Variables are shared.",
			Example: "include login.sess",
			run: func(ctx context.Context, c *call) (Result, error) {
				return Result{}, c.running.include(ctx, c.args["FILE"])
			},
		},
		{
			Name:    sectionName,
			Summary: "Begin a test case: reports name it, and skip ends it",
			Params:  []Param{{Name: "NAME", Kind: KindText, Rest: true}},
			Example: "section 'alice sees her orders'",
			run: func(_ context.Context, c *call) (Result, error) {
				name := c.running.shownName(c.statement)
				return Result{Text: "== " + Escape(name), Value: Section{name}}, nil
			},
		},
		{
			Name:    "skip",
			Summary: "End the section, or the script before the first one, and report it as skipped",
			Params:  []Param{{Name: "REASON", Kind: KindText, Optional: true, Rest: true}},
			Example: "skip 'no mail server here'",
			run: func(_ context.Context, c *call) (Result, error) {
				return Result{}, &SkipError{cmp.Or(c.masked("REASON"), "no reason given")}
			},
		},
		{
			Name:    "fail",
			Summary: "Fail, for a reason",
			Params:  []Param{{Name: "REASON", Kind: KindText, Rest: true}},
			Example: "fail 'the shop is closed'",
			run: func(_ context.Context, c *call) (Result, error) {
				return Result{}, &FailError{c.masked("REASON")}
			},
		},
		{
			Name:    "print",
			Summary: "Print a text",
			Params:  []Param{{Name: "TEXT", Kind: KindText, Rest: true}},
			Example: "print \"the shop is $SHOP\"",
			run: func(_ context.Context, c *call) (Result, error) {
				text := c.args["TEXT"]
				if c.engine.Reports {
					text = c.masked("TEXT")
				}
				return Result{Text: EscapeLines(text), Value: text}, nil
			},
		},
		{
			Name:    "sleep",
			Summary: "Wait for a time; it is better to wait for what you need, with: wait, expect",
			Params:  []Param{{Name: "TIME", Kind: KindTime}},
			Example: "sleep 500ms\nsleep 2s",
			run:     runSleep,
		},
	}
}

func runAs(ctx context.Context, c *call) (result Result, err error) {
	e := c.engine
	session, err := c.session(ctx, c.args["NAME"])
	if err != nil {
		return Result{}, err
	}
	w := e.Browser.Window()
	before, was := e.Book.Active(w, session.Site, e.now())
	defer func() { // also where forcing failed half-way
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreTimeout)
		defer cancel()
		if back := e.forceAgain(ctx, w, session.Site, before, was); back != nil {
			back = doing("forcing what was forced before", back, "see: ls")
			if err != nil {
				back = fmt.Errorf("%w; and before that: %v", back, err)
			}
			err = back // the wrong user may be forced: that goes before all else
		}
	}()
	if _, err := c.use(ctx, session); err != nil {
		return Result{}, err
	}
	return Result{}, c.running.runBlock(ctx, c.block)
}

// forceAgain forces what was forced before in a window: a session, or none.
func (e *Engine) forceAgain(ctx context.Context, w sessions.Window, site string, before sessions.Session, was bool) error {
	if e.Browser.Window() != w {
		if err := e.Browser.SelectWindow(ctx, w); err != nil {
			return err
		}
	}
	if !was {
		_, err := e.Browser.Unset(ctx, site, true)
		return err
	}
	_, err := e.Browser.Use(ctx, before.Ref(), true)
	return err
}

func runSet(_ context.Context, c *call) (Result, error) {
	vars := c.engine.Vars
	name, given := c.args["NAME"]
	value, has := c.args["VALUE"]
	switch {
	case vars == nil:
		return Result{}, errors.New("there are no variables here; use them in a script: sessdriver run FILE")
	case !given:
		t := newTable("VARIABLE")
		for _, name := range vars.names() {
			t.add("$" + name)
		}
		return Result{Text: t.String(), Value: vars.names()}, nil // their values may be secrets
	case !has && c.comment.Text != "":
		return Result{}, notComment(c.comment, Param{Name: "VALUE", Kind: KindText})
	case !has:
		return Result{}, usage("VALUE is missing; type: set NAME VALUE; for an empty one: set %s ''", name)
	}
	return Result{}, vars.put(name, value)
}

func runSleep(ctx context.Context, c *call) (Result, error) {
	wait, _ := time.ParseDuration(c.args["TIME"]) // checked by its kind
	select {
	case <-time.After(wait):
		return Result{}, nil
	case <-ctx.Done():
		return Result{}, fmt.Errorf("sleeping: %w", ctx.Err())
	}
}
