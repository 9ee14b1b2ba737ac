package cdp

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// window opens a window that holds a session of a site, "" for none.
func (r *rig) window(w sessions.Window, site, name, url string) {
	r.t.Helper()
	var ref sessions.Ref
	if name != "" {
		var err error
		if ref, err = r.book.Find(sessions.Query{Text: name, Site: site}); err != nil {
			r.t.Fatal(err)
		}
	}
	if _, err := r.OpenWindow(r.ctx(), w, ref, url); err != nil {
		r.t.Fatal(err)
	}
	if got := r.Window(); got != w {
		r.t.Fatalf("the current window is %q, want %q", got, w)
	}
}

func (r *rig) goTo(w sessions.Window) {
	r.t.Helper()
	if err := r.SelectWindow(r.ctx(), w); err != nil {
		r.t.Fatal(err)
	}
}

// TestWindows has several sessions of a site side by side.
func TestWindows(t *testing.T) {
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	r.open(w.page("shop.test"))
	owner := func(when, want string) {
		t.Helper()
		id := strconv.FormatInt(requests.Add(1), 10)
		run(r, fmt.Sprintf("await fetch('/hit/who?id=%s')", id))
		h := w.arrived(id, "who")["who"]
		if got, _, _ := strings.Cut(h.value("sid"), "-"); got != want {
			t.Fatalf("%s: %v, want it to be of %q", when, h, want)
		}
	}
	owner("main", "alice")

	r.window("bob", "shop.test", "bob", w.page("shop.test"))
	owner("its first page", "bob")
	for _, h := range w.seen(func(h hit) bool { return h.name == "/page" })[1:] {
		h.is(t, "bob") // the first request of the window was bob's already
	}
	// What is opened from it stays in it.
	run(r, fmt.Sprintf(`
		open(%q, '_blank', 'popup');
		new Worker(URL.createObjectURL(new Blob(['fetch(%[2]q)'])));
		new SharedWorker('/hit/script?type=text/javascript&body=' + encodeURIComponent('fetch(%[2]q)'));
	`, w.origin("shop.test")+"/hit/popup?id=popup", w.origin("shop.test")+"/hit/worker?id=popup"))
	for _, h := range w.arrived("popup", "popup", "worker") {
		h.is(t, "bob")
	}
	r.until("the popup", func() bool { return len(r.Tabs()) >= 3 })
	if list := r.Windows(); len(list) != 2 || list[1].Window != "bob" || list[1].Tabs != 2 || !list[1].Own {
		t.Errorf("the windows are %+v, want bob's with two tabs", list)
	}

	// What is forced is forced in its window alone.
	r.goTo(sessions.Main)
	owner("main, beside bob's window", "alice")
	r.goTo("bob")
	r.use("shop.test", "alice")
	owner("alice in bob's window", "alice")
	if _, err := r.Unset(r.ctx(), "shop.test", true); err != nil {
		t.Fatal(err)
	}
	owner("nobody in bob's window", "")
	r.use("shop.test", "bob")
	owner("bob in bob's window again", "bob")

	// A rotation goes into every jar where the session is active.
	r.window("second", "shop.test", "bob", w.page("shop.test"))
	run(r, "await fetch('/hit/rotate?set=' + encodeURIComponent('sid=bob-new; Path=/; Domain=shop.test; Secure; SameSite=None'))")
	r.goTo("bob")
	r.until("the rotation in the other window's jar", func() bool {
		return strings.Contains(eval[string](r, "document.cookie"), "sid=bob-new")
	})
	r.goTo(sessions.Main)
	owner("main after the rotation", "alice")

	// A login in a window without a session joins the list.
	r.window("fresh", "", "", w.page("shop.test"))
	owner("a window without a session", "")
	w.logIn(r, "shop.test", "carol")
	if r.Window() != "fresh" {
		t.Errorf("the login was in %q", r.Window())
	}
	r.use("shop.test", "carol")
	owner("carol", "carol")

	// A window ends by command, and by hand when its last tab is closed.
	contexts := func() int {
		t.Helper()
		c, err := wire.Call(t.Context(), r.link, target.GetBrowserContexts, cdp.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		return len(c.BrowserContextIDs) - 1 // without the main window's
	}
	if got := contexts(); got != 3 {
		t.Errorf("there are %d contexts, want 3", got)
	}
	if err := r.CloseWindow(r.ctx(), "fresh"); err != nil {
		t.Fatal(err)
	}
	if r.Window() != sessions.Main {
		t.Errorf("after closing it the window is %q", r.Window())
	}
	for _, tab := range r.targets.List("page") {
		if tab.Window == "second" {
			wire.Send(tab.Link, page.Close, cdp.Empty{}, nil)
		}
	}
	r.until("the end of a window whose tab was closed", func() bool { return len(r.Windows()) == 2 })
	r.until("a notice of it", func() bool { return r.noticed(`window "second" is closed`) })
	if got := contexts(); got != 1 {
		t.Errorf("there are %d contexts, want 1", got)
	}
	if s := r.session("shop.test", "sid", "carol-sid"); s.Name != "carol" || len(s.Active) != 0 {
		t.Errorf("carol is %+v", s)
	}
	owner("main at the end", "alice")
	for i, tab := range r.Tabs() {
		if tab.Number != i+1 || tab.Current != (tab.Window == sessions.Main) {
			t.Errorf("tab %+v", tab)
		}
		if tab.Window == "bob" {
			if err := r.SelectTab(r.ctx(), tab.Number); err != nil {
				t.Error(err)
			}
		}
	}
	owner("the tab that was selected", "bob")
}

func TestBadWindows(t *testing.T) {
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	ref := r.session("shop.test", "sid", "bob-sid").Ref()
	r.open(w.page("shop.test"))
	r.window("taken", "shop.test", "bob", w.page("shop.test"))
	r.goTo(sessions.Main)
	windows := len(r.Windows())

	var taken *sessions.WindowTakenError
	for _, name := range []sessions.Window{"taken", sessions.Main} {
		if _, err := r.OpenWindow(r.ctx(), name, ref, w.page("shop.test")); !errors.As(err, &taken) {
			t.Errorf("%v: %v", name, err)
		}
	}
	for _, url := range []string{"https://shop.test:1/", "https://nowhere.invalid/"} {
		if _, err := r.OpenWindow(r.ctx(), "new", ref, url); err == nil || !strings.Contains(err.Error(), `"new"`) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := r.OpenWindow(r.ctx(), "new", sessions.Ref{Site: "shop.test", Number: 99}, w.page("shop.test")); err == nil {
		t.Error("a window of a session that is not there")
	}
	var none *sessions.NoWindowError
	if err := r.CloseWindow(r.ctx(), "new"); !errors.As(err, &none) || !strings.Contains(err.Error(), "main, taken") {
		t.Error(err)
	}
	if err := r.SelectWindow(r.ctx(), "new"); !errors.As(err, &none) {
		t.Error(err)
	}
	if err := r.CloseWindow(r.ctx(), sessions.Main); err == nil {
		t.Error("the main window was closed")
	}
	if err := r.SelectTab(r.ctx(), 17); err == nil {
		t.Error("a tab that is not there")
	}
	if got := len(r.Windows()); got != windows || r.Window() != sessions.Main {
		t.Errorf("there are %d windows, want %d; the current one is %q", got, windows, r.Window())
	}
	if s := r.session("shop.test", "sid", "bob-sid"); len(s.Active) != 1 {
		t.Errorf("bob is active in %q", s.Active)
	}
}

// Four people at one site in two windows, who switch while their pages load: nothing
// of one window goes out in the other.
func TestWindowsApart(t *testing.T) {
	w := newWeb(t)
	r := w.browser(noReload)
	of := map[sessions.Window][]string{"left": {"alice", "bob"}, "right": {"carol", "dave"}}
	windows := []sessions.Window{"left", "right"}
	for _, window := range windows {
		for _, name := range of[window] {
			r.login("shop.test", name)
		}
		r.window(window, "shop.test", of[window][0], w.page("shop.test"))
		run(r, fmt.Sprintf(`
			window.epoch = %q;
			let n = 0;
			const frame = add('iframe', {});
			const lane = async () => { for (;;) await fetch('/hit/apart/' + n++ + '?id=' + window.epoch).catch(() => {}) };
			const load = async () => { for (;;) await new Promise(done => { frame.onload = done; frame.src = '/hit/apart-frame/' + n++ + '?type=text/html&id=' + window.epoch }) };
			for (let i = 0; i < 3; i++) lane();
			load()`, window+"-0"))
	}
	epochs := size(6, 100)
	for epoch := 1; epoch <= epochs; epoch++ {
		for _, window := range windows {
			r.goTo(window)
			name := of[window][epoch%2]
			r.use("shop.test", name)
			id := fmt.Sprintf("%s-%d", window, epoch)
			run(r, fmt.Sprintf("window.epoch = %q", id))
			seen := func(kind string) []hit {
				return w.seen(func(h hit) bool { return h.name == kind && h.query.Get("id") == id })
			}
			w.until("requests of "+id, func() bool { return len(seen("apart")) >= 6 && len(seen("apart-frame")) >= 2 })
			for _, h := range append(seen("apart"), seen("apart-frame")...) {
				h.is(t, name)
			}
		}
	}
	for _, h := range w.seen(func(h hit) bool { return strings.HasPrefix(h.name, "apart") }) {
		window, _, _ := strings.Cut(h.query.Get("id"), "-")
		names := of[sessions.Window(window)]
		owner, _, _ := strings.Cut(h.value("sid"), "-") // of either, where it was made just before a switch
		if !slices.Contains(names, owner) {
			t.Errorf("%v: want it to be of %q", h, names)
		}
		h.is(t, owner)
	}
	if list := r.book.Sessions("shop.test", time.Now()); len(list) != 4 {
		t.Errorf("got %d sessions, want 4: %+v", len(list), list)
	}
}

// Windows of ours in somebody else's browser go when we do.
func TestWindowsAttached(t *testing.T) {
	server := members(t)
	f := startForeign(t)
	app := f.tab("about:blank")
	f.visit(app, at(server, "app.test", "/login/alice"))
	f.visit(app, at(server, "app.test", "/home"))
	jar, tabs := f.jar(), f.tabs()
	r := f.attach(f.port)
	r.add(at(server, "app.test", "/"), "bob", "sid=bob1; PHPSESSID=bob2")
	r.window("bob", "app.test", "bob", at(server, "app.test", "/home"))
	if got := r.title(); got != "sid=bob1; PHPSESSID=bob2" {
		t.Errorf("the window's page is %q", got)
	}
	f.sameJar("while it is open", jar)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f.same("after leaving", jar, tabs)
	c, err := wire.Call(t.Context(), f.link, target.GetBrowserContexts, cdp.Empty{})
	if err != nil || len(c.BrowserContextIDs) != 0 {
		t.Errorf("contexts stay: %v, %v", c.BrowserContextIDs, err)
	}
}

// The script of a nested worker is paused under the id of a target that is not told
// of yet. It goes out as the session of its window all the same.
func TestNestedWorkerInWindow(t *testing.T) {
	w := newWeb(t)
	r := w.browser(alone) // Chrome does not tell when a window with such a worker is disposed of
	r.both("alice")
	r.window("bob", "shop.test", "bob", w.page("shop.test"))
	p := r.personIn("bob")
	tab := p.open()
	p.visit(tab, w.page("shop.test"))
	w.fireAt(p, tab, "shop.test", "nested", where(func(c channel) bool { return c.Name == "worker-nested" }), "")
	for _, h := range w.arrived("nested", "outer", "inner", "inner-fetch") {
		h.is(t, "bob")
	}
}

// A visible window has a tab that says whose it is. It is in no list, and nothing
// notices it.
func TestSign(t *testing.T) {
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	if err := r.book.Rename(r.session("shop.test", "sid", "bob-sid").Ref(), "<b>ob & co"); err != nil {
		t.Fatal(err)
	}
	r.wire.Do(func() { r.Browser.options.Headless = false }) // as far as windows are concerned
	defer r.wire.Do(func() { r.Browser.options.Headless = true })
	r.window("left", "shop.test", "<b>ob & co", w.page("shop.test"))
	titles := func() string {
		t.Helper()
		list, err := wire.Call(t.Context(), r.link, target.GetTargets, target.GetTargetsParams{})
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range list.TargetInfos {
			if strings.HasPrefix(info.URL, "data:") {
				return info.Title
			}
		}
		return ""
	}
	r.until("the sign", func() bool { return titles() == "left: shop.test as <b>ob & co" })
	if list := r.Tabs(); len(list) != 2 || list[1].URL != w.page("shop.test") {
		t.Errorf("the tabs are %+v", list)
	}
	if list := r.Windows(); len(list) != 2 || list[1].Tabs != 1 {
		t.Errorf("the windows are %+v", list)
	}
	if got := r.eval("[opener, length, document.referrer, history.length].join()"); got != ",0,,2" && got != ",0,,1" {
		t.Errorf("the page sees %q", got)
	}
	r.use("shop.test", "alice")
	r.until("the new sign", func() bool { return titles() == "left: shop.test as alice" })
	if sites := r.book.Sites(); len(sites) != 1 {
		t.Errorf("the sites are %+v", sites)
	}
	// The last page ends the window, with its sign.
	wire.Send(r.currentTab().Link, page.Close, cdp.Empty{}, nil)
	r.until("the end of the window", func() bool { return len(r.Windows()) == 1 && titles() == "" })
}

// What a frame sends when it goes is of its window's session, though it is not there
// any more.
func TestLastWordsInWindow(t *testing.T) {
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	r.window("bob", "shop.test", "bob", w.page("shop.test"))
	for i := range 5 {
		id := fmt.Sprint("late-", i)
		run(r, fmt.Sprintf(`await new Promise(done => {
			const f = add('iframe', {src: maker(location.origin, %q, '', [])('frame', html('<script>addEventListener("pagehide", () => { navigator.sendBeacon("/hit/beacon?id=%[1]s"); fetch("/hit/keepalive?id=%[1]s", {keepalive: true}) })</scr' + 'ipt>'))});
			f.onload = () => { f.remove(); done() };
		})`, id))
		for _, h := range w.arrived(id, "beacon", "keepalive") {
			h.is(t, "bob")
		}
	}
}

// A window whose context another client has disposed of is gone, ours and its own, and
// so is what was forced there.
func TestWindowDisposedByAnother(t *testing.T) {
	server := members(t)
	f := startForeign(t)
	app := f.tab("about:blank")
	f.visit(app, at(server, "app.test", "/home"))
	r := f.attach(f.port)
	r.add(at(server, "app.test", "/"), "bob", "sid=bob1; PHPSESSID=bob2")
	r.window("ours", "app.test", "bob", at(server, "app.test", "/home"))
	made, err := wire.Call(r.ctx(), f.link, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Call(r.ctx(), f.link, target.CreateTarget, target.CreateTargetParams{URL: at(server, "app.test", "/home"), BrowserContextID: made.BrowserContextID}); err != nil {
		t.Fatal(err)
	}
	r.until("the other client's window", func() bool { return len(r.Windows()) == 3 })
	theirs := r.Windows()[2].Window
	r.goTo(theirs)
	r.use("app.test", "bob")
	active := func() []sessions.Window { return r.session("app.test", "sid", "bob1").Active }
	if len(active()) != 2 {
		t.Fatalf("bob is active in %q", active())
	}
	for _, w := range []sessions.Window{theirs, "ours"} {
		params := target.DisposeBrowserContextParams{BrowserContextID: r.targets.ContextOf(w)}
		if _, err := wire.Call(r.ctx(), f.link, target.DisposeBrowserContext, params); err != nil {
			t.Fatal(err)
		}
		r.until("the end of the window", func() bool { return !slices.Contains(active(), w) && !r.targets.HasWindow(w) })
	}
	r.until("a notice", func() bool { return r.noticed(`window "ours" is closed: another client has disposed of it`) })
	if n := len(slices.DeleteFunc(r.told(), func(s string) bool { return !strings.Contains(s, "is closed") })); n != 1 {
		t.Errorf("the notices are %q", r.told())
	}
	// One without a tab is found to be gone when it is to be closed, and its name is free.
	if err := r.makeWindow(r.ctx(), "bare"); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Call(r.ctx(), f.link, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: r.targets.ContextOf("bare")}); err != nil {
		t.Fatal(err)
	}
	if err := r.CloseWindow(r.ctx(), "bare"); err != nil || r.targets.HasWindow("bare") {
		t.Errorf("the window is there: %v", err)
	}
	r.window("ours", "app.test", "bob", at(server, "app.test", "/home"))
	if err := r.CloseWindow(r.ctx(), "ours"); err != nil {
		t.Fatal(err)
	}
	if n := len(slices.DeleteFunc(r.told(), func(s string) bool { return !strings.Contains(s, "is closed") })); n != 1 {
		t.Errorf("after closing one by command the notices are %q", r.told())
	}
}
