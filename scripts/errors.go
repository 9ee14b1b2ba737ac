package scripts

import (
	"errors"
	"fmt"
	"strings"

	"sessdriver/sessions"
)

// UsageError reports what was typed wrong, and what to type instead.
type UsageError struct {
	Position Position // zero means the command as a whole
	Text     string
	// Unfinished says that more lines could make it right: a quote or a block is open.
	Unfinished bool
	waits      string // what a later line has to have
}

func (e *UsageError) Error() string { return e.Text }

func usageAt(p Position, format string, args ...any) error {
	return &UsageError{Position: p, Text: fmt.Sprintf(format, args...)}
}

// unfinishedAt is usageAt for what more lines could make right.
func unfinishedAt(p Position, waits, format string, args ...any) error {
	return &UsageError{Position: p, Text: fmt.Sprintf(format, args...), Unfinished: true, waits: waits}
}

// Unfinished reports whether a text is a beginning, since a quote or a block is open, and
// what a line has in it that ends it: "" may be any.
func Unfinished(text string) (waits string, is bool) {
	_, err := Parse(text)
	typed := (*UsageError)(nil)
	if !errors.As(err, &typed) || !typed.Unfinished {
		return "", false
	}
	return typed.waits, true
}

func usage(format string, args ...any) error { return usageAt(Position{}, format, args...) }

// CommandError is what [Engine.Run] and [Engine.RunScript] fail with: the cause,
// with the command and the place it stands at. Its text is one line, safe for a
// terminal.
type CommandError struct {
	Source   string // the script's name; "" at a prompt
	Position Position
	Name     string // the command's name as typed, "" where it is unknown
	Command  string // the whole command; "" where the text could not be read
	Err      error
}

// Error leaves Command out: it may hold what was typed into a form.
func (e *CommandError) Error() string {
	var b strings.Builder
	switch {
	case e.Source != "":
		fmt.Fprintf(&b, "%s:%d:%d: ", e.Source, e.Position.Line, e.Position.Column)
	case e.Command == "" && e.Position.Line > 1:
		fmt.Fprintf(&b, "line %d, column %d: ", e.Position.Line, e.Position.Column)
	case e.Command == "":
		fmt.Fprintf(&b, "column %d: ", e.Position.Column)
	}
	if e.Name != "" {
		b.WriteString(e.Name + ": ")
	}
	b.WriteString(Plain(e.Err.Error()))
	return shortened(b.String())
}

// OneLine is an error in one line with what to type next, safe for a terminal, and without
// what may be secret in addresses. Those of the command language are so already.
func OneLine(err error) string {
	err = advise(err, "")
	if errors.As(err, new(*CommandError)) {
		return Escape(err.Error())
	}
	return Escape(strings.TrimSpace(strings.ReplaceAll(sessions.ShowURLs(Plain(err.Error())), "\n", " ")))
}

// shortened makes a message that is too long to be read as long as it may be: of what was
// typed, or of a page, there may be megabytes in it. What to type next is at its end.
func shortened(text string) string {
	const head, tail = 1500, 500
	if len(text) > head+tail {
		text = strings.ToValidUTF8(text[:head], "") + " … " + strings.ToValidUTF8(text[len(text)-tail:], "")
	}
	return Escape(text)
}

func (e *CommandError) Unwrap() error { return e.Err }

// atFault is the place of an error: the word that it is about, else the command.
func atFault(err error, command Position) Position {
	if u := (*UsageError)(nil); errors.As(err, &u) && u.Position != (Position{}) {
		return u.Position
	}
	return command
}
