package cdp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// Navigation goes by our own connection to the tab and not by chromedp, which
// takes the next load event for its own: that of a reload which a switch has
// just sent, say (TestOpenAfterUse).

// errTabClosed reports a tab that went while it was waited for.
var errTabClosed = errors.New("the tab was closed")

// errTabCrashed reports one whose page crashed meanwhile.
var errTabCrashed error = &noPageError{"the tab crashed; load it again with: reload"}

// inactivePause is how long askActive waits for the page to tell something.
const inactivePause = 20 * time.Millisecond

// maxLoading bounds the navigations of a tab that never end in a document.
const maxLoading = 100

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

func (b *Browser) navigate(ctx context.Context, tab *tab, url string) error {
	// A place of the document that is shown would take the place of a reload that is on its
	// way, and a URL that is on its way Chrome does not open twice (TestOpenAfterUse).
	if sameDocument(b.targets.documentOf(tab).url, url) || b.isShowing(tab, url) {
		if err := b.reloadedIn(ctx, tab); err != nil {
			return err
		}
	}
	arrival, err := b.expect(ctx, tab)
	if err != nil {
		return err
	}
	b.opensThere(tab)
	b.targets.mu.Lock()
	moves := tab.moves
	b.targets.mu.Unlock()
	switch r, err := askActive(ctx, b, tab, page.Navigate, page.NavigateParams{URL: url}); {
	case err != nil:
		return arrival.orStop(ctx, err)
	case r.ErrorText == "net::ERR_ABORTED" && arrival.crashed(ctx):
		return errTabCrashed
	case r.ErrorText == "net::ERR_ABORTED":
		return errors.New("the tab stays as it was: the answer is a download or has no content")
	case r.ErrorText != "":
		return errors.New(r.ErrorText)
	case r.LoaderID == "": // another fragment of the same document, which the page tells of
		bounded, cancel := context.WithTimeout(ctx, loadGrace)
		defer cancel()
		if err := b.waitTab(bounded, tab, func() bool { return tab.moves > moves }); err != nil && bounded.Err() == nil {
			return err
		}
		return b.Settle(ctx)
	}
	return arrival.orStop(ctx, arrival.loaded(ctx))
}

// isShowing reports whether the switch before is about to open a URL in a tab.
func (b *Browser) isShowing(tab *tab, address string) bool {
	b.targets.mu.Lock()
	defer b.targets.mu.Unlock()
	return tab.anew != nil && tab.showing.url != "" && tab.showing.url == withoutFragment(address)
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

func (b *Browser) reload(ctx context.Context, tab *tab) error {
	arrival, err := b.expect(ctx, tab)
	if err != nil {
		return err
	}
	b.opensThere(tab)
	for dropped := true; dropped && err == nil; arrival.busy = false {
		if _, err = askActive(ctx, b, tab, page.Reload, page.ReloadParams{}); err != nil {
			return err
		}
		err = arrival.wait(ctx, func() bool {
			dropped = arrival.dropped()
			return dropped || arrival.isLoaded()
		})
	}
	if err != nil {
		return arrival.orStop(ctx, err)
	}
	return b.Settle(ctx)
}

// askActive is ask for a page, which takes no navigation while it changes its
// process (TestNavigate).
func askActive[P, R any](ctx context.Context, b *Browser, tab *tab, c cdp.Command[P, R], params P) (R, error) {
	for {
		changed := b.targets.watch()
		r, err := wire.Call(ctx, tab.link, c, params)
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
func (b *Browser) expect(ctx context.Context, tab *tab) (arrival, error) {
	// A page that commits a document before it listens never tells of it.
	if err := b.waitTab(ctx, tab, func() bool { return tab.ready }); err != nil {
		return arrival{}, err
	}
	if err := b.Settle(ctx); err != nil {
		return arrival{}, err
	}
	b.requests.act()
	return b.arrivalAt(tab), nil
}

// arrival is the next document of a tab: one that was neither there nor on its
// way when it was made.
type arrival struct {
	browser *Browser
	tab     *tab
	old     map[cdp.LoaderID]load
	busy    bool // the tab was loading when it was made
	crashes int
	sent    time.Time // when it was made
}

func (b *Browser) arrivalAt(tab *tab) arrival {
	b.targets.mu.Lock()
	defer b.targets.mu.Unlock()
	old := maps.Clone(tab.loading)
	busy := len(old) > 0 || !tab.document.loaded
	old[tab.document.loader] = load{}
	return arrival{browser: b, tab: tab, old: old, busy: busy, crashes: tab.crashes, sent: time.Now()}
}

func (a arrival) isThere() bool {
	_, old := a.old[a.tab.document.loader]
	return !old
}

func (a arrival) isLoaded() bool { return a.isThere() && a.tab.document.loaded }

// dropped reports that a reload came to nothing: Chrome drops one while it commits
// a document. The old one has loaded and no other is on its way.
func (a arrival) dropped() bool {
	if !a.busy || a.isThere() || !a.tab.document.loaded {
		return false
	}
	for loader := range a.tab.loading {
		if _, old := a.old[loader]; !old {
			return false
		}
	}
	return true
}

// crashed reports whether the page has crashed since, once all is told.
func (a arrival) crashed(ctx context.Context) bool {
	if a.browser.Settle(ctx) != nil {
		return false
	}
	a.browser.targets.mu.Lock()
	defer a.browser.targets.mu.Unlock()
	return a.tab.crashes > a.crashes
}

// committed waits until the tab shows the document.
func (a arrival) committed(ctx context.Context) error {
	return a.wait(ctx, a.isThere)
}

// wait waits for a condition of the tab, unless its page crashes.
func (a arrival) wait(ctx context.Context, condition func() bool) error {
	crashed := false
	err := a.browser.waitTab(ctx, a.tab, func() bool {
		holds := condition()
		crashed = !holds && a.tab.crashes > a.crashes
		return holds || crashed
	})
	if err == nil && crashed {
		return errTabCrashed
	}
	return err
}

// loaded waits until it has loaded, and what was told up to then is booked.
func (a arrival) loaded(ctx context.Context) error {
	if err := a.wait(ctx, a.isLoaded); err != nil {
		return err
	}
	return a.browser.Settle(ctx)
}

// orStop says how far it came when the time is over. A document that has not even come is
// not loaded any more: the one that is there answers nothing as long as it may come.
func (a arrival) orStop(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	a.browser.targets.mu.Lock()
	there := a.isThere()
	a.browser.targets.mu.Unlock()
	if there {
		return &vainError{"the page is there, but has not finished loading", ctx.Err()}
	}
	wire.Send(a.tab.link, page.StopLoading, cdp.Empty{}, nil)
	return &vainError{"the server has not answered with a page", ctx.Err()}
}

// begin notes a document that is on its way, or its redirect.
func (t *targets) begin(tab *tab, loader cdp.LoaderID, method, withUser string) {
	t.update(func() {
		if len(tab.loading) >= maxLoading {
			clear(tab.loading)
		}
		d, redirected := tab.loading[loader]
		if !redirected {
			d.switches = t.switches
		}
		if method != "" {
			d.method = method
		}
		d.withUser = withUser
		tab.loading[loader] = d
		tab.lost = false
	})
}

// failed notes a request that came to nothing: a document's has the loader's id.
func (t *targets) failed(id target.SessionID, request network.RequestID) {
	if tab := t.tab(id); tab != nil {
		t.mu.Lock()
		_, coming := tab.loading[cdp.LoaderID(request)]
		t.mu.Unlock()
		if coming {
			t.update(func() {
				delete(tab.loading, cdp.LoaderID(request))
				if next := tab.anew; next != nil {
					_, before := next.old[cdp.LoaderID(request)]
					tab.lost = !before && !next.coming()
				}
			})
		}
	}
}

// responded notes how a document was answered: its request has the loader's id.
func (t *targets) responded(tab *tab, e *wire.ResponseReceived) {
	if tab == nil {
		return
	}
	loader := cdp.LoaderID(e.RequestID)
	t.mu.Lock()
	defer t.mu.Unlock()
	if coming, ok := tab.loading[loader]; ok {
		coming.response = e.Response
		tab.loading[loader] = coming
	} else if tab.document.loader == loader {
		tab.document.response = e.Response
	}
}

// waitTab waits until a condition holds, which is looked at after each change
// of a target.
func (b *Browser) waitTab(ctx context.Context, tab *tab, condition func() bool) error {
	for {
		changed := b.targets.watch()
		b.targets.mu.Lock()
		holds, here := condition(), b.targets.byLink[tab.link.ID] == tab
		b.targets.mu.Unlock()
		switch {
		case holds:
			return nil
		case !here:
			return errTabClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-b.wire.Lost():
			return b.wire.Err()
		}
	}
}
