package scripts

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sessdriver/sessions/fault"
)

// run is one run of a script.
type run struct {
	engine *Engine
	each   func(Result)
	files  []string // that are being run, the innermost last
	only   func(section string) bool

	included         int  // scripts so far
	sections         int  // that stood in the way so far, also those that were passed over
	skipping         bool // up to the next section
	skipped          int  // commands that were passed over
	quit             bool
	expectedFailures int  // how many of the commands around this one have a !
	failureReported  bool // OnFailure was called
}

// maxIncludes bounds how deep scripts include each other, and maxIncluded how many are
// included in all: two that each include two more, and so on, have no end.
const (
	maxIncludes = 20
	maxIncluded = 1000
)

// script runs a text.
func (r *run) script(ctx context.Context, s Script) error {
	statements, err := Parse(s.Text)
	if err != nil {
		return s.broken(err)
	}
	if len(r.files) == 0 {
		if err := r.engine.Check(ctx, s); err != nil {
			r.reportFailure(err)
			r.files, r.only = []string{s.Name}, s.Only
			r.reportNotRun(ctx, statements)
			return err
		}
	}
	r.files = append(r.files, s.Name)
	defer func() { r.files = r.files[:len(r.files)-1] }()
	if r.only == nil { // else it is included
		r.only = s.Only
	}
	if err := r.runBlock(ctx, statements); err != nil {
		return s.placed(err)
	}
	return nil
}

// runBlock runs the commands of a block, or of a script. After a skip it goes on with the
// next section; where none has begun, what the sections need is missing, and nothing more
// is run.
func (r *run) runBlock(ctx context.Context, block []Statement) (err error) {
	own, around := false, false // has sections; was passed over before them
	defer func() {
		if !own {
			return
		}
		r.skipping = around // they end where what they stand in does
		if err == nil {
			r.each(Result{Value: SectionGroup{Ends: true}})
		}
	}()
	for i, s := range block {
		if isSection(s) {
			if r.sections++; !own {
				own, around = true, r.skipping
				r.each(Result{Value: SectionGroup{}})
			}
			r.skipping = !r.wants(s)
		}
		if r.skipping && ctx.Err() == nil && !r.hasWantedSections(ctx, s) {
			r.skipped++
			continue
		}
		result, err := r.statement(ctx, s)
		if skip := (*SkipError)(nil); errors.As(err, &skip) {
			reason := r.engine.reported(skip.Reason, s)
			r.each(Result{Text: "skipped: " + Escape(reason), Value: Skipped{reason}})
			r.skipped++
			if r.skipping = true; r.sections == 0 {
				r.quit = true
				return nil
			}
			continue
		}
		if err != nil {
			r.reportNotRun(ctx, block[i+1:])
			return err
		}
		r.each(result)
		if r.quit = r.quit || result.Quit; r.quit {
			return nil
		}
	}
	return nil
}

// statement runs one command. Errors are of type *[CommandError].
func (r *run) statement(ctx context.Context, s Statement) (Result, error) {
	passed := r.skipped
	if s.Fails {
		r.expectedFailures++
	}
	name, result, err := r.dispatch(ctx, s)
	if err = advise(err, ""); fault.Of(err) == fault.Mistyped { // a selector, which only the browser knows
		err = &UsageError{Text: err.Error()}
	}
	if s.Fails {
		r.expectedFailures--
		if err != nil || r.skipped == passed && !r.quit { // else not all of it was run
			result, err = r.mustFail(ctx, s, result, err)
		}
	}
	err = ended(ctx, err)
	r.reportFailure(err)
	if inner := (*CommandError)(nil); errors.As(err, &inner) {
		return Result{}, inner // of a block, or a script that was included
	}
	if err != nil {
		return Result{}, &CommandError{Position: atFault(err, s.Position()), Name: name, Command: s.Text, Err: r.engine.maskError(err, s)}
	}
	result.Text = r.engine.reported(result.Text, s)
	return result, nil
}

// reportFailure calls OnFailure once when the script fails, while all is as the command
// left it: the blocks around it have not forced another session yet.
func (r *run) reportFailure(err error) {
	if skip := (*SkipError)(nil); err == nil || errors.As(err, &skip) || r.expectedFailures > 0 || r.failureReported {
		return
	}
	if r.failureReported = true; r.engine.OnFailure != nil {
		r.engine.OnFailure()
	}
}

// mustFail negates the outcome. What was typed wrong, or ended from outside, stays
// an error.
func (r *run) mustFail(ctx context.Context, s Statement, result Result, err error) (Result, error) {
	typed, skip, assertion := (*UsageError)(nil), (*SkipError)(nil), (*AssertionError)(nil)
	switch {
	case err == nil:
		return Result{}, &AssertionError{Expected: "the command to fail", Actual: "it succeeded: " + result.Text}
	case ctx.Err() != nil, errors.As(err, &typed), errors.As(err, &skip), errors.As(err, &assertion) && assertion.nothingSeen:
		return Result{}, err
	}
	return Result{Text: "fails, as it must: " + shortened(Plain(r.engine.maskError(err, s).Error()))}, nil
}

func (r *run) dispatch(ctx context.Context, s Statement) (name string, _ Result, _ error) {
	e := r.engine
	command, n := e.registry().lookup(s.Words)
	if command == nil {
		return "", Result{}, e.registry().unknown(s.Words)
	}
	name = joined(s.Words[:n])
	if asksHelp(s.Words[n:]) {
		return name, helpOn(command, name), nil
	}
	vars := e.Vars
	if vars == nil {
		vars = &Vars{}
	}
	words, err := vars.expand(s.Words[n:], e.Mask)
	if err != nil {
		return name, Result{}, err
	}
	c, name, err := e.bind(command, n, s, words)
	if err != nil {
		return name, Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return name, Result{}, err
	}
	c.engine, c.running, c.block, c.statement = e, r, s.Block, s
	if s.Block != nil && e.Recorder != nil && len(r.files) <= 1 { // its commands come in between
		e.Recorder.begin(c.recording(ctx, s, command))
		result, err := command.run(ctx, c)
		e.Recorder.end((err == nil) != s.Fails)
		return name, result, err
	}
	result, err := command.run(ctx, c)
	if (err == nil) != s.Fails {
		if record := c.recording(ctx, s, command); record != "" {
			e.Recorder.Add(record)
		}
	}
	return name, result, err
}

// include runs another script, named as from the one that includes it.
func (r *run) include(ctx context.Context, name string) error {
	if r.engine.ReadFile == nil {
		return errors.New("scripts cannot be included here; run one with: sessdriver run FILE")
	}
	name = fileOf(r.files, name)
	chain := func() string { return strings.Join(append(r.files, name), " → ") }
	switch {
	case includes(r.files, name):
		return usage("%s includes itself: %s; remove one include", name, chain())
	case len(r.files) > maxIncludes:
		return usage("scripts include each other more than %d deep: %s; remove one include", maxIncludes, chain())
	}
	if r.included++; r.included > maxIncluded {
		return usage("more than %d scripts are included, the last one here: %s; remove some includes", maxIncluded, chain())
	}
	text, err := r.engine.ReadFile(ctx, name)
	if err != nil {
		return fmt.Errorf("%w; write the path as seen from the script that includes it", err)
	}
	return r.script(ctx, Script{Name: name, Text: string(text)})
}

// isTyped reports whether a person typed the script, who may type another.
func (r *run) isTyped() bool { return len(r.files) == 0 || len(r.files) == 1 && r.files[0] == "" }

// fileOf is a file that the innermost of some scripts names as from its own.
func fileOf(files []string, file string) string {
	if filepath.IsAbs(file) || len(files) == 0 {
		return file
	}
	return filepath.Join(filepath.Dir(files[len(files)-1]), file)
}

// includes reports whether a file is one of those that include each other.
func includes(files []string, name string) bool {
	return slices.ContainsFunc(files, func(file string) bool { return filepath.Clean(file) == filepath.Clean(name) })
}
