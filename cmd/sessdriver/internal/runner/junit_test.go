package runner

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sessdriver/scripts"
)

// A run without a browser has cases that end in every way.
func TestJUnitOfRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.sess":       "print 'before'\nsection 'holds <&>'\nprint \"tab\there\"\nsection 'fails'\nfail 'not \x01\x1b[31m <here>'\nsection 'not reached'",
		"b.sess":       "section one\nskip 'not today'\nsection two\nprint ok",
		"c.sess":       "print '\xff\xfe'",
		"d \x02'.sess": "print 'ready'",
		"last.sess":    "print never",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	results := Run(ctx, Options{
		Files: files, Retries: 1, Timeout: time.Minute,
		Launch: func(context.Context) (Stage, error) {
			return Stage{Engine: &scripts.Engine{}, Close: func() error { return nil }}, nil
		},
		Report: func(e Event) {
			if strings.HasPrefix(filepath.Base(e.File), "d") && e.Result != nil {
				cancel() // the one after it is not run
			}
		},
	})
	if results[0].Tries != 2 || results[4].Cases[0].Status != NotRun {
		t.Errorf("%d tries, then %q", results[0].Tries, results[4].Cases[0].Status)
	}
	var report bytes.Buffer
	if err := JUnit(&report, results, time.Now()); err != nil {
		t.Fatal(err)
	}
	validate(t, report.Bytes())
	for _, want := range []string{`tests="8" failures="2"`, `tests="3" failures="1" errors="0" skipped="1"`, `name="not reached"`, "holds &lt;&amp;&gt;", `<skipped message="not run">`, `<skipped message="not today">`} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("it does not say %s:\n%s", want, report.String())
		}
	}
}

// Whatever a page or a script puts into a report, it can be read.
func TestJUnitOfAnyText(t *testing.T) {
	for _, text := range []string{
		"\x00\x01\x08\x0b\x0c\x0e\x1f\x7f\u0080\u009f", "\xff\xfe \xc3\x28 \xed\xa0\x80 \xf4\x90\x80\x80",
		"\ufffe\uffff\ufffd\U0001fffe\U0010ffff", "]]> <![CDATA[ <!-- --> <?xml?> &amp; &#0; \" '", "a\r\nb\rc\td", "\x1b[31mred\x1b[m", "名前 👍🏽 \u202e", " ", "",
	} {
		failed := Case{Name: text, Status: Failed, Message: text, Output: []string{text, text}, Err: errors.New(text)}
		skipped := Case{Name: text, Status: Skipped, Message: text, Took: 100 * time.Hour}
		var report bytes.Buffer
		err := JUnit(&report, []Result{{File: text, Cases: []Case{failed, skipped}, Tries: 2, Took: 1234567 * time.Millisecond}}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		validate(t, report.Bytes())
	}
	var report bytes.Buffer
	if err := JUnit(&report, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	validate(t, report.Bytes())
}
