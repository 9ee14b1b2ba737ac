package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"sessdriver/cmd/sessdriver/internal/doctor"
	"sessdriver/scripts"
)

// runDoctor is `sessdriver doctor`.
func runDoctor(ctx context.Context, c *config, s streams) error {
	k := newControl(c, s)
	defer k.close()
	options, err := c.launchOptions(k, s)
	if err != nil {
		return err
	}
	ctx, stop := k.interruptible(ctx)
	defer stop()
	o := doctor.Options{Browser: options, Guards: c.guards}
	o.Progress = func(text string) { fmt.Fprintln(s.err, scripts.Escape(scripts.Plain(text))) }
	encoder := json.NewEncoder(scripts.SafeJSON(s.out))
	o.Line = func(l doctor.Line) {
		if c.json {
			encoder.Encode(l)
		} else {
			fmt.Fprintln(s.out, l)
		}
	}
	report, err := doctor.Run(ctx, o)
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return scripts.WithNext(fmt.Errorf("doctor: %w", err), "try again, or another browser: --browser PATH")
	case c.json:
		err = json.NewEncoder(scripts.SafeJSON(s.out)).Encode(report)
	default:
		_, err = fmt.Fprint(s.out, verdictOf(report))
	}
	if report.Leaks+report.Missed > 0 {
		return errSilent
	}
	return err
}

// verdictOf is the report for a person.
func verdictOf(r doctor.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s: %d requests checked, ", scripts.Escape(r.Browser), r.Checked)
	if r.Leaks == 0 {
		b.WriteString("none leaks\n")
	} else {
		fmt.Fprintf(&b, "%d LEAK: do not rely on forced sessions in this browser, and report it with the lines above\n", r.Leaks)
	}
	if r.Missed > 0 {
		fmt.Fprintf(&b, "%d did not come, though this browser makes them when nothing is forced: they may have been blocked, or the machine is too busy\n", r.Missed)
	}
	section := func(head string, list []string) {
		if len(list) > 0 {
			fmt.Fprintf(&b, "\n%s:\n", head)
		}
		for _, line := range list {
			fmt.Fprintf(&b, "  %s\n", scripts.Escape(line))
		}
	}
	section("Good to know", r.Notes)
	if len(r.NotMade) > 0 {
		section("Never made by this browser", []string{strings.Join(r.NotMade, ", ")})
	}
	section("Not tested", r.Untested)
	return b.String()
}
