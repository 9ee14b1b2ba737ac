package scripts

import (
	"bytes"
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"sessdriver/sessions"
)

func TestEscape(t *testing.T) {
	tests := map[string]string{
		"": "", "shop.test": "shop.test", "日本 é 😀": "日本 é 😀", `back\slash`: `back\slash`,
		"\x1b[31mred": `\x1b[31mred`, "a\r\n\tb": `a\x0d\x0a\x09b`, "\x00\x7f": `\x00\x7f`, "\u0085\u009b": `\u0085\u009b`,
		"\u202etxt.exe\u2066": `\u202etxt.exe\u2066`, "\u061c\u200e\u200f": `\u061c\u200e\u200f`, "\xff\x9b": `\xff\x9b`, "\ufffd": "\ufffd",
		"\u2028": `\u2028`, "a\u200bb": `a\u200bb`, "\U000e0041": `\U000e0041`, "👩\u200d👧": "👩\u200d👧",
	}
	for text, want := range tests {
		check(t, text, Escape(text), want)
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		safe := Escape(text)
		if !utf8.ValidString(safe) || strings.ContainsFunc(safe, isUnsafe) || Escape(safe) != safe {
			t.Errorf("%q becomes %q", text, safe)
		}
	})
}

// JSON that a terminal shows does nothing to it, and means the same to programs.
func TestSafeJSON(t *testing.T) {
	texts := []string{"", "a\tb\nc", "\u0085\u009b2J", "\u202egnp.exe\u2066", "\u200b\ufeff\u00ad", "\U000e0041", "日本 é 😀 👩\u200d👧", "\x1b]0;x\x07 \x7f <&>"}
	var out bytes.Buffer
	encoder := json.NewEncoder(SafeJSON(&out))
	for _, text := range texts {
		if err := encoder.Encode(map[string]string{"text " + text: text}); err != nil {
			t.Fatal(err)
		}
	}
	if at := strings.IndexFunc(out.String(), isUnsafeInJSON); at >= 0 || strings.Contains(out.String(), "\t") {
		t.Errorf("at %d it has %.20q", at, out.String()[at:])
	}
	decoder := json.NewDecoder(&out)
	for _, want := range texts {
		got := map[string]string{}
		if err := decoder.Decode(&got); err != nil || got["text "+want] != want {
			t.Errorf("%q became %q, %v", want, got, err)
		}
	}
	if _, err := SafeJSON(fullDisk{}).Write([]byte("{}")); err == nil {
		t.Error("a full disk is not reported")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestTable(t *testing.T) {
	table := newTable("NAME", ">#", "REST")
	table.add("日本", "1", "x")
	table.add("e\u0301te\u0301", "10", "")
	table.add("plain", "100", "a\nb")
	check(t, "table", table.String(), "NAME     #  REST\n日本     1  x\ne\u0301te\u0301     10\nplain  100  a\\x0ab")
}

func TestDescribe(t *testing.T) {
	e := sessions.Event{Site: "shop.test", Session: "Session\x1b 2", Number: 2, Token: "sid"}
	tests := map[sessions.EventKind]string{
		sessions.SessionNew:          `new session 2 "Session\x1b 2" on shop.test`,
		sessions.SessionOut:          `session 2 "Session\x1b 2" on shop.test is logged out`,
		sessions.SessionRefill:       `a new login goes into session 2 "Session\x1b 2" on shop.test, which was logged out; to keep both: session split 2`,
		sessions.SessionReplaced:     `the server gave another sid to session 2 "Session\x1b 2" on shop.test, as at a login; if that is another user: session split 2`,
		sessions.ValueAdopted:        `session 2 "Session\x1b 2" on shop.test has a new value of sid: a script wrote it, no response set it`,
		sessions.SessionMayBeExpired: `the server gave a new sid to session 2 "Session\x1b 2" on shop.test: the one given with --session may have expired; see: session show 2; to go back to it: session revert 2`,
		sessions.SessionRenewed:      "", sessions.SiteSeen: "", sessions.TokenAdded: "", sessions.SessionForced: "", sessions.SessionRemoved: "",
	}
	for kind, want := range tests {
		e.Kind = kind
		check(t, string(kind), Describe(e), want)
	}
	e.Kind, e.Text = sessions.SessionMerged, "old"
	check(t, "merged", Describe(e), `session "old" had the same tokens as session 2 "Session\x1b 2" on shop.test: they are one now`)
	e.Kind, e.Text, e.Token = sessions.SessionReplaced, "", ""
	check(t, "another login", Describe(e), `a new login replaced the cookies of session 2 "Session\x1b 2" on shop.test; to keep both: session split 2`)
	e.Kind, e.Text = sessions.SessionReplaced, "idp\x1b.test"
	check(t, "single sign-on", Describe(e), `after a redirect through idp\x1b.test a new login replaced the cookies of session 2 "Session\x1b 2" on shop.test; to keep both: session split 2`)
}
