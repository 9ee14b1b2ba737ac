package prompt

import (
	"io"
	"unicode/utf8"
)

const (
	ctrlC, ctrlD, ctrlL, ctrlY = "\x03", "\x04", "\x0c", "\x19"
	backspace, del             = "\x7f", "\x1b[3~"
	esc                        = '\x1b'
)

// readKeys edits one line.
func (p *Prompt) readKeys() (string, error) {
	for {
		n := keyLen(p.pending)
		if n == 0 {
			if err := p.fill(); err != nil {
				return "", err
			}
			continue
		}
		key := string(p.pending[:n])
		p.pending = p.pending[n:]
		if key == "\t" {
			p.tab()
		} else if text, done, err := p.press(key); done {
			return text, err
		}
	}
}

// keyLen counts the bytes of the first key in b: a rune, or an escape sequence.
// It is 0 while the key is incomplete. A lone ESC belongs to the key after it.
func keyLen(b []byte) int {
	switch {
	case len(b) == 0 || !utf8.FullRune(b):
		return 0
	case b[0] != esc:
		_, n := utf8.DecodeRune(b)
		return n
	case len(b) > 1 && b[1] == '[':
		for i, c := range b[2:] {
			if c < 0x20 { // broken off: the control character is a key of its own
				return i + 2
			} else if c >= 0x40 && c <= 0x7e {
				return i + 3
			}
		}
		return 0
	case len(b) > 1 && b[1] == 'O':
		if len(b) == 2 {
			return 0
		}
		return 3
	case len(b) > 1 && b[1] == esc:
		return 1
	}
	if n := keyLen(b[1:]); n > 0 {
		return n + 1
	}
	return 0
}

// press acts on a key; done says that it ended the line.
func (p *Prompt) press(key string) (text string, done bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return "", true, ErrClosed
	}
	switch key {
	case "\r", "\n", "\x1b\r":
		text = p.line.text
		p.history.add(text)
		return text, true, p.finish("")
	case ctrlC:
		p.finish("^C")
		return "", true, ErrInterrupted
	case ctrlD:
		if p.line.text == "" {
			p.finish("")
			return "", true, io.EOF
		}
		p.line.press(del)
	case ctrlL:
		p.write("\x1b[H\x1b[2J")
		p.drawn, p.cursor = "", 0
	case "\x10", "\x1b[A", "\x1bOA": // Ctrl-P, up
		p.history.step(-1, &p.line)
	case "\x0e", "\x1b[B", "\x1bOB": // Ctrl-N, down
		p.history.step(+1, &p.line)
	default:
		p.line.press(key)
	}
	if keyLen(p.pending) == 0 { // else painting a pasted line would be quadratic
		p.paint("")
	}
	return "", false, nil
}

// tab completes the line, or lists the candidates above it when they differ at
// the cursor.
func (p *Prompt) tab() {
	p.mu.Lock()
	text, pos := p.line.text, p.line.pos
	p.mu.Unlock()
	if p.complete == nil {
		return
	}
	start, list := p.complete(text, pos) // without the lock: it may call Notice
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if len(list) == 0 || start < 0 || start > pos {
		p.write("\a")
		return
	}
	common := commonPrefix(list)
	if len(list) == 1 || len(common) > pos-start {
		p.line.remove(start)
		p.line.insert(common)
		p.paint("")
		return
	}
	width, height := p.size()
	p.paint(table(list, width, height))
}

func commonPrefix(list []Completion) string {
	common := list[0].Text
	for _, c := range list[1:] {
		n := 0
		for n < min(len(common), len(c.Text)) && common[n] == c.Text[n] {
			n++
		}
		for n > 0 && n < len(common) && !utf8.RuneStart(common[n]) {
			n--
		}
		common = common[:n]
	}
	return common
}
