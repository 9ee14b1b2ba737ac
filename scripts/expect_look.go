package scripts

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// found is what expect sees: whether it is as expected, and what it is.
type found struct {
	holds  bool
	actual string // "it is …"
}

// errNotReported is no evidence, for or against.
var errNotReported = errors.New("the browser did not report it (see: help observe)")

func lookURL(_ context.Context, c *call) (found, error) {
	at := c.engine.Browser.Location()
	return found{matches(c.args["PATTERN"], at), "it is " + c.engine.Mask.URL(at)}, nil
}

func lookTitle(ctx context.Context, c *call) (found, error) {
	title, err := c.engine.Browser.Title(ctx)
	return found{matches(c.args["TEXT"], title), "it is " + strconv.Quote(c.short(title))}, err
}

func lookText(ctx context.Context, c *call) (found, error) {
	list, err := c.engine.Browser.Texts(ctx, "body")
	shown := strings.Join(list, " ")
	return found{strings.Contains(shown, c.args["TEXT"]), "it shows " + strconv.Quote(c.short(shown))}, err
}

func expectedSelector(c *call) (who, does string) {
	if c.args["TEXT"] != "" {
		return c.said("SELECTOR"), "show " + c.expected("TEXT")
	}
	return c.said("SELECTOR"), "be visible"
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

func lookStatus(_ context.Context, c *call) (found, error) {
	status, _, ok := c.engine.Browser.Response()
	if !ok {
		return found{}, errNotReported
	}
	return found{strconv.Itoa(status) == c.args["N"], "it is " + strconv.Itoa(status)}, nil
}

func lookHeader(_ context.Context, c *call) (found, error) {
	if strings.EqualFold(c.args["NAME"], "Set-Cookie") {
		return found{}, usage("browsers do not show the header Set-Cookie; type: expect cookie NAME")
	}
	_, header, ok := c.engine.Browser.Response()
	if !ok {
		return found{}, errNotReported
	}
	value := header(c.args["NAME"])
	return found{value != "" && matches(c.args["VALUE"], value), "it is " + strconv.Quote(c.maskText(value))}, nil
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

func lookJSON(ctx context.Context, c *call) (found, error) {
	got, err := c.engine.Browser.Look(ctx, c.args["SCRIPT"])
	return found{err == nil && sameJSON(got, c.args["VALUE"]), "it returns " + c.short(got)}, err
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func lookDialog(_ context.Context, c *call) (found, error) {
	d := c.engine.Browser.LastDialog()
	if d == nil {
		return found{false, "there was no dialog"}, nil
	}
	return found{matches(c.args["TEXT"], d.Message), "it says " + strconv.Quote(c.short(d.Message))}, nil
}
