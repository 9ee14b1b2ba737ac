package targets

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"sessdriver/sessions"
)

// renewal is what is known of a tab that a switch shows anew.
type renewal struct {
	reloading bool     // until it shows a document
	anew      *Arrival // what that brings, nil once it was waited for: see Renewed
	lost      bool     // that came to nothing, as far as the browser told
	showing   Showing  // what was sent for that
	wanting   wanting  // what was asked for and has not begun to come
}

// Showing is what was sent last to show a tab anew.
type Showing struct {
	Times    int    // that something was sent
	Switches int    // of sessions up to then; 0 until it is sent
	URL      string // that is opened, "" for a reload
	At       string // that is asked for first, without its fragment
}

// IsBegunBy reports whether a navigation may be what was sent.
func (s *Showing) IsBegunBy(e *page.EventFrameStartedNavigating) bool {
	switch e.NavigationType {
	case page.FrameStartedNavigatingNavigationTypeReloadBypassingCache: // the page's own uses the cache
		return s.URL == ""
	case page.FrameStartedNavigatingNavigationTypeDifferentDocument:
		return s.URL != "" && WithoutFragment(e.URL) == s.URL
	}
	return false
}

// wanting is a URL that a switch asks for, without the fragment, and what its answer did the
// last time.
type wanting struct {
	url    string
	before sessions.Effect
	// by is the document that begins to come for it, "" before the browser tells that one does.
	by cdp.LoaderID
}

// wantingFor is what is known of a URL that is to be asked for.
func (t *Tab) wantingFor(url string) wanting {
	a := wanting{url: WithoutFragment(url)}
	for _, v := range append(slices.Clone(t.past), Visit{Asked: t.document.Asked, Did: t.document.Did}) {
		if v.Asked == a.url {
			a.before = v.Did
		}
	}
	return a
}

// ShowsAnew notes what is about to be sent to show a tab anew: url is what that asks for,
// next what it brings.
func (t *Set) ShowsAnew(tab *Tab, url string, sends Showing, next *Arrival) {
	t.note(func() {
		tab.reloading, tab.anew, tab.lost = true, next, false
		tab.wanting = tab.wantingFor(url)
		sends.Times, sends.Switches = tab.showing.Times+1, t.switches
		tab.showing = sends
	})
}

// ToShowAnew notes that a tab is to be shown anew: nothing is sent yet.
func (t *Set) ToShowAnew(tab *Tab) { t.note(func() { tab.showing.Switches = 0 }) }

// Showing is what was sent last to show a tab anew.
func (t *Set) Showing(tab *Tab) Showing {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.showing
}

// IsShowing reports whether a switch is about to open a URL in a tab, and nobody has
// waited for that.
func (t *Set) IsShowing(tab *Tab, url string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.anew != nil && tab.showing.URL != "" && tab.showing.URL == WithoutFragment(url)
}

// IsReloading reports whether a tab is just shown anew, and shows no document since.
func (t *Set) IsReloading(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.reloading
}

// IsLost reports whether what was sent to show a tab anew came to nothing.
func (t *Set) IsLost(tab *Tab) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tab.lost
}

// BeginsAgain notes which document a switch asked for, as far as the kind of the navigation
// and its URL tell.
func (t *Set) BeginsAgain(tab *Tab, e *page.EventFrameStartedNavigating) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cdp.FrameID(tab.ID) == e.FrameID && tab.showing.IsBegunBy(e) && WithoutFragment(e.URL) == tab.wanting.url {
		tab.wanting.by = e.LoaderID
	}
}

// AskedAgain notes the document that a switch asked for as it is asked for.
func (t *Set) AskedAgain(tab *Tab, loader cdp.LoaderID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tab.wanting.url == "" || loader != tab.wanting.by {
		return
	}
	d := tab.loading[loader]
	d.Ours, d.Before = true, tab.wanting.before
	tab.loading[loader] = d
	tab.wanting = wanting{}
}

// LoadGrace is how long the load event of a page that is there is waited for: one may never
// finish.
const LoadGrace = 3 * time.Second

// Renewed waits until a tab shows what the last switch of its site shows anew there. vain
// says that this brought no page. After an error it may still come, for as long as patience
// says.
func (t *Set) Renewed(ctx context.Context, tab *Tab, patience time.Duration) (vain bool, err error) {
	for {
		t.mu.Lock()
		next := tab.anew
		t.mu.Unlock()
		if next == nil {
			return false, nil
		}
		err := next.wait(ctx, func() bool { return tab.anew != next || next.isThere() || tab.lost })
		if err == nil {
			bounded, cancel := context.WithTimeout(ctx, LoadGrace)
			next.wait(bounded, func() bool { return tab.anew != next || tab.document.Loaded || tab.lost })
			cancel()
			err = t.Settle(ctx)
		}
		if errors.Is(err, ErrClosed) || errors.Is(err, ErrCrashed) {
			err = nil // the next command says so
		}
		t.mu.Lock()
		again, vain := tab.anew != next, tab.lost && !next.isThere()
		if !again && (err == nil || time.Since(next.sent) > patience) { // else it may still come
			tab.anew = nil
		}
		t.mu.Unlock()
		if err != nil || !again {
			return vain && err == nil, err
		}
	}
}
