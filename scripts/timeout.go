package scripts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// DefaultTimeout is how long a page command waits for what it is about, and expect for
// what it expects.
const DefaultTimeout = 10 * time.Second

// lookPause is how long expect waits before it looks again.
const lookPause = 50 * time.Millisecond

var timeoutFlag = Flag{Name: "timeout", Kind: KindTime, Summary: "how long to wait, as 500ms or 30s (default 10s, or what the program's flag --wait says)"}

// DefaultLoadTimeout is how long a page may take that is opened or reloaded.
const DefaultLoadTimeout = time.Minute

// commandTimeout is how long a command is to wait.
func (c *call) commandTimeout() time.Duration {
	return c.timeout(cmp.Or(c.engine.Timeout, DefaultTimeout))
}

// timeout is the time of --timeout, else the usual one.
func (c *call) timeout(usual time.Duration) time.Duration {
	if given, err := time.ParseDuration(c.flags["timeout"]); err == nil {
		return given
	}
	return usual
}

// withTimeout does something to the page as long as that takes, within the command's
// timeout. After a switch that is the page of the session that is forced now.
func (c *call) withTimeout(ctx context.Context, next string, do func(context.Context) error) error {
	err := c.boundedBy(ctx, c.commandTimeout(), func(ctx context.Context) error {
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

// boundedBy bounds how long something takes.
func (c *call) boundedBy(ctx context.Context, most time.Duration, do func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	err := do(bounded)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return &timeoutError{fmt.Sprintf("%s; waited %v", timedOut(err), most), err}
	}
	return err
}

// timeoutError is an error because the time was over, in words.
type timeoutError struct {
	text  string
	cause error
}

func (e *timeoutError) Error() string { return e.text }

func (e *timeoutError) Unwrap() error { return e.cause }
