package runner

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sessdriver/scripts"
)

// tally counts the cases of a script while it runs.
type tally struct {
	began  time.Time // the case that is running
	result Result
	after  []Case // that come after a failure
}

func (t *tally) note(r scripts.Result) {
	switch v := r.Value.(type) {
	case scripts.Section:
		t.close()
		t.result.Cases = append(t.result.Cases, Case{Name: v.Name, Status: Passed})
		t.began = time.Now()
		return
	case scripts.NotRun:
		t.after = append(t.after, Case{Name: v.Section, Status: NotRun})
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

// leaveOut gives the result of a script that has no case that was asked for.
func (t *tally) leaveOut(only *regexp.Regexp) Result {
	c := Case{Name: nameOf(t.result.File), Status: Skipped, Message: scripts.Escape(fmt.Sprintf("left out by --only %s", only))}
	t.result.Cases, t.result.LeftOut = []Case{c}, true
	t.close()
	return t.result
}

// end gives the result of the script, which ended with an error or not.
func (t *tally) end(err error) Result {
	c := t.current()
	if err != nil {
		c.Status, c.Err, c.Message = Failed, err, scripts.Escape(err.Error())
	}
	t.close()
	cases := t.result.Cases
	if first := &cases[0]; first.Name == "" {
		first.Name = nameOf(t.result.File)
		if len(cases) > 1 && first.Status == Passed { // it only prepared the sections
			cases = cases[1:]
		}
	}
	t.result.Cases = append(slices.Clone(cases), t.after...)
	return t.result
}

// nameOf is what the case is called that is a whole script.
func nameOf(file string) string { return strings.TrimSuffix(filepath.Base(file), Ext) }
