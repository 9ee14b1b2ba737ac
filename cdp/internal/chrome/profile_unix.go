//go:build unix

package chrome

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"sessdriver/sessions/fault"
)

// take locks the user's profile until it is closed, and reports one that a
// browser holds. Chrome's own lock has a gap when two start at once, and
// headless-shell has none (TestProfileRace).
func (p *profile) take(dir string) error {
	var err error
	if p.lock, err = lockDir(dir); err != nil {
		return fault.Errorf(fault.NoProfile, "opening the browser profile: %w", err)
	}
	if err = profileFree(dir); err == nil && p.lock == nil {
		err = fmt.Errorf("%w: the profile %s is in use by another sessdriver; end that one, or name another profile", ErrNoBrowser, dir)
	}
	if err != nil && p.lock != nil {
		p.lock.Close()
	}
	return err
}

// lockDir makes a directory and locks it until it is closed. It returns nil where
// somebody else has it.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.Open(dir)
	if err == nil && syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		lock.Close()
		return nil, nil
	}
	return lock, err
}

// profileFree reports a profile that a running browser holds, by Chrome's own
// lock, a link named SingletonLock to HOST-PID, or by the command line of
// headless-shell, which has none.
func profileFree(dir string) error {
	pid := 0
	if users := usersOf(dir); len(users) > 0 {
		pid = users[0]
	}
	if target, err := os.Readlink(filepath.Join(dir, "SingletonLock")); err == nil {
		holder, err := strconv.Atoi(target[strings.LastIndexByte(target, '-')+1:])
		if err == nil && syscall.Kill(holder, 0) != syscall.ESRCH { // else a crash left it, and Chrome takes it over
			pid = holder
		}
	}
	if pid == 0 {
		return nil
	}
	return fault.Errorf(fault.ProfileInUse, "%w: the profile %s is in use by process %d", ErrNoBrowser, dir, pid)
}
