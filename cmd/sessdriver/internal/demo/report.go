package demo

import (
	"encoding/json"
	"fmt"
	"io"

	"sessdriver/scripts"
)

// NewTable reports as a table for people, row by row as it comes.
func NewTable(w io.Writer) Report {
	fmt.Fprintf(w, row, "step", "what is done in the tab", "the site is on", "the page shows", "the server saw")
	return &table{w}
}

const row = "%-4s  %-46s  %-14s  %-18s  %s\n"

type table struct{ w io.Writer }

func (t *table) Step(s Step) {
	fmt.Fprintf(t.w, row, fmt.Sprint(s.Number), s.Do, s.Session, s.Page, s.Server)
	if s.Note != "" {
		fmt.Fprintf(t.w, row, "", "", "", "", "("+s.Note+")")
	}
	if s.Problem != "" {
		fmt.Fprintln(t.w, "      FAILED:", scripts.Escape(s.Problem))
	}
}

func (t *table) End(failed int) {
	if failed == 0 {
		fmt.Fprintln(t.w, "All steps hold.")
	}
}

// NewLines reports as JSON lines for programs.
func NewLines(w io.Writer) Report { return &lines{json.NewEncoder(scripts.SafeJSON(w))} }

type lines struct{ encoder *json.Encoder }

func (l *lines) Step(s Step) { l.encoder.Encode(s) }
func (l *lines) End(int)     {}
