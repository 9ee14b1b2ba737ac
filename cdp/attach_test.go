package cdp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp/remote"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// foreign is a browser that is not ours, with the person who uses it: another
// client on its DevTools port.
type foreign struct {
	t      *testing.T
	cmd    *exec.Cmd
	socket string // of the browser
	port   string
	wire   *wire.Conn
	link   wire.Link
}

// resolve makes every host of the top-level domain test this machine.
const resolve = "--host-resolver-rules=MAP *.test 127.0.0.1"

func startForeign(t *testing.T, more ...string) *foreign {
	t.Helper()
	return startForeignOf(t, quick(t), more...)
}

func startForeignOf(t *testing.T, path string, more ...string) *foreign {
	t.Helper()
	dir := profile(t, preferences)
	args := append([]string{"--headless", "--remote-debugging-port=0", "--user-data-dir=" + dir, "--no-first-run", resolve, "about:blank"}, more...)
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	f := &foreign{t: t, cmd: exec.Command(path, args...)}
	f.cmd.WaitDelay = time.Second
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // not as chrome.Start does it: its thread may end before the test
	stderr, err := f.cmd.StderrPipe()
	if err == nil {
		err = f.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL)
		f.cmd.Wait()
		if socket, err := os.Readlink(filepath.Join(dir, "SingletonSocket")); err == nil {
			os.RemoveAll(filepath.Dir(socket))
		}
	})
	lines := bufio.NewScanner(stderr)
	for f.socket == "" {
		if !lines.Scan() {
			t.Fatal("the browser ended before it was ready")
		}
		if _, after, ok := strings.Cut(lines.Text(), "DevTools listening on "); ok {
			f.socket = after
		}
	}
	go io.Copy(io.Discard, stderr)
	f.port = strings.Split(strings.TrimPrefix(f.socket, "ws://127.0.0.1:"), "/")[0]
	transport, err := remote.DialContext(t.Context(), f.socket)
	if err != nil {
		t.Fatal(err)
	}
	f.wire = wire.New(transport, nothing)
	t.Cleanup(f.wire.Close)
	if f.link, err = f.wire.AttachToBrowser(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

// jar is all that Chrome says of all cookies.
func (f *foreign) jar() []network.Cookie {
	f.t.Helper()
	r, err := wire.Call(f.t.Context(), f.link, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		f.t.Fatal(err)
	}
	var list []network.Cookie
	for _, c := range r.Cookies {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b network.Cookie) int {
		return strings.Compare(a.Name+a.Domain+a.Path, b.Name+b.Domain+b.Path)
	})
	return list
}

// tabs lists the pages, ID and URL.
func (f *foreign) tabs() []string {
	f.t.Helper()
	r, err := wire.Call(f.t.Context(), f.link, target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		f.t.Fatal(err)
	}
	var list []string
	for _, info := range r.TargetInfos {
		if info.Type == "page" {
			list = append(list, string(info.TargetID)+" "+info.URL)
		}
	}
	slices.Sort(list)
	return list
}

// tab opens a tab and answers with a connection to it.
func (f *foreign) tab(url string) wire.Link {
	f.t.Helper()
	created, err := wire.Call(f.t.Context(), f.link, target.CreateTarget, target.CreateTargetParams{URL: url, NewWindow: new(true)})
	if err != nil {
		f.t.Fatal(err)
	}
	attached, err := wire.Call(f.t.Context(), f.link, target.AttachToTarget, target.AttachToTargetParams{TargetID: created.TargetID, Flatten: new(true)})
	if err != nil {
		f.t.Fatal(err)
	}
	return f.wire.Link(attached.SessionID)
}

// person is the one who uses it.
func (f *foreign) person() *person {
	return &person{t: f.t, open: func() wire.Link { return f.tab("about:blank") }}
}

// attach connects to it as sessdriver does.
func (f *foreign) attach(endpoint string, change ...func(*Options)) *rig {
	f.t.Helper()
	r := newRig(f.t)
	b, err := Attach(f.t.Context(), endpoint, r.options(change...))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Browser = b
	f.t.Cleanup(r.close)
	return r
}

// members is a server where /login/NAME logs in with cookies of many kinds, and
// every page shows the Cookie header that it got.
func members(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/login/"); ok {
			for _, line := range []string{
				"sid=%s1; HttpOnly",
				"PHPSESSID=%s2; Domain=app.test; Path=/; Max-Age=86400; SameSite=Strict",
				"remember_me=%s3; Path=/; Max-Age=8640000; SameSite=Lax; HttpOnly; Priority=High",
				"theme=%s4; Path=/",
			} {
				w.Header().Add("Set-Cookie", fmt.Sprintf(line, name))
			}
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<title>%s</title>", r.Header.Get("Cookie"))
	}))
	t.Cleanup(server.Close)
	return server
}

// at is the URL of a path on a host of the server's.
func at(server *httptest.Server, host, path string) string {
	return "http://" + host + ":" + server.URL[strings.LastIndexByte(server.URL, ':')+1:] + path
}

func TestAttach(t *testing.T) {
	t.Parallel()
	server := members(t)
	f := startForeign(t)
	app := f.tab("about:blank")
	f.visit(app, at(server, "app.test", "/login/alice"))
	f.visit(app, at(server, "app.test", "/home?x=1#y"))
	other := f.tab("about:blank")
	f.visit(other, at(server, "other.test", "/login/carol"))
	f.visit(other, at(server, "other.test", "/home"))
	jar, tabs := f.jar(), f.tabs()
	if len(jar) != 7 { // other.test may not set a cookie for app.test
		t.Fatalf("the jar has %d cookies: %+v", len(jar), jar)
	}

	for _, endpoint := range []string{"http://127.0.0.1:" + f.port, f.socket, f.port, "127.0.0.1:" + f.port, "http://localhost:" + f.port + "/"} {
		r := f.attach(endpoint)
		for _, site := range []string{"app.test", "other.test"} {
			if list := r.book.Sessions(site, time.Now()); len(list) != 1 || list[0].State != sessions.Live {
				t.Errorf("%s: the sessions of %s are %+v, want the one in the jar", endpoint, site, list)
			}
		}
		if got, want := r.Window(), sessions.Main; got != want {
			t.Errorf("the window is %q, want %q", got, want)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	f.same("only attached", jar, tabs)

	r := f.attach(f.port)
	r.add(at(server, "app.test", "/"), "bob", "sid=bob1; PHPSESSID=bob2")
	alice := titleAt(t, app)
	if s := r.use("app.test", "bob"); s.Reloaded != 1 {
		t.Errorf("use reloaded %d tabs, want the one of the site: %v", s.Reloaded, s.Notes)
	}
	if got := titleAt(t, app); !strings.Contains(got, "sid=bob1") || !strings.Contains(got, "theme=alice4") || strings.Contains(got, "alice1") || strings.Contains(got, "alice3") {
		t.Errorf("as bob the server got %q", got)
	}
	if _, err := r.New(r.ctx(), "app.test", "fresh", true); err != nil {
		t.Fatal(err)
	}
	if got := titleAt(t, app); got != "theme=alice4" {
		t.Errorf("as a newcomer the server got %q", got)
	}
	if _, err := r.Unset(r.ctx(), "app.test", true); err != nil {
		t.Fatal(err)
	}
	if got := titleAt(t, app); !sameCookies(got, alice) {
		t.Errorf("after unset the server got %q, want %q", got, alice)
	}
	f.same("unset", jar, tabs)

	// Leaving in the middle of it, with a tab of ours and two sites forced.
	r.use("app.test", "bob")
	if _, err := r.New(r.ctx(), "other.test", "", true); err != nil {
		t.Fatal(err)
	}
	r.open(at(server, "app.test", "/ours"))
	if n := len(f.tabs()); n != len(tabs)+1 {
		t.Errorf("there are %d tabs, want one more than %d", n, len(tabs))
	}
	if got := r.title(); !strings.Contains(got, "sid=bob1") {
		t.Errorf("our tab is %q", got)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f.same("close", jar, tabs)
	if got := titleAt(t, app); !sameCookies(got, alice) {
		t.Errorf("after Close the tab shows %q, want %q", got, alice)
	}
	// Fetch is off: a request goes out, with the cookies of the jar.
	got := evalAt(t, app, "fetch('/after').then(r => r.text())")
	if got = strings.TrimSuffix(strings.TrimPrefix(got, "<title>"), "</title>"); !sameCookies(got, alice) {
		t.Errorf("after Close the server got %q, want %q", got, alice)
	}

	// The browser goes while we are attached.
	r = f.attach(f.port)
	r.use("app.test", "Session 1")
	syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL)
	<-r.Lost()
	if err := r.Err(); !errors.Is(err, ErrGone) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Err() = %v, want ErrGone", err)
	}
	if _, err := r.Unset(r.ctx(), "app.test", true); !errors.Is(err, ErrGone) {
		t.Errorf("Unset: %v, want ErrGone", err)
	}
	if err := r.Open(r.ctx(), server.URL); !errors.Is(err, ErrGone) {
		t.Errorf("Open: %v, want ErrGone", err)
	}
	start := time.Now()
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if took := time.Since(start); took > endTimeout/2 {
		t.Errorf("Close took %v", took)
	}
	_, err := Attach(t.Context(), f.port, newRig(t).options())
	noBrowser(t, err, f.port)
	isFault(t, err, fault.NoEndpoint)
}

// visit loads a page in a tab of the user's and waits for it.
func (f *foreign) visit(tab wire.Link, url string) {
	f.t.Helper()
	if _, err := wire.Call(f.t.Context(), tab, page.Navigate, page.NavigateParams{URL: url}); err != nil {
		f.t.Fatal(err)
	}
	evalAt(f.t, tab, "new Promise(r => document.readyState == 'complete' ? r() : addEventListener('load', r))")
}

// same checks that the browser is as it was found.
func (f *foreign) same(when string, jar []network.Cookie, tabs []string) {
	f.t.Helper()
	f.sameJar(when, jar)
	var now []string
	for range 1000 { // a tab that has just been reloaded has no URL for a moment
		if now = f.tabs(); slices.Equal(now, tabs) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	f.t.Errorf("%s: the tabs are %q, want %q", when, now, tabs)
}

func (f *foreign) sameJar(when string, jar []network.Cookie) {
	f.t.Helper()
	got := f.jar()
	if len(got) != len(jar) {
		f.t.Errorf("%s: there are %d cookies, want %d: %+v", when, len(got), len(jar), got)
		return
	}
	for i := range jar {
		if !reflect.DeepEqual(got[i], jar[i]) {
			f.t.Errorf("%s: a cookie is\n%+v, want it as found:\n%+v", when, got[i], jar[i])
		}
	}
}

// sameCookies compares two Cookie headers whatever the order.
func sameCookies(a, b string) bool {
	x, y := strings.Split(a, "; "), strings.Split(b, "; ")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// What is no DevTools endpoint is told in one line that says what to type.
func TestBadEndpoints(t *testing.T) {
	t.Parallel()
	answer := func(status int, text string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, text)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	closed := strconv.Itoa(freePort(t))
	tests := []struct{ endpoint, says string }{
		{closed, "refused"},
		{"http://127.0.0.1:" + closed, "refused"},
		{"ws://127.0.0.1:" + closed + "/devtools/browser/x", "refused"},
		{answer(404, "not found"), "status 404"},
		{answer(200, "<!DOCTYPE html><title>a site</title>"), "not as a DevTools port"},
		{answer(200, `{"version":"1"}`), "not as a DevTools port"},
		{answer(200, `[]`), "not as a DevTools port"},
		{answer(200, `{"webSocketDebuggerUrl":"ws://127.0.0.1/devtools/browser/x"}`), ""},
		{answer(200, `{"webSocketDebuggerUrl":"javascript:alert(1)"}`), ""},
		{strings.Replace(answer(200, "hello"), "http:", "ws:", 1) + "/devtools/browser/x", ""},
		{"ftp://127.0.0.1:" + closed, `"ftp"`},
		{"file:///etc/passwd", "scheme"},
		{"http://", "not a URL"},
		{"http://[", "not a URL"},
		{"no such host:1", "not a URL"},
		{"no-such-host.invalid", "no-such-host.invalid"},
		{"99999", ""},
		{"", ""},
		{"http://" + mute.Addr().String(), "in time"},
		{"ws://" + mute.Addr().String() + "/devtools/browser/x", "in time"},
	}
	for _, test := range tests {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if strings.Contains(test.endpoint, mute.Addr().String()) {
			ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		}
		b, err := Attach(ctx, test.endpoint, newRig(t).options())
		cancel()
		if err == nil {
			b.Close()
			t.Errorf("%q is a browser", test.endpoint)
			continue
		}
		noBrowser(t, err, "attaching to "+test.endpoint, test.says)
		isFault(t, err, fault.NoEndpoint)
		t.Log(err)
	}
}

// What is left behind is the session that was found, with the values that it has by then,
// and all that its cookies are.
func TestAttachLeavesPresentValues(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/login":
			w.Header().Add("Set-Cookie", "sid=alice1; Path=/; HttpOnly; SameSite=Strict; Priority=High; Max-Age=5000")
			w.Header().Add("Set-Cookie", "lang=en; Path=/")
		case r.URL.Path == "/renew" && strings.Contains(r.Header.Get("Cookie"), "sid=alice"):
			w.Header().Add("Set-Cookie", "sid=alice2; Path=/; HttpOnly; SameSite=Strict; Priority=High; Max-Age=5000")
		}
		io.WriteString(w, "<link rel=icon href=data:,>")
	}))
	t.Cleanup(server.Close)
	f := startForeign(t)
	app := f.tab("about:blank")
	f.visit(app, at(server, "app.test", "/login"))
	f.visit(app, at(server, "app.test", "/home"))
	found := f.jar()
	r := f.attach(f.port)
	r.add(at(server, "app.test", "/"), "bob", "sid=bob1")
	r.use("app.test", "bob")
	if len(r.jarFor("app.test")) == 0 {
		t.Fatal("the jar is empty")
	}
	r.window("two", "app.test", "Session 1", at(server, "app.test", "/renew")) // renewed where it is not in the main window's jar
	r.until("the renewal", func() bool {
		return slices.ContainsFunc(r.book.Sessions("app.test", time.Now()), func(s sessions.Session) bool {
			return s.Name == "Session 1" && s.Tokens[0].Value == "alice2"
		})
	})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	left := f.jar()
	for i := range found {
		if found[i].Name == "sid" {
			found[i].Value = "alice2"
		}
		found[i].Expires, left[i].Expires = 0, 0 // the renewal is a moment later
	}
	if !reflect.DeepEqual(left, found) {
		t.Errorf("the jar is\n%+v, want\n%+v", left, found)
	}
}

// TestCloseWhileComing: our tab goes with us from somebody else's browser, though a switch
// has just shown it anew.
func TestCloseWhileComing(t *testing.T) {
	t.Parallel()
	server := members(t)
	f := startForeign(t)
	for range 10 {
		tabs := f.tabs()
		r := f.attach(f.port)
		for _, name := range []string{"alice", "bob"} {
			r.add(at(server, "app.test", "/"), name, "sid="+name+"1; PHPSESSID="+name+"2")
		}
		r.use("app.test", "alice")
		r.open(at(server, "app.test", "/home"))
		r.use("app.test", "bob")
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if got := f.tabs(); !slices.Equal(got, tabs) {
			t.Fatalf("after Close the tabs are %q, want %q", got, tabs)
		}
	}
}

// In a browser that was there before, commands act on the tab that is current: one that
// shows a site. Only a page that is opened gets a tab of its own, which is told.
func TestAttachedTab(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	f := startForeign(t, "--ignore-certificate-errors")
	user := f.person()
	user.visit(user.open(), w.page("shop.test"))
	r := f.attach(f.port)
	tab := r.currentTab()
	if got := r.targets.Document(tab).URL; got != w.page("shop.test") {
		t.Fatalf("the current tab shows %q", got)
	}
	run(r, "document.title = 'mine'")
	if err := r.Reload(r.ctx()); err != nil {
		t.Fatal(err)
	}
	if r.currentTab() != tab || len(r.told()) > 0 {
		t.Errorf("it works in another tab; told: %q", r.told())
	}
	r.open(w.page("shop.test"))
	if r.currentTab() == tab || !r.noticed("pages are opened in a new tab") {
		t.Errorf("told: %q", r.told())
	}
}
