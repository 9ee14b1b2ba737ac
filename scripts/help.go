package scripts

import (
	"fmt"
	"slices"
	"strings"
)

// Topic is a page of a manual. Its texts are safe for a terminal.
type Topic struct{ Name, Title, Text string }

// help lists all commands, a blank line between the nouns.
func (r *Registry) help() string {
	var names []string
	for _, c := range r.commands {
		names = append(names, c.Name)
	}
	return r.table(names) + "\n\n" +
		"NAME is a number from ls, a name, or the beginning of one; SITE/NAME or --site SITE means another site than the current tab's.\n" +
		"More about one of them: help COMMAND"
}

// table lists commands with their short names and summaries.
func (r *Registry) table(names []string) string {
	t := newTable("COMMAND", "SHORT", "")
	var nouns []string
	for _, c := range r.commands {
		if slices.Contains(names, c.Name) {
			t.add(c.bare().Usage(c.Name), strings.Join(c.Aliases, ", "), c.both())
			nouns = append(nouns, c.noun())
		}
	}
	head, rows, _ := strings.Cut(t.String(), "\n")
	lines := []string{head}
	for i, row := range strings.Split(rows, "\n") {
		if i > 0 && nouns[i] != nouns[i-1] {
			lines = append(lines, "")
		}
		lines = append(lines, row)
	}
	return strings.Join(lines, "\n")
}

// bare is the command without its flags.
func (c *Command) bare() *Command { return &Command{Name: c.Name, Params: c.Params} }

// noun is the first word of a name of two, "" for the others.
func (c *Command) noun() string {
	noun, _, ok := strings.Cut(c.Name, " ")
	if !ok {
		return ""
	}
	return noun
}

// helpOn says all about one command, under the name that was typed.
func helpOn(c *Command, name string) Result {
	if !strings.HasPrefix(c.short(), notPrefix) {
		name = c.short()
	}
	parts := []string{c.Usage(name) + "\n  " + c.summary(name) + "."}
	if c.Detail != "" {
		parts = append(parts, c.Detail)
	}
	if len(c.Flags) > 0 {
		t := &table{right: []bool{false, false}}
		for _, f := range c.Flags {
			t.add("  "+f.usage(), f.Summary)
		}
		parts = append(parts, t.String())
	}
	if len(c.Aliases) > 0 {
		parts = append(parts, "Names: "+strings.Join(c.names(), ", "))
	}
	parts = append(parts, "Example:\n  "+strings.ReplaceAll(c.Example, "\n", "\n  "))
	return Result{Text: strings.Join(parts, "\n\n"), Value: c}
}

// Markdown is the table of all commands, for the README. It ends in a line end.
func (r *Registry) Markdown() string {
	var b strings.Builder
	b.WriteString("| command | short | what it does |\n|---|---|---|\n")
	for _, c := range r.commands {
		var short []string
		for _, alias := range c.Aliases {
			short = append(short, "`"+alias+"`")
		}
		usage := strings.ReplaceAll(c.Usage(c.Name), "|", `\|`)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", usage, strings.Join(short, ", "), strings.ReplaceAll(c.both(), "|", `\|`))
	}
	return b.String()
}
