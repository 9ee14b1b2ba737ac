package cdp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrNoBrowser reports that there is no browser to work with: none was found,
// it would not start, it is too old, or the endpoint is not one.
var ErrNoBrowser = errors.New("no browser")

const (
	exitGrace  = 5 * time.Second // for the browser to end by itself once its pipe is closed
	maxStderr  = 16 << 10        // of the browser's standard error, kept for an error message
	profileDir = "sessdriver-profile-"
)

// process is a browser that we started and own. It ends with us: Chrome exits
// when its pipe closes.
type process struct {
	transport *pipe
	cmd       *exec.Cmd
	profile   string // what to remove; "" when the profile is the user's
	dir       string
	lock      *os.File // the user's profile, locked; nil for a temporary one
	stderr    *tail
	exited    chan struct{} // closed when the process is gone
}

// startProcess starts the browser with a pipe. The context does not bound its
// life.
func startProcess(o *Options) (*process, error) {
	if err := portFree(o.DebugPort); err != nil {
		return nil, err
	}
	p := &process{stderr: &tail{}, exited: make(chan struct{})}
	if err := p.makeProfile(o.Profile, o.Preferences); err != nil {
		return nil, err
	}
	toBrowser, commands, err := os.Pipe()
	if err != nil {
		p.removeProfile()
		return nil, fmt.Errorf("starting the browser: %w", err)
	}
	events, fromBrowser, err := os.Pipe()
	if err != nil {
		toBrowser.Close()
		commands.Close()
		p.removeProfile()
		return nil, fmt.Errorf("starting the browser: %w", err)
	}
	p.cmd = exec.Command(o.Path, arguments(o, p.dir)...)
	p.cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // its descriptors 3 and 4
	p.cmd.Stderr = p.stderr
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
		p.removeProfile()
		return nil, fmt.Errorf("%w: starting %s: %w; name another with --browser PATH", ErrNoBrowser, o.Path, err)
	}
	p.transport = newPipe(events, commands)
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
		return fmt.Errorf("%w: the DevTools port %d is in use; name another with --debug-port N", ErrNoBrowser, port)
	}
	return l.Close()
}

// makeProfile prepares a temporary profile, or checks that the user's is free.
func (p *process) makeProfile(dir, more string) error {
	if dir != "" {
		p.dir = dir
		return p.takeProfile(dir)
	}
	temp, err := os.MkdirTemp("", profileDir)
	if err != nil {
		return fmt.Errorf("making a browser profile: %w", err)
	}
	p.dir, p.profile = temp, temp
	// Without this a page may be fetched by speculation, beside Fetch
	// (TestNoSpeculation).
	preferences := []byte(`{"net":{"network_prediction_options":2}` + strings.TrimSuffix(","+more, ",") + `}`)
	if err := os.Mkdir(filepath.Join(temp, "Default"), 0o700); err == nil {
		err = os.WriteFile(filepath.Join(temp, "Default", "Preferences"), preferences, 0o600)
	}
	if err != nil {
		p.removeProfile()
		return fmt.Errorf("making a browser profile: %w", err)
	}
	return nil
}

// end closes the pipe, which makes the browser exit, and sees to it that
// nothing of it is left: no process, no temporary profile.
func (p *process) end() {
	p.transport.Close()
	select {
	case <-p.exited:
	case <-time.After(exitGrace):
		p.kill()
		<-p.exited
	}
	p.kill() // helpers that outlived it
	for deadline := time.Now().Add(exitGrace); p.profile != "" && len(usersOf(p.profile)) > 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // one that was killed is there until it has run once more
	}
	p.removeProfile()
}

// kill ends the browser's process group: some browsers are started by a shell
// script that stays their parent.
func (p *process) kill() {
	killGroup(p.cmd.Process.Pid)
	if p.profile != "" { // in the user's profile another browser may run by now (TestProfileRace)
		killUsersOf(p.profile)
	}
}

// removeProfile removes a temporary profile and gives the user's free.
func (p *process) removeProfile() {
	if p.lock != nil {
		p.lock.Close()
	}
	if p.profile == "" {
		return
	}
	// A browser that crashed leaves the folder that its lock's socket is in.
	if socket, err := os.Readlink(filepath.Join(p.profile, "SingletonSocket")); err == nil {
		if dir := filepath.Dir(socket); filepath.Dir(dir) == filepath.Clean(os.TempDir()) {
			os.RemoveAll(dir)
		}
	}
	// A helper that is just ending may still write: try again for a while.
	for range 50 {
		if os.RemoveAll(p.profile) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// failure explains why a browser that has ended did not answer, from what it
// printed.
func (p *process) failure(ctx context.Context, path string, cause error) error {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		cause = errors.New("it did not answer in time")
	case err != nil:
		return fmt.Errorf("starting %s: %w", path, err)
	case p.profile == "" && profileFree(p.dir) != nil:
		return profileFree(p.dir) // another one was faster
	default:
		if text := p.stderr.lastLine(); text != "" {
			cause = errors.New(strings.TrimRight(text, ".;"))
		}
	}
	return fmt.Errorf("%w: %s does not speak the DevTools protocol on its pipe: %w; name another with --browser PATH", ErrNoBrowser, path, cause)
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
