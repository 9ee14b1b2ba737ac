package main

import (
	"context"
	"fmt"
	"strings"

	"sessdriver/scripts"
)

// man is `sessdriver man`: all that help tells, as a manual page.
func man(_ context.Context, _ *config, s streams) error {
	out := s.out
	roff := strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace
	line := func(text string) string {
		if text = roff(text); strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
			text = `\&` + text
		}
		return text
	}
	fmt.Fprintf(out, ".TH SESSDRIVER 1 %q sessdriver\n.SH NAME\nsessdriver \\- keep the HTTP sessions of every site in a browser, and force one\n.SH DESCRIPTION\n.nf\n", version())
	for text := range strings.SplitSeq(strings.TrimSpace(overview()), "\n") {
		fmt.Fprintln(out, line(text))
	}
	fmt.Fprintln(out, ".fi\n.SH OPTIONS")
	for _, f := range flagsNamed("") {
		typed, text := describe(f)
		fmt.Fprintf(out, ".TP\n.B %s\n%s\n", line(typed), line(text))
	}
	fmt.Fprintln(out, ".SH COMMANDS OF THE PROMPT AND OF SCRIPTS")
	for _, c := range scripts.NewRegistry().Commands() {
		fmt.Fprintf(out, ".TP\n.B %s\n%s.\n", line(c.Usage(c.Name)), line(c.Summary))
		if c.Detail != "" {
			fmt.Fprintln(out, line(c.Detail))
		}
	}
	fmt.Fprintln(out, ".SH EXIT STATUS\n.nf")
	for text := range strings.SplitSeq(strings.TrimSpace(exitHelp), "\n") {
		fmt.Fprintln(out, line(text))
	}
	fmt.Fprintln(out, ".fi")
	return nil
}
