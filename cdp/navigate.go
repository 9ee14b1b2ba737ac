package cdp

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
	"sessdriver/sessions"
)

// Navigation goes by our own connection to the tab and not by chromedp, which
// takes the next load event for its own: that of a reload which a switch has
// just sent, say (TestOpenAfterUse).

// inactivePause is how long askActive waits for the page to tell something.
const inactivePause = 20 * time.Millisecond

// Open shows a URL in the current tab and answers when it has loaded. In a
// browser that we attached to it opens a tab of our own first, unless one was chosen
// there, and tells so: what its user was at stays.
func (b *Browser) Open(ctx context.Context, url string) error {
	tab, err := b.ownTab(ctx)
	if err == nil {
		err = b.navigate(ctx, tab, url)
	}
	if err != nil {
		return fmt.Errorf("opening %s: %w", sessions.ShowURL(url), b.because(err))
	}
	return nil
}

func (b *Browser) navigate(ctx context.Context, tab *targets.Tab, url string) error {
	// A place of the document that is shown would take the place of a reload that is on its
	// way, and a URL that is on its way Chrome does not open twice (TestOpenAfterUse).
	if sameDocument(b.targets.Document(tab).URL, url) || b.targets.IsShowing(tab, url) {
		if err := b.reloadedIn(ctx, tab); err != nil {
			return err
		}
	}
	arrival, err := b.expect(ctx, tab)
	if err != nil {
		return err
	}
	b.opensThere(tab)
	moved := b.targets.Moved(tab)
	switch r, err := askActive(ctx, b, tab, page.Navigate, page.NavigateParams{URL: url}); {
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
		return b.Settle(ctx)
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
func (b *Browser) Reload(ctx context.Context) error {
	tab := b.currentTab()
	if tab == nil {
		return errors.New("reloading: no tab is open")
	}
	if err := b.reload(ctx, tab); err != nil {
		return fmt.Errorf("reloading: %w", b.because(err))
	}
	return nil
}

func (b *Browser) reload(ctx context.Context, tab *targets.Tab) error {
	arrival, err := b.expect(ctx, tab)
	if err != nil {
		return err
	}
	b.opensThere(tab)
	for dropped := true; dropped && err == nil; {
		if _, err = askActive(ctx, b, tab, page.Reload, page.ReloadParams{}); err != nil {
			return err
		}
		dropped, err = arrival.LoadedOrDropped(ctx)
	}
	if err != nil {
		return arrival.OrStop(ctx, err)
	}
	return b.Settle(ctx)
}

// askActive is ask for a page, which takes no navigation while it changes its
// process (TestNavigate).
func askActive[P, R any](ctx context.Context, b *Browser, tab *targets.Tab, c cdp.Command[P, R], params P) (R, error) {
	for {
		changed := b.targets.Changed()
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
func (b *Browser) expect(ctx context.Context, tab *targets.Tab) (targets.Arrival, error) {
	// A page that commits a document before it listens never tells of it.
	if err := b.targets.Ready(ctx, tab); err != nil {
		return targets.Arrival{}, err
	}
	if err := b.Settle(ctx); err != nil {
		return targets.Arrival{}, err
	}
	b.requests.act()
	return b.targets.Next(tab), nil
}
