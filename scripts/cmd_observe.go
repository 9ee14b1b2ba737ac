package scripts

import (
	"context"

	"sessdriver/sessions"
)

// Observer is how the cookies that servers hand out are learnt.
type Observer interface {
	Observation() sessions.Observation
	SetObservation(ctx context.Context, how sessions.Observation) error
}

func observeCommands() []*Command {
	return []*Command{{
		Name:    "observe",
		Summary: "Show or change how sessdriver learns of the cookies that servers set: full, changes or jar",
		Params:  []Param{{Name: "HOW", Kind: KindObservation, Optional: true}},
		Detail: "full: the browser reports each request and response, which costs time. changes: an extension reports each change of the cookies. jar: the cookies are read at each command and every two seconds. " +
			"With these two it is not known which response set a cookie.",
		Example: "observe\nobserve jar",
		run:     runObserve,
	}}
}

// Observing is the value of observe.
type Observing struct {
	How sessions.Observation `json:"how"`
}

func runObserve(ctx context.Context, c *call) (Result, error) {
	var b Observer = c.engine.Browser
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
