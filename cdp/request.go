package cdp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/page"
	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// requestWindow is the window of a request as another session.
const requestWindow sessions.Window = "sessdriver request"

// answer is the last one to a request of ours, until another document is shown.
type answer struct {
	status   int
	headers  map[string]string // by their names in lower case
	document cdp.LoaderID
}

// Request makes the browser ask for a URL from a blank document of its origin, so that
// nothing but the request reaches the server: with the current window's cookies, or as a
// session in a window of its own that is closed afterwards. Redirects are followed.
func (b *Browser) Request(ctx context.Context, as sessions.Ref, method, address string, headers [][2]string, body string) (status int, text string, err error) {
	err = b.page.Acting(method+" "+sessions.ShowURL(address), func() error {
		w, shown := b.Window(), b.currentTab()
		if as != (sessions.Ref{}) {
			w = requestWindow
			if err := b.makeWindow(ctx, w); err != nil {
				return err
			}
			defer func() {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
				defer cancel()
				b.CloseWindow(ctx, w)
			}()
			if _, err := b.force.Use(ctx, w, as, false); err != nil {
				return err
			}
		}
		tab, end, err := b.blankTab(ctx, w, address)
		defer end()
		if err != nil {
			return err
		}
		b.blanks.fail(tab, "") // of its document
		got, err := fetchFrom(ctx, tab.Link, method, address, headers, body)
		if err != nil {
			return b.failedFor(ctx, tab, err)
		}
		status, text = got.status, got.text
		last := &answer{status: got.status, headers: got.headers}
		if shown != nil {
			last.document = b.targets.Document(shown).Loader
		}
		b.pages.mu.Lock()
		b.pages.answer = last
		b.pages.mu.Unlock()
		return b.Settle(ctx)
	})
	return status, text, err
}

// failedFor is why a request of a blank tab failed: what the browser tells, since the page
// only learns that it did.
func (b *Browser) failedFor(ctx context.Context, tab *targets.Tab, err error) error {
	if !errors.As(err, new(*page.ScriptError)) || b.Settle(ctx) != nil {
		return err
	}
	if failure := b.blanks.failure(tab); failure != "" {
		return errors.New(failure)
	}
	return err
}

// blankTab opens a tab that nobody is shown, with a blank document of a URL's origin.
// end closes it.
func (b *Browser) blankTab(ctx context.Context, w sessions.Window, address string) (_ *targets.Tab, end func(), _ error) {
	origin, end := targets.OriginOf(address), func() {}
	if !strings.HasPrefix(origin, "http") {
		return nil, end, errors.New("it is no http or https address")
	}
	id, err := b.createTarget(ctx, target.CreateTargetParams{URL: "about:blank", BrowserContextID: b.targets.ContextOf(w), Background: new(true)})
	if err != nil {
		return nil, end, err
	}
	end = func() { b.closeTab(id) }
	tab, err := b.targets.Opened(ctx, id)
	if err != nil {
		return nil, end, err
	}
	b.targets.SetBlank(tab)
	b.blanks.add(b.targets, tab)
	if err := b.targets.Ready(ctx, tab); err != nil {
		return nil, end, err
	}
	if !b.targets.Tells(tab) {
		force.EnableNetwork(tab, true) // for the next: no service worker is to answer
	}
	wire.Send(tab.Link, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true}, nil)
	// The page's own Fetch comes first (CHROMIUM 23): this one answers, and no other is asked.
	if _, err := wire.Call(ctx, tab.Link, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: origin + targets.BlankPath}}}); err != nil {
		return nil, end, err
	}
	served := errors.New("not needed")
	if b.options.Proxy == "" && needsAddress(origin) {
		served = b.serveBlank(ctx, tab, origin+targets.BlankPath)
	}
	if served != nil {
		if err := b.page.Navigate(ctx, tab, origin+targets.BlankPath); err != nil {
			return nil, end, err
		}
	}
	_, err = wire.Call(ctx, tab.Link, fetch.Disable, cdp.Empty{})
	return tab, end, err
}

// blankDocument asks for nothing, not even an icon.
const blankDocument = "<!doctype html><link rel=icon href=data:,>"

// fulfil answers for the server with a blank document, or lets our own server do so.
func (b *Browser) fulfil(tab *targets.Tab, e *wire.RequestPaused) {
	if !strings.HasSuffix(e.Request.URL, targets.BlankPath) { // it mirrors HTTP credentials
		b.force.MirrorPaused(tab, e)
		return
	}
	if from := b.blanks.from(tab); from != "" {
		wire.Send(tab.Link, fetch.ContinueRequest, fetch.ContinueRequestParams{
			RequestID: e.RequestID, URL: from, Headers: []*fetch.HeaderEntry{{Name: "Cookie", Value: ""}}, // what the jar has for that address is not for us
		}, nil)
		return
	}
	wire.Send(tab.Link, fetch.FulfillRequest, fetch.FulfillRequestParams{
		RequestID: e.RequestID, ResponseCode: 200, Body: []byte(blankDocument),
		ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/html"}, {Name: "Cache-Control", Value: "no-store"}},
	}, nil)
}

// needsAddress reports an origin whose documents may ask a private address only when
// they come from an address themselves: a host name over plain HTTP (CHROMIUM 25). What
// is fulfilled has none.
func needsAddress(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" {
		return false
	}
	host := u.Hostname()
	return net.ParseIP(host) == nil && host != "localhost" && !strings.HasSuffix(host, ".localhost")
}

// serveBlank shows the blank document of an origin as one that came from loopback: for
// the browser it is the origin's, but we served it. A browser on another machine, or
// behind a proxy, does not find us.
func (b *Browser) serveBlank(ctx context.Context, tab *targets.Tab, address string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	path := "/" + rand.Text()
	server := &http.Server{ReadHeaderTimeout: endTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "no-store")
		io.WriteString(w, blankDocument)
	})}
	ended := make(chan struct{})
	go func() { server.Serve(listener); close(ended) }()
	defer func() { server.Close(); <-ended }()
	b.blanks.serve(tab, "http://"+listener.Addr().String()+path)
	defer b.blanks.serve(tab, "")
	return b.page.Navigate(ctx, tab, address)
}

type gotten struct {
	status  int
	headers map[string]string
	text    string
}

const asking = `async (method, url, headers, body) => {
	const r = await fetch(url, {method, headers, body: body === '' ? undefined : body, credentials: 'include', cache: 'no-store'});
	const bytes = new Uint8Array(await r.arrayBuffer());
	let text = '';
	for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
	return JSON.stringify({status: r.status, headers: Object.fromEntries(r.headers), body: btoa(text)});
}`

// fetchFrom lets a page make the request.
func fetchFrom(ctx context.Context, l wire.Link, method, address string, headers [][2]string, body string) (got gotten, err error) {
	list, err := json.Marshal(append([][2]string{}, headers...))
	if err != nil {
		return got, err
	}
	expression := fmt.Sprintf("(%s)(%s, %s, %s, %s)", asking, page.Quoted(method), page.Quoted(address), list, page.Quoted(body))
	r, err := page.Evaluated(ctx, l, runtime.EvaluateParams{Expression: expression, AwaitPromise: new(true), ReturnByValue: new(true)})
	if err != nil {
		return got, err
	}
	var told string
	var answer struct {
		Status  int
		Headers map[string]string
		Body    string
	}
	if err := json.Unmarshal(r.Value, &told); err != nil {
		return got, err
	}
	if err := json.Unmarshal([]byte(told), &answer); err != nil {
		return got, err
	}
	text, err := base64.StdEncoding.DecodeString(answer.Body)
	return gotten{answer.Status, answer.Headers, string(text)}, err
}
