package scripts

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sessdriver/sessions"
)

func TestRunNothing(t *testing.T) {
	for _, line := range []string{"", "  ", "# ls", ";;"} {
		if r := newWorld(t).run(line); r != (Result{}) {
			t.Errorf("%q: %+v", line, r)
		}
	}
}

func TestRunScript(t *testing.T) {
	w := newWorld(t)
	var texts []string
	script := Script{Name: "a.sess", Text: "use alice # first\n\nuse bob; unset\nquit\nls"}
	quit := false
	err := w.RunScript(context.Background(), script, func(r Result) { texts, quit = append(texts, r.Text), r.Quit })
	if err != nil || len(texts) != 4 || !quit {
		t.Fatalf("%q, quit %v, %v", texts, quit, err)
	}
	check(t, "the third", texts[2], "shop.test: no session is forced any more (it was bob); no tab reloaded")
}

func TestRunScriptStops(t *testing.T) {
	tests := []struct {
		script Script
		ran    int
		want   string
		at     Position
		text   string
	}{
		{Script{Name: "a.sess", Text: "ls\n  use dave; ls"}, 1, `a.sess:2:3: use: no session "dave" on shop.test; its sessions are "Session 3", "alice", "bob"; see: ls`, Position{2, 3}, "use dave"},
		{Script{Name: "a.sess", Text: "ls\nuse bob --wiat"}, 0, "a.sess:2:9: use: unknown flag --wiat; did you mean: --wait", Position{2, 9}, "use bob --wiat"},
		{Script{Name: "-", Line: 7, Text: "open ':'"}, 0, `-:7:6: open: ":" has no valid host; write it as in: open http://127.0.0.1:8080/login`, Position{7, 6}, "open ':'"},
		{Script{Name: "-c", Text: "ls; lss"}, 0, `-c:1:5: unknown command "lss"; did you mean: ls`, Position{1, 5}, "lss"},
		{Script{Text: "ls; lss"}, 0, `unknown command "lss"; did you mean: ls`, Position{1, 5}, "lss"},
		{Script{Name: "a.sess", Text: "ls\nls 'x"}, 0, "a.sess:2:4: the quote ' that begins here is never closed; add another '", Position{2, 4}, ""},
		{Script{Name: "evil\x1b.sess", Text: "'"}, 0, `evil\x1b.sess:1:1: the quote ' that begins here is never closed; add another '`, Position{1, 1}, ""},
	}
	for _, test := range tests {
		ran := 0
		err := newWorld(t).RunScript(context.Background(), test.script, func(Result) { ran++ })
		var e *CommandError
		if !errors.As(err, &e) || ran != test.ran {
			t.Errorf("%q: %d ran, %v", test.script.Text, ran, err)
			continue
		}
		check(t, test.script.Text, err.Error(), test.want)
		check(t, "command", e.Command, test.text)
		if e.Position != test.at || e.Source != test.script.Name {
			t.Errorf("%q: at %s:%v", test.script.Text, e.Source, e.Position)
		}
	}
}

func TestRunCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := newWorld(t)
	ran := 0
	err := w.RunScript(ctx, Script{Text: "ls; use bob"}, func(Result) { ran++; cancel() })
	if !errors.Is(err, context.Canceled) || ran != 1 || w.active("shop.test") != "" {
		t.Errorf("%d ran, %v", ran, err)
	}
}

// What pages and servers chose is shown escaped, in every text.
func TestHostileNames(t *testing.T) {
	const evil = "ev\x1b[31m\u202eil\n\xff"
	w := newWorld(t)
	w.browser.location = "http://evil\x1b.test/\u202e"
	w.browser.notes = []string{"tab " + evil}
	site := w.Book.SiteOf(w.browser.location)
	w.Book.Visited(w.browser.location)
	c := sessions.Cookie{Name: "tok\x07", Value: evil, Domain: site, Path: "/"}
	if _, err := w.Book.Import(site, evil, []sessions.Cookie{c}, noon); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"ls", "ls --all", "sites --all", "tokens", "use 1", "unset", "use 1", "reload", "new x", "rename 1 y", "token add x", "token remove 'x'", "use 1", "rm 1", "ls"} {
		r := w.run(line)
		for text := range strings.SplitSeq(r.Text, "\n") {
			if Escape(text) != text {
				t.Errorf("%s: %q", line, r.Text)
			}
		}
	}
	_, err := w.Run(context.Background(), "use nobody")
	if text := err.Error(); Escape(text) != text {
		t.Errorf("%q", text)
	}
}
