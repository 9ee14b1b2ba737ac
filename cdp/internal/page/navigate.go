package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
)

// Navigation goes by our own connection to the tab and not by chromedp, which
// takes the next load event for its own: that of a reload which a switch has
// just sent, say (TestOpenAfterUse).

// inactivePause is how long askActive waits for the page to tell something.
const inactivePause = 20 * time.Millisecond

// Navigate shows a URL in a tab and answers when it has loaded.
func (d *Driver) Navigate(ctx context.Context, tab *targets.Tab, url string) error {
	// A place of the document that is shown would take the place of a reload that is on its
	// way, and a URL that is on its way Chrome does not open twice (TestOpenAfterUse).
	if sameDocument(d.targets.Document(tab).URL, url) || d.targets.IsShowing(tab, url) {
		if err := d.Renewed(ctx, tab); err != nil {
			return err
		}
	}
	arrival, err := d.expect(ctx, tab)
	if err != nil {
		return err
	}
	d.Opens(tab)
	moved := d.targets.Moved(tab)
	switch r, err := askActive(ctx, d, tab, page.Navigate, page.NavigateParams{URL: url}); {
	case err != nil:
		return arrival.OrStop(ctx, err)
	case r.ErrorText == "net::ERR_ABORTED" && arrival.Crashed(ctx):
		return targets.ErrCrashed
	case r.ErrorText == "net::ERR_ABORTED":
		return errors.New("the tab stays as it was: the answer is a download or has no content")
	case r.ErrorText != "":
		return errors.New(r.ErrorText)
	case r.LoaderID == "": // another fragment of the same document, which the page tells of
		bounded, cancel := context.WithTimeout(ctx, targets.LoadGrace)
		defer cancel()
		if err := moved(bounded); err != nil && bounded.Err() == nil {
			return err
		}
		return d.targets.Settle(ctx)
	}
	return arrival.OrStop(ctx, arrival.Loaded(ctx))
}

// sameDocument reports a URL that only names another place of the document that is shown.
func sameDocument(shown, address string) bool {
	from, err := url.Parse(shown)
	if err != nil {
		return false
	}
	to, err := from.Parse(address) // as the browser has it
	if err != nil || !strings.Contains(address, "#") {
		return false
	}
	return wholeOf(from) == wholeOf(to)
}

// wholeOf is a URL without its fragment, and with the path that a host alone has.
func wholeOf(u *url.URL) string {
	c := *u
	c.Scheme, c.Host, c.Fragment, c.RawFragment = strings.ToLower(c.Scheme), strings.ToLower(c.Host), "", ""
	c.Path = cmp.Or(c.Path, "/")
	return c.String()
}

// Reload loads the current tab anew and answers when it has loaded.
func (d *Driver) Reload(ctx context.Context) error {
	tab := d.Current()
	if tab == nil {
		return errors.New("reloading: no tab is open")
	}
	if err := d.reload(ctx, tab); err != nil {
		return fmt.Errorf("reloading: %w", d.Because(err))
	}
	return nil
}

func (d *Driver) reload(ctx context.Context, tab *targets.Tab) error {
	arrival, err := d.expect(ctx, tab)
	if err != nil {
		return err
	}
	d.Opens(tab)
	for dropped := true; dropped && err == nil; {
		if _, err = askActive(ctx, d, tab, page.Reload, page.ReloadParams{}); err != nil {
			return err
		}
		dropped, err = arrival.LoadedOrDropped(ctx)
	}
	if err != nil {
		return arrival.OrStop(ctx, err)
	}
	return d.targets.Settle(ctx)
}

// askActive is ask for a page, which takes no navigation while it changes its
// process (TestNavigate).
func askActive[P, R any](ctx context.Context, d *Driver, tab *targets.Tab, c cdp.Command[P, R], params P) (R, error) {
	for {
		changed := d.targets.Changed()
		r, err := wire.Call(ctx, tab.Link, c, params)
		if refused := (*cdproto.Error)(nil); !errors.As(err, &refused) || !strings.Contains(refused.Message, "Not attached to an active page") {
			return r, err
		}
		select {
		case <-changed:
		case <-time.After(inactivePause):
		case <-ctx.Done():
			return r, ctx.Err()
		}
	}
}

// expect settles what a tab shows and loads, so that a later document can be
// told from it.
func (d *Driver) expect(ctx context.Context, tab *targets.Tab) (targets.Arrival, error) {
	// A page that commits a document before it listens never tells of it.
	if err := d.targets.Ready(ctx, tab); err != nil {
		return targets.Arrival{}, err
	}
	if err := d.targets.Settle(ctx); err != nil {
		return targets.Arrival{}, err
	}
	d.Acts()
	return d.targets.Next(tab), nil
}
