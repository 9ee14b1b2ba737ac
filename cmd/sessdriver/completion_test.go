package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The completion of each shell knows every flag and command; bash itself completes by it.
func TestCompletion(t *testing.T) {
	for _, shell := range shells {
		code, out, errs := sessdriver(t, "", "completion", shell)
		if code != exitOK || !strings.Contains(out, "observe") || !strings.Contains(out, "doctor browser completion") {
			t.Errorf("%s: exit %d, %s%s", shell, code, out, errs)
		}
		if _, err := exec.LookPath(shell); err != nil {
			continue
		}
		check := exec.Command(shell, map[bool]string{true: "--no-execute", false: "-n"}[shell == "fish"])
		check.Stdin = strings.NewReader(out)
		if said, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, said)
		}
	}
	_, script, _ := sessdriver(t, "", "completion", "bash")
	bash := exec.Command("bash", "-c", script+"\nCOMP_WORDS=(sessdriver --obs); COMP_CWORD=1; _sessdriver; echo ${COMPREPLY[@]}; COMP_WORDS=(sessdriver doc); _sessdriver; echo ${COMPREPLY[@]}")
	bash.Dir = t.TempDir()
	if said, err := bash.CombinedOutput(); err != nil || string(said) != "--observe\ndoctor\n" {
		t.Errorf("bash completes %q, %v", said, err)
	}
	if code, _, errs := sessdriver(t, "", "completion", "tcsh"); code != exitUsage || !strings.Contains(errs, "bash, zsh, fish") {
		t.Errorf("tcsh: exit %d, %s", code, errs)
	}
}

// The manual page has every command of the language, and a formatter takes it.
func TestMan(t *testing.T) {
	code, out, _ := sessdriver(t, "", "man")
	if code != exitOK || !strings.Contains(out, ".B session use NAME") || !strings.Contains(out, `.B \-\-observe full`) {
		t.Fatalf("exit %d: %.300s", code, out)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff")
	}
	format := exec.Command(groff, "-man", "-ww", "-z", "-K", "utf8")
	format.Stdin = strings.NewReader(out)
	if said, err := format.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("groff: %v: %s", err, said)
	}
}
