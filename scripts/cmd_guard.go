package scripts

import (
	"context"

	"sessdriver/sessions"
)

// Guard is when requests of forced sites are checked, and whether they are now.
type Guard interface {
	Guard() (mode sessions.Guard, checking bool)
	SetGuard(ctx context.Context, mode sessions.Guard) error
}

func guardCommands() []*Command {
	return []*Command{{
		Name:    "guard",
		Summary: "Show or change when the requests of forced sites are checked: always, switch or off",
		Params:  []Param{{Name: "MODE", Kind: KindGuard, Optional: true}},
		Detail: "always: every request is checked, and none is sent as another session. switch: they are checked from a switch until the browser's cookies are seen to be the forced session's. " +
			"off: they are not, and only the browser's cookies are switched. Checking costs time, and header tokens are replaced only while requests are checked.",
		Example: "guard\nguard switch",
		run:     runGuard,
	}}
}

// Guarding is the value of guard.
type Guarding struct {
	Mode sessions.Guard `json:"mode"`
	// Checking says that requests are checked now, if a session is forced.
	Checking bool `json:"checking"`
}

func runGuard(ctx context.Context, c *call) (Result, error) {
	var b Guard = c.engine.Browser
	if mode := c.args["MODE"]; mode != "" {
		if err := b.SetGuard(ctx, sessions.Guard(mode)); err != nil {
			return Result{}, doing("changing the guard to "+mode, err, "see: guard")
		}
	}
	var v Guarding
	v.Mode, v.Checking = b.Guard()
	now := "no request is checked now"
	if v.Checking {
		now = "requests of forced sites are checked now"
	}
	return Result{Text: "guard " + string(v.Mode) + ": " + now, Value: v}, nil
}
