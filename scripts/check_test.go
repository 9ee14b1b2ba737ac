package scripts

import (
	"context"
	"os"
	"strings"
	"testing"
)

// TestCheckedBeforeItRuns: what is typed wrong anywhere in a script, or in one that it
// includes, is found before anything is done.
func TestCheckedBeforeItRuns(t *testing.T) {
	files := map[string]string{
		"dir/ok.inc":     "print ok",
		"dir/bad.inc":    "print a\n  clik h1",
		"dir/open.inc":   "print 'a",
		"dir/nested.inc": "as bob\n include bad.inc\nend",
		"dir/loop.inc":   "include loop.inc\nprint",
	}
	const before = "print begun\n"
	for text, want := range map[string]string{
		"clik h1":                           `dir/t.sess:2:1: unknown command "clik"; did you mean: click`,
		"as bob\n print x\n  clik h1\n end": `dir/t.sess:4:3: unknown command "clik"; did you mean: click`,
		"! clik h1":                         `dir/t.sess:2:3: unknown command "clik"; did you mean: click`,
		"windows close alice":               `dir/t.sess:2:1: unknown command "windows close"; did you mean: window close alice`,
		"rename 1":                          "dir/t.sess:2:1: rename: NEW is missing; type: rename OLD NEW [--site SITE]",
		"rename $A $B $C":                   `dir/t.sess:2:14: rename: unexpected argument "$C"; quote values with spaces; type: rename OLD NEW [--site SITE]`,
		"click $A --timout 3s":              "dir/t.sess:2:10: click: unknown flag --timout; did you mean: --timeout",
		"sleep long":                        `dir/t.sess:2:7: sleep: `,
		"click h1 --timeout soon":           "dir/t.sess:2:20: click: ",
		"include bad.inc":                   `dir/bad.inc:2:3: unknown command "clik"; did you mean: click`,
		"include nested.inc":                `dir/bad.inc:2:3: unknown command "clik"; did you mean: click`,
		"include open.inc":                  "dir/open.inc:1:7: the quote",
		"include loop.inc":                  "dir/loop.inc:2:1: print: TEXT is missing",
		"section a\nskip\nclik h1":          `dir/t.sess:4:1: unknown command "clik"; did you mean: click`,
		"include ok.inc; fail":              "dir/t.sess:2:17: fail: REASON is missing",

		// Only known when it runs.
		"fail now":         "dir/t.sess:2:1: fail: ",
		"sleep $LONG":      "dir/t.sess:2:7: sleep: the value of $LONG",
		"include none.inc": "dir/t.sess:2:1: include: ",
		"print $UNSET":     "dir/t.sess:2:7: print: the variable UNSET is not set",
		"include $FILE":    "dir/bad.inc:2:3: unknown command",
	} {
		w := newScriptWorld(t)
		w.Vars.Set("LONG", "long")
		w.Vars.Set("FILE", "bad.inc")
		w.ReadFile = func(_ context.Context, name string) ([]byte, error) {
			text, ok := files[name]
			if !ok {
				return nil, os.ErrNotExist
			}
			return []byte(text), nil
		}
		begun := false
		err := w.RunScript(t.Context(), Script{Name: "dir/t.sess", Text: before + text}, func(r Result) { begun = begun || r.Text == "begun" })
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		late := strings.Contains(text, "$LONG") || strings.Contains(text, "none.inc") || strings.Contains(text, "$UNSET") || strings.Contains(text, "$FILE") || text == "fail now"
		if begun != late {
			t.Errorf("%q: the script had begun: %v, want %v", text, begun, late)
		}
	}
}

// TestExpectSaysOK: a person gets a line when what was expected is so; a script does not.
func TestExpectSaysOK(t *testing.T) {
	for _, attended := range []bool{true, false} {
		for _, c := range []struct{ name, text, want string }{
			{"", "expect session alice live", "ok: session alice live"},
			{"", "expect not session bob", "ok: not session bob"},
			{"", "as bob\n expect session bob\nend", "ok: session bob"},
			{"", "set SECRET_TOKEN top; expect same $SECRET_TOKEN $SECRET_TOKEN", "ok: same $SECRET_TOKEN $SECRET_TOKEN"},
			{"", "include x.inc", ""},
			{"t.sess", "expect session alice live", ""},
		} {
			w := newScriptWorld(t)
			w.Interactive = attended
			w.ReadFile = func(context.Context, string) ([]byte, error) { return []byte("expect session alice live"), nil }
			w.run("use alice")
			var shown []string
			err := w.RunScript(t.Context(), Script{Name: c.name, Text: c.text}, func(r Result) {
				if r.Text != "" {
					shown = append(shown, r.Text)
				}
			})
			want := c.want
			if !attended {
				want = ""
			}
			if got := strings.Join(shown, ", "); err != nil || got != want {
				t.Errorf("attended %v, %q in %q: shown %q, %v; want %q", attended, c.text, c.name, got, err, want)
			}
		}
	}
}
