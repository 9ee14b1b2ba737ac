package cdp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/wire"
)

// refused runs a command that the browser is to refuse, and returns why it did.
func refused[P, R any](b *bare, l wire.Link, c cdp.Command[P, R], params P) string {
	b.t.Helper()
	_, err := wire.Call(b.t.Context(), l, c, params)
	if why := (*cdproto.Error)(nil); errors.As(err, &why) {
		return why.Message
	}
	b.t.Errorf("%s was not refused: %v", c.Method, err)
	return ""
}

// holdBack begins a request that is paused and not answered, and returns its id.
func (b *bare) holdBack(l wire.Link, name, script string) fetch.RequestID {
	b.t.Helper()
	b.mu.Lock()
	b.holds = "/hit/" + name + "?"
	b.mu.Unlock()
	b.run(l, script+"; 0")
	var id fetch.RequestID
	b.until(name+" to be paused", func(m *cdproto.Message) bool {
		if m.Method != "Fetch.requestPaused" {
			return false
		}
		e := read[fetch.EventRequestPaused](b.t, m)
		id = e.RequestID
		return strings.Contains(e.Request.URL, b.holds)
	})
	return id
}

func pausing(patterns ...string) fetch.EnableParams {
	var p fetch.EnableParams
	for _, pattern := range patterns {
		p.Patterns = append(p.Patterns, &fetch.RequestPattern{URLPattern: pattern})
	}
	return p
}

// CHROMIUM 4, 6, 17: other patterns count for pages that are there. One without a port
// matches no URL with one. An override is for one hop.
func TestFactPatterns(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	must(b, b.own, storage.SetCookies, storage.SetCookiesParams{Cookies: []*network.CookieParam{{Name: "sid", Value: "jar", Domain: "shop.test", Path: "/"}}})
	must(b, b.own, fetch.Enable, pausing("*://other.test:*/*"))
	page := b.open(w.page("shop.test"))
	must(b, b.own, fetch.Enable, pausing("*://shop.test/*"))
	b.run(page, `fetch('/hit/portless?id=p')`)
	must(b, b.own, fetch.Enable, pausing("*://shop.test:*/*"))
	b.mu.Lock()
	b.override = func(e *fetch.EventRequestPaused) []*fetch.HeaderEntry {
		if strings.Contains(e.Request.URL, "/hit/hop?") {
			return []*fetch.HeaderEntry{{Name: "Cookie", Value: "sid=forced"}}
		}
		return nil
	}
	b.mu.Unlock()
	b.run(page, fmt.Sprintf("fetch('/hit/hop?id=p&redirect=%s')", url.QueryEscape(w.origin("shop.test")+"/hit/landed?id=p")))
	hits := w.arrived("p", "portless", "hop", "landed")
	for name, want := range map[string]bool{"portless": false, "hop": true, "landed": true} {
		if got := b.wasPaused(name); got != want {
			t.Errorf("%s was paused: %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]string{"hop": "sid=forced", "landed": "sid=jar"} {
		if got := hits[name].cookie; got != want {
			t.Errorf("%s came with %q, want %q", name, got, want)
		}
	}
}

// CHROMIUM 4, 7, 21, 26: other patterns leave what is paused as it is; Fetch.disable lets it go as
// it was. The document is not paused any more when Fetch is enabled again. What is gone
// cannot be answered, and a page that waits for its document answers nothing.
func TestFactPaused(t *testing.T) {
	w := newWeb(t)
	b := newBare(t, w)
	must(b, b.own, storage.SetCookies, storage.SetCookiesParams{Cookies: []*network.CookieParam{{Name: "sid", Value: "jar", Domain: "shop.test", Path: "/"}}})
	must(b, b.own, fetch.Enable, pauseAll())
	page := b.open(w.page("shop.test"))
	id := b.holdBack(page, "held", `fetch('/hit/held?id=h')`)
	must(b, b.own, fetch.Enable, pausing(force.Never))
	b.run(page, `fetch('/hit/marker?id=h')`)
	if len(w.seen(func(h hit) bool { return h.name == "held" })) > 0 {
		t.Error("other patterns let a paused request go")
	}
	must(b, b.own, fetch.Disable, cdp.Empty{})
	if got := w.arrived("h", "held")["held"].cookie; got != "sid=jar" {
		t.Errorf("what Fetch.disable let go came with %q", got)
	}
	must(b, b.own, fetch.Enable, pauseAll())
	b.run(page, `fetch('/hit/again?id=h')`)
	if b.wasPaused("again") {
		t.Error("an old document was paused without priming: it may go")
	}
	const gone = "Invalid InterceptionId."
	if why := refused(b, b.own, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: id}); why != gone {
		t.Errorf("answered too late: %q", why)
	}

	page = b.open(w.page("shop.test"))
	id = b.holdBack(page, "closed", `fetch('/hit/closed?id=h')`)
	b.run(page, "window.close()")
	b.until("the end of the page", func(m *cdproto.Message) bool { return m.Method == "Target.detachedFromTarget" })
	if why := refused(b, b.own, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: id}); why != gone {
		t.Errorf("answered for a page that is closed: %q", why)
	}

	page = b.open(w.page("shop.test"))
	b.holdBack(page, "document", `location = '/hit/document?id=h'`)
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := wire.Call(short, page, runtime.Evaluate, runtime.EvaluateParams{Expression: "1"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a page whose next document is paused: %v", err)
	}
}

// CHROMIUM 18: what is continued without headers is sent as it would have been, byte for
// byte. The headers that are given take the place of the page's, and leave in the order of
// the list; Host, Referer and others are the browser's. The event has them sorted.
func TestFactHeaders(t *testing.T) {
	w := newWebOf(t, "http")
	b := newBare(t, w)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	came := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				var head strings.Builder
				lines := bufio.NewReader(io.TeeReader(c, &head))
				if _, err := http.ReadRequest(lines); err == nil {
					came <- head.String()
					io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n")
				}
			}()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ask := func(page wire.Link) string {
		t.Helper()
		b.run(page, fmt.Sprintf("fetch('http://raw.test:%s/', {mode: 'no-cors', headers: {'Content-Language': 'de'}})", port))
		return <-came
	}
	plain := ask(b.page)
	must(b, b.own, fetch.Enable, pauseAll())
	page := b.open(w.page("shop.test"))
	if got := ask(page); got != plain {
		t.Errorf("continued without headers came\n%s\nwant\n%s", got, plain)
	}
	b.mu.Lock()
	b.override = func(*fetch.EventRequestPaused) []*fetch.HeaderEntry {
		return []*fetch.HeaderEntry{{Name: "X-Zeta", Value: "1"}, {Name: "Accept", Value: "*/*"}, {Name: "X-Alpha", Value: "2"}}
	}
	b.mu.Unlock()
	got := ask(page)
	if !strings.Contains(got, "X-Zeta: 1\r\nAccept: */*\r\nX-Alpha: 2\r\n") || !strings.Contains(plain, "\r\nContent-Language: de\r\n") || strings.Contains(got, "Content-Language") || !strings.Contains(got, "\r\nReferer: ") {
		t.Errorf("with headers came\n%s\nwithout\n%s", got, plain)
	}
	names := regexp.MustCompile(`"([^"]+)":"`)
	b.until("the paused request", func(m *cdproto.Message) bool {
		_, list, found := strings.Cut(string(m.Params), `"headers":{`)
		if m.Method != "Fetch.requestPaused" || !found || !strings.Contains(string(m.Params), "raw.test") {
			return false
		}
		list, _, _ = strings.Cut(list, "}")
		var is []string
		for _, m := range names.FindAllStringSubmatch(list, -1) {
			is = append(is, m[1])
		}
		if len(is) < 3 || !slices.IsSorted(is) {
			t.Errorf("the event has the headers %q", is)
		}
		return true
	})
}

// CHROMIUM 38: a filter that lets both tab and page through is refused.
func TestFactAutoAttach(t *testing.T) {
	b := newBare(t, newWeb(t))
	auto := force.Attach(nil)
	auto.Filter = target.Filter{{Type: "browser", Exclude: true}, {}}
	refused(b, b.own, target.SetAutoAttach, auto)
}
