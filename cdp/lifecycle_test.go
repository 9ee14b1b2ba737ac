package cdp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp/remote"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
	"sessdriver/testdata/need"
)

// asBrowser makes this test binary play a browser, see [playBrowser].
const asBrowser = "SESSDRIVER_TEST_AS_BROWSER"

func init() {
	if how := os.Getenv(asBrowser); how != "" {
		playBrowser(how)
		os.Exit(0)
	}
}

// playBrowser speaks the pipe on the descriptors 3 and 4.
func playBrowser(how string) {
	if how == "refuse" {
		fmt.Fprintln(os.Stderr, "first line\ncannot open display")
		os.Exit(1)
	}
	commands, events := bufio.NewReader(os.NewFile(3, "commands")), os.NewFile(4, "events")
	for {
		line, err := commands.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct{ ID int }
		switch err := json.Unmarshal(line[:len(line)-1], &m); {
		case err != nil:
			os.Exit(1)
		case how == "old":
			fmt.Fprintf(events, `{"id":%d,"result":{"product":"HeadlessChrome/120.0.6099.71"}}`+"\x00", m.ID)
		case how == "babble":
			fmt.Fprint(events, "hello\x00")
		case how == "mute":
		}
	}
}

// ownPage is a server whose every page has a title.
func ownPage(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<title>there</title>")
	}))
	t.Cleanup(server.Close)
	return server
}

// remains lists what is left of a browser that we started: processes of its
// group or on its profile, the profile, Chrome's own temporary files.
func remains(p *chrome.Process) []string {
	left := processesUsing(p.Profile())
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// PID (COMMAND) STATE PARENT GROUP …; a zombie is nothing that we could end.
		after := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if after[2] == strconv.Itoa(p.PID()) && after[0] != "Z" {
			left = append(left, string(stat))
		}
	}
	if _, err := os.Stat(p.Profile()); err == nil && p.Temporary() {
		left = append(left, p.Profile())
	}
	temp, _ := filepath.Glob(filepath.Join(os.TempDir(), "*hromium*"))
	return append(left, temp...)
}

// checkGone checks that nothing is left.
func checkGone(t *testing.T, p *chrome.Process) {
	t.Helper()
	if left := remains(p); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// noBrowser checks an error that a person gets to see instead of a browser.
func noBrowser(t *testing.T, err error, parts ...string) {
	t.Helper()
	if !errors.Is(err, ErrNoBrowser) {
		t.Fatalf("got %v, want ErrNoBrowser", err)
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("more than one line: %q", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %s", part, err)
		}
	}
}

// noProfile is noBrowser of one that was to be started; the test runs alone.
func noProfile(t *testing.T, err error, parts ...string) {
	t.Helper()
	noBrowser(t, err, parts...)
	if profiles, _ := filepath.Glob(filepath.Join(os.TempDir(), chrome.TemporaryPrefix+"*")); len(profiles) > 0 {
		t.Errorf("profiles are left: %v", profiles)
	}
}

// isFault checks the kind of an error, for which a front end says what to type.
func isFault(t *testing.T, err error, want fault.Kind) {
	t.Helper()
	if got := fault.Of(err); got != want {
		t.Errorf("the fault of %v is %q, want %q", err, got, want)
	}
}

// Close returns when no process and no temporary file is left, whatever kind of
// browser it is: headless-shell is started by a script that stays its parent.
func TestCloseLeavesNothing(t *testing.T) {
	server := ownPage(t)
	for _, name := range []string{"chromium", "chromium-headless-shell"} {
		t.Run(name, func(t *testing.T) {
			path := need.Program(t, name, name)
			r := launch(t, alone, func(o *Options) { o.Path = path })
			r.open(server.URL)
			p := r.process
			if len(remains(p)) < 3 {
				t.Errorf("the test would see nothing: %q", remains(p))
			}
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID()))
			if arguments := strings.Split(string(line), "\x00"); slices.Contains(arguments, "--no-sandbox") != (os.Getuid() == 0) {
				t.Errorf("--no-sandbox is for root, and only for root: %q", arguments)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			checkGone(t, p)
			select {
			case <-r.Lost():
			default:
				t.Error("Lost is not closed after Close")
			}
			if err := r.Open(r.ctx(), server.URL); !errors.Is(err, ErrGone) {
				t.Errorf("Open after Close: %v, want ErrGone", err)
			}
			if _, err := r.New(r.ctx(), "127.0.0.1", "x", false); !errors.Is(err, ErrGone) {
				t.Errorf("New after Close: %v, want ErrGone", err)
			}
			if err := r.Close(); err != nil {
				t.Errorf("a second Close: %v", err)
			}
		})
	}
}

// The browser is killed while commands wait for it.
func TestKilled(t *testing.T) {
	asked := make(chan struct{}, 10)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/never" {
			asked <- struct{}{}
			<-release
		}
	}))
	defer server.Close()
	defer close(release)
	r := launch(t, whole(t), alone)
	r.open(server.URL)
	errs := make(chan error, 2)
	go func() { errs <- r.Open(r.ctx(), server.URL+"/never") }()
	<-asked
	if err := syscall.Kill(r.process.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			if err := r.Settle(r.ctx()); err != nil {
				errs <- err
				return
			}
		}
	}()
	<-r.Lost()
	if err := r.Err(); !errors.Is(err, ErrGone) {
		t.Errorf("Err() = %v, want ErrGone", err)
	}
	for range 2 {
		if err := <-errs; !errors.Is(err, ErrGone) {
			t.Errorf("a waiting command got %v, want ErrGone", err)
		}
	}
	if _, err := r.New(r.ctx(), "127.0.0.1", "x", true); !errors.Is(err, ErrGone) {
		t.Errorf("New: %v, want ErrGone", err)
	}
	start := time.Now()
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if took := time.Since(start); took > endTimeout {
		t.Errorf("Close took %v", took)
	}
	checkGone(t, r.process)
}

// All tabs are closed by hand, and a new one is opened; then the browser is
// closed through another client on its DevTools port.
func TestClosedByHand(t *testing.T) {
	server := ownPage(t)
	port := freePort(t)
	r := launch(t, func(o *Options) { o.DebugPort = port })
	var response *http.Response
	for start := time.Now(); response == nil; time.Sleep(20 * time.Millisecond) { // Chrome's server may be late
		var err error
		if response, err = http.Get(fmt.Sprintf("http://127.0.0.1:%d/json/version", port)); err != nil && time.Since(start) > patience {
			t.Fatal(err)
		}
	}
	defer response.Body.Close()
	var version struct{ Browser, WebSocketDebuggerURL string }
	if err := json.NewDecoder(response.Body).Decode(&version); err != nil || version.Browser == "" {
		t.Fatalf("/json/version: %+v, %v", version, err)
	}
	if addresses, _ := net.InterfaceAddrs(); reachable(addresses, port) {
		t.Error("the DevTools port can be reached from outside")
	}

	r.open(server.URL)
	for _, tab := range r.targets.List("page") {
		if _, err := wire.Call(r.ctx(), r.link, target.CloseTarget, target.CloseTargetParams{TargetID: tab.ID}); err != nil {
			t.Fatal(err)
		}
	}
	r.until("no tab", func() bool { return len(r.targets.List("page")) == 0 })
	if got := r.Location(); got != "" {
		t.Errorf("Location() = %q without a tab", got)
	}
	if _, err := r.New(r.ctx(), "127.0.0.1", "without a tab", true); err != nil {
		t.Errorf("New without a tab: %v", err)
	}
	r.open(server.URL + "/again")
	if got := r.Location(); got != server.URL+"/again" {
		t.Errorf("Location() = %q", got)
	}

	other, err := remote.DialContext(r.ctx(), version.WebSocketDebuggerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Write(r.ctx(), &cdproto.Message{ID: 1, Method: "Browser.close"}); err != nil {
		t.Fatal(err)
	}
	<-r.Lost()
	if err := r.Err(); err == nil || err.Error() != ErrGone.Error() {
		t.Errorf("Err() = %v, want just %v", err, ErrGone)
	}
	if err := r.Open(r.ctx(), server.URL); !errors.Is(err, ErrGone) {
		t.Errorf("Open: %v, want ErrGone", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	checkGone(t, r.process)
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func reachable(addresses []net.Addr, port int) bool {
	for _, a := range addresses {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.IsLinkLocalUnicast() {
			continue
		}
		c, err := net.DialTimeout("tcp", net.JoinHostPort(ip.IP.String(), strconv.Itoa(port)), time.Second)
		if err == nil {
			c.Close()
			return true
		}
	}
	return false
}

func TestNotABrowser(t *testing.T) {
	for _, path := range []string{"/bin/true", "/etc/passwd", t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		r := newRig(t)
		start := time.Now()
		_, err := Launch(t.Context(), r.options(func(o *Options) { o.Path = path }))
		noProfile(t, err, path)
		isFault(t, err, fault.NoBrowser)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: it took %v to say so", path, took)
		}
	}
}

// Programs that speak the pipe, or not, but are no browser for us.
func TestOddBrowsers(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		how   string
		kind  fault.Kind
		parts []string
	}{
		{"old", fault.OldBrowser, []string{"HeadlessChrome/120.0.6099.71", "Chrome 145"}},
		{"refuse", fault.NoBrowser, []string{self, "cannot open display"}},
		{"babble", fault.NoBrowser, []string{self, "does not speak the DevTools protocol"}},
		{"mute", fault.NoBrowser, []string{self, "did not answer"}},
	}
	for _, test := range tests {
		t.Run(test.how, func(t *testing.T) {
			t.Setenv(asBrowser, test.how)
			r := newRig(t)
			ctx := t.Context()
			if test.how == "mute" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
				defer cancel()
			}
			b, err := Launch(ctx, r.options(func(o *Options) { o.Path = self }))
			if err == nil {
				b.Close()
			}
			noProfile(t, err, test.parts...)
			isFault(t, err, test.kind)
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Setenv(asBrowser, "mute")
		r := newRig(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		cancel()
		if _, err := Launch(ctx, r.options(func(o *Options) { o.Path = self })); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want what the caller did: cancelled", err)
		}
	})
}

// A profile of the user's: kept, one browser at a time, and its jar as it was.
func TestProfile(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "alice1", Path: "/", MaxAge: 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode})
			http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark", Path: "/", MaxAge: 3600})
		}
	}))
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "my profile")
	in := func(o *Options) { o.Profile = dir }

	first := launch(t, in)
	first.open(server.URL + "/login")
	first.until("alice", func() bool { return len(first.book.Sessions("127.0.0.1", time.Now())) == 1 })
	found, err := first.force.Jar(first.ctx(), sessions.Main)
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	first.add(server.URL, "bob", "sid=bob1; other=x")
	first.use("127.0.0.1", "bob")

	second := newRig(t)
	if _, err := Launch(t.Context(), second.options(in)); err == nil {
		t.Fatal("two browsers in one profile")
	} else {
		noProfile(t, err, dir, "in use", strconv.Itoa(first.process.PID()))
	}
	if err := first.Settle(first.ctx()); err != nil {
		t.Fatalf("the first browser did not survive the second: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	checkGone(t, first.process)
	if _, err := os.Stat(dir); err != nil {
		t.Fatal("the profile is gone:", err)
	}

	again := launch(t, in)
	if list := again.book.Sessions("127.0.0.1", time.Now()); len(list) != 1 || list[0].Tokens[0].Value != "alice1" {
		t.Errorf("the sessions of the profile are %+v, want alice's", list)
	}
	jar, err := again.force.Jar(again.ctx(), sessions.Main)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(found, byName)
	slices.SortFunc(jar, byName)
	if !slices.EqualFunc(jar, found, sameCookie) {
		t.Errorf("the jar is\n%+v, want it as found:\n%+v", jar, found)
	}

	// Killed with bob forced: the next start puts alice back.
	again.add(server.URL, "bob", "sid=bob1; other=x")
	again.use("127.0.0.1", "bob")
	again.killed()
	checkGone(t, again.process)
	last := launch(t, in)
	if !last.noticed("127.0.0.1: the last run was killed") {
		t.Errorf("told %q", last.told())
	}
	jar, err = last.force.Jar(last.ctx(), sessions.Main)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(jar, byName)
	if !slices.EqualFunc(jar, found, sameCookie) {
		t.Errorf("after a kill the jar is\n%+v, want it as found:\n%+v", jar, found)
	}
	if _, err := os.Stat(filepath.Join(dir, force.JournalFile)); !os.IsNotExist(err) {
		t.Error("the journal is still there:", err)
	}
}

func byName(a, b sessions.Cookie) int { return strings.Compare(a.Name+a.Domain, b.Name+b.Domain) }

// sameCookie allows for what Chrome's database rounds of an expiry.
func sameCookie(a, b sessions.Cookie) bool {
	near := a.Expires.Sub(b.Expires).Abs() < time.Second
	a.Expires, b.Expires = time.Time{}, time.Time{}
	return near && a == b
}

// Two that start at the same moment in one profile: one gets it, and the other
// does not end it.
func TestProfileRace(t *testing.T) {
	dir := t.TempDir()
	var browsers [2]*Browser
	var errs [2]error
	var both sync.WaitGroup
	for i := range browsers {
		o := newRig(t).options(func(o *Options) { o.Profile = dir })
		both.Go(func() { browsers[i], errs[i] = Launch(t.Context(), o) })
	}
	both.Wait()
	var won *Browser
	for i, b := range browsers {
		if b == nil {
			noProfile(t, errs[i], dir)
			continue
		}
		if won != nil {
			t.Error("both got the profile")
		}
		won = b
		defer b.Close()
	}
	if won == nil {
		t.Fatal("none got the profile")
	}
	if err := won.Settle(t.Context()); err != nil {
		t.Errorf("the one that got it was ended by the other: %v", err)
	}
}

// headless-shell takes no lock on its profile, and two of them would ruin it.
func TestProfileOfHeadlessShell(t *testing.T) {
	path := need.Program(t, "chromium-headless-shell", "chromium-headless-shell")
	dir := t.TempDir()
	in := func(o *Options) { o.Path, o.Profile = path, dir }
	first := launch(t, in)
	_, err := Launch(t.Context(), newRig(t).options(in))
	noProfile(t, err, dir, "in use")
	if err := first.Settle(first.ctx()); err != nil {
		t.Errorf("the first browser did not survive the second: %v", err)
	}
}

// Everything goes through the proxy, loopback too, and a certificate that
// nobody signed is accepted when asked for.
func TestProxyAndCertificates(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<title>secure</title>")
	}))
	defer secure.Close()
	server := ownPage(t)
	var mu sync.Mutex
	seen := map[string]bool{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.Method+" "+r.Host+r.URL.Path] = true
		mu.Unlock()
		if r.Method != http.MethodConnect {
			fmt.Fprint(w, "<title>proxied</title>")
			return
		}
		to, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer to.Close()
		w.WriteHeader(http.StatusOK)
		from, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer from.Close()
		go io.Copy(to, from)
		io.Copy(from, to)
	}))
	defer proxy.Close()
	r := launch(t, func(o *Options) { o.Proxy, o.IgnoreCertificateErrors = proxy.URL, true })
	defer r.Close() // before the servers, which wait for its connections
	plain := strings.TrimPrefix(server.URL, "http://")
	tls := strings.TrimPrefix(secure.URL, "https://")
	r.open(server.URL + "/x")
	if got := r.title(); got != "proxied" {
		t.Errorf("the page is %q, want the proxy's", got)
	}
	r.open(secure.URL + "/y")
	if got := r.title(); got != "secure" {
		t.Errorf("the page is %q, want the server's", got)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"GET " + plain + "/x", "CONNECT " + tls} {
		if !seen[want] {
			t.Errorf("the proxy did not see %s, but %v", want, seen)
		}
	}
}
