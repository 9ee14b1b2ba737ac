package cdp

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/cdp/internal/wire/wiretest"
	"sessdriver/sessions"
)

// patience bounds every wait of these tests; it is only reached when they fail.
const patience = wiretest.Patience

// nothing is a handler of events that takes none.
func nothing(*cdproto.Message) {}

var full = flag.Bool("full", false, "run the largest tests in their full size")

// size is how large a test is, and how large with -full.
func size(usual, whole int) int {
	if *full {
		return whole
	}
	return usual
}

// TestMain fails when the tests leave something behind: temporary profiles,
// browser processes, goroutines.
func TestMain(m *testing.M) {
	temp, err := os.MkdirTemp("", "sessdriver-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("TMPDIR", temp)
	processes.temp = filepath.Join(temp, "shared")           // a test may have a TMPDIR of its own
	signal.Notify(make(chan os.Signal, 1), syscall.SIGWINCH) // its goroutine stays, and fuzzing would start it
	goroutines := runtime.NumGoroutine()
	code := m.Run()
	bareBefore.end()
	if err := processes.close(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "closing the browsers:", err)
		code = 1
	}
	if left := leftovers(temp, goroutines); left != "" && code == 0 {
		fmt.Fprintln(os.Stderr, "left behind:", left)
		code = 1
	}
	os.RemoveAll(temp)
	os.Exit(code)
}

// leftovers says what is still there after a moment of grace.
func leftovers(temp string, goroutines int) (left string) {
	for range 500 {
		if left = leftNow(temp, goroutines); left == "" {
			return ""
		}
		time.Sleep(20 * time.Millisecond)
	}
	return left
}

func leftNow(temp string, goroutines int) string {
	for _, dir := range []string{temp, processes.temp} {
		if profiles, _ := filepath.Glob(filepath.Join(dir, chrome.TemporaryPrefix+"*")); len(profiles) > 0 {
			return fmt.Sprint("profiles ", profiles)
		}
	}
	if pids := processesUsing(temp); len(pids) > 0 {
		return fmt.Sprint("browser processes ", pids)
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		buf := make([]byte, 1<<20)
		return fmt.Sprintf("%d goroutines, %d at the start:\n%s", now, goroutines, buf[:runtime.Stack(buf, true)])
	}
	return ""
}

// processesUsing lists the processes whose command line names a path under dir.
func processesUsing(dir string) []string {
	var pids []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), "--user-data-dir="+dir) {
			pids = append(pids, filepath.Base(filepath.Dir(file)))
		}
	}
	return pids
}

// chromium is the browser that the tests run. A missing one fails them: they
// would prove nothing.
func chromium(t testing.TB) string {
	t.Helper()
	names := []string{os.Getenv("SESSDRIVER_BROWSER"), "chromium", "google-chrome", "google-chrome-stable", "chromium-browser"}
	for _, name := range names {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Fatal("no Chrome or Chromium (headless-shell does not do for these tests); install one with: sudo apt-get install chromium")
	return ""
}

// quick is the browser of tests of what does not depend on its kind: headless-shell,
// where there is one, takes a third of the time. With SESSDRIVER_BROWSER all tests run
// that one.
func quick(t testing.TB) string {
	if path, err := exec.LookPath("chromium-headless-shell"); err == nil && os.Getenv("SESSDRIVER_BROWSER") == "" {
		return path
	}
	return chromium(t)
}

// whole is for tests of what headless-shell lacks: dialogs, PDF, prerendering.
func whole(t testing.TB) func(*Options) {
	return func(o *Options) { o.Path = chromium(t) }
}

// rig is a browser under test with its book.
type rig struct {
	*Browser
	t    testing.TB
	book *sessions.Book
	// shared says that the process is the pool's.
	shared bool

	mu      sync.Mutex // guards all below
	notices []string
	events  []sessions.Event
	changed chan struct{} // closed and replaced at every notice and event
}

// launch gives a browser to a test. Its process is one that tests use one after the other,
// unless the options say more than the pool knows, or [alone].
func launch(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	r := newRig(t)
	start := func(o Options) (*Browser, error) { return Launch(t.Context(), o) }
	o := r.options(append([]func(*Options){func(o *Options) { o.Apart = true }}, change...)...)
	if o.Apart = shareable(o); o.Apart {
		r.shared = true
		o.forPool()
		start = func(o Options) (*Browser, error) { return processes.take(t, o) }
	}
	b, err := start(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Browser = b
	t.Cleanup(r.close)
	return r
}

func newRig(t testing.TB) *rig {
	r := &rig{t: t, changed: make(chan struct{})}
	r.book = sessions.New(sessions.Options{Defaults: sessions.StandardDefaults(), Notify: r.notify})
	return r
}

func (r *rig) options(change ...func(*Options)) Options {
	o := Options{Path: quick(r.t), Headless: true, Book: r.book, Notice: r.note}
	for _, c := range change {
		c(&o)
	}
	return o
}

func (r *rig) close() {
	if r.shared && processes.give(r) {
		return
	}
	if err := r.Close(); err != nil {
		r.t.Errorf("closing the browser: %v", err)
	}
}

func (r *rig) notify(e sessions.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *rig) note(notice error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, notice.Error())
	close(r.changed)
	r.changed = make(chan struct{})
}

// told returns the notices so far.
func (r *rig) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.notices)
}

// noticed reports whether a notice has the text.
func (r *rig) noticed(text string) bool {
	return slices.ContainsFunc(r.told(), func(n string) bool { return strings.Contains(n, text) })
}

// notes returns the notices since the last time.
func (r *rig) notes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.notices
	r.notices = nil
	return list
}

// ctx bounds a step of a test.
func (r *rig) ctx() context.Context {
	const limit = 30 * time.Second
	ctx, cancel := context.WithTimeout(r.t.Context(), limit)
	time.AfterFunc(limit, cancel) // a Cleanup for each step would add up in the soak
	return ctx
}

// until waits for an event or a notice that makes the condition true.
func (r *rig) until(what string, condition func() bool) {
	r.t.Helper()
	deadline := time.After(patience)
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if condition() {
			return
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond): // what the book counts tells nobody
		case <-deadline:
			r.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

func (r *rig) open(url string) {
	r.t.Helper()
	if err := r.Open(r.ctx(), url); err != nil {
		r.t.Fatal(err)
	}
}

// use forces the session with that name.
func (r *rig) use(site, name string) sessions.Switch {
	r.t.Helper()
	ref, err := r.book.Find(sessions.Query{Text: name, Site: site})
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := r.Use(r.ctx(), ref, true)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// add makes a session of cookies, as --session does.
func (r *rig) add(page, name, cookies string) sessions.Ref {
	r.t.Helper()
	site := r.book.SiteOf(page)
	list, err := sessions.ReadCookies(r.book.Scope(), cookies, site, page)
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := r.book.Import(site, name, list, time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	return s.Ref()
}
