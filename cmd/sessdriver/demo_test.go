package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"regexp"
	"strings"
	"testing"

	"sessdriver/cmd/sessdriver/internal/demo"
)

var update = flag.Bool("update", false, "write the generated parts of the README and the manual")

var port = regexp.MustCompile(`localhost:\d+`)

// TestReadmeDemo runs the demo as a user would and keeps the README's
// transcript true.
func TestReadmeDemo(t *testing.T) {
	t.Parallel()
	code, out, text := sessdriver(t, "", "demo", "--once")
	if code != 0 {
		t.Fatalf("code %d: %s%s", code, out, text)
	}
	got := port.ReplaceAllString(out, "localhost:40000")
	generated(t, readme, "demo", "```\n"+got+"```\n")
}

func TestDemoJSON(t *testing.T) {
	t.Parallel()
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
