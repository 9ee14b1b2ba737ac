package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/scripts"
)

// runs runs scripts on stages without a browser, and gives their cases in the order they
// were reported, and the scripts that got a stage.
func runs(t *testing.T, o Options, texts map[string]string) (cases, staged []string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if o.Files, err = Find([]string{dir}); err != nil {
		t.Fatal(err)
	}
	begun := ""
	o.Timeout = time.Minute
	o.Launch = func(context.Context) (Stage, error) {
		staged = append(staged, begun)
		return Stage{Engine: &scripts.Engine{}, Close: func() error { return nil }}, nil
	}
	o.Report = func(e Event) {
		if begun = nameOf(e.File); e.Result == nil {
			return
		}
		for _, c := range e.Result.Cases {
			cases = append(cases, strings.TrimSpace(fmt.Sprintf("%s/%s %s %s", nameOf(e.File), c.Name, c.Status, c.Message)))
		}
	}
	Run(t.Context(), o)
	return cases, staged
}

// A script of which nothing is asked for is skipped, and gets no browser where its
// sections are known before.
func TestOnly(t *testing.T) {
	texts := map[string]string{
		"a.sess":       "print prelude\nsection one\nprint x\nsection two\nprint x",
		"b.sess":       "fail never\nsection three",
		"blocks.inc":   "print x\nsection three\nfail never",
		"c.sess":       "set X two\nsection \"$X\"\nprint x",
		"d.sess":       "set X three\nsection \"$X\"\nfail never",
		"e.sess":       "include blocks.inc",
		"f.sess":       "skip 'no mail'\nsection two",
		"none.sess":    "fail never",
		"two.sess":     "print x",
		"two-own.sess": "include blocks.inc",
	}
	cases, staged := runs(t, Options{Only: regexp.MustCompile("^two")}, texts)
	const out = " skipped left out by --only ^two"
	want := []string{"a/two passed", "b/b" + out, "c/two passed", "d/d" + out, "e/e" + out, "f/f skipped no mail", "none/none" + out, "two-own/two-own" + out, "two/two passed"}
	if !slices.Equal(cases, want) {
		t.Errorf("the cases are %q, want %q", cases, want)
	}
	if want := []string{"a", "c", "d", "f", "two"}; !slices.Equal(staged, want) {
		t.Errorf("stages were got for %q, want %q", staged, want)
	}
}

// What stands behind a block is of the case around it.
func TestCasesAroundBlocks(t *testing.T) {
	for text, want := range map[string][]string{
		"section outer\ninclude in.inc\nprint x\nskip later": {"outer skipped later", "inner passed"},
		"include in.inc\nprint x":                            {"inner passed"},
		"include in.inc\nskip rest\nsection never":           {"inner passed", "t skipped rest", "never passed"},
		"section outer\ninclude in.inc\nsection next":        {"outer passed", "inner passed", "next passed"},
		"section outer\ninclude skips.inc\nsection next":     {"outer passed", "inner skipped no mail", "next passed"},
		"print x": {"t passed"},
		"":        {"t passed"},
	} {
		cases, _ := runs(t, Options{}, map[string]string{
			"t.sess": text, "in.inc": "section inner\nprint y", "skips.inc": "section inner\nskip 'no mail'\nfail never",
		})
		for i := range cases {
			cases[i] = strings.TrimPrefix(cases[i], "t/")
		}
		if !slices.Equal(cases, want) {
			t.Errorf("%q: the cases are %q, want %q", text, cases, want)
		}
	}
	cases, _ := runs(t, Options{}, map[string]string{"t.sess": "include skips.inc\nfail boom", "skips.inc": "section inner\nskip 'no mail'"})
	if len(cases) != 2 || cases[0] != "t/inner skipped no mail" || !strings.HasPrefix(cases[1], "t/t failed") {
		t.Errorf("a failure behind a block: %q", cases)
	}
}

// What comes after a failure is named: the sections of its script, and with --fail-fast the
// scripts that were not begun.
func TestNotRun(t *testing.T) {
	cases, _ := runs(t, Options{FailFast: true}, map[string]string{
		"a.sess": "section one\nsection two\nfail x\nsection three\nsection four",
		"b.sess": "section one",
		"c.sess": "print x",
	})
	if len(cases) != 6 || !strings.Contains(cases[1], "a/two failed") {
		t.Fatalf("the cases are %q", cases)
	}
	if want := []string{"a/three not run", "a/four not run", "b/b not run", "c/c not run"}; !slices.Equal(cases[2:], want) {
		t.Errorf("the cases are %q, want at the end %q", cases, want)
	}
}
