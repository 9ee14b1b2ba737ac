package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// firstID is the first message id of ours. chromedp counts from 1 and never
// gets there; Chrome's ids are 32-bit.
const firstID = 1 << 30

// ErrGone reports that the browser is not there any more: it was closed, it
// crashed, or the connection broke.
var ErrGone = errors.New("the browser is gone")

// Conn is the connection to a browser, shared by chromedp and by our own target
// connections.
type Conn struct {
	transport chromedp.Transport
	handle    func(*cdproto.Message) // called by the reader for each of our events, in a turn
	turn      chan struct{}          // holds a value while an event or a reply is handled: see Do
	lost      chan struct{}          // closed by the reader when the transport ends

	mu       sync.Mutex               // guards all below
	chromedp *Queue[*cdproto.Message] // for chromedp
	nextID   int64
	waiting  map[int64]waiter // by id of our command
	ours     map[target.SessionID]bool
	ended    bool
	reason   error // why the transport ended
}

// waiter gets the reply to a command, once. A nil message says that the browser
// was lost first.
type waiter struct {
	session target.SessionID
	deliver func(*cdproto.Message)
}

// New starts to read the transport. Events of our target connections go to handle, one at
// a time, in order, each in a turn.
func New(transport chromedp.Transport, handle func(*cdproto.Message)) *Conn {
	c := &Conn{
		transport: transport,
		chromedp:  NewQueue[*cdproto.Message](),
		handle:    handle,
		turn:      make(chan struct{}, 1),
		lost:      make(chan struct{}),
		nextID:    firstID,
		waiting:   map[int64]waiter{},
		ours:      map[target.SessionID]bool{},
	}
	go c.read()
	return c
}

// Close ends the connection and waits until the reader is done. What runs in a turn
// must not call it.
func (c *Conn) Close() {
	c.transport.Close()
	<-c.lost
}

// Do runs a function in a turn of its own: between the events, and alone. What runs in
// a turn must not call it, nor wait for the browser.
func (c *Conn) Do(run func()) {
	c.turn <- struct{}{}
	run()
	<-c.turn
}

// DoWithin is Do that gives up with the context. It reports whether the function ran.
func (c *Conn) DoWithin(ctx context.Context, run func()) bool {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
		run()
		return true
	case <-ctx.Done():
		return false
	}
}

// Handle sets who handles the events from now on. It is called in a turn.
func (c *Conn) Handle(handle func(*cdproto.Message)) { c.handle = handle }

// Lost is closed when the connection has ended.
func (c *Conn) Lost() <-chan struct{} { return c.lost }

// Err is why there is no browser any more: an [ErrGone].
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == nil || errors.Is(c.reason, io.EOF) || errors.Is(c.reason, os.ErrClosed) {
		return ErrGone // nothing that a person could learn from
	}
	return fmt.Errorf("%w: %w", ErrGone, c.reason)
}

// AttachToBrowser opens our own connection to the browser target.
func (c *Conn) AttachToBrowser(ctx context.Context) (Link, error) {
	r, err := Call(ctx, c.Root(), target.AttachToBrowserTarget, cdp.Empty{})
	if err != nil {
		return Link{}, err
	}
	c.mu.Lock()
	c.ours[r.SessionID] = true
	c.mu.Unlock()
	return c.Link(r.SessionID), nil
}

// Forget ends the routing of a connection that was detached.
func (c *Conn) Forget(id target.SessionID) {
	c.mu.Lock()
	delete(c.ours, id)
	c.mu.Unlock()
}

// Reset gives the connection to another user, with a chromedp of its own. Messages for
// the one before that are not handled yet are dropped.
func (c *Conn) Reset(handle func(*cdproto.Message)) {
	c.Do(func() {
		c.Handle(handle)
		c.mu.Lock()
		defer c.mu.Unlock()
		clear(c.ours)
		c.chromedp = NewQueue[*cdproto.Message]()
	})
}

func (c *Conn) read() {
	var err error
	for err == nil {
		m := new(cdproto.Message)
		if err = c.transport.Read(context.Background(), m); err == nil {
			c.route(m)
		}
	}
	c.mu.Lock()
	c.ended, c.reason = true, err
	waiting, theirs := c.waiting, c.chromedp
	c.waiting = map[int64]waiter{}
	c.mu.Unlock()
	for _, waits := range waiting {
		c.Do(func() { waits.deliver(nil) })
	}
	theirs.Close()
	close(c.lost)
}

// route gives a message to whom it belongs.
func (c *Conn) route(m *cdproto.Message) {
	if m.ID >= firstID {
		c.mu.Lock()
		waits, ok := c.waiting[m.ID]
		delete(c.waiting, m.ID)
		c.mu.Unlock()
		if ok {
			c.Do(func() { waits.deliver(m) })
		}
		return
	}
	c.mu.Lock()
	ours, theirs := c.ours[m.SessionID], c.chromedp
	if ours && m.Method == "Target.attachedToTarget" {
		var e struct {
			SessionID target.SessionID `json:"sessionId"`
		}
		if jsonv2.Unmarshal(m.Params, &e, chromedp.DefaultUnmarshalOptions) == nil {
			c.ours[e.SessionID] = true
		}
	}
	c.mu.Unlock()
	if ours {
		c.Do(func() { c.handle(m) })
		if m.Method == "Target.detachedFromTarget" {
			c.orphan(m)
		}
		return
	}
	theirs.Push(m)
}

// orphan answers the commands that were sent on a connection that was detached:
// Chrome may not (TestDetachedWhileWaiting).
func (c *Conn) orphan(m *cdproto.Message) {
	var e struct {
		SessionID target.SessionID `json:"sessionId"`
	}
	if jsonv2.Unmarshal(m.Params, &e, chromedp.DefaultUnmarshalOptions) != nil {
		return
	}
	var orphans []waiter
	c.mu.Lock()
	for id, waits := range c.waiting {
		if waits.session == e.SessionID {
			orphans = append(orphans, waits)
			delete(c.waiting, id)
		}
	}
	c.mu.Unlock()
	for _, waits := range orphans {
		refused := &cdproto.Message{Error: &cdproto.Error{Code: -32001, Message: "the page or worker is closed"}}
		c.Do(func() { waits.deliver(refused) })
	}
}

// Answers is an error where the context has ended, or the browser is gone: for what would
// not notice.
func (c *Conn) Answers(ctx context.Context) error {
	select {
	case <-c.Lost():
		return c.Err()
	default:
		return ctx.Err()
	}
}
