package scripts

import (
	"context"
	"slices"
	"strings"
	"time"

	"sessdriver/sessions"
)

// Engine runs commands against a browser and its book. It keeps no state of its
// own but the variables: front ends that share those may share one.
type Engine struct {
	Book     *sessions.Book
	Browser  Browser
	Mask     sessions.Mask    // hides the values of cookies in results
	Now      func() time.Time // nil means time.Now
	Commands *Registry        // nil means NewRegistry()
	Vars     *Vars            // nil means none, and that set refuses
	Recorder *Recorder        // of what history shows and saves; nil records nothing
	// Reports says that results are for a report: secrets in them are masked, also in what
	// a command is there to show.
	Reports bool
	// Interactive says that a person types the commands and reads the results: an expect that
	// holds says so.
	Interactive bool
	// ReadFile reads a script for include, and bounds how long it is; nil refuses.
	ReadFile func(ctx context.Context, name string) ([]byte, error)
	// Timeout is how long a page command waits for what it is about, and expect for what
	// it expects, where they have no --timeout; 0 means [DefaultTimeout]. Pages that are
	// opened or reloaded have [DefaultLoadTimeout].
	Timeout time.Duration
	// OnFailure is called when a command fails that a script ends with, before the blocks
	// around it force what was forced before; nil does nothing.
	OnFailure func()
	// SaveDefaults keeps the default tokens for later runs, and SaveSites the sites that were
	// split off or joined, where a command says --save, or AlwaysSave; nil refuses --save.
	SaveDefaults func([]sessions.Default) error
	SaveSites    func([]string) error
	AlwaysSave   bool
	Topics       []Topic // of a manual, which help lists and shows
}

// Result is what a command answers.
type Result struct {
	// Text is for a person: lines without an end after the last, safe for a
	// terminal. It may be "".
	Text string `json:"text"`
	// Value is for a program: it encodes as JSON, with names as they are and
	// the values of cookies masked as in Text.
	Value any `json:"value,omitempty"`
	// Quit asks the front end to end.
	Quit bool `json:"quit,omitempty"`
}

// Script is a text of commands and where it comes from.
type Script struct {
	Name string // of the file, for errors; "" at a prompt
	Line int    // of the text's first line in the file; 0 means 1
	Text string
	Only func(section string) bool // which sections are run; nil means all
}

// Run runs the one command of a line; a blank line or a comment does nothing.
// Errors are of type *[CommandError].
func (e *Engine) Run(ctx context.Context, line string) (Result, error) {
	statements, err := Parse(line)
	if err != nil {
		return Result{}, Script{}.broken(err)
	}
	switch len(statements) {
	case 0:
		return Result{}, nil
	case 1:
		return e.RunStatement(ctx, statements[0])
	}
	return Result{}, Script{}.broken(usageAt(statements[1].Position(), "there are %d commands where one is expected; type one at a time", len(statements)))
}

// RunScript runs the commands of a script until one fails or quits, and gives
// each the result of those that succeed, and a [NotRun] for each section after the one
// that fails. The whole text is checked before the first command runs, see [Engine.Check].
// Errors are of type *[CommandError].
func (e *Engine) RunScript(ctx context.Context, s Script, each func(Result)) error {
	r := &run{engine: e, each: each}
	return r.script(ctx, s)
}

// RunStatement runs one parsed command. Errors are of type *[CommandError].
func (e *Engine) RunStatement(ctx context.Context, s Statement) (Result, error) {
	var before []string // of a block
	quit := false
	r := &run{engine: e, each: func(r Result) { before, quit = append(before, r.Text), quit || r.Quit }}
	result, err := r.statement(ctx, s)
	result.Quit = result.Quit || quit
	result.Text = strings.Join(slices.DeleteFunc(append(before, result.Text), func(text string) bool { return text == "" }), "\n")
	return result, err
}

// broken is the error of a text that could not be read.
func (s Script) broken(err error) error {
	return s.placed(&CommandError{Position: atFault(err, Position{}), Err: err})
}

// placed adds to an error where the script stands.
func (s Script) placed(err error) error {
	e := err.(*CommandError)
	if e.Source != "" { // of a script that this one includes
		return e
	}
	e.Source = s.Name
	e.Position.Line += max(s.Line-1, 0)
	return e
}

func (e *Engine) registry() *Registry {
	if e.Commands == nil {
		return NewRegistry()
	}
	return e.Commands
}

func (e *Engine) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}
