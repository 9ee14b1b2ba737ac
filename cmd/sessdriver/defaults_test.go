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
	if code, _, text := run("--headless", "-c", "default off sid"); code != 0 {
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
