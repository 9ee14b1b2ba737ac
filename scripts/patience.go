package scripts

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// DefaultPatience is how long a page command waits for what it is about.
const DefaultPatience = 10 * time.Second

// lookPause is how long expect waits before it looks again.
const lookPause = 50 * time.Millisecond

var timeoutFlag = Flag{Name: "timeout", Kind: KindTime, Summary: "how long to wait, as 500ms or 30s"}

// DefaultLoading is how long a page may take that is opened or reloaded.
const DefaultLoading = time.Minute

// patience is how long a command is to wait.
func (c *call) patience() time.Duration {
	return c.patienceOr(DefaultPatience)
}

func (c *call) patienceOr(most time.Duration) time.Duration {
	if given, err := time.ParseDuration(c.flags["timeout"]); err == nil {
		return given
	}
	if c.engine.Patience > 0 {
		return c.engine.Patience
	}
	return most
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
	if err == nil || ctx.Err() != nil || saysNext(err) {
		return err
	}
	return fmt.Errorf("%w; %s", err, next)
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

var overdue = regexp.MustCompile(`([A-Z]\w+\.\w+: )?context deadline exceeded`)

// late is the text of an error, in words where the time was over.
func late(err error) string { return overdue.ReplaceAllString(err.Error(), "it took too long") }
