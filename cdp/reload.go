package cdp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// reloadTimeout bounds the wait for the tabs: a server may never answer.
const reloadTimeout = 20 * time.Second

// reloadSite shows the site's tabs anew, so that no page of another session
// stays: as the policy says, ignoring the cache, and never repeating a POST or
// a logout (RULES 38).
func (b *Browser) reloadSite(ctx context.Context, w sessions.Window, site string, wait bool, done *sessions.Switch) error {
	b.targets.switched(w, site)
	var coming []*arrival
	for _, tab := range b.tabsToReload(w, site) {
		note, next := b.reloadTab(ctx, tab)
		if note != "" {
			done.Notes = append(done.Notes, note)
		}
		if next != nil {
			done.Reloaded++
			coming = append(coming, next)
		}
	}
	b.remain(w) // those that are not
	if !wait {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, b.reloadTimeout)
	defer cancel()
	for _, next := range coming {
		switch err := next.committed(bounded); {
		case err == nil, errors.Is(err, errTabClosed): // it shows nothing any more
		case bounded.Err() != nil:
			done.Notes = append(done.Notes, sessions.ShowURL(b.targets.documentOf(next.tab).url)+" is still loading")
		default:
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
	for _, tab := range b.targets.list("page") {
		if tab.window == w && b.book.SiteOf(b.targets.documentOf(tab).url) == site && b.reloads(tab) {
			list = append(list, tab)
		}
	}
	return list
}

// reloads reports whether the policy is to reload a tab.
func (b *Browser) reloads(tab *tab) bool {
	return b.options.Reload == ReloadAll || b.options.Reload == ReloadCurrent && tab.id == b.pages.currentID()
}

// switched notes that another session is active on a site: what began to load
// before may be of the one before.
func (t *targets) switched(w sessions.Window, site string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.switches++
	t.lastSwitch[place{w, site}] = t.switches
}

// catchUp shows a tab anew where its document began to load before the last
// switch of its site and no later one is on its way. It was not yet there when
// the switch reloaded the tabs, or was just coming: Chrome drops a reload then
// (TestReload).
func (b *Browser) catchUp(tab *tab) {
	method := b.targets.documentOf(tab).method
	if !b.overtaken(tab) || !b.reloads(tab) {
		return
	}
	if method != "" {
		b.catchUpBy(tab, method)
	} else if !b.targets.tells(tab) { // else that is not known before it is there
		wire.Send(tab.link, page.GetNavigationHistory, cdp.Empty{}, func(h page.GetNavigationHistoryResult, err error) {
			if b.overtaken(tab) {
				b.catchUpBy(tab, methodOf(h, err))
			}
		})
	}
}

func (b *Browser) catchUpBy(tab *tab, method string) {
	note, next := b.showAnew(tab, method)
	if next == nil {
		b.remainsIn(tab)
	}
	if note == "" {
		return
	}
	b.notice("%s", note)
	b.targets.update(func() { tab.document.switches = b.targets.switches }) // told once
}

func (b *Browser) overtaken(tab *tab) bool {
	site := b.book.SiteOf(b.targets.documentOf(tab).url)
	b.targets.mu.Lock()
	defer b.targets.mu.Unlock()
	last := b.targets.lastSwitch[place{tab.window, site}]
	for _, coming := range tab.loading {
		if coming.switches >= last {
			return false
		}
	}
	return tab.document.switches < last
}

// reloadTab sends what shows a tab anew. The note says what is unusual; next, nil
// when nothing was sent, is the new document.
func (b *Browser) reloadTab(ctx context.Context, tab *tab) (note string, next *arrival) {
	method := b.targets.documentOf(tab).method
	if method == "" {
		method = b.guessMethod(ctx, tab)
	}
	return b.showAnew(tab, method)
}

// showAnew is reloadTab for a document that came by the given method.
func (b *Browser) showAnew(tab *tab, method string) (note string, next *arrival) {
	d := b.targets.documentOf(tab)
	url, why := b.asksFor(tab, method)
	if url == "" {
		return "not reloaded: " + sessions.ShowURL(d.url) + " " + why + "; open another page, or type: reload", nil
	}
	document := b.arrivalAt(tab)
	sends := showing{at: withoutFragment(url)}
	if why != "" || method != "GET" {
		sends.url = sends.at // with the fragment it would only scroll
	}
	userless := d.withUser != "" && url == d.url && b.book.HasForeignCredentials(tab.window, d.withUser)
	if userless {
		url = sessions.WithoutCredentials(url)
		sends.url = withoutFragment(url)
	}
	b.targets.update(func() {
		tab.reloading, tab.anew, tab.lost = true, &document, false
		tab.wanting = tab.wantingFor(url)
		sends.times, sends.switches = tab.showing.times+1, b.targets.switches
		tab.showing = sends
	})
	switch {
	case why != "":
		b.openByGet(tab, sends.url)
		return fmt.Sprintf("%s %s, so it was not asked for again and the tab goes to %s; to ask for it all the same: open URL", sessions.ShowURL(d.url), why, sessions.ShowURL(url)), &document
	case method != "GET":
		b.openByGet(tab, sends.url)
		return fmt.Sprintf("%s was the answer to a %s; it was opened with GET, so that this is not repeated", sessions.ShowURL(d.url), method), &document
	case userless:
		b.openByGet(tab, sends.url)
		return "", &document
	}
	b.log.Debug("reload", "url", sessions.ShowURL(d.url))
	wire.Send(tab.link, page.Reload, page.ReloadParams{IgnoreCache: new(true), ScriptToEvaluateOnLoad: b.wipeScript(tab)}, nil)
	return "", &document
}

// loadGrace is how long Reloaded waits for the load event of a page that is there: one may
// never finish.
const loadGrace = 3 * time.Second

// Reloaded waits until the current tab shows what the last switch of its site shows anew
// there, so that nobody acts on, or reads, the page of the session before. It is an error
// when the context ends before, or when nothing comes.
func (b *Browser) Reloaded(ctx context.Context) error {
	if tab := b.currentTab(); tab != nil {
		return b.reloadedIn(ctx, tab)
	}
	return b.answers(ctx)
}

func (b *Browser) reloadedIn(ctx context.Context, tab *tab) error {
	for {
		b.targets.mu.Lock()
		next := tab.anew
		b.targets.mu.Unlock()
		if next == nil {
			return nil
		}
		err := next.wait(ctx, func() bool { return tab.anew != next || next.isThere() || tab.lost })
		if err == nil {
			bounded, cancel := context.WithTimeout(ctx, loadGrace)
			next.wait(bounded, func() bool { return tab.anew != next || next.tab.document.loaded || tab.lost })
			cancel()
			err = b.Settle(ctx)
		}
		if errors.Is(err, errTabClosed) || errors.Is(err, errTabCrashed) {
			err = nil // the next command says so
		}
		b.targets.mu.Lock()
		again, vain := tab.anew != next, tab.lost && !next.isThere()
		if !again && (err == nil || time.Since(next.sent) > b.reloadTimeout) { // else it may still come
			tab.anew = nil
		}
		b.targets.mu.Unlock()
		switch {
		case err != nil:
			return fmt.Errorf("waiting for %s as the session that is forced now: %w; type: reload", sessions.ShowURL(b.targets.documentOf(tab).url), err)
		case again:
		case vain:
			return &noPageError{sessions.ShowURL(b.targets.documentOf(tab).url) + " is still shown as the session before: its reload brought no page; type: reload, or open another page: open URL"}
		default:
			return nil
		}
	}
}

// openByGet shows a URL anew, as a reload that ignores the cache would (that goes around
// the service worker, too), but by GET.
func (b *Browser) openByGet(tab *tab, url string) {
	b.log.Debug("reload by GET", "url", sessions.ShowURL(url))
	b.targets.update(func() { tab.uncached = true })
	if !b.targets.tells(tab) {
		enableNetwork(tab, true)
	}
	b.setCache(tab)
	wire.Send(tab.link, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true}, nil)
	b.wipeNext(tab)
	wire.Send(tab.link, page.Navigate, page.NavigateParams{URL: url}, nil)
}

// loaded notes the load event of a page's document, which may use the cache and its
// service worker again.
func (b *Browser) loaded(tab *tab) {
	var uncached bool
	b.targets.update(func() {
		tab.document.loaded = true
		uncached, tab.uncached = tab.uncached, false
	})
	if uncached {
		b.wiped(tab)
		b.setCache(tab)
		wire.Send(tab.link, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{}, nil)
		if !b.targets.tells(tab) {
			enableNetwork(tab, false)
			b.exchanges.leave(tab, true)
		}
	}
}

// guessMethod tells how a document came that was there before us: the history
// says whether a form was submitted.
func (b *Browser) guessMethod(ctx context.Context, tab *tab) string {
	return methodOf(wire.Call(ctx, tab.link, page.GetNavigationHistory, cdp.Empty{}))
}

func methodOf(h page.GetNavigationHistoryResult, err error) string {
	if err != nil || h.CurrentIndex < 0 || int(h.CurrentIndex) >= len(h.Entries) {
		return "GET"
	}
	if h.Entries[h.CurrentIndex].TransitionType == page.TransitionTypeFormSubmit {
		return "form, maybe a POST"
	}
	return "GET"
}

func withoutFragment(url string) string {
	url, _, _ = strings.Cut(url, "#")
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
