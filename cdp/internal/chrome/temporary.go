//go:build unix

package chrome

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// makeTemporary makes a temporary profile. It is locked for as long as this process lives,
// however that ends, so that a later start knows one whose owner is gone.
func (p *profile) makeTemporary() error {
	for range 10 {
		dir, err := os.MkdirTemp("", TemporaryPrefix) // 0700
		if err != nil {
			return err
		}
		lock, err := lockOwn(dir)
		switch {
		case errors.Is(err, errLocked), errors.Is(err, os.ErrNotExist): // a start beside ours took it for abandoned
			continue
		case err != nil && !errors.Is(err, errNoLocks):
			os.Remove(dir)
			return err
		case lock != nil && !stillAt(lock, dir):
			lock.Close()
			continue
		}
		p.dir, p.temporary, p.lock = dir, true, lock
		return nil
	}
	return fmt.Errorf("each of 10 in %s was removed at once", os.TempDir())
}

// removeAbandoned removes the temporary profiles of drivers that could not do so, since
// they were killed: they hold cookies. What is in use, or somebody else's, is left alone:
// the folder may be shared.
func removeAbandoned() {
	entries, _ := os.ReadDir(os.TempDir())
	for _, entry := range entries {
		if dir := filepath.Join(os.TempDir(), entry.Name()); strings.HasPrefix(entry.Name(), TemporaryPrefix) {
			removeIfAbandoned(dir)
		}
	}
}

func removeIfAbandoned(dir string) {
	lock, err := lockOwn(dir)
	if err != nil {
		return
	}
	defer lock.Close()
	if stillAt(lock, dir) && !inUse(dir) {
		removeProfile(dir)
	}
}

// inUse reports whether a browser runs on a temporary profile: it may live a little longer
// than its driver, and older versions of this program did not lock theirs.
func inUse(dir string) bool {
	if runtime.GOOS == "linux" { // where the command lines are a better sign than Chrome's lock: process ids are used again
		return len(usersOf(dir)) > 0
	}
	return profileFree(dir) != nil
}

var (
	errLocked  = errors.New("it is locked")
	errNoLocks = errors.New("no locks are to be had there")
)

// lockOwn locks a folder that nobody but this user can look into, and that is no link, for
// as long as it is open.
func lockOwn(dir string) (*os.File, error) {
	fd, err := syscall.Open(dir, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	f := os.NewFile(uintptr(fd), dir)
	info, err := f.Stat()
	if err == nil {
		if stat := info.Sys().(*syscall.Stat_t); int(stat.Uid) != os.Getuid() || info.Mode().Perm() != 0o700 {
			err = os.ErrPermission
		}
	}
	if err == nil {
		switch err = syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == syscall.EWOULDBLOCK:
			err = errLocked
		case err != nil:
			err = fmt.Errorf("%w: %w", errNoLocks, err)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// stillAt reports whether an open folder is the one with that path.
func stillAt(f *os.File, path string) bool {
	opened, err := f.Stat()
	there, errThere := os.Lstat(path)
	return err == nil && errThere == nil && os.SameFile(opened, there)
}

// removeProfile removes a temporary profile.
func removeProfile(dir string) {
	removeSocket(dir)
	// A helper that is just ending may still write: try again for a while.
	for range 50 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// removeSocket removes the folder, beside the profile, that the socket of Chrome's lock is
// in: a browser that was killed leaves it.
func removeSocket(profile string) {
	socket, err := os.Readlink(filepath.Join(profile, "SingletonSocket"))
	if err != nil || !filepath.IsAbs(socket) {
		return
	}
	dir := filepath.Dir(socket)
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return
	}
	for _, name := range []string{"SingletonSocket", "SingletonCookie"} {
		os.Remove(filepath.Join(dir, name))
	}
	os.Remove(dir) // nothing else was in it
}
