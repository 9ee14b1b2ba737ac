package cdp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

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

// wire is the connection to a browser, shared by chromedp and by our own
// target connections. See the package comment.
type wire struct {
	transport chromedp.Transport
	handle    func(*cdproto.Message) // called by the reader for each of our events, in a turn
	turn      chan struct{}          // holds a value while an event or a reply is handled: see do
	lost      chan struct{}          // closed by the reader when the transport ends

	mu      sync.Mutex               // guards all below
	guest   *queue[*cdproto.Message] // for chromedp
	nextID  int64
	waiting map[int64]waiter // by id of our command
	ours    map[target.SessionID]bool
	ended   bool
	reason  error // why the transport ended
}

// waiter gets the reply to a command, once. A nil message says that the browser
// was lost first.
type waiter struct {
	session target.SessionID
	deliver func(*cdproto.Message)
}

// newWire starts to read the transport. Events of our target connections go to
// handle, one at a time, in order.
func newWire(transport chromedp.Transport, handle func(*cdproto.Message)) *wire {
	w := &wire{
		transport: transport,
		guest:     newQueue[*cdproto.Message](),
		handle:    handle,
		turn:      make(chan struct{}, 1),
		lost:      make(chan struct{}),
		nextID:    firstID,
		waiting:   map[int64]waiter{},
		ours:      map[target.SessionID]bool{},
	}
	go w.read()
	return w
}

// close ends the connection and waits until the reader is done. What runs in a turn
// must not call it.
func (w *wire) close() {
	w.transport.Close()
	<-w.lost
}

// do runs a function in a turn of its own: between the events, and alone. What runs in
// a turn must not call it, nor wait for the browser.
func (w *wire) do(run func()) {
	w.turn <- struct{}{}
	run()
	<-w.turn
}

func (w *wire) read() {
	var err error
	for err == nil {
		m := new(cdproto.Message)
		if err = w.transport.Read(context.Background(), m); err == nil {
			w.route(m)
		}
	}
	w.mu.Lock()
	w.ended, w.reason = true, err
	waiting, guest := w.waiting, w.guest
	w.waiting = map[int64]waiter{}
	w.mu.Unlock()
	for _, waits := range waiting {
		w.do(func() { waits.deliver(nil) })
	}
	guest.close()
	close(w.lost)
}

// route gives a message to whom it belongs.
func (w *wire) route(m *cdproto.Message) {
	if m.ID >= firstID {
		w.mu.Lock()
		waits, ok := w.waiting[m.ID]
		delete(w.waiting, m.ID)
		w.mu.Unlock()
		if ok {
			w.do(func() { waits.deliver(m) })
		}
		return
	}
	w.mu.Lock()
	ours, guest := w.ours[m.SessionID], w.guest
	if ours && m.Method == "Target.attachedToTarget" {
		var e struct {
			SessionID target.SessionID `json:"sessionId"`
		}
		if jsonv2.Unmarshal(m.Params, &e, chromedp.DefaultUnmarshalOptions) == nil {
			w.ours[e.SessionID] = true
		}
	}
	w.mu.Unlock()
	if ours {
		w.do(func() { w.handle(m) })
		if m.Method == "Target.detachedFromTarget" {
			w.orphan(m)
		}
		return
	}
	guest.push(m)
}

// orphan answers the commands that were sent on a connection that was detached:
// Chrome may not (TestDetachedWhileWaiting).
func (w *wire) orphan(m *cdproto.Message) {
	var e struct {
		SessionID target.SessionID `json:"sessionId"`
	}
	if jsonv2.Unmarshal(m.Params, &e, chromedp.DefaultUnmarshalOptions) != nil {
		return
	}
	var orphans []waiter
	w.mu.Lock()
	for id, waits := range w.waiting {
		if waits.session == e.SessionID {
			orphans = append(orphans, waits)
			delete(w.waiting, id)
		}
	}
	w.mu.Unlock()
	for _, waits := range orphans {
		refused := &cdproto.Message{Error: &cdproto.Error{Code: -32001, Message: "the page or worker is closed"}}
		w.do(func() { waits.deliver(refused) })
	}
}

// lostError says why there is no browser any more.
func (w *wire) lostError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reason == nil || errors.Is(w.reason, io.EOF) || errors.Is(w.reason, os.ErrClosed) {
		return ErrGone // nothing that a person could learn from
	}
	return fmt.Errorf("%w: %w", ErrGone, w.reason)
}

// link is one target connection of ours.
type link struct {
	wire *wire
	id   target.SessionID
}

// browserLink opens our own connection to the browser target.
func (w *wire) browserLink(ctx context.Context) (link, error) {
	r, err := call(ctx, link{wire: w}, target.AttachToBrowserTarget, cdp.Empty{})
	if err != nil {
		return link{}, err
	}
	w.mu.Lock()
	w.ours[r.SessionID] = true
	w.mu.Unlock()
	return link{w, r.SessionID}, nil
}

// forget ends the routing of a detached connection.
func (w *wire) forget(id target.SessionID) {
	w.mu.Lock()
	delete(w.ours, id)
	w.mu.Unlock()
}

// call runs a command and waits for its result, which comes when everything that the
// browser told before it is handled. What runs in a turn must not use it.
func call[P, R any](ctx context.Context, l link, c cdp.Command[P, R], params P) (R, error) {
	var result R
	reply := make(chan *cdproto.Message, 1)
	id, err := l.write(c.Method, params, func(m *cdproto.Message) { reply <- m })
	if err != nil {
		return result, err
	}
	select {
	case m := <-reply:
		return decode[R](l, c.Method, m)
	case <-ctx.Done():
		l.wire.mu.Lock()
		delete(l.wire.waiting, id)
		l.wire.mu.Unlock()
		return result, fmt.Errorf("%s: %w", c.Method, ctx.Err())
	}
}

// send runs a command and returns at once. done, when it is not nil, gets the
// result in a turn, after everything that the browser told before it.
func send[P, R any](l link, c cdp.Command[P, R], params P, done func(R, error)) {
	_, err := l.write(c.Method, params, func(m *cdproto.Message) {
		if done != nil {
			done(decode[R](l, c.Method, m))
		}
	})
	if err != nil && done != nil {
		var none R
		go l.wire.do(func() { done(none, err) }) // this may be a turn
	}
}

// callOrUndo is call for a command that makes something: a result that comes when nobody
// waits for it any more goes to undo, in its turn.
func callOrUndo[P, R any](ctx context.Context, l link, c cdp.Command[P, R], params P, undo func(R)) (R, error) {
	type reply struct {
		result R
		err    error
	}
	replies := make(chan reply, 1)
	var over atomic.Bool // it has come, or nobody waits: what is first decides
	send(l, c, params, func(result R, err error) {
		if over.CompareAndSwap(false, true) {
			replies <- reply{result, err}
		} else if err == nil {
			undo(result)
		}
	})
	select {
	case r := <-replies:
		return r.result, r.err
	case <-ctx.Done():
		if over.CompareAndSwap(false, true) {
			return *new(R), fmt.Errorf("%s: %w", c.Method, ctx.Err())
		}
		r := <-replies
		return r.result, r.err
	}
}

// write sends a command. deliver gets the reply in a turn, nil when the browser is lost
// first.
func (l link) write(method string, params any, deliver func(*cdproto.Message)) (int64, error) {
	raw, err := jsonv2.Marshal(params, chromedp.DefaultMarshalOptions)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", method, err)
	}
	w := l.wire
	w.mu.Lock()
	if w.ended {
		w.mu.Unlock()
		return 0, fmt.Errorf("%s: %w", method, w.lostError())
	}
	id := w.nextID
	w.nextID++
	w.waiting[id] = waiter{l.id, deliver}
	w.mu.Unlock()
	err = w.transport.Write(context.Background(), &cdproto.Message{ID: id, SessionID: l.id, Method: cdproto.MethodType(method), Params: raw})
	if err == nil {
		return id, nil
	}
	w.mu.Lock()
	_, open := w.waiting[id]
	delete(w.waiting, id)
	w.mu.Unlock()
	if !open {
		return id, nil // the reader saw the end first, and delivered it
	}
	return 0, fmt.Errorf("%s: %w: %w", method, ErrGone, err)
}

// decode reads a reply; a nil message means that the browser was lost.
func decode[R any](l link, method string, m *cdproto.Message) (R, error) {
	var result R
	switch {
	case m == nil:
		return result, fmt.Errorf("%s: %w", method, l.wire.lostError())
	case m.Error != nil:
		return result, fmt.Errorf("%s: %w", method, m.Error)
	}
	if err := jsonv2.Unmarshal(m.Result, &result, chromedp.DefaultUnmarshalOptions); err != nil {
		return result, fmt.Errorf("%s: reading the result: %w", method, err)
	}
	return result, nil
}
