package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/sys/unix"
)

// Whatever is read has a bound, and what is longer is refused in a few words.
func TestWithoutEnd(t *testing.T) {
	dir := write(t, map[string]string{"a.sess": "include /dev/zero"})
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"a script":       {[]string{"run", "/dev/zero"}, exitFailed, "/dev/zero is too long: a script may have 1048576 bytes"},
		"an include":     {[]string{"run", dir}, exitFailed, "include: /dev/zero is too long"},
		"cookies":        {[]string{"shop.test", "--session", "alice=@/dev/zero"}, exitFailed, "--session alice: reading the cookies: /dev/zero is longer than 1048576 bytes"},
		"cookies, piped": {[]string{"shop.test", "--session", "alice=-"}, exitFailed, "--session alice: reading the cookies: the standard input is longer than 1048576 bytes"},
		"commands":       {[]string{"--headless"}, exitUsage, "reading commands: line 1: it is longer than 16 MB"},
		"an open block":  {[]string{"--headless"}, exitUsage, "reading commands: those from line 1 on are longer than 16 MB together"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t, test.args...)
			p.Stdin = endless(strings.Repeat("x", 1000))
			if strings.Contains(name, "block") {
				p.Stdin = io.MultiReader(strings.NewReader("print '"), endless(strings.Repeat("x", 1000)+"\n"))
			}
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			if code := p.result(); code != test.code || !strings.Contains(p.out.String()+p.err.String(), test.want) || p.err.Len()+p.out.Len() > 2000 {
				t.Errorf("exit %d, want %d, %q: %.2000s%.2000s", code, test.code, test.want, p.out.String(), p.err.String())
			}
		})
	}
	config := t.TempDir()
	for file, command := range map[string]string{"default-tokens.tsv": "default list", "sites.tsv": "sites"} {
		os.MkdirAll(filepath.Join(config, "sessdriver"), 0o700)
		link := filepath.Join(config, "sessdriver", file)
		if err := os.Symlink("/dev/zero", link); err != nil {
			t.Fatal(err)
		}
		p := newProgram(t, "--headless", "-c", command)
		p.Env = append(p.Env, "XDG_CONFIG_HOME="+config)
		if code, _, errs := p.run(""); code != exitFailed || !strings.Contains(errs, link+" is longer than 1048576 bytes") {
			t.Errorf("%s: exit %d: %.500s", file, code, errs)
		}
		os.Remove(link)
	}
}

// endless is a text again and again.
type endless string

func (e endless) Read(b []byte) (n int, err error) {
	for len(b)-n >= len(e) {
		n += copy(b[n:], e)
	}
	if n == 0 {
		n = copy(b, e)
	}
	return n, nil
}

// A script that waits for what never comes is ended by its time, and by Ctrl-C.
func TestScriptNeverWritten(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"a.sess": "print ready\ninclude pipe.inc"})
	for _, name := range []string{"pipe.inc", "pipe.sess"} {
		if err := unix.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, _ := sessdriver(t, "", "run", "--timeout", "1s", filepath.Join(dir, "pipe.sess"))
	if code != exitFailed || !strings.Contains(out, "pipe.sess: the script took longer than 1s; give it more with --timeout\n") {
		t.Errorf("exit %d: %s", code, out)
	}
	p := newProgram(t, "run", "--json", filepath.Join(dir, "a.sess"))
	p.Stdout = nil
	lines, err := p.StdoutPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		if strings.Contains(scanner.Text(), `"begin"`) {
			p.Process.Signal(os.Interrupt)
		}
	}
	if code := p.result(); code != exitInterrupted {
		t.Errorf("exit %d, want %d: %s", code, exitInterrupted, p.err.String())
	}
}

// What could not be written is no success, whatever it is.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("there is no disk that is always full: %v", err)
	}
	t.Cleanup(func() { full.Close() })
	dir := write(t, map[string]string{"a.sess": "print x"})
	for _, args := range [][]string{
		{"help"}, {"--version"}, {"man"}, {"completion", "bash"}, {"browser", "path"}, {"help", "use"},
		{"run", dir}, {"run", "--json", dir}, {"--headless", "-c", "help"}, {"demo", "--once", "--headless"}, {"demo", "--json", "--headless"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			p := newProgram(t, args...)
			p.Stdout = full
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			if code := p.result(); code != exitFailed || !strings.Contains(p.err.String(), "no space left on device; send the output elsewhere") {
				t.Errorf("exit %d: %s", code, p.err.String())
			}
		})
	}
	// Files of their own.
	dir = write(t, map[string]string{"a.sess": "print x"})
	link := filepath.Join(dir, "kept", strings.Trim(strings.ReplaceAll(dir, "/", "-"), "-")+"-fails")
	if err := os.MkdirAll(link, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"requests.txt", "page-unmasked.txt"} {
		if err := os.Symlink("/dev/full", filepath.Join(link, name)); err != nil {
			t.Fatal(err)
		}
	}
	fails := filepath.Join(dir, "fails.sess")
	if err := os.WriteFile(fails, []byte("open $SHOP\nfail because"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"run", "--junit", "/dev/full", filepath.Join(dir, "a.sess")}, exitFailed, "--junit: write /dev/full: no space left on device; name another file"},
		{[]string{"run", "--shop", "--artifacts", filepath.Join(dir, "kept"), fails}, exitAssertion, "not everything was saved in " + link + ": write "},
		{[]string{"--headless", "-c", "screenshot /dev/full"}, exitFailed, "saving the screenshot: write /dev/full: no space left on device"},
		{[]string{"--headless", "-c", "history --save /dev/full"}, exitFailed, "/dev/full"},
	} {
		if code, out, errs := sessdriver(t, "", test.args...); code != test.code || !strings.Contains(out+errs, test.want) {
			t.Errorf("%q: exit %d, want %d, %q: %s%s", test.args, code, test.code, test.want, out, errs)
		}
	}
}

// No report does anything to a terminal that it is shown on, whatever is in it; programs
// read in it what was there.
func TestReportsAreSafe(t *testing.T) {
	t.Parallel()
	const evil = "a\u009b2J\u202eb\u200b"
	dir := write(t, map[string]string{evil + ".sess": "section '" + evil + "'\nprint '" + evil + "'\nfail '" + evil + "'"})
	junit := filepath.Join(dir, "report.xml")
	code, out, errs := sessdriver(t, "", "run", "--json", "--junit", junit, dir)
	report, err := os.ReadFile(junit)
	if code != exitAssertion || err != nil {
		t.Fatalf("exit %d, %v: %s", code, err, errs)
	}
	_, lines, _ := sessdriver(t, "", "run", "-v", dir)
	for name, text := range map[string]string{"--json": out, "--junit": string(report), "lines": lines} {
		if at := strings.IndexFunc(text, func(r rune) bool {
			return r != '\n' && unicode.IsControl(r) || unicode.In(r, unicode.Cf)
		}); at >= 0 {
			t.Errorf("%s: at %d it has %.20q", name, at, text[at:])
		}
	}
	found := false
	for line := range strings.Lines(out) {
		var e struct{ Event, Script, Case string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		found = found || e.Event == "case" && e.Case == evil && filepath.Base(e.Script) == evil+".sess"
	}
	if !found {
		t.Errorf("programs do not read what was there: %s", out)
	}
}

// Scripts are found in directories below, but not in hidden ones; -v shows what those print
// that pass.
func TestRunBelow(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"a.sess": "print top"})
	for name, text := range map[string]string{"sub/deep/b.sess": "print below", "sub/.git/c.sess": "fail never", ".hidden.sess": "fail never", "sub/d.inc": "fail never"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{dir, dir + "/", link} {
		code, out, errs := sessdriver(t, "", "run", "-v", from)
		from = filepath.Clean(from)
		if code != exitOK || !strings.Contains(out, "2 passed, 0 failed in") || !strings.Contains(out, "a.sess: a (") || !strings.Contains(out, from+"/sub/deep/b.sess: b (") || !strings.Contains(out, "     | below\n") {
			t.Errorf("%s: exit %d: %s%s", from, code, out, errs)
		}
	}
	if _, out, _ := sessdriver(t, "", "run", dir); strings.Contains(out, "| top") {
		t.Errorf("without -v it shows what is printed: %s", out)
	}
	code, _, errs := sessdriver(t, "", "run", filepath.Join(dir, "sub", ".git", "x"))
	if code != exitUsage {
		t.Errorf("exit %d: %s", code, errs)
	}
	if err := os.Mkdir(filepath.Join(dir, "none"), 0o700); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := sessdriver(t, "", "run", filepath.Join(dir, "none")); code != exitUsage || !strings.Contains(errs, "there is no script in this directory or below it; the names of scripts end in .sess") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// A script that fails shows the end of what it printed, and with -v all.
func TestRunShowsFailure(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"a.sess": strings.Repeat("print line\n", lastLines) + "print last\nfail because"})
	for _, flag := range []string{"-j1", "-v"} {
		_, out, _ := sessdriver(t, "", "run", flag, dir)
		all := strings.Count(out, "| line\n") == lastLines
		if !strings.Contains(out, "     | last\n     "+dir) || all != (flag == "-v") || strings.Contains(out, "… 1 lines before these: see them with -v") == all {
			t.Errorf("%s: %s", flag, out)
		}
	}
}

// An assertion that the script's time does not suffice for exits as one; --wait says how
// long they wait.
func TestWait(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"a.sess": "open $SHOP\nexpect text nowhere --timeout 1m"})
	code, out, errs := sessdriver(t, "", "run", "--shop", "--timeout", "8s", dir)
	if want := `expected the page to show "nowhere", but it shows "`; code != exitAssertion || !strings.Contains(out, want) || !strings.Contains(out, "(the script took longer than 8s; give it more with --timeout)") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	for _, set := range []func(*program){
		func(p *program) { p.Args = append(p.Args, "--wait", "300ms") },
		func(p *program) { p.Env = append(p.Env, "SESSDRIVER_WAIT=300ms") },
	} {
		for name, args := range map[string][]string{
			"-c":  {"--headless", "-c", "click '#nothing'"},
			"run": {"run", write(t, map[string]string{"a.sess": "open about:blank\nclick '#nothing'"})},
		} {
			p := newProgram(t, args...)
			set(p)
			if code, out, errs := p.run("" /* no commands */); code != exitFailed || !strings.Contains(out+errs, "waited 300ms") {
				t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
			}
		}
	}
	if code, out, errs := sessdriver(t, "", "--headless", "--wait", "50ms", "-c", "open about:blank; expect url nowhere"); code != exitAssertion {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, _, errs := sessdriver(t, "", "--wait", "0s", "-c", "ls"); code != exitUsage || !strings.Contains(errs, "--wait 0s: write it as 500ms or 30s") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, out, _ := sessdriver(t, "", "help", "expect", "text"); !strings.Contains(out, "default 10s, or what the program's flag --wait says") {
		t.Errorf("the help does not say how long it waits: %s", out)
	}
}

// What is changed in a pipe, a script or with -c is not kept, unless that is asked for.
func TestChangesAreNotKept(t *testing.T) {
	t.Parallel()
	config := t.TempDir()
	dir := write(t, map[string]string{"a.sess": "default add in_script\nsite split app.shop.test", "b.sess": "default add kept_by_script --save"})
	for _, test := range []struct {
		stdin string
		args  []string
	}{
		{"", []string{"--headless", "-c", "default add in_c; site split app.shop.test"}},
		{"default add in_pipe\ndefault off --all\n", []string{"--headless"}},
		{"", []string{"run", filepath.Join(dir, "a.sess")}},
	} {
		p := newProgram(t, test.args...)
		p.Env = append(p.Env, "XDG_CONFIG_HOME="+config)
		code, out, errs := p.run(test.stdin)
		if code != exitOK || test.args[0] != "run" && !strings.Contains(out, "for this run only (--save keeps it)") {
			t.Errorf("%q: exit %d: %s%s", test.args, code, out, errs)
		}
		if files, _ := filepath.Glob(filepath.Join(config, "sessdriver", "*")); len(files) > 0 {
			t.Errorf("%q: it kept %q", test.args, files)
		}
	}
	p := newProgram(t, "run", filepath.Join(dir, "b.sess"))
	p.Env = append(p.Env, "XDG_CONFIG_HOME="+config)
	if code, out, errs := p.run(""); code != exitOK {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if text, err := os.ReadFile(filepath.Join(config, "sessdriver", "default-tokens.tsv")); err != nil || !strings.Contains(string(text), "kept_by_script") {
		t.Errorf("a script with --save: %v", err)
	}
}

// Addresses as people type them, in a browser.
func TestAddresses(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	commands := fmt.Sprintf("open about:blank; open %s/a/b?x=1; open /login; url; open ./c; url; open ../d; url; open '#e'; url --into X; print $X; request GET /f --into Y; open about:blank; url; new other.test/dave; token add x_y --site other.test", url)
	code, out, errs := sessdriver(t, "", "about:blank", "--headless", "--session", "third.test/erin=sid=1", "-c", commands)
	if code != exitOK {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	for _, want := range []string{"opened about:blank\n", "opened " + url + "/login\n" + url + "/login\n", url + "/c\n", url + "/d\n", url + "/d#e\n", "\nabout:blank\n", "other.test: dave is active", "other.test: x_y is a token now"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q: %s", want, out)
		}
	}
}
