package scripts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sessdriver/sessions"
)

func watchCommands() []*Command {
	return []*Command{{
		Name:    "watch",
		Summary: "Show each request as it is answered: the time, the session it was sent as, and why",
		Flags: []Flag{
			{Name: "for", Kind: KindTime, Summary: "how long; without it up to Ctrl-C"},
			{Name: "last", Summary: "those that were made up to now, and end"},
			siteFlag,
			{Name: "session", Kind: KindText, Summary: "only those that were sent as it; - for those of nobody"},
			{Name: "type", Kind: KindText, Summary: "only those of these types, as document,fetch,xhr,image,websocket"},
		},
		Detail: "Queries are left out, since they may hold secrets. A status of - says that no answer came. " +
			"Requests that the cache answers are not shown, and none where they are not told: see help observe.",
		Example: "watch --for 10ms\nwatch --last --session alice --type document,fetch",
		run:     runWatch,
	}}
}

func runWatch(ctx context.Context, c *call) (Result, error) {
	b := c.engine.Browser
	if b.Observation() != sessions.ObserveFull {
		return Result{}, errors.New("requests are not told, since only the cookies are observed; type: observe full")
	}
	wanted, err := c.filter()
	if err != nil {
		return Result{}, err
	}
	var since int64
	if !c.has("last") {
		_, since, _ = b.Requests(-1)
	}
	var ends <-chan time.Time
	if d, err := time.ParseDuration(c.flags["for"]); err == nil {
		ends = time.After(d)
	}
	for {
		list, count, changed := b.Requests(since)
		since = count
		for _, r := range list {
			if wanted(r) {
				c.running.each(Result{Text: requestLine(r), Value: r})
			}
		}
		if c.has("last") {
			return Result{}, nil
		}
		select {
		case <-changed:
		case <-ends:
			return Result{}, nil
		case <-ctx.Done():
			return Result{}, nil // that is how it ends
		}
	}
}

// filter reports which requests are asked for.
func (c *call) filter() (func(sessions.RequestView) bool, error) {
	site := ""
	if given := c.flags["site"]; given != "" {
		var err error
		if site, err = c.engine.Book.FindSite(given); err != nil {
			return nil, err
		}
	}
	who, types := c.flags["session"], strings.Split(strings.ToLower(c.flags["type"]), ",")
	return func(r sessions.RequestView) bool {
		is := false
		for _, t := range types {
			is = is || t == "" || strings.ToLower(r.Type) == strings.TrimSpace(t)
		}
		return is && (site == "" || r.Site == site) && (who == "" || r.Session == who || who == "-" && r.Session == "")
	}, nil
}

// requestLine is a request for a person.
func requestLine(r sessions.RequestView) string {
	status := "-"
	if r.Status != 0 {
		status = fmt.Sprint(r.Status)
	}
	line := sayf("%s %s %s %s %s %s: %s", r.At.Format("15:04:05.000"), cmp.Or(r.Session, "-"), r.Method, withoutQuery(r.URL), status, strings.ToLower(r.Type), r.Why())
	if r.Window != sessions.Main {
		line += Escape(" (window " + r.Window.String() + ")")
	}
	return line
}

// RequestLines are the last requests of a browser, one a line, as watch shows them.
func RequestLines(list []sessions.RequestView) []string {
	var lines []string
	for _, r := range list {
		lines = append(lines, requestLine(r))
	}
	return lines
}
