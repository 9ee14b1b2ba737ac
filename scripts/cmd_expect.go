package scripts

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sessdriver/sessions"
)

// found is what expect sees: whether it is as expected, and what it is.
type found struct {
	holds  bool
	actual string // "it is …"
}

func expectCommands() []*Command {
	expect := func(what, summary string, params []Param, example string, flags []Flag, expected func(*call) (who, does string), look func(context.Context, *call) (found, error)) *Command {
		return &Command{
			Name: "expect " + what, Aliases: []string{"expect not " + what}, Summary: summary, Params: params, Flags: append(flags, timeoutFlag), Example: example,
			Detail: fmt.Sprintf("It looks again and again until it is so, and fails when the time is over. expect not %s is the opposite: it looks until it is not so.", what),
			run: func(ctx context.Context, c *call) (Result, error) {
				if err := c.checkExpected(what, params); err != nil {
					return Result{}, err
				}
				who, does := expected(c)
				to := " to "
				if c.isNot() {
					to = " not to "
				}
				return c.expect(ctx, !slices.Contains([]string{"session", "cookie", "dialog"}, what), who+to+does, look)
			},
		}
	}
	compare := func(what, summary, example string, holds func(a, b string) bool) *Command {
		return &Command{
			Name: "expect " + what, Aliases: []string{"expect not " + what}, Summary: summary, Example: example,
			Params: []Param{{Name: "A", Kind: KindText}, {Name: "B", Kind: KindText}},
			run: func(_ context.Context, c *call) (Result, error) {
				if holds(c.args["A"], c.args["B"]) != c.isNot() {
					return c.holds(), nil
				}
				expected := "two texts to be different"
				if c.args["A"] != c.args["B"] {
					expected = "two texts to be the same"
				}
				return Result{}, &AssertionError{Expected: expected, Actual: c.differ(c.args["A"], c.args["B"])}
			},
		}
	}
	text := func(name string) Param { return Param{Name: name, Kind: KindText, Rest: true} }
	return []*Command{
		expect("url", "Fail unless the page's address contains a text, or matches a pattern with *", []Param{text("PATTERN")}, "expect url /account\nexpect not url *login*", nil,
			func(c *call) (string, string) { return "the address", "contain " + c.expected("PATTERN") },
			func(_ context.Context, c *call) (found, error) {
				at := c.engine.Browser.Location()
				return found{matches(c.args["PATTERN"], at), "it is " + c.engine.Mask.URL(at)}, nil
			}),
		expect("title", "Fail unless the title contains a text", []Param{text("TEXT")}, "expect title 'My account'", nil,
			func(c *call) (string, string) { return "the title", "contain " + c.expected("TEXT") },
			func(ctx context.Context, c *call) (found, error) {
				title, err := c.engine.Browser.Title(ctx)
				return found{matches(c.args["TEXT"], title), "it is " + strconv.Quote(c.short(title))}, err
			}),
		expect("text", "Fail unless the page shows a text", []Param{text("TEXT")}, "expect text 'Signed in as alice'\nexpect not text bob", nil,
			func(c *call) (string, string) { return "the page", "show " + c.expected("TEXT") },
			func(ctx context.Context, c *call) (found, error) {
				list, err := c.engine.Browser.Texts(ctx, "body")
				shown := strings.Join(list, " ")
				return found{strings.Contains(shown, c.args["TEXT"]), "it shows " + strconv.Quote(c.short(shown))}, err
			}),
		expect("selector", "Fail unless an element is visible, with a text if one is given", []Param{{Name: "SELECTOR", Kind: KindSelector}, {Name: "TEXT", Kind: KindText, Optional: true, Rest: true}},
			"expect selector '#user' alice\nexpect not selector .error", nil,
			func(c *call) (string, string) {
				if c.args["TEXT"] != "" {
					return c.said("SELECTOR"), "show " + c.expected("TEXT")
				}
				return c.said("SELECTOR"), "be visible"
			}, lookSelector),
		expect("count", "Fail unless this many elements are visible", []Param{{Name: "SELECTOR", Kind: KindSelector}, {Name: "N", Kind: KindCount}}, "expect count '#orders li' 3", nil,
			func(c *call) (string, string) { return "the number of " + c.said("SELECTOR"), "be " + c.args["N"] }, lookCount),
		expect("status", "Fail unless the page was answered with this status", []Param{{Name: "N", Kind: KindStatus}}, "expect status 403", nil,
			func(c *call) (string, string) { return "the status", "be " + c.args["N"] },
			func(_ context.Context, c *call) (found, error) {
				status, _, ok := c.engine.Browser.Response()
				if !ok {
					return found{}, errNotTold
				}
				return found{strconv.Itoa(status) == c.args["N"], "it is " + strconv.Itoa(status)}, nil
			}),
		expect("header", "Fail unless a header of the page's answer contains a text", []Param{{Name: "NAME", Kind: KindText}, text("VALUE")}, "expect header Cache-Control no-store", nil,
			func(c *call) (string, string) {
				return "the header " + c.args["NAME"], "contain " + c.expected("VALUE")
			},
			func(_ context.Context, c *call) (found, error) {
				if strings.EqualFold(c.args["NAME"], "Set-Cookie") {
					return found{}, usage("browsers do not show the header Set-Cookie; type: expect cookie NAME")
				}
				_, header, ok := c.engine.Browser.Response()
				if !ok {
					return found{}, errNotTold
				}
				value := header(c.args["NAME"])
				return found{value != "" && matches(c.args["VALUE"], value), "it is " + strconv.Quote(c.hide(value))}, nil
			}),
		expect("cookie", "Fail unless the browser has a cookie for the page, with a value and attributes if they are given", []Param{{Name: "NAME", Kind: KindToken}, {Name: "VALUE", Kind: KindText, Optional: true, Rest: true}},
			"expect cookie remember\nexpect not cookie sid\nexpect cookie remember --httponly --samesite Lax", []Flag{
				{Name: "httponly", Summary: "scripts cannot read it"},
				{Name: "secure", Summary: "it is sent over https only"},
				{Name: "samesite", Kind: KindSameSite, Summary: "its SameSite attribute: Strict, Lax or None"},
			}, expectedCookie, lookCookie),
		expect("session", "Fail unless a session is forced, or is in a state (live, logged out, empty)", []Param{{Name: "NAME", Kind: KindSession}, {Name: "STATE", Kind: KindState, Optional: true, Rest: true}},
			"expect session alice live\nexpect not session alice", []Flag{siteFlag},
			func(c *call) (string, string) {
				return "the session " + c.args["NAME"], "be " + cmp.Or(c.args["STATE"], "forced")
			}, lookSession),
		expect("json", "Fail unless a script of the page returns a value, written as JSON", []Param{{Name: "SCRIPT", Kind: KindText}, text("VALUE")}, "expect json 'document.links.length' 3", nil,
			func(c *call) (string, string) { return c.said("SCRIPT"), "return " + c.said("VALUE") },
			func(ctx context.Context, c *call) (found, error) {
				got, err := c.engine.Browser.Look(ctx, c.args["SCRIPT"])
				return found{err == nil && sameJSON(got, c.args["VALUE"]), "it returns " + c.short(got)}, err
			}),
		expect("dialog", "Fail unless the last dialog that was answered says a text", []Param{text("TEXT")}, "expect dialog 'Are you sure?'", nil,
			func(c *call) (string, string) { return "the last dialog", "say " + c.expected("TEXT") },
			func(_ context.Context, c *call) (found, error) {
				d := c.engine.Browser.LastDialog()
				if d == nil {
					return found{false, "there was no dialog"}, nil
				}
				return found{matches(c.args["TEXT"], d.Message), "it says " + strconv.Quote(c.short(d.Message))}, nil
			}),
		compare("differs", "Fail unless two texts are different, those of variables for example", "expect differs $ALICE $BOB", func(a, b string) bool { return a != b }),
		compare("same", "Fail unless two texts are the same, those of variables for example", "expect not same $ALICE $BOB\nexpect same $ALICE $ALICE", func(a, b string) bool { return a == b }),
	}
}

// errNotTold is no evidence, for or against.
var errNotTold = errors.New("the browser did not report it (see: help observe)")

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

// holds is the result of what is as expected: a person who typed it is told.
func (c *call) holds() Result {
	if !c.engine.Attended || !c.running.isTyped() {
		return Result{}
	}
	return Result{Text: "ok: " + shortened(strings.TrimPrefix(c.statement.Text, "expect "))}
}

// expect looks until it is as expected. Where that is the page's, after a switch it is the
// page of the session that is forced now.
func (c *call) expect(ctx context.Context, atPage bool, expected string, look func(context.Context, *call) (found, error)) (Result, error) {
	not := c.isNot()
	bounded, cancel := context.WithTimeout(ctx, c.patience())
	defer cancel()
	var last found
	var missing error
	seen, reloading := false, error(nil)
	if atPage {
		reloading = c.engine.Browser.Reloaded(bounded)
	}
	if lasting(reloading) {
		return Result{}, reloading
	}
	if reloading != nil { // the page is still that of the session before
		last.actual = late(advise(reloading, ""))
	}
	for again := reloading == nil; again; again = pause(bounded) {
		is, err := look(bounded, c)
		switch {
		case err == nil && is.holds != not:
			return c.holds(), c.engine.settle(ctx)
		case err == nil:
			last, seen, missing = is, true, nil
		case isMissing(err) && !not:
			missing = err
		case lasting(err):
			return Result{}, err
		case last.actual == "" || errors.Is(err, errNotTold):
			last.actual = late(err)
		}
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // else the script's time is over, and what was expected is not so
		return Result{}, fmt.Errorf("waiting: %w", ctx.Err())
	case missing != nil:
		return Result{}, missing
	}
	return Result{}, &AssertionError{Expected: expected, Actual: last.actual, blind: !seen}
}

// isMissing reports an error that a login may mend which is on its way.
func isMissing(err error) bool {
	return errors.As(err, new(*sessions.NoSessionError)) || errors.As(err, new(*sessions.NoSiteError))
}

func lookSelector(ctx context.Context, c *call) (found, error) {
	list, err := c.engine.Browser.Texts(ctx, c.args["SELECTOR"])
	if err != nil || len(list) == 0 {
		return found{false, "no such element is visible"}, err
	}
	for _, text := range list {
		if strings.Contains(text, c.args["TEXT"]) {
			return found{true, "it shows " + strconv.Quote(c.short(text))}, nil
		}
	}
	return found{false, "it shows " + strconv.Quote(c.short(strings.Join(list, " ")))}, nil
}

func lookCount(ctx context.Context, c *call) (found, error) {
	n, _ := strconv.Atoi(c.args["N"]) // checked by its kind
	list, err := c.engine.Browser.Texts(ctx, c.args["SELECTOR"])
	return found{len(list) == n, "there are " + strconv.Itoa(len(list))}, err
}

func expectedCookie(c *call) (who, does string) {
	text := "have the cookie " + c.args["NAME"]
	for _, flag := range []string{"httponly", "secure"} {
		if c.has(flag) {
			text += " with --" + flag
		}
	}
	if want := c.flags["samesite"]; want != "" {
		text += " with --samesite " + want
	}
	return "the browser", text
}

func lookCookie(ctx context.Context, c *call) (found, error) {
	jar, err := c.engine.Browser.Jar(ctx)
	if err != nil {
		return found{}, err
	}
	at := c.engine.Browser.Location()
	actual := "it has none for this page"
	for _, cookie := range jar {
		if cookie.Name != c.args["NAME"] || !cookie.Covers(at) {
			continue
		}
		value, given := c.args["VALUE"]
		switch {
		case given && cookie.Value != value:
			actual = "its value is " + c.engine.Mask.Value(cookie.Value)
		case c.has("httponly") && !cookie.HTTPOnly:
			actual = "it is not HttpOnly"
		case c.has("secure") && !cookie.Secure:
			actual = "it is not Secure"
		case c.has("samesite") && !strings.EqualFold(string(cookie.SameSite), c.flags["samesite"]):
			actual = "its SameSite is " + cmp.Or(string(cookie.SameSite), "not set")
		default:
			return found{true, "it has it"}, nil
		}
	}
	return found{false, actual}, nil
}

func lookSession(ctx context.Context, c *call) (found, error) {
	session, err := c.session(ctx, c.args["NAME"])
	if err != nil {
		return found{}, err
	}
	e := c.engine
	if state := c.args["STATE"]; state != "" {
		return found{string(session.State) == state, "it is " + string(session.State)}, nil
	}
	active, forced := e.Book.Active(e.Browser.Window(), session.Site, e.now())
	if !forced {
		return found{false, "no session is forced on " + session.Site}, nil
	}
	return found{active.Ref() == session.Ref(), "it is " + active.Name}, nil
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// short is the beginning of a text of the page, for a message. No secret is cut, since a
// part of it would be shown.
func (c *call) short(text string) string {
	const most, longest = 200, 16 << 10
	text = c.hide(strings.ToValidUTF8(text[:min(len(text), longest)], ""))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// differ tells where two texts part. They may be secrets, so that they are not shown.
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
