package scripts

import (
	"context"

	"sessdriver/sessions"
)

func observeCommands() []*Command {
	return []*Command{{
		Name:    "observe",
		Summary: "Show or change how the cookies that servers hand out are learnt: full, changes or jar",
		Params:  []Param{{Name: "HOW", Kind: KindObservation, Optional: true}},
		Detail: "full: the browser tells each request and response, so that each cookie is booked on the session that the request was sent as; it makes each request dearer, by a third and more. " +
			"changes: an extension tells each change of the cookies, nearly free; jar: they are read at each command and every two seconds. " +
			"With these two nobody knows which response set a cookie: it is the session's that is forced, else the one that was seen last. So a late answer to a request of the session before a switch gives its cookie to the one after. " +
			"Nor do they tell of open WebSockets, of header tokens that are not checked, and of a login that replaces another. " +
			"changes needs Chrome or Chromium (not headless-shell), launched with --observe changes and without --profile; windows that are opened beside the main one are observed in full.",
		Example: "observe\nobserve jar",
		run:     runObserve,
	}}
}

// Observing is the value of observe.
type Observing struct {
	How sessions.Observation `json:"how"`
}

func runObserve(ctx context.Context, c *call) (Result, error) {
	b := c.engine.Browser
	if how := c.args["HOW"]; how != "" {
		if err := b.SetObservation(ctx, sessions.Observation(how)); err != nil {
			return Result{}, doing("changing the observation to "+how, err, "see: help observe")
		}
	}
	how := b.Observation()
	what := map[sessions.Observation]string{
		sessions.ObserveFull:    "each request and response is looked at",
		sessions.ObserveChanges: "each change of the cookies is looked at, no request",
		sessions.ObserveJar:     "the cookies are read at each command and every two seconds",
	}[how]
	return Result{Text: "observe " + string(how) + ": " + what, Value: Observing{how}}, nil
}
