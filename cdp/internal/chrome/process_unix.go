//go:build unix

package chrome

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// run starts the browser and waits for it. It stays on one thread, since on
// Linux the browser is to die with the thread that started it (parentDeath).
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // its standard error says how it ended
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
