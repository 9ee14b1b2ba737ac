package main

import (
	"slices"
	"strings"
	"testing"

	"sessdriver/scripts"
)

// Each flag that a command names is declared, each declared one is some command's, and all
// that may stand first has what help needs.
func TestCommands(t *testing.T) {
	for _, c := range commands() {
		for _, name := range strings.Fields(everywhere + c.flags) {
			if len(flagsNamed(name)) != 1 {
				t.Errorf("%s has the flag --%s, which is not declared", c.name, name)
			}
		}
		if c.summary == "" || strings.HasSuffix(c.summary, ".") || len(c.examples) == 0 {
			t.Errorf("%s: its summary is %q, its examples %q", c.name, c.summary, c.examples)
		}
		for _, example := range c.examples {
			checkExample(t, example)
		}
	}
	for _, f := range flagsNamed("") {
		if commandNames(f.Name) == nil {
			t.Errorf("no command has --%s", f.Name)
		}
	}
}

// checkExample checks that a line for a shell calls sessdriver as it can be called, where it
// does.
func checkExample(t *testing.T, line string) {
	t.Helper()
	for part := range strings.SplitSeq(strings.ReplaceAll(line, " && ", " | "), " | ") {
		if call, ok := strings.CutPrefix(part, "sessdriver "); ok {
			call, _, _ = strings.Cut(call, " > ")
			checkCall(t, call)
		}
	}
}

func checkCall(t *testing.T, call string) {
	t.Helper()
	list, err := scripts.Parse(call)
	if err != nil || len(list) > 1 {
		t.Errorf("%s: %d commands, %v", call, len(list), err)
		return
	}
	var args []string
	if len(list) > 0 {
		for _, word := range list[0].Words {
			args = append(args, word.Text)
		}
	}
	c, err := readConfig(args, nil)
	if err == nil {
		err = c.checkCommands(t.Context())
	}
	if err != nil {
		t.Errorf("%s: %v", call, err)
	}
}

// The help on a command has its own flags, with their defaults, and examples.
func TestHelpOnCommands(t *testing.T) {
	tests := []struct {
		command string
		want    []string
		hasNot  []string
	}{
		{"launch", []string{"--profile DIR", "--session NAME=COOKIES", "--reload HOW", "(default all)", "(default 10s)", "sessdriver https://shop.test/"}, []string{"--jobs", "--once"}},
		{"run", []string{"-j, --jobs N", "(default 1)", "(default 5m0s)", "sessdriver run --shop"}, []string{"--profile DIR", "--session", "--once"}},
		{"attach", []string{"ENDPOINT", "--storage HOW", "sessdriver attach 9222"}, []string{"--headless", "--jobs"}},
		{"demo", []string{"--once", "--install-browser"}, []string{"--storage", "--jobs"}},
		{"man", []string{"Flags of every command:"}, []string{"\nFlags:", "--browser"}},
		{"browser", []string{"browser install|path", "--browser PATH"}, []string{"--headless"}},
	}
	for _, test := range tests {
		code, out, _ := sessdriver(t, "", test.command, "--help")
		if _, same, _ := sessdriver(t, "", "help", test.command); code != exitOK || out != same {
			t.Errorf("%s --help: exit %d, %s", test.command, code, out)
		}
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("help %s does not say %q:\n%s", test.command, want, out)
			}
		}
		for _, unwanted := range test.hasNot {
			if strings.Contains(out, unwanted) {
				t.Errorf("help %s says %q", test.command, unwanted)
			}
		}
	}
	_, out, _ := sessdriver(t, "", "--help")
	for _, c := range commands() {
		if !slices.Contains(strings.Fields(out), c.name) && c.name != "launch" {
			t.Errorf("the help does not list %s", c.name)
		}
	}
}
