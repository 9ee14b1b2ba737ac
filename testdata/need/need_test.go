package need

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What is missing is a skip that says what to install, or a failure where all is said to be
// there.
func TestProgram(t *testing.T) {
	if os.Getenv("NEED_PROBE") != "" {
		Program(t, "no-such-program", "some-package")
		t.Fatal("it goes on")
	}
	for all, want := range map[string]string{"": "--- SKIP", "0": "--- SKIP", "1": "--- FAIL"} {
		probe := exec.Command(os.Args[0], "-test.run=^TestProgram$", "-test.v")
		probe.Env = append(os.Environ(), "NEED_PROBE=1", All+"="+all)
		out, err := probe.CombinedOutput()
		if !strings.Contains(string(out), want) || !strings.Contains(string(out), "apt-get install some-package") || (err != nil) != (all == "1") {
			t.Errorf("%s=%s: %v: %s", All, all, err, out)
		}
	}
	if path := Program(t, "sh", "dash"); path == "" {
		t.Error("no shell")
	}
}
