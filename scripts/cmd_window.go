package scripts

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"sessdriver/sessions"
)

// Windows are what is open, with its tabs. A window that is not there is
// a *sessions.NoWindowError.
type Windows interface {
	Windows() []sessions.WindowView
	Tabs() []sessions.TabView

	// SelectWindow and SelectTab make a tab the current one and bring it to the front.
	SelectWindow(ctx context.Context, w sessions.Window) error
	SelectTab(ctx context.Context, number int) error

	// OpenWindow makes an isolated window where the session is forced (none for the zero
	// Ref) and shows a URL in it, or fails and leaves no window.
	OpenWindow(ctx context.Context, w sessions.Window, ref sessions.Ref, url string) (sessions.Switch, error)
	CloseWindow(ctx context.Context, w sessions.Window) error
}

func windowCommands() []*Command {
	return []*Command{
		{
			Name: "window list", Aliases: []string{"windows"},
			Summary: "List the windows and the sessions that are forced in each",
			Detail: "A window has cookies, storage and a cache of its own, so that several sessions of one site are open side by side. " +
				"The mark * is on the window that commands act on. Another is opened with: open URL --as NAME",
			Example: "windows",
			run:     runWindows,
		},
		{
			Name:    "window use",
			Summary: "Go to a window: later commands act on its newest tab",
			Params:  []Param{{Name: "NAME", Kind: KindWindow, Rest: true}},
			Example: "open shop.test --as bob\nwindow use main\nwindow use bob",
			run:     runWindowUse,
		},
		{
			Name:    "window main",
			Summary: "Go back to the main window",
			Example: "window main",
			run:     runWindowMain,
		},
		{
			Name:    "window close",
			Summary: "Close a window, with its tabs, cookies and storage",
			Params:  []Param{{Name: "NAME", Kind: KindWindow, Rest: true}},
			Detail:  "Its sessions stay: they belong to all windows. The main window goes with the browser only.",
			Example: "open shop.test --as bob\nwindow close bob",
			run:     runWindowClose,
		},
		{
			Name: "tab", Aliases: []string{"tabs"},
			Summary: "List the tabs of all windows, or go to one",
			Params:  []Param{{Name: "NUMBER", Kind: KindNumber, Optional: true}},
			Detail:  "The mark * is on the current tab, which commands act on. With NUMBER that tab becomes the current one and comes to the front.",
			Example: "tab\ntab 1",
			run:     runTab,
		},
	}
}

// WindowItem is one window in the value of window list.
type WindowItem struct {
	sessions.WindowView
	Current bool         `json:"current"`
	Forced  []ForcedItem `json:"forced,omitempty"`
}

// ForcedItem is a session that is forced on a site.
type ForcedItem struct {
	Site    string `json:"site"`
	Session string `json:"session"`
}

func runWindows(_ context.Context, c *call) (Result, error) {
	list := c.engine.windows()
	t := newTable(" ", "WINDOW", ">TABS", "SESSIONS")
	for _, w := range list {
		var forced []string
		for _, f := range w.Forced {
			forced = append(forced, f.Site+"/"+f.Session)
		}
		t.add(mark(w.Current), w.Window.String(), strconv.Itoa(w.Tabs), cmp.Or(strings.Join(forced, ", "), "-"))
	}
	return Result{Text: t.String(), Value: list}, nil
}

func (e *Engine) windows() []WindowItem {
	var list []WindowItem
	for _, w := range e.Browser.Windows() {
		item := WindowItem{WindowView: w, Current: w.Window == e.Browser.Window()}
		for _, s := range e.Book.Sites() {
			for _, a := range s.Active {
				if a.Window == w.Window {
					item.Forced = append(item.Forced, ForcedItem{s.Name, a.Session})
				}
			}
		}
		list = append(list, item)
	}
	return list
}

func mark(current bool) string {
	if current {
		return "*"
	}
	return ""
}

func runWindowUse(ctx context.Context, c *call) (Result, error) {
	return c.engine.selectWindow(ctx, sessions.WindowNamed(c.args["NAME"]))
}

func runWindowMain(ctx context.Context, c *call) (Result, error) {
	return c.engine.selectWindow(ctx, sessions.Main)
}

func (e *Engine) selectWindow(ctx context.Context, w sessions.Window) (Result, error) {
	if err := e.Browser.SelectWindow(ctx, w); err != nil {
		return Result{}, doing("going to window "+Quote(w.String()), err, "see: windows")
	}
	return e.currentTab(), nil
}

// currentTab says which tab commands act on now.
func (e *Engine) currentTab() Result {
	for _, t := range e.Browser.Tabs() {
		if t.Current {
			t.URL = e.Mask.URL(t.URL)
			return Result{Text: sayf("window %s: %s", t.Window.String(), t.URL), Value: t}
		}
	}
	return Result{}
}

func runWindowClose(ctx context.Context, c *call) (Result, error) {
	w := sessions.WindowNamed(c.args["NAME"])
	if err := c.engine.Browser.CloseWindow(ctx, w); err != nil {
		return Result{}, doing("closing window "+Quote(w.String()), err, "see: windows")
	}
	return Result{Text: sayf("window %s is closed", w.String())}, nil
}

func runTab(ctx context.Context, c *call) (Result, error) {
	e := c.engine
	if text := c.args["NUMBER"]; text != "" {
		number, err := strconv.Atoi(text)
		if err == nil {
			err = e.Browser.SelectTab(ctx, number)
		}
		if err != nil {
			return Result{}, doing("going to tab "+text, err, "see: tab")
		}
		return e.currentTab(), nil
	}
	list := e.Browser.Tabs()
	if len(list) == 0 {
		return Result{Text: "no tab is open; open one: open URL", Value: []sessions.TabView{}}, nil
	}
	t := newTable(" ", ">#", "WINDOW", "SESSION", "PAGE")
	for i := range list {
		tab := &list[i]
		session, _ := e.Book.Active(tab.Window, e.Book.SiteOf(tab.URL), e.now())
		tab.URL = e.Mask.URL(tab.URL)
		t.add(mark(tab.Current), strconv.Itoa(tab.Number), tab.Window.String(), cmp.Or(session.Name, "-"), tab.URL)
	}
	return Result{Text: t.String(), Value: list}, nil
}

// openIn opens a page in a window: one that is there, or a new isolated one, with
// the session that was asked for. It returns the browser's notes.
func (c *call) openIn(ctx context.Context, address string) ([]string, error) {
	e := c.engine
	as, name := c.flags["as"], c.flags["window"]
	var session sessions.Session
	if as != "" {
		if err := e.waitForEvents(ctx); err != nil {
			return nil, err
		}
		ref, err := e.Book.Find(sessions.Query{Text: as, Current: e.Book.SiteOf(address)})
		if err != nil {
			return nil, err
		}
		if session, err = e.Book.Session(ref, e.now()); err != nil {
			return nil, err
		}
		if site := e.Book.SiteOf(address); site != "" && ref.Site != site && !strings.Contains(as, "/") {
			return nil, usage("%q is a session of %s, not of %s; type --as %s/%s to open the page anyway", session.Name, ref.Site, site, ref.Site, session.Name)
		}
	}
	w, there := e.windowFor(session, name)
	if !there {
		done, err := e.Browser.OpenWindow(ctx, w, session.Ref(), address)
		if err != nil {
			return nil, naming("opening window "+Quote(w.String()), err) // what to type next is added once, outside
		}
		return done.Notes, refused(session, done)
	}
	if as != "" && !session.ActiveIn(w) {
		return nil, &sessions.WindowTakenError{Name: w.String()}
	}
	if w != e.Browser.Window() {
		if err := e.Browser.SelectWindow(ctx, w); err != nil {
			return nil, err
		}
	}
	return nil, e.Browser.Open(ctx, address)
}

// windowFor is the window in which a session is to be opened, and whether it is
// there: the one that was asked for, else one that has the session, else one named
// after the session.
func (e *Engine) windowFor(session sessions.Session, name string) (w sessions.Window, there bool) {
	known := map[sessions.Window]bool{}
	for _, view := range e.Browser.Windows() {
		known[view.Window] = true
		if name == "" && view.Own && session.ActiveIn(view.Window) {
			return view.Window, true
		}
	}
	if name != "" {
		w = sessions.WindowNamed(name)
		return w, known[w]
	}
	w = sessions.Window(session.Name)
	for n := 2; known[w] || sessions.WindowNamed(string(w)) == sessions.Main; n++ {
		w = sessions.Window(session.Name + " " + strconv.Itoa(n))
	}
	return w, false
}
