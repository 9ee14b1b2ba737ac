package scripts

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

func TestCommandsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range NewRegistry().Commands() {
		if c.Summary == "" || strings.HasSuffix(c.Summary, ".") || strings.Contains(c.Summary, "\n") || c.Example == "" || c.run == nil {
			t.Errorf("%s: summary %q, example %q", c.Name, c.Summary, c.Example)
		}
		for _, name := range c.names() {
			if seen[name] {
				t.Errorf("%s is declared twice", name)
			}
			seen[name] = true
		}
		for i, p := range c.Params {
			if p.Name == "" || p.Kind == Switch || p.Rest && i < len(c.Params)-1 || p.Optional && i < len(c.Params)-1 && !c.Params[i+1].Optional {
				t.Errorf("%s: parameter %+v", c.Name, p)
			}
		}
		for _, f := range c.Flags {
			if f.Name == "" || f.Summary == "" {
				t.Errorf("%s: flag %+v", c.Name, f)
			}
		}
	}
	for _, name := range strings.Split("use new ls rename rm unset sites tokens open reload exit help quit", " ") {
		if !seen[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestRegistryIsFresh(t *testing.T) {
	NewRegistry().Commands()[0].Summary = "changed"
	if NewRegistry().Commands()[0].Summary == "changed" {
		t.Error("two registries share a command")
	}
}

// Every example runs, and is about its command.
func TestExamples(t *testing.T) {
	for _, c := range NewRegistry().Commands() {
		w := newWorld(t)
		w.readyForExamples(c)
		w.exchange("http://shop.test/login", "sid=secret-c", noon, "sid=secret-f; Path=/") // something to go back from
		err := w.RunScript(context.Background(), Script{Name: c.Name, Text: c.Example}, func(r Result) {
			if _, err := json.Marshal(r); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		})
		if (err != nil) != (c.Name == "fail") {
			t.Errorf("%s: %v", c.Name, err)
		}
		if !slices.ContainsFunc(c.names(), func(name string) bool { return strings.Contains(c.Example, name) }) {
			t.Errorf("%s does not stand in its example", c.Name)
		}
	}
}

func TestHelp(t *testing.T) {
	w := newWorld(t)
	text := w.run("help").Text
	for _, c := range NewRegistry().Commands() {
		if !strings.Contains(text, "\n"+c.bare().Usage(c.Name)+" ") && !strings.HasPrefix(text, c.Name) || !strings.Contains(text, c.Summary) {
			t.Errorf("help does not list %s:\n%s", c.Name, text)
		}
	}
	for _, line := range []string{"help", "?", "help ''"} {
		check(t, line, w.run(line).Text, text)
	}
}

func TestHelpOnCommand(t *testing.T) {
	w := newWorld(t)
	want := `
use NAME [--site SITE] [--wait] [--all-sites]
  Force a session: every later request of its site is part of it.

NAME is a number from ls, a name or the beginning of one, or SITE/NAME. The site's open tabs are reloaded, so that none goes on showing another session. Where one site logs its visitors in at another (single sign-on), switch both with --all-sites; otherwise the other site may log the earlier user in again.

  --site SITE  the site that is meant, instead of the current tab's
  --wait       wait until the reloaded tabs show the new page (commands that act on the page do so anyway)
  --all-sites  also on every other site that has a session of this name

Names: session use, use

Example:
  use alice
  use 2
  use Session 3
  use blog.test/carol
  use alice --all-sites`
	for _, line := range []string{"help use", "help session use", "help 'session use'", "use --help", "session use bob --nonsense --help", "help use alice", "help session use alice"} {
		check(t, line, w.run(line).Text, want)
	}
	check(t, "help token", w.run("help token").Text, `
COMMAND                   SHORT
token list [SITE]         tokens  List the cookies and headers that identify or travel with a site's sessions
token add NAME                    Make a cookie name a token of a site
token remove NAME                 Make a cookie name an ordinary cookie again
token add-header NAME             Make a request header a token of a site
token remove-header NAME          Make it an ordinary header again`)
	if w.active("shop.test") != "" {
		t.Error("--help ran the command")
	}
}

// TestHelpOnHalfAName: help knows a command by its verb alone, and by its noun in the plural.
func TestHelpOnHalfAName(t *testing.T) {
	w := newWorld(t)
	for words, want := range map[string]string{
		"revert":              "session revert NAME [",
		"close":               "window close NAME\n",
		"windows close":       "window close NAME\n",
		"windows close alice": "window close NAME\n",
		"session rm":          "rm NAME [",
		"windows":             "windows\n",
		"status":              "expect status N [",
	} {
		if got := w.run("help " + words).Text; !strings.HasPrefix(got, want) {
			t.Errorf("help %s begins with %q, want %q", words, got[:min(40, len(got))], want)
		}
	}
	for words, want := range map[string][]string{"split": {"site split HOST", "session split NAME"}, "list": {"site list", "window list"}} {
		for _, command := range want {
			if got := w.run("help " + words).Text; !strings.Contains(got, command) || strings.Contains(got, "page open") {
				t.Errorf("help %s: %s", words, got)
			}
		}
	}
	if _, err := w.Run(t.Context(), "help nonsense"); err == nil {
		t.Error("there is help on nonsense")
	}
}

func TestMarkdown(t *testing.T) {
	lines := strings.Split(NewRegistry().Markdown(), "\n")
	check(t, "head", lines[0], "| command | short | what it does |")
	check(t, "a row", lines[3], "| `session list [SITE] [--site SITE] [--all]` | `ls` | List the sessions of a site |")
	if len(lines) != len(NewRegistry().Commands())+3 {
		t.Errorf("%d lines", len(lines))
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"use", "use", 0}, {"usr", "use", 1}, {"sue", "use", 1}, {"", "use", 3}, {"rename", "remove", 3}, {"é", "e", 1}, {strings.Repeat("x", 100), "x", 100}}
	for _, test := range tests {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

// readyForExamples makes a page on which each of them holds.
func (w *world) readyForExamples(c *Command) {
	w.t.Helper()
	w.Vars, w.Timeout = &Vars{}, 20*time.Millisecond
	for _, name := range []string{"SHOP", "PASSWORD", "ALICE"} {
		w.Vars.Set(name, "http://shop.test")
	}
	w.Vars.Set("BOB", "another")
	w.ReadFile = func(context.Context, string) ([]byte, error) { return []byte("ls"), nil }
	w.browser.page = fakePage{
		title: "My account", status: 403,
		dialog:   &sessions.DialogView{Type: "confirm", Message: "Are you sure?"},
		requests: []sessions.RequestView{{Method: "GET", URL: "http://shop.test/api/orders", Type: "Fetch", Status: 200}},
		texts:    map[string][]string{"body": {"Signed in as alice. Thank you"}, "h1": {"Hello"}, "#total": {"3"}, "#user": {"alice"}, "#orders li": {"a", "b", "c"}},
		evals:    map[string]string{"document.links.length": "3", "localStorage.token": `"t"`},
	}
	w.browser.jar = append(w.browser.jar, sessions.Cookie{Name: "remember", Value: "1", Domain: "shop.test", Path: "/", HTTPOnly: true, SameSite: "Lax"})
	w.Recorder = &Recorder{}
	if c.Name == "session accept" {
		w.run("use alice")
		w.withheld("http://shop.test/", "sid=secret-a; basket=7", sessions.Cookie{Name: "sid", Value: "secret-e", Domain: "shop.test", Path: "/"})
	}
	if slices.Contains([]string{"page screenshot", "page upload", "history"}, c.Name) {
		w.t.Chdir(w.t.TempDir())
		if err := os.WriteFile("picture.png", nil, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// The opposite of an assertion says so, wherever it is named.
func TestHelpOnNot(t *testing.T) {
	w := newWorld(t)
	for line, want := range map[string]string{
		"help expect text":     "expect text TEXT [--timeout TIME]\n  Fail unless the page shows a text.",
		"expect text --help":   "expect text TEXT [--timeout TIME]\n  Fail unless the page shows a text.",
		"help expect not text": "expect not text TEXT [--timeout TIME]\n  Fail if the page shows a text.",
	} {
		if got := w.run(line).Text; !strings.HasPrefix(got, want) || !strings.Contains(got, "expect not text is the opposite") {
			t.Errorf("%s: %s", line, got)
		}
	}
	for _, v := range w.values(KindCommand, "", "") {
		if strings.HasPrefix(v.text, notPrefix) && !strings.HasPrefix(v.about, "Fail if ") {
			t.Errorf("%s: %s", v.text, v.about)
		}
	}
}
