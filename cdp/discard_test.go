package cdp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// discards is chrome://discards, by which a person discards tabs.
type discards struct {
	t    *testing.T
	page wire.Link
}

// row runs a script with the row of a host, a tr, once the page has one.
func (d discards) row(host, script string) string {
	d.t.Helper()
	return evalAt(d.t, d.page, fmt.Sprintf(`new Promise(done => {
		const search = root => [...root.querySelectorAll('*')].flatMap(e => [e, ...(e.shadowRoot ? search(e.shadowRoot) : [])]);
		const look = () => {
			const row = search(document).find(e => e.tagName == 'TR' && e.textContent.includes('Discard]') && e.textContent.includes(%q));
			const value = row && (%s);
			value ? done(value) : setTimeout(look, 100);
		};
		look();
	})`, "://"+host, script))
}

// discard puts a tab in the background away, as Chrome does when memory is short.
func (d discards) discard(host string) {
	d.t.Helper()
	d.row(host, `/discarded\s/.test(row.textContent) || [...row.querySelectorAll('*')].filter(e => e.textContent.trim() == '[Urgent Discard]' && !e.children.length).forEach(e => e.click())`)
}

// A tab that was discarded before we came is loaded as the session that is forced
// when it is looked at, or at once when a switch reloads it. While we are there none
// is discarded: Chrome spares what DevTools watches.
func TestDiscarded(t *testing.T) {
	t.Parallel()
	const host = "shop.test"
	w := newWeb(t)
	f := startForeignOf(t, chromium(t), "--ignore-certificate-errors")
	p := f.person()
	login := p.open()
	p.visit(login, w.loginPage(host, "alice"))
	wire.Send(login, page.Close, cdp.Empty{}, nil)
	open := func(url string) target.ID {
		created, err := wire.Call(t.Context(), f.link, target.CreateTarget, target.CreateTargetParams{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		return created.TargetID
	}
	find := func() target.ID { // a tab that is discarded becomes another target
		for _, line := range f.tabs() {
			if id, url, _ := strings.Cut(line, " "); strings.Contains(url, host) {
				return target.ID(id)
			}
		}
		t.Fatal("the tab is gone")
		return ""
	}
	for i, id := range []string{"looked-at", "reloaded"}[:size(1, 2)] {
		reload := []ReloadPolicy{ReloadNone, ReloadAll}[i]
		tab := open(w.origin(host) + "/hit/restored?rotate=1&type=text/html&id=" + id)
		w.arrived(id, "restored")
		front := open("chrome://discards/")
		attached, err := wire.Call(t.Context(), f.link, target.AttachToTarget, target.AttachToTargetParams{TargetID: front, Flatten: new(true)})
		if err != nil {
			t.Fatal(err)
		}
		d := discards{t, f.wire.Link(attached.SessionID)}
		d.discard(host)
		if find() == tab {
			t.Fatal("the tab was not discarded")
		}
		tab = find()

		r := f.attach(f.port, func(o *Options) { o.Reload = reload })
		for _, name := range []string{"lax", "strict", "t-*"} {
			if err := r.book.AddDefault(sessions.Default{Pattern: name, Kind: sessions.Token}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.book.Import(host, "bob", w.loginCookies(host, "bob"), time.Now()); err != nil {
			t.Fatal(err)
		}
		from := w.count()
		if s := r.use(host, "bob"); (s.Reloaded == 1) != (reload == ReloadAll) {
			t.Errorf("%s: use reloaded %d tabs", id, s.Reloaded)
		}
		if reload == ReloadNone {
			if n := w.count(); n != from {
				t.Errorf("the tab was loaded before anybody looked at it")
			}
			if _, err := wire.Call(t.Context(), f.link, target.ActivateTarget, target.ActivateTargetParams{TargetID: tab}); err != nil {
				t.Fatal(err)
			}
		}
		w.until("the tab is loaded", func() bool { return w.count() > from })
		r.session(host, "t-restored", "bob."+id)
		for _, h := range w.seenFrom(from, func(hit) bool { return true }) {
			if h.sender() != "bob" {
				t.Errorf("%s: %v", id, h)
			}
		}
		if got := evalAt(t, r.targets.Page(tab).Link, "document.wasDiscarded"); reload == ReloadNone && got != "true" {
			t.Errorf("document.wasDiscarded = %s", got)
		}
		d.row(host, `row.textContent.includes('using DevTools')`)
		for _, id := range []target.ID{front, tab} {
			if _, err := wire.Call(t.Context(), f.link, target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
				t.Error(err)
			}
		}
		r.close()
	}
}
