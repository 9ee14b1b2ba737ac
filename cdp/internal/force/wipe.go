package force

import (
	"encoding/json"
	"net"
	"strings"

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
func (r *reloader) wipeScript(tab *targets.Tab) string {
	site := r.book.SiteOf(r.targets.Document(tab).URL)
	if r.options.Storage == StorageKeep || site == "" {
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

// wipeNext wipes the next document of a tab, and those that follow until one has loaded.
func (r *reloader) wipeNext(tab *targets.Tab) {
	source := r.wipeScript(tab)
	if source == "" {
		return
	}
	params := page.AddScriptToEvaluateOnNewDocumentParams{Source: source, WorldName: wipeWorld}
	wire.Send(tab.Link, page.AddScriptToEvaluateOnNewDocument, params, func(added page.AddScriptToEvaluateOnNewDocumentResult, err error) {
		if err == nil {
			r.fresh.addWipe(r.targets, tab, added.Identifier)
		}
	})
}

// wiped takes the script back.
func (r *reloader) wiped(tab *targets.Tab) {
	for _, id := range r.fresh.takeWipes(tab) {
		wire.Send(tab.Link, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: id}, nil)
	}
}
