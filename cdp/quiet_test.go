package cdp

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sessdriver/sessions"
)

// gate is a proxy that plays all hosts below test. What goes to another one no page asked
// for.
type gate struct {
	secure *httptest.Server // where CONNECT leads, with a certificate that nobody trusts
	proxy  *httptest.Server

	mu     sync.Mutex // guards all below
	asked  []string   // hosts
	others []string   // requests
}

func newGate(t *testing.T) *gate {
	g := &gate{}
	g.secure = httptest.NewUnstartedServer(http.HandlerFunc(quietPage))
	g.secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it is not trusted, as it should
	g.secure.StartTLS()
	g.proxy = httptest.NewServer(g)
	t.Cleanup(g.secure.Close)
	t.Cleanup(g.proxy.Close)
	return g
}

// ServeHTTP takes what the browser sends.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ours := strings.HasSuffix(host, ".test")
	g.mu.Lock()
	if ours {
		g.asked = append(g.asked, host)
	} else {
		g.others = append(g.others, r.Method+" "+r.URL.String())
	}
	g.mu.Unlock()
	switch {
	case !ours:
		http.Error(w, "no page asked for it", http.StatusBadGateway)
	case host == "gone.test":
		panic(http.ErrAbortHandler)
	case r.Method == http.MethodConnect:
		g.tunnel(w)
	default:
		quietPage(w, r)
	}
}

func (g *gate) tunnel(w http.ResponseWriter) {
	server, err := net.Dial("tcp", g.secure.Listener.Addr().String())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer server.Close()
	w.WriteHeader(http.StatusOK)
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	go func() {
		io.Copy(server, client)
		server.Close()
	}()
	io.Copy(client, server)
}

// quietPage has what a browser could ask others about: fields, a password, words in
// another language, a download.
func quietPage(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/file" {
		w.Header().Set("Content-Disposition", `attachment; filename="setup.exe"`)
		io.WriteString(w, "MZ a program")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, `<!doctype html><html lang="de"><title>Anmeldung</title><link rel="icon" href="data:,">
<p>Bitte melden Sie sich an, um Ihre Bestellungen und Rechnungen zu sehen.</p>
<form novalidate method="post" action="/welcome"><input id="name" name="name" autocomplete="name"><input id="email" name="email" type="email">
<input id="street" name="street"><input id="city" name="city"><input id="card" name="cc-number">
<input id="user" name="username"><input id="password" name="password" type="password"><textarea id="note"></textarea><button id="go">go</button></form>
<a id="file" href="/file">file</a>`)
}

// quietly is how long a browser is watched that nothing is asked of: most of what it does
// by itself it does at its start, and some a minute later.
func quietly() time.Duration { return time.Duration(size(5, 300)) * time.Second }

// TestNothingElse: nothing leaves the browser that no page asked for. A tester's scope
// forbids other hosts, and they would learn what is tested.
func TestNothingElse(t *testing.T) {
	t.Parallel()
	for name, headless := range map[string]bool{"headless": true, "headed": false} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t)
			r := launch(t, whole(t), func(o *Options) {
				o.Proxy = g.proxy.URL
				if o.Headless = headless; !headless {
					o.Arguments = append(o.Arguments, "--ozone-platform=headless") // all of a visible browser but the display
				}
			})
			r.open("http://shop.test/")
			if _, err := r.OpenWindow(r.ctx(), "bob", sessions.Ref{}, "http://other.test/"); err != nil {
				t.Fatal(err)
			}
			for _, field := range []string{"#name", "#email", "#street", "#city", "#card", "#note", "#user", "#password"} {
				if err := r.Fill(r.ctx(), field, "teh secrte 4111111111111111"); err != nil {
					t.Fatal(err)
				}
			}
			run(r, `document.querySelector('#go').click()`)
			r.until("the page behind the form", func() bool { return strings.HasSuffix(r.Location(), "/welcome") })
			run(r, `document.querySelector('#file').click()`)
			r.Open(r.ctx(), "http://gone.test/")           // an error page
			r.Open(r.ctx(), "https://untrusted.test/")     // a warning
			r.Open(r.ctx(), "http://shop.test/last?a=b#c") // is a page again
			time.Sleep(quietly())
			g.mu.Lock()
			defer g.mu.Unlock()
			for _, host := range []string{"shop.test", "other.test", "gone.test", "untrusted.test"} {
				if !slices.Contains(g.asked, host) {
					t.Errorf("%s was not asked: the test proves nothing", host)
				}
			}
			if len(g.others) > 0 {
				t.Errorf("no page asked for:\n%s", strings.Join(g.others, "\n"))
			}
		})
	}
}
