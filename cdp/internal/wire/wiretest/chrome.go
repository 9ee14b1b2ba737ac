// Package wiretest has a Chrome for tests that need none: they play it.
package wiretest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"
)

// Patience bounds every wait of a test; it is only reached when one fails.
const Patience = 90 * time.Second

// Own is the id of our connection to the browser target.
const Own target.SessionID = "own"

// Chrome is a chromedp.Transport that plays Chrome. The test says what it sends, and takes
// what is written to it one by one.
type Chrome struct {
	t        *testing.T
	sent     *messages
	received *messages
	closed   chan struct{}
	once     sync.Once

	mu   sync.Mutex     // guards all below
	open map[string]int // the requests that are paused, how often
	fail error          // of the next writes
}

// NewChrome makes one that ends with the test.
func NewChrome(t *testing.T) *Chrome {
	f := &Chrome{t: t, sent: newMessages(), received: newMessages(), closed: make(chan struct{}), open: map[string]int{}}
	t.Cleanup(func() { f.Close() })
	return f
}

// Read satisfies chromedp.Transport.
func (f *Chrome) Read(_ context.Context, m *cdproto.Message) error {
	next := f.sent.take(f.closed)
	if next == nil {
		return io.EOF
	}
	*m = *next
	return nil
}

// Write satisfies chromedp.Transport.
func (f *Chrome) Write(_ context.Context, m *cdproto.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	select {
	case <-f.closed:
		return errors.New("write on a closed pipe")
	default:
	}
	if m.Method == "Fetch.disable" && m.SessionID == Own && len(f.open) > 0 {
		f.t.Errorf("Fetch.disable while requests are paused, which releases them unmodified: %v", f.open)
	}
	copied := *m
	f.received.push(&copied)
	return nil
}

// Close satisfies chromedp.Transport.
func (f *Chrome) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// Fail lets the next writes fail.
func (f *Chrome) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// Send sends a message.
func (f *Chrome) Send(m *cdproto.Message) { f.sent.push(m) }

// Event sends an event on a target connection.
func (f *Chrome) Event(id target.SessionID, method, params string) {
	f.Send(&cdproto.Message{SessionID: id, Method: cdproto.MethodType(method), Params: []byte(params)})
}

// Paused reports that a request is paused.
func (f *Chrome) Paused(id, url string, headers map[string]string) {
	f.mu.Lock()
	f.open[id]++
	f.mu.Unlock()
	list, _ := json.Marshal(headers)
	f.Event(Own, "Fetch.requestPaused", fmt.Sprintf(
		`{"requestId":%q,"request":{"url":%q,"method":"GET","headers":%s,"initialPriority":"High","referrerPolicy":"no-referrer"},"frameId":"F","resourceType":"Fetch"}`,
		id, url, list))
}

// Command takes the next thing that was written to Chrome, which must be this.
func (f *Chrome) Command(method string) *cdproto.Message {
	f.t.Helper()
	m := f.Take()
	if string(m.Method) != method {
		f.t.Fatalf("the next command is %s %s, want %s", m.Method, m.Params, method)
	}
	return m
}

// Take takes it whatever it is.
func (f *Chrome) Take() *cdproto.Message {
	f.t.Helper()
	late := make(chan struct{})
	deadline := time.AfterFunc(Patience, func() { close(late) })
	defer deadline.Stop()
	m := f.received.take(late)
	if m == nil {
		f.t.Fatal("waited in vain for a command")
	}
	return m
}

// Untaken are the commands that were written and not taken.
func (f *Chrome) Untaken() []*cdproto.Message { return f.received.all() }

// Silent reports them.
func (f *Chrome) Silent() {
	f.t.Helper()
	for _, m := range f.Untaken() {
		f.t.Errorf("unexpected command %s %s", m.Method, m.Params)
	}
}

// Reply carries a command out.
func (f *Chrome) Reply(m *cdproto.Message, result string) {
	f.answered(m)
	f.Send(&cdproto.Message{ID: m.ID, SessionID: m.SessionID, Result: []byte(result)})
}

// Refuse answers a command with an error. A refused answer leaves the request
// paused, unless there was none.
func (f *Chrome) Refuse(m *cdproto.Message, text string) {
	if strings.HasPrefix(text, "Invalid InterceptionId") {
		f.answered(m)
	}
	f.Send(&cdproto.Message{ID: m.ID, SessionID: m.SessionID, Error: &cdproto.Error{Code: -32602, Message: text}})
}

func (f *Chrome) answered(m *cdproto.Message) {
	if m.Method != "Fetch.continueRequest" && m.Method != "Fetch.failRequest" {
		return
	}
	id := Parameter(f.t, m, "requestId").(string)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[id] == 0 {
		f.t.Errorf("a second answer was accepted for %s", id)
	}
	if f.open[id]--; f.open[id] == 0 {
		delete(f.open, id)
	}
}

// Parameter is one of a command; nil when it is not there.
func Parameter(t *testing.T, m *cdproto.Message, name string) any {
	t.Helper()
	var params map[string]any
	if err := json.Unmarshal(m.Params, &params); err != nil {
		t.Fatalf("%s: %v", m.Method, err)
	}
	return params[name]
}

// Eventually waits until the condition holds, which is looked at between the events: do runs
// a function there.
func Eventually(t *testing.T, do func(func()), what string, condition func() bool) {
	t.Helper()
	for start := time.Now(); time.Since(start) < Patience; runtime.Gosched() {
		holds := false
		if do(func() { holds = condition() }); holds {
			return
		}
	}
	t.Fatalf("waited in vain for: %s", what)
}

// messages is an unbounded queue. One goroutine may take.
type messages struct {
	mu   sync.Mutex // guards list
	list []*cdproto.Message
	wake chan struct{} // holds a value when there may be something new
}

func newMessages() *messages { return &messages{wake: make(chan struct{}, 1)} }

func (q *messages) push(m *cdproto.Message) {
	q.mu.Lock()
	q.list = append(q.list, m)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for the next one. It is nil once done is closed.
func (q *messages) take(done <-chan struct{}) *cdproto.Message {
	for {
		q.mu.Lock()
		if len(q.list) > 0 {
			m := q.list[0]
			q.list = q.list[1:]
			q.mu.Unlock()
			return m
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-done:
			return nil
		}
	}
}

func (q *messages) all() []*cdproto.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.list)
}
