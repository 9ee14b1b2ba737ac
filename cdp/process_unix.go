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
// of Chrome that left its group. Where there is no /proc it does nothing.
func killUsersOf(profile string) {
	flag := []byte("--user-data-dir=" + profile)
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range processes {
		line, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for argument := range bytes.SplitSeq(line, []byte{0}) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && bytes.Equal(argument, flag) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}

// profileFree reports a profile that a running browser holds, by Chrome's own
// lock: a link named SingletonLock to HOST-PID.
func profileFree(dir string) error {
	target, err := os.Readlink(filepath.Join(dir, "SingletonLock"))
	if err != nil {
		return nil
	}
	pid, err := strconv.Atoi(target[strings.LastIndexByte(target, '-')+1:])
	if err != nil || syscall.Kill(pid, 0) == syscall.ESRCH {
		return nil // left behind by a crash; Chrome takes it over
	}
	return fmt.Errorf("%w: the profile %s is in use by process %d; close that browser, or attach to it: sessdriver attach ENDPOINT", ErrNoBrowser, dir, pid)
}
