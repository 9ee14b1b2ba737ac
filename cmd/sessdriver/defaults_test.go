package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sessdriver/cmd/sessdriver/internal/shop"

	"net/http/httptest"
)

// TestDefaultsAreKept changes the default tokens in one run and finds them
// changed in the next, and in a file that a person can edit.
func TestDefaultsAreKept(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(shop.New())
	defer server.Close()
	config := t.TempDir()
	run := func(args ...string) (int, string, string) {
		t.Helper()
		p := newProgram(t, args...)
		p.Env = append(p.Env, "XDG_CONFIG_HOME="+config)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		return p.result(), p.out.String(), p.err.String()
	}
	if code, _, text := run("--headless", "-c", "default off sid --save"); code != 0 {
		t.Fatalf("code %d: %s", code, text)
	}
	if _, out, _ := run(server.URL+"/login", "--headless", "-c", "tokens"); strings.Contains(out, "sid") {
		t.Errorf("sid is still a token:\n%s", out)
	}
	file := filepath.Join(config, "sessdriver", "default-tokens.tsv")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "sid\ttoken off") {
		t.Fatalf("the file: %v", err)
	}
	if err := os.WriteFile(file, append(text, "broken\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, text := run("--headless", "-c", "help"); code != 1 || !strings.Contains(text, file+": line ") {
		t.Errorf("code %d, want 1 with file and line: %s", code, text)
	}
	if code, out, _ := run(server.URL+"/login", "--headless", "--no-default-tokens", "-c", "tokens; default list"); code != 0 || strings.Contains(out, "sid") {
		t.Errorf("--no-default-tokens: code %d:\n%s", code, out)
	}
}

// TestDefaultCommands goes through all that can be done to the list, each step in
// a run of its own, and finds it in the next.
func TestDefaultCommands(t *testing.T) {
	config := t.TempDir()
	file := filepath.Join(config, "sessdriver", "default-tokens.tsv")
	run := func(script string, args ...string) string {
		t.Helper()
		return runWith(t, config, script, args...)
	}
	steps := []struct {
		script       string
		has, hasNone string
	}{
		{"default add wikikeks", "wikikeks", ""},
		{"default modify wikikeks kruemel*", "kruemel*", "wikikeks"},
		{"default off --all", "  no  ", "  yes  "},
		{"default on --all", "  yes  ", "  no  "},
		{"default remove kruemel*", "sid", "kruemel*"},
		{"default remove --all", "", "sid"},
		{"default reset", "jsessionid", "kruemel*"},
	}
	run(steps[0].script + " --save")
	for i, step := range steps {
		next := "help"
		if i+1 < len(steps) {
			next = steps[i+1].script + " --save"
		}
		out := strings.ToLower(run("default list; " + next))
		if !strings.Contains(out, step.has) || step.hasNone != "" && strings.Contains(out, step.hasNone) {
			t.Errorf("after %s the list is\n%s", step.script, out)
		}
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("reset left a file: %v", err)
	}
	run("default off sid --save")
	before, _ := os.ReadFile(file)
	run("default add only-now", "--no-default-tokens")
	if after, _ := os.ReadFile(file); string(after) != string(before) {
		t.Errorf("--no-default-tokens changed the file:\n%s", after)
	}
}

// TestSitesAreKept splits a site off in one run and finds it in the next.
func TestSitesAreKept(t *testing.T) {
	server := httptest.NewServer(shop.New())
	defer server.Close()
	config := t.TempDir()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	site := "localhost:" + port
	run := func(script string) string {
		t.Helper()
		_, out, _ := strings.Cut(runWith(t, config, "open http://"+site+"/; "+script), "\n")
		return out // without: opened …
	}
	run("site split " + site + " --save")
	if out := run("sites --all"); !strings.Contains(out, site) {
		t.Errorf("the split was not kept:\n%s", out)
	}
	run("site join " + site + " --save")
	if out := run("sites --all"); strings.Contains(out, site) {
		t.Errorf("the join was not kept:\n%s", out)
	}
}

// TestDebugPortInUse: Chrome starts all the same where somebody else has the
// port, and clients would talk to that one.
func TestDebugPortInUse(t *testing.T) {
	server := httptest.NewServer(nil)
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	code, _, text := sessdriver(t, "", "--headless", "--debug-port", port, "-c", "help")
	if code != exitNoBrowser || !strings.Contains(text, "port "+port+" is in use; name another with --debug-port N") {
		t.Errorf("code %d: %s", code, text)
	}
}

// TestRefusedByChrome: a session that Chrome takes no cookie of is not forced in
// silence.
func TestRefusedByChrome(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(shop.New())
	defer server.Close()
	long := "alice=sid=" + strings.Repeat("x", 5000)
	code, _, text := sessdriver(t, "", server.URL, "--headless", "--session", long, "--use", "alice", "-c", "ls")
	if code != exitFailed || !strings.Contains(text, "--use alice: Chrome refuses its sid") {
		t.Errorf("code %d: %.300s", code, text)
	}
	code, _, text = sessdriver(t, "", server.URL, "--headless", "--session", long, "-c", "use alice; ls")
	if code != exitFailed || !strings.Contains(text, `"alice" on 127.0.0.1 is active, but Chrome refuses its sid`) {
		t.Errorf("code %d: %.300s", code, text)
	}
	code, _, text = sessdriver(t, "", server.URL, "--headless", "--use", "alice", "-c", "ls")
	if code != exitNoSession || !strings.Contains(text, "--session alice='NAME=VALUE'") {
		t.Errorf("code %d: %s", code, text)
	}
	code, _, text = sessdriver(t, "", server.URL, "--headless", "--session", "a=sid=1", "--session", "b=sid=2", "--use", "a", "--use", "b", "-c", "ls")
	if code != exitUsage || !strings.Contains(text, "a is forced on 127.0.0.1 already") {
		t.Errorf("code %d: %s", code, text)
	}
}

// runWith runs a script with the settings of a directory, and returns its output.
func runWith(t *testing.T, config, script string, args ...string) string {
	t.Helper()
	p := attachTo(t, append(args, "-c", script)...)
	p.Env = append(p.Env, "XDG_CONFIG_HOME="+config)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if code := p.result(); code != 0 {
		t.Fatalf("%s: code %d: %s", script, code, p.err.String())
	}
	return p.out.String()
}
