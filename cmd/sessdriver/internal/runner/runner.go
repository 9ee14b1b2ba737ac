// Package runner runs scripts, several at a time, and reports how each test case in them
// ended. A script is isolated from the others: it has a stage of its own.
package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

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
	Only      *regexp.Regexp // which sections; what stands before the first is run always; nil means all
	FailFast  bool
	Artifacts string // a directory; "" keeps nothing
	Vars      map[string]string
	Launch    func(ctx context.Context) (Stage, error)
	Report    func(Event) // is told from several goroutines, one at a time
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
}

// Result is how a script ended.
type Result struct {
	File  string
	Cases []Case
	// Sections counts those that were run.
	Sections int
	Took     time.Duration
	Tries    int
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

// Event tells of a script: that it begins, or how it ended.
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
	tell := func(e Event) {
		telling.Lock()
		defer telling.Unlock()
		o.Report(e)
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(1, o.Jobs) {
		workers.Go(func() {
			for i := range next {
				results[i] = o.file(ctx, o.Files[i], tell)
				if o.FailFast && results[i].Err() != nil {
					stop()
				}
			}
		})
	}
	for i := range o.Files {
		select {
		case <-enough: // it goes before what is ready as well
		case <-ctx.Done():
		default:
			select {
			case next <- i:
				continue
			case <-enough:
			case <-ctx.Done():
			}
		}
		results[i] = Result{File: o.Files[i], Cases: []Case{{Name: o.Files[i], Status: NotRun}}}
	}
	close(next)
	workers.Wait()
	return results
}

// file runs a script, again as often as it may.
func (o *Options) file(ctx context.Context, file string, tell func(Event)) Result {
	var r Result
	for try := 1; ; try++ {
		tell(Event{File: file, Try: try})
		r = o.try(ctx, file)
		r.Tries = try
		if r.Err() == nil || try > o.Retries || ctx.Err() != nil {
			break
		}
	}
	tell(Event{File: file, Try: r.Tries, Result: &r})
	return r
}

// try runs a script once, on a stage of its own.
func (o *Options) try(ctx context.Context, file string) (r Result) {
	began := time.Now()
	t := &tally{began: began, result: Result{File: file}}
	defer func() { r.Took = time.Since(began) }()
	text, err := ReadScript(file)
	if err != nil {
		return t.end(file, err)
	}
	if _, err := scripts.Parse(string(text)); err != nil { // before a browser is started for it
		return t.end(file, (&scripts.Engine{}).RunScript(ctx, scripts.Script{Name: file, Text: string(text)}, func(scripts.Result) {}))
	}
	bounded, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("the script took longer than %v; give it more with --timeout", o.Timeout))
	defer cancel()
	stage, err := o.Launch(bounded)
	if err != nil {
		return t.end(file, err)
	}
	defer stage.Close()
	bounded, lost := context.WithCancelCause(bounded)
	defer lost(nil)
	go func() {
		select {
		case <-stage.Lost:
			lost(stage.Why())
		case <-bounded.Done():
		}
	}()
	vars := &scripts.Vars{}
	for _, list := range []map[string]string{stage.Vars, o.Vars} {
		for name, value := range list {
			vars.Set(name, value)
		}
	}
	stage.Engine.Vars, stage.Engine.ReadFile = vars, ReadScript
	script := scripts.Script{Name: file, Text: string(text)}
	if o.Only != nil {
		script.Only = o.Only.MatchString
	}
	err = stage.Engine.RunScript(bounded, script, t.note)
	if cause := context.Cause(bounded); err != nil && cause != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	if err != nil && o.Artifacts != "" && stage.Keep != nil && ctx.Err() == nil {
		dir := filepath.Join(o.Artifacts, strings.Trim(strings.NewReplacer("/", "-", "..", "").Replace(strings.TrimSuffix(filepath.ToSlash(file), Ext)), "-"))
		keeping, cancel := context.WithTimeout(ctx, 10*time.Second)
		if kept := stage.Keep(keeping, dir); kept != nil {
			err = fmt.Errorf("%w (and not all was saved in %s: %v)", err, dir, kept)
		}
		cancel()
	}
	return t.end(file, err)
}

// maxScript bounds the size of a script.
const maxScript = 1 << 20

// ReadScript reads a script's text.
func ReadScript(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory", file)
	case info.Size() > maxScript:
		return nil, fmt.Errorf("%s has %d bytes, a script may have %d; take it apart, and include the parts", file, info.Size(), maxScript)
	}
	return os.ReadFile(file)
}

// tally counts the cases of a script while it runs.
type tally struct {
	began  time.Time // the case that is running
	result Result
}

func (t *tally) note(r scripts.Result) {
	switch v := r.Value.(type) {
	case scripts.Section:
		t.close()
		t.result.Cases = append(t.result.Cases, Case{Name: v.Name, Status: Passed})
		t.began = time.Now()
		t.result.Sections++
		return
	case scripts.Skipped:
		c := t.current()
		c.Status, c.Message = Skipped, scripts.Escape(v.Reason)
		return
	}
	if r.Text != "" {
		c := t.current()
		c.Output = append(c.Output, r.Text)
	}
}

// current is the case that is running. What comes before the first section is one of its
// own.
func (t *tally) current() *Case {
	if len(t.result.Cases) == 0 {
		t.result.Cases = append(t.result.Cases, Case{Status: Passed})
	}
	return &t.result.Cases[len(t.result.Cases)-1]
}

func (t *tally) close() {
	if n := len(t.result.Cases); n > 0 {
		c := &t.result.Cases[n-1]
		c.Took = time.Since(t.began)
		c.Seconds = c.Took.Seconds()
	}
}

// end gives the result of the script, which ended with an error or not.
func (t *tally) end(file string, err error) Result {
	c := t.current()
	if err != nil {
		c.Status, c.Err, c.Message = Failed, err, scripts.Escape(err.Error())
	}
	t.close()
	name := strings.TrimSuffix(filepath.Base(file), Ext)
	cases := t.result.Cases
	if first := &cases[0]; first.Name == "" {
		first.Name = name
		if len(cases) > 1 && first.Status == Passed { // it only prepared the sections
			cases = cases[1:]
		}
	}
	t.result.Cases = slices.Clone(cases)
	return t.result
}

// Find lists the scripts that are meant: files, the scripts in directories, and what
// patterns match.
func Find(args []string) ([]string, error) {
	var list []string
	add := func(file string) {
		if !slices.Contains(list, file) {
			list = append(list, file)
		}
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err == nil && !info.IsDir():
			add(arg)
			continue
		case err == nil:
			arg = filepath.Join(arg, "*"+Ext)
		case !strings.ContainsAny(arg, "*?["):
			return nil, err
		}
		found, err := filepath.Glob(arg)
		if err != nil || len(found) == 0 {
			return nil, errors.Join(err, fmt.Errorf("%s: there is no script like that; their names end in %s", arg, Ext))
		}
		for _, file := range found {
			add(file)
		}
	}
	return list, nil
}
