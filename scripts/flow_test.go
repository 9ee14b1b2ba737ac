package scripts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

// script runs a text and gives what it shows, and its error.
func (w *world) script(text string) (shown string, err error) {
	w.t.Helper()
	err = w.RunScript(w.t.Context(), Script{Name: "t.sess", Text: text}, func(r Result) {
		if r.Text != "" {
			shown += r.Text + "\n"
		}
	})
	return shown, err
}

// answers runs scripts, each of which is to fail with what has a text in it, or to hold: "".
func (w *world) answers(scripts map[string]string) {
	w.t.Helper()
	for text, want := range scripts {
		if _, err := w.script(text); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			w.t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

func newScriptWorld(t *testing.T) *world {
	w := newWorld(t)
	w.Vars, w.Timeout = &Vars{}, 60*time.Millisecond
	w.ReadFile = func(_ context.Context, name string) ([]byte, error) {
		files := map[string]string{
			"part.sess": "print part $X\nset Y from-part", "loop.sess": "include loop.sess", "bad.sess": "ls\n  nonsense here",
			"a/one.sess": "include two.sess", "a/two.sess": "print two",
		}
		text, ok := files[name]
		if !ok {
			return nil, &os.PathError{Op: "open", Path: name, Err: errors.New("no such file")}
		}
		return []byte(text), nil
	}
	return w
}

func TestVariables(t *testing.T) {
	w := newScriptWorld(t)
	w.Vars.Set("SHOP", "shop.test")
	for text, want := range map[string]string{
		"print $SHOP/a":                          "shop.test/a\n",
		`print "the ${SHOP}s" '$SHOP' \$SHOP $`:  "the shop.tests $SHOP $SHOP $\n",
		"set A 'x  y'; set B \"$A z\"; print $B": "x  y z\n",
		"set FLAG '--all'; print $FLAG":          "--all\n",
		"set X 1; include part.sess; print $Y":   "part 1\nfrom-part\n",
		"include a/one.sess":                     "two\n",
		"set":                                    "VARIABLE\n$",
	} {
		if shown, err := w.script(text); err != nil || !strings.HasPrefix(shown, want) {
			t.Errorf("%s: shows %q, %v; want %q", text, shown, err, want)
		}
	}
	for text, want := range map[string]string{
		"print $SHOPP":      "t.sess:1:7: print: the variable SHOPP is not set; did you mean: $SHOP",
		"ls\n print a${Q}":  "t.sess:2:9: print: the variable Q is not set; give it with: set Q VALUE",
		"set 1X y":          "is not a name for a variable",
		"click a $SHOP":     `unexpected argument "$SHOP"`,
		"sleep $SHOP":       "the value of $SHOP is not a valid TIME",
		"include none":      "include: open none: no such file; write the path as seen from",
		"include loop.sess": "loop.sess:1:1: include: loop.sess includes itself: t.sess → loop.sess → loop.sess",
		"include bad.sess":  `bad.sess:2:3: unknown command "nonsense"`,
	} {
		if _, err := w.script(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	w := newScriptWorld(t)
	w.run("use alice")
	if shown, err := w.script("as bob\n  expect session bob\n  as carol; expect session carol; end\n  expect session bob\nend\nexpect session alice"); err != nil {
		t.Errorf("%v: %s", err, shown)
	}
	_, err := w.script("as bob\n  fail 'for a reason'\nend")
	if reason := (*FailError)(nil); !errors.As(err, &reason) || !strings.HasPrefix(err.Error(), "t.sess:2:3: fail: for a reason") {
		t.Errorf("%v", err)
	}
	if got := w.active("shop.test"); got != "alice" {
		t.Errorf("after a block that failed %q is forced, want alice", got)
	}
	w.run("unset")
	if _, err := w.script("as bob; end"); err != nil || w.active("shop.test") != "" {
		t.Errorf("%v; after the block %q is forced, want none", err, w.active("shop.test"))
	}
}

func TestMustFail(t *testing.T) {
	w := newScriptWorld(t)
	if _, err := w.script("! use nobody\n!fail x\n! expect title nothing"); err != nil {
		t.Error(err)
	}
	assertion, typed := (*AssertionError)(nil), (*UsageError)(nil)
	if _, err := w.script("! print x"); !errors.As(err, &assertion) {
		t.Errorf("a command that succeeds: %v", err)
	}
	if _, err := w.script("! nonsense"); !errors.As(err, &typed) {
		t.Errorf("a command that is none: %v", err)
	}
}

func TestSections(t *testing.T) {
	w := newScriptWorld(t)
	shown, err := w.script("section one\nskip 'not today'\nfail never\nsection two\nprint done\nskip\nfail never")
	if want := "== one\nskipped: not today\n== two\ndone\nskipped: no reason given\n"; err != nil || shown != want {
		t.Errorf("shows %q, %v; want %q", shown, err, want)
	}
}

func TestExpect(t *testing.T) {
	w := newScriptWorld(t)
	w.run("open http://shop.test/account?q=secret")
	w.run("use alice")
	w.browser.page = fakePage{
		texts: map[string][]string{"body": {"Signed in as alice"}, "li": {"one", "two"}}, title: "My account",
		evals: map[string]string{"n": "3", "o": `{"a":[1, 2]}`}, status: 403,
	}
	w.answers(map[string]string{
		"expect url /account":                  "",
		"expect url *account*":                 "",
		"expect url *account":                  `expected the address to contain "*account", but it is http://shop.test/account?q=secret`,
		"expect not url login":                 "",
		"expect title account":                 "",
		"expect title Cart":                    `expected the title to contain "Cart", but it is "My account"`,
		"expect text as alice":                 "",
		"expect not text alice":                `expected the page not to show "alice", but it shows "Signed in as alice"`,
		"expect selector li two":               "",
		"expect selector li three":             `expected li to show "three", but it shows "one two"`,
		"expect not selector .error":           "",
		"expect selector .error":               "expected .error to be visible, but no such element is visible",
		"expect count li 2":                    "",
		"expect count li 3":                    "expected the number of li to be 3, but there are 2",
		"expect count li many":                 `"many" is not a number`,
		"expect status 403":                    "",
		"expect status 200":                    "expected the status to be 200, but it is 403",
		"expect header Cache-Control no-store": "",
		"expect header Vary x":                 `expected the header Vary to contain "x", but it is ""`,
		"expect session alice":                 "",
		"expect session bob":                   "expected the session bob to be forced, but it is alice",
		"expect session bob live":              "",
		"expect session bob 'logged out'":      "expected the session bob to be logged out, but it is live",
		"expect json n 3":                      "",
		`expect json o '{"a": [1,2]}'`:         "",
		"expect json n 4":                      "expected n to return 4, but it returns 3",
		"expect same a a":                      "",
		"expect same 'a b' 'a c'":              `expected two texts to be the same, but they have 3 and 3 characters, and differ from character 3 on: "a b" and "a c"`,
		"expect status 4O3":                    `"4O3" is not an HTTP status`,
		"expect not session bob loggedout":     `"loggedout" is not a state`,
		"expect not session nobody":            "nobody",
		"expect not header Set-Cookie x":       "browsers do not show the header Set-Cookie",
		"expect not same a b":                  "",
		"expect not same a a":                  "expected two texts to be different, but they are the same",
		"expect differs a b":                   "",
		"expect differs a a":                   "expected two texts to be different, but they are the same",
		"expect not differs a a":               "",
		"expect same a b --timeout 1s":         "unknown flag --timeout",
		"expect json n Shop":                   `Shop is not JSON; write a text with double quotes: '"Shop"'`,
		"expect not json n Shop":               "is not JSON",
		"expect text ''":                       "TEXT is empty, which fits everything",
		"expect not title ''":                  "is empty",
		"expect selector li ''":                "is empty",
		"expect session Session 1":             "quote a name with spaces",
		"expect cookie sid --samesite Laks":    `"Laks" is not a value of SameSite; use Strict, Lax or None`,
		"set PASSWORD=hunter2":                 "write a space before the value, not =; type: set PASSWORD VALUE",
		"expect not cookie remember":           "",
	})
}

func TestExpectCookie(t *testing.T) {
	w := newScriptWorld(t)
	w.browser.location = "https://shop.test/account"
	w.browser.jar = []sessions.Cookie{
		{Name: "sid", Value: "secret-a", Domain: "shop.test", Path: "/", HTTPOnly: true, SameSite: "Lax"},
		{Name: "xsrf", Value: "1", Domain: "shop.test", Path: "/", Secure: true},
	}
	w.answers(map[string]string{
		"expect cookie sid secret-a":                  "",
		"expect cookie sid --httponly --samesite lax": "",
		"expect not cookie sid --secure":              "",
		"expect cookie xsrf --secure":                 "",
		"expect not cookie xsrf --httponly":           "",
		"expect cookie xsrf --httponly":               "expected the browser to have the cookie xsrf with --httponly, but it is not HttpOnly",
		"expect cookie sid --secure":                  "but it is not Secure",
		"expect cookie sid --samesite Strict":         "expected the browser to have the cookie sid with --samesite Strict, but its SameSite is Lax",
		"expect cookie xsrf --samesite None":          "but its SameSite is not set",
		"expect cookie sid secret-b --httponly":       "but its value is",
	})
}

// A word that begins with # is a comment: where it seems to be meant, that is said.
func TestTightComment(t *testing.T) {
	w := newScriptWorld(t)
	w.browser.page.texts = map[string][]string{"body": {"all"}}
	w.answers(map[string]string{
		"click #login":            "t.sess:1:7: click: SELECTOR is missing: # after a space begins a comment; put quotes around it: '#login'",
		"set PASSWORD #hunter2":   "VALUE is missing: # after a space begins a comment; put quotes around it: '#…'",
		"fill #user alice":        "'#user'",
		"expect count #orders 3":  "'#orders'",
		"text #total --into X":    "'#total'",
		"frame #payment":          "'#payment'",
		"wait selector #total":    "'#total'",
		"as bob\n  click #a\nend": "t.sess:2:9: click: SELECTOR is missing: # after",
		"click # the button":      "SELECTOR is missing",
		"wait selector # it":      "VALUE is missing",
		"text # all of it":        "",
		"text #\nls":              "",
		"ls #all of them":         "",
		"text body #all":          "",
	})
}

// What a variable holds may be a secret: messages name the variable.
func TestExpectedIsMasked(t *testing.T) {
	w := newScriptWorld(t)
	w.Vars.Set("HERE", "http://shop.test/?token=secret-t")
	for _, shows := range []bool{false, true} {
		w.Mask = sessions.NewMask([]byte("key"))
		if shows {
			w.Mask = sessions.Mask{}
		}
		for _, text := range []string{"expect url $HERE", "expect text \"a $HERE\"", "expect json n $HERE", "expect selector li $HERE", "expect header Vary $HERE"} {
			_, err := w.script(text)
			if err == nil || strings.Contains(err.Error(), "secret-t") != shows || !shows && !strings.Contains(err.Error(), "$HERE") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

// A login may be on its way: that there is no such session yet is looked at again.
func TestExpectSessionThatComes(t *testing.T) {
	w := newScriptWorld(t)
	missing := (*sessions.NoSessionError)(nil)
	if _, err := w.script("expect session dave live"); !errors.As(err, &missing) {
		t.Errorf("a session that does not come: %v", err)
	}
	w.Timeout = 10 * time.Second
	time.AfterFunc(2*lookPause, func() {
		w.Book.Import("shop.test", "dave", []sessions.Cookie{{Name: "sid", Value: "d", Domain: "shop.test", Path: "/"}}, noon)
	})
	if _, err := w.script("expect session dave live"); err != nil {
		t.Errorf("a session that comes: %v", err)
	}
	if _, err := w.script("expect not session nobody"); !errors.As(err, &missing) {
		t.Errorf("not, of a session that is none: %v", err)
	}
}

// After a switch no command looks at the page of the session before.
func TestReloading(t *testing.T) {
	w := newScriptWorld(t)
	w.browser.page = fakePage{status: 200, title: "My account", texts: map[string][]string{"body": {"alice"}}, reloading: true}
	for _, text := range []string{"expect status 200", "expect not text bob", "click a", "text", "wait text alice", "! expect status 403", "request GET http://shop.test/"} {
		if _, err := w.script(text); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
	if len(w.browser.page.did) > 0 {
		t.Errorf("it did %q", w.browser.page.did)
	}
}

// What the browser did not report is no evidence, for or against.
func TestExpectNotTold(t *testing.T) {
	w := newScriptWorld(t)
	for _, text := range []string{"expect status 200", "expect not status 200", "expect not header Server nginx", "! expect status 200"} {
		assertion := (*AssertionError)(nil)
		if _, err := w.script(text); !errors.As(err, &assertion) || !strings.Contains(err.Error(), "the browser did not report it") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestActions(t *testing.T) {
	w := newScriptWorld(t)
	w.browser.page.texts = map[string][]string{"h1": {"Hello\x1b[2J"}, "body": {"all"}}
	w.browser.page.evals = map[string]string{"f()": `"text"`}
	shown, err := w.script("click text='Log in'\nfill '#user' alice b\nfill '#x' ''\nselect s Large size\ncheck c\nuncheck c\npress Control+a\nback\nforward\ntext h1\ntext\neval f()\neval f() --into V\nprint $V\nhtml\nwait text all")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "done", strings.Join(w.browser.page.did, "\n"), "Click text=Log in\nFill #user alice b\nFill #x\nChoose s Large size\nCheck c true\nCheck c false\nPress Control+a\nGo -1\nGo 1")
	check(t, "shown", strings.TrimSpace(shown), `Hello\x1b[2J`+"\nall\n\"text\"\ntext\n<p>a\\x1b[31m</p>\n<p>b</p>")
	for text, want := range map[string]string{
		"text h2":                "reading h2: no visible element is like that",
		"wait url /x":            "waiting for url /x",
		"wait nothing x":         `"nothing" is not something to wait for`,
		"click ''":               "the selector is empty",
		"click a --timeout soon": `"soon" is not a time`,
	} {
		if _, err := w.script(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
	w.browser.fails["Click"] = errors.New("clicking a: it is covered")
	if _, err := w.script("click a"); err == nil || !strings.Contains(err.Error(), "t.sess:1:1: click: clicking a: it is covered; see: help click") {
		t.Error(err)
	}
}

func TestRequest(t *testing.T) {
	w := newScriptWorld(t)
	shown, err := w.script("request get http://shop.test/api\nrequest POST shop.test/api --data 'a=b c' --header 'X-A: 1' --header 'X-B: 2: 3' --as bob --into ANSWER\nprint $ANSWER")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "shown", strings.TrimSpace(shown), "201 Created\n{\"made\": true}\n{\"made\": true}")
	check(t, "done", strings.Join(w.browser.page.did, "\n"), "Request { 0} GET http://shop.test/api []\nRequest {shop.test 2} POST http://shop.test/api [[X-A 1] [X-B 2: 3] [Content-Type application/x-www-form-urlencoded]] a=b c")
	for text, want := range map[string]string{
		"request FETCH http://shop.test/":                               `"FETCH" is not a method; use one of: GET`,
		"request GET http://shop.test/ --header secret":                 "a header is written as --header 'Name: value'",
		"request GET http://shop.test/ --data a=b":                      "a GET has no body",
		"request POST http://shop.test/ --header 'Origin: http://evil'": "browsers do not let pages set it",
		"request GET http://shop.test/ --as nobody":                     "nobody",
	} {
		if _, err := w.script(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// What was done is recorded as a script that does it again, without its secrets.
func TestHistory(t *testing.T) {
	w := newScriptWorld(t)
	var kept []string
	w.Recorder = &Recorder{Keep: func(line string) { kept = append(kept, line) }}
	w.Vars.Set("SHOP", "http://shop.test")
	w.script("open $SHOP/login; set USER alice; fill '#user' \"$USER\"\nfill '#password' 'pass word'; fill '#password' other --timeout 1s; fill '#password' 'pass word'\nhelp; fail nonsense")
	w.script("as bob\n  click 'text=Log in'\n  ! use nobody\nend\nuse nobody")
	w.script("fill '#gone' abc\nfill '#password' \"$USER\"; fill '#user' b; fill '#password' other $SHOP; open $SHOP/?token=x")
	w.script("as bob\n  ls\n  use nobody\nend")
	w.script("request GET http://shop.test/ --header 'Authorization: Bearer secret'; include part.sess; include none")
	want := `# Recorded by sessdriver; run it with: sessdriver run FILE
# Variables to set, with --var NAME=VALUE or SESSDRIVER_VAR_NAME:
#   SHOP
#   USER
#   PASSWORD
#   PASSWORD_2
#   PASSWORD_3
#   PASSWORD_4
#   QUERY
open $SHOP/login
fill '#user' "$USER"
fill '#password' "$PASSWORD"
fill '#password' "$PASSWORD_2"
fill '#password' "$PASSWORD"
as bob
click 'text=Log in'
! use nobody
end
fill '#gone' "$PASSWORD_3"
fill '#password' "$USER"
fill '#user' b
fill '#password' "$PASSWORD_4"
open "${SHOP}/?${QUERY}"
# not recorded, since secrets may be in it: request`
	shown := w.run("history").Text
	check(t, "history", shown, want)
	if strings.Join(kept, "\n") != strings.Replace(want[strings.Index(want, "open"):], "open \"${SHOP}/?${QUERY}\"\n", "", 1) {
		t.Errorf("kept %q", kept)
	}
	file := filepath.Join(t.TempDir(), "h.sess")
	w.run("history --save " + Quote(file))
	text, err := os.ReadFile(file)
	if _, fault := Parse(string(text)); err != nil || fault != nil || strings.Contains(string(text), "pass word") {
		t.Errorf("%v, %v: %s", err, fault, text)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := w.Run(t.Context(), "history --save "+Quote(file)); err == nil {
		t.Error("a file is written over")
	}
}

// A variable that is set twice had two values; a script that was included may be far from
// where the history is saved; and what would not end is left out.
func TestHistoryRuns(t *testing.T) {
	w := newScriptWorld(t)
	w.Recorder = &Recorder{}
	w.Recorder.Add("open http://shop.test/")
	w.browser.page.texts = map[string][]string{"body": {"all"}}
	if _, err := w.script("set X alice; include part.sess; set X bob\ninclude part.sess\ntext --into T; print $T\nset T 1\nwatch --for 1ms"); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	w.RunScript(ended, Script{Text: "watch"}, func(Result) {})
	here, err := filepath.Abs("part.sess")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "history", w.run("history").Text, `# Recorded by sessdriver; run it with: sessdriver run FILE
# Variables to set, with --var NAME=VALUE or SESSDRIVER_VAR_NAME:
#   X
#   X_2
#   T_2
open http://shop.test/
include `+here+`
set X "$X_2"
include `+here+`
text --into T
print $T
set T "$T_2"
watch --for 1ms`)
}

// A section may stand in a block; what is skipped there is no more than the section.
func TestSectionsInBlocks(t *testing.T) {
	for text, want := range map[string]string{
		"as bob\n section a\n skip x\n fail never\n section b\n print b\nend\nprint after":                             "== a, skipped: x, == b, b, after",
		"section a\nas bob\n skip x\n fail never\n section b\n print b\nend\nprint a":                                  "== a, skipped: x, == b, b",
		"section a\nskip x\nas bob\n fail never\n section b\n expect session bob\nend\nfail never\nsection c\nprint c": "== a, skipped: x, == b, == c, c",
		"section a\nskip x\nas bob\n fail never\n include s.sess\nend\nfail never":                                     "== a, skipped: x, == s, s",
		"! as bob\n section a\n skip x\n fail never\nend\nsection b\nprint b":                                          "== a, skipped: x, == b, b",
		"section a\ninclude skips.sess\nfail never\nsection b\nprint b":                                                "== a, skipped: y, == b, b",
		"! as bob\n skip x\nend\nfail never\nsection a\nfail never":                                                    "skipped: x", // what they need is missing
		"include skips.sess\nsection a\nfail never":                                                                    "skipped: y",
	} {
		w := newScriptWorld(t)
		w.ReadFile = func(_ context.Context, name string) ([]byte, error) {
			return []byte(map[string]string{"skips.sess": "skip y\nfail never", "s.sess": "fail never\nsection s\nprint s"}[name]), nil
		}
		w.run("use alice")
		shown, err := w.script(text)
		if got := strings.ReplaceAll(strings.TrimSpace(shown), "\n", ", "); err != nil || got != want {
			t.Errorf("%s: shows %q, %v; want %q", text, got, err, want)
		}
		if active := w.active("shop.test"); active != "alice" {
			t.Errorf("%s: %q is forced afterwards", text, active)
		}
	}
}

// A failure is reported once, while the page is as the command left it, and so are the sections
// that come after it; a failure that is wanted is none.
func TestFailureTold(t *testing.T) {
	for text, want := range map[string]string{
		"as bob\n as carol\n  section a\n  fail x\n  section b\n end\n section \"c $X\"\nend\nsection d\nas bob; section e; end": "bob, b, c 1, d, e",
		"as bob\n include fails.sess\nend":                                                 "bob, f",
		"as bob\n ! fail x\nend\n! as carol; fail x; section a; end\n! include fails.sess": "",
		"! include bad.sess\nsection a":                                                    "alice, a",
		"section a\nskip\nsection b\nquit":                                                 "",
	} {
		w := newScriptWorld(t)
		w.Vars.Set("X", "1")
		w.ReadFile = func(_ context.Context, name string) ([]byte, error) {
			return []byte(map[string]string{"fails.sess": "fail x\nsection f", "bad.sess": "nonsense"}[name]), nil
		}
		w.run("use alice")
		var reported []string
		w.OnFailure = func() { reported = append(reported, w.active("shop.test")) }
		err := w.RunScript(t.Context(), Script{Name: "t.sess", Text: text}, func(r Result) {
			if after, is := r.Value.(NotRun); is {
				reported = append(reported, after.Section)
			}
		})
		if got := strings.Join(reported, ", "); got != want || (err == nil) != (want == "") {
			t.Errorf("%s: reported are %q, %v; want %q", text, got, err, want)
		}
	}
}

// What the sections of a script are called is known before it runs, unless variables or
// other scripts decide.
func TestSectionNames(t *testing.T) {
	read := func(_ context.Context, name string) ([]byte, error) {
		text, ok := map[string]string{"dir/b.sess": "section b\ninclude sub/c.sess", "dir/sub/c.sess": "as bob\nsection c\nend", "dir/loop.sess": "section l\ninclude loop.sess"}[name]
		if !ok {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	}
	for text, want := range map[string]string{
		"print x": "true", "section a\nas bob; section 'b  c'; end": "true a, b  c", "section '$X'": "true $X",
		"section $X": "false $X", "as bob; include x; end; section a": "false a", "'": "false", "include $X": "false",
		"section a\ninclude b.sess\nsection d": "true a, b, c, d", "as bob; include loop.sess; include loop.sess; end": "false l, l",
	} {
		names, all := Sections(t.Context(), Script{Name: "dir/t.sess", Text: text}, read)
		if got := strings.TrimSpace(fmt.Sprint(all, " ", strings.Join(names, ", "))); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// --only holds for the sections of scripts that are included, and for names with variables.
func TestOnlySections(t *testing.T) {
	w := newWorld(t)
	w.Vars = &Vars{}
	w.ReadFile = func(context.Context, string) ([]byte, error) {
		return []byte("section b\nprint b\nsection 'c x'\nprint cx"), nil
	}
	var texts []string
	err := w.RunScript(context.Background(), Script{
		Name: "a.sess", Text: "set X x\nsection a\nprint a\nsection \"a $X\"\nprint ax\ninclude b.sess",
		Only: func(name string) bool { return strings.HasSuffix(name, "x") },
	}, func(r Result) {
		if r.Text != "" {
			texts = append(texts, r.Text)
		}
	})
	if got := strings.Join(texts, ", "); err != nil || got != "== a x, ax, == c x, cx" {
		t.Errorf("it ran %q, %v", got, err)
	}
	w = newScriptWorld(t)
	texts = nil
	err = w.RunScript(t.Context(), Script{
		Text: "section a\nfail never\nas bob\n fail never\n section b\n print b\n section c\n fail never\nend\nfail never",
		Only: func(name string) bool { return name == "b" },
	}, func(r Result) {
		if r.Text != "" {
			texts = append(texts, r.Text)
		}
	})
	if got := strings.Join(texts, ", "); err != nil || got != "== b, b" {
		t.Errorf("of a block it ran %q, %v", got, err)
	}
}
