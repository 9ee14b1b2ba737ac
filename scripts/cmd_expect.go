package scripts

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sessdriver/sessions"
)

// expectation is what one expect command looks for.
type expectation struct {
	what, summary, example string
	params                 []Param
	flags                  []Flag
	inPage                 bool // after a switch, in that of the session that is forced now
	expected               func(*call) (who, does string)
	look                   func(context.Context, *call) (found, error)
}

var expectations = []expectation{
	{
		what: "url", summary: "Fail unless the page's address contains a text, or matches a pattern with *",
		params: []Param{rest("PATTERN")}, example: "expect url /account\nexpect not url *login*",
		inPage: true, expected: expects("the address", "contain", "PATTERN"), look: lookURL,
	},
	{
		what: "title", summary: "Fail unless the title contains a text",
		params: []Param{rest("TEXT")}, example: "expect title 'My account'",
		inPage: true, expected: expects("the title", "contain", "TEXT"), look: lookTitle,
	},
	{
		what: "text", summary: "Fail unless the page shows a text",
		params: []Param{rest("TEXT")}, example: "expect text 'Signed in as alice'\nexpect not text bob",
		inPage: true, expected: expects("the page", "show", "TEXT"), look: lookText,
	},
	{
		what: "selector", summary: "Fail unless an element is visible, with a text if one is given",
		params:  []Param{{Name: "SELECTOR", Kind: KindSelector}, {Name: "TEXT", Kind: KindText, Optional: true, Rest: true}},
		example: "expect selector '#user' alice\nexpect not selector .error",
		inPage:  true, expected: expectedSelector, look: lookSelector,
	},
	{
		what: "count", summary: "Fail unless this many elements are visible",
		params: []Param{{Name: "SELECTOR", Kind: KindSelector}, {Name: "N", Kind: KindCount}}, example: "expect count '#orders li' 3",
		inPage: true, look: lookCount,
		expected: func(c *call) (string, string) { return "the number of " + c.said("SELECTOR"), "be " + c.args["N"] },
	},
	{
		what: "status", summary: "Fail unless the page was answered with this status",
		params: []Param{{Name: "N", Kind: KindStatus}}, example: "expect status 403",
		inPage: true, look: lookStatus,
		expected: func(c *call) (string, string) { return "the status", "be " + c.args["N"] },
	},
	{
		what: "header", summary: "Fail unless a header of the page's answer contains a text",
		params: []Param{{Name: "NAME", Kind: KindText}, rest("VALUE")}, example: "expect header Cache-Control no-store",
		inPage: true, look: lookHeader,
		expected: func(c *call) (string, string) {
			return "the header " + c.args["NAME"], "contain " + c.expected("VALUE")
		},
	},
	{
		what: "cookie", summary: "Fail unless the browser has a cookie for the page, with a value and attributes if they are given",
		params:  []Param{{Name: "NAME", Kind: KindToken}, {Name: "VALUE", Kind: KindText, Optional: true, Rest: true}},
		example: "expect cookie remember\nexpect not cookie sid\nexpect cookie remember --httponly --samesite Lax",
		flags: []Flag{
			{Name: "httponly", Summary: "scripts cannot read it"},
			{Name: "secure", Summary: "it is sent over https only"},
			{Name: "samesite", Kind: KindSameSite, Summary: "its SameSite attribute: Strict, Lax or None"},
		},
		expected: expectedCookie, look: lookCookie,
	},
	{
		what: "session", summary: "Fail unless a session is forced, or is in a state (live, logged out, empty)",
		params:  []Param{{Name: "NAME", Kind: KindSession}, {Name: "STATE", Kind: KindState, Optional: true, Rest: true}},
		example: "expect session alice live\nexpect not session alice", flags: []Flag{siteFlag},
		look: lookSession,
		expected: func(c *call) (string, string) {
			return "the session " + c.args["NAME"], "be " + cmp.Or(c.args["STATE"], "forced")
		},
	},
	{
		what: "json", summary: "Fail unless a script of the page returns a value, written as JSON",
		params: []Param{{Name: "SCRIPT", Kind: KindText}, rest("VALUE")}, example: "expect json 'document.links.length' 3",
		inPage: true, look: lookJSON,
		expected: func(c *call) (string, string) { return c.said("SCRIPT"), "return " + c.said("VALUE") },
	},
	{
		what: "dialog", summary: "Fail unless the last dialog that was answered says a text",
		params: []Param{rest("TEXT")}, example: "expect dialog 'Are you sure?'",
		expected: expects("the last dialog", "say", "TEXT"), look: lookDialog,
	},
}

func expectCommands() []*Command {
	var list []*Command
	for _, x := range expectations {
		list = append(list, x.command())
	}
	return append(list,
		compareCommand("differs", "Fail unless two texts are different, those of variables for example", "expect differs $ALICE $BOB", func(a, b string) bool { return a != b }),
		compareCommand("same", "Fail unless two texts are the same, those of variables for example", "expect not same $ALICE $BOB\nexpect same $ALICE $ALICE", func(a, b string) bool { return a == b }))
}

func (x expectation) command() *Command {
	return &Command{
		Name: "expect " + x.what, Aliases: []string{"expect not " + x.what}, Summary: x.summary, Params: x.params, Flags: append(x.flags, timeoutFlag), Example: x.example,
		Detail: fmt.Sprintf("It looks again and again until it is so, and fails when the time is over. expect not %s is the opposite: it looks until it is not so.", x.what),
		run: func(ctx context.Context, c *call) (Result, error) {
			if err := c.checkExpected(x.what, x.params); err != nil {
				return Result{}, err
			}
			return c.expect(ctx, x)
		},
	}
}

// compareCommand is an expectation that waiting does not change.
func compareCommand(what, summary, example string, holds func(a, b string) bool) *Command {
	return &Command{
		Name: "expect " + what, Aliases: []string{"expect not " + what}, Summary: summary, Example: example,
		Params: []Param{{Name: "A", Kind: KindText}, {Name: "B", Kind: KindText}},
		run: func(_ context.Context, c *call) (Result, error) {
			if holds(c.args["A"], c.args["B"]) != c.isNot() {
				return c.passed(), nil
			}
			expected := "two texts to be different"
			if c.args["A"] != c.args["B"] {
				expected = "two texts to be the same"
			}
			return Result{}, &AssertionError{Expected: expected, Actual: c.differ(c.args["A"], c.args["B"])}
		},
	}
}

// rest is a text that the rest of the line is.
func rest(name string) Param { return Param{Name: name, Kind: KindText, Rest: true} }

// expects words an expectation: WHO to DO a text that was typed.
func expects(who, does, param string) func(*call) (string, string) {
	return func(c *call) (string, string) { return who, does + " " + c.expected(param) }
}

// checkExpected refuses what says nothing: an empty text is in every page.
func (c *call) checkExpected(what string, params []Param) error {
	for _, p := range params {
		value, given := c.args[p.Name]
		switch {
		case what == "cookie" || !given || !p.Rest || p.Kind != KindText:
		case value == "":
			return usage("%s is empty, which fits everything; write what to look for", p.Name)
		case what == "json" && !json.Valid([]byte(value)):
			return usage("%s is not JSON; write a text with double quotes: '\"Shop\"'", c.said(p.Name))
		}
	}
	return nil
}

// said is an argument as a message may show it: what a variable holds may be a secret.
func (c *call) said(param string) string {
	value, source := c.args[param], c.sources[param]
	if source == "" || c.engine.Mask.Shows() {
		return value
	}
	return source + "=" + c.engine.Mask.Value(value)
}

// expected is said with quotes around a text.
func (c *call) expected(param string) string {
	if said := c.said(param); said != c.args[param] {
		return said
	}
	return strconv.Quote(c.args[param])
}

func (c *call) isNot() bool { return strings.HasPrefix(c.name, notPrefix) }

// passed is the result of an expect that is met: a person who typed it gets a line.
func (c *call) passed() Result {
	if !c.engine.Interactive || !c.running.isTyped() {
		return Result{}
	}
	return Result{Text: "ok: " + shortened(strings.TrimPrefix(c.statement.Text, "expect "))}
}

// expect looks until it is as expected.
func (c *call) expect(ctx context.Context, x expectation) (Result, error) {
	not := c.isNot()
	bounded, cancel := context.WithTimeout(ctx, c.commandTimeout())
	defer cancel()
	var last found
	var missing error
	seen, reloading := false, error(nil)
	if x.inPage {
		reloading = c.engine.Browser.Reloaded(bounded)
	}
	if isPermanent(reloading) {
		return Result{}, reloading
	}
	if reloading != nil { // the page is still that of the session before
		last.actual = timedOut(advise(reloading, ""))
	}
	for again := reloading == nil; again; again = pause(bounded) {
		is, err := x.look(bounded, c)
		switch {
		case err == nil && is.holds != not:
			return c.passed(), c.engine.waitForEvents(ctx)
		case err == nil:
			last, seen, missing = is, true, nil
		case isMissing(err) && !not:
			missing = err
		case isPermanent(err):
			return Result{}, err
		case last.actual == "" || errors.Is(err, errNotReported):
			last.actual = timedOut(err)
		}
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // else the script's time is over, and what was expected is not so
		return Result{}, fmt.Errorf("waiting: %w", ctx.Err())
	case missing != nil:
		return Result{}, missing
	}
	return Result{}, &AssertionError{Expected: x.say(c), Actual: last.actual, nothingSeen: !seen}
}

// say is what is expected, in words.
func (x expectation) say(c *call) string {
	who, does := x.expected(c)
	if c.isNot() {
		return who + " not to " + does
	}
	return who + " to " + does
}

// isMissing reports an error that ends when a login that is under way is booked.
func isMissing(err error) bool {
	return errors.As(err, new(*sessions.NoSessionError)) || errors.As(err, new(*sessions.NoSiteError))
}

// short is the beginning of a text of the page, for a message. No secret is cut, since a
// part of it would be shown.
func (c *call) short(text string) string {
	const most, longest = 200, 16 << 10
	text = c.maskText(strings.ToValidUTF8(text[:min(len(text), longest)], ""))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// differ says where two texts begin to differ. They may be secrets, so that they are not
// shown.
func (c *call) differ(a, b string) string {
	if a == b {
		return "they are the same"
	}
	x, y := []rune(a), []rune(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	text := fmt.Sprintf("they have %d and %d characters, and differ from character %d on", len(x), len(y), n+1)
	if !c.engine.Mask.Shows() {
		return text + "; see them with: --show-secrets"
	}
	part := func(r []rune) string { return strconv.Quote(string(r[max(0, n-20):min(len(r), n+40)])) }
	return text + ": " + part(x) + " and " + part(y)
}
