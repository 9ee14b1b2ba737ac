package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeLeaks keeps in the README what the leak matrix says in short
// (TestLeaks in cdp writes it).
func TestReadmeLeaks(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "testdata", "leaks.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "## In short\n\n")
	short, _, ok2 := strings.Cut(rest, "\n## ")
	if !ok || !ok2 {
		t.Fatal("testdata/leaks.md has no short part")
	}
	generated(t, readme, "leaks", short)
}
