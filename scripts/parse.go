package scripts

import (
	"fmt"
	"slices"
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
	// Text is the word; where it has variables, as it was written.
	Text string
	// Quoted says that the first character was, or is a variable's: such a word is no
	// flag.
	Quoted   bool
	Position Position

	offset int    // in bytes
	source string // as it was written, where that is not Text: for messages
	masked string // with secrets masked, of a word that had variables
	parts  []part // of a word with variables; else nil
}

// part is a piece of a word: text, or a variable.
type part struct {
	text, variable string
	position       Position
}

func (w Word) isFlag() bool { return !w.Quoted && strings.HasPrefix(w.Text, "--") }

// Statement is one command as it was written. It has at least one word.
type Statement struct {
	Words []Word
	Text  string // the source; of a block the first line
	// Fails says that the command has to fail: it has a ! before it.
	Fails bool
	// comment is what follows the words and begins with a #, where no blank is behind that:
	// it may be meant as a word.
	comment Word
	// Block has the commands up to its end, where it begins a block (as NAME … end).
	Block []Statement
}

// opens names the commands that begin a block, and closes the one that ends it.
var opens = []string{"as"}

const closes = "end"

// maxBlocks bounds how many blocks stand in each other.
const maxBlocks = 20

// Position is where the statement begins.
func (s Statement) Position() Position { return s.Words[0].Position }

// Parse splits a text into its commands. Errors are of type *[UsageError], with
// the place that they are about.
func Parse(text string) ([]Statement, error) {
	s := newScanner(text)
	if err := s.scan(); err != nil {
		return nil, err
	}
	list, rest, err := blocks(s.statements, nil, 0)
	if err == nil && len(rest) > 0 {
		err = usageAt(rest[0].Position(), "this end has no block; remove it, or begin a block with: as NAME")
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// blocks puts the commands of blocks into the ones that begin them. rest begins with
// the end of the block that was opened, if one was; it stands in depth others.
func blocks(flat []Statement, opened *Statement, depth int) (list, rest []Statement, err error) {
	for len(flat) > 0 {
		s := flat[0]
		first := s.Words[0]
		switch {
		case first.Text == closes && !first.Quoted && len(s.Words) > 1:
			return nil, nil, usageAt(s.Words[1].Position, "end takes no arguments; type: end")
		case first.Text == closes && !first.Quoted:
			return list, flat, nil
		case slices.Contains(opens, first.Text) && depth == maxBlocks:
			return nil, nil, usageAt(first.Position, "blocks are nested more than %d deep; end some of them before", maxBlocks)
		case slices.Contains(opens, first.Text):
			if s.Block, flat, err = blocks(flat[1:], &s, depth+1); err != nil {
				return nil, nil, err
			}
		}
		list, flat = append(list, s), flat[1:]
	}
	if opened != nil {
		return nil, nil, unfinishedAt(opened.Position(), closes, "the block that begins here is never closed; add: end")
	}
	return list, nil, nil
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
