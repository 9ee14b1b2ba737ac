package browserinstall

import (
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// killAfter is how long an interrupted command may take to end. It is generous:
// a killed apt-get leaves dpkg half done, and the user has to repair that.
const killAfter = 2 * time.Minute

// system is all that this package knows of the machine. Tests play other machines.
type system struct {
	goos      string
	uid       int    // the effective one
	osRelease string // text of os-release; empty when there is none

	lookPath func(name string) (string, error)
	find     func() (Browser, error)
	// run streams both outputs to out and returns when the command has ended.
	run func(ctx context.Context, out io.Writer, argv []string) error
}

func thisSystem() system {
	return system{
		goos:      runtime.GOOS,
		uid:       os.Geteuid(),
		osRelease: readOSRelease(),
		lookPath:  exec.LookPath,
		find:      Find,
		run:       run,
	}
}

// has reports that PATH holds a command.
func (s system) has(command string) bool {
	_, err := s.lookPath(command)
	return err == nil
}

func readOSRelease() string {
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if text, err := os.ReadFile(path); err == nil {
			return string(text)
		}
	}
	return ""
}

// run interrupts the command when ctx ends. Not SIGTERM: apt-get shields itself
// from an interrupt while dpkg works, but dies of SIGTERM in the middle.
// The command stays in our process group, so that sudo can ask for a password.
func run(ctx context.Context, out io.Writer, argv []string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout = out
	cmd.Stderr = out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = killAfter
	return cmd.Run()
}
