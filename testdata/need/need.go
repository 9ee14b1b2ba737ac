// Package need is for tests that run programs which are not part of the Go module or the
// browser. Where one is missing its tests are skipped, and say what to install; where all are
// installed, as by .ci/run, that is a failure.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// All is the variable that makes a failure of what is missing: set it to 1.
const All = "SESSDRIVER_TEST_ALL"

// Program is the path of a program, which is in a Debian package of that name. Without it the
// test ends here.
func Program(t testing.TB, name, debian string) (path string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name, debian)
	}
	return path
}

// File is a file that is in a Debian package.
func File(t testing.TB, path, debian string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		Missing(t, path, debian)
	}
	return path
}

// Missing ends a test that lacks something.
func Missing(t testing.TB, what, debian string) {
	t.Helper()
	if os.Getenv(All) == "1" {
		t.Fatalf("%s is missing, and %s=1: install it with: sudo apt-get install %s", what, All, debian)
	}
	t.Skipf("SKIPPED: %s is missing; install it with: sudo apt-get install %s", what, debian)
}
