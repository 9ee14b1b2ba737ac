package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
)

// What is typed wrong, and pages that behave badly: each has its error, at its place, with
// its exit code, and what was there before is there afterwards.

// badPages are what a page may do to who tests it.
var badPages = map[string]string{
	"/dialogs":   `<h1>?</h1><button onclick="alert('a'); const c = confirm('b'); const p = prompt('c'); document.querySelector('h1').textContent = 'answers: ' + c + ' ' + p">ask</button>`,
	"/onload":    `<h1>?</h1><script>alert('a'); const c = confirm('b'); const p = prompt('c'); document.querySelector('h1').textContent = 'answers: ' + c + ' ' + p</script>`,
	"/many":      `<h1>?</h1><button onclick="let n = 0; for (let i = 0; i < 20; i++) { confirm('really? ' + i) || n++ } document.querySelector('h1').textContent = 'refused: ' + n">ask</button>`,
	"/leaving":   `<h1>stay</h1><input><a href="/ok">go</a><script>addEventListener('beforeunload', e => { e.preventDefault(); e.returnValue = 'stay' })</script>`,
	"/opener":    `<h1>opener</h1><button onclick="window.open('/closes')">open</button>`,
	"/closes":    `<h1>closes</h1><button onclick="window.close()">close</button>`,
	"/links":     `<h1>links</h1><a id="never" href="/never">never</a> <a id="image" href="/image">image</a> <a id="file" href="/file">file</a>`,
	"/image":     `<h1>an image that never comes</h1><img src="/never">`,
	"/big":       `<title>` + strings.Repeat(escapes, 5<<20/len(escapes)) + `</title><h1>big</h1><select><option value="` + strings.Repeat(escapes, 5<<20/len(escapes)) + `">big</option></select>`,
	"/ok":        `<h1>fine</h1>`,
	"/logged-in": `<h1>in</h1>`,
}

// escapes are what a terminal would obey.
const escapes = "\x1b]0;owned\x07\x1b[2J\u202eowned\u009b2J "

// serveBad serves them, and at /never nothing. /logged-in begins a session.
func serveBad(t *testing.T) (url string) {
	t.Helper()
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/never":
			select {
			case <-over:
			case <-r.Context().Done():
			}
			return
		case "/file":
			w.Header().Set("Content-Disposition", "attachment; filename=file.txt")
		case "/logged-in":
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "0123456789abcdef", Path: "/"})
		}
		io.WriteString(w, `<!doctype html><link rel="icon" href="data:,">`+badPages[r.URL.Path])
	}))
	t.Cleanup(func() { close(over); server.Close() })
	return server.URL
}

// badCommand is one that fails. It stands in the second line of a script, behind one that
// opens a page with a session.
type badCommand struct {
	name, text string
	code       int
	at         string // LINE:COLUMN
	want       string
	lines      bool // it has several lines, no end, or what no keyboard has
}

var badCommands = []badCommand{
	{"unknown command", "clik h1", exitUsage, "2:1", `unknown command "clik"; did you mean: click`, false},
	{"unknown command of two words", "session us alice", exitUsage, "2:1", `unknown command "session us"; did you mean: session use`, false},
	{"nothing like it", "frobnicate", exitUsage, "2:1", `unknown command "frobnicate"; see: help`, false},
	{"half a command", "session", exitUsage, "2:1", "session use", false},
	{"unknown option", "click h1 --timout 3s", exitUsage, "2:10", "unknown flag --timout; did you mean: --timeout", false},
	{"unknown option of none", "quit --now", exitUsage, "2:6", "unknown flag --now", false},
	{"option without value", "click h1 --timeout", exitUsage, "2:10", "--timeout needs a value", false},
	{"option twice", "click h1 --timeout 1s --timeout 2s", exitUsage, "2:23", "--timeout is given twice", false},
	{"a value for a switch", "ls --all=yes", exitUsage, "2:4", "--all takes no value", false},
	{"argument missing", "fill h1", exitUsage, "2:1", "TEXT is missing; type: fill SELECTOR TEXT", false},
	{"a word too many", "click h1 h2", exitUsage, "2:10", `unexpected argument "h2"`, false},
	{"wrong type: count", "expect count h1 x", exitUsage, "2:17", `"x" is not a number; type: expect count SELECTOR 3`, false},
	{"wrong type: status", "expect status ok", exitUsage, "2:15", `"ok" is not an HTTP status; type: expect status 200`, false},
	{"wrong type: time", "sleep abc", exitUsage, "2:7", `"abc" is not a time; write it as 500ms or 2s`, false},
	{"wrong type: patience", "click h1 --timeout soon", exitUsage, "2:20", `"soon" is not a time`, false},
	{"wrong type: tab", "tab x", exitUsage, "2:5", `"x" is not the number of a tab`, false},
	{"wrong type: variable", "set 1x y", exitUsage, "2:5", `"1x" is not a name for a variable`, false},
	{"wrong type: address", "open ftp://shop.test/", exitUsage, "2:6", `"ftp://shop.test/" is not an http or https URL`, false},
	{"wrong type: a page of the browser", "open chrome://crash", exitUsage, "2:6", `"chrome://crash" is not an http or https URL`, false},
	{"wrong type: guard", "guard sometimes", exitUsage, "2:7", "always", false},
	{"wrong type: state", "expect session 1 half", exitUsage, "2:18", `"half" is not a state; use live, logged out or empty`, false},
	{"wrong type from a variable", "set X abc; sleep $X", exitUsage, "2:18", "the value of $X is not a valid TIME", false},
	{"variable not set", "print a$NOPE", exitUsage, "2:8", "the variable NOPE is not set; give it with: set NOPE VALUE", false},
	{"variable misspelt", "set NAME x; print $NAM", exitUsage, "2:19", "the variable NAM is not set; did you mean: $NAME", false},
	{"no variable", "print ${A", exitUsage, "2:7", "${A… is not a variable", false},
	{"typed wrong, and said to fail", "! clik h1", exitUsage, "2:3", "did you mean: click", false},
	{"nothing said to fail", "!", exitUsage, "2:2", "after ! comes a command that must fail, and there is none", false},
	{"stray end", "end", exitUsage, "2:1", "this end has no block", false},
	{"end of something", "as 1; end if", exitUsage, "2:11", "end takes no arguments", false},
	{"unclosed quote", "print 'a", exitUsage, "2:7", "the quote ' that begins here is never closed; add another '", true},
	{"unclosed quote, the other one", "print a \"b'\nprint c", exitUsage, "2:9", `the quote " that begins here is never closed`, true},
	{"unclosed block", "as 1\nprint x", exitUsage, "2:1", "the block that begins here is never closed; add: end", true},
	{"unclosed block in another", "as 1\nas 1\nend", exitUsage, "2:1", "the block that begins here is never closed; add: end", true},
	{"a fault in a block", "as 1\n print x\n  clik h1\nend", exitUsage, "4:3", "did you mean: click", true},
	{"backslash at the end", "print a\\", exitUsage, "2:8", "a backslash at the end has nothing to escape", true},
	{"not UTF-8", "print caf\xe9", exitUsage, "2:10", `the byte \xe9 is not UTF-8 text; save the commands as UTF-8`, true},
	{"UTF-16", "p\x00r\x00i\x00n\x00t\x00 \x00x\x00", exitUsage, "2:1", `unknown command "p\x00r\x00i\x00n\x00t\x00"`, true},
	{"NUL", "print a\nprint\x00b", exitUsage, "3:1", `unknown command "print\x00b"`, true},
	{"NUL in an address", "open http://shop.test/\x00", exitUsage, "2:6", `\x00`, true},
	{"NUL in the name of a file", "include a\x00.inc", exitFailed, "2:1", `a\x00.inc: invalid argument`, true},
	{"includes itself", "include bad.sess", exitUsage, "2:1", "includes itself: ", true},
	{"includes what is not there", "include nowhere.inc", exitFailed, "2:1", "nowhere.inc: no such file or directory; write the path as seen from the script that includes it", true},
	{"includes a directory", "include .", exitFailed, "2:1", "is a directory", true},
	{"no selector", "click '##'", exitUsage, "2:1", "'##' is not a valid selector", false},
	{"no selector to expect", "expect selector a[", exitUsage, "2:1", "'a[' is not a valid selector", false},
	{"a role that does not end", "click role=button[name=Save", exitUsage, "2:1", "the selector role=button[name=Save does not end; write it as role=button[name=Save]", false},
	{"no selector to read", "text '##'", exitUsage, "2:1", "'##' is not a valid selector", false},
	{"no selector, said to fail", "! click '##'", exitUsage, "2:3", "'##' is not a valid selector", false},
	{"a role of nothing", "click role=", exitUsage, "2:1", "the selector role= says nothing behind the =", false},
	{"a text of nothing", "click text=", exitUsage, "2:1", "the selector text= says nothing behind the =", false},
	{"a label of nothing", "fill label= x", exitUsage, "2:1", "the selector label= says nothing behind the =", false},
	{"a page that takes too long", "open $SITE/never --timeout 3s", exitFailed, "2:1", "/never: the server has not answered with a page; waited 3s; check the address, then: open URL", true},
	{"a page that does not finish", "open $SITE/image --timeout 5s", exitFailed, "2:1", "/image: the page is there, but has not finished loading; waited 5s; check", true},
	{"an empty selector", "click ''", exitUsage, "2:7", "the selector is empty", false},
	{"nothing is like that", "click '#nothing' --timeout 100ms", exitFailed, "2:1", "the page has no element like that", false},
	{"no such key", "press Nokey", exitFailed, "2:1", "Nokey", false},
	{"no field", "fill h1 x", exitFailed, "2:1", "<h1> is no field that takes text", false},
	{"no such session", "use nobody", exitNoSession, "2:1", `no session "nobody"`, false},
	{"no such session for a block", "as nobody; print x; end", exitNoSession, "2:1", `no session "nobody"`, false},
	{"no such window", "window use nowhere", exitNoSession, "2:1", `no window "nowhere"`, false},
	{"no such tab", "tab 7", exitFailed, "2:1", "7", false},
	{"an assertion", "expect selector h1 gone --timeout 3s", exitAssertion, "2:1", `expected h1 to show "gone", but it shows "in"`, false},
	{"what must fail does not", "! print x", exitAssertion, "2:3", "expected the command to fail, but it succeeded: x", false},
	{"fails for a reason", "fail because", exitAssertion, "2:1", "because", false},
	{"a script that throws", "eval 'throw new Error(\"\\u001b[2J\\u202e\")'", exitFailed, "2:1", `Error: \x1b[2J\u202e`, false},
	{"nobody listens", "open http://127.0.0.1:1/", exitFailed, "2:1", "ERR_", false},
}

// At a prompt each is reported, and the next command is taken: in the end all is as it was.
func TestBadCommandsAtPrompt(t *testing.T) {
	t.Parallel()
	url := serveBad(t)
	c := inTmux(t, nil, "launch", "--headless", url+"/logged-in")
	c.wait("the prompt", ending("127.0.0.1>"))
	for _, bad := range badCommands {
		if bad.lines {
			continue
		}
		c.enters(bad.text)
		screen := c.screen()
		if answer := screen[max(0, strings.LastIndex(screen, "> "+bad.text)):]; !strings.Contains(answer, bad.want) {
			t.Errorf("%s: it does not say %q:\n%s", bad.name, bad.want, answer)
		}
	}
	c.enters("open " + url + "/ok")
	c.enters("expect cookie sid")
	c.enters("ls")
	if screen := c.screen(); !strings.Contains(screen, "> expect cookie sid\nok: cookie sid\n127.0.0.1> ls\n") || !strings.Contains(last(strings.TrimSuffix(screen, "\n127.0.0.1>")), "1  Session 1  live") {
		t.Errorf("the session is not as it was:\n%s", screen)
	}
	c.press("C-d")
	c.ends(exitOK)
}

// checkPlain fails when something has what a terminal would obey.
func checkPlain(t *testing.T, out string) {
	t.Helper()
	if at := strings.IndexFunc(out, func(r rune) bool {
		return r != '\n' && unicode.IsControl(r) || r == unicode.ReplacementChar || r == '\u202e'
	}); at >= 0 {
		t.Errorf("at %d the output has %.20q", at, out[at:])
	}
}

// Each is reported at its place, shortly, with its exit code, and nothing after it runs. A
// script is not affected by those beside it, or before it in the same browser.
func TestBadCommands(t *testing.T) {
	t.Parallel()
	url := serveBad(t)
	files, want := map[string]string{}, map[string]badCommand{}
	for i, bad := range badCommands {
		if !*full && i%3 != 0 {
			continue
		}
		name := fmt.Sprintf("%02d-bad.sess", i)
		files[name] = "open $SITE/logged-in\n" + strings.ReplaceAll(bad.text, "bad.sess", name)
		if !bad.lines {
			files[name] += "\nprint not reached\n"
		}
		want[name] = bad
		if i%9 == 0 {
			files[fmt.Sprintf("%02d-good.sess", i)] = "open $SITE/ok\nexpect not cookie sid\nopen $SITE/logged-in\nexpect selector h1 in\nexpect cookie sid\nexpect session 1 live\n"
		}
	}
	dir := write(t, files)
	code, out, errs := sessdriver(t, "", "run", "-j", "2", "--json", "--var", "SITE="+url, dir)
	if code != badCommands[0].code {
		t.Errorf("exit %d, want that of the first that failed: %s", code, errs)
	}
	ended := 0
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		var e struct {
			Event, Script, Status, Message string
			Output                         []string
			Exit                           int
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		bad, is := want[filepath.Base(e.Script)]
		switch {
		case e.Event == "end" && e.Exit != bad.code: // 0 for a good one
			t.Errorf("%s (%s): exit %d, want %d", filepath.Base(e.Script), bad.name, e.Exit, bad.code)
			continue
		case e.Event != "case":
			continue
		}
		ended++
		said := strings.Join(append(e.Output, e.Message), "\n")
		if !is && e.Status != "passed" || is && (e.Status != "failed" || !strings.HasPrefix(e.Message, e.Script+":"+bad.at+": ") || !strings.Contains(said, bad.want) || slices.Contains(e.Output, "not reached") || len(said) > 2000) {
			t.Errorf("%s (%s): %s, %d bytes: %s", filepath.Base(e.Script), bad.name, e.Status, len(said), said)
		}
		checkPlain(t, said)
	}
	if ended != len(files) {
		t.Errorf("%d cases, want %d", ended, len(files))
	}
}

// A script with a line of megabytes is refused at once, and in a few words.
func TestLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_000_000)
	dir := write(t, map[string]string{
		"big.sess":   "print " + long + strings.Repeat("x", 1<<20),
		"word.sess":  long[:1_000_000],
		"var.sess":   "print $" + long[:1_000_000],
		"time.sess":  "sleep " + long[:1_000_000],
		"quote.sess": "print '" + long[:1_000_000],
		"bytes.sess": "print " + long[:1_000_000] + "\xff",
	})
	for name, want := range map[string]string{
		"big.sess":   "a script may have",
		"word.sess":  "word.sess:1:1: unknown command \"xxx",
		"var.sess":   "var.sess:1:7: print: the variable xxx",
		"time.sess":  "write it as 500ms or 2s",
		"quote.sess": "quote.sess:1:7: the quote ' that begins here is never closed",
		"bytes.sess": `bytes.sess:1:1000007: the byte \xff is not UTF-8 text`,
	} {
		code, out, errs := sessdriver(t, "", "run", filepath.Join(dir, name))
		if code == exitOK || !strings.Contains(out+errs, want) || len(out+errs) > 3000 {
			t.Errorf("%s: exit %d, want %q: %.1000s", name, code, want, out+errs)
		}
	}
}

// badPageTests are pages that behave badly, each with one of a session before and after.
var badPageTests = []struct {
	name, commands string
	want           string // in what is printed, $SITE replaced
}{
	{"dialogs while it loads", "open $SITE/onload\ntext h1", "\nanswers: false null\n"},
	{"dialogs of a click", "open $SITE/dialogs\nclick button\ntext h1", "\nanswers: false null\n"},
	{"dialogs in a loop", "open $SITE/many\nclick button\ntext h1", "\nrefused: 20\n"},
	{"a page that does not want to be left, by a link", "open $SITE/leaving\nfill input x\nclick a\ntext h1", "\nfine\n"},
	{"a page that does not want to be left, by open", "open $SITE/leaving\nfill input x\nopen $SITE/ok\ntext h1", "\nfine\n"},
	{"a page that does not want to be left, by reload", "open $SITE/leaving\nfill input x\nreload\nexpect json 'document.querySelector(\"input\").value' '\"\"'\ntext h1", "\nstay\n"},
	{"a link to a page that never comes", "open $SITE/links\n! click '#never' --timeout 3s\nexpect url /links\ntext h1", "\nfails, as it must: clicking #never: the server has not answered with a page; waited 3s; see: help click\nlinks\n"},
	{"a link to a page that never finishes", "open $SITE/links\n! click '#image' --timeout 3s\nexpect url /image\ntext h1", "\nan image that never comes\n"},
	{"a link that is a download", "open $SITE/links\nclick '#file'\ntext h1\nurl", "\nlinks\n$SITE/links\n"},
	{"an address that is a download", "open $SITE/links\n! open $SITE/file\ntext h1", "the tab stays as it was: the answer is a download or has no content; check the address, then: open URL\nlinks\n"},
	{"a tab that closes itself", "open $SITE/opener\nclick button\ntab 2\nclick button\ntabs\ntext h1", "\n*  1  main    -        $SITE/opener\nopener\n"},
	{"a window closed by the script", "open $SITE/opener --window w\nexpect selector h1 opener\nwindow close w\n! window use w\nwindows\ntext h1", "fails, as it must: no window \"w\"; there are main; see: windows\n   WINDOW  TABS  SESSIONS\n*  main       1  -\nin\n"},
	{"the current window closed, with its dialog", "open $SITE/dialogs --window w\neval 'setTimeout(() => confirm(1)); 1'\nwindow close w\ntext h1", "\nwindow w is closed\nin\n"},
}

func TestBadPages(t *testing.T) {
	t.Parallel()
	url := serveBad(t)
	files := map[string]string{}
	for i, test := range badPageTests {
		files[fmt.Sprintf("%02d.sess", i)] = "open $SITE/logged-in\n" + test.commands + "\nls\nopen $SITE/ok\nexpect cookie sid\nls\n"
	}
	_, out, errs := sessdriver(t, "", "run", "-j", "2", "--json", "--var", "SITE="+url, write(t, files))
	said := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		var e struct {
			Event, Script, Status, Message string
			Output                         []string
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if e.Event == "case" {
			said[filepath.Base(e.Script)] = e.Status + "\n" + strings.Join(append(e.Output, e.Message), "\n")
		}
	}
	for i, test := range badPageTests {
		t.Run(test.name, func(t *testing.T) {
			out := said[fmt.Sprintf("%02d.sess", i)]
			if !strings.HasPrefix(out, "passed\n") || !strings.Contains(out, strings.ReplaceAll(test.want, "$SITE", url)) || strings.Count(out, "1  Session 1  live   sid=(16:") != 2 || strings.Count(out, "Session") != 2 {
				t.Errorf("want %q and the session:\n%s%s", test.want, out, errs)
			}
			checkPlain(t, out)
		})
	}
}

// A page that never comes, or never finishes, ends its script when the time of that is
// over, and not the one after it.
func TestPagesThatNeverLoad(t *testing.T) {
	t.Parallel() // it waits most of the time
	url := serveBad(t)
	dir := write(t, map[string]string{
		"1.sess": "open $SITE/logged-in\nopen $SITE/never\n",
		"2.sess": "open $SITE/ok\nexpect not cookie sid\n",
		"3.sess": "open $SITE/logged-in\nopen $SITE/image\n",
		"4.sess": "open $SITE/logged-in\nexpect session 1 live\n",
	})
	code, out, errs := sessdriver(t, "", "run", "-j", "2", "--timeout", "10s", "--var", "SITE="+url, dir)
	if code != exitFailed {
		t.Errorf("exit %d: %s", code, errs)
	}
	for _, want := range []string{
		"1.sess:2:1: open: opening " + url + "/never: ", "ok   " + dir + "/2.sess", "3.sess:2:1: open: opening " + url + "/image: ", "ok   " + dir + "/4.sess",
		"(the script took longer than 10s; give it more with --timeout)",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

// Megabytes of escape sequences are shown, each of them harmless.
func TestBigPage(t *testing.T) {
	t.Parallel() // it waits most of the time
	url := serveBad(t)
	commands := "open $SITE/logged-in; open $SITE/big; title --timeout 1m; print =; text select --timeout 1m; print =; ! expect selector select zzz --timeout 15s; ls"
	code, out, errs := sessdriver(t, "", "--headless", "-c", strings.ReplaceAll(commands, "$SITE", url))
	parts := strings.Split(out, "\n=\n")
	if code != exitOK || len(parts) != 3 || !strings.Contains(out, "live") {
		t.Fatalf("exit %d, %d parts: %.2000s", code, len(parts), errs)
	}
	if title := parts[0]; len(title) < 4<<20 || !strings.Contains(title, `]0;owned`) || !strings.Contains(title, `[2J\u202eowned`) {
		t.Errorf("the title is %d bytes: …%.100q", len(title), title[len(title)/2:])
	}
	if text := parts[1]; strings.Count(text, `\x1b]0;owned\x07\x1b[2J\u202eowned\x9b2J`) < 100_000 && strings.Count(text, `\x1b]0;owned\x07\x1b[2J\u202eowned\u009b2J`) < 100_000 {
		t.Errorf("the text is %d bytes: …%.100q", len(text), text[len(text)/2:])
	}
	if rest := parts[2]; len(rest) > 2000 || !strings.Contains(rest, `expected select to show "zzz"`) {
		t.Errorf("the assertion fails with %d bytes: %.1000s", len(rest), rest)
	}
	checkPlain(t, out)
}

// talk is the program at a pipe that stays open.
type talk struct {
	*program
	in   io.WriteCloser
	said chan string // lines of its output
}

func newTalk(t *testing.T, args ...string) *talk {
	t.Helper()
	p := &talk{program: newProgram(t, args...), said: make(chan string, 100)}
	p.Stdout = nil
	out, err := p.StdoutPipe()
	if err == nil {
		p.in, err = p.StdinPipe()
	}
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.in.Close() })
	go func() {
		defer close(p.said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.said <- lines.Text()
		}
	}()
	return p
}

// says sends commands, and waits for a line.
func (p *talk) says(commands, want string) {
	p.t.Helper()
	io.WriteString(p.in, commands+"\n")
	var seen []string
	for line := range p.said {
		if strings.Contains(line, want) {
			return
		}
		seen = append(seen, line)
	}
	p.t.Fatalf("after %q it does not say %q: %q, %s", commands, want, seen, p.err.String())
}

// ends ends the input, and is the exit code.
func (p *talk) ends() int {
	p.t.Helper()
	p.in.Close()
	for range p.said {
	}
	return p.result()
}

// The page of the current tab crashes: the error says so, and what to type.
func TestTabCrashes(t *testing.T) {
	t.Parallel()
	url := serveBad(t)
	p := newTalk(t, url+"/logged-in", "--headless")
	p.says("text h1", "in")
	renderers := below(p.Process.Pid, "--type=renderer")
	if len(renderers) == 0 {
		t.Fatal("no process of a page is running")
	}
	for _, pid := range renderers {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, command := range []string{"text h1", "click h1", "title", "eval 1", "press a", "expect text in", "wait text in", "screenshot x.png"} {
		p.says("! "+command, "the tab crashed; load it again with: reload")
	}
	p.says("ls", "live")
	p.says("reload; text h1", "in")
	p.says("ls", "live")
	if code := p.ends(); code != exitOK {
		t.Errorf("exit %d: %s", code, p.err.String())
	}
}

// below lists the processes that a process has started, or they again, with a word in
// their command line.
func below(pid int, word string) (list []int) {
	parents := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		_, rest, ok := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if err != nil || !ok || len(fields) < 2 {
			continue
		}
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parents[child], _ = strconv.Atoi(fields[1])
	}
	for child := range parents {
		for up := parents[child]; up > 1; up = parents[up] {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
			if up == pid && strings.Contains(string(line), word) {
				list = append(list, child)
			}
		}
	}
	return list
}

// The only tab is closed from outside: commands say that there is none, and open makes one.
func TestOnlyTabCloses(t *testing.T) {
	t.Parallel()
	url := serveBad(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	devtools := fmt.Sprintf("http://127.0.0.1:%d/json/", port)
	p := newTalk(t, url+"/logged-in", "--headless", "--debug-port", strconv.Itoa(port))
	p.says("text h1", "in")
	var targets []struct{ ID, Type, URL string }
	if err := json.Unmarshal(get(t, devtools+"list"), &targets); err != nil {
		t.Fatal(err)
	}
	for _, target := range targets {
		if target.Type == "page" {
			get(t, devtools+"close/"+target.ID)
		}
	}
	for deadline := time.Now().Add(time.Minute); strings.Contains(string(get(t, devtools+"list")), `"page"`); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the tab does not close")
		}
	}
	p.says("tabs", "no tab is open; open one: open URL")
	for _, command := range []string{"text h1", "click h1", "title", "eval 1", "press a", "expect text in", "reload"} {
		p.says("! "+command, "; open one: open URL")
	}
	p.says("ls 127.0.0.1", "live")
	p.says("open "+url+"/ok; text h1; ls", "fine")
	p.says("", "live")
	if code := p.ends(); code != exitOK {
		t.Errorf("exit %d: %s", code, p.err.String())
	}
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
