package scripts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestExpectOutOfTime(t *testing.T) {
	w := newScriptWorld(t)
	w.Timeout = time.Minute
	why := errors.New("the script took longer than 20ms")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, why)
	defer cancel()
	err := w.RunScript(ctx, Script{Text: "expect url /never"}, func(Result) {})
	assertion := (*AssertionError)(nil)
	if !errors.As(err, &assertion) || !strings.HasSuffix(err.Error(), `expected the address to contain "/never", but it is http://shop.test/account`) {
		t.Errorf("%v", err)
	}
	err = w.RunScript(ctx, Script{Text: "! expect url /never"}, func(Result) {})
	if errors.As(err, &assertion) || !errors.Is(err, why) || !strings.HasSuffix(err.Error(), ": the script took longer than 20ms") {
		t.Errorf("one that begins too late: %v", err)
	}
	interrupted, stop := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { stop(errors.New("interrupted")) })
	if err = w.RunScript(interrupted, Script{Text: "expect url /never"}, func(Result) {}); errors.As(err, &assertion) || !errors.Is(err, context.Canceled) || !strings.HasSuffix(err.Error(), "expect url: waiting: interrupted") {
		t.Errorf("interrupted: %v", err)
	}
}

func TestPlainWords(t *testing.T) {
	for text, want := range map[string]string{
		"clicking #a: context deadline exceeded":           "clicking #a: it took too long",
		"Page.navigate: context canceled; see: help click": "interrupted; see: help click",
		"opening x: Page.navigate: context canceled":       "opening x: interrupted",
		"the context of a canceled order":                  "the context of a canceled order",
	} {
		check(t, text, Plain(text), want)
	}
	for _, end := range []error{context.DeadlineExceeded, context.Canceled} {
		for _, command := range NewRegistry().Commands() {
			w := newScriptWorld(t)
			w.Timeout = time.Millisecond
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			for _, method := range []string{"Open", "Reload", "Use", "New", "Unset", "Remove", "AddToken", "RemoveToken", "Settle", "OpenWindow", "Revert", "Split", "Click", "Fill", "Eval", "Texts", "Jar", "SetGuard"} {
				w.browser.fails[method] = fmt.Errorf("doing: %w", end)
			}
			for line := range strings.SplitSeq(command.Example, "\n") {
				if command.Name == "as" {
					line = "as alice; print x; end"
				}
				line = strings.Replace(line, "sleep 2s", "sleep 2ms", 1)
				cancel(errors.New("the script took longer than 2s"))
				if _, err := w.Run(ctx, line); err != nil && strings.Contains(err.Error(), "context") {
					t.Errorf("%s: %v", line, err)
				}
				if _, err := w.Run(t.Context(), line); err != nil && strings.Contains(err.Error(), "context") {
					t.Errorf("%s: %v", line, err)
				}
			}
		}
	}
}
