package main

import (
	"os"

	"golang.org/x/term"
)

// style is how a part of what the program writes looks: a code of the terminal.
type style string

const (
	red     style = "31"
	green   style = "32"
	yellow  style = "33"
	magenta style = "35"
	cyan    style = "36"
	dim     style = "2"
)

// colours says whether a stream takes colours.
type colours bool

// stream is one that may be a terminal.
type stream interface{ Fd() uintptr }

// coloursOn decides that for a stream; nothing else does.
func (c *config) coloursOn(f stream) colours {
	return colours(!c.noColour && os.Getenv("NO_COLOR") == "" && isScreen(f))
}

// isScreen reports whether the stream is a terminal that can do more than scroll.
func isScreen(f stream) bool {
	kind := os.Getenv("TERM")
	return kind != "" && kind != "dumb" && term.IsTerminal(int(f.Fd()))
}

// paint gives a text a style, where the stream takes colours.
func (on colours) paint(s style, text string) string {
	if !on || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[m"
}
