package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestHistory(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	if lines, err := LoadHistory(); len(lines) > 0 || err != nil {
		t.Errorf("at first: %q, %v", lines, err)
	}
	for i := range maxHistory + 5 {
		if err := AddHistory(fmt.Sprint("line ", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := AddHistory("two\nlines"); err != nil {
		t.Error(err)
	}
	for range 2 { // the second time it is short
		lines, err := LoadHistory()
		if err != nil || len(lines) != maxHistory || lines[0] != "line 5" || lines[maxHistory-1] != fmt.Sprint("line ", maxHistory+4) {
			t.Errorf("%d lines, %v", len(lines), err)
		}
	}
	file := filepath.Join(os.Getenv("XDG_STATE_HOME"), "sessdriver", historyFile)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
