package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sessdriver/cmd/sessdriver/internal/runner"
	"sessdriver/scripts"
)

// runScripts is `sessdriver run FILE|DIR|GLOB…`.
func runScripts(ctx context.Context, c *config, s streams) error {
	if len(c.args) == 0 {
		return usagef("run needs a script: sessdriver run FILE, or a directory of *%s files", runner.Ext)
	}
	o, err := c.runOptions()
	if err != nil {
		return err
	}
	if o.Files, err = runner.Find(c.args); err != nil {
		return usagef("run: %v", err)
	}
	k := newControl(c, s)
	defer k.close()
	browser, err := c.launchOptions(k, s)
	if err != nil {
		return err
	}
	browser.Profile, browser.DebugPort = "", 0 // from the environment, say: scripts are to share nothing
	browsers := &pool{}
	defer browsers.close()
	o.Launch = func(ctx context.Context) (runner.Stage, error) { return c.stage(ctx, browsers, browser, k.mask, s.err) }
	report, err := c.openReport()
	if err != nil {
		return err
	}
	ctx, stop := k.interruptible(ctx)
	defer stop()
	began := time.Now()
	bar := &progress{total: len(o.Files)}
	if isScreen(s.out) && !c.json && !c.verbose { // a log would come in between
		bar.screen = s.out.file
	}
	k.notices.show(func(line string) { bar.write(s.err, k.notices.colours.paint(yellow, line)+"\n") })
	o.Report = c.reporter(s, bar)
	results := runner.Run(ctx, o)
	bar.end()
	k.notices.show(nil)
	err = c.conclude(s, results, report, began)
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case !slices.ContainsFunc(results, func(r runner.Result) bool { return !r.LeftOut }):
		return usagef("--only %s: no section, and no script without sections, has a name that matches; run without --only to see the names", c.only)
	}
	return err
}

// runOptions reads the flags of run.
func (c *config) runOptions() (o runner.Options, err error) {
	o = runner.Options{Jobs: c.jobs, Retries: c.retries, Timeout: c.timeout, FailFast: c.failFast, Artifacts: c.artifacts, Vars: map[string]string{}}
	switch {
	case c.jobs < 1:
		return o, usagef("-j %d: use 1 or more", c.jobs)
	case c.retries < 0:
		return o, usagef("--retries %d: use 0 or more", c.retries)
	case c.timeout <= 0:
		return o, usagef("--timeout %v: write it as 30s or 5m", c.timeout)
	}
	if c.only != "" {
		if o.Only, err = regexp.Compile(c.only); err != nil {
			return o, usagef("--only: %v", err)
		}
	}
	for _, variable := range c.vars {
		name, value, _ := strings.Cut(variable, "=")
		o.Vars[name] = value
	}
	return o, nil
}

// reporter reports scripts as they end: lines, or with --json objects.
func (c *config) reporter(s streams, bar *progress) func(runner.Event) {
	encoder := json.NewEncoder(scripts.SafeJSON(s.out))
	return func(e runner.Event) {
		defer bar.event(e)
		switch {
		case e.Result == nil && c.json:
			encoder.Encode(map[string]any{"event": "begin", "script": e.File, "try": e.Try})
		case e.Result == nil:
		case c.json:
			for _, test := range e.Result.Cases {
				encoder.Encode(struct {
					Event  string `json:"event"`
					Script string `json:"script"`
					runner.Case
				}{"case", e.File, test})
			}
			if e.Result.Tries == 0 { // it has not begun
				break
			}
			encoder.Encode(map[string]any{"event": "end", "script": e.File, "passed": e.Result.Err() == nil, "exit": exitCode(e.Result.Err()), "seconds": e.Result.Took.Seconds(), "tries": e.Result.Tries})
		default:
			bar.write(s.out, c.lines(e, c.coloursOn(s.out)))
		}
	}
}

// marks are how the lines of a run begin.
var marks = map[runner.Status]struct {
	style style
	text  string
}{
	runner.Passed:  {green, "ok  "},
	runner.Failed:  {red, "FAIL"},
	runner.Skipped: {yellow, "skip"},
	runner.NotRun:  {dim, "-   "},
}

// lines says how the cases of a script ended.
func (c *config) lines(e runner.Event, on colours) string {
	var b strings.Builder
	for _, test := range e.Result.Cases {
		mark := marks[test.Status]
		fmt.Fprintf(&b, "%s %s: %s", on.paint(mark.style, mark.text), scripts.Escape(e.File), scripts.Escape(test.Name))
		if test.Status == runner.NotRun {
			b.WriteString(": not run\n")
			continue
		}
		fmt.Fprintf(&b, " (%.1fs)", test.Seconds)
		if e.Try > 1 {
			fmt.Fprintf(&b, ", try %d", e.Try)
		}
		b.WriteString("\n")
		if test.Status == runner.Failed || c.verbose {
			b.WriteString(c.printed(test.Output))
		}
		if test.Message != "" {
			b.WriteString("     " + test.Message + "\n")
		}
	}
	return b.String()
}

// lastLines is how much of what a case printed is shown where nobody asked for all.
const lastLines = 20

// printed is what a case printed: all of it with -v, else the end.
func (c *config) printed(output []string) string {
	if len(output) == 0 {
		return ""
	}
	list := strings.Split(strings.Join(output, "\n"), "\n")
	if left := len(list) - lastLines; left > 0 && !c.verbose {
		list = append([]string{fmt.Sprintf("… %d lines before these: see them with -v", left)}, list[left:]...)
	}
	return "     | " + strings.Join(list, "\n     | ") + "\n"
}

// conclude writes the summary and the report. Its error has the exit code of the first
// script that failed, whatever becomes of the report.
func (c *config) conclude(s streams, results []runner.Result, report *os.File, began time.Time) error {
	count := map[runner.Status]int{}
	var first error
	for _, r := range results {
		for _, test := range r.Cases {
			count[test.Status]++
		}
		if err := r.Err(); err != nil && first == nil {
			first = err
		}
	}
	if !c.json {
		text := fmt.Sprintf("\n%d passed, %d failed", count[runner.Passed], count[runner.Failed])
		for _, status := range []runner.Status{runner.Skipped, runner.NotRun} {
			if count[status] > 0 {
				text += fmt.Sprintf(", %d %s", count[status], status)
			}
		}
		fmt.Fprintf(s.out, "%s in %.1fs\n", text, time.Since(began).Seconds())
	}
	if report != nil {
		if err := errors.Join(runner.JUnit(report, results, began), report.Close()); err != nil {
			err = fmt.Errorf("--junit: %w; name another file", err)
			fmt.Fprintln(s.err, "sessdriver: "+oneLine(err))
			first = cmp.Or(first, err)
		}
	}
	if first != nil {
		return &reportedError{first}
	}
	return nil
}

// openReport makes the file of --junit, before scripts run for nothing. It is nil without.
func (c *config) openReport() (*os.File, error) {
	if c.junit == "" {
		return nil, nil
	}
	var file *os.File
	err := os.MkdirAll(filepath.Dir(c.junit), 0o700)
	if err == nil {
		file, err = os.OpenFile(c.junit, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	}
	if err != nil {
		return nil, usagef("--junit: %v; name another file", err)
	}
	return file, nil
}

// reportedError is an error that was reported already: only its exit code counts.
type reportedError struct{ cause error }

func (e *reportedError) Error() string { return e.cause.Error() }

func (e *reportedError) Unwrap() error { return e.cause }
