package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sessdriver/cmd/sessdriver/internal/browserinstall"
)

// asProgram makes the test binary run main instead of the tests.
const asProgram = "SESSDRIVER_TEST_AS_PROGRAM"

var full = flag.Bool("full", false, "run the largest tests in their full size")

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	code := m.Run()
	running.end()
	os.Exit(code)
}

// needsFull skips what takes too long for every day.
func needsFull(t *testing.T) {
	t.Helper()
	if !*full {
		t.Skip("only with: go test ./cmd/sessdriver -args -full")
	}
}

// running is a browser for the tests that are not about starting one: they attach to it,
// one at a time, which takes a fraction of a start. It has been there before them, and its
// jar with what earlier tests left.
var running browserOfTests

type browserOfTests struct {
	*exec.Cmd
	endpoint, temp string
}

// attachTo is the program attached to it.
func attachTo(t testing.TB, args ...string) *program {
	t.Helper()
	if running.Cmd == nil {
		startRunning(t)
	}
	return newProgram(t, append([]string{"attach", running.endpoint}, args...)...)
}

func startRunning(t testing.TB) {
	t.Helper()
	path := os.Getenv("SESSDRIVER_BROWSER")
	if path == "" {
		found, err := browserinstall.Find()
		if err != nil {
			t.Fatal(err)
		}
		path = found.Path
	}
	temp, err := os.MkdirTemp("", "sd")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--headless", "--remote-debugging-port=0", "--user-data-dir=" + filepath.Join(temp, "profile"), "--no-first-run", "about:blank"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	running.Cmd, running.temp = exec.Command(path, args...), temp
	running.Env = append(os.Environ(), "TMPDIR="+temp)
	running.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	running.WaitDelay = time.Second
	stderr, err := running.StderrPipe()
	if err == nil {
		err = running.Start()
	}
	if err != nil {
		running.Cmd = nil
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stderr); running.endpoint == ""; {
		if !lines.Scan() {
			t.Fatal("the browser ended before it was ready")
		}
		_, running.endpoint, _ = strings.Cut(lines.Text(), "DevTools listening on ")
	}
	go io.Copy(io.Discard, stderr)
}

// end ends the browser.
func (r *browserOfTests) end() {
	if r.Cmd != nil {
		syscall.Kill(-r.Process.Pid, syscall.SIGKILL)
		r.Wait()
		os.RemoveAll(r.temp)
	}
}

// program is one run of sessdriver, with a temporary directory of its own in
// which nothing may be left.
type program struct {
	*exec.Cmd
	t        testing.TB
	temp     string
	out, err bytes.Buffer
}

// shortTemp is a directory for a test, without the test's name: Chromium makes a socket
// below it, whose path may have 107 bytes, and ends where it has more.
func shortTemp(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newProgram(t testing.TB, args ...string) *program {
	t.Helper()
	p := &program{t: t, temp: shortTemp(t)}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	p.Cmd = exec.CommandContext(ctx, os.Args[0], args...)
	p.Env = append(cleanEnviron(), asProgram+"=1", "TMPDIR="+p.temp)
	p.Stdout, p.Stderr = &p.out, &p.err
	return p
}

// cleanEnviron is the environment without settings of ours but the browser: by default
// headless-shell, where there is one, since it starts in a third of the time.
func cleanEnviron() []string {
	var list []string
	if path, err := exec.LookPath("chromium-headless-shell"); err == nil && os.Getenv("SESSDRIVER_BROWSER") == "" {
		list = append(list, "SESSDRIVER_BROWSER="+path)
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "SESSDRIVER_") || strings.HasPrefix(variable, "SESSDRIVER_BROWSER=") {
			list = append(list, variable)
		}
	}
	return list
}

// result waits for the end and returns the exit code. It fails the test when
// something is left behind.
func (p *program) result() int {
	p.t.Helper()
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	p.checkLeft()
	return p.ProcessState.ExitCode()
}

func (p *program) checkLeft() {
	p.t.Helper()
	if profiles, _ := filepath.Glob(filepath.Join(p.temp, "sessdriver-*")); len(profiles) > 0 {
		p.t.Errorf("left behind: %v", profiles)
	}
	for _, pid := range browsersUnder(p.temp) {
		p.t.Errorf("left behind: browser process %s", pid)
	}
}

// browsersUnder lists the browser processes with a profile under dir.
func browsersUnder(dir string) []string {
	var pids []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), "--user-data-dir="+dir) {
			pids = append(pids, filepath.Base(filepath.Dir(file)))
		}
	}
	return pids
}

// sessdriver runs the program to its end.
func sessdriver(t testing.TB, stdin string, args ...string) (code int, out, err string) {
	t.Helper()
	return newProgram(t, args...).run(stdin)
}

func (p *program) run(stdin string) (code int, out, err string) {
	p.t.Helper()
	p.Stdin = strings.NewReader(stdin)
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	code = p.result()
	return code, p.out.String(), p.err.String()
}
