package cdp

import (
	"regexp"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// A switch asks for the document of a tab once more, as another session. What a URL did
// when it was asked for says whether that is safe: a magic link, the callback of a login or
// a logout would change who that session is.

// maxPast bounds the documents of a tab that are remembered.
const maxPast = 50

// visit is a document that a tab showed.
type visit struct {
	url, asked string // see document
	loader     cdp.LoaderID
	method     string
	did        sessions.Effect
}

// remember keeps what the tab shows among the documents before. The caller holds the
// targets' lock.
func (t *tab) remember() {
	d := t.document
	if !strings.HasPrefix(d.url, "http") || len(d.url) > maxAddress {
		return
	}
	if len(t.past) >= maxPast {
		t.past = slices.Delete(t.past, 0, 1)
	}
	t.past = append(t.past, visit{d.url, d.asked, d.loader, d.method, d.did})
}

// wanting is a URL that a switch asks for, without the fragment, and what its answer did the
// last time.
type wanting struct {
	url    string
	before sessions.Effect
	// by is the document that begins to come for it, "" before the browser tells that one does.
	by cdp.LoaderID
}

// wantingFor is what is known of a URL that is to be asked for. The caller holds the
// targets' lock.
func (t *tab) wantingFor(url string) wanting {
	a := wanting{url: withoutFragment(url)}
	for _, v := range append(slices.Clone(t.past), visit{asked: t.document.asked, did: t.document.did}) {
		if v.asked == a.url {
			a.before = v.did
		}
	}
	return a
}

// beginsAgain notes which document a switch asked for, as far as the kind of the navigation
// and its URL tell.
func (t *targets) beginsAgain(tab *tab, e *page.EventFrameStartedNavigating) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cdp.FrameID(tab.id) == e.FrameID && tab.showing.isBegunBy(e) && withoutFragment(e.URL) == tab.wanting.url {
		tab.wanting.by = e.LoaderID
	}
}

// isBegunBy reports whether a navigation may be what was sent.
func (s *showing) isBegunBy(e *page.EventFrameStartedNavigating) bool {
	switch e.NavigationType {
	case page.FrameStartedNavigatingNavigationTypeReloadBypassingCache: // the page's own uses the cache
		return s.url == ""
	case page.FrameStartedNavigatingNavigationTypeDifferentDocument:
		return s.url != "" && withoutFragment(e.URL) == s.url
	}
	return false
}

// askedAgain notes the document that a switch asked for as it is asked for.
func (t *targets) askedAgain(tab *tab, loader cdp.LoaderID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tab.wanting.url == "" || loader != tab.wanting.by {
		return
	}
	d := tab.loading[loader]
	d.ours, d.before = true, tab.wanting.before
	tab.loading[loader] = d
	tab.wanting = wanting{}
}

// within notes the document that a request asks for, or loads something for.
func (x *exchanges) within(ex *exchange, t *tab, e *wire.RequestWillBeSent) {
	if ex.shown != "" {
		return // a redirect
	}
	targets := x.browser.targets
	targets.mu.Lock()
	defer targets.mu.Unlock()
	if e.Type == network.ResourceTypeDocument && cdp.FrameID(t.id) == e.FrameID && t.kind == "page" {
		d := t.loading[e.LoaderID]
		ex.page, ex.shown, ex.shows, ex.ours, ex.before = t, e.LoaderID, true, d.ours, d.before
	} else if page := targets.pageWith(t); page != nil && !page.document.loaded {
		ex.page, ex.shown, ex.part = page, page.document.loader, page.document.ours
	}
}

// pageWith is the page that a target is part of, nil where that is not known. The caller
// holds the lock.
func (t *targets) pageWith(tab *tab) *tab {
	if tab.kind == "page" {
		return tab
	}
	id := t.frames[cdp.FrameID(tab.id)].page
	for _, candidate := range t.order {
		if candidate.id == id && candidate.kind == "page" {
			return candidate
		}
	}
	return nil
}

// tellDocument notes what a hop did on the document that it is part of. Of those that led
// to a document only that counts which has its URL: the others are not asked for when it
// is shown anew.
func (x *exchanges) tellDocument(ex *exchange, i int, redirected bool) {
	did := ex.urls[i].did
	if ex.page == nil || ex.shows && redirected {
		return
	}
	for _, h := range ex.urls[:i] {
		if ex.shows && withoutFragment(h.url) == withoutFragment(ex.urls[i].url) {
			did = max(did, h.did)
		}
	}
	x.browser.targets.didFor(ex.page, ex.shown, did)
}

// didFor notes what an answer did that is part of a document.
func (t *targets) didFor(page *tab, loader cdp.LoaderID, did sessions.Effect) {
	if did == sessions.NoEffect {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if coming, ok := page.loading[loader]; ok {
		coming.did = max(coming.did, did)
		page.loading[loader] = coming
		return
	}
	if page.document.loader == loader {
		page.document.did = max(page.document.did, did)
	}
	for i := range page.past {
		if page.past[i].loader == loader {
			page.past[i].did = max(page.past[i].did, did)
		}
	}
}

// fromOutside reports that no page of its site led to a document, as far as the headers
// of the request tell.
func (x *exchanges) fromOutside(url string, e *wire.RequestExtraInfo) bool {
	switch e.Headers.Get("sec-fetch-site") {
	case "same-origin", "same-site":
		return false
	case "none", "cross-site":
		return true
	}
	book := x.browser.book
	return book.SiteOf(e.Headers.Get("referer")) != book.SiteOf(url)
}

// logout is what a URL looks like that ends a session when it is asked for
// (RULES 38).
var logout = regexp.MustCompile(`(?i)(log|sign)[-_]?(out|off)`)

// asksFor is the URL that shows a tab anew as the session that is forced now, by GET where
// its document came otherwise: its own, else that of the last document of the site, in this
// tab, that is safe to ask for, else the root of its origin, "" for none. why says what is
// wrong with its own.
func (b *Browser) asksFor(tab *tab, method string) (url, why string) {
	b.targets.mu.Lock()
	d, past := tab.document, slices.Clone(tab.past)
	b.targets.mu.Unlock()
	shown := append(past, visit{d.url, d.asked, d.loader, method, d.did})
	if why = b.unsafe(tab.window, d.url, shown); why == "" {
		return d.url, ""
	}
	site := b.book.SiteOf(d.url)
	for _, v := range slices.Backward(past) {
		if v.method == "GET" && v.did.Safe() && b.book.SiteOf(v.url) == site && b.unsafe(tab.window, v.url, shown) == "" {
			return v.url, why
		}
	}
	if root := rootOf(d.url); b.unsafe(tab.window, root, shown) == "" {
		return root, why
	}
	return "", why
}

// unsafe says why a URL is not to be asked for, "" where it may be.
func (b *Browser) unsafe(w sessions.Window, url string, shown []visit) string {
	switch {
	case logout.MatchString(path(url)):
		return "looks like a logout"
	case sessions.GivesToken(url):
		return "hands over a token"
	case b.book.ShowsAnother(w, url):
		return "has a token of another session in it"
	}
	brought, safe := sessions.NoEffect, rootOf(url) == withoutFragment(url)
	for _, v := range shown {
		switch {
		case v.asked != withoutFragment(url) || v.method != "GET":
		case v.did == sessions.TookAway && safe: // it asked for a login, since the session had ended
		case v.did == sessions.TookAway:
			return "ended a session"
		case v.did == sessions.Started, v.did == sessions.Changed, v.did == sessions.Filled: // where there is a token it may do nothing
			brought = max(brought, v.did)
		case !v.did.Safe():
			return "brought a login"
		default:
			safe = true
		}
	}
	switch {
	case safe:
		return ""
	case brought == sessions.Started: // a link that logs in whoever follows it does just that
		return "started a session"
	case brought == sessions.Changed:
		return "changed the session"
	case brought == sessions.Filled:
		return "brought a login"
	}
	return ""
}

// rootOf is the root of a URL's origin.
func rootOf(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	return scheme + "://" + rest[:len(rest)-len(path(url))] + "/"
}
