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
	result Result
	after  []Case    // that come after a failure
	now    int       // the case that is running, -1 for none
	since  time.Time // it does
	around []int     // the cases around the sections that are running
}

func newTally(file string) *tally {
	return &tally{result: Result{File: file}, now: -1, since: time.Now()}
}

func (t *tally) note(r scripts.Result) {
	switch v := r.Value.(type) {
	case scripts.SectionGroup:
		if !v.Ends {
			t.around = append(t.around, t.now)
			return
		}
		n := len(t.around) - 1
		t.turn(t.around[n])
		t.around = t.around[:n]
		return
	case scripts.Section:
		t.begin(v.Name)
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
		t.add(c, r.Text)
	}
}

// maxOutput bounds what is kept of what a case prints, in bytes.
const maxOutput = 1 << 20

// add keeps what a case prints, as long as it is not too much.
func (t *tally) add(c *Case, text string) {
	switch {
	case c.size > maxOutput:
		return
	case c.size+len(text) > maxOutput:
		text = fmt.Sprintf("… more was printed; a report has %d bytes of it", maxOutput)
		c.size = maxOutput
	}
	c.size += len(text) + 1
	c.Output = append(c.Output, text)
}

// begin begins a case.
func (t *tally) begin(name string) {
	t.result.Cases = append(t.result.Cases, Case{Name: name, Status: Passed})
	t.turn(len(t.result.Cases) - 1)
}

// turn goes to another case; -1 is what stands in none.
func (t *tally) turn(to int) {
	if t.now >= 0 {
		c := &t.result.Cases[t.now]
		c.Took += time.Since(t.since)
		c.Seconds = c.Took.Seconds()
		t.since = time.Now()
	}
	t.now = to
}

// current is the case that is running. What stands in no section is one of its own, without
// a name.
func (t *tally) current() *Case {
	if t.now < 0 {
		t.now = slices.IndexFunc(t.result.Cases, func(c Case) bool { return c.Name == "" })
	}
	if t.now < 0 {
		t.begin("")
	}
	return &t.result.Cases[t.now]
}

// leaveOut gives the result of a script that has no case that was asked for.
func (t *tally) leaveOut(only *regexp.Regexp) Result {
	c := Case{Name: nameOf(t.result.File), Status: Skipped, Message: scripts.Escape(fmt.Sprintf("left out by --only %s", only))}
	t.result.Cases, t.result.LeftOut = []Case{c}, true
	return t.result
}

// end gives the result of the script, which ended with an error or not.
func (t *tally) end(err error) Result {
	if err != nil {
		c := t.current()
		c.Status, c.Err, c.Message = Failed, err, scripts.OneLine(err)
	} else if len(t.result.Cases) == 0 {
		t.begin("")
	}
	t.turn(-1)
	i := slices.IndexFunc(t.result.Cases, func(c Case) bool { return c.Name == "" })
	if i >= 0 {
		t.result.Cases[i].Name = nameOf(t.result.File)
		if len(t.result.Cases) > 1 && t.result.Cases[i].Status == Passed { // it only prepared the sections
			t.result.Cases = slices.Delete(t.result.Cases, i, i+1)
		}
	}
	t.result.Cases = append(t.result.Cases, t.after...)
	return t.result
}

// nameOf is what the case is called that is a whole script.
func nameOf(file string) string { return strings.TrimSuffix(filepath.Base(file), Ext) }
