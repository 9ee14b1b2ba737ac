package cdp

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/domstorage"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// Stored lists the web storage that the open pages of a site have in the current tab's
// window, as the browser tells it: the pages do not notice. travels says that it goes
// and comes with the session.
func (b *Browser) Stored(ctx context.Context, site string) (list []sessions.Stored, travels bool, err error) {
	if err := b.wire.Answers(ctx); err != nil {
		return nil, false, err
	}
	w, seen := b.Window(), map[string]bool{}
	for _, tab := range b.targets.List("page", "iframe") {
		origin := targets.OriginOf(b.targets.Document(tab).URL)
		if tab.Window != w || !strings.HasPrefix(origin, "http") || b.book.SiteOf(origin) != site {
			continue
		}
		for _, where := range []string{"localStorage", "sessionStorage"} {
			local := where == "localStorage"
			if local && seen[origin] {
				continue
			}
			of := domstorage.StorageID{SecurityOrigin: origin, IsLocalStorage: local}
			r, err := wire.Call(ctx, tab.Link, domstorage.GetDOMStorageItems, domstorage.GetDOMStorageItemsParams{StorageID: &of})
			if ctx.Err() != nil {
				return nil, false, b.because(ctx.Err())
			}
			if err != nil { // the page went on, or may not use it
				b.log.Debug("reading web storage", "origin", origin, "error", err)
				continue
			}
			seen[origin] = true
			for _, item := range r.Entries {
				if len(item) == 2 {
					list = append(list, sessions.Stored{Origin: origin, Where: where, Key: item[0], Value: item[1]})
				}
			}
		}
	}
	sessions.SortStored(list)
	return list, b.options.Storage != StorageKeep, nil
}
