package cdp

import (
	"context"
	"fmt"
	"hash/fnv"
	"html"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// A sign is a tab that tells a person whose a window is. It stands first in a visible
// window, with a name and a colour. No page and no server can notice it: it has no
// opener, and its page is a data URL.

// openSign opens the sign of a window, which opens the window on the screen.
func (b *Browser) openSign(ctx context.Context, w sessions.Window) error {
	tab, err := b.newTab(ctx, target.CreateTargetParams{URL: b.signOf(w), BrowserContextID: b.targets.ContextOf(w), NewWindow: new(true)})
	if err != nil {
		return err
	}
	b.targets.SetSign(tab)
	return nil
}

// updateSign brings the sign of a window up to date.
func (b *Browser) updateSign(w sessions.Window) {
	for _, tab := range b.targets.Signs(w) {
		wire.Send(tab.Link, page.Navigate, page.NavigateParams{URL: b.signOf(w)}, nil)
	}
}

// signOf is the page of a sign: the title is what a person sees in the tab strip.
func (b *Browser) signOf(w sessions.Window) string {
	var lines []string
	names := map[string]bool{}
	for _, site := range b.book.Sites() {
		for _, a := range site.Active {
			if a.Window == w {
				lines = append(lines, site.Name+" as "+a.Session)
				names[a.Session] = true
			}
		}
	}
	title := w.String()
	if len(names) > 0 && !(len(names) == 1 && names[title]) {
		title += ": " + strings.Join(lines, ", ")
	}
	sum := fnv.New32a()
	sum.Write([]byte(w))
	colour := fmt.Sprintf("hsl(%d 80%% 40%%)", sum.Sum32()%360)
	icon := "data:image/svg+xml," + url.PathEscape(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1" fill="%s"/></svg>`, colour))
	text := fmt.Sprintf(`<!doctype html><meta charset="utf-8"><link rel="icon" href="%s"><title>%s</title><body style="margin:0;background:%s;color:white;font:2em sans-serif;padding:2em">`+
		`<h1>%[2]s</h1><p>%[4]s<p>This tab only says whose window this is. It may be closed.`,
		html.EscapeString(icon), html.EscapeString(title), colour, html.EscapeString(strings.Join(lines, ", ")))
	return "data:text/html;charset=utf-8," + url.PathEscape(text)
}
