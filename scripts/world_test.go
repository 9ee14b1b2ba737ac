package scripts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// fakeBrowser is a browser without pages, of one tab in each window: a jar and an
// address.
type fakeBrowser struct {
	book     *sessions.Book
	window   sessions.Window
	more     []sessions.Window // besides the main one
	location string
	jar      []sessions.Cookie
	guard    sessions.Guard
	observes sessions.Observation
	page     fakePage
	stored   []sessions.Stored
	stays    bool // the storage, whoever is active
	notes    []string
	calls    []string
	fails    map[string]error // by the name of the method
}

func (f *fakeBrowser) call(name string) error {
	f.calls = append(f.calls, name)
	return f.fails[name]
}

func (f *fakeBrowser) Window() sessions.Window { return f.window }
func (f *fakeBrowser) Location() string        { return f.location }

func (f *fakeBrowser) Open(_ context.Context, url string) error {
	if err := f.call("Open"); err != nil {
		return err
	}
	f.location = url
	x := f.book.Sent(sessions.Request{URL: url, Now: noon})
	f.book.Received(x, sessions.Response{Now: noon})
	return nil
}

func (f *fakeBrowser) Jar(context.Context) ([]sessions.Cookie, error) { return f.jar, f.call("Jar") }

func (f *fakeBrowser) Stored(context.Context, string) ([]sessions.Stored, bool, error) {
	return f.stored, !f.stays, f.call("Stored")
}

func (f *fakeBrowser) Guard() (sessions.Guard, bool) {
	return f.guard, f.guard == sessions.GuardAlways
}

func (f *fakeBrowser) SetGuard(_ context.Context, mode sessions.Guard) error {
	if err := f.call("SetGuard"); err != nil {
		return err
	}
	f.guard = mode
	return nil
}

func (f *fakeBrowser) Observation() sessions.Observation { return f.observes }

func (f *fakeBrowser) SetObservation(_ context.Context, how sessions.Observation) error {
	if err := f.call("SetObservation"); err != nil {
		return err
	}
	f.observes = how
	return nil
}

func (f *fakeBrowser) Windows() []sessions.WindowView {
	list := []sessions.WindowView{{Window: sessions.Main, Tabs: 1}}
	for _, w := range f.more {
		list = append(list, sessions.WindowView{Window: w, Tabs: 1, Own: true})
	}
	return list
}

func (f *fakeBrowser) Tabs() []sessions.TabView {
	var list []sessions.TabView
	for i, w := range f.Windows() {
		list = append(list, sessions.TabView{Number: i + 1, Window: w.Window, URL: f.location, Current: w.Window == f.window})
	}
	return list
}

func (f *fakeBrowser) OpenWindow(ctx context.Context, w sessions.Window, ref sessions.Ref, url string) (sessions.Switch, error) {
	if err := f.call("OpenWindow"); err != nil {
		return sessions.Switch{}, err
	}
	f.more, f.window = append(f.more, w), w
	if ref == (sessions.Ref{}) {
		return sessions.Switch{}, f.Open(ctx, url)
	}
	if err := f.book.Use(w, ref, nil, noon); err != nil {
		return sessions.Switch{}, err
	}
	return sessions.Switch{}, f.Open(ctx, url)
}

func (f *fakeBrowser) SelectWindow(_ context.Context, w sessions.Window) error {
	if w != sessions.Main && !slices.Contains(f.more, w) {
		return &sessions.NoWindowError{Name: w.String(), Known: []string{"main"}}
	}
	f.window = w
	return nil
}

func (f *fakeBrowser) SelectTab(ctx context.Context, number int) error {
	if number > len(f.more)+1 {
		return errors.New("there are fewer")
	}
	return f.SelectWindow(ctx, f.Windows()[number-1].Window)
}

func (f *fakeBrowser) CloseWindow(ctx context.Context, w sessions.Window) error {
	if err := f.SelectWindow(ctx, w); err != nil {
		return err
	}
	f.more = slices.DeleteFunc(f.more, func(other sessions.Window) bool { return other == w })
	f.window = sessions.Main
	f.book.CloseWindow(w)
	return nil
}

func (f *fakeBrowser) Reload(context.Context) error { return f.call("Reload") }
func (f *fakeBrowser) Settle(context.Context) error { return f.call("Settle") }

func (f *fakeBrowser) Use(_ context.Context, ref sessions.Ref, wait bool) (sessions.Switch, error) {
	if err := f.call(waiting("Use", wait)); err != nil {
		return sessions.Switch{}, err
	}
	if err := f.book.Use(f.window, ref, f.jar, noon); err != nil {
		return sessions.Switch{}, err
	}
	session, err := f.book.Session(ref, noon)
	return sessions.Switch{Session: session, Reloaded: 2, Notes: f.notes}, err
}

func waiting(name string, wait bool) string {
	if wait {
		return name + " wait"
	}
	return name
}

func (f *fakeBrowser) New(_ context.Context, site, name string, wait bool) (sessions.Switch, error) {
	if err := f.call(waiting("New", wait)); err != nil {
		return sessions.Switch{}, err
	}
	session, err := f.book.New(f.window, site, name, f.jar, noon)
	return sessions.Switch{Session: session, Reloaded: 1, Notes: f.notes}, err
}

func (f *fakeBrowser) Unset(_ context.Context, site string, wait bool) (sessions.Switch, error) {
	if err := f.call(waiting("Unset", wait)); err != nil {
		return sessions.Switch{}, err
	}
	session, _ := f.book.Unset(f.window, site, noon)
	return sessions.Switch{Session: session, Notes: f.notes}, nil
}

func (f *fakeBrowser) Remove(_ context.Context, ref sessions.Ref) (sessions.Switch, error) {
	if err := f.call("Remove"); err != nil {
		return sessions.Switch{}, err
	}
	session, err := f.book.Remove(ref, noon)
	return sessions.Switch{Session: session, Notes: f.notes}, err
}

func (f *fakeBrowser) AddToken(_ context.Context, site, name string, kind sessions.Kind) error {
	if err := f.call("AddToken"); err != nil {
		return err
	}
	return f.book.AddToken(f.window, site, name, kind, f.jar, noon)
}

func (f *fakeBrowser) RemoveToken(_ context.Context, site, name string) error {
	if err := f.call("RemoveToken"); err != nil {
		return err
	}
	return f.book.RemoveToken(site, name)
}

func (f *fakeBrowser) Accept(_ context.Context, ref sessions.Ref) (sessions.Switch, error) {
	return f.amend("Accept", ref, func() error { return f.book.Accept(ref, noon) })
}

func (f *fakeBrowser) Revert(_ context.Context, ref sessions.Ref, to int) (sessions.Switch, error) {
	return f.amend("Revert", ref, func() error { return f.book.Revert(ref, to, noon) })
}

func (f *fakeBrowser) amend(name string, ref sessions.Ref, do func() error) (sessions.Switch, error) {
	err := f.call(name)
	if err == nil {
		err = do()
	}
	if err != nil {
		return sessions.Switch{}, err
	}
	session, err := f.book.Session(ref, noon)
	return sessions.Switch{Session: session, Reloaded: len(session.Active), Notes: f.notes}, err
}

func (f *fakeBrowser) SplitSite(_ context.Context, host string) (string, error) {
	return f.book.SplitSite(host, noon)
}

func (f *fakeBrowser) JoinSite(_ context.Context, host string) (string, error) {
	return f.book.JoinSite(host, noon)
}

func (f *fakeBrowser) Split(_ context.Context, ref sessions.Ref, name string) (sessions.Session, error) {
	if err := f.call("Split"); err != nil {
		return sessions.Session{}, err
	}
	return f.book.Split(ref, name, noon)
}

// world is an engine with something to act on: on shop.test, where the tab is,
// alice, bob and "Session 3", which was found by its requests; on blog.test
// carol; on plain.test no token.
type world struct {
	*Engine
	t       *testing.T
	browser *fakeBrowser
}

// newWorld hides nothing, so that texts can be compared.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := emptyWorld(t)
	w.browser.location = "http://shop.test/account"
	w.give("shop.test", "alice", "sid=secret-a; basket=7")
	w.give("shop.test", "bob", "sid=secret-b")
	w.exchange("http://shop.test/", "sid=secret-c", noon.Add(-90*time.Second))
	w.exchange("http://shop.test/", "sid=secret-b", noon.Add(-12*time.Second))
	w.give("blog.test", "carol", "PHPSESSID=secret-d")
	w.exchange("http://plain.test/", "theme=dark", noon)
	return w
}

func emptyWorld(t *testing.T) *world {
	book := sessions.New(sessions.Options{Defaults: sessions.StandardDefaults()})
	browser := &fakeBrowser{book: book, guard: sessions.GuardAlways, observes: sessions.ObserveFull, fails: map[string]error{}}
	return &world{t: t, browser: browser, Engine: &Engine{Book: book, Browser: browser, Now: func() time.Time { return noon }}}
}

func (w *world) give(site, name, cookies string) {
	w.t.Helper()
	list, err := sessions.ReadCookies(sessions.ScopeDomain, cookies, site, "http://"+site+"/")
	if err == nil {
		_, err = w.Book.Import(site, name, list, noon)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exchange(url, header string, at time.Time, set ...string) {
	w.t.Helper()
	r := sessions.Response{Now: at}
	for _, line := range set {
		c, ok := sessions.ParseSetCookie(line, url, at)
		if !ok {
			w.t.Fatalf("%q sets no cookie", line)
		}
		r.Cookies = append(r.Cookies, c)
	}
	w.Book.Received(w.Book.Sent(sessions.Request{URL: url, Header: header, Now: at}), r)
}

// run runs a line that must not fail.
func (w *world) run(line string) Result {
	w.t.Helper()
	r, err := w.Run(context.Background(), line)
	if err != nil {
		w.t.Fatalf("%s: %v", line, err)
	}
	return r
}

func (w *world) active(site string) string {
	s, _ := w.Book.Active(w.browser.window, site, noon)
	return s.Name
}

// check compares a text, line ends at both sides left out.
func check(t *testing.T, what, got, want string) {
	t.Helper()
	if want = strings.Trim(want, "\n"); got != want {
		t.Errorf("%s\n got: %s\nwant: %s", what, got, want)
	}
}
