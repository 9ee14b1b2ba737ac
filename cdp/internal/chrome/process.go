package chrome

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/chromedp"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions/fault"
)

const (
	exitGrace = 5 * time.Second // for the browser to end by itself once its pipe is closed
	maxStderr = 16 << 10        // of the browser's standard error, kept for an error message
)

// Process is a browser that we started and own. It ends with us: Chrome exits
// when its pipe closes.
type Process struct {
	transport chromedp.Transport
	path      string // of the program
	cmd       *exec.Cmd
	profile   profile
	stderr    *tail
	exited    chan struct{} // closed when the process is gone
}

// Start starts a browser with a pipe.
func Start(o Options) (*Process, error) {
	if err := portFree(o.DebugPort); err != nil {
		return nil, err
	}
	removeAbandoned()
	p := &Process{path: o.Path, stderr: &tail{}, exited: make(chan struct{})}
	if err := p.profile.open(o.Profile, o.Preferences); err != nil {
		return nil, err
	}
	toBrowser, commands, err := os.Pipe()
	if err != nil {
		p.profile.close()
		return nil, fmt.Errorf("starting the browser: %w", err)
	}
	events, fromBrowser, err := os.Pipe()
	if err != nil {
		toBrowser.Close()
		commands.Close()
		p.profile.close()
		return nil, fmt.Errorf("starting the browser: %w", err)
	}
	p.cmd = exec.Command(o.Path, arguments(&o, p.profile.dir)...)
	p.cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // its descriptors 3 and 4
	p.cmd.Stderr = p.stderr
	if os.Getenv("HOME") == "" { // Chromium would write into the current directory
		p.cmd.Env = append(os.Environ(), "HOME="+p.profile.dir)
	}
	p.cmd.WaitDelay = time.Second // helpers may hold the standard error open
	ownGroup(p.cmd)
	started := make(chan error)
	go p.run(started)
	err = <-started
	toBrowser.Close()
	fromBrowser.Close()
	if err != nil {
		commands.Close()
		events.Close()
		p.profile.close()
		return nil, fault.Errorf(fault.NoBrowser, "%w: starting %s: %w", ErrNoBrowser, o.Path, err)
	}
	p.transport = wire.NewPipe(events, commands)
	return p, nil
}

// portFree reports a DevTools port that somebody else has: Chrome would start all
// the same, and clients would talk to that one.
func portFree(port int) error {
	if port == 0 {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return fault.Errorf(fault.PortInUse, "%w: the DevTools port %d is in use", ErrNoBrowser, port)
	}
	return l.Close()
}

// Transport is the pipe.
func (p *Process) Transport() chromedp.Transport { return p.transport }

// PID is the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Profile is the directory of the profile.
func (p *Process) Profile() string { return p.profile.dir }

// Temporary reports whether the profile is removed at the end.
func (p *Process) Temporary() bool { return p.profile.temporary }

// End closes the pipe, which makes the browser exit, and sees to it that
// nothing of it is left: no process, no temporary profile.
func (p *Process) End() {
	p.Drop()
	p.transport.Close()
	select {
	case <-p.exited:
	case <-time.After(exitGrace):
		p.Kill()
		<-p.exited
	}
	killGroup(p.cmd.Process.Pid) // helpers that outlived it
	// In the user's profile another browser may run by now (TestProfileRace).
	for deadline := time.Now().Add(exitGrace); p.profile.temporary && killUsersOf(p.profile.dir) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // one that was killed is there until it has run once more
	}
	p.profile.close()
}

// Drop kills a browser that has nothing to keep: what it would save and tidy up at its end,
// which takes longer than its start, is removed with its profile. It reports whether it
// was such a one.
func (p *Process) Drop() bool {
	if !p.profile.temporary {
		return false
	}
	killGroup(p.cmd.Process.Pid)
	return true
}

// Kill ends the browser's process group: some browsers are started by a shell
// script that stays their parent.
func (p *Process) Kill() {
	killGroup(p.cmd.Process.Pid)
	if p.profile.temporary { // in the user's profile another browser may run by now (TestProfileRace)
		killUsersOf(p.profile.dir)
	}
}

// Explain is why a browser that has ended did not answer, from what it printed.
func (p *Process) Explain(ctx context.Context, cause error) error {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		cause = errors.New("it did not answer in time")
	case err != nil:
		return fmt.Errorf("starting %s: %w", p.path, err)
	case !p.profile.temporary && profileFree(p.profile.dir) != nil:
		return profileFree(p.profile.dir) // another one was faster
	default:
		if text := p.stderr.lastLine(); text != "" {
			cause = errors.New(strings.TrimRight(text, ".;"))
		}
	}
	return fault.Errorf(fault.NoBrowser, "%w: %s does not speak the DevTools protocol on its pipe: %w", ErrNoBrowser, p.path, cause)
}

// tail keeps the end of what a browser printed. It is safe for concurrent use.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - maxStderr; over > 0 {
		t.buf = append([]byte(nil), t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(string(bytes.TrimSpace(t.buf)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
