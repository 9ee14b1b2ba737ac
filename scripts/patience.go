package scripts

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DefaultPatience is how long a page command waits for what it is about.
const DefaultPatience = 10 * time.Second

// lookPause is how long expect waits before it looks again.
const lookPause = 50 * time.Millisecond

var timeoutFlag = Flag{Name: "timeout", Kind: KindTime, Summary: "how long to wait, as 500ms or 30s"}

// patience is how long a command is to wait.
func (c *call) patience() time.Duration {
	if given, err := time.ParseDuration(c.flags["timeout"]); err == nil {
		return given
	}
	if c.engine.Patience > 0 {
		return c.engine.Patience
	}
	return DefaultPatience
}

// patiently does something as long as that takes, within the command's patience.
func (c *call) patiently(ctx context.Context, next string, do func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, c.patience())
	defer cancel()
	err := do(bounded)
	switch {
	case err == nil, ctx.Err() != nil, saysNext(err):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w; waited %v; %s", err, c.patience(), next)
	}
	return fmt.Errorf("%w; %s", err, next)
}
