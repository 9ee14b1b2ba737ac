//go:build unix

package chrome

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// A start removes the temporary profiles of those that were killed, and nothing else: not
// what is in use, by whatever means that shows, and not what others put in its way.
func TestAbandoned(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	make := func(name string, mode os.FileMode) string {
		dir := filepath.Join(temp, name)
		if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "Default", "Cookies"), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	stays := map[string]string{} // what for, by path
	goes := []string{make(TemporaryPrefix+"1", 0o700)}

	socket := make("org.chromium.Chromium.abc", 0o700)
	os.RemoveAll(filepath.Join(socket, "Default"))
	for _, name := range []string{"SingletonSocket", "SingletonCookie"} {
		if err := os.WriteFile(filepath.Join(socket, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	os.Symlink(filepath.Join(socket, "SingletonSocket"), filepath.Join(goes[0], "SingletonSocket"))
	goes = append(goes, socket)

	precious := make("precious", 0o700)
	stays[precious] = "is somebody's, and linked to"
	os.Symlink(filepath.Join(precious, "x"), filepath.Join(make(TemporaryPrefix+"2", 0o700), "SingletonSocket"))
	goes = append(goes, filepath.Join(temp, TemporaryPrefix+"2"))
	os.Symlink(precious, filepath.Join(goes[0], "Default", "link"))
	os.Symlink(precious, filepath.Join(temp, TemporaryPrefix+"link"))
	stays[filepath.Join(temp, TemporaryPrefix+"link")] = "is a link"
	stays[make(TemporaryPrefix+"open", 0o755)] = "is not as we make them"
	stays[make("sessdriver-other", 0o700)] = "is no profile"
	if os.Getuid() == 0 {
		foreign := make(TemporaryPrefix+"foreign", 0o700)
		if err := os.Chown(foreign, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		stays[foreign] = "is another user's"
	}
	file := filepath.Join(temp, TemporaryPrefix+"file")
	os.WriteFile(file, nil, 0o600)
	stays[file] = "is a file"
	pipe := filepath.Join(temp, TemporaryPrefix+"pipe")
	syscall.Mkfifo(pipe, 0o700)
	stays[pipe] = "is a pipe"

	running := &profile{}
	if err := running.makeTemporary(); err != nil {
		t.Fatal(err)
	}
	defer running.close()
	stays[running.dir] = "is in use"
	if runtime.GOOS == "linux" {
		used := make(TemporaryPrefix+"used", 0o700)
		old := exec.Command("sh", "-c", "sleep 600; :", "--user-data-dir="+used) // a version that did not lock
		if err := old.Start(); err != nil {
			t.Fatal(err)
		}
		defer old.Wait()
		defer old.Process.Kill()
		for len(usersOf(used)) == 0 { // until it has become the shell
			time.Sleep(time.Millisecond)
		}
		stays[used] = "is in use by a browser"
	}

	removeAbandoned()
	for path, why := range stays {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s %s, but: %v", filepath.Base(path), why, err)
		}
	}
	if _, err := os.Stat(filepath.Join(precious, "Default", "Cookies")); err != nil {
		t.Error(err)
	}
	for _, path := range goes {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s is there yet: %v", filepath.Base(path), err)
		}
	}
	running.close()
	if _, err := os.Lstat(running.dir); !os.IsNotExist(err) {
		t.Errorf("our own is there yet: %v", err)
	}
}

// Many that start at once do not take each other's new profiles for abandoned.
func TestAbandonedRace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	failed := make(chan error, 8)
	for range cap(failed) {
		go func() {
			for range 50 {
				removeAbandoned()
				p := &profile{}
				err := p.open("", "")
				if err == nil {
					_, err = os.Stat(filepath.Join(p.dir, "Default", "Preferences"))
				}
				if err != nil {
					failed <- err
					return
				}
				p.close()
			}
			failed <- nil
		}()
	}
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
