package chrome

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

// portPause is how often a port that is not open yet is asked for.
const portPause = 20 * time.Millisecond

// Claim is the right to drive a browser that others can reach. A second driver would take
// the first one's cookies for the user's own, and both would put back what they found. It
// ends with the process. A nil Claim is none.
type Claim struct {
	dir  string
	lock *os.File
}

// ClaimBrowser takes a browser, named by the id that it has at its DevTools port. It is an
// error that another driver has it. Without a directory for the state there is no claim.
func ClaimBrowser(state, id string) (*Claim, error) {
	if state == "" {
		return nil, nil
	}
	sum := sha256.Sum256([]byte(id)) // it may hold a secret
	dir := filepath.Join(state, fmt.Sprintf("attach-%x", sum[:8]))
	owner := filepath.Join(dir, ownerFile)
	lock, err := lockDir(dir)
	if err == nil && lock == nil {
		pid, _ := os.ReadFile(owner) // the other may be just about to write it
		return nil, &ClaimedError{strings.TrimSpace(string(pid))}
	}
	if err == nil {
		err = os.WriteFile(owner, fmt.Appendln(nil, os.Getpid()), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("taking the browser for this process: %w", err)
	}
	return &Claim{dir, lock}, nil
}

// ClaimPort takes a browser of our own, which has a DevTools port, for this process. But for
// a [ClaimedError] an error only means that other drivers do not learn of this one. Without a
// port there is no claim either.
func ClaimPort(ctx context.Context, state string, port int) (*Claim, error) {
	if state == "" || port == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	for {
		socket, err := discover(ctx, "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			return ClaimBrowser(state, browserID(socket))
		}
		select {
		case <-time.After(portPause): // the port is opened a moment later than the pipe
		case <-ctx.Done():
			return nil, err
		}
	}
}

// Dir is the directory of the claim, in that of the state.
func (c *Claim) Dir() string { return c.dir }

// Release frees the browser. The folder goes when there is nothing in it.
func (c *Claim) Release() {
	if c != nil {
		os.Remove(filepath.Join(c.dir, ownerFile))
		os.Remove(c.dir)
		c.lock.Close()
	}
}

// ClaimedError reports a browser that another driver has, by the id of its process, "" where
// that is not known.
type ClaimedError struct{ owner string }

// Is lets a caller take it as one more reason why there is no browser to work with.
func (e *ClaimedError) Is(target error) bool { return target == ErrNoBrowser }

func (e *ClaimedError) Error() string {
	who, end := "another sessdriver", "end that one"
	if e.owner != "" {
		who, end = "sessdriver process "+e.owner, "end that one (kill "+e.owner+")"
	}
	return who + " drives this browser already, and two would take each other's cookies for the user's; " + end + ", or use its prompt"
}
