package scripts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// DefaultPatience is how long a page command waits for what it is about, and expect for
// what it expects.
const DefaultPatience = 10 * time.Second

// lookPause is how long expect waits before it looks again.
const lookPause = 50 * time.Millisecond

var timeoutFlag = Flag{Name: "timeout", Kind: KindTime, Summary: "how long to wait, as 500ms or 30s (default 10s, or what the program's flag --wait says)"}

// DefaultLoading is how long a page may take that is opened or reloaded.
const DefaultLoading = time.Minute

// patience is how long a command is to wait.
func (c *call) patience() time.Duration {
	return c.timeout(cmp.Or(c.engine.Patience, DefaultPatience))
}

// timeout is the time of --timeout, else the usual one.
func (c *call) timeout(usual time.Duration) time.Duration {
	if given, err := time.ParseDuration(c.flags["timeout"]); err == nil {
		return given
	}
	return usual
}

// patiently does something to the page as long as that takes, within the command's
// patience. After a switch that is the page of the session that is forced now.
func (c *call) patiently(ctx context.Context, next string, do func(context.Context) error) error {
	err := c.within(ctx, c.patience(), func(ctx context.Context) error {
		if err := c.engine.Browser.Reloaded(ctx); err != nil {
			return err
		}
		return do(ctx)
	})
	if ctx.Err() != nil {
		return err
	}
	return advise(err, next)
}

// within bounds how long something takes.
func (c *call) within(ctx context.Context, most time.Duration, do func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	err := do(bounded)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return &lateError{fmt.Sprintf("%s; waited %v", late(err), most), err}
	}
	return err
}

// lateError is an error because the time was over, in words.
type lateError struct {
	text  string
	cause error
}

func (e *lateError) Error() string { return e.text }

func (e *lateError) Unwrap() error { return e.cause }
