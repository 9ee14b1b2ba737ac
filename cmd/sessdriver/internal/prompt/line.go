package prompt

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line is the text being edited. pos, the cursor, is a byte offset on the border
// of a grapheme cluster: an accent or an emoji moves and goes as a whole.
type line struct {
	text   string
	pos    int
	killed string // what Ctrl-Y puts back
}

type action int

const (
	move action = iota
	erase
	kill // erase, and keep for Ctrl-Y
)

// bindings are the keys that act from the cursor up to some other place.
var bindings = map[string]struct {
	do action
	to func(line) int
}{
	"\x02": {move, line.left}, "\x1b[D": {move, line.left}, "\x1bOD": {move, line.left},
	"\x06": {move, line.right}, "\x1b[C": {move, line.right}, "\x1bOC": {move, line.right},
	"\x01": {move, line.start}, "\x1b[H": {move, line.start}, "\x1bOH": {move, line.start},
	"\x1b[1~": {move, line.start}, "\x1b[7~": {move, line.start},
	"\x05": {move, line.end}, "\x1b[F": {move, line.end}, "\x1bOF": {move, line.end},
	"\x1b[4~": {move, line.end}, "\x1b[8~": {move, line.end},
	"\x1bb": {move, line.wordLeft}, "\x1b[1;5D": {move, line.wordLeft}, "\x1b[1;3D": {move, line.wordLeft},
	"\x1bf": {move, line.wordRight}, "\x1b[1;5C": {move, line.wordRight}, "\x1b[1;3C": {move, line.wordRight},
	backspace: {erase, line.left}, "\x08": {erase, line.left}, del: {erase, line.right},
	"\x15": {kill, line.start}, "\x0b": {kill, line.end}, "\x17": {kill, line.fieldLeft}, // Ctrl-U, Ctrl-K, Ctrl-W
	"\x1b\x7f": {kill, line.wordLeft}, "\x1b\x08": {kill, line.wordLeft}, "\x1bd": {kill, line.wordRight},
}

// press acts on an editing key; a key without a meaning that is text is inserted.
func (l *line) press(key string) {
	b, bound := bindings[key]
	switch {
	case bound && b.do == move:
		l.pos = b.to(*l)
	case bound:
		if cut := l.remove(b.to(*l)); b.do == kill && cut != "" {
			l.killed = cut
		}
	case key == ctrlY:
		l.insert(l.killed)
	case !strings.HasPrefix(key, string(esc)):
		l.insert(key)
	}
}

// insert puts s before the cursor, without what would move the real cursor.
func (l *line) insert(s string) {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	l.text = l.text[:l.pos] + s + l.text[l.pos:]
	l.pos += len(s)
}

// remove takes out the text between the cursor and to.
func (l *line) remove(to int) string {
	from, to := min(l.pos, to), max(l.pos, to)
	cut := l.text[from:to]
	l.text, l.pos = l.text[:from]+l.text[to:], from
	return cut
}

func (l line) start() int { return 0 }
func (l line) end() int   { return len(l.text) }

func (l line) left() int {
	last := ""
	for g := cells.StringGraphemes(l.text[:l.pos]); g.Next(); {
		last = g.Value()
	}
	return l.pos - len(last)
}

func (l line) right() int {
	g := cells.StringGraphemes(l.text[l.pos:])
	if !g.Next() {
		return l.pos
	}
	return l.pos + len(g.Value())
}

func (l line) wordLeft() int {
	return len(strings.TrimRightFunc(strings.TrimRightFunc(l.text[:l.pos], notWord), isWord))
}

func (l line) wordRight() int {
	return len(l.text) - len(strings.TrimLeftFunc(strings.TrimLeftFunc(l.text[l.pos:], notWord), isWord))
}

func (l line) fieldLeft() int {
	return strings.LastIndexFunc(strings.TrimRightFunc(l.text[:l.pos], unicode.IsSpace), unicode.IsSpace) + 1
}

func isWord(r rune) bool  { return unicode.In(r, unicode.L, unicode.M, unicode.N) }
func notWord(r rune) bool { return !isWord(r) }

// history holds the lines entered so far, oldest first.
type history struct {
	lines []string
	at    int    // the line shown; len(lines) stands for the new one
	draft string // the new line, while an older one is shown
}

const historySize = 1000

func (h *history) rewind() { h.at, h.draft = len(h.lines), "" }

func (h *history) add(text string) {
	if strings.TrimSpace(text) == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == text {
		return
	}
	h.lines = append(h.lines, text)
	h.lines = slices.Delete(h.lines, 0, max(0, len(h.lines)-historySize))
}

// step shows the next line in the direction by (-1 is older) that begins as the
// new line does: with nothing typed, every line.
func (h *history) step(by int, l *line) {
	if h.at == len(h.lines) {
		h.draft = l.text
	}
	for i := h.at + by; i >= 0 && i <= len(h.lines); i += by {
		text := h.draft
		if i < len(h.lines) {
			text = h.lines[i]
		}
		if strings.HasPrefix(text, h.draft) {
			h.at, l.text, l.pos = i, text, len(text)
			return
		}
	}
}
