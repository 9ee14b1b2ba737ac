package cdp

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ownerFile has the id of the process that drives a browser.
const ownerFile = "owner"

// claim is the right to drive a browser that others can reach. A second driver would take
// the first one's cookies for the user's own, and both would put back what they found. It
// ends with the process. A nil claim is none.
type claim struct {
	dir  string
	lock *os.File
}

// claimBrowser takes a browser, named by the id that it has at its DevTools port. It is an
// error that another driver has it. Without a directory for the state there is no claim.
func claimBrowser(state, id string) (*claim, error) {
	if state == "" {
		return nil, nil
	}
	sum := sha256.Sum256([]byte(id)) // it may hold a secret
	dir := filepath.Join(state, fmt.Sprintf("attach-%x", sum[:8]))
	owner := filepath.Join(dir, ownerFile)
	lock, err := lockDir(dir)
	if err == nil && lock == nil {
		pid, _ := os.ReadFile(owner) // the other may be just about to write it
		return nil, &drivenError{strings.TrimSpace(string(pid))}
	}
	if err == nil {
		err = os.WriteFile(owner, fmt.Appendln(nil, os.Getpid()), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("taking the browser for this process: %w", err)
	}
	return &claim{dir, lock}, nil
}

// claimPort takes a browser of our own, which has a DevTools port, for this process. But for
// a [drivenError] an error only means that other drivers do not learn of this one.
func (b *Browser) claimPort(ctx context.Context) (err error) {
	if b.options.State == "" || b.options.DebugPort == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	for {
		socket, err := discover(ctx, "127.0.0.1:"+strconv.Itoa(b.options.DebugPort))
		if err == nil {
			b.claim, err = claimBrowser(b.options.State, browserID(socket))
			return err
		}
		select {
		case <-time.After(inactivePause): // the port is opened a moment later than the pipe
		case <-ctx.Done():
			return err
		}
	}
}

// close gives the browser free. The folder goes when there is nothing in it.
func (c *claim) close() {
	if c != nil {
		os.Remove(filepath.Join(c.dir, ownerFile))
		os.Remove(c.dir)
		c.lock.Close()
	}
}

// drivenError reports a browser that another driver has, by the id of its process, "" where
// that is not known.
type drivenError struct{ owner string }

// Is lets a caller take it as one more reason why there is no browser to work with.
func (e *drivenError) Is(target error) bool { return target == ErrNoBrowser }

func (e *drivenError) Error() string {
	who, end := "another sessdriver", "end that one"
	if e.owner != "" {
		who, end = "sessdriver process "+e.owner, "end that one (kill "+e.owner+")"
	}
	return who + " drives this browser already, and two would take each other's cookies for the user's; " + end + ", or use its prompt"
}
