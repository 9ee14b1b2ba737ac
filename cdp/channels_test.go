package cdp

import (
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/cdp/leaks"
	"sessdriver/sessions"
)

type channel = leaks.Channel

// person is somebody at a browser, ours or another.
type person struct {
	t    testing.TB
	open func() wire.Link // opens a tab in a window of its own: a hidden page stops its media
	tabs []wire.Link      // for channels
}

// person is the one who uses a browser of ours.
func (r *rig) person() *person { return r.personIn(sessions.Main) }

// personIn is one who uses a window of it.
func (r *rig) personIn(w sessions.Window) *person {
	return &person{t: r.t, open: func() wire.Link {
		created, err := wire.Call(r.ctx(), r.link, target.CreateTarget, target.CreateTargetParams{URL: "about:blank", BrowserContextID: r.targets.ContextOf(w), NewWindow: new(true)})
		if err != nil {
			r.t.Fatal(err)
		}
		r.until("the new tab", func() bool {
			tab := r.targets.Page(created.TargetID)
			return tab != nil && r.targets.IsReady(tab)
		})
		return r.targets.Page(created.TargetID).Link
	}}
}

// visit loads a page in a tab and waits for it.
func (p *person) visit(tab wire.Link, url string) {
	p.t.Helper()
	if _, err := wire.Call(p.t.Context(), tab, page.Navigate, page.NavigateParams{URL: url}); err != nil {
		p.t.Fatal(err)
	}
	titleAt(p.t, tab)
}

// run runs statements in a tab, once its page has loaded.
func (p *person) run(tab wire.Link, script string) {
	p.t.Helper()
	evalAt(p.t, tab, "(async () => {"+whenLoaded+script+"; return true})()")
}

// fire makes the current tab use channels, to the hosts of a site. setter is
// the request whose response sets the cookies; "*" lets all rotate a token.
func (w *web) fire(r *rig, site, id string, list []channel, setter string, set ...string) {
	w.t.Helper()
	w.fireAt(r.person(), r.currentTab().Link, site, id, list, setter, set...)
}

func (w *web) fireAt(p *person, tab wire.Link, site, id string, list []channel, setter string, set ...string) {
	w.t.Helper()
	p.run(tab, leaks.Script(list, leaks.Bases{At: w.origin(site), API: w.origin("api." + site), Other: w.origin("other.test")}, id, setter, set))
	for _, c := range list {
		if c.Visit == nil {
			continue
		}
		tab := p.open()
		p.tabs = append(p.tabs, tab)
		p.visit(tab, c.Visit(leaks.Maker(w.origin(site), id, setter, set)))
		if c.Manifest {
			wire.Send(tab, page.GetAppManifest, page.GetAppManifestParams{}, nil)
		}
	}
}

// tidy closes the popups, frames and tabs that channels left.
func (p *person) tidy(tab wire.Link) {
	p.t.Helper()
	for _, tab := range p.tabs {
		wire.Send(tab, page.Close, cdp.Empty{}, nil)
	}
	p.tabs = nil
	p.run(tab, leaks.Tidy)
}

func where(condition func(channel) bool) []channel {
	return slices.DeleteFunc(slices.Clone(leaks.Channels), func(c channel) bool { return !condition(c) })
}
