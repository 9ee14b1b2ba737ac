package scripts

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sessdriver/sessions"
)

const token, password = "secret-of-alice", "hunter-2-hunter"

// secretWorld has alice's token wherever a page can show it.
func secretWorld(t *testing.T) *world {
	w := newScriptWorld(t)
	w.Mask = sessions.NewMask([]byte("key"))
	w.give("shop.test", "erin", "sid="+token)
	w.Vars.Set("PW", password)
	w.Vars.Set("PIN", "123")
	w.Vars.Set("SHOP", "http://shop.test")
	w.Vars.Set("ORDER", "order-12345")
	p := &w.browser.page
	p.texts = map[string][]string{"body": {"you have " + token, password}, "li": {token}, "#long": {strings.Repeat("x", 195) + token}}
	p.title, p.status = "t "+token, 200
	p.evals = map[string]string{"document.cookie": `"sid=` + token + `"`}
	p.dialog = &sessions.DialogView{Type: "alert", Message: "it is " + token}
	w.browser.location = "http://u:" + password + "@shop.test/a;jsessionid=" + token + "?q=hidden#hidden"
	return w
}

// Errors of commands mask what sessions have and what secret variables hold, and so does
// what is reported of a command that must fail.
func TestErrorsAreMasked(t *testing.T) {
	mask := sessions.NewMask([]byte("key"))
	it := mask.Value(token)
	for text, want := range map[string]string{
		"expect json document.cookie '\"x\"'":     `but it returns "sid=` + it + `"`,
		"expect text nothing":                     "you have " + it,
		"expect selector li nothing":              `it shows "` + it + `"`,
		"expect selector '#long' nothing":         `xxx(15:`,
		"expect title nothing":                    `"t ` + it + `"`,
		"expect dialog nothing":                   `it says "it is ` + it + `"`,
		"expect url nothing":                      "but it is http://…@shop.test/a;…?…#…",
		"expect not text $PW":                     "$PW=" + mask.Value(password),
		"wait text a$PW-$SHOP --timeout 1ms":      "waiting for text a$PW-$SHOP=(",
		"fail \"it is $PW and $PIN\"":             "it is " + mask.Value(password) + " and " + mask.Value("123"),
		"! print \"$PW\"":                         "it succeeded: " + mask.Value(password),
		"as erin\n fail $PW\nend":                 "fail: " + mask.Value(password),
		"use http://u:" + password + "@shop.test": `no session "http://…@shop.test"`,
		"open http://u:" + password + "@[":        `"http://…@[" is not`,
		"open http://u:pass/word@shop.test/":      `"http://…@shop.test/" is not`,
		"request GET http://u:pw@:x/?q=hidden":    `"http://…@:…/?…" `,
		"ls 'http://u:p@nowhere.test/?q=hidden'":  `no site "http://…@nowhere.test/`,
		"expect text '" + token + " is there'":    `to show "` + token + ` is there", but it shows "you have ` + token, // as the line has it
		"expect url 'http://shop.test/?q=1'":      `to contain "http://shop.test/?q=1", but it is http://…@`,
		"set PW x" + token + "\nfail x$PW":        "fail: x" + mask.Value("x"+token),
	} {
		w := secretWorld(t)
		w.browser.fails["Open"] = errors.New("net::ERR_FAILED")
		_, err := w.script(text + "\n")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) ||
			!strings.Contains(text, token) && strings.Contains(err.Error(), token[:6]) && !strings.Contains(want, token[:6]) {
			t.Errorf("%s\n got: %v\nwant: %s", text, err, want)
		}
	}
	w := secretWorld(t)
	if out, err := w.script("! expect title nothing"); err != nil || strings.Contains(out, token) || !strings.Contains(out, it) {
		t.Errorf("%v, %s", err, out)
	}
	w.Mask = sessions.Mask{}
	if _, err := w.script("expect title nothing"); err == nil || !strings.Contains(err.Error(), token) {
		t.Errorf("--show-secrets: %v", err)
	}
}

// What a command is there to show is shown at the prompt and masked in reports, but for
// what its line has in plain text.
func TestReportsAreMasked(t *testing.T) {
	mask := sessions.NewMask([]byte("key"))
	it := mask.Value(token)
	for text, want := range map[string]string{
		"print $PW":                               mask.Value(password),
		"print \"$PIN of $ORDER at $SHOP\"":       mask.Value("123") + " of order-12345 at http://shop.test",
		"print '" + token + "'":                   token,
		"set X " + token + "; print \"it is $X\"": "it is " + it,
		"text":                         "you have " + it,
		"text li":                      it,
		"title":                        "t " + it,
		"eval document.cookie":         `"sid=` + it + `"`,
		"url":                          "http://…@shop.test/a;…?…#…",
		"section \"as $PIN\"":          "== as " + mask.Value("123"),
		"section x\nskip \"for $PIN\"": "== x\nskipped: for " + mask.Value("123"),
		"dialog":                       "alert, dismissed: it is " + it,
		"fill '#password' abcdefgh\nprint x\nset Y abcd":                "x",
		"set Y abcdefgh; fill '#password' $Y; set Z abcdefgh; print $Z": mask.Value("abcdefgh"),
	} {
		for _, reports := range []bool{true, false} {
			w := secretWorld(t)
			w.Reports = reports
			got, err := w.script(text)
			if got = strings.TrimSpace(got); err != nil || (got == want) != (reports || !strings.Contains(want, "(") || text == "url" || strings.HasPrefix(text, "section x")) {
				t.Errorf("%s, in reports %v\n got: %s, %v\nwant: %s", text, reports, got, err, want)
			}
		}
	}
	// Names of sections that are not run.
	w := secretWorld(t)
	w.Reports = true
	var left []string
	w.RunScript(t.Context(), Script{Text: "fail x\nsection 'a $PW'\nsection \"b $PW\""}, func(r Result) {
		if n, ok := r.Value.(NotRun); ok {
			left = append(left, n.Section)
		}
	})
	check(t, "not run", strings.Join(left, ", "), "a $PW, b "+mask.Value(password))
}

// The history has no secrets, neither as it is kept from one run to the next nor as it is
// saved, and what is saved can be run.
func TestHistoryHasNoSecrets(t *testing.T) {
	w := secretWorld(t)
	var kept []string
	w.Recorder = &Recorder{Keep: func(line string) { kept = append(kept, line) }}
	for _, eval := range []string{`document.cookie='sid=later-secret'`, `localStorage.setItem("t", "later-secret")`, `sessionStorage.t = "later-secret"`, `cookieStore.set("a", "later-secret")`, "1", "localStorage.token"} {
		w.browser.page.evals[eval] = "1"
	}
	w.browser.page.texts["body"] = []string{"Sure? Yes"}
	w.Recorder.AddOpen("http://u:later-secret@shop.test/?later-secret")
	if _, err := w.script(`open http://shop.test/?q=later-secret
open "http://u:later-secret@shop.test/;a=later-secret?$ORDER#later-secret"
open $SHOP/search?later-secret&$ORDER
open $SHOP/?$ORDER
open http://shop.test/#/later-secret
request GET 'http://shop.test/it"s?later-secret'
expect not url "/x?later-secret"
wait url 'q=later-secret' --timeout 1ms
eval "document.cookie='sid=later-secret'"
eval 'localStorage.setItem("t", "later-secret")'
eval 'sessionStorage.t = "later-secret"'
eval 'cookieStore.set("a", "later-secret")'
eval 1
eval localStorage.token --into T
fill '#user' ` + token + `
print ` + password + `
print 'see http://shop.test/?later-secret, then'
wait text 'Sure? Yes'
fill '#user' learnt-at-last`); err == nil {
		t.Error("wait url succeeded")
	}
	w.run("eval \"document.cookie='sid=later-secret'\"")
	for _, line := range []string{`eval 'localStorage.setItem("t", "later-secret")'`, `eval 'sessionStorage.t = "later-secret"'`, `eval 'cookieStore.set("a", "later-secret")'`, "eval 1",
		"eval localStorage.token --into T", "fill '#user' " + token, "print " + password, "print 'see http://shop.test/?later-secret, then'", "wait text 'Sure? Yes'", "fill '#user' learnt-at-last"} {
		w.run(line)
	}
	w.give("shop.test", "later", "sid=learnt-at-last")
	want := `open "http://${CREDENTIALS}@shop.test/?${QUERY}"
open "http://shop.test/?${QUERY_2}"
open "http://${CREDENTIALS}@shop.test/;${PARAMETER}?${ORDER}#${FRAGMENT}"
open "${SHOP}/search?${QUERY_3}"
open $SHOP/?$ORDER
open "http://shop.test/#${FRAGMENT_2}"
request GET "http://shop.test/it\"s?${QUERY}"
expect not url "/x?${QUERY}"
# not recorded, since secrets may be in it: eval
# not recorded, since secrets may be in it: eval
# not recorded, since secrets may be in it: eval
# not recorded, since secrets may be in it: eval
eval 1
eval localStorage.token --into T
# not recorded, since secrets may be in it: fill
# not recorded, since secrets may be in it: print
print "see http://shop.test/?${QUERY}, then"
wait text 'Sure? Yes'
# not recorded, since secrets may be in it
`
	file := filepath.Join(t.TempDir(), "h.sess")
	w.run("history --save " + Quote(file))
	saved, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(saved)
	check(t, "saved", strings.TrimSpace(got[strings.Index(got, "open "):]), strings.TrimSpace(want))
	for _, text := range append(kept[:len(kept)-1:len(kept)-1], got) { // the last was learnt to be one later
		for _, secret := range []string{"later-secret", token, password} {
			if strings.Contains(text, secret) {
				t.Errorf("a secret is in %s", text)
			}
		}
	}
	for _, name := range []string{"CREDENTIALS", "QUERY", "QUERY_2", "QUERY_3", "PARAMETER", "FRAGMENT", "FRAGMENT_2"} {
		if !strings.Contains(got, "#   "+name+"\n") {
			t.Errorf("the head lacks %s: %s", name, got)
		}
		w.Vars.Set(name, "later-secret")
	}
	w.browser.location = ""
	if _, err := w.script(got); err != nil {
		t.Errorf("the saved script does not run: %v", err)
	}
}
