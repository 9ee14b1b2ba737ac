package cdp

import (
	"context"
	"io"
	"sync"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// guest is the wire as chromedp sees it: everything but our own target
// connections.
type guest struct {
	wire   *wire
	queue  *queue[*cdproto.Message]
	next   []*cdproto.Message
	closed chan struct{}
	once   sync.Once // closes closed: chromedp may close it from several goroutines
}

// Read satisfies chromedp.Transport.
func (g *guest) Read(_ context.Context, m *cdproto.Message) error {
	if len(g.next) == 0 {
		if g.next = g.queue.take(g.closed); len(g.next) == 0 {
			return io.EOF
		}
	}
	*m, g.next = *g.next[0], g.next[1:]
	return nil
}

// Write satisfies chromedp.Transport.
func (g *guest) Write(ctx context.Context, m *cdproto.Message) error {
	return g.wire.transport.Write(ctx, m)
}

// Close ends chromedp's use of the wire; the wire itself stays.
func (g *guest) Close() error {
	g.once.Do(func() { close(g.closed) })
	return nil
}

// allocator gives chromedp a browser that is there already.
type allocator struct {
	wire   *wire
	queue  *queue[*cdproto.Message] // of what is told to chromedp
	errorf func(string, ...any)
}

// Allocate satisfies chromedp.Allocator.
func (a *allocator) Allocate(ctx context.Context, opts ...chromedp.BrowserOption) (*chromedp.Browser, error) {
	opts = append(opts, chromedp.WithBrowserErrorf(a.errorf), chromedp.WithBrowserLogf(a.errorf))
	return chromedp.NewBrowserTransport(ctx, &guest{wire: a.wire, queue: a.queue, closed: make(chan struct{})}, opts...)
}

// Wait satisfies chromedp.Allocator: the browser is not chromedp's to end.
func (a *allocator) Wait() {}

// Attaches satisfies chromedp.Attacher.
func (a *allocator) Attaches() bool { return true }
