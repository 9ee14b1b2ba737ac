package scripts

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sessdriver/sessions"
)

// Requester makes the browser ask for a URL, as a session or, for the zero Ref, as the
// window is.
type Requester interface {
	Request(ctx context.Context, as sessions.Ref, method, url string, headers [][2]string, body string) (status int, text string, err error)
}

// methods are those that a page may use.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions}

func requestCommands() []*Command {
	return []*Command{{
		Name: "page request", Aliases: []string{"request"},
		Summary: "Send a request from the browser, and show the answer",
		Params:  []Param{{Name: "METHOD", Kind: KindText}, {Name: "URL", Kind: KindURL}},
		Flags: []Flag{
			{Name: "header", Kind: KindText, Many: true, Summary: "a header, as 'Name: value'; repeatable"},
			{Name: "data", Kind: KindText, Summary: "what is sent; a form, unless a header says otherwise"},
			{Name: "as", Kind: KindSession, Summary: "as this session, in a window of its own; by default as the current one"},
			intoFlag, timeoutFlag,
		},
		Detail: "A URL that begins with / is relative to the current page. It is sent from a blank document of the URL's origin, so that the server sees nothing else. Redirects are followed. " +
			"With --into the answer goes into a variable; expect status and expect header look at it until another page is shown.",
		Example: "request GET http://shop.test/api/orders\nrequest POST http://shop.test/api/orders --data 'product=3' --header 'X-Requested-With: test' --as bob --into ANSWER",
		run:     runRequest,
	}}
}

// Answer is the value of page request.
type Answer struct {
	Status int    `json:"status"`
	Body   string `json:"body"`
}

func runRequest(ctx context.Context, c *call) (Result, error) {
	method := strings.ToUpper(c.args["METHOD"])
	if !slices.Contains(methods, method) {
		return Result{}, usage("%q is not a method; use one of: %s", c.args["METHOD"], strings.Join(methods, ", "))
	}
	address, err := c.engine.address(c.args["URL"])
	if err == nil && address == blankPage {
		err = usage("%s comes from no server; type the address of one", blankPage)
	}
	if err != nil {
		return Result{}, err
	}
	var as sessions.Ref
	if name := c.flags["as"]; name != "" {
		session, err := c.session(ctx, name)
		if err != nil {
			return Result{}, err
		}
		as = session.Ref()
	}
	headers, err := c.headers()
	if err != nil {
		return Result{}, err
	}
	var answer Answer
	err = c.withTimeout(ctx, "check the address, then: request METHOD URL", func(ctx context.Context) (err error) {
		answer.Status, answer.Body, err = c.engine.Browser.Request(ctx, as, method, address, headers, c.flags["data"])
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if c.has("into") {
		return c.read(answer.Body)
	}
	text := strings.TrimSpace(fmt.Sprintf("%d %s", answer.Status, http.StatusText(answer.Status)))
	if answer.Body != "" {
		text += "\n" + EscapeLines(strings.TrimRight(answer.Body, "\n"))
	}
	return Result{Text: text, Value: answer}, nil
}

// headers reads --header. A form is what is sent where none says otherwise.
func (c *call) headers() ([][2]string, error) {
	var list [][2]string
	typed := false
	for line := range strings.SplitSeq(c.flags["header"], "\n") {
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !sessions.IsHeaderName(name) {
			return nil, usage("a header is written as --header 'Name: value'") // what it is may be a secret
		}
		if forbidden(name) {
			return nil, usage("--header %s: browsers do not let pages set it; for the cookies of a session use --as NAME", name)
		}
		typed = typed || strings.EqualFold(name, "Content-Type")
		list = append(list, [2]string{name, strings.TrimSpace(value)})
	}
	_, sends := c.flags["data"]
	if method := strings.ToUpper(c.args["METHOD"]); sends && (method == http.MethodGet || method == http.MethodHead) {
		return nil, usage("a %s has no body; put the data into the URL, or use POST", method)
	}
	if sends && !typed {
		list = append(list, [2]string{"Content-Type", "application/x-www-form-urlencoded"})
	}
	return list, nil
}

// forbidden reports the headers that the Fetch standard keeps from pages.
func forbidden(name string) bool {
	low := strings.ToLower(name)
	return strings.HasPrefix(low, "sec-") || strings.HasPrefix(low, "proxy-") || slices.Contains([]string{
		"accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method", "connection", "content-length",
		"cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via",
	}, low)
}
