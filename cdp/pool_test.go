package cdp

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"sessdriver/sessions"
)

// alone is for a test that needs a browser process of its own, with the main window that
// it starts with: one that ends it, or looks at what starting and ending do.
func alone(o *Options) { o.Apart = false }

// shareable reports options of a browser that another test may use afterwards. What only
// counts when a process starts, and is not in [processKey], needs a process of its own.
func shareable(o Options) bool {
	return o.Apart && o.Profile == "" && o.DebugPort == 0 && o.Proxy == "" && o.Observe != sessions.ObserveChanges && o.WindowSize == (Size{})
}

// forPool gives all processes of the pool what any test needs of them, so that they are few.
func (o *Options) forPool() {
	var all Options
	webOptions(&all)
	more := slices.DeleteFunc(slices.Clone(o.Arguments), func(a string) bool { return slices.Contains(all.Arguments, a) })
	o.Arguments = append(all.Arguments, more...)
	o.Preferences, o.IgnoreCertificateErrors = all.Preferences, all.IgnoreCertificateErrors
}

// processKey tells the processes of the pool apart.
func processKey(o Options) string { return fmt.Sprintf("%s %q", o.Path, o.Arguments) }

// pool keeps the processes that tests have done with: starting one takes longer than most
// tests. Each test has windows of its own in them, which go with it (see [Browser.Again]).
type pool struct {
	mu   sync.Mutex // guards all below
	idle map[string][]*Browser
	temp string // for the processes of the pool alone: tests look for what is left in the other
}

var processes = pool{idle: map[string][]*Browser{}}

// take gives a browser that nothing was done in.
func (p *pool) take(t testing.TB, o Options) (*Browser, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := processKey(o)
	for list := p.idle[key]; len(list) > 0; list = p.idle[key] {
		used := list[len(list)-1]
		p.idle[key] = list[:len(list)-1]
		b, err := used.Again(t.Context(), o)
		if err == nil {
			return b, nil
		}
		t.Logf("a new process: %v", err) // TestAgain judges that
	}
	var b *Browser
	err := p.inTemp(func() (err error) {
		b, err = Launch(t.Context(), o)
		return err
	})
	return b, err
}

// give takes the browser of a test that has ended, unless it is closed or lost. Its tabs
// are closed, so that nothing waits for the test's servers.
func (p *pool) give(r *rig) bool {
	select {
	case <-r.Lost():
		return false
	default:
	}
	if r.t.Failed() || r.force.IsEnding() {
		return false
	}
	asked := map[target.ID]bool{}
	closed := r.soon(func() bool {
		list := r.targets.List("page")
		for _, tab := range list { // one that a page opens meanwhile, too
			if !asked[tab.ID] {
				asked[tab.ID] = true
				r.closeTab(tab.ID)
			}
		}
		return len(list) == 0 && len(r.Windows()) == 1 // a window goes with its last tab
	})
	if !closed {
		r.t.Errorf("the tabs do not close: %v, %v", r.Tabs(), r.Windows())
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := processKey(r.Browser.options)
	p.idle[key] = append(p.idle[key], r.Browser)
	return true
}

// close ends the processes.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var failed []error
	for _, list := range p.idle {
		for _, b := range list {
			failed = append(failed, p.inTemp(b.Close))
		}
	}
	clear(p.idle)
	return errors.Join(failed...)
}

// inTemp does something with the pool's own directory for temporary files.
func (p *pool) inTemp(do func() error) error {
	if err := os.MkdirAll(p.temp, 0o700); err != nil {
		return err
	}
	before := os.Getenv("TMPDIR")
	os.Setenv("TMPDIR", p.temp)
	defer os.Setenv("TMPDIR", before)
	return do()
}

// TestPool: a test finds nothing of the one before, though the process is the same.
func TestPool(t *testing.T) {
	w := newWeb(t)
	pid := 0
	for i := range 2 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w.t = t
			r := w.browser()
			if now := r.process.PID(); i == 0 {
				pid = now
			} else if now != pid {
				t.Errorf("process %d, want %d again", now, pid)
			}
			if jar, err := r.Jar(r.ctx()); err != nil || len(jar) > 0 || len(r.Tabs()) != 1 || len(r.Windows()) != 1 {
				t.Errorf("it begins with %v, %v, %v, %v", jar, r.Tabs(), r.Windows(), err)
			}
			r.both("alice")
			r.open(w.page("shop.test"))
			r.window("bob", "shop.test", "bob", w.page("shop.test"))
			run(r, "localStorage.left = 1; fetch('/hit/held?id=pool&hold=pool')")
			w.until("a request that stays", func() bool { return len(w.seen(func(h hit) bool { return h.name == "held" })) == i+1 })
		})
	}
	w.t = t
	if n := len(w.seen(func(h hit) bool { return h.name == "held" })); n != 2 {
		t.Errorf("%d requests stayed", n)
	}
	left := time.After(patience)
	for w.open() > 0 {
		select {
		case <-left:
			t.Fatal("a request outlives the test that made it")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// open counts the answers that are held back now.
func (w *web) open() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting
}
