package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"sessdriver/cmd/sessdriver/internal/manual"
	"sessdriver/scripts"
)

// man is `sessdriver man`: all of help as a manual page.
func man(_ context.Context, _ *config, s streams) error {
	fmt.Fprintf(s.out, ".TH SESSDRIVER 1 %q sessdriver\n.SH NAME\nsessdriver \\- keep the HTTP sessions of every site in a browser, and force one\n.SH DESCRIPTION\n", version())
	asItIs(s.out, overview())
	fmt.Fprintln(s.out, ".SH OPTIONS")
	for _, f := range flagsNamed("") {
		typed, text := describe(f)
		item(s.out, typed, strings.Join(commandNames(f.Name), ", ")+": "+text)
	}
	fmt.Fprintln(s.out, ".SH COMMANDS OF THE PROMPT AND OF SCRIPTS")
	for _, c := range scripts.NewRegistry().Commands() {
		item(s.out, c.Usage(c.Name), c.Summary+". "+c.Detail)
	}
	for _, page := range manual.Pages() {
		if page.Name != "commands" && page.Name != "flags" { // they are above
			asItIs(s.out, page.Text)
		}
	}
	return nil
}

// item is a term, and the text about it.
func item(out io.Writer, term, text string) {
	fmt.Fprintf(out, ".TP\n.B %s\n%s\n", roff(term), roff(strings.TrimSpace(text)))
}

// asItIs shows the lines of a text that is laid out already, under its headings.
func asItIs(out io.Writer, text string) {
	fmt.Fprintln(out, ".nf")
	for line := range strings.SplitSeq(text, "\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			fmt.Fprintf(out, ".fi\n.SH %s\n.nf\n", roff(strings.ToUpper(title)))
		} else if title, ok := strings.CutPrefix(line, "## "); ok {
			fmt.Fprintf(out, ".fi\n.SS %s\n.nf\n", roff(title))
		} else {
			fmt.Fprintln(out, roff(line))
		}
	}
	fmt.Fprintln(out, ".fi")
}

// roff is a line of text for the formatter, which takes one that begins with a dot for its
// own.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}
