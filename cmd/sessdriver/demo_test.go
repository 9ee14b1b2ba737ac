package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sessdriver/cmd/sessdriver/internal/demo"
)

var update = flag.Bool("update", false, "write the transcripts anew")

var port = regexp.MustCompile(`localhost:\d+`)

// TestDemoTranscript runs the demo as a user would and keeps the README's
// transcript true.
func TestDemoTranscript(t *testing.T) {
	code, out, text := sessdriver(t, "", "demo", "--once")
	if code != 0 {
		t.Fatalf("code %d: %s%s", code, out, text)
	}
	got := port.ReplaceAllString(out, "localhost:40000")
	golden := filepath.Join(root, "testdata", "demo.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the demo prints\n%s\nnot\n%s\n(write it anew with: go test ./cmd/sessdriver -run TestDemoTranscript -update)", got, want)
	}
	if !strings.Contains(readme(t), "```\n"+string(want)+"```") {
		t.Error("the README has another transcript than testdata/demo.txt")
	}
}

func TestDemoJSON(t *testing.T) {
	code, out, text := sessdriver(t, "", "demo", "--json")
	if code != 0 {
		t.Fatalf("code %d: %s%s", code, out, text)
	}
	steps := 0
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); steps++ {
		var step demo.Step
		if err := json.Unmarshal(lines.Bytes(), &step); err != nil || !step.OK || step.Number != steps+1 {
			t.Errorf("line %d: %v: %s", steps+1, err, lines.Text())
		}
	}
	if steps != 9 {
		t.Errorf("%d steps, want 9", steps)
	}
}
