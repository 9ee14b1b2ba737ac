package targets

import (
	"context"

	"github.com/chromedp/cdproto/cdp"

	"sessdriver/cdp/internal/wire"
)

// Settle answers when everything that the browser told up to now is booked.
func (t *Set) Settle(ctx context.Context) error {
	if err := t.first(ctx); err != nil {
		return err
	}
	return t.RoundTrip(ctx)
}

// RoundTrip is the barrier itself: the answer to a command comes when everything that the
// browser sent before it is handled.
func (t *Set) RoundTrip(ctx context.Context) error {
	_, err := wire.Call(ctx, t.link, getVersion, cdp.Empty{})
	return err
}

// getVersion is a command whose answer nobody reads.
var getVersion = cdp.Command[cdp.Empty, struct{}]{Method: "Browser.getVersion"}
