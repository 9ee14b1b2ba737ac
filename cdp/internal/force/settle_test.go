package force

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// A command gives up with its context although Chrome never answers.
func TestSettleGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeChrome(t)
		b := f.engine(t, sessions.GuardAlways, bookOf(t, ""))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := b.targets.Settle(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Settle: %v", err)
		}
		f.Close()
		if err := b.targets.Settle(t.Context()); !errors.Is(err, wire.ErrGone) {
			t.Errorf("Settle without a browser: %v", err)
		}
	})
}
