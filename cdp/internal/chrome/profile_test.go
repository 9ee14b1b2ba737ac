package chrome

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What is left of a crash is no browser in use.
func TestProfileAfterCrash(t *testing.T) {
	dir := t.TempDir()
	done := exec.Command("/bin/true")
	if err := done.Run(); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(fmt.Sprintf("some-host-%d", done.Process.Pid), filepath.Join(dir, "SingletonLock")); err != nil {
		t.Fatal(err)
	}
	if err := profileFree(dir); err != nil {
		t.Error(err)
	}
	if err := profileFree(filepath.Join(dir, "not there yet")); err != nil {
		t.Error(err)
	}
}
