package cdp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/page"
	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// ErrNoBrowser reports that there is no browser to work with: none was found,
// it would not start, it is too old, or the endpoint is not one.
var ErrNoBrowser = chrome.ErrNoBrowser

// ErrGone reports that the browser is not there any more: it was closed, it
// crashed, or the connection broke.
var ErrGone = wire.ErrGone

const (
	// oldest is the first Chrome in which an override of the Cookie header
	// works while the jar has a cookie (CHROMIUM 16).
	oldest = 145

	startTimeout = 30 * time.Second
	endTimeout   = 10 * time.Second
)

// Browser is a browser with its sessions kept. Its methods are safe for
// concurrent use; commands that change something run one at a time.
type Browser struct {
	options Options
	book    *sessions.Book
	log     *slog.Logger
	process *chrome.Process // nil when we attached
	claim   *chrome.Claim   // nil where no other driver can reach the browser
	product string

	wire     *wire.Conn
	link     wire.Link          // our connection to the browser target
	chromedp context.Context    // chromedp's browser
	leave    context.CancelFunc // ends chromedp

	targets *targets.Set
	force   *force.Engine // learns sessions, and forces them
	blanks  blanks
	pages   pages
	page    *page.Driver
	dialogs page.Dialogs
	console page.Console // where [Options.Console] asks for it: that is one more thing for the browser to tell

	own     sync.Once // tells once that a tab of our own is opened
	closing sync.Once
}

// Launch starts a browser, which ends with [Browser.Close] or with this
// process. The context bounds the start only.
func Launch(ctx context.Context, o Options) (*Browser, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Path == "" {
		found, err := FindBrowser()
		if err != nil {
			return nil, err
		}
		o.Path = found.Path
	}
	p, err := chrome.Start(o.process())
	if err != nil {
		return nil, err
	}
	b := newBrowser(o, p)
	b.speak(wire.New(p.Transport(), b.handle))
	b.log.Debug("launched", "path", o.Path, "profile", p.Profile(), "pid", p.PID())
	if o.Profile != "" {
		b.force.KeepJournal(filepath.Join(o.Profile, force.JournalFile))
	}
	if err := b.start(ctx); err != nil {
		if ctx.Err() != nil {
			p.Kill() // it hears nothing
		}
		b.abandon()
		if err := b.ownError(err); err != nil {
			return nil, err
		}
		return nil, p.Explain(ctx, err)
	}
	if b.claim, err = chrome.ClaimPort(ctx, o.State, o.DebugPort); errors.As(err, new(*chrome.ClaimedError)) {
		b.abandon()
		return nil, fmt.Errorf("opening the DevTools port %d: %w", o.DebugPort, err)
	}
	return b, nil
}

// Attach connects to a running browser, which [Browser.Close] leaves as it was
// found. The endpoint is a websocket URL (ws://…/devtools/browser/…), the URL of a DevTools
// port (http://127.0.0.1:9222), HOST:PORT or PORT.
func Attach(ctx context.Context, endpoint string, o Options) (*Browser, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	transport, id, err := chrome.Dial(ctx, endpoint)
	if err != nil {
		return nil, noEndpoint(endpoint, err)
	}
	b := newBrowser(o, nil)
	b.speak(wire.New(transport, b.handle))
	b.log.Debug("attached")
	if err := b.openJournal(id); err != nil {
		b.abandon()
		return nil, fmt.Errorf("attaching to %s: %w", sessions.ShowURL(endpoint), err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := b.start(ctx); err != nil {
		b.abandon()
		if err := b.ownError(err); err != nil {
			return nil, err
		}
		return nil, noEndpoint(endpoint, err)
	}
	return b, nil
}

func newBrowser(o Options, p *chrome.Process) *Browser {
	if o.Book == nil {
		o.Book = sessions.New(sessions.Options{Defaults: sessions.StandardDefaults()})
	}
	if o.Reload == "" {
		o.Reload = ReloadAll
	}
	if o.Storage == "" {
		o.Storage = StorageKeep
	}
	if o.Guard == "" {
		o.Guard = sessions.GuardAlways
	}
	if o.Notice == nil {
		o.Notice = func(error) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &Browser{options: o, book: o.Book, log: o.Log, process: p}
	b.blanks.tabs = map[*targets.Tab]*blank{}
	b.force = newEngine(b)
	b.targets = b.force.Targets()
	b.page = newDriver(b)
	return b
}

// speak gives the browser its wire.
func (b *Browser) speak(w *wire.Conn) {
	b.wire = w
	b.force.Speak(w)
	ctx, leave := chromedp.NewAllocatorContext(context.Background(), w.Allocator(b.chromedpError))
	b.leave = leave
	b.chromedp, _ = chromedp.NewContext(ctx) // ends with leave
}

func (b *Browser) chromedpError(format string, args ...any) {
	b.log.Debug("chromedp: " + fmt.Sprintf(format, args...))
}

// start checks the browser and begins to watch it.
func (b *Browser) start(ctx context.Context) error {
	version, err := wire.Call(ctx, b.wire.Root(), browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	b.product = version.Product
	if err := b.versionError(); err != nil {
		return err
	}
	b.log.Debug("browser", "product", b.product)
	if b.link, err = b.wire.AttachToBrowser(ctx); err != nil {
		return err
	}
	b.force.Connect(b.link, b.options.Headless || strings.Contains(version.UserAgent, "Headless"))
	b.force.Start()
	if err := b.force.Recover(ctx); err != nil {
		return err
	}
	if err := b.watch(ctx); err != nil {
		return err
	}
	if b.process == nil {
		b.force.Unseen()
	}
	if b.options.Apart {
		if err := b.firstTab(ctx); err != nil {
			return err
		}
	} else if tab := b.currentTab(); tab != nil {
		if err := b.resize(ctx, tab); err != nil {
			return err
		}
	}
	b.force.Begin(ctx)
	// chromedp's browser must exist before its tabs; it lives with b.chromedp.
	if _, err := chromedp.CallBrowser(b.chromedp, browser.GetVersion, cdp.Empty{}); err != nil {
		return err
	}
	if b.process != nil && b.options.Profile == "" {
		return nil
	}
	return b.force.SeeJars(ctx)
}

// ownError is why a start failed when that is not about reaching the browser, else
// nil.
func (b *Browser) ownError(err error) error {
	if fault.Of(err) == fault.BadJournal {
		return err
	}
	return b.versionError()
}

// versionError says that the browser is too old; nil while its version is not
// known.
func (b *Browser) versionError() error {
	_, version, ok := strings.Cut(b.product, "/")
	major, err := strconv.Atoi(strings.SplitN(version, ".", 2)[0])
	if !ok || err != nil || major >= oldest {
		return nil
	}
	return fault.Errorf(fault.OldBrowser, "%w: %s is too old, the oldest that works is Chrome %d", ErrNoBrowser, b.product, oldest)
}

// Book is where the sessions of the browser are.
func (b *Browser) Book() *sessions.Book { return b.book }

// Product is the browser's name and version, such as "Chrome/156.0.8078.73".
func (b *Browser) Product() string { return b.product }

// Lost is closed when the browser is gone: closed by hand, crashed, or the
// connection broke. [Browser.Err] says why.
func (b *Browser) Lost() <-chan struct{} { return b.wire.Lost() }

// Err is why the browser is gone.
func (b *Browser) Err() error { return b.wire.Err() }

// abandon ends what newBrowser began, without a word to the browser.
func (b *Browser) abandon() {
	b.leave()
	b.wire.Close()
	b.force.Stop()
	b.claim.Release()
	if b.process != nil {
		b.process.End()
	}
}

// Close gives the browser back: one that we launched ends, at once where its profile was
// a temporary one, and one that we attached to is left as it was found. It answers when
// that is done.
func (b *Browser) Close() error {
	var err error
	b.closing.Do(func() {
		b.force.End()
		dropped := b.process != nil && b.process.Drop()
		b.force.Lock()
		defer b.force.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
		defer cancel()
		b.force.EndDepartures()
		b.pages.close(ctx, b)
		b.closeWindows(ctx)
		if b.process == nil || b.options.Profile != "" {
			err = b.force.Restore(ctx)
		}
		if b.process != nil && !dropped {
			// Chrome saves its profile and ends its helpers.
			wire.Send(b.link, browser.Close, cdp.Empty{}, nil)
			select {
			case <-b.wire.Lost():
			case <-ctx.Done():
			}
		}
		b.abandon()
	})
	return err
}

// notice tells a person something.
func (b *Browser) notice(format string, args ...any) {
	b.options.Notice(fmt.Errorf(format, args...))
}

// noticeOf is notice for what something may be done about.
func (b *Browser) noticeOf(kind fault.Kind, format string, args ...any) {
	b.options.Notice(fault.Errorf(kind, format, args...))
}
