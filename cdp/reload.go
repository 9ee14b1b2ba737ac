package cdp

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"sessdriver/sessions"
)

// reloadTimeout bounds the wait for one tab: a server may never answer.
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
		committed := b.committed(tab)
		note, err := b.reloadTab(ctx, tab)
		if note != "" {
			done.Notes = append(done.Notes, note)
		}
		if err != nil {
			done.Notes = append(done.Notes, fmt.Sprintf("%s was not reloaded: %v", withoutQuery(b.targets.documentOf(tab).url), err))
			continue
		}
		if committed != nil && !strings.HasPrefix(note, notReloaded) {
			done.Reloaded++
			waits = append(waits, committed)
		}
	}
	if !wait {
		return nil
	}
	for _, committed := range waits {
		if err := committed(ctx); err != nil {
			done.Notes = append(done.Notes, err.Error())
		}
	}
	return ctx.Err()
}

const notReloaded = "not reloaded: "

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

// reloadTab sends what shows a tab anew. The note says what is unusual.
func (b *Browser) reloadTab(ctx context.Context, tab *tab) (note string, err error) {
	d := b.targets.documentOf(tab)
	if logout.MatchString(path(d.url)) {
		return notReloaded + withoutQuery(d.url) + " looks like a logout; open another page, or type: reload", nil
	}
	b.targets.update(func() { tab.accept = true })
	method := d.method
	if method == "" {
		method = b.guessMethod(ctx, tab)
	}
	if method != "GET" {
		send(tab.link, page.Navigate, page.NavigateParams{URL: d.url}, nil)
		return fmt.Sprintf("%s was the answer to a %s, so it was opened by GET instead of repeating that", withoutQuery(d.url), method), nil
	}
	send(tab.link, page.Reload, page.ReloadParams{IgnoreCache: new(true)}, nil)
	return "", nil
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

// committed returns a wait for the next document of a tab.
func (b *Browser) committed(tab *tab) func(context.Context) error {
	b.targets.mu.Lock()
	before := tab.loaded
	b.targets.mu.Unlock()
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, reloadTimeout)
		defer cancel()
		for {
			changed := b.targets.watch()
			b.targets.mu.Lock()
			now, url, here := tab.loaded, tab.document.url, b.targets.byLink[tab.link.id] == tab
			b.targets.mu.Unlock()
			if now > before || !here {
				return nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return fmt.Errorf("%s is still loading after %v", withoutQuery(url), reloadTimeout)
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
