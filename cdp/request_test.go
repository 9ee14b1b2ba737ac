package cdp

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// A request of ours is all that reaches the server, as the session that it is to be.
func TestRequest(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	for _, guard := range []sessions.Guard{sessions.GuardAlways, sessions.GuardOff} {
		t.Run(string(guard), func(t *testing.T) {
			w.t = t
			r := w.browser(guarded(guard))
			r.both("alice")
			r.open(w.page("shop.test"))
			before := len(w.seen(func(hit) bool { return true }))
			ask := func(as sessions.Ref, name string) string {
				t.Helper()
				status, text, err := r.Request(r.ctx(), as, "POST", w.origin("shop.test")+"/hit/"+name+"?body=made%20it", [][2]string{{"X-Test", "1"}}, "a=b")
				if err != nil || status != http.StatusOK {
					t.Fatalf("%d, %v", status, err)
				}
				return text
			}
			name := "request-" + string(guard)
			if text := ask(sessions.Ref{}, name); text != "made it" {
				t.Errorf("the answer is %q", text)
			}
			ask(r.ref("shop.test", "bob"), name+"-bob")
			hits := w.seen(func(hit) bool { return true })[before:]
			if len(hits) != 2 || hits[0].method != "POST" || hits[0].header.Get("X-Test") != "1" {
				t.Fatalf("the server saw %v", hits)
			}
			hits[0].is(t, "alice")
			hits[1].is(t, "bob")
			if status, _, ok := r.Response(); !ok || status != http.StatusOK {
				t.Errorf("the answer is told as %d, %v", status, ok)
			}
			if tabs, windows := r.Tabs(), r.Windows(); len(tabs) != 1 || !tabs[0].Current || len(windows) != 1 {
				t.Errorf("left: tabs %v, windows %v", tabs, windows)
			}
			w.fetches(r, name+"-page").is(t, "alice")
			r.nothingPaused()
		})
	}
}

func TestRequestErrors(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	alice := r.login("shop.test", "alice")
	r.open(w.page("shop.test"))
	pages := func() (n int) {
		list, err := wire.Call(r.ctx(), r.link, target.GetTargets, target.GetTargetsParams{})
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range list.TargetInfos {
			if info.Type == "page" {
				n++
			}
		}
		return n
	}
	before := pages() // one may be the process's own
	for url, want := range map[string]string{
		"about:blank":                   "it is no http or https address",
		"https://shop.test:36/":         "net::ERR_CONNECTION_REFUSED",
		"https://no-such-host.invalid/": "net::ERR_NAME_NOT_RESOLVED",
		w.origin("shop.test") + "/hit/x?redirect=" + fmt.Sprint(w.origin("other.test")) + "/hit/y": "net::ERR_FAILED (CORS: LocalNetworkAccessPermissionDenied)",
	} {
		for name, as := range map[string]sessions.Ref{"as the window is": {}, "as alice": alice} {
			if url == "about:blank" && name == "as alice" {
				continue
			}
			if _, _, err := r.Request(r.ctx(), as, "GET", url, nil, ""); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %s: %v; want %q", url, name, err, want)
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := r.Request(ctx, sessions.Ref{}, "GET", w.origin("shop.test")+"/hit/slow?hold=slow", nil, ""); err == nil {
		t.Error("an answer that never comes is no error")
	}
	w.release("slow")
	r.until("the hidden tabs to be gone", func() bool { return pages() == before })
}

// A host name with a private address over plain HTTP is asked as any other, and what that
// needs is nobody's: in a browser of ours, and in one that we attached to.
func TestRequestPrivateAddress(t *testing.T) {
	t.Parallel()
	w := newWebOf(t, "http")
	insecure := func(c *sessions.Cookie) { c.Secure, c.SameSite = false, "Lax" }
	ask := func(t *testing.T, r *rig, name string, as sessions.Ref) {
		t.Helper()
		before := w.count()
		status, text, err := r.Request(r.ctx(), as, "POST", w.origin("shop.test")+"/hit/"+name+"?body=made", [][2]string{{"X-Test", "1"}}, "a=b")
		if err != nil || status != http.StatusOK || text != "made" {
			t.Fatalf("%d %q, %v", status, text, err)
		}
		hits := w.seenFrom(before, func(hit) bool { return true })
		if len(hits) != 1 || hits[0].method != "POST" || hits[0].header.Get("X-Test") != "1" || hits[0].header.Get("Origin") != w.origin("shop.test") {
			t.Fatalf("the server saw %v", hits)
		}
		hits[0].is(t, strings.TrimPrefix(name, "as-"))
	}
	all := func(t *testing.T, r *rig) {
		t.Helper()
		r.login("shop.test", "alice", insecure)
		bob := r.login("shop.test", "bob", insecure)
		r.open(w.page("shop.test"))
		r.putInJar(sessions.Main, sessions.Cookie{Name: "sid", Value: "loopback", Domain: "127.0.0.1", Path: "/"})
		r.use("shop.test", "alice")
		known := func() string {
			text := ""
			for _, site := range r.book.Sites() {
				text += site.Name + " "
			}
			for _, s := range r.book.Sessions("shop.test", time.Now()) {
				text += fmt.Sprint(" ", s.Name, s.Active, s.Tokens, s.Carried)
			}
			return text
		}
		before := known()
		ask(t, r, "alice", sessions.Ref{})
		ask(t, r, "as-bob", bob)
		if after := known(); after != before {
			t.Errorf("known is\n%s\nwas\n%s", after, before)
		}
		list, _, _ := r.Requests(0)
		for _, v := range list {
			if strings.Contains(v.URL, targets.BlankPath) || strings.Contains(v.URL, "127.0.0.1") {
				t.Errorf("a request of ours is listed: %+v", v)
			}
		}
		r.nothingPaused()
	}
	t.Run("launch", func(t *testing.T) {
		w.t = t
		all(t, w.browser())
	})
	t.Run("attach", func(t *testing.T) {
		f := startForeign(t)
		r := f.attach(f.port)
		all(t, r)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}
