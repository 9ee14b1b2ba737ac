package scripts

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Recorder keeps the commands that succeeded, as a script that does the same again. What
// was typed into password fields, and the values of variables, are not in it: it names
// the variables that are to be set. It is safe for concurrent use.
type Recorder struct {
	Keep func(command string) // is told each line; it must not call back. nil for nobody

	mu      sync.Mutex // guards all below
	lines   []string
	open    []int             // where the blocks that are running begin in lines
	secrets map[string]string // variables by what was typed
	needs   []string          // the variables
}

// notRecorded are the commands that do nothing that a script could want again.
var notRecorded = []string{"history", "help", "quit"}

// secretVariable is what the typed secrets are called.
const secretVariable = "PASSWORD"

// script is what was recorded, with a head that says what is to be set.
func (r *Recorder) script() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	b.WriteString("# Recorded by sessdriver; run it with: sessdriver run FILE\n")
	if len(r.needs) > 0 {
		b.WriteString("# Variables to set, with --var NAME=VALUE or SESSDRIVER_VAR_NAME:\n")
		for _, name := range r.needs {
			fmt.Fprintf(&b, "#   %s\n", name)
		}
	}
	for _, line := range r.lines {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// add records a command.
func (r *Recorder) add(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, text)
	r.keep(len(r.lines) - 1)
}

// begin records the beginning of a block.
func (r *Recorder) begin(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open, r.lines = append(r.open, len(r.lines)), append(r.lines, text)
}

// end records that the block has ended; one that failed is as if it had not been.
func (r *Recorder) end(well bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	if !well {
		r.lines = r.lines[:from]
		return
	}
	r.lines = append(r.lines, closes)
	r.keep(from)
}

// keep tells of the lines from one on, unless a block is running.
func (r *Recorder) keep(from int) {
	if r.Keep == nil || len(r.open) > 0 {
		return
	}
	for _, line := range r.lines[from:] {
		r.Keep(line)
	}
}

// need notes that a variable is to be set.
func (r *Recorder) need(name string) {
	if !slices.Contains(r.needs, name) {
		r.needs = append(r.needs, name)
	}
}

// secret is the variable for a typed secret.
func (r *Recorder) secret(value string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name, ok := r.secrets[value]; ok {
		return name
	}
	name := secretVariable
	if n := len(r.secrets); n > 0 {
		name += "_" + strconv.Itoa(n+1)
	}
	if r.secrets == nil {
		r.secrets = map[string]string{}
	}
	r.secrets[value] = name
	r.need(name)
	return name
}

// recording is how a command is to be recorded once it has succeeded; "" for not at all.
// It is asked before the command runs: afterwards the page may be another.
func (c *call) recording(ctx context.Context, s Statement, command *Command) string {
	r := c.engine.Recorder
	if r == nil || len(c.running.files) > 1 || slices.Contains(notRecorded, command.Name) {
		return ""
	}
	for _, w := range s.Words {
		low := strings.ToLower(w.Text)
		if w.parts == nil && (strings.Contains(low, "authorization:") || strings.Contains(low, "cookie:")) {
			return "# not recorded, since a secret is in it: " + c.name
		}
		for _, p := range w.parts {
			if p.variable != "" {
				r.mu.Lock()
				r.need(p.variable)
				r.mu.Unlock()
			}
		}
	}
	text, selector := c.args["TEXT"], c.args["SELECTOR"]
	switch {
	case command.Name == "set":
		if name, given := c.args["NAME"]; given {
			r.mu.Lock()
			r.need(name)
			r.mu.Unlock()
		}
		return ""
	case command.Name == "page fill" && text != "" && s.Words[len(s.Words)-1].parts == nil && c.engine.Browser.Secret(ctx, selector):
		return fmt.Sprintf(`%s %s "$%s"`, c.name, Quote(selector), r.secret(text))
	}
	return s.Text
}
