package scripts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"sessdriver/sessions"
)

// Reader says what the page is like now.
type Reader interface {
	Eval(ctx context.Context, script string) (string, error)      // JSON
	Look(ctx context.Context, script string) (string, error)      // an Eval that only reads
	Texts(ctx context.Context, selector string) ([]string, error) // each in one line
	InnerTexts(ctx context.Context, selector string) ([]string, error)
	HTML(ctx context.Context) (string, error)
	Title(ctx context.Context) (string, error)
	Screenshot(ctx context.Context, whole bool) ([]byte, error) // a PNG

	// Response is the one that brought the page, not ok where the browser did not report it.
	Response() (status int, header func(name string) string, ok bool)
}

var intoFlag = Flag{Name: "into", Kind: KindVariable, Summary: "put it into this variable instead of showing it"}

func readCommands() []*Command {
	read := func(name, summary string, params []Param, detail, example string, get func(context.Context, *call) (string, error)) *Command {
		return &Command{
			Name: "page " + name, Aliases: []string{name}, Summary: summary, Params: params, Flags: []Flag{intoFlag, timeoutFlag}, Detail: detail, Example: example,
			run: func(ctx context.Context, c *call) (Result, error) {
				var text string
				err := c.withTimeout(ctx, "see: help "+name, func(ctx context.Context) (err error) {
					text, err = get(ctx, c)
					return err
				})
				if err != nil {
					return Result{}, err
				}
				return c.read(text)
			},
		}
	}
	optional := []Param{{Name: "SELECTOR", Kind: KindSelector, Optional: true}}
	return []*Command{
		read("text", "Show the text of an element, or of the page", optional, "Of several elements it is the first visible one's; it is waited for. Its lines are those that the page shows.", "text h1\ntext '#total' --into TOTAL",
			func(ctx context.Context, c *call) (string, error) { return c.textOf(ctx, c.args["SELECTOR"]) }),
		read("html", "Show the page's HTML as it is now", nil, "", "html",
			func(ctx context.Context, c *call) (string, error) { return c.engine.Browser.HTML(ctx) }),
		read("title", "Show the page's title", nil, "", "title",
			func(ctx context.Context, c *call) (string, error) { return c.engine.Browser.Title(ctx) }),
		read("url", "Show the page's address, without what may be secret in it", nil, "With --into it is whole.", "url\nurl --into HERE",
			func(ctx context.Context, c *call) (string, error) {
				if c.has("into") {
					return c.engine.Browser.Location(), nil
				}
				return c.engine.Mask.URL(c.engine.Browser.Location()), nil
			}),
		read("eval", "Run JavaScript in the page, and show its result or that of its promise", []Param{{Name: "SCRIPT", Kind: KindText, Rest: true}},
			"Write it between single quotes. The result is shown as JSON; a text goes into a variable as it is.", "eval 'document.links.length'\neval 'localStorage.token' --into TOKEN",
			runEval),
		{
			Name: "page screenshot", Aliases: []string{"screenshot"},
			Summary: "Save a picture of the page",
			Params:  []Param{{Name: "FILE", Kind: KindFile}},
			Flags:   []Flag{{Name: "full", Summary: "the whole page, not only what is in view"}, timeoutFlag},
			Detail:  "It is a PNG, and shows what the page shows: nothing in it is masked.",
			Example: "screenshot account.png --full",
			run:     runScreenshot,
		},
		{
			Name: "page wait", Aliases: []string{"wait"},
			Summary: "Wait until an element is visible (selector) or not (gone), for a text, an address (url), the answer to a request, or until no request is under way (idle)",
			Params:  []Param{{Name: "WHAT", Kind: KindText}, {Name: "VALUE", Kind: KindText, Optional: true, Rest: true}},
			Flags:   []Flag{timeoutFlag},
			Detail: "WHAT is selector, gone (no such element is visible), text, url, request or idle. request waits until one is answered whose address has VALUE in it, or is like it with *, " +
				"and counts those since the page was last acted on; idle until the window has made no request for half a second. expect waits, too, and fails as an assertion.",
			Example: "wait selector '#total'\nwait gone .spinner\nwait text 'Thank you'\nwait url /account\nwait request /api/orders\nwait idle",
			run:     runWait,
		},
	}
}

// read shows a text, or puts it into a variable.
func (c *call) read(text string) (Result, error) {
	into := c.flags["into"]
	if into == "" {
		return Result{Text: EscapeLines(text), Value: text}, nil
	}
	if c.engine.Vars == nil {
		return Result{}, errors.New("there are no variables here; use them in a script: sessdriver run FILE")
	}
	return Result{}, c.engine.Vars.put(into, text)
}

// textOf waits for the text of the first visible element.
func (c *call) textOf(ctx context.Context, selector string) (string, error) {
	if selector == "" {
		selector = "body"
	}
	for {
		list, err := c.engine.Browser.InnerTexts(ctx, selector)
		if err == nil && len(list) > 0 {
			return list[0], nil
		}
		if isPermanent(err) {
			return "", err
		}
		if !pause(ctx) {
			if err == nil {
				err = fmt.Errorf("reading %s: no visible element is like that: %w", selector, ctx.Err())
			}
			return "", err
		}
	}
}

// pause waits a moment. It reports false when there is no more time.
func pause(ctx context.Context) bool {
	select {
	case <-time.After(lookPause):
		return true
	case <-ctx.Done():
		return false
	}
}

func runEval(ctx context.Context, c *call) (string, error) {
	value, err := c.engine.Browser.Eval(ctx, c.args["SCRIPT"])
	if text := ""; err == nil && c.has("into") && json.Unmarshal([]byte(value), &text) == nil {
		return text, nil
	}
	return value, err
}

func runScreenshot(ctx context.Context, c *call) (Result, error) {
	var png []byte
	err := c.withTimeout(ctx, "open a page first: open URL", func(ctx context.Context) (err error) {
		png, err = c.engine.Browser.Screenshot(ctx, c.has("full"))
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if err := os.WriteFile(c.args["FILE"], png, 0o600); err != nil {
		return Result{}, doing("saving the screenshot", err, "name another file")
	}
	return Result{Text: "saved " + Escape(c.args["FILE"]), Value: c.args["FILE"]}, nil
}

func runWait(ctx context.Context, c *call) (Result, error) {
	e, what, value := c.engine, c.args["WHAT"], c.args["VALUE"]
	question, ok := map[string]func(context.Context) (bool, error){
		"selector": func(ctx context.Context) (bool, error) { return e.isShown(ctx, value) },
		"gone": func(ctx context.Context) (bool, error) {
			there, err := e.isShown(ctx, value)
			return !there, err
		},
		"text": func(ctx context.Context) (bool, error) {
			list, err := e.Browser.Texts(ctx, "body")
			return len(list) > 0 && strings.Contains(list[0], value), err
		},
		"url":     func(context.Context) (bool, error) { return matches(value, e.Browser.Location()), nil },
		"request": func(context.Context) (bool, error) { return e.asked(value) },
		"idle":    func(ctx context.Context) (bool, error) { return true, e.Browser.Idle(ctx) },
	}[what]
	switch {
	case !ok:
		return Result{}, usage("%q is not something to wait for; use selector, gone, text, url, request or idle", what)
	case what == "idle" && value != "":
		return Result{}, usage("idle takes no value; type: wait idle")
	case what != "idle" && value == "" && c.comment.Text != "":
		return Result{}, notComment(c.comment, Param{Name: "VALUE", Kind: KindSelector})
	case what != "idle" && value == "":
		return Result{}, usage("VALUE is missing; see: help wait")
	}
	return Result{}, c.withTimeout(ctx, "see: help wait", func(ctx context.Context) error {
		for {
			holds, err := question(ctx)
			if err == nil && holds {
				return e.waitForEvents(ctx)
			}
			if isPermanent(err) {
				return err
			}
			if !pause(ctx) {
				return fmt.Errorf("waiting for %s %s: %w", what, c.said("VALUE"), ctx.Err())
			}
		}
	})
}

// asked reports whether a request was answered since the page was last acted on.
func (e *Engine) asked(pattern string) (bool, error) {
	if e.Browser.Observation() != sessions.ObserveFull {
		return false, usage("requests are not observed now, only cookies; type: observe full")
	}
	list, _, _ := e.Browser.Requests(e.Browser.Acted())
	return slices.ContainsFunc(list, func(r sessions.RequestView) bool { return r.Status != 0 && matches(pattern, r.URL) }), nil
}

func (e *Engine) isShown(ctx context.Context, selector string) (bool, error) {
	list, err := e.Browser.Texts(ctx, selector)
	return len(list) > 0, err
}

// matches reports whether a text has a pattern in it; with a * in the pattern, whether
// it is like that from end to end.
func matches(pattern, text string) bool {
	return !strings.Contains(pattern, "*") && strings.Contains(text, pattern) || sessions.Like(pattern, text)
}
