package force

import (
	"sync"

	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/targets"
)

// fresh are the tabs that are opened anew, around the cache and the service worker, until
// they have loaded.
type fresh struct {
	mu    sync.Mutex // guards all below
	tabs  map[*targets.Tab]bool
	wipes map[*targets.Tab][]page.ScriptIdentifier // see wipeNext
}

func newFresh() *fresh {
	return &fresh{tabs: map[*targets.Tab]bool{}, wipes: map[*targets.Tab][]page.ScriptIdentifier{}}
}

func (f *fresh) isComing(tab *targets.Tab) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tabs[tab]
}

// begin notes that a tab is opened anew.
func (f *fresh) begin(t *targets.Set, tab *targets.Tab) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.Has(tab) {
		f.tabs[tab] = true
	}
}

// end reports whether a tab was.
func (f *fresh) end(tab *targets.Tab) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.tabs[tab]
	delete(f.tabs, tab)
	return was
}

// addWipe notes a script that wipes the documents of a tab.
func (f *fresh) addWipe(t *targets.Set, tab *targets.Tab, id page.ScriptIdentifier) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.Has(tab) {
		f.wipes[tab] = append(f.wipes[tab], id)
	}
}

// takeWipes gives those scripts, which are to be taken back.
func (f *fresh) takeWipes(tab *targets.Tab) []page.ScriptIdentifier {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := f.wipes[tab]
	delete(f.wipes, tab)
	return ids
}

// left forgets a tab that is gone.
func (f *fresh) left(tab *targets.Tab) {
	f.end(tab)
	f.takeWipes(tab)
}
