package cdp

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// StoragePolicy says what a switch of sessions does with the web storage of the
// site in the window.
type StoragePolicy string

const (
	StorageSwap  StoragePolicy = "swap"  // localStorage and sessionStorage go and come with the session
	StorageKeep  StoragePolicy = "keep"  // all stays as it is
	StorageClear StoragePolicy = "clear" // all is emptied, IndexedDB and CacheStorage too
)

// ParseStorage reads the name of a policy.
func ParseStorage(s string) (StoragePolicy, error) {
	switch p := StoragePolicy(s); p {
	case StorageSwap, StorageKeep, StorageClear:
		return p, nil
	}
	return "", fmt.Errorf("%q is not a storage policy; use swap, keep or clear", s)
}

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

// script is the script of a page or frame: what it is to be, and what it is.
type script struct {
	want, have string
	id         page.ScriptIdentifier
	busy       bool // a command for it is under way
}

// shelfOf is the sessionStorage of the tab that a page or frame is in.
func (t *targets) shelfOf(tab *tab) sessions.Shelf {
	if of := t.frames[cdp.FrameID(tab.id)].page; of != "" {
		return sessions.Shelf(of)
	}
	return sessions.Shelf(tab.id)
}

// swapScript is the source that a target needs; "" for none.
func (b *Browser) swapScript(tab *tab) string {
	b.targets.mu.Lock()
	shelf := b.targets.shelfOf(tab)
	b.targets.mu.Unlock()
	plans := swapPlans{
		Local:   b.swapPlans(tab.window, sessions.Local),
		Session: b.swapPlans(tab.window, shelf),
		Max:     b.maxStored,
	}
	if len(plans.Local)+len(plans.Session) == 0 {
		return ""
	}
	text, err := json.Marshal(plans)
	if err != nil {
		b.log.Error("planning web storage", "error", err)
		return ""
	}
	return "(" + strings.TrimSpace(swapSource) + ")(" + string(text) + ")"
}

func (b *Browser) swapPlans(w sessions.Window, shelf sessions.Shelf) []swapPlan {
	list := []swapPlan{}
	for _, plan := range b.book.PlanStorage(w, shelf) {
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
func (b *Browser) beginSwaps(tab *tab, opener target.ID) {
	if b.options.Storage == StorageKeep {
		return
	}
	if opener != "" {
		b.book.CopyShelf(tab.window, sessions.Shelf(opener), sessions.Shelf(tab.id))
	}
	b.planSwap(tab)
}

// planSwaps tells the pages and frames of a window what is to be swapped now.
func (b *Browser) planSwaps(w sessions.Window) []*tab {
	if b.options.Storage == StorageKeep {
		return nil
	}
	var list []*tab
	for _, tab := range b.targets.list("page", "iframe") {
		if tab.window == w {
			b.planSwap(tab)
			list = append(list, tab)
		}
	}
	return list
}

// planSwapsOf is planSwaps for one tab and the frames in it.
func (b *Browser) planSwapsOf(w sessions.Window, shelf sessions.Shelf) {
	for _, tab := range b.targets.list("page", "iframe") {
		b.targets.mu.Lock()
		of := b.targets.shelfOf(tab)
		b.targets.mu.Unlock()
		if tab.window == w && of == shelf {
			b.planSwap(tab)
		}
	}
}

func (b *Browser) planSwap(tab *tab) {
	source := b.swapScript(tab)
	b.targets.update(func() { tab.script.want = source })
	b.stepScript(tab)
}

// stepScript brings a target's script a step nearer to what it is to be. The old one
// goes before the new one comes: both in one document would swap twice.
func (b *Browser) stepScript(tab *tab) {
	b.targets.mu.Lock()
	s := &tab.script
	if s.busy || s.want == s.have {
		b.targets.mu.Unlock()
		return
	}
	s.busy = true
	id, want := s.id, s.want
	b.targets.mu.Unlock()
	if id != "" {
		// The new one follows at once: no document is to be without.
		wire.Send(tab.link, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: id}, nil)
	}
	if want == "" && b.options.Console { // which needs Runtime
		b.stepped(tab, "", "")
		return
	}
	if want == "" {
		wire.Send(tab.link, runtime.Disable, cdp.Empty{}, func(cdp.Empty, error) { b.stepped(tab, "", "") })
		return
	}
	// Only with Runtime on there is a binding. It goes with the script: what is on is
	// to be seen by a page that looks for it.
	wire.Send(tab.link, runtime.Enable, cdp.Empty{}, nil)
	wire.Send(tab.link, runtime.AddBinding, runtime.AddBindingParams{Name: swapBinding, ExecutionContextName: swapWorld}, nil)
	params := page.AddScriptToEvaluateOnNewDocumentParams{Source: want, WorldName: swapWorld}
	wire.Send(tab.link, page.AddScriptToEvaluateOnNewDocument, params, func(r page.AddScriptToEvaluateOnNewDocumentResult, err error) {
		if err != nil { // it is gone, or just going
			b.log.Debug("planning web storage", "url", sessions.ShowURL(tab.url), "error", err)
			return
		}
		b.stepped(tab, r.Identifier, want)
	})
}

func (b *Browser) stepped(tab *tab, id page.ScriptIdentifier, have string) {
	b.targets.update(func() { tab.script = script{want: tab.script.want, have: have, id: id} })
	b.stepScript(tab)
}

// swapsReady waits until pages know what to swap: the reload comes after. It returns
// what a person should know of those that do not answer.
func (b *Browser) swapsReady(ctx context.Context, tabs []*tab) (notes []string) {
	ctx, cancel := context.WithTimeout(ctx, swapTimeout)
	defer cancel()
	for _, tab := range tabs {
		b.waitTab(ctx, tab, func() bool { return tab.script.want == tab.script.have })
		if ctx.Err() != nil {
			return []string{sessions.ShowURL(b.targets.documentOf(tab).url) + " does not answer, and may still show the web storage of the session before; when it does, type: reload"}
		}
	}
	return nil
}

// swapDone books what a page's script did.
func (b *Browser) swapDone(tab *tab, e *runtime.EventBindingCalled) {
	if e.Name != swapBinding {
		return
	}
	var s swapped
	if err := json.Unmarshal([]byte(e.Payload), &s); err != nil {
		b.log.Error("reading what was swapped", "error", err)
		return
	}
	shelf := sessions.Local
	if s.Session {
		b.targets.mu.Lock()
		shelf = b.targets.shelfOf(tab)
		b.targets.mu.Unlock()
	}
	if s.Fault != "" {
		b.tellOnce("swap "+s.Site+" "+s.Origin, "%s: its web storage stays that of another session: %s; use --storage clear, or another window: open URL --as NAME", s.Origin, s.Fault)
		return
	}
	taken := sessions.Items(s.Taken)
	if b.options.Storage == StorageClear || string(taken) == "[]" {
		taken = ""
	}
	booked, kept := b.book.StorageSwapped(tab.window, s.Site, shelf, s.Origin, s.Of, taken)
	if !kept {
		b.notice("%s: the web storage of the session before is lost: there is no room to keep it", s.Origin)
	}
	if booked && s.Session {
		b.planSwapsOf(tab.window, shelf)
	} else if booked {
		b.planSwaps(tab.window)
	}
}

// otherStorage does with IndexedDB and CacheStorage of a site what the policy says:
// they cannot be swapped. It returns what a person should know.
func (b *Browser) otherStorage(ctx context.Context, w sessions.Window, site string) []string {
	var notes []string
	if b.options.Storage == StorageKeep {
		return nil
	}
	of := b.targets.anyPage(w)
	if of == nil {
		return nil
	}
	for _, origin := range b.book.Origins(w, site) {
		if b.options.Storage == StorageClear {
			params := storage.ClearDataForOriginParams{Origin: origin, StorageTypes: "indexeddb,cache_storage"}
			if _, err := wire.Call(ctx, of.link, storage.ClearDataForOrigin, params); err != nil {
				notes = append(notes, fmt.Sprintf("%s: its IndexedDB and CacheStorage could not be emptied: %v", origin, err))
			}
			continue
		}
		if kinds := b.keeps(ctx, of, origin); kinds != "" && b.first("keeps "+origin) {
			notes = append(notes, fmt.Sprintf("%s keeps data in %s, which stays when sessions are switched; --storage clear empties it, a window of its own has none: open URL --as NAME", origin, kinds))
		}
	}
	return notes
}

// keeps names the storage that is not swapped and holds something.
func (b *Browser) keeps(ctx context.Context, of *tab, origin string) string {
	r, err := wire.Call(ctx, of.link, storage.GetUsageAndQuota, storage.GetUsageAndQuotaParams{Origin: origin})
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
func (b *Browser) shown(tab *tab, f *cdp.Frame) {
	origin := f.SecurityOrigin
	if b.options.Storage == StorageKeep || !strings.HasPrefix(origin, "http") {
		return
	}
	site := b.book.SiteOf(origin)
	b.targets.mu.Lock()
	shelf, top := b.targets.shelfOf(tab), b.targets.topOf(tab)
	b.targets.mu.Unlock()
	if f.ParentID != "" || cdp.FrameID(tab.id) != f.ID {
		if b.book.SiteOf(top) != site {
			origin += " in " + originOf(top) // as swap.js has it
		}
	}
	b.book.SawOrigin(tab.window, site, origin, shelf, b.overtaken(tab))
}

// topOf is the URL of the page that a frame is in.
func (t *targets) topOf(tab *tab) string {
	id := t.frames[cdp.FrameID(tab.id)].page
	for _, candidate := range t.order {
		if candidate.id == id && candidate.kind == "page" {
			return candidate.document.url
		}
	}
	return tab.document.url
}

// originOf is the origin of a URL.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (t *targets) anyPage(w sessions.Window) *tab {
	for _, tab := range t.list("page") {
		if tab.window == w {
			return tab
		}
	}
	return nil
}
