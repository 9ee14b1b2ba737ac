//go:build unix

package cdp

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// run starts the browser and waits for it. It stays on one thread, since on
// Linux the browser is to die with the thread that started it (parentDeath).
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // how it ended is told by its standard error
	close(p.exited)
}

// ownGroup puts the browser into a process group of its own, so that all of it
// can be ended, and a Ctrl-C at the terminal reaches only us.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	parentDeath(cmd.SysProcAttr)
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// killUsersOf ends the processes that were started with the profile: children
// of Chrome that left its group. It reports whether there were any.
func killUsersOf(profile string) bool {
	users := usersOf(profile)
	for _, pid := range users {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return len(users) > 0
}

// usersOf lists the processes that were started with the profile. Where there is
// no /proc it finds none.
func usersOf(profile string) []int {
	var users []int
	flag := []byte("--user-data-dir=" + profile)
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range processes {
		line, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for argument := range bytes.SplitSeq(line, []byte{0}) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && bytes.Equal(argument, flag) {
				users = append(users, pid)
			}
		}
	}
	return users
}

// takeProfile locks the user's profile until removeProfile, and reports one that a
// browser holds. Chrome's own lock has a gap when two start at once, and
// headless-shell has none (TestProfileRace).
func (p *process) takeProfile(dir string) error {
	var err error
	if p.lock, err = lockDir(dir); err != nil {
		return fmt.Errorf("opening the browser profile: %w; name another folder with --profile DIR", err)
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
	return fmt.Errorf("%w: the profile %s is in use by process %d; close that browser, or attach to it: sessdriver attach ENDPOINT", ErrNoBrowser, dir, pid)
}
