package main

import (
	"strings"

	"sessdriver/cmd/sessdriver/internal/prompt"
	"sessdriver/scripts"
)

// gather puts the lines of a command together, which may take several.
type gather struct {
	begun  strings.Builder
	waits  string // what a line has in it that may end the command; "" may be any
	number int    // of the last line
	from   int    // the line where the command began
}

// open reports whether a command has begun, and has not ended.
func (g *gather) open() bool { return g.begun.Len() > 0 }

// add takes one more line. It returns the command when that is whole, as it is with the
// last line of all.
func (g *gather) add(line string, last bool) (command string, whole bool, err error) {
	if !g.open() {
		g.from = g.number
	}
	if g.begun.Len()+len(line) > prompt.MaxLine {
		return "", false, usagef("reading commands: those from line %d on are longer than %d MB together, since a block or a quote is open; end it before", g.from, prompt.MaxLine>>20)
	}
	more := g.open() && !strings.Contains(line, g.waits) // it needs no look at what may be long
	g.begun.WriteString(line)
	if !more && !last {
		g.waits, more = scripts.Unfinished(g.begun.String())
	}
	if more && !last {
		g.begun.WriteByte('\n')
		return "", false, nil
	}
	defer g.begun.Reset()
	return g.begun.String(), true, nil
}
