package main

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The examples hold, several at a time, and the reports say so.
func TestScriptExamples(t *testing.T) {
	t.Parallel()
	junit := filepath.Join(t.TempDir(), "report.xml")
	code, out, errs := sessdriver(t, "", "run", "--shop", "-j", "2", "--json", "--junit", junit, "../../scripts/examples")
	if code != exitOK {
		t.Errorf("exit %d: %s", code, errs)
	}
	passed := 0
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		var e struct{ Event, Script, Case, Status, Message string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if e.Event == "case" && e.Status != "passed" {
			t.Errorf("%s: %s: %s", e.Script, e.Case, e.Message)
		} else if e.Event == "case" {
			passed++
		}
	}
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	text, err := os.ReadFile(junit)
	if err == nil {
		err = xml.Unmarshal(text, &report)
	}
	if err != nil || report.Tests != passed || report.Failures != 0 || len(report.Suites) != 11 || passed < 20 {
		t.Errorf("%d cases passed; the JUnit report has %+v, %v", passed, report, err)
	}
}

// write puts scripts into a directory.
func write(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A script that fails says where and why, and touches no other.
func TestScriptFails(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"a.sess": "open $SHOP\nsection 'holds'\nexpect selector '#badge'\nsection 'fails'\nprint here\n\n  expect selector '#badge' alice --timeout 3s\nsection 'not reached'\nprint x",
		"b.sess": "open $SHOP\nsection one\nskip 'not today'\nsection two\nprint $GREETING",
		"c.sess": "open $SHOP\nclick '#nothing' --timeout 100ms",
		"d.sess": "open 'unclosed",
	})
	keep := filepath.Join(dir, "kept")
	code, out, errs := sessdriver(t, "", "run", "--shop", "--var", "GREETING=hello", "--artifacts", keep, "-v", dir)
	if code != exitAssertion {
		t.Errorf("exit %d, want that of the first failure: %s", code, errs)
	}
	for _, want := range []string{
		"ok   " + dir + "/a.sess: holds", "FAIL " + dir + "/a.sess: fails", "     | here",
		dir + `/a.sess:7:3: expect selector: expected #badge to show "alice", but it shows "Not signed in"`,
		"skip " + dir + "/b.sess: one", "     not today", "ok   " + dir + "/b.sess: two",
		dir + "/c.sess:2:1: click: clicking #nothing: the page has no element like that (http://localhost:", "waited 100ms; see: help click",
		dir + "/d.sess:1:6: the quote ' that begins here is never closed",
		"-    " + dir + "/a.sess: not reached: not run\n", "2 passed, 3 failed, 1 skipped, 1 not run in",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	for _, name := range []string{"a/page-unmasked.png", "a/page-unmasked.txt", "c/page-unmasked.png"} {
		name = strings.Trim(strings.ReplaceAll(dir, "/", "-"), "-") + "-" + name
		if info, err := os.Stat(filepath.Join(keep, name)); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	code, out, _ = sessdriver(t, "", "run", "--shop", "--only", "^(holds|c)$", "--retries", "1", "--fail-fast", filepath.Join(dir, "a.sess"), filepath.Join(dir, "c.sess"))
	if code != exitFailed || !strings.Contains(out, "1 passed, 1 failed in") || !strings.Contains(out, ", try 2") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// TestRunChecksFirst: what is typed wrong in a script's last line, or in one that it
// includes, ends the run with 2 before the first line asks a server for anything.
func TestRunChecksFirst(t *testing.T) {
	url, cookies := serve(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.sess": "open " + url + "\nsection a\nprint x\nuse alice --wiat\n",
		"b.sess": "open " + url + "\ninclude c.inc\n",
		"c.inc":  "\nclik h1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, text := sessdriver(t, "", "run", dir)
	for _, want := range []string{"a.sess:4:11: use: unknown flag --wiat; did you mean: --wait", `c.inc:2:1: unknown command "clik"; did you mean: click`, ": a: not run"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s%s", want, out, text)
		}
	}
	if code != 2 || len(cookies()) != 0 {
		t.Errorf("code %d, the server saw %q", code, cookies())
	}
}

func TestRunUsage(t *testing.T) {
	t.Parallel() // it waits most of the time
	dir := write(t, map[string]string{"a.sess": "sleep 1m"})
	bad := filepath.Join(write(t, map[string]string{"bad.sess": "open 'unclosed"}), "bad.sess")
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":        {[]string{}, exitUsage, "run needs a script"},
		"no such file":   {[]string{"none.sess"}, exitUsage, "none.sess"},
		"no such glob":   {[]string{dir + "/x*.sess"}, exitUsage, "no script matches"},
		"no jobs":        {[]string{"-j", "0", dir}, exitUsage, "-j 0"},
		"no variable":    {[]string{"--var", "1=2", dir}, exitUsage, "--var 1: write it as NAME=VALUE"},
		"no regexp":      {[]string{"--only", "(", dir}, exitUsage, "--only"},
		"none asked for": {[]string{"--only", "^b$", dir}, exitUsage, "skip " + dir + "/a.sess: a (0.0s)\n     left out by --only ^b$\n\n0 passed, 0 failed, 1 skipped in"},
		"no report":      {[]string{"--junit", dir, bad}, exitUsage, "is a directory; name another file"},
		"a full disk":    {[]string{"--junit", "/dev/full", bad}, exitUsage, "sessdriver: --junit: "},
		"takes too long": {[]string{"--timeout", "10s", dir}, exitFailed, "a.sess:1:1: sleep: sleeping: the script took longer than 10s; give it more with --timeout\n"},
	} {
		code, out, errs := sessdriver(t, "", append([]string{"run"}, test.args...)...)
		if code != test.code || !strings.Contains(out+errs, test.want) {
			t.Errorf("%s: exit %d, %s%s; want %d, %q", name, code, out, errs, test.code, test.want)
		}
	}
}

// Ctrl-C ends the run with what is known by then.
func TestRunInterrupted(t *testing.T) {
	dir := write(t, map[string]string{"a.sess": "print ready\nsection first\nsection second\nsleep 1m", "b.sess": "print x"})
	p := newProgram(t, "run", "--json", dir)
	p.Stdout = nil
	lines, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		if out.Len() == 0 {
			p.Process.Signal(os.Interrupt)
		}
		out.WriteString(scanner.Text() + "\n")
	}
	if code := p.result(); code != exitInterrupted {
		t.Errorf("exit %d, want %d: %s", code, exitInterrupted, p.err.String())
	}
	if !strings.Contains(out.String(), `"event":"end"`) {
		t.Errorf("no results: %s", out.String())
	}
}

// The file of a report is made before the first script is run, with its directory; a script
// that is not begun is in it, and reported.
func TestRunReport(t *testing.T) {
	dir := write(t, map[string]string{"a.sess": "open 'unclosed", "b.sess": "print x"})
	report := filepath.Join(dir, "out", "report.xml")
	code, out, errs := sessdriver(t, "", "run", "--fail-fast", "--json", "--junit", report, dir)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if want := `{"event":"case","script":"` + dir + `/b.sess","case":"b","status":"not run","seconds":0}`; code != exitUsage || len(lines) != 4 || lines[3] != want {
		t.Errorf("exit %d, %s%s; want at the end %s", code, out, errs, want)
	}
	if text, err := os.ReadFile(report); err != nil || !strings.Contains(string(text), `<skipped message="not run">`) {
		t.Errorf("the report is %s, %v", text, err)
	}
}
