package main

import (
	"bytes"
	"cmp"
	"io"
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

	"sessdriver/cmd/sessdriver/internal/shop"
)

// serve runs a server that answers every page and records the Cookie headers.
func serve(t *testing.T) (url string, cookies func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.URL.Path+" "+r.Header.Get("Cookie"))
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<link rel="icon" href="data:,"><title>page</title>`)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), seen...)
	}
}

// TestPipe runs commands from standard input, as the README shows.
func TestPipe(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(shop.New())
	defer server.Close()
	stdin := "open " + server.URL + "/login\n# a comment\nls\nnew bob\n\nls --all; sites\ntokens\nquit\nnot reached\n"
	code, out, text := sessdriver(t, stdin, "launch", "--headless")
	if code != 0 {
		t.Fatalf("code %d: %s%s", code, out, text)
	}
	for _, want := range []string{"Session 1  live", "sid=(32:", "127.0.0.1: bob is active; 1 tab reloaded", "2  bob", "XSRF-TOKEN"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "sessdriver>") || strings.Contains(out, "ready") {
		t.Errorf("a pipe got a prompt:\n%s", out)
	}
}

// TestFirstFailureEnds checks that -c and pipes stop at the first failing
// command, with its code, its place and nothing after it.
func TestFirstFailureEnds(t *testing.T) {
	url, _ := serve(t)
	tests := []struct {
		script string
		code   int
		want   string
	}{
		{"use nobody; sites --all", 4, `no session "nobody"`},
		{"sites --all; us alice", 2, "did you mean"},
		{"use", 2, "use NAME"},
		{"ls 'unclosed", 2, "-c:1:"},
		{"use shop.test/alice", 4, `no site "shop.test"`},
		{"rm alice", 4, `no session "alice"`},
		{"new 1", 2, "number from ls"},
		{"open http://127.0.0.1:1/", 1, "http://127.0.0.1:1/"},
		{"open nothing://x", 2, "nothing://x"},
		{"rename 1 2 3", 2, "quote"},
	}
	for _, test := range tests {
		t.Run(test.script, func(t *testing.T) {
			code, out, text := attachTo(t, "-c", "open "+url+"; "+test.script+"; help").run("")
			if code != test.code || !strings.Contains(text, test.want) {
				t.Errorf("code %d, want %d with %q: %s", code, test.code, test.want, text)
			}
			if strings.Contains(out, "page open") {
				t.Errorf("commands after the failing one ran:\n%s", out)
			}
		})
	}
	code, _, text := sessdriver(t, "sites --all\n\nuse nobody\nhelp\n", url, "--headless")
	if code != 4 || !strings.Contains(text, "stdin:3:") {
		t.Errorf("code %d, want 4 at stdin:3: %s", code, text)
	}
}

// TestForcedFromTheStart checks that the first request is the forced session's.
func TestForcedFromTheStart(t *testing.T) {
	t.Parallel()
	url, cookies := serve(t)
	code, out, text := sessdriver(t, "", url+"/first", "--headless", "--session", "alice=sid=abc; auth=xyz", "--session", "bob=sid=def", "--use", "alice", "-c", "ls; use bob --wait; ls")
	if code != 0 {
		t.Fatalf("code %d: %s", code, text)
	}
	seen := cookies()
	if len(seen) != 2 || seen[0] != "/first sid=abc; auth=xyz" || seen[1] != "/first sid=def" {
		t.Errorf("the server saw %q", seen)
	}
	if strings.Contains(out+text, "abc") || !strings.Contains(out, "sid=(3:") {
		t.Errorf("the values are not masked:\n%s%s", out, text)
	}
	_, out, _ = sessdriver(t, "sid=from-stdin\n", url, "--headless", "--session", "alice=-", "--show-secrets", "-c", "ls")
	if !strings.Contains(out, "sid=from-stdin") {
		t.Errorf("--show-secrets does not show the value:\n%s", out)
	}
	code, _, text = sessdriver(t, "", url, "--headless", "--session", "alice=sid=a", "--use", "carol", "-c", "ls")
	if code != 4 || !strings.Contains(text, "carol") {
		t.Errorf("code %d, want 4: %s", code, text)
	}
}

// TestWindowsSideBySide opens two users of a site at once, as the README shows.
func TestWindowsSideBySide(t *testing.T) {
	t.Parallel()
	url, cookies := serve(t)
	script := "use alice; open /main; open " + url + "/window --as bob; windows; window main; reload; window close bob; windows; open " + url + "/ --as zed"
	script = strings.ReplaceAll(script, "open /", "open "+url+"/")
	code, out, text := sessdriver(t, "", url+"/first", "--headless", "--session", "alice=sid=a", "--session", "bob=sid=b", "-c", script)
	if code != 4 || !strings.Contains(text, `no session "zed"`) {
		t.Errorf("code %d, want 4 for a session that is not there: %s", code, text)
	}
	host := url[strings.Index(url, "//")+2:]
	host = host[:strings.LastIndexByte(host, ':')]
	for _, want := range []string{
		"opened " + url + "/window as bob in window bob\n",
		"   main       1  " + host + "/alice\n*  bob        1  " + host + "/bob\n",
		"window main: " + url + "/main\nreloaded " + url + "/main as alice\n",
		"window bob is closed\n   WINDOW  TABS  SESSIONS\n*  main       1  " + host + "/alice\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	seen := cookies()
	for _, line := range seen {
		if path, cookie, _ := strings.Cut(line, " "); path == "/window" && cookie != "sid=b" || path == "/main" && cookie != "sid=a" {
			t.Errorf("the server saw %q", seen)
		}
	}
}

// TestWhyAnotherUser: a site knows its user by a cookie that is no token. why names it,
// and carried it goes with its session.
func TestWhyAnotherUser(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/login/"); ok {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "of-" + name, Path: "/"})
			http.SetCookie(w, &http.Cookie{Name: "whoami", Value: name, Path: "/"})
		}
		if c, err := r.Cookie("whoami"); err == nil && r.URL.Path == "/" {
			mu.Lock()
			seen = append(seen, c.Value)
			mu.Unlock()
		}
		page(w, "page")
	}))
	defer server.Close()
	url := server.URL
	script := "open " + url + "/login/alice; rename 1 alice; new bob; open " + url + "/login/bob; use alice; open " + url + "/; why bob; " +
		"use bob; token add whoami --carry; new alice-again; open " + url + "/login/alice; use bob; open " + url + "/; use alice-again; open " + url + "/; why"
	code, out, text := sessdriver(t, "", "--headless", "--show-secrets", "-c", script)
	if code != 0 {
		t.Fatalf("code %d: %s", code, text)
	}
	for _, want := range []string{"the browser sends for every session: whoami=bob\n", "type: token add whoami --carry\n", "every cookie of the site travels with its session"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(slices.Compact(seen), " "); got != "bob alice" { // alice was taken for bob, bob, and alice again
		t.Errorf("the server saw %q", seen)
	}
}

// TestScope checks that what is outside the scope is not booked.
func TestScope(t *testing.T) {
	url, _ := serve(t)
	page := "open " + url + "/a; "
	_, out, _ := attachTo(t, "--exclude", "127.0.0.1", "-c", page+"sites --all").run("")
	if _, out, _ := strings.Cut(out, "\n"); strings.Contains(out, "127.0.0.1") {
		t.Errorf("an excluded site is listed:\n%s", out)
	}
	const opened = "opened http://"
	if _, out, _ := attachTo(t, "--exclude", "127.0.0.1", "-c", page+"watch --last").run(""); strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, opened) {
		t.Errorf("requests of an excluded site are shown:\n%s", out)
	}
	if _, out, _ := attachTo(t, "-c", page+"watch --last").run(""); strings.Count(out, url+"/a") != 2 {
		t.Errorf("requests are not shown:\n%s", out)
	}
	_, out, _ = attachTo(t, "--scope", "127.0.0.1", "-c", page+"sites --all").run("")
	if _, out, _ := strings.Cut(out, "\n"); !strings.Contains(out, "127.0.0.1") {
		t.Errorf("a site of the scope is not listed:\n%s", out)
	}
}

// waiting starts the program with standard input held open, and returns once it
// has opened the page.
func waiting(t *testing.T) *program {
	t.Helper()
	opened := make(chan struct{})
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { once.Do(func() { close(opened) }) }))
	t.Cleanup(server.Close)
	p := newProgram(t, server.URL, "--headless")
	stdin, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-opened:
	case <-time.After(time.Minute):
		p.Process.Kill()
		t.Fatal("the page was not opened")
	}
	return p
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT} {
		t.Run(sig.String(), func(t *testing.T) {
			p := waiting(t)
			if err := p.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if code := p.result(); code != exitInterrupted || strings.Contains(p.err.String(), "goroutine") {
				t.Errorf("code %d, want %d: %s", code, exitInterrupted, p.err.String())
			}
		})
	}
}

// TestReaderGone: whoever reads the output has gone (… | head), and the program ends in an
// orderly way, without a word, since its profile has cookies in it.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	dir := write(t, map[string]string{"a.sess": "print a", "b.sess": "print b"})
	for name, args := range map[string][]string{
		"-c":   {url, "--headless", "-c", "print a; print b; sleep 5m; print never"},
		"pipe": {url, "--headless"},
		"run":  {"run", dir},
		"help": {"help"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t, args...)
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			reader.Close()
			p.Stdout, p.Stdin = writer, strings.NewReader("print a\nprint b\nsleep 5m\n")
			err = p.Start()
			writer.Close()
			if err != nil {
				t.Fatal(err)
			}
			code := p.result()
			said := strings.TrimSpace(p.err.String())
			if strings.HasPrefix(said, "warning: ") && !strings.Contains(said, "\n") { // of root
				said = ""
			}
			if code != exitFailed || said != "" {
				t.Errorf("code %d, want %d and no word: %s", code, exitFailed, p.err.String())
			}
		})
	}
}

// kindOf is 0 for the browser's main process and 1 for its helpers.
func kindOf(pid string) int {
	line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
	if bytes.Contains(line, []byte("--type=")) {
		return 1
	}
	return 0
}

func TestBrowserKilled(t *testing.T) {
	t.Parallel()
	p := waiting(t)
	pids := browsersUnder(p.temp)
	if len(pids) == 0 {
		t.Fatal("no browser is running")
	}
	slices.SortFunc(pids, func(a, b string) int { return cmp.Compare(kindOf(a), kindOf(b)) }) // the browser first: a helper's end is reported otherwise
	for _, text := range pids {
		pid, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		if process, err := os.FindProcess(pid); err == nil {
			process.Kill()
		}
	}
	code := p.result()
	if code != exitNoBrowser || !strings.Contains(p.err.String(), "the browser is gone; start anew with: sessdriver launch") {
		t.Errorf("code %d, want %d: %s", code, exitNoBrowser, p.err.String())
	}
}

// TestDriverKilled: the browser ends with its driver, whatever happens to that.
func TestDriverKilled(t *testing.T) {
	t.Parallel()
	p := waiting(t)
	if len(browsersUnder(p.temp)) == 0 {
		t.Fatal("no browser is running")
	}
	p.Process.Kill()
	p.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for len(browsersUnder(p.temp)) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("still running: %v", browsersUnder(p.temp))
		}
		time.Sleep(50 * time.Millisecond)
	}

	// What it left is removed by the next start.
	if profiles, _ := filepath.Glob(filepath.Join(p.temp, "sessdriver-*")); len(profiles) != 1 {
		t.Errorf("it left %v: the test would prove nothing", profiles)
	}
	next := newProgram(t, "--headless", "-c", "print next")
	next.Env = append(next.Env, "TMPDIR="+p.temp)
	if code, _, text := next.run(""); code != exitOK {
		t.Errorf("code %d: %s", code, text)
	}
	if left, err := os.ReadDir(p.temp); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A pipe takes blocks and quotes over several lines, and variables from everywhere.
func TestPipeOfSeveralLines(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	p := newProgram(t, url, "--headless", "--session", "alice=sid=a", "--var", "GREETING=hello")
	p.Env = append(p.Env, "SESSDRIVER_VAR_WHOM=world", "SESSDRIVER_VAR_GREETING=not this")
	code, out, errs := p.run("as alice\n  print \"$GREETING\n$WHOM\"\n  expect session alice\nend\nset X 'a b'\nprint $X\nas alice\nprint never")
	if code != exitUsage || !strings.HasSuffix(strings.TrimSpace(out), "hello\nworld\na b") || !strings.Contains(errs, "stdin:8:1: the block that begins here is never closed") {
		t.Errorf("exit %d, out %q, err %q", code, out, errs)
	}
}
