package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sessdriver/sessions"
)

func TestDefaults(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	list, err := LoadDefaults()
	if err != nil || !reflect.DeepEqual(list, sessions.StandardDefaults()) {
		t.Fatalf("without a file: %v", err)
	}
	list = []sessions.Default{
		{Pattern: "sid", Kind: sessions.Token, Source: "ours"},
		{Pattern: "csrf*", Kind: sessions.Carried, Off: true},
	}
	for _, want := range [][]sessions.Default{list, nil} {
		if err := SaveDefaults(want); err != nil {
			t.Fatal(err)
		}
		got, err := LoadDefaults()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "sessdriver", ".*"))
	if err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
	if err := RemoveDefaults(); err != nil {
		t.Fatal(err)
	}
	if list, err := LoadDefaults(); err != nil || len(list) == 0 {
		t.Errorf("after the reset: %v, %v", list, err)
	}
	if err := RemoveDefaults(); err != nil {
		t.Errorf("a second reset: %v", err)
	}
}

func TestBrokenLine(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	file, err := DefaultsFile()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("# mine\nsid\ttoken\nauth\tmaybe\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = LoadDefaults()
	if err == nil || !strings.Contains(err.Error(), file+": line 3") {
		t.Errorf("the error does not name file and line: %v", err)
	}
}

func TestSites(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	if list, err := LoadSites(sessions.ScopeDomain); err != nil || len(list) != 0 {
		t.Errorf("without a file: %v, %v", list, err)
	}
	want := []string{"app.shop.test", "[::1]:8080"}
	if err := SaveSites(sessions.ScopeDomain, want); err != nil {
		t.Fatal(err)
	}
	if err := SaveSites(sessions.ScopeHost, []string{"shop.test"}); err != nil {
		t.Fatal(err)
	}
	if list, err := LoadSites(sessions.ScopeDomain); err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("got %v, %v", list, err)
	}
	file, err := SitesFile()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("domain\ta.test\nplanet\tb.test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSites(sessions.ScopeHost); err == nil || !strings.Contains(err.Error(), file+": line 2") {
		t.Errorf("the error does not name file and line: %v", err)
	}
}
