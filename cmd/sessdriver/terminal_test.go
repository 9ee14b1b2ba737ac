package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"sessdriver/cmd/sessdriver/internal/browserinstall"
)

// terminal is the program at a pseudo-terminal, with somebody who types. It draws no
// screen: what is shown where is for the tests in tmux, and those of the prompt.
type terminal struct {
	*program
	keys    *os.File
	changed chan bool

	mu    sync.Mutex // guards shown
	shown []byte
}

// atTerminal starts the program with more of an environment.
func atTerminal(t *testing.T, env []string, args ...string) *terminal {
	t.Helper()
	c := &terminal{program: newProgram(t, args...), changed: make(chan bool, 1)}
	c.Stdout, c.Stderr = nil, nil
	c.Env = slices.Concat(c.Env, []string{"TERM=xterm", "NO_COLOR=1", "XDG_CONFIG_HOME=" + c.temp, "XDG_STATE_HOME=" + c.temp}, env)
	master, err := pty.StartWithSize(c.Cmd, &pty.Winsize{Cols: 200, Rows: 50})
	if err != nil {
		t.Fatal(err)
	}
	keys := closable(t, master)
	c.keys = keys
	done := make(chan bool)
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for {
			n, err := keys.Read(buf)
			c.mu.Lock()
			c.shown = append(c.shown, buf[:n]...)
			c.mu.Unlock()
			select {
			case c.changed <- true:
			default:
			}
			if err != nil { // the program's side is closed
				return
			}
		}
	}()
	t.Cleanup(func() {
		keys.Close() // hangs up where the program still runs, which ends it
		<-done
		if c.ProcessState == nil {
			c.Wait()
		}
	})
	return c
}

// closable is a terminal that can be closed, and so hung up, while it is read: that of the
// package blocks.
func closable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	defer f.Close()
	syscall.ForkLock.RLock()
	fd, err := syscall.Dup(int(f.Fd()))
	if err == nil {
		syscall.CloseOnExec(fd)
		err = syscall.SetNonblock(fd, true)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

var (
	sequences = regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]")
	placed    = regexp.MustCompile(" *\r\x1b\\[[0-9]+C") // the cursor, behind what was painted
	blanks    = regexp.MustCompile("(?m)[ \r]+$")
	redrawn   = regexp.MustCompile("[^\n]*\r([^\n])")
)

// text is what was shown: of a row that was painted again and again, the last.
func (c *terminal) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := placed.ReplaceAllString(string(c.shown), "")
	text = sequences.ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = redrawn.ReplaceAllString(text, "$1")
	return blanks.ReplaceAllString(text, "")
}

// wait waits until a text is shown.
func (c *terminal) wait(want string) {
	c.t.Helper()
	c.until(want, func(text string) bool { return strings.Contains(text, want) })
}

// prompted waits until a text is shown, and below it the prompt: only there Ctrl-C is a key.
func (c *terminal) prompted(want string) {
	c.t.Helper()
	c.until(want, func(text string) bool {
		i := strings.LastIndexByte(text, '\n')
		return strings.Contains(text[:i+1], want) && strings.HasSuffix(text, ">")
	})
}

func (c *terminal) until(want string, shows func(text string) bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for !shows(c.text()) {
		select {
		case <-c.changed:
		case <-deadline:
			c.t.Fatalf("waiting for %q; the terminal shows\n%s", want, c.text())
		}
	}
}

func (c *terminal) types(keys string) {
	c.t.Helper()
	if _, err := c.keys.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// ends waits for the end of the program, with nothing left behind.
func (c *terminal) ends(code int) {
	c.t.Helper()
	end := time.AfterFunc(patience, func() { c.Process.Kill() })
	defer end.Stop()
	if got := c.result(); got != code {
		c.t.Errorf("code %d, want %d; the terminal shows\n%s", got, code, c.text())
	}
	if text := c.text(); strings.Contains(text, "panic:") || strings.Contains(text, "goroutine ") {
		c.t.Errorf("it panicked:\n%s", text)
	}
}

// homes are where the program may keep what it learns: somewhere, or nowhere.
var homes = map[string][]string{
	"a home":                nil,
	"a home that is none":   {"HOME=/dev/null", "XDG_CONFIG_HOME=", "XDG_STATE_HOME="},
	"one without a way in":  {"HOME=/proc", "XDG_CONFIG_HOME=", "XDG_STATE_HOME="},
	"no home, no directory": {"HOME=", "XDG_CONFIG_HOME=", "XDG_STATE_HOME="},
}

// Every way to the prompt leads to the same one: it runs commands, remembers them, goes on
// after an error and a Ctrl-C, and ends. The demo's panicked at its first line.
func TestTerminalWays(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	endpoint := attachable(t)
	for way, args := range map[string][]string{
		"demo":              {"demo", "--headless", "--install-browser"},
		"launch":            {"--headless"},
		"launch URL":        {"launch", "--headless", url},
		"launch --session":  {"launch", "--headless", "--session", "alice=sid=1", "--use", "alice", url},
		"launch to nowhere": {"launch", "--headless", "http://127.0.0.1:1/"}, // the prompt comes all the same
		"attach":            {"attach", endpoint},
	} {
		for home, env := range homes {
			if home != "a home" && way != "demo" && way != "attach" {
				continue // they are wired as one
			}
			t.Run(way+"/"+home, func(t *testing.T) {
				c := atTerminal(t, env, args...)
				c.prompted("is ready. help lists the commands")
				c.types("print hel\"lo there\"\r")
				c.prompted("hello there\n")
				c.types("use nobody\r")
				c.prompted("no session \"nobody\"")
				c.types("set X never\x03")
				c.prompted("set X never^C\n")
				c.types("history\r")
				c.prompted("\nprint hel\"lo there\"\n")
				if reported := strings.Contains(c.text(), "* the commands are not remembered for later runs: "); reported != (env != nil) {
					t.Errorf("reported that nothing is kept: %v; the terminal shows\n%s", reported, c.text())
				}
				c.types("\x04")
				c.ends(exitOK)
			})
		}
	}
}

// What was typed in one run is known in the next, the demo's too.
func TestTerminalHistory(t *testing.T) {
	t.Parallel()
	state := "XDG_STATE_HOME=" + t.TempDir()
	c := atTerminal(t, []string{state}, "demo", "--headless")
	c.prompted("is ready")
	c.types("print in-the-demo\rquit\r")
	c.wait("\nin-the-demo\n")
	c.ends(exitOK)
	c = atTerminal(t, []string{state}, "--headless")
	c.prompted("is ready")
	c.types("\x1b[A\r") // up
	c.prompted("> print in-the-demo\nin-the-demo\n")
	c.types("\x04")
	c.ends(exitOK)
}

// With -c there is no prompt, at a terminal neither: its commands run, and the program
// ends as in a script.
func TestTerminalCommands(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	for _, test := range []struct {
		script, want string
		code         int
	}{
		{"print hello; history", "\nprint hello", exitOK},
		{"use nobody; print never", "no session \"nobody\"", exitNoSession},
		{"expect title other --timeout 10ms", "other", exitAssertion},
		{"", "", exitOK},
	} {
		c := atTerminal(t, nil, "--headless", url, "-c", test.script)
		c.ends(test.code)
		if text := c.text(); !strings.Contains(text, test.want) || strings.Contains(text, "is ready") || strings.Contains(text, "\nnever") {
			t.Errorf("-c %q shows\n%s", test.script, text)
		}
	}
	c := atTerminal(t, nil, "--headless", url, "-c", "print begun; sleep 5m; print never")
	c.wait("begun\n")
	c.types("\x03") // its terminal makes it a signal
	c.ends(exitInterrupted)
}

// TestTerminalExpect: at the prompt an expect that holds says so; with -c and in a pipe it
// is silent.
func TestTerminalExpect(t *testing.T) {
	url, _ := serve(t)
	c := atTerminal(t, nil, "--headless", url)
	c.prompted("is ready")
	c.types("expect title page\r")
	c.wait("\nok: title page\n")
	c.types("quit\r")
	c.ends(exitOK)
	c = atTerminal(t, nil, "--headless", url, "-c", "expect title page; print over")
	c.ends(exitOK)
	if text := c.text(); strings.Contains(text, "ok:") || !strings.Contains(text, "over") {
		t.Errorf("-c shows\n%s", text)
	}
	if code, out, text := sessdriver(t, "expect title page\nprint over\n", "--headless", url); code != exitOK || out != "over\n" {
		t.Errorf("a pipe: code %d, shows %q\n%s", code, out, text)
	}
}

// Ctrl-C ends the demo while it shows its proof: there is no line yet that it could mean.
func TestTerminalDemoInterrupted(t *testing.T) {
	t.Parallel()
	c := atTerminal(t, nil, "demo", "--headless")
	c.wait("log in as alice")
	c.types("\x03")
	c.ends(exitInterrupted)
}

// The terminal is closed at the prompt, and in the middle of a command: all ends.
func TestTerminalHangUp(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	for _, typed := range []string{"", "print on; sleep 5m\r"} {
		c := atTerminal(t, nil, "--headless", url)
		c.prompted("is ready")
		c.types(typed)
		if typed != "" {
			c.wait("\non") // it runs by then
		}
		c.keys.Close()
		if code := c.result(); code != exitInterrupted && (code != exitOK || typed != "") { // the end of the input may be first
			t.Errorf("typed %q: code %d, want %d; it shows %q", typed, code, exitInterrupted, c.shown)
		}
	}
}

// attachable is the endpoint of a browser that somebody else runs.
func attachable(t *testing.T) string {
	t.Helper()
	p := newProgram(t)
	dir := filepath.Join(p.temp, "profile")
	path := os.Getenv("SESSDRIVER_BROWSER")
	if path == "" {
		found, err := browserinstall.Find()
		if err != nil {
			t.Fatal(err)
		}
		path = found.Path
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--remote-debugging-port=0", "--user-data-dir="+dir, "--no-first-run", "about:blank")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); cmd.Wait() })
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if address, ok := strings.CutPrefix(lines.Text(), "DevTools listening on "); ok {
			go func() {
				for lines.Scan() {
				}
			}()
			return address
		}
	}
	t.Fatal("the browser does not say where it listens")
	return ""
}
