package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sessdriver/testdata/need"
)

// The completion of each shell knows every flag and command.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			code, out, errs := sessdriver(t, "", "completion", shell)
			if code != exitOK || !strings.Contains(out, "observe") || !strings.Contains(out, "doctor browser completion") {
				t.Errorf("exit %d, %s%s", code, out, errs)
			}
			need.Program(t, shell, shell)
			check := exec.Command(shell, map[bool]string{true: "--no-execute", false: "-n"}[shell == "fish"])
			check.Stdin = strings.NewReader(out)
			if said, err := check.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
	if code, _, errs := sessdriver(t, "", "completion", "tcsh"); code != exitUsage || !strings.Contains(errs, "bash, zsh, fish") {
		t.Errorf("tcsh: exit %d, %s", code, errs)
	}
}

// completers ask a shell what follows the words that it is given: the script is in
// $SCRIPT, the last word is the one at the cursor.
var completers = map[string]string{
	"bash": `eval "$SCRIPT"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sessdriver; printf '%s\n' "${COMPREPLY[@]}"`,
	// Only its editor completes: what it would be given.
	"zsh": `emulate zsh; compadd() { shift; local w; for w; do [[ $w == $PREFIX* ]] && print -r -- $w; done }
		_arguments() { local a; for a in ${@#\*}; do [[ $a == ${PREFIX:--}* ]] && print -r -- ${a%%[\[=+]*}; done }
		complete() { eval $SCRIPT }; words=("$@") CURRENT=$# PREFIX=${@[-1]}; complete; true`,
	"fish": `echo $SCRIPT | source; complete -C "$argv" | string replace -r '\t.*' ''; true`,
}

// Each shell completes by the registry, and offers no file where none is meant.
func TestCompletionInShell(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "install.sess"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ line, want string }{
		{"doc", "doctor"},
		{"browser ", "install path"},
		{"browser in", "install"},
		{"completion ", "bash fish zsh"},
		{"completion bash in", ""},
		{"help cl", "click"},
		{"help unse", "unset"},
		{"help session re", "remove rename revert"},
		{"help expect not u", "url"},
		{"help use in", ""},
		{"--obs", "--observe"},
		{"browser --br", "--browser"},
		{"run --jo", "--jobs"},
		{"demo --jo", ""},
		{"attach --us", "--use"},
		{"help doct", "doctor"},
		{"help atta", "attach"},
	}
	for shell, ask := range completers {
		t.Run(shell, func(t *testing.T) {
			need.Program(t, shell, shell)
			_, script, _ := sessdriver(t, "", "completion", shell)
			for _, test := range tests {
				args := []string{"-c", ask}
				if shell != "fish" {
					args = append(args, shell)
				}
				cmd := exec.Command(shell, append(args, strings.Split("sessdriver "+test.line, " ")...)...)
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "SCRIPT="+script, "HOME="+dir)
				said, err := cmd.CombinedOutput()
				got := strings.Fields(string(said))
				slices.Sort(got)
				if err != nil || strings.Join(got, " ") != test.want {
					t.Errorf("%q: %q, %v; want %q", test.line, got, err, test.want)
				}
			}
		})
	}
}

// Flags of one letter are completed, too.
func TestCompletionShort(t *testing.T) {
	for shell, want := range map[string]string{"bash": " -c ", "zsh": "'*-c+[", "fish": " -s c -l command -r "} {
		if _, out, _ := sessdriver(t, "", "completion", shell); !strings.Contains(out, want) || !strings.Contains(out, "'help expect not'") && !strings.Contains(out, "after help expect not'") {
			t.Errorf("%s lacks %q, or help expect not:\n%s", shell, want, out)
		}
	}
}

// The manual page has the commands of the language, the flags and the pages, and a formatter
// takes it.
func TestMan(t *testing.T) {
	code, out, _ := sessdriver(t, "", "man")
	for _, want := range []string{".B session use NAME", `.B \-\-observe HOW`, `.B \-j, \-\-jobs N`, ".SH ZAP'S HTTP SESSIONS", ".SS What it leaves", "Exit codes: 0 ok"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Fatalf("exit %d, without %q: %.300s", code, want, out)
		}
	}
	groff := need.Program(t, "groff", "groff-base")
	format := exec.Command(groff, "-man", "-ww", "-z", "-K", "utf8")
	format.Stdin = strings.NewReader(out)
	if said, err := format.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("groff: %v: %s", err, said)
	}
}
