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

	"github.com/chromedp/chromedp"

	"sessdriver/cdp/internal/wire"
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
	transport chromedp.Transport
	cmd       *exec.Cmd
	profile   string // what to remove; "" when the profile is the user's
	dir       string
	lock      *os.File // the profile, locked; nil where there are no locks
	stderr    *tail
	exited    chan struct{} // closed when the process is gone
}

// startProcess starts the browser with a pipe. The context does not bound its
// life.
func startProcess(o *Options) (*process, error) {
	if err := portFree(o.DebugPort); err != nil {
		return nil, err
	}
	removeAbandoned()
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
	if os.Getenv("HOME") == "" { // Chromium would write into the current directory
		p.cmd.Env = append(os.Environ(), "HOME="+p.dir)
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
		p.removeProfile()
		return nil, fmt.Errorf("%w: starting %s: %w; name another with --browser PATH", ErrNoBrowser, o.Path, err)
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
		return fmt.Errorf("%w: the DevTools port %d is in use; name another with --debug-port N", ErrNoBrowser, port)
	}
	return l.Close()
}

// quietPreferences are the preferences of a browser that asks for what pages ask for, and for nothing
// else. Without the first a page may be fetched by speculation, beside Fetch
// (TestNoSpeculation); the others would tell servers of Google what a page is, which
// password was typed or how a word is written (TestNothingElse).
const quietPreferences = `"net":{"network_prediction_options":2},
"alternate_error_pages":{"enabled":false},
"browser":{"enable_spellchecking":false},
"credentials_enable_service":false,
"safebrowsing":{"enabled":false},
"search":{"suggest_enabled":false},
"signin":{"allowed":false,"allowed_on_next_startup":false}`

// makeProfile prepares a temporary profile, or checks that the user's is free.
func (p *process) makeProfile(dir, more string) error {
	if dir != "" {
		p.dir = dir
		return p.takeProfile(dir)
	}
	if err := p.makeTemporary(); err != nil {
		return fmt.Errorf("making a browser profile: %w", err)
	}
	preferences := []byte(`{` + strings.TrimSuffix(quietPreferences+","+more, ",") + `}`)
	err := os.Mkdir(filepath.Join(p.dir, "Default"), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(p.dir, "Default", "Preferences"), preferences, 0o600)
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
	p.drop()
	p.transport.Close()
	select {
	case <-p.exited:
	case <-time.After(exitGrace):
		p.kill()
		<-p.exited
	}
	killGroup(p.cmd.Process.Pid) // helpers that outlived it
	// In the user's profile another browser may run by now (TestProfileRace).
	for deadline := time.Now().Add(exitGrace); p.profile != "" && killUsersOf(p.profile) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // one that was killed is there until it has run once more
	}
	p.removeProfile()
}

// drop kills a browser that has nothing to keep: what it would save and tidy up at its end,
// which takes longer than its start, is removed with its profile. It reports whether it
// was such a one.
func (p *process) drop() bool {
	if p.profile == "" {
		return false
	}
	killGroup(p.cmd.Process.Pid)
	return true
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
	if p.profile != "" {
		removeProfile(p.profile)
	}
	if p.lock != nil {
		p.lock.Close()
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
