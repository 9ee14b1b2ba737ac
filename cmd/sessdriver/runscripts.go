package main

import (
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

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/demo"
	"sessdriver/cmd/sessdriver/internal/runner"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// runScripts is `sessdriver run FILE|DIR|GLOB…`.
func runScripts(ctx context.Context, c *config, s streams) error {
	if len(c.args) == 0 {
		return usagef("run: say which scripts: sessdriver run FILE, or a directory of *%s files", runner.Ext)
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
	o.Launch = func(ctx context.Context) (runner.Stage, error) { return c.stage(ctx, browser) }
	ctx, stop := k.interruptible(ctx)
	defer stop()
	began := time.Now()
	o.Report = c.reporter(s)
	results := runner.Run(ctx, o)
	if o.Only != nil && ctx.Err() == nil && !slices.ContainsFunc(results, func(r runner.Result) bool { return r.Sections > 0 || r.Err() != nil }) {
		return usagef("--only %s: no script has a section like that", c.only)
	}
	err = c.conclude(s, results, began)
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// runOptions reads the flags of run.
func (c *config) runOptions() (o runner.Options, err error) {
	o = runner.Options{Jobs: c.jobs, Retries: c.retries, Timeout: c.timeout, FailFast: c.failFast, Artifacts: c.artifacts, Vars: map[string]string{}}
	switch {
	case c.jobs < 1:
		return o, usagef("-j %d: at least one script at a time", c.jobs)
	case c.retries < 0:
		return o, usagef("--retries %d: it is a number of times", c.retries)
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

// stage starts a browser for one script, and a shop of its own with --shop.
func (c *config) stage(ctx context.Context, o cdp.Options) (runner.Stage, error) {
	o.Book = c.newBook(func(sessions.Event) {}) // what happens in several at a time would tell nobody anything
	b, err := cdp.Launch(ctx, o)
	if err != nil {
		return runner.Stage{}, err
	}
	s := runner.Stage{Engine: newEngine(o.Book, b, c.newMask()), Vars: map[string]string{}, Close: b.Close, Lost: b.Lost(), Why: b.Err}
	s.Keep = func(ctx context.Context, dir string) { keep(ctx, b, dir) }
	if !c.shop {
		return s, nil
	}
	shop, err := demo.Serve()
	if err != nil {
		return s, errors.Join(err, b.Close())
	}
	s.Vars["SHOP"] = strings.TrimSuffix(shop.URL, "/")
	s.Close = func() error { shop.Close(); return b.Close() }
	return s, nil
}

// keep saves what the page showed when a script failed.
func keep(ctx context.Context, b *cdp.Browser, dir string) {
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	if png, err := b.Screenshot(ctx, true); err == nil {
		os.WriteFile(filepath.Join(dir, "page-unmasked.png"), png, 0o600)
	}
	if texts, err := b.Texts(ctx, "body"); err == nil {
		os.WriteFile(filepath.Join(dir, "page-unmasked.txt"), []byte(strings.Join(texts, "\n")+"\n"), 0o600)
	}
}

// reporter tells of scripts as they end: lines, or with --json objects.
func (c *config) reporter(s streams) func(runner.Event) {
	encoder := json.NewEncoder(s.out)
	return func(e runner.Event) {
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
			encoder.Encode(map[string]any{"event": "end", "script": e.File, "passed": e.Result.Err() == nil, "seconds": e.Result.Took.Seconds(), "tries": e.Result.Tries})
		default:
			c.lines(s, e)
		}
	}
}

func (c *config) lines(s streams, e runner.Event) {
	for _, test := range e.Result.Cases {
		mark := map[runner.Status]string{runner.Passed: "ok  ", runner.Failed: "FAIL", runner.Skipped: "skip", runner.NotRun: "-   "}[test.Status]
		line := fmt.Sprintf("%s %s: %s (%.1fs)", mark, scripts.Escape(e.File), scripts.Escape(test.Name), test.Seconds)
		if e.Try > 1 {
			line += fmt.Sprintf(", try %d", e.Try)
		}
		fmt.Fprintln(s.out, line)
		if test.Status == runner.Failed && c.verbose {
			for _, text := range test.Output {
				fmt.Fprintln(s.out, "     | "+strings.ReplaceAll(text, "\n", "\n     | "))
			}
		}
		if test.Message != "" {
			fmt.Fprintln(s.out, "     "+test.Message)
		}
	}
}

// conclude writes the summary and the report. Its error has the exit code of the first
// script that failed.
func (c *config) conclude(s streams, results []runner.Result, began time.Time) error {
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
	if c.junit != "" {
		if err := writeJUnit(c.junit, results, began); err != nil {
			return err
		}
	}
	if first != nil {
		return &saidError{first}
	}
	return nil
}

func writeJUnit(name string, results []runner.Result, began time.Time) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err == nil {
		err = errors.Join(runner.JUnit(file, results, began), file.Close())
	}
	if err != nil {
		return fmt.Errorf("--junit: %w; name another file", err)
	}
	return nil
}

// saidError is an error that was told already: only its exit code counts.
type saidError struct{ cause error }

func (e *saidError) Error() string { return e.cause.Error() }

func (e *saidError) Unwrap() error { return e.cause }
