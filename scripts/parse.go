package scripts

import (
	"fmt"
	"strings"
)

// Position is a place in a text: both count from 1, Column in characters. The
// zero Position is unknown.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Word is one word of a command, its quotes and backslashes taken off.
type Word struct {
	Text string
	// Quoted says that the first character was: such a word is no flag.
	Quoted   bool
	Position Position

	offset int // in bytes
}

func (w Word) isFlag() bool { return !w.Quoted && strings.HasPrefix(w.Text, "--") }

// Statement is one command as it was written. It has at least one word.
type Statement struct {
	Words []Word
	Text  string // the source
}

// Position is where the statement begins.
func (s Statement) Position() Position { return s.Words[0].Position }

// Parse splits a text into its commands. Errors are of type *[UsageError], with
// the place that they are about.
func Parse(text string) ([]Statement, error) {
	s := newScanner(text)
	if err := s.scan(); err != nil {
		return nil, err
	}
	return s.statements, nil
}

// Quote writes a text as one word that [Parse] reads back, which is never taken
// for a flag. Words that need no quotes stay as they are.
func Quote(text string) string {
	switch {
	case text != "" && text[0] != '#' && !strings.HasPrefix(text, "--") && !strings.ContainsFunc(text, isSpecial):
		return text
	case strings.Contains(text, "'") && !strings.ContainsAny(text, "\"\\$`"):
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// isSpecial is generous: a quote too many is harmless, and later additions to
// the language must not change what was quoted before.
func isSpecial(r rune) bool {
	return r <= ' ' || r == 0x7f || r >= 0x80 && strings.TrimSpace(string(r)) == "" || r == '\ufeff' || strings.ContainsRune("'\"\\;$`!", r)
}

// plural counts things in words: "1 tab", "2 tabs".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
