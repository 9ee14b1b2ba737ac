package cdp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"

	"sessdriver/sessions"
)

// patience bounds every wait of these tests; it is only reached when they fail.
const patience = 90 * time.Second

// own is the id of our connection to the browser target in these tests.
const own target.SessionID = "own"

// fakeChrome is a chromedp.Transport that plays Chrome. The test says what it
// tells, and takes what is written to it one by one.
type fakeChrome struct {
	t      *testing.T
	tell   *queue[*cdproto.Message]
	closed chan struct{}
	once   sync.Once
	heard  *queue[*cdproto.Message]
	next   []*cdproto.Message

	mu   sync.Mutex // guards all below
	open map[string]int
	fail error // of the next writes
}

func newFakeChrome(t *testing.T) *fakeChrome {
	f := &fakeChrome{
		t: t, tell: newQueue[*cdproto.Message](), heard: newQueue[*cdproto.Message](),
		closed: make(chan struct{}), open: map[string]int{},
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func (f *fakeChrome) Read(_ context.Context, m *cdproto.Message) error {
	if len(f.next) == 0 {
		if f.next = f.tell.take(f.closed); len(f.next) == 0 {
			return io.EOF
		}
	}
	*m, f.next = *f.next[0], f.next[1:]
	return nil
}

func (f *fakeChrome) Write(_ context.Context, m *cdproto.Message) error {
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
	if m.Method == "Fetch.disable" && m.SessionID == own && len(f.open) > 0 {
		f.t.Errorf("Fetch.disable while requests are paused, which releases them unmodified: %v", f.open)
	}
	copied := *m
	f.heard.push(&copied)
	return nil
}

func (f *fakeChrome) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// event tells an event on a target connection.
func (f *fakeChrome) event(id target.SessionID, method, params string) {
	f.tell.push(&cdproto.Message{SessionID: id, Method: cdproto.MethodType(method), Params: []byte(params)})
}

// paused tells that a request is paused.
func (f *fakeChrome) paused(id, url string, headers map[string]string) {
	f.mu.Lock()
	f.open[id]++
	f.mu.Unlock()
	list, _ := json.Marshal(headers)
	f.event(own, "Fetch.requestPaused", fmt.Sprintf(
		`{"requestId":%q,"request":{"url":%q,"method":"GET","headers":%s,"initialPriority":"High","referrerPolicy":"no-referrer"},"frameId":"F","resourceType":"Fetch"}`,
		id, url, list))
}

// command takes the next thing that was written to Chrome, which must be this.
func (f *fakeChrome) command(method string) *cdproto.Message {
	f.t.Helper()
	m := f.take()
	if string(m.Method) != method {
		f.t.Fatalf("the next command is %s %s, want %s", m.Method, m.Params, method)
	}
	return m
}

func (f *fakeChrome) take() *cdproto.Message {
	f.t.Helper()
	deadline := time.After(patience)
	for {
		f.heard.mu.Lock()
		var m *cdproto.Message
		if len(f.heard.items) > 0 {
			m, f.heard.items = f.heard.items[0], f.heard.items[1:]
		}
		f.heard.mu.Unlock()
		if m != nil {
			return m
		}
		select {
		case <-f.heard.wake:
		case <-deadline:
			f.t.Fatal("waited in vain for a command")
		}
	}
}

// silent reports what was written and not taken.
func (f *fakeChrome) silent() {
	f.t.Helper()
	f.heard.mu.Lock()
	defer f.heard.mu.Unlock()
	for _, m := range f.heard.items {
		f.t.Errorf("unexpected command %s %s", m.Method, m.Params)
	}
}

// reply carries a command out.
func (f *fakeChrome) reply(m *cdproto.Message, result string) {
	f.answered(m)
	f.tell.push(&cdproto.Message{ID: m.ID, SessionID: m.SessionID, Result: []byte(result)})
}

// refuse answers a command with an error. A refused answer leaves the request
// paused, unless there was none.
func (f *fakeChrome) refuse(m *cdproto.Message, text string) {
	if strings.HasPrefix(text, "Invalid InterceptionId") {
		f.answered(m)
	}
	f.tell.push(&cdproto.Message{ID: m.ID, SessionID: m.SessionID, Error: &cdproto.Error{Code: -32602, Message: text}})
}

func (f *fakeChrome) answered(m *cdproto.Message) {
	if m.Method != "Fetch.continueRequest" && m.Method != "Fetch.failRequest" {
		return
	}
	id := field(f.t, m, "requestId").(string)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[id] == 0 {
		f.t.Errorf("a second answer was accepted for %s", id)
	}
	if f.open[id]--; f.open[id] == 0 {
		delete(f.open, id)
	}
}

// field is a parameter of a command; nil when it is not there.
func field(t *testing.T, m *cdproto.Message, name string) any {
	t.Helper()
	var params map[string]any
	if err := json.Unmarshal(m.Params, &params); err != nil {
		t.Fatalf("%s: %v", m.Method, err)
	}
	return params[name]
}

// wire starts a wire on the fake that ends with the test.
func (f *fakeChrome) wire(handle func(*cdproto.Message)) *wire {
	w := newWire(f, handle)
	f.t.Cleanup(w.close)
	return w
}

// browser is a Browser on the fake, as it is once it has started, without the
// targets and without chromedp.
func (f *fakeChrome) browser(o Options) *Browser {
	b := newBrowser(o)
	b.speak(newWire(f, b.handle))
	b.link = link{b.wire, own}
	b.wire.ours[own] = true
	b.interceptor.link, b.mirror.link = b.link, b.link
	f.t.Cleanup(b.abandon)
	return b
}

// eventually waits until the condition, looked at between the events, holds.
func eventually(t *testing.T, w *wire, what string, condition func() bool) {
	t.Helper()
	for start := time.Now(); time.Since(start) < patience; runtime.Gosched() {
		holds := false
		if w.do(func() { holds = condition() }); holds {
			return
		}
	}
	t.Fatalf("waited in vain for: %s", what)
}

// bookOf is a book with the sessions alice and bob on a.test; the one that is
// named is active, "" for none.
func bookOf(t *testing.T, active string) *sessions.Book {
	t.Helper()
	book := sessions.New(sessions.Options{Defaults: sessions.StandardDefaults()})
	for _, name := range []string{"alice", "bob"} {
		list, err := sessions.ReadCookies(book.Scope(), "sid="+name+"1", "a.test", "http://a.test/")
		if err != nil {
			t.Fatal(err)
		}
		session, err := book.Import("a.test", name, list, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if name == active {
			if err := book.Use(sessions.Main, session.Ref(), nil, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return book
}
