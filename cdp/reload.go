package cdp

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"

	"sessdriver/sessions"
)

// reloadTimeout bounds the wait for the tabs: a server may never answer.
const reloadTimeout = 20 * time.Second

// logout is what a URL looks like that ends a session when it is asked for
// (the words of ZAP-BEHAVIOUR 10.10).
var logout = regexp.MustCompile(`(?i)(log|sign)[-_]?(out|off)`)

// reloadSite shows the site's tabs anew, so that no page of another session
// stays: as the policy says, ignoring the cache, and never repeating a POST or
// a logout (DESIGN 4.5).
func (b *Browser) reloadSite(ctx context.Context, w sessions.Window, site string, wait bool, done *sessions.Switch) error {
	var waits []func(context.Context) error
	for _, tab := range b.tabsToReload(w, site) {
		note, committed := b.reloadTab(ctx, tab)
		if note != "" {
			done.Notes = append(done.Notes, note)
		}
		if committed != nil {
			done.Reloaded++
			waits = append(waits, committed)
		}
	}
	if !wait {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, b.reloadTimeout)
	defer cancel()
	for _, committed := range waits {
		if err := committed(bounded); err != nil {
			done.Notes = append(done.Notes, err.Error())
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for the tabs of %s: %w", site, err)
	}
	return nil
}

func (b *Browser) tabsToReload(w sessions.Window, site string) []*tab {
	var list []*tab
	current := b.pages.currentID()
	for _, tab := range b.targets.list("page") {
		ofSite := tab.window == w && b.book.SiteOf(b.targets.documentOf(tab).url) == site
		if ofSite && (b.options.Reload == ReloadAll || b.options.Reload == ReloadCurrent && tab.id == current) {
			list = append(list, tab)
		}
	}
	return list
}

// reloadTab sends what shows a tab anew. The note says what is unusual; committed,
// nil when nothing was sent, waits for the new document.
func (b *Browser) reloadTab(ctx context.Context, tab *tab) (note string, committed func(context.Context) error) {
	d := b.targets.documentOf(tab)
	if logout.MatchString(path(d.url)) {
		return "not reloaded: " + withoutQuery(d.url) + " looks like a logout; open another page, or type: reload", nil
	}
	b.targets.update(func() { tab.accept = true })
	method := d.method
	if method == "" {
		method = b.guessMethod(ctx, tab)
	}
	if method != "GET" {
		return fmt.Sprintf("%s was the answer to a %s, so it was opened by GET instead of repeating that", withoutQuery(d.url), method), b.openByGet(tab, d.url)
	}
	committed, replied := b.committedAfter(tab)
	send(tab.link, page.Reload, page.ReloadParams{IgnoreCache: new(true)}, func(cdp.Empty, error) { replied() })
	return "", committed
}

// openByGet shows a URL anew, as a reload that ignores the cache would, but by
// GET. With its fragment it would only scroll.
func (b *Browser) openByGet(tab *tab, url string) (committed func(context.Context) error) {
	url, _, _ = strings.Cut(url, "#")
	b.targets.update(func() { tab.uncached = true })
	send(tab.link, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}, nil)
	committed, replied := b.committedAfter(tab)
	send(tab.link, page.Navigate, page.NavigateParams{URL: url}, func(page.NavigateResult, error) { replied() })
	return committed
}

// loaded lets a page use the cache again.
func (b *Browser) loaded(tab *tab) {
	b.targets.mu.Lock()
	uncached := tab.uncached
	tab.uncached = false
	b.targets.mu.Unlock()
	if uncached {
		send(tab.link, network.SetCacheDisabled, network.SetCacheDisabledParams{}, nil)
	}
}

// guessMethod tells how a document came that was there before us: the history
// says whether a form was submitted.
func (b *Browser) guessMethod(ctx context.Context, tab *tab) string {
	h, err := call(ctx, tab.link, page.GetNavigationHistory, cdp.Empty{})
	if err != nil || h.CurrentIndex < 0 || int(h.CurrentIndex) >= len(h.Entries) {
		return "GET"
	}
	if h.Entries[h.CurrentIndex].TransitionType == page.TransitionTypeFormSubmit {
		return "POST"
	}
	return "GET"
}

// committedAfter returns a wait for the first document of a tab that comes after
// the reply to a command. What was loading before may still come until then.
func (b *Browser) committedAfter(tab *tab) (committed func(context.Context) error, replied func()) {
	next := make(chan func(context.Context) error, 1)
	committed = func(ctx context.Context) error {
		select {
		case wait := <-next:
			return wait(ctx)
		case <-ctx.Done():
		case <-b.wire.lost:
			return b.wire.lostError()
		}
		select {
		case wait := <-next: // a slower tab used the time up
			return wait(ctx)
		default:
			return b.stillLoading(tab)
		}
	}
	return committed, func() { next <- b.committed(tab) }
}

func (b *Browser) stillLoading(tab *tab) error {
	return fmt.Errorf("%s is still loading", withoutQuery(b.targets.documentOf(tab).url))
}

// committed returns a wait for the next document of a tab.
func (b *Browser) committed(tab *tab) func(context.Context) error {
	b.targets.mu.Lock()
	before := tab.loaded
	b.targets.mu.Unlock()
	return func(ctx context.Context) error {
		for {
			changed := b.targets.watch()
			b.targets.mu.Lock()
			now, here := tab.loaded, b.targets.byLink[tab.link.id] == tab
			b.targets.mu.Unlock()
			if now > before || !here {
				return nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return b.stillLoading(tab)
			case <-b.wire.lost:
				return b.wire.lostError()
			}
		}
	}
}

// withoutQuery is a URL as it may be shown: what follows the path may hold what
// people typed.
func withoutQuery(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		return url[:i]
	}
	return url
}

// path is the part of a URL behind the host, with the query: ?action=logout
// counts.
func path(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}
