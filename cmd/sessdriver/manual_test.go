package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sessdriver/cmd/sessdriver/internal/manual"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

const (
	readme = "README.md"
	pages  = "cmd/sessdriver/internal/manual/"
)

// TestManualCommands keeps the manual's table of commands that of the registry.
func TestManualCommands(t *testing.T) {
	generated(t, pages+"commands.md", "commands", scripts.NewRegistry().Markdown())
}

// TestManualFlags keeps the manual's table of flags the program's.
func TestManualFlags(t *testing.T) {
	var b strings.Builder
	b.WriteString("| flag | with | what it does |\n|---|---|---|\n")
	for _, f := range flagsNamed("") {
		typed, text := describe(f)
		with := commandNames(f.Name)
		if slices.Equal(with, commandNames("")) {
			with = []string{"all"}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", typed, strings.Join(with, ", "), strings.ReplaceAll(text, "|", `\|`))
	}
	generated(t, pages+"flags.md", "flags", b.String())
	generated(t, pages+"flags.md", "exit codes", exitHelp+"\n")
}

// generated checks that a part of a document, between comments with its name, is the given
// text. With -update it is written.
func generated(t *testing.T, name, part, want string) {
	t.Helper()
	file := filepath.Join(root, name)
	begin, end := "<!-- begin "+part+" -->\n", "<!-- end "+part+" -->"
	text := readText(t, name)
	head, rest, ok := strings.Cut(text, begin)
	got, tail, ok2 := strings.Cut(rest, end)
	switch {
	case !ok || !ok2:
		t.Fatalf("%s has no part %q", name, part)
	case got == want:
	case *update:
		if err := os.WriteFile(file, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the %s of %s are not these (write them with: go test ./cmd/sessdriver -run 'Readme|Manual' -update):\n%s", part, name, want)
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documents are the README and the pages of the manual, by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{readme: readText(t, readme)}
	for _, page := range manual.Pages() {
		texts[pages+page.Name+".md"] = readText(t, pages+page.Name+".md")
	}
	return texts
}

// Each page is shown in a shell and at the prompt, behind what a command of that name says of
// itself, and listed by help.
func TestHelpPages(t *testing.T) {
	engine := newEngine(sessions.New(sessions.Options{}), nil, sessions.Mask{})
	typed := func(line string) string {
		result, err := engine.Run(t.Context(), line)
		if err != nil {
			t.Error(err)
		}
		return result.Text
	}
	all, list := overview(), typed("help")
	for _, page := range manual.Pages() {
		text, err := helpOn(t.Context(), []string{page.Name}, sessions.Mask{})
		if at := typed("help " + page.Name); err != nil || !strings.HasSuffix(text, page.Text) || !strings.HasSuffix(at, page.Text) {
			t.Errorf("help %s: %v, %s, at the prompt %s", page.Name, err, text, at)
		}
		if !strings.Contains(all, page.Title) || !strings.Contains(list, " "+page.Name) {
			t.Errorf("help does not list %s", page.Name)
		}
	}
	for page, command := range map[string]string{"guard": "guard [MODE]", "attach": "sessdriver attach ENDPOINT", "windows": "windows\n"} {
		if text, err := helpOn(t.Context(), []string{page}, sessions.Mask{}); err != nil || !strings.HasPrefix(text, command) {
			t.Errorf("help %s: %v, %.80s, want %q first", page, err, text, command)
		}
	}
	for _, page := range strings.Fields("scripts guard storage windows attach limits zap") {
		if !strings.Contains(list, page) {
			t.Errorf("there is no page %s", page)
		}
	}
	if text := typed("guard --help"); strings.Contains(text, "# ") {
		t.Errorf("guard --help shows the page, too: %s", text)
	}
}

// TestReadmeIsShort keeps the rest in the manual.
func TestReadmeIsShort(t *testing.T) {
	if n := strings.Count(readText(t, readme), "\n"); n > 160 {
		t.Errorf("the README has %d lines, want 160 at most", n)
	}
}

// Pages are written for a terminal: but for examples, their lines fit.
func TestManualFits(t *testing.T) {
	for _, page := range manual.Pages() {
		for i, line := range strings.Split(page.Text, "\n") {
			code := strings.HasPrefix(line, "    ")
			if n := utf8.RuneCountInString(line); n > 72 && !code {
				t.Errorf("%s: line %d has %d columns: %s", page.Name, i+1, n, line)
			}
		}
		if page.Title == "" || strings.HasSuffix(page.Title, ".") {
			t.Errorf("%s: its title is %q", page.Name, page.Title)
		}
	}
}

var linked = regexp.MustCompile(`\]\(([^)]*)\)`)

// What the documents link to is there.
func TestManualLinks(t *testing.T) {
	for name, text := range documents(t) {
		for _, match := range linked.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, path.Dir(name), match[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, page := range manual.Pages() {
		if link := "(" + pages + page.Name + ".md)"; !strings.Contains(readText(t, readme), link) {
			t.Errorf("the README does not link to %s", link)
		}
	}
}

var (
	block   = regexp.MustCompile("(?s)```(\\w*)\n(.*?)```")
	span    = regexp.MustCompile("`([^`\n]+)`")
	typedAt = regexp.MustCompile(`^(\w+: )?\S+( \[\w+\])?> `)
)

// What the documents say to type can be typed: lines for a shell call sessdriver as it can
// be called, and lines of the prompt and of scripts are commands.
func TestManualExamples(t *testing.T) {
	count := map[string]int{}
	for name, text := range documents(t) {
		for _, match := range block.FindAllStringSubmatch(text, -1) {
			kind, text := match[1], match[2]
			if kind == "console" {
				var typed []string
				for line := range strings.SplitSeq(text, "\n") {
					if at := typedAt.FindString(line); at != "" {
						typed = append(typed, line[len(at):])
					}
				}
				text = strings.Join(typed, "\n")
			}
			count[kind] += strings.Count(text, "\n")
			switch kind {
			case "sh":
				for line := range strings.SplitSeq(text, "\n") {
					checkExample(t, strings.ReplaceAll(line, "go run ./cmd/sessdriver ", "sessdriver "))
				}
			case "console", "sess":
				text = strings.ReplaceAll(text, "; include login.inc", "")
				if err := (&scripts.Engine{}).Check(t.Context(), scripts.Script{Name: name, Text: text}); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if count["sh"] < 20 || count["console"] < 5 || count["sess"] < 5 {
		t.Errorf("too few examples are found: %v", count)
	}
}

// Flags and commands that running text names are there.
func TestManualWords(t *testing.T) {
	registry := scripts.NewRegistry()
	flags := map[string]bool{"full": true} // of go test
	for _, f := range flagsNamed("") {
		flags["--"+f.Name] = true
	}
	for _, c := range registry.Commands() {
		for _, f := range c.Flags {
			flags["--"+f.Name] = true
		}
	}
	for name, text := range documents(t) {
		for _, match := range span.FindAllStringSubmatch(block.ReplaceAllString(text, ""), -1) {
			words := strings.Fields(match[1])
			for i, word := range words {
				flag, _, _ := strings.Cut(word, "=")
				if strings.HasPrefix(flag, "--") && !flags[flag] && flag != "--remote-debugging-port" {
					t.Errorf("%s: there is no %s in `%s`", name, flag, match[1])
				}
				if i > 0 && words[i-1] == "sessdriver" && commandOf(word) == nil && !strings.Contains(word, "/") {
					t.Errorf("%s: there is no command %s in `%s`", name, word, match[1])
				}
			}
			nouns := []string{"session", "token", "default", "site", "window", "page", "expect"}
			if len(words) > 1 && slices.Contains(nouns, words[0]) {
				command, ok := registry.Command(strings.Join(words[:2], " "))
				if !ok && words[1] != "…" && words[1] != "not" {
					t.Errorf("%s: there is no command `%s` (%v)", name, match[1], command)
				}
			}
		}
	}
}
