package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/cmd/sessdriver/internal/shop"
	"sessdriver/testdata/need"
)

// tmux is the program in a real terminal, with somebody who types.
type tmux struct {
	t    *testing.T
	env  []string
	temp string
}

// timeout is how long the screen may take to show what it must: the machine may be busy.
const patience = 2 * time.Minute

// inTmux starts the program with more of an environment, in a tmux server of its own.
func inTmux(t *testing.T, env []string, args ...string) *tmux {
	t.Helper()
	need.Program(t, "tmux", "tmux")
	c := &tmux{t: t, temp: shortTemp(t)}
	c.env = append(cleanEnviron(), asProgram+"=1", "TMPDIR="+c.temp, "TMUX_TMPDIR="+t.TempDir(), "TMUX=",
		"XDG_CONFIG_HOME="+c.temp, "XDG_STATE_HOME="+c.temp, "NO_COLOR=")
	t.Cleanup(func() {
		if t.Failed() { // it may be running yet: hang up, and let it end
			c.command("kill-server").Run()
			time.Sleep(5 * time.Second)
			return
		}
		(&program{t: t, temp: c.temp}).checkLeft()
		c.command("kill-server").Run()
	})
	// What follows the program shows its exit code: that which tmux keeps is lost at times.
	script := `trap : INT; "$@"; printf 'exit code %d\n' $?; exec sleep 600`
	start := []string{"new-session", "-d", "-x", "100", "-y", "40", "sh", "-c", script, "sh", "env"} // tmux itself sets TERM
	if out, err := c.command(slices.Concat(start, env, []string{os.Args[0]}, args)...).CombinedOutput(); err != nil {
		t.Fatalf("starting tmux: %v: %s", err, out)
	}
	return c
}

// command is one of tmux; -u because the tests' locale may have no UTF-8.
func (c *tmux) command(args ...string) *exec.Cmd {
	cmd := exec.Command("tmux", append([]string{"-u", "-L", "test", "-f", "/dev/null"}, args...)...)
	cmd.Env = c.env
	return cmd
}

func (c *tmux) run(args ...string) string {
	c.t.Helper()
	out, err := c.command(args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

func (c *tmux) text(text string)     { c.t.Helper(); c.run("send-keys", "-l", "--", text) }
func (c *tmux) press(keys ...string) { c.t.Helper(); c.run(append([]string{"send-keys"}, keys...)...) }

// types types a text, and waits until it stands behind the prompt.
func (c *tmux) types(text string) {
	c.t.Helper()
	c.text(text)
	c.wait(text, func(s string) bool { return strings.Contains(last(s), "> "+strings.TrimRight(text, " ")) })
}

// enters types a command, and waits until the prompt is back.
func (c *tmux) enters(command string) {
	c.t.Helper()
	c.types(command)
	c.press("Enter")
	c.wait("the prompt after "+command, atPrompt)
}

// screen is what the terminal shows, without blanks at the ends of rows.
func (c *tmux) screen() string {
	c.t.Helper()
	var rows []string
	for row := range strings.Lines(c.run("capture-pane", "-p", "-J")) {
		rows = append(rows, strings.TrimRight(row, " \n"))
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}

// colours is the screen with its escape sequences.
func (c *tmux) colours() string { c.t.Helper(); return c.run("capture-pane", "-p", "-e") }

// wait waits until the screen is like that.
func (c *tmux) wait(what string, like func(screen string) bool) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		screen := c.screen()
		if like(screen) {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("waiting for %s; the screen is\n%s", what, screen)
		}
	}
}

// ends waits for the end of the program.
func (c *tmux) ends(code int) {
	c.t.Helper()
	c.wait(fmt.Sprintf("exit code %d", code), ending(fmt.Sprintf("exit code %d", code)))
}

// last is the last row of a screen.
func last(screen string) string { return screen[strings.LastIndexByte(screen, '\n')+1:] }

func atPrompt(screen string) bool { return strings.HasSuffix(screen, ">") }

// ending is a screen that ends so.
func ending(rows string) func(string) bool {
	return func(screen string) bool { return strings.HasSuffix(screen, "\n"+rows) }
}

// lateShop is the demo shop on 127.0.0.1, with a page at another site, which logs in by
// itself when it is told to.
func lateShop(t *testing.T) (url, latePage string, login chan bool) {
	login = make(chan bool)
	mux := http.NewServeMux()
	mux.Handle("/", shop.New())
	mux.HandleFunc("/late", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><script>fetch("/late/login")</script>`)
	})
	mux.HandleFunc("/late/login", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-login:
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "late", Path: "/"})
		case <-r.Context().Done():
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/late", login
}

// TestTmuxPrompt logs two users into the demo shop and goes between them, as a person
// does.
func TestTmuxPrompt(t *testing.T) {
	t.Parallel()
	url, latePage, login := lateShop(t)
	c := inTmux(t, nil, "launch", "--headless", "--var", "SHOP="+url, url+"/")
	c.wait("the prompt", ending("127.0.0.1>"))
	include, err := filepath.Abs("../../scripts/examples/login.inc")
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"alice", "bob"} {
		c.enters("set USER " + user)
		c.enters("set PASSWORD " + shop.Password(user))
		c.types("include " + include)
		c.press("Enter")
		c.wait("the login", ending("127.0.0.1 ["+user+"]>"))
	}

	// TAB completes a name, and hints tell the rest.
	c.types("use")
	c.wait("the usage", ending("127.0.0.1 [bob]> use NAME [--site SITE] [--wait] [--all-sites]"))
	c.text(" al")
	c.press("Tab")
	c.wait("what may follow the name", ending("127.0.0.1 [bob]> use alice [--site SITE] [--wait] [--all-sites]"))
	screen := c.colours()
	for _, want := range []string{"\x1b[36m127.0.0.1", "\x1b[32mbob", "use alice \x1b[2m[--site"} {
		if !strings.Contains(screen, want) {
			t.Errorf("the screen lacks %q:\n%q", want, screen)
		}
	}
	c.press("Left")
	c.wait("a cursor that is not at the end", ending("127.0.0.1 [bob]> use alice"))
	c.press("End", "Enter")
	c.wait("alice", ending("127.0.0.1 [alice]>"))

	// A notice comes above a line that is being typed.
	c.enters("open " + latePage)
	c.types("print half")
	login <- true
	c.wait("the notice", ending("* new session 1 \"Session 1\" on localhost\nlocalhost> print half"))
	if screen := c.colours(); !strings.Contains(screen, "\x1b[33m* new session") {
		t.Errorf("the notice is not yellow:\n%q", screen)
	}
	c.text("-done")
	c.press("Enter")
	c.wait("the line as it was typed", ending("localhost> print half-done\nhalf-done\nlocalhost>"))

	// Ctrl-C cancels a line, then a command.
	c.types("nonsense")
	c.press("C-c")
	c.wait("no line", ending("localhost> nonsense^C\nlocalhost>"))
	began := time.Now()
	c.types("sleep 5m")
	c.press("Enter")
	c.wait("the prompt after Ctrl-C", func(screen string) bool {
		if !strings.Contains(screen, "sleep: sleeping: interrupted\n") {
			c.press("C-c") // again, when it came before the command did
			time.Sleep(time.Second)
			return false
		}
		return atPrompt(screen)
	})
	if screen := c.colours(); !strings.Contains(screen, "\x1b[31msleep: sleeping") || time.Since(began) > 4*time.Minute {
		t.Errorf("the error is not red, or took %v:\n%q", time.Since(began), screen)
	}

	// Up recalls what was entered.
	c.press("Up", "Up")
	c.wait("the line before", ending("localhost> print half-done"))
	c.press("C-u", "C-d")
	c.ends(exitOK)
}

// Without colours nothing is coloured, and there are no hints.
func TestTmuxNoColour(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	c := inTmux(t, []string{"NO_COLOR=1"}, "launch", "--headless", url)
	c.wait("the prompt", ending("127.0.0.1>"))
	c.enters("use nobody")
	c.types("use ")
	c.wait("no hint", ending("127.0.0.1> use"))
	if screen := c.colours(); strings.Contains(screen, "\x1b") || !strings.Contains(screen, "no session") {
		t.Errorf("the screen is\n%q", screen)
	}
	c.press("C-u", "C-d")
	c.ends(exitOK)
}

// Ctrl-C cancels a line, and a block that was begun, where the terminal sends a signal for
// it: the lines after it went into the block, and nothing showed that.
func TestTmuxDumb(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	c := inTmux(t, []string{"TERM=dumb"}, "launch", "--headless", url)
	c.wait("the prompt", ending("127.0.0.1>"))
	c.text("as alice")
	c.press("Enter")
	c.wait("the block", ending("127.0.0.1> as alice\n..."))
	c.text("print half")
	c.wait("the line", ending("... print half"))
	c.press("C-c")
	c.wait("no block", ending("... print half^C\n127.0.0.1>"))
	c.press("C-c")
	c.wait("no line", ending("127.0.0.1> ^C\n127.0.0.1>"))
	c.text("print whole")
	c.press("Enter")
	c.wait("the command", ending("127.0.0.1> print whole\nwhole\n127.0.0.1>"))
	c.text("quit")
	c.press("Enter")
	c.ends(exitOK)
}

// The lines of a run have colours where the terminal has.
func TestTmuxRunColours(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"a.sess": "'unclosed"}) // fails before a browser is started
	for name, test := range map[string]struct {
		env  []string
		args []string
		want string
	}{
		"colours":    {nil, nil, "\x1b[31mFAIL\x1b["},
		"--no-color": {nil, []string{"--no-color"}, "\nFAIL /"},
		"NO_COLOR":   {[]string{"NO_COLOR=1"}, nil, "\nFAIL /"},
		"dumb":       {[]string{"TERM=dumb"}, nil, "\nFAIL /"},
	} {
		t.Run(name, func(t *testing.T) {
			c := inTmux(t, test.env, append([]string{"run", dir}, test.args...)...)
			c.ends(exitUsage)
			if screen := c.colours(); !strings.Contains(screen, test.want) {
				t.Errorf("it does not say %q:\n%q", test.want, screen)
			}
		})
	}
}

// A run shows how far it is below its lines, until it ends.
func TestTmuxProgress(t *testing.T) {
	dir := write(t, map[string]string{"a.sess": "sleep 5m", "b.sess": "'unclosed"})
	c := inTmux(t, nil, "run", "-j", "2", dir)
	c.wait("the progress", func(screen string) bool {
		return strings.Contains(screen, "FAIL "+dir+"/b.sess: b") && last(screen) == "[##########..........] 1/2, 1 failed: a"
	})
	c.run("resize-window", "-x", "20", "-y", "40")
	c.press("C-c")
	c.ends(exitInterrupted)
	if screen := c.screen(); strings.Contains(screen, "[#") || !strings.Contains(screen, "0 passed, 2 failed in") {
		t.Errorf("the screen is\n%s", screen)
	}
}
