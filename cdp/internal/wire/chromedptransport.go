package wire

import (
	"context"
	"io"
	"sync"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// chromedpTransport is the connection as chromedp sees it: everything but our own
// target connections.
type chromedpTransport struct {
	conn   *Conn
	queue  *Queue[*cdproto.Message]
	next   []*cdproto.Message
	closed chan struct{}
	once   sync.Once // closes closed: chromedp may close it from several goroutines
}

// Read satisfies chromedp.Transport.
func (t *chromedpTransport) Read(_ context.Context, m *cdproto.Message) error {
	if len(t.next) == 0 {
		if t.next = t.queue.Take(t.closed); len(t.next) == 0 {
			return io.EOF
		}
	}
	*m, t.next = *t.next[0], t.next[1:]
	return nil
}

// Write satisfies chromedp.Transport.
func (t *chromedpTransport) Write(ctx context.Context, m *cdproto.Message) error {
	return t.conn.transport.Write(ctx, m)
}

// Close ends chromedp's use of the connection, which itself stays.
func (t *chromedpTransport) Close() error {
	t.once.Do(func() { close(t.closed) })
	return nil
}

// Allocator lets chromedp use the connection, until [Conn.Reset] gives it to another
// chromedp. errorf gets what chromedp logs.
func (c *Conn) Allocator(errorf func(string, ...any)) chromedp.Allocator {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &allocator{c, c.chromedp, errorf}
}

// allocator gives chromedp a browser that is there already.
type allocator struct {
	conn   *Conn
	queue  *Queue[*cdproto.Message] // of the messages for chromedp
	errorf func(string, ...any)
}

// Allocate satisfies chromedp.Allocator.
func (a *allocator) Allocate(ctx context.Context, opts ...chromedp.BrowserOption) (*chromedp.Browser, error) {
	opts = append(opts, chromedp.WithBrowserErrorf(a.errorf), chromedp.WithBrowserLogf(a.errorf))
	return chromedp.NewBrowserTransport(ctx, &chromedpTransport{conn: a.conn, queue: a.queue, closed: make(chan struct{})}, opts...)
}

// Wait satisfies chromedp.Allocator: the browser is not chromedp's to end.
func (a *allocator) Wait() {}

// Attaches satisfies chromedp.Attacher.
func (a *allocator) Attaches() bool { return true }
