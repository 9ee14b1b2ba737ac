// Package runner runs scripts, several at a time, and reports how each test case in them
// ended. A script is isolated from the others: it has a stage of its own.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"sessdriver/cmd/sessdriver/internal/bounded"
	"sessdriver/scripts"
)

// Ext is how the names of scripts end.
const Ext = ".sess"

// Stage is where one script runs.
type Stage struct {
	Engine *scripts.Engine
	Vars   map[string]string // that it brings along
	Close  func() error      // ends the browser
	Lost   <-chan struct{}   // closed when the browser is gone
	Why    func() error      // it is
	// Keep saves what helps to understand a failure into a directory; nil saves nothing.
	Keep func(ctx context.Context, dir string) error
}

// Options of a run.
type Options struct {
	Files     []string
	Jobs      int // at a time
	Retries   int // of a script that fails
	Timeout   time.Duration
	Only      *regexp.Regexp // which cases, by their names; what stands before the first section is run for any; nil means all
	FailFast  bool
	Artifacts string // a directory; "" keeps nothing
	Vars      map[string]string
	Launch    func(ctx context.Context) (Stage, error)
	Report    func(Event) // is called from several goroutines, one at a time
}

// Status is how a case ended.
type Status string

const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
	// NotRun says that the run ended before.
	NotRun Status = "not run"
)

// Case is a test case: a section of a script, or the whole of one that has none.
type Case struct {
	Name    string        `json:"case"`
	Status  Status        `json:"status"`
	Took    time.Duration `json:"-"`
	Seconds float64       `json:"seconds"`
	Message string        `json:"message,omitempty"` // why it failed or was skipped; safe for a terminal
	Output  []string      `json:"output,omitempty"`
	Err     error         `json:"-"`

	size int // of Output, in bytes
}

// Result is how a script ended.
type Result struct {
	File    string
	Cases   []Case
	LeftOut bool // it has no case that was asked for
	Took    time.Duration
	Tries   int // 0 when it was not begun
}

// Err is why the script failed, nil when it did not.
func (r Result) Err() error {
	for _, c := range r.Cases {
		if c.Err != nil {
			return c.Err
		}
	}
	return nil
}

// Event is about a script: that it begins, how it ended, or that it is not run at all.
type Event struct {
	File   string
	Try    int
	Result *Result // nil when it begins
}

// Run runs the scripts and gives the results in the order of the files. Scripts that were
// not begun when the context ended are not run.
func Run(ctx context.Context, o Options) []Result {
	enough := make(chan struct{}) // closed when no more are to be begun
	stop := sync.OnceFunc(func() { close(enough) })
	results := make([]Result, len(o.Files))
	var telling sync.Mutex
	report := func(e Event) {
		telling.Lock()
		defer telling.Unlock()
		o.Report(e)
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(1, o.Jobs) {
		workers.Go(func() {
			for i := range next {
				select {
				case <-enough:
					continue
				case <-ctx.Done():
					continue
				default:
				}
				results[i] = o.file(ctx, o.Files[i], report)
				if o.FailFast && results[i].Err() != nil {
					stop()
				}
			}
		})
	}
	for i := range o.Files {
		next <- i
	}
	close(next)
	workers.Wait()
	for i, file := range o.Files {
		if results[i].Tries == 0 {
			results[i] = Result{File: file, Cases: []Case{{Name: nameOf(file), Status: NotRun}}}
			report(Event{File: file, Result: &results[i]})
		}
	}
	return results
}

// file runs a script, again as often as it may.
func (o *Options) file(ctx context.Context, file string, report func(Event)) Result {
	var r Result
	for try := 1; ; try++ {
		report(Event{File: file, Try: try})
		r = o.try(ctx, file)
		r.Tries = try
		if r.Err() == nil || try > o.Retries || ctx.Err() != nil {
			break
		}
	}
	report(Event{File: file, Try: r.Tries, Result: &r})
	return r
}

// try runs a script once, on a stage of its own.
func (o *Options) try(ctx context.Context, file string) (r Result) {
	began := time.Now()
	t := newTally(file)
	defer func() { r.Took = time.Since(began) }()
	timed, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("the script took longer than %v; give it more with --timeout", o.Timeout))
	defer cancel()
	text, err := ReadScript(timed, file)
	if err != nil {
		return t.end(err)
	}
	if _, err := scripts.Parse(string(text)); err != nil { // before a browser is started for it
		return t.end((&scripts.Engine{}).RunScript(ctx, scripts.Script{Name: file, Text: string(text)}, func(scripts.Result) {}))
	}
	script := scripts.Script{Name: file, Text: string(text)}
	if sections, all := scripts.Sections(timed, script, ReadScript); all && !o.takes(file, sections) {
		return t.leaveOut(o.Only)
	}
	stage, err := o.Launch(timed)
	if err != nil {
		return t.end(err)
	}
	defer stage.Close()
	timed, lost := context.WithCancelCause(timed)
	defer lost(nil)
	go func() {
		select {
		case <-stage.Lost:
			lost(stage.Why())
		case <-timed.Done():
		}
	}()
	stage.Engine.Vars, stage.Engine.ReadFile = o.variables(stage), ReadScript
	var kept, cause error
	stage.Engine.OnFailure = func() {
		cause = context.Cause(timed) // what comes later is not why it fails
		kept = o.keep(ctx, stage, file)
	}
	var sections []string // that it has, also where it includes them
	if o.Only != nil {
		script.Only = func(section string) bool {
			sections = append(sections, section)
			return o.Only.MatchString(section)
		}
	}
	err = stage.Engine.RunScript(timed, script, t.note)
	if err != nil && cause != nil && ctx.Err() == nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	if kept != nil {
		err = fmt.Errorf("%w (and %v)", err, kept)
	}
	if err == nil && t.current().Status == Passed && !o.takes(file, sections) { // its sections are known only now
		return t.leaveOut(o.Only)
	}
	return t.end(err)
}

func (o *Options) variables(stage Stage) *scripts.Vars {
	vars := &scripts.Vars{}
	for _, list := range []map[string]string{stage.Vars, o.Vars} {
		for name, value := range list {
			vars.Set(name, value)
		}
	}
	return vars
}

// takes reports whether a script with these sections has a case that is to be run.
func (o *Options) takes(file string, sections []string) bool {
	if len(sections) == 0 {
		sections = []string{nameOf(file)}
	}
	return o.Only == nil || slices.ContainsFunc(sections, o.Only.MatchString)
}

// keep saves what helps to understand why a script fails.
func (o *Options) keep(ctx context.Context, stage Stage, file string) error {
	if o.Artifacts == "" || stage.Keep == nil || ctx.Err() != nil {
		return nil
	}
	dir := filepath.Join(o.Artifacts, strings.Trim(strings.NewReplacer("/", "-", "..", "").Replace(strings.TrimSuffix(filepath.ToSlash(file), Ext)), "-"))
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := stage.Keep(ctx, dir); err != nil {
		return fmt.Errorf("not everything was saved in %s: %w; name another directory with --artifacts", dir, err)
	}
	return nil
}

// MaxScript bounds the size of a script, in bytes.
const MaxScript = 1 << 20

// ReadScript reads a script's text.
func ReadScript(ctx context.Context, file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory, not a script", file)
	}
	text, err := bounded.FileWithin(ctx, file, MaxScript)
	if tooLong := (*bounded.TooLongError)(nil); errors.As(err, &tooLong) {
		return nil, fmt.Errorf("%s is too long: a script may have %d bytes; split it, and include the parts", file, MaxScript)
	}
	return text, err
}

// maxFiles bounds how many scripts a run has.
const maxFiles = 10_000

// Find lists the scripts that are meant: files, the scripts in directories and in those
// below them, and what patterns match.
func Find(args []string) ([]string, error) {
	var list []string
	seen := map[string]bool{}
	add := func(file string) {
		if !seen[file] {
			seen[file], list = true, append(list, file)
		}
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err == nil && !info.IsDir():
			add(arg)
			continue
		case err == nil:
			found, err := below(arg)
			if err != nil {
				return nil, err
			}
			for _, file := range found {
				add(file)
			}
			continue
		case !strings.ContainsAny(arg, "*?["):
			return nil, err
		}
		found, err := filepath.Glob(arg)
		if err != nil || len(found) == 0 {
			return nil, errors.Join(err, fmt.Errorf("%s: no script matches; the names of scripts end in %s", arg, Ext))
		}
		for _, file := range found {
			add(file)
		}
	}
	if len(list) > maxFiles {
		return nil, fmt.Errorf("these are %d scripts, and a run may have %d; name fewer", len(list), maxFiles)
	}
	return list, nil
}

// below lists the scripts in a directory and in those below it, but not in hidden ones.
func below(dir string) (found []string, err error) {
	err = filepath.WalkDir(dir+string(filepath.Separator), func(path string, entry fs.DirEntry, err error) error { // behind a separator a link is followed
		hidden := strings.HasPrefix(entry.Name(), ".") && filepath.Clean(path) != filepath.Clean(dir)
		switch {
		case err != nil:
			return err
		case hidden && entry.IsDir():
			return fs.SkipDir
		case !hidden && !entry.IsDir() && filepath.Ext(path) == Ext:
			found = append(found, filepath.Clean(path))
		}
		return nil
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: there is no script in this directory or below it; the names of scripts end in %s", dir, Ext)
	}
	return found, err
}
