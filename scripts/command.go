package scripts

import (
	"context"
	"strings"
)

// Command is one command of the language, declared once for every front end.
type Command struct {
	Name    string   `json:"name"` // canonical, noun first: "session use"
	Aliases []string `json:"aliases,omitempty"`
	Summary string   `json:"summary"` // one line, no full stop
	Params  []Param  `json:"params,omitempty"`
	Flags   []Flag   `json:"flags,omitempty"`
	Detail  string   `json:"detail,omitempty"` // sentences, for "help NAME"
	Example string   `json:"example"`          // commands, one a line

	run func(context.Context, *call) (Result, error)
}

// Param is an argument that is found by its place.
type Param struct {
	Name     string `json:"name"` // as help shows it: "NAME"
	Kind     Kind   `json:"kind"`
	Optional bool   `json:"optional,omitempty"`
	Rest     bool   `json:"rest,omitempty"` // takes all remaining words, joined with one blank
}

// Flag is an argument that is found by its name, anywhere in the command.
type Flag struct {
	Name    string `json:"name"` // without the dashes
	Kind    Kind   `json:"kind"` // of its value; Switch for none
	Summary string `json:"summary"`
	Many    bool   `json:"many,omitempty"` // it may be given again; the values are lines
}

// Usage is how the command is written, under one of its names.
func (c *Command) Usage(name string) string {
	parts := []string{name}
	for _, p := range c.Params {
		if p.Optional {
			parts = append(parts, "["+p.Name+"]")
		} else {
			parts = append(parts, p.Name)
		}
	}
	for _, f := range c.Flags {
		parts = append(parts, "["+f.usage()+"]")
	}
	return strings.Join(parts, " ")
}

// notPrefix begins the names under which an assertion is negated.
const notPrefix = "expect not "

// summary is what the command does under one of its names.
func (c *Command) summary(name string) string {
	if strings.HasPrefix(name, notPrefix) {
		return strings.Replace(c.Summary, "Fail unless ", "Fail if ", 1)
	}
	return c.Summary
}

// both is what the command does under all its names, for lists of commands.
func (c *Command) both() string {
	if strings.HasPrefix(c.short(), notPrefix) {
		return c.Summary + "; not: the opposite"
	}
	return c.Summary
}

func (f Flag) usage() string {
	if f.Kind == Switch {
		return "--" + f.Name
	}
	return "--" + f.Name + " " + strings.ToUpper(string(f.Kind))
}

// names lists the canonical name and the aliases.
func (c *Command) names() []string { return append([]string{c.Name}, c.Aliases...) }

// short is the name that people type.
func (c *Command) short() string {
	if len(c.Aliases) > 0 {
		return c.Aliases[0]
	}
	return c.Name
}

func (c *Command) flag(name string) (Flag, bool) {
	for _, f := range c.Flags {
		if f.Name == name {
			return f, true
		}
	}
	return Flag{}, false
}
