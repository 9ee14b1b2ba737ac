package cdp

import (
	"encoding/json"
	"net"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
)

// A tab hands window.name, history.state and the state of the Navigation API from one
// document to the next, over a reload too. A switch empties them in the documents that it
// shows anew, before their first script. They are no storage: nothing is put back.

// wipeWorld is the isolated world of the script where it is not of a reload.
const wipeWorld = "sessdriver state"

const wiping = `site => {
	const host = location.hostname.replace(/^\[|\]$|\.$/g, '');
	if (self !== top || host !== site && !host.endsWith('.' + site)) return;
	if (self.name !== '') self.name = '';
	const kept = history.state !== null || self.navigation?.currentEntry?.getState() !== undefined;
	if (kept) history.replaceState(null, '');
}`

// wipeScript is the script for a tab, "" where what pages keep is to stay.
func (b *Browser) wipeScript(tab *targets.Tab) string {
	site := b.book.SiteOf(b.targets.Document(tab).URL)
	if b.options.Storage == StorageKeep || site == "" {
		return ""
	}
	if host, _, err := net.SplitHostPort(site); err == nil {
		site = host
	}
	text, err := json.Marshal(strings.Trim(site, "[]"))
	if err != nil {
		return ""
	}
	return "(" + wiping + ")(" + string(text) + ")"
}

// fresh are the tabs that are opened anew, around the cache and the service worker, until
// they have loaded.
type fresh struct {
	mu    sync.Mutex // guards all below
	tabs  map[*targets.Tab]bool
	wipes map[*targets.Tab][]page.ScriptIdentifier // see wipeNext
}

func newFresh() fresh {
	return fresh{tabs: map[*targets.Tab]bool{}, wipes: map[*targets.Tab][]page.ScriptIdentifier{}}
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

// wipeNext wipes the next document of a tab, and those that follow until one has loaded.
func (b *Browser) wipeNext(tab *targets.Tab) {
	source := b.wipeScript(tab)
	if source == "" {
		return
	}
	params := page.AddScriptToEvaluateOnNewDocumentParams{Source: source, WorldName: wipeWorld}
	wire.Send(tab.Link, page.AddScriptToEvaluateOnNewDocument, params, func(r page.AddScriptToEvaluateOnNewDocumentResult, err error) {
		if err == nil {
			b.fresh.addWipe(b.targets, tab, r.Identifier)
		}
	})
}

// wiped takes the script back.
func (b *Browser) wiped(tab *targets.Tab) {
	for _, id := range b.fresh.takeWipes(tab) {
		wire.Send(tab.Link, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: id}, nil)
	}
}
