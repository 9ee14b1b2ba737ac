package force

import (
	"regexp"
	"slices"
	"strings"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// A switch asks for the document of a tab once more, as another session. What a URL did
// when it was asked for says whether that is safe: a magic link, the callback of a login or
// a logout would change who that session is.

// within notes the document that a request asks for, or loads something for.
func (x *exchanges) within(ex *exchange, t *targets.Tab, e *wire.RequestWillBeSent) {
	if ex.shown != "" {
		return // a redirect
	}
	part := x.targets.PartOf(t, e)
	if part.Page == nil {
		return
	}
	ex.page, ex.shown, ex.shows = part.Page, part.Loader, part.Shows
	if part.Shows {
		ex.ours, ex.before = part.Ours, part.Before
	} else {
		ex.part = part.Ours
	}
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
		if ex.shows && targets.WithoutFragment(h.url) == targets.WithoutFragment(ex.urls[i].url) {
			did = max(did, h.did)
		}
	}
	x.targets.DidFor(ex.page, ex.shown, did)
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
	book := x.book
	return book.SiteOf(e.Headers.Get("referer")) != book.SiteOf(url)
}

// logout is what a URL looks like that ends a session when it is asked for
// (RULES 38).
var logout = regexp.MustCompile(`(?i)(log|sign)[-_]?(out|off)`)

// asksFor is the URL that shows a tab anew as the session that is forced now, by GET where
// its document came otherwise: its own, else that of the last document of the site, in this
// tab, that is safe to ask for, else the root of its origin, "" for none. why says what is
// wrong with its own.
func (r *reloader) asksFor(tab *targets.Tab, method string) (url, why string) {
	d, past := r.targets.History(tab)
	shown := append(past, targets.Visit{URL: d.URL, Asked: d.Asked, Method: method, Did: d.Did})
	if why = r.unsafe(tab.Window, d.URL, shown); why == "" {
		return d.URL, ""
	}
	site := r.book.SiteOf(d.URL)
	for _, v := range slices.Backward(past) {
		if v.Method == "GET" && v.Did.Safe() && r.book.SiteOf(v.URL) == site && r.unsafe(tab.Window, v.URL, shown) == "" {
			return v.URL, why
		}
	}
	if root := rootOf(d.URL); r.unsafe(tab.Window, root, shown) == "" {
		return root, why
	}
	return "", why
}

// unsafe says why a URL is not to be asked for, "" where it may be.
func (r *reloader) unsafe(w sessions.Window, url string, shown []targets.Visit) string {
	switch {
	case logout.MatchString(path(url)):
		return "looks like a logout"
	case sessions.HasFragmentToken(url):
		return "hands over a token"
	case r.book.HasForeignToken(w, url):
		return "has a token of another session in it"
	}
	brought, safe := sessions.NoEffect, rootOf(url) == targets.WithoutFragment(url)
	for _, v := range shown {
		switch {
		case v.Asked != targets.WithoutFragment(url) || v.Method != "GET":
		case v.Did == sessions.Deleted && safe: // it asked for a login, since the session had ended
		case v.Did == sessions.Deleted:
			return "ended a session"
		case v.Did == sessions.Started, v.Did == sessions.Changed, v.Did == sessions.Filled: // where there is a token it may do nothing
			brought = max(brought, v.Did)
		case !v.Did.Safe():
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
