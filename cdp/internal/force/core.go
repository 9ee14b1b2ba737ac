package force

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// Options are what a person may choose, and what the browser is like.
type Options struct {
	Reload  ReloadPolicy
	Storage StoragePolicy
	Guard   sessions.Guard
	Observe sessions.Observation // "" for the full one, without a word
	// Ours says that we launched the browser, Apart that its main window is one that we
	// made, Shared that other DevTools clients may change requests too.
	Ours, Apart, Shared bool
	// Console says that the messages of pages are wanted, which needs Runtime.
	Console bool
	// Profile is its temporary profile, "" where it has none: see [Engine.SetObservation].
	Profile string
}

// Surroundings are what an Engine needs of the program that it is part of.
type Surroundings struct {
	// Notice tells a person something. It must not block.
	Notice func(error)
	// Because prefers the loss of the browser, or of the current page, to an error that
	// comes of it.
	Because func(error) error
	// Current is the current tab: see [ReloadCurrent].
	Current func() target.ID
	// BlankTab opens a tab that nobody is shown, with a blank document of a URL's origin.
	BlankTab func(ctx context.Context, w sessions.Window, url string) (tab *targets.Tab, end func(), err error)
	// Switched is called when another session is forced in a window.
	Switched func(sessions.Window)
	// Comes and Left are called in a turn, when a target is there, and when it is gone.
	Comes, Left func(*targets.Tab)
}

// core is what the parts of an Engine share.
type core struct {
	outside  Surroundings
	options  Options
	headless bool // nobody sees the dialogs of the browser
	book     *sessions.Book
	log      *slog.Logger
	wire     *wire.Conn
	link     wire.Link // our connection to the browser target
	targets  *targets.Set

	commands sync.Mutex  // held by a command that changes what is forced
	ending   atomic.Bool // the browser is being given back

	reloadTimeout time.Duration
	holdTime      time.Duration // see there
	maxStored     int           // of an origin's web storage

	telling sync.Mutex
	told    map[string]bool // see first
}

// overtaken reports whether the document of a tab began to load before the last switch of
// its site, and no later one is coming.
func (c *core) overtaken(tab *targets.Tab) bool {
	return c.targets.IsOvertaken(tab, c.book.SiteOf(c.targets.Document(tab).URL))
}

// notice tells a person something.
func (c *core) notice(format string, args ...any) { c.outside.Notice(fmt.Errorf(format, args...)) }

// noticeOf is notice for what something may be done about.
func (c *core) noticeOf(kind fault.Kind, format string, args ...any) {
	c.outside.Notice(fault.Errorf(kind, format, args...))
}

// tellOnce is notice for what would be told again and again.
func (c *core) tellOnce(id, format string, args ...any) {
	if c.first(id) {
		c.notice(format, args...)
	}
}

// maxTold bounds what is remembered of that.
const maxTold = 1000

// first reports whether something has not been told yet.
func (c *core) first(id string) bool {
	c.telling.Lock()
	defer c.telling.Unlock()
	if c.told[id] {
		return false
	}
	if len(c.told) >= maxTold {
		clear(c.told)
	}
	c.told[id] = true
	return true
}

// inTurn asks what only a turn of the wire may look at; false says that none came.
func inTurn[T any](ctx context.Context, w *wire.Conn, question func() T) (answer T, ok bool) {
	ok = w.DoWithin(ctx, func() { answer = question() })
	return answer, ok
}
