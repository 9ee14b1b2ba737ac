package force

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

// reloader shows tabs anew.
type reloader struct {
	*core
	cache      *cache
	departures *departures
	exchanges  *exchanges
	fresh      *fresh
}

// reloadSite shows the site's tabs anew, so that no page of another session
// stays: as the policy says, ignoring the cache, and never repeating a POST or
// a logout (RULES 38).
func (r *reloader) reloadSite(ctx context.Context, w sessions.Window, site string, wait bool, done *sessions.Switch) error {
	r.targets.Switched(w, site)
	var coming []*targets.Arrival
	for _, tab := range r.tabsToReload(w, site) {
		note, next := r.reloadTab(ctx, tab)
		if note != "" {
			done.Notes = append(done.Notes, note)
		}
		if next != nil {
			done.Reloaded++
			coming = append(coming, next)
		}
	}
	r.departures.remain(w) // those that are not
	if !wait {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, r.reloadTimeout)
	defer cancel()
	for _, next := range coming {
		switch err := next.Committed(bounded); {
		case err == nil, errors.Is(err, targets.ErrClosed): // it shows nothing any more
		case bounded.Err() != nil:
			done.Notes = append(done.Notes, sessions.ShowURL(r.targets.Document(next.Tab).URL)+" is still loading")
		default:
			done.Notes = append(done.Notes, err.Error())
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for the tabs of %s: %w", site, err)
	}
	return nil
}

func (r *reloader) tabsToReload(w sessions.Window, site string) []*targets.Tab {
	var list []*targets.Tab
	for _, tab := range r.targets.List("page") {
		if tab.Window == w && r.book.SiteOf(r.targets.Document(tab).URL) == site && r.reloads(tab) {
			list = append(list, tab)
		}
	}
	return list
}

// reloads reports whether the policy is to reload a tab.
func (r *reloader) reloads(tab *targets.Tab) bool {
	return r.options.Reload == ReloadAll || r.options.Reload == ReloadCurrent && tab.ID == r.outside.Current()
}

// catchUp shows a tab anew where its document began to load before the last
// switch of its site and no later one is on its way. It was not yet there when
// the switch reloaded the tabs, or was just coming: Chrome drops a reload then
// (TestReload).
func (r *reloader) catchUp(tab *targets.Tab) {
	method := r.targets.Document(tab).Method
	if !r.overtaken(tab) || !r.reloads(tab) {
		return
	}
	if method != "" {
		r.catchUpBy(tab, method)
	} else if !r.targets.Tells(tab) { // else that is not known before it is there
		wire.Send(tab.Link, page.GetNavigationHistory, cdp.Empty{}, func(h page.GetNavigationHistoryResult, err error) {
			if r.overtaken(tab) {
				r.catchUpBy(tab, methodOf(h, err))
			}
		})
	}
}

func (r *reloader) catchUpBy(tab *targets.Tab, method string) {
	note, next := r.showAnew(tab, method)
	if next == nil {
		r.departures.remainsIn(tab)
	}
	if note == "" {
		return
	}
	r.notice("%s", note)
	r.targets.CaughtUp(tab) // told once
}

// reloadTab sends what shows a tab anew. The note says what is unusual; next, nil
// when nothing was sent, is the new document.
func (r *reloader) reloadTab(ctx context.Context, tab *targets.Tab) (note string, next *targets.Arrival) {
	method := r.targets.Document(tab).Method
	if method == "" {
		method = r.guessMethod(ctx, tab)
	}
	return r.showAnew(tab, method)
}

// showAnew is reloadTab for a document that came by the given method.
func (r *reloader) showAnew(tab *targets.Tab, method string) (note string, next *targets.Arrival) {
	d := r.targets.Document(tab)
	url, why := r.asksFor(tab, method)
	if url == "" {
		return "not reloaded: " + sessions.ShowURL(d.URL) + " " + why + "; open another page, or type: reload", nil
	}
	document := r.targets.Next(tab)
	sends := targets.Showing{At: targets.WithoutFragment(url)}
	if why != "" || method != "GET" {
		sends.URL = sends.At // with the fragment it would only scroll
	}
	userless := d.WithUser != "" && url == d.URL && r.book.HasForeignCredentials(tab.Window, d.WithUser)
	if userless {
		url = sessions.WithoutCredentials(url)
		sends.URL = targets.WithoutFragment(url)
	}
	r.targets.ShowsAnew(tab, url, sends, &document)
	switch {
	case why != "":
		r.openByGet(tab, sends.URL)
		return fmt.Sprintf("%s %s, so it was not asked for again and the tab goes to %s; to ask for it all the same: open URL", sessions.ShowURL(d.URL), why, sessions.ShowURL(url)), &document
	case method != "GET":
		r.openByGet(tab, sends.URL)
		return fmt.Sprintf("%s was the answer to a %s; it was opened with GET, so that this is not repeated", sessions.ShowURL(d.URL), method), &document
	case userless:
		r.openByGet(tab, sends.URL)
		return "", &document
	}
	r.log.Debug("reload", "url", sessions.ShowURL(d.URL))
	wire.Send(tab.Link, page.Reload, page.ReloadParams{IgnoreCache: new(true), ScriptToEvaluateOnLoad: r.wipeScript(tab)}, nil)
	return "", &document
}

func (r *reloader) renewed(ctx context.Context, tab *targets.Tab) error {
	switch vain, err := r.targets.Renewed(ctx, tab, r.reloadTimeout); {
	case err != nil:
		return fault.Errorf(fault.Reloading, "waiting for %s as the session that is forced now: %w", sessions.ShowURL(r.targets.Document(tab).URL), err)
	case vain:
		return fault.Errorf(fault.NotReloaded, "%s is still shown as the session before: its reload brought no page", sessions.ShowURL(r.targets.Document(tab).URL))
	}
	return nil
}

// openByGet shows a URL anew, as a reload that ignores the cache would (that goes around
// the service worker, too), but by GET.
func (r *reloader) openByGet(tab *targets.Tab, url string) {
	r.log.Debug("reload by GET", "url", sessions.ShowURL(url))
	r.fresh.begin(r.targets, tab)
	if !r.targets.Tells(tab) {
		EnableNetwork(tab, true)
	}
	r.cache.setCache(tab)
	wire.Send(tab.Link, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true}, nil)
	r.wipeNext(tab)
	wire.Send(tab.Link, page.Navigate, page.NavigateParams{URL: url}, nil)
}

// loaded notes the load event of a page's document, which may use the cache and its
// service worker again.
func (r *reloader) loaded(tab *targets.Tab) {
	// This comes first: who waits for the load may have the tab opened anew once more.
	uncached := r.fresh.end(tab)
	r.targets.Loads(tab)
	if uncached {
		r.wiped(tab)
		r.cache.setCache(tab)
		wire.Send(tab.Link, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{}, nil)
		if !r.targets.Tells(tab) {
			EnableNetwork(tab, false)
			r.exchanges.leave(tab, true)
		}
	}
}

// guessMethod tells how a document came that was there before us: the history
// says whether a form was submitted.
func (r *reloader) guessMethod(ctx context.Context, tab *targets.Tab) string {
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
