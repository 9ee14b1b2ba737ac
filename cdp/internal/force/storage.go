package force

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

const (
	// swapWorld is the isolated world in which our script runs, out of sight of
	// the page.
	swapWorld = "sessdriver"
	// swapBinding is by which it reports, there alone.
	swapBinding = "sessdriverSwapped"
	// swapTimeout bounds the wait for the pages to know the script.
	swapTimeout = 5 * time.Second
)

// swapSource is a function of the plans, which runs in each new document before the
// page's first script.
//
//go:embed swap.js
var swapSource string

// swapPlans are for one document: what its window and its tab are to get.
type swapPlans struct {
	Local   []swapPlan `json:"local"`
	Session []swapPlan `json:"session"`
	Max     int        `json:"max"`
}

type swapPlan struct {
	sessions.StoragePlan
	Put map[string]json.RawMessage `json:"put"`
}

// swapped is what the script reports of one origin on one shelf.
type swapped struct {
	Site    string          `json:"site"`
	Of      int64           `json:"of"`
	Session bool            `json:"session"` // sessionStorage
	Origin  string          `json:"origin"`
	Taken   json.RawMessage `json:"taken"`
	Fault   string          `json:"fault"` // why it was left as it is
}

// webStorage lets the storage of pages go and come with the sessions.
type webStorage struct {
	*core
	scripts scripts
}

// script is the script of a page or frame: what it is to be, and what it is.
type script struct {
	want, have string
	id         page.ScriptIdentifier
	busy       bool // a command for it is under way
}

// scripts are those of the pages and frames.
type scripts struct {
	mu   sync.Mutex // guards all below
	tabs map[*targets.Tab]*script
}

// want says what the script of a target is to be.
func (s *scripts) want(t *targets.Set, tab *targets.Tab, source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tabs[tab] == nil && t.Has(tab) {
		s.tabs[tab] = &script{}
	}
	if is := s.tabs[tab]; is != nil {
		is.want = source
	}
}

// next begins a step from the script that a target has to the one that it is to have. due
// is false where it has that, and while a step is under way.
func (s *scripts) next(tab *targets.Tab) (id page.ScriptIdentifier, want string, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.tabs[tab]
	if is == nil || is.busy || is.want == is.have {
		return "", "", false
	}
	is.busy = true
	return is.id, is.want, true
}

// stepped notes what a target has after a step.
func (s *scripts) stepped(tab *targets.Tab, id page.ScriptIdentifier, have string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is := s.tabs[tab]; is != nil {
		is.id, is.have, is.busy = id, have, false
	}
}

// isReady reports whether a target has the script that it is to have.
func (s *scripts) isReady(tab *targets.Tab) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.tabs[tab]
	return is == nil || is.want == is.have
}

// left forgets a target that is gone.
func (s *scripts) left(tab *targets.Tab) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tabs, tab)
}

// shelfOf is the sessionStorage of the tab that a page or frame is in.
func (ws *webStorage) shelfOf(tab *targets.Tab) sessions.Shelf {
	return sessions.Shelf(ws.targets.PageWith(tab))
}

// swapScript is the source that a target needs; "" for none.
func (ws *webStorage) swapScript(tab *targets.Tab) string {
	plans := swapPlans{
		Local:   ws.swapPlans(tab.Window, sessions.LocalStorage),
		Session: ws.swapPlans(tab.Window, ws.shelfOf(tab)),
		Max:     ws.maxStored,
	}
	if len(plans.Local)+len(plans.Session) == 0 {
		return ""
	}
	text, err := json.Marshal(plans)
	if err != nil {
		ws.log.Error("planning web storage", "error", err)
		return ""
	}
	return "(" + strings.TrimSpace(swapSource) + ")(" + string(text) + ")"
}

func (ws *webStorage) swapPlans(w sessions.Window, shelf sessions.Shelf) []swapPlan {
	list := []swapPlan{}
	for _, plan := range ws.book.PlanStorage(w, shelf) {
		put := map[string]json.RawMessage{}
		for origin, items := range plan.Put {
			if items != "" {
				put[origin] = json.RawMessage(items)
			}
		}
		list = append(list, swapPlan{plan, put})
	}
	return list
}

// beginSwaps lets a page or frame that was just attached to swap its storage from
// its first document on.
func (ws *webStorage) beginSwaps(tab *targets.Tab, opener target.ID) {
	if ws.options.Storage == StorageKeep {
		return
	}
	if opener != "" {
		ws.book.CopyStorageArea(tab.Window, sessions.Shelf(opener), sessions.Shelf(tab.ID))
	}
	ws.planSwap(tab)
}

// planSwaps tells the pages and frames of a window what is to be swapped now.
func (ws *webStorage) planSwaps(w sessions.Window) []*targets.Tab {
	if ws.options.Storage == StorageKeep {
		return nil
	}
	var list []*targets.Tab
	for _, tab := range ws.targets.List("page", "iframe") {
		if tab.Window == w {
			ws.planSwap(tab)
			list = append(list, tab)
		}
	}
	return list
}

// planSwapsOf is planSwaps for one tab and the frames in it.
func (ws *webStorage) planSwapsOf(w sessions.Window, shelf sessions.Shelf) {
	for _, tab := range ws.targets.List("page", "iframe") {
		if tab.Window == w && ws.shelfOf(tab) == shelf {
			ws.planSwap(tab)
		}
	}
}

func (ws *webStorage) planSwap(tab *targets.Tab) {
	ws.scripts.want(ws.targets, tab, ws.swapScript(tab))
	ws.stepScript(tab)
}

// stepScript brings a target's script a step nearer to what it is to be. The old one
// goes before the new one comes: both in one document would swap twice.
func (ws *webStorage) stepScript(tab *targets.Tab) {
	id, want, due := ws.scripts.next(tab)
	if !due {
		return
	}
	if id != "" {
		// The new one follows at once: no document is to be without.
		wire.Send(tab.Link, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: id}, nil)
	}
	if want == "" && ws.options.Console { // which needs Runtime
		ws.stepped(tab, "", "")
		return
	}
	if want == "" {
		wire.Send(tab.Link, runtime.Disable, cdp.Empty{}, func(cdp.Empty, error) { ws.stepped(tab, "", "") })
		return
	}
	// Only with Runtime on there is a binding. It goes with the script: what is on is
	// to be seen by a page that looks for it.
	wire.Send(tab.Link, runtime.Enable, cdp.Empty{}, nil)
	wire.Send(tab.Link, runtime.AddBinding, runtime.AddBindingParams{Name: swapBinding, ExecutionContextName: swapWorld}, nil)
	params := page.AddScriptToEvaluateOnNewDocumentParams{Source: want, WorldName: swapWorld}
	wire.Send(tab.Link, page.AddScriptToEvaluateOnNewDocument, params, func(r page.AddScriptToEvaluateOnNewDocumentResult, err error) {
		if err != nil { // it is gone, or just going
			ws.log.Debug("planning web storage", "url", sessions.ShowURL(tab.URL), "error", err)
			return
		}
		ws.stepped(tab, r.Identifier, want)
	})
}

func (ws *webStorage) stepped(tab *targets.Tab, id page.ScriptIdentifier, have string) {
	ws.scripts.stepped(tab, id, have)
	ws.targets.Wake()
	ws.stepScript(tab)
}

// swapsReady waits until pages know what to swap: the reload comes after. It returns
// what a person should know of those that do not answer.
func (ws *webStorage) swapsReady(ctx context.Context, tabs []*targets.Tab) (notes []string) {
	ctx, cancel := context.WithTimeout(ctx, swapTimeout)
	defer cancel()
	for _, tab := range tabs {
		ws.targets.WaitFor(ctx, tab, func() bool { return ws.scripts.isReady(tab) })
		if ctx.Err() != nil {
			return []string{sessions.ShowURL(ws.targets.Document(tab).URL) + " does not answer, and may still show the web storage of the session before; when it does, type: reload"}
		}
	}
	return nil
}

// swapDone books what a page's script did.
func (ws *webStorage) swapDone(tab *targets.Tab, e *runtime.EventBindingCalled) {
	if e.Name != swapBinding {
		return
	}
	var s swapped
	if err := json.Unmarshal([]byte(e.Payload), &s); err != nil {
		ws.log.Error("reading what was swapped", "error", err)
		return
	}
	shelf := sessions.LocalStorage
	if s.Session {
		shelf = ws.shelfOf(tab)
	}
	if s.Fault != "" {
		if ws.first("swap " + s.Site + " " + s.Origin) {
			ws.noticeOf(fault.NotSwapped, "%s: its web storage stays that of another session: %s", s.Origin, s.Fault)
		}
		return
	}
	taken := sessions.Items(s.Taken)
	if ws.options.Storage == StorageClear || string(taken) == "[]" {
		taken = ""
	}
	booked, kept := ws.book.StorageSwapped(tab.Window, s.Site, shelf, s.Origin, s.Of, taken)
	if !kept {
		ws.notice("%s: the web storage of the session before is lost: there is no room to keep it", s.Origin)
	}
	if booked && s.Session {
		ws.planSwapsOf(tab.Window, shelf)
	} else if booked {
		ws.planSwaps(tab.Window)
	}
}

// otherStorage does with IndexedDB and CacheStorage of a site what the policy says:
// they cannot be swapped. It returns what a person should know.
func (ws *webStorage) otherStorage(ctx context.Context, w sessions.Window, site string) []string {
	var notes []string
	if ws.options.Storage == StorageKeep {
		return nil
	}
	of := ws.targets.AnyPage(w)
	if of == nil {
		return nil
	}
	for _, origin := range ws.book.Origins(w, site) {
		if ws.options.Storage == StorageClear {
			params := storage.ClearDataForOriginParams{Origin: origin, StorageTypes: "indexeddb,cache_storage"}
			if _, err := wire.Call(ctx, of.Link, storage.ClearDataForOrigin, params); err != nil {
				notes = append(notes, fmt.Sprintf("%s: its IndexedDB and CacheStorage could not be emptied: %v", origin, err))
			}
			continue
		}
		if kinds := ws.keeps(ctx, of, origin); kinds != "" && ws.first("keeps "+origin) {
			notes = append(notes, fmt.Sprintf("%s keeps data in %s, which stays when sessions are switched; --storage clear empties it, a window of its own has none: open URL --as NAME", origin, kinds))
		}
	}
	return notes
}

// keeps names the storage that is not swapped and holds something.
func (ws *webStorage) keeps(ctx context.Context, of *targets.Tab, origin string) string {
	r, err := wire.Call(ctx, of.Link, storage.GetUsageAndQuota, storage.GetUsageAndQuotaParams{Origin: origin})
	if err != nil {
		return ""
	}
	var kinds []string
	for _, u := range r.UsageBreakdown {
		switch {
		case u.Usage == 0:
		case u.StorageType == storage.TypeIndexeddb:
			kinds = append(kinds, "IndexedDB")
		case u.StorageType == storage.TypeCacheStorage:
			kinds = append(kinds, "CacheStorage")
		}
	}
	return strings.Join(kinds, " and ")
}

// shown notes the origin of a document that a tab or a frame in it shows.
func (ws *webStorage) shown(tab *targets.Tab, f *cdp.Frame) {
	origin := f.SecurityOrigin
	if ws.options.Storage == StorageKeep || !strings.HasPrefix(origin, "http") {
		return
	}
	site := ws.book.SiteOf(origin)
	if f.ParentID != "" || cdp.FrameID(tab.ID) != f.ID {
		if top := ws.targets.Top(tab); ws.book.SiteOf(top) != site {
			origin += " in " + targets.OriginOf(top) // as swap.js has it
		}
	}
	ws.book.OriginShown(tab.Window, site, origin, ws.shelfOf(tab), ws.overtaken(tab))
}
