package manual

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// columns is how wide a page is: it fits a terminal also where the manual page indents it.
const columns = 72

var link = regexp.MustCompile(`\[([^]]+)\]\([^)]*\)`)

// plain is a page for a terminal: Markdown without links, comments and fences, its tables
// aligned. Running text is wrapped in the files already.
func plain(markdown string) string {
	var out []string
	var rows [][]string
	code := false
	markdown = link.ReplaceAllString(strings.TrimSpace(markdown)+"\n", "$1")
	for line := range strings.SplitSeq(markdown, "\n") {
		if !code && strings.HasPrefix(line, "|") {
			rows = append(rows, cells(line))
			continue
		}
		if rows != nil {
			out, rows = append(out, table(rows)), nil
		}
		switch {
		case strings.HasPrefix(line, "```"):
			code = !code
		case code:
			out = append(out, strings.TrimRight("    "+line, " "))
		case !strings.HasPrefix(line, "<!--"):
			out = append(out, line)
		}
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}

// cells splits a row of a table. A backslash before | makes it a part of a cell.
func cells(row string) []string {
	row = strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(row, `\|`, "\x00"), "|"), "|")
	list := strings.Split(row, "|")
	for i, cell := range list {
		list[i] = strings.ReplaceAll(strings.TrimSpace(cell), "\x00", "|")
	}
	return list
}

// table shows rows, of which the second rules off the heads: in columns where they are
// narrow enough, else as a list of what stands in the first column.
func table(rows [][]string) string {
	rows = slices.Delete(rows, 1, 2)
	widths := make([]int, len(rows[0]))
	total := 0
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i])+2)
		}
		total += widths[i]
	}
	var lines []string
	if total > columns {
		var list [][2]string
		for _, row := range rows[1:] {
			rest := slices.DeleteFunc(slices.Clone(row[1:]), func(cell string) bool { return cell == "" })
			list = append(list, [2]string{strings.ReplaceAll(row[0], "`", ""), strings.Join(rest, ": ")})
		}
		return List(list)
	}
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += pad(cell, widths[i])
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n")
}

// List shows terms and, beside or below each, the text about it, wrapped.
func List(rows [][2]string) string {
	const most = 30
	beside := 0
	for _, row := range rows {
		if n := utf8.RuneCountInString(row[0]); n <= most {
			beside = max(beside, n)
		}
	}
	indent := beside + 4
	var lines []string
	for _, row := range rows {
		term, text := "  "+row[0], wrap(row[1], columns-indent)
		if utf8.RuneCountInString(row[0]) > beside {
			for _, line := range wrap(row[0], columns-2) {
				lines = append(lines, "  "+line)
			}
			term = ""
		}
		for _, line := range text {
			lines, term = append(lines, pad(term, indent)+line), ""
		}
	}
	return strings.Join(lines, "\n")
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// Wrap breaks a text into the lines of a page.
func Wrap(text string) string { return strings.Join(wrap(text, columns), "\n") }

// wrap breaks a text between its words.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
