package targets

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/cdp/internal/wire/wiretest"
	"sessdriver/sessions"
)

// newSet is an empty Set whose browser says nothing, and how targets come to it.
func newSet(t *testing.T) (*Set, func(id target.ID, kind string, in cdp.BrowserContextID) *Tab) {
	conn := wire.New(wiretest.NewChrome(t), func(*cdproto.Message) {})
	t.Cleanup(conn.Close)
	s := New(func(context.Context) error { return nil })
	s.Connect(conn.Link("own"))
	return s, func(id target.ID, kind string, in cdp.BrowserContextID) *Tab {
		info := &target.Info{TargetID: id, Type: kind, URL: "http://a.test/", BrowserContextID: in}
		return s.Add(conn.Link(target.SessionID("to "+id)), info, "")
	}
}

func shows(s *Set, tab *Tab, loader cdp.LoaderID) {
	s.Shows(tab, &cdp.Frame{ID: cdp.FrameID(tab.ID), LoaderID: loader, URL: "http://a.test/" + string(loader)})
}

// The next document is neither the one that is there nor one that is on its way; a reload
// that is dropped brings none.
func TestNext(t *testing.T) {
	s, add := newSet(t)
	tab := add("tab", "page", "")
	shows(s, tab, "first")
	s.Begin(tab, "second", "GET", "")
	next := s.Next(tab)
	shows(s, tab, "second")
	if next.Comes() {
		t.Error("what was on its way is taken for the next one")
	}
	s.Loads(tab)
	if dropped, err := next.LoadedOrDropped(t.Context()); !dropped || err != nil {
		t.Errorf("dropped %v, error %v: the tab was loading when the reload was sent", dropped, err)
	}
	s.Begin(tab, "third", "GET", "")
	if !next.Comes() {
		t.Error("the next one is not taken for it")
	}
	late, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := next.LoadedOrDropped(late); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, though it has not come", err)
	}
	waited := make(chan error)
	go func() { waited <- next.Committed(t.Context()) }()
	shows(s, tab, "third")
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

// A wait ends when the page crashes or the tab is closed, and with its time.
func TestWaitEnds(t *testing.T) {
	s, add := newSet(t)
	for name, c := range map[string]struct {
		end  func(*Tab, context.CancelFunc)
		want error
	}{
		"crashed": {func(tab *Tab, _ context.CancelFunc) { s.Crashes(tab) }, ErrCrashed},
		"closed":  {func(tab *Tab, _ context.CancelFunc) { s.Remove(tab.Link.ID) }, ErrClosed},
		"over":    {func(_ *Tab, cancel context.CancelFunc) { cancel() }, context.Canceled},
	} {
		tab := add(target.ID(name), "page", "")
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error)
		next := s.Next(tab)
		go func() { waited <- next.Committed(ctx) }()
		c.end(tab, cancel)
		if err := <-waited; !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		cancel()
	}
}

// WaitFor looks again when it is woken, and may use the Set and any lock meanwhile.
func TestWaitFor(t *testing.T) {
	s, add := newSet(t)
	tab, is := add("tab", "page", ""), make(chan bool, 1)
	waited := make(chan error)
	go func() { waited <- s.WaitFor(t.Context(), tab, func() bool { return s.Has(tab) && len(is) > 0 }) }()
	is <- true
	s.Wake()
	if err := <-waited; err != nil {
		t.Error(err)
	}
	s.Remove(tab.Link.ID)
	if err := s.WaitFor(t.Context(), tab, func() bool { return false }); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// What failed is lost for who waits for it, until something comes again.
func TestLost(t *testing.T) {
	s, add := newSet(t)
	tab := add("tab", "page", "")
	shows(s, tab, "first")
	next := s.Next(tab)
	s.ShowsAnew(tab, "http://a.test/", Showing{At: "http://a.test/"}, &next)
	s.Begin(tab, "again", "GET", "")
	s.Failed(tab.Link.ID, network.RequestID("again"))
	if !s.IsLost(tab) || s.IsComing(tab) {
		t.Error("a reload that failed is not lost")
	}
	s.Begin(tab, "once more", "GET", "")
	if s.IsLost(tab) {
		t.Error("lost, though a document is on its way")
	}
	if !s.IsReloading(tab) {
		t.Error("it is not being shown anew, before a document is there")
	}
	if shows(s, tab, "once more"); s.IsReloading(tab) {
		t.Error("it is being shown anew still")
	}
}

// A document is overtaken by a switch of its site unless one that began later is coming.
func TestOvertaken(t *testing.T) {
	s, add := newSet(t)
	tab := add("tab", "page", "")
	shows(s, tab, "first")
	s.Switched(sessions.Main, "a.test")
	if !s.IsOvertaken(tab, "a.test") || s.IsOvertaken(tab, "b.test") || !s.StaysFrom("tab", sessions.Main, "a.test") {
		t.Error("not overtaken by a switch of its site, or by one of another")
	}
	s.Begin(tab, "second", "GET", "")
	if s.IsOvertaken(tab, "a.test") {
		t.Error("overtaken, though a later one is coming")
	}
	if shows(s, tab, "second"); s.IsOvertaken(tab, "a.test") || s.StaysFrom("tab", sessions.Main, "a.test") {
		t.Error("the later one is overtaken")
	}
	if s.StaysFrom("tab", "other", "a.test") {
		t.Error("a switch counts in another window")
	}
}

// Contexts of others get names; frames are in the window of their page, and go with it.
func TestWindowsOfFrames(t *testing.T) {
	s, add := newSet(t)
	s.SetMain("default")
	if w, known := s.WindowOfFrame("?"); w != sessions.Main || !known {
		t.Error("without other windows a frame is not the main one's")
	}
	if !s.Claim("bob", "B") || s.Claim("bob", "C") {
		t.Error("a name is not given once")
	}
	bob, other := add("bob's", "page", "B"), add("other's", "page", "O")
	if bob.Window != "bob" || other.Window != "Window 2" || !s.IsOwn("bob") || s.IsOwn("Window 2") {
		t.Errorf("windows %q and %q", bob.Window, other.Window)
	}
	s.SetFrame("frame", bob)
	if w, known := s.WindowOfFrame("frame"); w != "bob" || !known {
		t.Errorf("the frame is in %q", w)
	}
	if _, known := s.WindowOfFrame("?"); known {
		t.Error("the window of any frame is known")
	}
	s.Remove(bob.Link.ID)
	if w, known := s.WindowOfFrame("frame"); w != "bob" || !known {
		t.Error("late requests of a window are not known by their frames")
	}
	s.Forget("bob")
	if _, known := s.WindowOfFrame("frame"); known {
		t.Error("a frame outlives its window")
	}
}
