package browserinstall

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// killAfter is how long an interrupted command may take to end. It is generous:
// a killed apt-get leaves dpkg half done, and the user has to repair that.
const killAfter = 2 * time.Minute

// system is all that this package knows of the machine. Tests play other machines.
type system struct {
	goos      string
	home      string // empty when unknown
	uid       int    // the effective one
	osRelease string // text of os-release; empty when there is none

	lookPath   func(name string) (string, error)
	executable func(path string) bool
	// run streams both outputs to out and returns when the command has ended.
	run func(ctx context.Context, out io.Writer, argv []string) error
}

func thisSystem() system {
	home, _ := os.UserHomeDir()
	return system{
		goos:       runtime.GOOS,
		home:       home,
		uid:        os.Geteuid(),
		osRelease:  readOSRelease(),
		lookPath:   exec.LookPath,
		executable: executable,
		run:        run,
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

// executable reports an absolute path to a regular file, through links, that this
// user may run and that is not Ubuntu's stub.
func executable(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || !filepath.IsAbs(path) {
		return false
	}
	// With a slash in it, LookPath only checks the permission.
	if _, err := exec.LookPath(path); err != nil {
		return false
	}
	return !isSnapStub(path)
}

// isSnapStub recognises the script that Ubuntu's chromium-browser package installs.
// It starts the snap, or only says that the "chromium snap" is missing; where
// there is a snap we find it by its own name.
func isSnapStub(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false // may be run, not read: no script
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	return bytes.HasPrefix(head, []byte("#!")) && bytes.Contains(head, []byte("requires the chromium snap"))
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
