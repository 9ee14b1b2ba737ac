package scripts

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape makes a text from outside (a page, a server, a file) safe to show on a
// terminal in one line: control characters, those that turn the direction of
// writing and bytes that are not UTF-8 become visible, as \x1b, \u202e or \xff.
func Escape(text string) string {
	if !needsEscape(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1, r < 0x80 && isUnsafe(r):
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case isUnsafe(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case isUnsafe(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

func needsEscape(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, isUnsafe)
}

func isUnsafe(r rune) bool {
	switch {
	case r < 0x20, 0x7f <= r && r <= 0x9f: // C0, DEL, C1
	case r == 0x061c, r == 0x200e, r == 0x200f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069: // bidi
	case r == 0x2028, r == 0x2029: // line ends
	case r == 0x200b, r == 0x2060, r == 0xfeff, r == 0x00ad: // invisible: two names would look the same
	case 0xe0000 <= r && r <= 0xe007f: // tags, invisible too
	default:
		return false
	}
	return true
}

// sayf is fmt.Sprintf for strings, each escaped.
func sayf(format string, args ...string) string {
	safe := make([]any, len(args))
	for i, a := range args {
		safe[i] = Escape(a)
	}
	return fmt.Sprintf(format, safe...)
}

// EscapeLines is Escape for a text of several lines, with its tabs.
func EscapeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		cells := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		for j, cell := range cells {
			cells[j] = Escape(cell)
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}

// SafeJSON is a writer for JSON that people may see on a terminal, too: the characters that
// [Escape] makes visible are written as JSON's own \u escapes, which mean the same to
// programs. What is written to it must be whole JSON values, as [encoding/json.Encoder]
// writes them.
func SafeJSON(w io.Writer) io.Writer { return safeJSON{w} }

type safeJSON struct{ to io.Writer }

func (s safeJSON) Write(text []byte) (int, error) {
	safe := text
	if bytes.ContainsFunc(text, isUnsafeInJSON) {
		safe = nil
		for _, r := range string(text) { // such characters stand in strings only
			switch {
			case !isUnsafeInJSON(r):
				safe = utf8.AppendRune(safe, r)
			case r > 0xffff:
				high, low := utf16.EncodeRune(r)
				safe = fmt.Appendf(safe, `\u%04x\u%04x`, high, low)
			default:
				safe = fmt.Appendf(safe, `\u%04x`, r)
			}
		}
	}
	if _, err := s.to.Write(safe); err != nil {
		return 0, err
	}
	return len(text), nil
}

// isUnsafeInJSON leaves line ends and tabs, which stand between values.
func isUnsafeInJSON(r rune) bool { return isUnsafe(r) && r != '\n' && r != '\t' && r != '\r' }
