package prompt

import (
	"fmt"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"golang.org/x/term"
)

// cells measures text in screen columns; colours in a prompt take none.
var cells = displaywidth.Options{ControlSequences: true}

func (p *Prompt) size() (width, height int) {
	width, height, err := term.GetSize(int(p.out.Fd()))
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}

// paint writes notice where the prompt began and, below it, prompt and line.
// Where they began is reckoned at the present width: a terminal that was resized
// has rewrapped the row that was painted.
func (p *Prompt) paint(notice string) {
	width, height := p.size()
	room := width*(height-1) - cells.String(p.prompt) - height // a wide character may leave a cell of each row empty
	text, pos := window(p.line.text, p.line.pos, max(room, 4))

	var b strings.Builder
	above, _ := place(p.drawn, p.cursor, width)
	goUp(&b, above)
	b.WriteString("\r \x1b[J\r") // not from column 0: at the top of the screen tmux would keep a copy in its history
	b.WriteString(strings.ReplaceAll(notice, "\n", "\r\n"))

	// The space is for the cursor: it must be on a written cell, to move with it when the rows are rewrapped.
	p.drawn, p.cursor = p.prompt+text+" ", len(p.prompt)+pos
	if hint := p.hintAt(width); hint != "" { // it gives the cursor a cell as well
		p.drawn, p.cursor = p.prompt+text+dimmed+hint+plain, p.cursor+len(dimmed)
	}
	b.WriteString(p.drawn)
	last, _ := place(p.drawn, len(p.drawn)-1, width)
	row, col := place(p.drawn, p.cursor, width)
	goUp(&b, last-row)
	b.WriteString("\r")
	if col > 0 {
		fmt.Fprintf(&b, "\x1b[%dC", col)
	}
	p.write(b.String())
}

const dimmed, plain = "\x1b[2m", "\x1b[m"

// hintAt is what stands behind the cursor, which is at p.cursor in p.drawn, up to the
// end of its row.
func (p *Prompt) hintAt(width int) string {
	if p.hint == nil || p.entered || p.line.text == "" || p.line.pos < len(p.line.text) {
		return ""
	}
	_, col := place(p.drawn, p.cursor, width)
	return cells.TruncateString(p.hint(p.line.text), width-col, "…")
}

func goUp(b *strings.Builder, rows int) {
	if rows > 0 {
		fmt.Fprintf(b, "\x1b[%dA", rows)
	}
}

// place finds on which row and column text[at:] begins when text is written from
// the start of a row. A wide character that does not fit goes to the next row.
func place(text string, at, width int) (row, col int) {
	for g := cells.StringGraphemes(text); g.Next(); {
		if col+g.Width() > width {
			row, col = row+1, 0
		}
		if at <= 0 {
			break
		}
		at -= len(g.Value())
		col += g.Width()
	}
	return row, col
}

// window cuts a line that is taller than the screen down to the part around the
// cursor: rows that scrolled away could not be repainted.
func window(text string, pos, room int) (string, int) {
	if cells.String(text) <= room {
		return text, pos
	}
	start, skip := 0, cells.String(text[:pos])-room/2
	for g := cells.StringGraphemes(text[:pos]); skip > 0 && g.Next(); {
		skip -= g.Width()
		start += len(g.Value())
	}
	head := text[start:pos]
	if start > 0 {
		head = "…" + head
	}
	return head + cells.TruncateString(text[pos:], room-cells.String(head), "…"), len(head)
}

// table lists candidates, one a row, as many as fit on the screen.
func table(list []Completion, width, height int) string {
	widest := 0
	for _, c := range list {
		widest = max(widest, cells.String(strings.TrimSpace(c.Text)))
	}
	var b strings.Builder
	for i, c := range list {
		if i >= max(height-3, 1) {
			fmt.Fprintf(&b, "… %d more\n", len(list)-i)
			break
		}
		text := strings.TrimSpace(c.Text)
		text += strings.Repeat(" ", widest-cells.String(text)) + "  " + c.Description
		b.WriteString(cells.TruncateString(strings.TrimSpace(text), width, "…") + "\n")
	}
	return b.String()
}
