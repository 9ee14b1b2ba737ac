package scripts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func bomb(n int) func(context.Context, string) ([]byte, error) {
	return func(_ context.Context, name string) ([]byte, error) {
		depth := 0
		if _, err := fmt.Sscanf(name, "%d.inc", &depth); err != nil || depth >= maxIncludes {
			return nil, nil
		}
		return []byte(strings.Repeat(fmt.Sprintf("include %d.inc\n", depth+1), n)), nil
	}
}

func TestIncludeBomb(t *testing.T) {
	w := newScriptWorld(t)
	w.ReadFile = bomb(3)
	_, err := w.script("section a\ninclude 1.inc\nsection b")
	if kindOf(err) != "usage" || !strings.Contains(err.Error(), "more than 1000 scripts are included") {
		t.Errorf("%v", err)
	}
	began := time.Now()
	if _, all := Sections(t.Context(), Script{Text: "include 1.inc"}, w.ReadFile); all {
		t.Error("all of its sections are known")
	}
	skips := strings.Repeat("include 1.inc\n", 100)
	if err := w.RunScript(t.Context(), Script{Text: "section a\n" + skips, Only: func(string) bool { return false }}, func(Result) {}); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func TestIncludeBombEnds(t *testing.T) {
	w := newScriptWorld(t)
	reads := 0
	ctx, cancel := t.Context(), context.CancelFunc(nil)
	read := bomb(3)
	w.ReadFile = func(ctx context.Context, name string) ([]byte, error) {
		if reads++; reads == 50 {
			cancel()
		}
		return read(ctx, name)
	}
	for _, only := range []func(string) bool{nil, func(string) bool { return false }} {
		reads = 0
		ctx, cancel = context.WithCancel(t.Context())
		defer cancel()
		err := w.RunScript(ctx, Script{Text: "section a\n" + strings.Repeat("include 1.inc\n", 10), Only: only}, func(Result) {})
		if !errors.Is(err, context.Canceled) || !strings.HasSuffix(err.Error(), "interrupted") || reads > 50 {
			t.Errorf("after %d scripts: %v", reads, err)
		}
	}
	reads = 0
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	if _, all := Sections(ctx, Script{Text: "include 1.inc"}, w.ReadFile); all || reads > 50 {
		t.Errorf("after %d scripts all are known: %v", reads, all)
	}
}

func TestGrowth(t *testing.T) {
	w := newScriptWorld(t)
	for text, want := range map[string]string{
		"set X 0123456789\n" + strings.Repeat("set X \"$X$X\"\n", 40):                                                                "with the values of its variables this command is longer than 16 MB",
		strings.Repeat("as bob\n", maxBlocks+1) + strings.Repeat("end\n", maxBlocks+1):                                               "blocks are nested more than 20 deep",
		"set X 0123456789\n" + strings.Repeat("set X \"$X$X\"\n", 20) + "set A $X\nset B $X\nset C $X\nset D $X\nset E $X\nset F $X": "all variables together may have 64 MB",
		strings.Repeat("as bob\n", maxBlocks) + strings.Repeat("end\n", maxBlocks):                                                   "",
	} {
		w.Vars = &Vars{}
		if _, err := w.script(text); want == "" && err != nil || want != "" && (kindOf(err) != "usage" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.40s: %v; want %q", text, err, want)
		}
	}
	w.Vars = &Vars{}
	for range 20 { // the one before makes room
		if err := w.Vars.put("X", strings.Repeat("x", maxVars/2)); err != nil {
			t.Fatal(err)
		}
	}
}
