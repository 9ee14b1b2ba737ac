package main

import (
	"errors"
	"testing"

	"sessdriver/cmd/sessdriver/internal/runner"
)

func TestProgressLine(t *testing.T) {
	p := &progress{total: 3}
	failed := &runner.Result{Cases: []runner.Case{{Err: errors.New("no")}}}
	for _, step := range []struct {
		event runner.Event
		width int
		want  string
	}{
		{runner.Event{File: "a/login.sess"}, 80, "[....................] 0/3, 0 failed: login"},
		{runner.Event{File: "b/login.sess"}, 80, "[....................] 0/3, 0 failed: login, login"},
		{runner.Event{File: "a/login.sess", Try: 2}, 80, "[....................] 0/3, 0 failed: login, login"},
		{runner.Event{File: "a/login.sess", Try: 2, Result: failed}, 80, "[######..............] 1/3, 1 failed: login"},
		{runner.Event{File: "c/\x1b名前.sess"}, 80, `[######..............] 1/3, 1 failed: login, \x1b名前`},
		{runner.Event{File: "b/login.sess", Result: &runner.Result{}}, 47, `[#############.......] 2/3, 1 failed: \x1b名前`},
		{runner.Event{}, 46, `[#############.......] 2/3, 1 failed: \x1b名…`}, // the last column stays free
		{runner.Event{}, 10, "[#######…"},
	} {
		if step.event.File != "" {
			p.event(step.event)
		}
		if got := p.line(step.width); got != step.want {
			t.Errorf("%v in %d columns: %q, want %q", step.event, step.width, got, step.want)
		}
	}
}
