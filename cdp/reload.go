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

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// reloadTimeout bounds the wait for the tabs: a server may never answer.
const reloadTimeout = 20 * time.Second

// reloadSite shows the site's tabs anew, so that no page of another session
// stays: as the policy says, ignoring the cache, and never repeating a POST or
// a logout (RULES 38).
func (b *Browser) reloadSite(ctx context.Context, w sessions.Window, site string, wait bool, done *sessions.Switch) error {
	b.targets.Switched(w, site)
	var coming []*targets.Arrival
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
		switch err := next.Committed(bounded); {
		case err == nil, errors.Is(err, targets.ErrClosed): // it shows nothing any more
		case bounded.Err() != nil:
			done.Notes = append(done.Notes, sessions.ShowURL(b.targets.Document(next.Tab).URL)+" is still loading")
		default:
			done.Notes = append(done.Notes, err.Error())
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for the tabs of %s: %w", site, err)
	}
	return nil
}

func (b *Browser) tabsToReload(w sessions.Window, site string) []*targets.Tab {
	var list []*targets.Tab
	for _, tab := range b.targets.List("page") {
		if tab.Window == w && b.book.SiteOf(b.targets.Document(tab).URL) == site && b.reloads(tab) {
			list = append(list, tab)
		}
	}
	return list
}

// reloads reports whether the policy is to reload a tab.
func (b *Browser) reloads(tab *targets.Tab) bool {
	return b.options.Reload == ReloadAll || b.options.Reload == ReloadCurrent && tab.ID == b.pages.currentID()
}

// catchUp shows a tab anew where its document began to load before the last
// switch of its site and no later one is on its way. It was not yet there when
// the switch reloaded the tabs, or was just coming: Chrome drops a reload then
// (TestReload).
func (b *Browser) catchUp(tab *targets.Tab) {
	method := b.targets.Document(tab).Method
	if !b.overtaken(tab) || !b.reloads(tab) {
		return
	}
	if method != "" {
		b.catchUpBy(tab, method)
	} else if !b.targets.Tells(tab) { // else that is not known before it is there
		wire.Send(tab.Link, page.GetNavigationHistory, cdp.Empty{}, func(h page.GetNavigationHistoryResult, err error) {
			if b.overtaken(tab) {
				b.catchUpBy(tab, methodOf(h, err))
			}
		})
	}
}

func (b *Browser) catchUpBy(tab *targets.Tab, method string) {
	note, next := b.showAnew(tab, method)
	if next == nil {
		b.remainsIn(tab)
	}
	if note == "" {
		return
	}
	b.notice("%s", note)
	b.targets.CaughtUp(tab) // told once
}

func (b *Browser) overtaken(tab *targets.Tab) bool {
	return b.targets.IsOvertaken(tab, b.book.SiteOf(b.targets.Document(tab).URL))
}

// reloadTab sends what shows a tab anew. The note says what is unusual; next, nil
// when nothing was sent, is the new document.
func (b *Browser) reloadTab(ctx context.Context, tab *targets.Tab) (note string, next *targets.Arrival) {
	method := b.targets.Document(tab).Method
	if method == "" {
		method = b.guessMethod(ctx, tab)
	}
	return b.showAnew(tab, method)
}

// showAnew is reloadTab for a document that came by the given method.
func (b *Browser) showAnew(tab *targets.Tab, method string) (note string, next *targets.Arrival) {
	d := b.targets.Document(tab)
	url, why := b.asksFor(tab, method)
	if url == "" {
		return "not reloaded: " + sessions.ShowURL(d.URL) + " " + why + "; open another page, or type: reload", nil
	}
	document := b.targets.Next(tab)
	sends := targets.Showing{At: targets.WithoutFragment(url)}
	if why != "" || method != "GET" {
		sends.URL = sends.At // with the fragment it would only scroll
	}
	userless := d.WithUser != "" && url == d.URL && b.book.HasForeignCredentials(tab.Window, d.WithUser)
	if userless {
		url = sessions.WithoutCredentials(url)
		sends.URL = targets.WithoutFragment(url)
	}
	b.targets.ShowsAnew(tab, url, sends, &document)
	switch {
	case why != "":
		b.openByGet(tab, sends.URL)
		return fmt.Sprintf("%s %s, so it was not asked for again and the tab goes to %s; to ask for it all the same: open URL", sessions.ShowURL(d.URL), why, sessions.ShowURL(url)), &document
	case method != "GET":
		b.openByGet(tab, sends.URL)
		return fmt.Sprintf("%s was the answer to a %s; it was opened with GET, so that this is not repeated", sessions.ShowURL(d.URL), method), &document
	case userless:
		b.openByGet(tab, sends.URL)
		return "", &document
	}
	b.log.Debug("reload", "url", sessions.ShowURL(d.URL))
	wire.Send(tab.Link, page.Reload, page.ReloadParams{IgnoreCache: new(true), ScriptToEvaluateOnLoad: b.wipeScript(tab)}, nil)
	return "", &document
}

// Reloaded waits until the current tab shows what the last switch of its site shows anew
// there, so that nobody acts on, or reads, the page of the session before. It is an error
// when the context ends before, or when nothing comes.
func (b *Browser) Reloaded(ctx context.Context) error {
	if tab := b.currentTab(); tab != nil {
		return b.reloadedIn(ctx, tab)
	}
	return b.answers(ctx)
}

func (b *Browser) reloadedIn(ctx context.Context, tab *targets.Tab) error {
	switch vain, err := b.targets.Renewed(ctx, tab, b.reloadTimeout); {
	case err != nil:
		return fault.Errorf(fault.Reloading, "waiting for %s as the session that is forced now: %w", sessions.ShowURL(b.targets.Document(tab).URL), err)
	case vain:
		return fault.Errorf(fault.NotReloaded, "%s is still shown as the session before: its reload brought no page", sessions.ShowURL(b.targets.Document(tab).URL))
	}
	return nil
}

// openByGet shows a URL anew, as a reload that ignores the cache would (that goes around
// the service worker, too), but by GET.
func (b *Browser) openByGet(tab *targets.Tab, url string) {
	b.log.Debug("reload by GET", "url", sessions.ShowURL(url))
	b.fresh.begin(b.targets, tab)
	if !b.targets.Tells(tab) {
		enableNetwork(tab, true)
	}
	b.setCache(tab)
	wire.Send(tab.Link, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true}, nil)
	b.wipeNext(tab)
	wire.Send(tab.Link, page.Navigate, page.NavigateParams{URL: url}, nil)
}

// loaded notes the load event of a page's document, which may use the cache and its
// service worker again.
func (b *Browser) loaded(tab *targets.Tab) {
	// This comes first: who waits for the load may have the tab opened anew once more.
	uncached := b.fresh.end(tab)
	b.targets.Loads(tab)
	if uncached {
		b.wiped(tab)
		b.setCache(tab)
		wire.Send(tab.Link, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{}, nil)
		if !b.targets.Tells(tab) {
			enableNetwork(tab, false)
			b.exchanges.leave(tab, true)
		}
	}
}

// guessMethod tells how a document came that was there before us: the history
// says whether a form was submitted.
func (b *Browser) guessMethod(ctx context.Context, tab *targets.Tab) string {
	return methodOf(wire.Call(ctx, tab.Link, page.GetNavigationHistory, cdp.Empty{}))
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

// path is the part of a URL behind the host, with the query: ?action=logout
// counts.
func path(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}
