package targets

import (
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

const (
	// maxLoading bounds the navigations of a tab that never end in a document.
	maxLoading = 100
	// maxPast bounds the documents of a tab that are remembered.
	maxPast = 50
	// maxAddress bounds the URL of one, which a hostile page may make long.
	maxAddress = 4096
)

// Document is what a tab shows now.
func (t *Set) Document(tab *Tab) Document {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.document
}

// Coming is a document that is on its way to a tab; ok is false where it is not.
func (t *Set) Coming(tab *Tab, loader cdp.LoaderID) (coming Load, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	coming, ok = tab.loading[loader]
	return coming, ok
}

// IsComing reports whether any document is on its way to a tab.
func (t *Set) IsComing(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(tab.loading) > 0
}

// HasAnswer reports whether a document of a tab is just coming: it has been answered, or it
// is there and has not loaded.
func (t *Set) HasAnswer(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, coming := range tab.loading {
		if coming.Response != nil {
			return true
		}
	}
	return tab.document.Loader != "" && !tab.document.Loaded
}

// Begin notes a document that is on its way, or its redirect. The method is "" where the
// browser does not tell, and withUser its URL where that has credentials.
func (t *Set) Begin(tab *Tab, loader cdp.LoaderID, method, withUser string) {
	t.note(func() {
		if len(tab.loading) >= maxLoading {
			clear(tab.loading)
		}
		d, redirected := tab.loading[loader]
		if !redirected {
			d.switches = t.switches
		}
		if method != "" {
			d.Method = method
		}
		d.WithUser = withUser
		tab.loading[loader] = d
		tab.lost = false
	})
}

// ComesBy notes the method of what is on its way, where only the pause tells: without
// Network that has no id of the document.
func (t *Set) ComesBy(tab *Tab, method string) {
	t.note(func() {
		for loader, coming := range tab.loading {
			coming.Method = method
			tab.loading[loader] = coming
		}
	})
}

// Failed notes a request that came to nothing: a document's has the loader's id.
func (t *Set) Failed(id target.SessionID, request network.RequestID) {
	tab := t.Tab(id)
	if tab == nil {
		return
	}
	if _, coming := t.Coming(tab, cdp.LoaderID(request)); !coming {
		return
	}
	t.note(func() {
		delete(tab.loading, cdp.LoaderID(request))
		if next := tab.anew; next != nil {
			_, before := next.old[cdp.LoaderID(request)]
			tab.lost = !before && !next.comes()
		}
	})
}

// Responded notes how a document was answered: its request has the loader's id.
func (t *Set) Responded(tab *Tab, e *wire.ResponseReceived) {
	if tab == nil {
		return
	}
	loader := cdp.LoaderID(e.RequestID)
	t.mu.Lock()
	defer t.mu.Unlock()
	if coming, ok := tab.loading[loader]; ok {
		coming.Response = e.Response
		tab.loading[loader] = coming
	} else if tab.document.Loader == loader {
		tab.document.Response = e.Response
	}
}

// Shows notes that a tab shows another document.
func (t *Set) Shows(tab *Tab, f *cdp.Frame) {
	t.note(func() {
		begun, seen := tab.loading[f.LoaderID]
		if !seen {
			begun.switches = t.switches
		}
		if begun.switches >= tab.showing.Switches {
			tab.wanting = wanting{} // what was asked for then does not come any more, if this is not it
		}
		tab.remember()
		tab.document = Document{URL: f.URL + f.URLFragment, Asked: f.URL, Loader: f.LoaderID, Load: begun}
		tab.reloading, tab.crashed = false, false
		delete(tab.loading, f.LoaderID)
	})
}

// Found notes the document of a tab that nothing was told of: it was there before us.
func (t *Set) Found(tab *Tab, f *cdp.Frame) {
	t.note(func() {
		if tab.document.URL == "" {
			tab.document = Document{URL: f.URL + f.URLFragment, Asked: f.URL, Loader: f.LoaderID}
		}
	})
}

// Loads notes the load event of a tab's document.
func (t *Set) Loads(tab *Tab) { t.note(func() { tab.document.Loaded = true }) }

// Rests notes that the top frame of a tab has stopped loading, where that is all that tells
// that nothing is on its way any more.
func (t *Set) Rests(tab *Tab) {
	t.note(func() {
		if tab.document.rested || tab.document.Loader == "" {
			clear(tab.loading)
		}
		tab.document.rested = true
	})
}

// Moves notes that a tab is at another place of its document.
func (t *Set) Moves(tab *Tab, url string) {
	t.note(func() {
		tab.document.URL = url
		tab.moves++
	})
}

// Crashes notes that the page of a tab has crashed.
func (t *Set) Crashes(tab *Tab) {
	t.note(func() {
		tab.crashes++
		tab.crashed = true
		clear(tab.loading)
	})
}

// IsCrashed reports whether it has, and shows nothing yet: it would never answer.
func (t *Set) IsCrashed(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.crashed
}

// Visit is a document that a tab showed.
type Visit struct {
	URL, Asked string // see Document
	Method     string
	Did        sessions.Effect
	loader     cdp.LoaderID
}

// remember keeps what the tab shows among the documents before.
func (t *Tab) remember() {
	d := t.document
	if !strings.HasPrefix(d.URL, "http") || len(d.URL) > maxAddress {
		return
	}
	if len(t.past) >= maxPast {
		t.past = slices.Delete(t.past, 0, 1)
	}
	t.past = append(t.past, Visit{d.URL, d.Asked, d.Method, d.Did, d.Loader})
}

// History is the document of a tab and those before it, oldest first, as far as they are
// remembered.
func (t *Set) History(tab *Tab) (Document, []Visit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.document, slices.Clone(tab.past)
}

// DidFor notes what an answer did that is part of a document.
func (t *Set) DidFor(page *Tab, loader cdp.LoaderID, did sessions.Effect) {
	if did == sessions.NoEffect {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if coming, ok := page.loading[loader]; ok {
		coming.Did = max(coming.Did, did)
		page.loading[loader] = coming
		return
	}
	if page.document.Loader == loader {
		page.document.Did = max(page.document.Did, did)
	}
	for i := range page.past {
		if page.past[i].loader == loader {
			page.past[i].Did = max(page.past[i].Did, did)
		}
	}
}

// Part says which document a request is part of.
type Part struct {
	Page   *Tab // that shows it; nil where it is part of none
	Loader cdp.LoaderID
	Shows  bool // it asks for the document, and loads nothing for it
	// Ours and Before are of the document: see Load.
	Ours   bool
	Before sessions.Effect
}

// PartOf finds the document that a request of a target asks for, or loads something for.
func (t *Set) PartOf(tab *Tab, e *wire.RequestWillBeSent) Part {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Type == network.ResourceTypeDocument && cdp.FrameID(tab.ID) == e.FrameID && tab.Kind == "page" {
		d := tab.loading[e.LoaderID]
		return Part{tab, e.LoaderID, true, d.Ours, d.Before}
	}
	if page := t.pageWith(tab); page != nil && !page.document.Loaded {
		return Part{page, page.document.Loader, false, page.document.Ours, page.document.Before}
	}
	return Part{}
}

// Replaced is what departs with the document that a tab showed before: the frames below it,
// and the pages that it opened and that show nothing of their own yet. switches are those
// that were made when the document that is there now began to come.
func (t *Set) Replaced(tab *Tab) (switches int, loader cdp.LoaderID, below map[cdp.FrameID]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	below = map[cdp.FrameID]bool{}
	for id, f := range t.frames {
		if f.page == tab.ID && id != cdp.FrameID(tab.ID) {
			below[id] = true
		}
	}
	for _, opened := range t.order {
		if opened.opener == tab.ID && opened.isEmpty() {
			below[cdp.FrameID(opened.ID)] = true
		}
	}
	return tab.document.switches, tab.document.Loader, below
}

// AnyLoading reports whether a page that is meant has not loaded yet.
func (t *Set) AnyLoading(meant func(*Tab, Document) bool) bool {
	return slices.ContainsFunc(t.List("page"), func(tab *Tab) bool {
		d := t.Document(tab)
		return d.Loader != "" && !d.Loaded && meant(tab, d)
	})
}
