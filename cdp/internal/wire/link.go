package wire

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Link is one target connection, what CDP calls a session. The zero Link is none.
type Link struct {
	conn *Conn
	ID   target.SessionID // "" is the root of the connection
}

// Link is the target connection with an id.
func (c *Conn) Link(id target.SessionID) Link { return Link{c, id} }

// Root is the connection that chromedp has, for the few commands that only it takes.
func (c *Conn) Root() Link { return Link{conn: c} }

// Lost is closed when the browser is gone: [Conn.Lost].
func (l Link) Lost() <-chan struct{} { return l.conn.Lost() }

// Err is why it is gone.
func (l Link) Err() error { return l.conn.Err() }

// Call runs a command and waits for its result, which comes when everything that the
// browser sent before it is handled. What runs in a turn must not use it.
func Call[P, R any](ctx context.Context, l Link, c cdp.Command[P, R], params P) (R, error) {
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
		l.conn.mu.Lock()
		delete(l.conn.waiting, id)
		l.conn.mu.Unlock()
		return result, fmt.Errorf("%s: %w", c.Method, ctx.Err())
	}
}

// Send runs a command and returns at once. done, when it is not nil, gets the
// result in a turn, after everything that the browser sent before it.
func Send[P, R any](l Link, c cdp.Command[P, R], params P, done func(R, error)) {
	_, err := l.write(c.Method, params, func(m *cdproto.Message) {
		if done != nil {
			done(decode[R](l, c.Method, m))
		}
	})
	if err != nil && done != nil {
		var none R
		go l.conn.Do(func() { done(none, err) }) // this may be a turn
	}
}

// CallOrUndo is [Call] for a command that makes something: a result that comes when nobody
// waits for it any more goes to undo, in its turn.
func CallOrUndo[P, R any](ctx context.Context, l Link, c cdp.Command[P, R], params P, undo func(R)) (R, error) {
	type reply struct {
		result R
		err    error
	}
	replies := make(chan reply, 1)
	var over atomic.Bool // it has come, or nobody waits: what is first decides
	Send(l, c, params, func(result R, err error) {
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
func (l Link) write(method string, params any, deliver func(*cdproto.Message)) (int64, error) {
	raw, err := jsonv2.Marshal(params, chromedp.DefaultMarshalOptions)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", method, err)
	}
	conn := l.conn
	conn.mu.Lock()
	if conn.ended {
		conn.mu.Unlock()
		return 0, fmt.Errorf("%s: %w", method, conn.Err())
	}
	id := conn.nextID
	conn.nextID++
	conn.waiting[id] = waiter{l.ID, deliver}
	conn.mu.Unlock()
	err = conn.transport.Write(context.Background(), &cdproto.Message{ID: id, SessionID: l.ID, Method: cdproto.MethodType(method), Params: raw})
	if err == nil {
		return id, nil
	}
	conn.mu.Lock()
	_, open := conn.waiting[id]
	delete(conn.waiting, id)
	conn.mu.Unlock()
	if !open {
		return id, nil // the reader saw the end first, and delivered it
	}
	return 0, fmt.Errorf("%s: %w: %w", method, ErrGone, err)
}

// decode reads a reply; a nil message means that the browser was lost.
func decode[R any](l Link, method string, m *cdproto.Message) (R, error) {
	var result R
	switch {
	case m == nil:
		return result, fmt.Errorf("%s: %w", method, l.conn.Err())
	case m.Error != nil:
		return result, fmt.Errorf("%s: %w", method, m.Error)
	}
	if err := jsonv2.Unmarshal(m.Result, &result, chromedp.DefaultUnmarshalOptions); err != nil {
		return result, fmt.Errorf("%s: reading the result: %w", method, err)
	}
	return result, nil
}
