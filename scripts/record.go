package scripts

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sessdriver/sessions"
)

// Recorder keeps the commands that succeeded, as a script that does the same again. What
// was typed into password fields, and the values of variables, are not in it: it names
// the variables that are to be set. It is safe for concurrent use.
type Recorder struct {
	// Keep gets each line, except addresses with a query or a user in them; it must not call
	// back. nil keeps none.
	Keep func(command string)

	mu      sync.Mutex // guards all below
	lines   []string
	open    []int             // where the blocks that are running begin in lines
	secrets map[string]string // variables by what they stand for: see secret
	needs   []string          // the variables
	made    []string          // those that the script itself sets
	others  bool              // it includes a script, which may set any
}

// ofAddress finds what may be secret in an address, or the variable for that.
var ofAddress = regexp.MustCompile(`[?@]|\$\{(` + sessions.URLParameter + "|" + sessions.URLFragment + "|" + sessions.URLRest + `)`)

// notRecordedLine stands for a command that is not recorded.
const notRecordedLine = "# not recorded, since secrets may be in it"

// writesSecret finds scripts that give a page a cookie, or what else keeps a login.
var writesSecret = regexp.MustCompile(`(?is)(cookie|storage|authorization|bearer|passw|secret|token).*([^=!<>]=([^=>]|$)|\.set|setItem)|bearer `)

// notRecorded are the commands that do nothing that a script could want again.
var notRecorded = []string{"history", "help", "quit"}

// secretVariable is what the typed secrets are called.
const secretVariable = "PASSWORD"

// script is what was recorded, with a head that says what is to be set. Of a line that has
// a secret, which may have become known as one later, nothing is in it.
func (r *Recorder) script(secret func(line string) bool) string {
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
		if secret(line) {
			line = notRecordedLine
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Add records a command that was given in another way than by typing it.
func (r *Recorder) Add(text string) {
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

// AddOpen records that a page was opened by other means than a command.
func (r *Recorder) AddOpen(address string) {
	word := Word{Text: address}
	text, hidden := r.withoutSecrets(word, true)
	if !hidden {
		text = Quote(address)
	}
	r.Add("open " + text)
}

// keep passes the lines from one on to Keep, unless a block is running.
func (r *Recorder) keep(from int) {
	if r.Keep == nil || len(r.open) > 0 {
		return
	}
	for _, line := range r.lines[from:] {
		if !ofAddress.MatchString(line) {
			r.Keep(line)
		}
	}
}

// need notes that a variable is to be set, where the script does not do that.
func (r *Recorder) need(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.made, name) {
		r.needs = with(r.needs, name)
	}
}

// make notes that the script sets a variable.
func (r *Recorder) make(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made = with(r.made, name)
}

// includes notes that another script may set any variable.
func (r *Recorder) includes() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.others = true
}

// set is how set is recorded, whose value may be a secret: as a variable that is to be
// set, with a name of its own where the first one had another value before.
func (r *Recorder) set(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	other := name
	for n := 2; r.others && other == name || slices.Contains(r.needs, other) || slices.Contains(r.made, other); n++ {
		other = name + "_" + strconv.Itoa(n)
	}
	r.needs = append(r.needs, other)
	if other == name {
		return ""
	}
	return fmt.Sprintf(`set %s "$%s"`, name, other)
}

func with(list []string, name string) []string {
	if !slices.Contains(list, name) {
		list = append(list, name)
	}
	return list
}

// secret is the variable for a secret of a sort, with a number where there are several.
func (r *Recorder) secret(sort, value string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := sort + " " + value
	name, ok := r.secrets[key]
	if ok {
		return name
	}
	name = sort
	for n := 2; slices.Contains(r.needs, name) || slices.Contains(r.made, name); n++ {
		name = sort + "_" + strconv.Itoa(n)
	}
	if r.secrets == nil {
		r.secrets = map[string]string{}
	}
	r.secrets[key] = name
	r.needs = append(r.needs, name)
	return name
}

// recording is how a command that has succeeded is to be recorded; "" for not at all.
// What was typed into a field is a secret unless the page says that it is not one.
func (c *call) recording(ctx context.Context, s Statement, command *Command) string {
	r := c.engine.Recorder
	if r == nil || len(c.running.files) > 1 || slices.Contains(notRecorded, command.Name) {
		return ""
	}
	for _, w := range s.Words {
		for _, p := range w.parts {
			if p.variable != "" {
				r.need(p.variable)
			}
		}
	}
	if into := c.flags["into"]; into != "" && !s.Fails {
		defer r.make(into)
	}
	_, data := c.flags["data"]
	_, value := c.args["VALUE"]
	switch {
	case command.Name == "set":
		if name, given := c.args["NAME"]; given {
			return r.set(name)
		}
		return ""
	case command.Name == "watch" && !c.has("last") && !c.has("for"): // it would not end
		return ""
	case command.Name == includeName:
		r.includes()
		if name, err := filepath.Abs(fileOf(c.running.files, c.args["FILE"])); err == nil && c.sources["FILE"] == "" { // the script may be saved elsewhere
			return not(s) + includeName + " " + Quote(name)
		}
	case data, c.has("header"), value && command.Name == "expect cookie":
		return notRecordedLine + ": " + c.name
	case command.Name == "page fill" && c.args["TEXT"] != "" && c.typesSecret(ctx, s):
		return fmt.Sprintf(`%s%s %s "$%s"`, not(s), c.name, Quote(c.args["SELECTOR"]), r.secret(secretVariable, c.args["TEXT"]))
	}
	if c.hasSecret(s) {
		return notRecordedLine + ": " + c.name
	}
	relative := slices.Contains([]string{"page open", "page request", "expect url"}, command.Name) ||
		command.Name == "page wait" && slices.Contains([]string{"url", "request"}, c.args["WHAT"])
	return r.line(s, relative)
}

// hasSecret reports whether a command has a secret in plain text.
func (c *call) hasSecret(s Statement) bool {
	plain := s.plain()
	return writesSecret.MatchString(c.args["SCRIPT"]) || c.engine.Book.Secret(plain) || slices.ContainsFunc(c.engine.Vars.secrets(), func(value string) bool { return len(value) >= 6 && strings.Contains(plain, value) })
}

func not(s Statement) string {
	if s.Fails {
		return "! "
	}
	return ""
}

// typesSecret reports whether a fill has a secret among its words: variables are none.
func (c *call) typesSecret(ctx context.Context, s Statement) bool {
	literal := 0
	for _, w := range s.Words {
		if w.parts == nil || slices.ContainsFunc(w.parts, func(p part) bool { return p.text != "" }) {
			literal++
		}
	}
	if literal <= len(strings.Fields(c.name))+1 && len(c.flags) == 0 { // the name and the selector
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	secret, known := c.engine.Browser.Secret(ctx, c.args["SELECTOR"])
	return secret || !known
}
