package scripts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"sessdriver/sessions"
)

// Traffic is what the browser asks for.
type Traffic interface {
	// Requests lists those that were answered after the first since, 0 or less for all that
	// are known and math.MaxInt64 for none, with their count and what is closed when there
	// are more. Acted is the count when the page was last acted on.
	Requests(since int64) (list []sessions.RequestView, count int64, changed <-chan struct{})
	Acted() int64

	// Idle waits until none is under way.
	Idle(ctx context.Context) error
}

func watchCommands() []*Command {
	return []*Command{{
		Name:    "watch",
		Summary: "Show each request as it is answered: the time, the session it was sent as, and why",
		Flags: []Flag{
			{Name: "for", Kind: KindTime, Summary: "how long; without it until Ctrl-C"},
			{Name: "last", Summary: "show the requests made so far, and end"},
			siteFlag,
			{Name: "session", Kind: KindSession, Summary: "only requests that were sent as this session; - for those of none"},
			{Name: "type", Kind: KindText, Summary: "only requests of these types, as document,fetch,xhr,image,websocket"},
		},
		Detail: "What may be secret in addresses is left out. A status of - says that no answer came. " +
			"Requests that the cache answers are not shown, and with observe changes or jar none are.",
		Example: "watch --for 10ms\nwatch --last --session alice --type document,fetch",
		run:     runWatch,
	}}
}

func runWatch(ctx context.Context, c *call) (Result, error) {
	b := c.engine.Browser
	if b.Observation() != sessions.ObserveFull {
		return Result{}, errors.New("requests are not observed now, only cookies; type: observe full")
	}
	wanted, err := c.filter(ctx)
	if err != nil {
		return Result{}, err
	}
	var since int64
	if !c.has("last") {
		_, since, _ = b.Requests(math.MaxInt64)
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
				text := c.engine.reported(requestLine(r, c.engine.Mask), c.statement)
				r.URL = c.engine.Mask.URL(r.URL)
				c.running.each(Result{Text: text, Value: r})
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
			if c.running.isTyped() && errors.Is(ctx.Err(), context.Canceled) {
				return Result{}, nil // Ctrl-C is how it ends
			}
			return Result{}, doing("watching", ctx.Err(), "say how long: watch --for 10s")
		}
	}
}

// filter reports which requests are asked for.
func (c *call) filter(ctx context.Context) (func(sessions.RequestView) bool, error) {
	site := ""
	if given := c.flags["site"]; given != "" {
		var err error
		if site, err = c.engine.Book.FindSite(given); err != nil {
			return nil, err
		}
	}
	who, nobody := c.flags["session"], c.flags["session"] == "-"
	if who != "" && !nobody {
		session, err := c.session(ctx, who)
		if err != nil {
			return nil, err
		}
		who, site = session.Name, session.Site
	}
	types, err := readTypes(c.flags["type"])
	if err != nil {
		return nil, err
	}
	return func(r sessions.RequestView) bool {
		return (len(types) == 0 || slices.Contains(types, strings.ToLower(r.Type))) && (site == "" || r.Site == site) &&
			(who == "" || r.Session == who || nobody && r.Session == "")
	}, nil
}

// requestTypes are those that the browser reports (Network.ResourceType), in lower case.
var requestTypes = []string{"cspviolationreport", "document", "eventsource", "fedcm", "fetch", "font", "image", "manifest", "media", "other", "ping", "prefetch",
	"preflight", "script", "signedexchange", "stylesheet", "texttrack", "websocket", "xhr"}

// readTypes reads --type.
func readTypes(text string) ([]string, error) {
	var list []string
	for t := range strings.SplitSeq(strings.ToLower(text), ",") {
		switch t = strings.TrimSpace(t); {
		case t == "":
		case slices.Contains(requestTypes, t):
			list = append(list, t)
		case nearest(t, requestTypes) != "":
			return nil, usage("--type %s: there is no such type; did you mean: %s", t, nearest(t, requestTypes))
		default:
			return nil, usage("--type %s: there is no such type; the types are %s", t, strings.Join(requestTypes, ", "))
		}
	}
	return list, nil
}

// requestLine is a request for a person.
func requestLine(r sessions.RequestView, mask sessions.Mask) string {
	status := "-"
	if r.Status != 0 {
		status = fmt.Sprint(r.Status)
	}
	line := sayf("%s %s %s %s %s %s: %s", r.At.Format("15:04:05.000"), cmp.Or(r.Session, "-"), r.Method, mask.URL(r.URL), status, strings.ToLower(r.Type), r.Why())
	if r.Window != sessions.Main {
		line += Escape(" (window " + r.Window.String() + ")")
	}
	return line
}

// RequestLines are the last requests of a browser, one a line, as watch shows them.
func RequestLines(list []sessions.RequestView, mask sessions.Mask) []string {
	var lines []string
	for _, r := range list {
		lines = append(lines, requestLine(r, mask))
	}
	return lines
}
