//go:build unix

package cdp

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
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
	goes := []string{make(profileDir+"1", 0o700)}

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
	os.Symlink(filepath.Join(precious, "x"), filepath.Join(make(profileDir+"2", 0o700), "SingletonSocket"))
	goes = append(goes, filepath.Join(temp, profileDir+"2"))
	os.Symlink(precious, filepath.Join(goes[0], "Default", "link"))
	os.Symlink(precious, filepath.Join(temp, profileDir+"link"))
	stays[filepath.Join(temp, profileDir+"link")] = "is a link"
	stays[make(profileDir+"open", 0o755)] = "is not as we make them"
	stays[make("sessdriver-other", 0o700)] = "is no profile"
	if os.Getuid() == 0 {
		foreign := make(profileDir+"foreign", 0o700)
		if err := os.Chown(foreign, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		stays[foreign] = "is another user's"
	}
	file := filepath.Join(temp, profileDir+"file")
	os.WriteFile(file, nil, 0o600)
	stays[file] = "is a file"
	pipe := filepath.Join(temp, profileDir+"pipe")
	syscall.Mkfifo(pipe, 0o700)
	stays[pipe] = "is a pipe"

	running := &process{}
	if err := running.makeTemporary(); err != nil {
		t.Fatal(err)
	}
	defer running.removeProfile()
	stays[running.dir] = "is in use"
	if runtime.GOOS == "linux" {
		used := make(profileDir+"used", 0o700)
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
	running.removeProfile()
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
				p := &process{}
				err := p.makeProfile("", "")
				if err == nil {
					_, err = os.Stat(filepath.Join(p.dir, "Default", "Preferences"))
				}
				if err != nil {
					failed <- err
					return
				}
				p.removeProfile()
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

// processesOf lists what runs with an environment that names a directory: every child of
// a browser has it, however it is called.
func processesOf(temp string) []string {
	var list []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		pid := filepath.Base(filepath.Dir(file))
		if text, err := os.ReadFile(file); err == nil && strings.Contains("\x00"+string(text), "\x00TMPDIR="+temp+"\x00") && pid != strconv.Itoa(os.Getpid()) {
			list = append(list, pid)
		}
	}
	return list
}

// A browser with a temporary profile is killed at its end: nothing of it stays, neither a
// process nor a file.
func TestCloseLeavesNoFile(t *testing.T) {
	server := ownPage(t)
	temp, err := os.MkdirTemp("", "close") // short: see shortTemp in the tests of the program
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	t.Setenv("TMPDIR", temp)
	r := launch(t, whole(t), alone)
	r.open(server.URL)
	if len(processesOf(temp)) == 0 && runtime.GOOS == "linux" {
		t.Fatal("no process is found: the test proves nothing")
	}
	began := time.Now()
	r.close()
	t.Logf("closed in %v", time.Since(began))
	for deadline := time.Now().Add(patience); len(processesOf(temp)) > 0; time.Sleep(10 * time.Millisecond) { // the kernel takes them away
		if time.Now().After(deadline) {
			t.Fatalf("still there: %v", processesOf(temp))
		}
	}
	entries, err := os.ReadDir(temp)
	if len(entries) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// BenchmarkClose is how long the end of a browser takes, and in start-ms/op its start.
func BenchmarkClose(b *testing.B) {
	var starting time.Duration
	for b.Loop() {
		b.StopTimer()
		began := time.Now()
		r := launch(b, func(o *Options) { o.Path = chromium(b) })
		starting += time.Since(began)
		r.open("data:text/html,page")
		b.StartTimer()
		r.close()
	}
	b.ReportMetric(float64(starting.Milliseconds())/float64(b.N), "start-ms/op")
}
