package prompt

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal is a pseudo-terminal: what is typed goes in at keys, what the prompt
// writes is kept and drawn by a screen.
type terminal struct {
	t    *testing.T
	keys *os.File // the master side
	tty  *os.File // the program's side

	mu      sync.Mutex // guards output
	output  []event
	changed chan bool
}

// event is output, or a resize when width is not 0.
type event struct {
	text  string
	width int
}

func newTerminal(t *testing.T, width, height int) *terminal {
	t.Helper()
	t.Setenv("TERM", "xterm")
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var number int
	control(t, keys, func(fd int) error {
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	})
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, keys: keys, tty: tty, changed: make(chan bool, 1)}
	term.resize(width, height)
	done := make(chan bool)
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for {
			n, err := keys.Read(buf)
			if err != nil {
				return
			}
			term.add(event{text: string(buf[:n])})
		}
	}()
	t.Cleanup(func() { keys.Close(); <-done; tty.Close() })
	return term
}

// control reaches the descriptor without making the file blocking.
func control(t *testing.T, f *os.File, do func(fd int) error) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err == nil {
		err = errors.Join(raw.Control(func(fd uintptr) { err = do(int(fd)) }), err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (c *terminal) add(e event) {
	c.mu.Lock()
	c.output = append(c.output, e)
	c.mu.Unlock()
	select {
	case c.changed <- true:
	default:
	}
}

func (c *terminal) resize(width, height int) {
	c.t.Helper()
	c.add(event{width: width})
	control(c.t, c.keys, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(width), Row: uint16(height)})
	})
}

func (c *terminal) typeKeys(keys string) {
	c.t.Helper()
	if _, err := io.WriteString(c.keys, keys); err != nil {
		c.t.Fatal(err)
	}
}

func (c *terminal) screen() *screen {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, text := &screen{}, "" // from scratch: a read may have ended inside a sequence
	for _, e := range c.output {
		if e.width == 0 {
			text += e.text
			continue
		}
		s.write(text)
		s.resize(e.width)
		text = ""
	}
	s.write(text)
	return s
}

// waitFor waits until the screen looks like want, with | where the cursor is.
func (c *terminal) waitFor(want string) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		got := c.screen().String()
		if got == want {
			return
		}
		select {
		case <-c.changed:
		case <-deadline:
			c.t.Fatalf("the screen is\n%s\nwant\n%s", got, want)
		}
	}
}

// text is what was written so far.
func (c *terminal) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := ""
	for _, e := range c.output {
		text += e.text
	}
	return text
}

// painted waits until the prompt has painted n times in all.
func (c *terminal) painted(n int) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		got := strings.Count(c.text(), "\x1b[J")
		if got >= n {
			return
		}
		select {
		case <-c.changed:
		case <-deadline:
			c.t.Fatalf("painted %d times, want %d", got, n)
		}
	}
}

func (c *terminal) prompt(o Options) *Prompt {
	c.t.Helper()
	o.In, o.Out = c.tty, c.tty
	p, err := New(o)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { p.Close() })
	return p
}

func (c *terminal) mode() *term.State {
	c.t.Helper()
	state, err := term.GetState(int(c.tty.Fd()))
	if err != nil {
		c.t.Fatal(err)
	}
	return state
}

// screen draws what a terminal would show: as many of the sequences as the prompt
// uses, rows without end, and long rows rewrapped when it is resized.
type screen struct {
	width, row, col  int
	lastRow, lastCol int  // where the last character is
	hangs            bool // the last column is written, the next character wraps
	rows             []row
}

type row struct {
	cells   []string // a wide character is followed by an empty one
	wrapped bool     // goes on in the next row
}

func (s *screen) write(text string) {
	for text != "" {
		for len(s.rows) <= s.row {
			s.rows = append(s.rows, row{})
		}
		rest := text[1:]
		switch text[0] {
		case '\r':
			s.col, s.hangs = 0, false
		case '\n':
			s.row++
		case '\a':
		case esc:
			var n int
			var final byte
			end := strings.IndexAny(text, "ACHJm")
			if end < 0 {
				return // incomplete
			}
			fmt.Sscanf(text[:end+1], "\x1b[%d%c", &n, &final)
			s.control(text[end], n)
			rest = text[end+1:]
		default:
			g := cells.StringGraphemes(text)
			g.Next()
			s.put(g.Value(), g.Width())
			rest = text[len(g.Value()):]
		}
		text = rest
	}
}

func (s *screen) control(final byte, n int) {
	switch final {
	case 'A':
		s.row, s.hangs = max(s.row-max(n, 1), 0), false
	case 'C':
		s.col, s.hangs = min(s.col+max(n, 1), s.width-1), false
	case 'H':
		s.row, s.col = 0, 0
	case 'J':
		if n == 2 {
			s.rows = nil
			return
		}
		r := &s.rows[s.row]
		r.cells, r.wrapped = r.cells[:min(s.col, len(r.cells))], false
		s.rows = s.rows[:s.row+1]
	}
}

func (s *screen) put(cell string, width int) {
	if s.hangs || s.col+width > s.width {
		s.rows[s.row].wrapped = true
		s.row, s.col, s.hangs = s.row+1, 0, false
		if len(s.rows) <= s.row {
			s.rows = append(s.rows, row{})
		}
	}
	s.lastRow, s.lastCol = s.row, s.col
	r := &s.rows[s.row]
	for len(r.cells) < s.col+width {
		r.cells = append(r.cells, " ")
	}
	r.cells[s.col] = cell
	for i := 1; i < width; i++ {
		r.cells[s.col+i] = ""
	}
	s.col += width
	if s.col == s.width {
		s.col, s.hangs = s.width-1, true
	}
}

func (s *screen) resize(width int) {
	old := *s
	*s = screen{width: width}
	if old.width == 0 {
		return
	}
	row, col, hangs := 0, 0, false
	for i, r := range old.rows {
		for j, cell := range r.cells {
			if cell != "" {
				s.write(cell)
			}
			if i == old.row && j == old.col {
				row, col = s.lastRow, s.lastCol
			}
		}
		if i == old.row && old.col >= len(r.cells) { // behind the text: tmux lets it hang at the edge
			row, col, hangs = s.row, s.col+old.col-len(r.cells), s.hangs
		}
		if !r.wrapped && i < len(old.rows)-1 {
			s.write("\r\n")
		}
	}
	s.row, s.col, s.hangs = row, col, hangs
}

// at is where the next character goes.
func (s *screen) at() (row, col int) {
	if s.hangs {
		return s.row + 1, 0
	}
	return s.row, s.col
}

func (s *screen) String() string {
	var lines []string
	row, col := s.at()
	for i := range max(len(s.rows), row+1) {
		var cells []string
		if i < len(s.rows) {
			cells = s.rows[i].cells
		}
		line := strings.Join(cells, "")
		if i == row {
			for len(cells) < col {
				cells = append(cells, " ")
			}
			line = strings.Join(cells[:col], "") + "|" + strings.Join(cells[col:], "")
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func TestTerminalLine(t *testing.T) {
	c := newTerminal(t, 40, 10)
	found := c.mode()
	p := c.prompt(Options{})
	line := readLine(p, "\x1b[32mshop\x1b[0m> ")
	c.waitFor("shop> |")
	if reflect.DeepEqual(c.mode(), found) {
		t.Error("the terminal is not in raw mode while a line is read")
	}
	c.typeKeys("use bb\x1b[Do")
	c.waitFor("shop> use bo|b")
	c.typeKeys("\r")
	expect(t, line, "use bob", nil)
	c.waitFor("shop> use bob\n|")
	if !reflect.DeepEqual(c.mode(), found) {
		t.Error("Enter left the terminal in another mode")
	}

	line = readLine(p, "> ")
	c.waitFor("shop> use bob\n> |")
	c.typeKeys("x\x1b[A") // nothing begins with x
	c.typeKeys("\x7f\x1b[A")
	c.waitFor("shop> use bob\n> use bob|")
	c.typeKeys("\x0c")
	c.waitFor("> use bob|")
	c.typeKeys("\x15\x04")
	expect(t, line, "", io.EOF)
	if !reflect.DeepEqual(c.mode(), found) {
		t.Error("Ctrl-D left the terminal in another mode")
	}
}

func TestTerminalInterrupt(t *testing.T) {
	c := newTerminal(t, 40, 10)
	found := c.mode()
	p := c.prompt(Options{})
	line := readLine(p, "> ")
	c.waitFor("> |")
	c.typeKeys("abc\x02\x04\x03") // Ctrl-D in a line deletes
	expect(t, line, "", ErrInterrupted)
	c.waitFor("> ab^C\n|")
	if !reflect.DeepEqual(c.mode(), found) {
		t.Error("Ctrl-C left the terminal in another mode")
	}
}

func TestTerminalTypedAhead(t *testing.T) {
	c := newTerminal(t, 40, 10)
	p := c.prompt(Options{})
	line := readLine(p, "> ")
	c.waitFor("> |")
	c.typeKeys("one\rtwo\nthr") // a pasted text
	expect(t, line, "one", nil)
	expect(t, readLine(p, "> "), "two", nil)
	line = readLine(p, "> ")
	c.waitFor("> one\n> two\n> thr|")
	c.typeKeys("ee\r")
	expect(t, line, "three", nil)
}

func TestTerminalNotice(t *testing.T) {
	c := newTerminal(t, 20, 10)
	p := c.prompt(Options{})
	p.Notice("before")
	line := readLine(p, "> ")
	c.waitFor("before\n> |")
	c.typeKeys("a line that wraps 名前 twice on this screen\x1b[D\x1b[D")
	c.waitFor("before\n> a line that wraps\n名前 twice on this s\ncre|en")
	p.Notice("session 名前 changed\n  second line\n")
	p.Notice(strings.Repeat("n", 20))
	c.waitFor("before\nsession 名前 changed\n  second line\nnnnnnnnnnnnnnnnnnnnn\n> a line that wraps\n名前 twice on this s\ncre|en")
	c.typeKeys("X\r")
	expect(t, line, "a line that wraps 名前 twice on this screXen", nil)
	p.Notice("after")
	c.waitFor("before\nsession 名前 changed\n  second line\nnnnnnnnnnnnnnnnnnnnn\n> a line that wraps\n名前 twice on this s\ncreXen\nafter\n|")
}

func TestTerminalManyNotices(t *testing.T) {
	c := newTerminal(t, 30, 10)
	p := c.prompt(Options{})
	line := readLine(p, "> ")
	c.waitFor("> |")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 50 {
				p.Notice(fmt.Sprintf("%d.%d", i, j))
			}
		})
	}
	typed := strings.Repeat("typed while notices come ", 5)
	for _, r := range typed {
		c.typeKeys(string(r))
	}
	wg.Wait()
	c.typeKeys("\r")
	expect(t, line, typed, nil)
	p.Notice("end")

	want := &screen{width: 30}
	want.write("> " + typed + "\r\nend\r\n")
	for deadline := time.After(patience); ; {
		got := c.screen().String()
		if strings.HasSuffix(got, "\n"+want.String()) {
			next := map[string]int{}
			for s := range strings.Lines(strings.TrimSuffix(got, want.String())) {
				from, number, _ := strings.Cut(strings.TrimSpace(s), ".")
				if number != fmt.Sprint(next[from]) {
					t.Fatalf("notice %q, want number %d, on\n%s", s, next[from], got)
				}
				next[from]++
			}
			if len(next) != 4 || next["0"]+next["1"]+next["2"]+next["3"] != 200 {
				t.Errorf("notices shown: %v", next)
			}
			return
		}
		select {
		case <-c.changed:
		case <-deadline:
			t.Fatalf("the screen is\n%s", got)
		}
	}
}

// TestTerminalPaint types, moves, notifies and resizes at random and compares
// the screen with one on which the same was written in one go.
func TestTerminalPaint(t *testing.T) {
	for _, hint := range []string{"", " hint of 名前"} {
		t.Run("hint"+hint, func(t *testing.T) { testPaint(t, hint) })
	}
}

func testPaint(t *testing.T, hint string) {
	const prompt = "\x1b[1mp名>\x1b[0m "
	keys := []string{"a", "b ", "名", "e\u0301", "👍🏽", "\x1b[D", "\x1b[D", "\x1b[C", "\x01", "\x05", "\x7f", "\x1bb", "\x17", "\x19"}
	random := rand.New(rand.NewPCG(1, 2))
	width, height := 12, 1000
	c := newTerminal(t, width, height)
	p := c.prompt(Options{Hint: func(string) string { return hint }})
	result := readLine(p, prompt)
	c.waitFor("p名> |")
	var model line
	notices, paints, shown := "", 1, ""
	for step := range 200 {
		painted := true
		switch n := random.IntN(12); {
		case n == 0:
			notice := fmt.Sprintf("notice %d of 名前", step)
			notices += notice + "\r\n"
			p.Notice(notice)
			paints++
		case n == 1:
			width = 6 + random.IntN(20)
			c.resize(width, height)
			painted = false
		default:
			key := keys[random.IntN(len(keys))]
			press(&model, key)
			c.typeKeys(key)
			paints++
		}
		c.painted(paints) // not every key changes the screen
		whole, upTo := &screen{width: width}, &screen{width: width}
		next := line{text: model.text + " ", pos: model.pos}
		upTo.write(notices + prompt + next.text[:next.right()])
		if painted { // a hint is cut when it is painted, and rewrapped later like the line
			shown = ""
			if model.text != "" && model.pos == len(model.text) {
				shown = cells.TruncateString(hint, width-upTo.lastCol, "…")
			}
		}
		whole.write(notices + prompt + model.text + shown)
		whole.row, whole.col = upTo.lastRow, upTo.lastCol
		whole.hangs = false
		c.waitFor(whole.String())
	}
	c.typeKeys("\r")
	expect(t, result, model.text, nil)
}

func TestTerminalHint(t *testing.T) {
	c := newTerminal(t, 24, 10)
	p := c.prompt(Options{Hint: func(line string) string {
		if line == "use" {
			return " NAME [--site SITE]"
		}
		return "NAME [--site SITE] [--wait]"
	}})
	line := readLine(p, "> ")
	c.waitFor("> |")
	c.typeKeys("use")
	c.waitFor("> use| NAME [--site SITE]")
	if text := c.text(); !strings.Contains(text, "use\x1b[2m NAME") || !strings.HasSuffix(text, "SITE]\x1b[m\r\x1b[5C") {
		t.Errorf("it is not dim: %q", text)
	}
	c.typeKeys("\x02")
	c.waitFor("> us|e")
	c.typeKeys("\x05 ")
	c.waitFor("> use |NAME [--site SITE…")
	p.Notice("note")
	c.waitFor("note\n> use |NAME [--site SITE…")
	c.typeKeys("\x01\x0b")
	c.waitFor("note\n> |")
	c.typeKeys("0123456789012345678901") // the next row is all the hint's
	c.waitFor("note\n> 0123456789012345678901\n|NAME [--site SITE] [--w…")
	c.typeKeys("\r")
	expect(t, line, "0123456789012345678901", nil)
	c.waitFor("note\n> 0123456789012345678901\n\n|")

	line = readLine(p, "> ")
	c.typeKeys("use")
	c.waitFor("note\n> 0123456789012345678901\n\n> use| NAME [--site SITE]")
	c.typeKeys("\x03")
	expect(t, line, "", ErrInterrupted)
	c.waitFor("note\n> 0123456789012345678901\n\n> use^C\n|")
}

// A line that ends exactly at the edge after a resize used to be painted a row too
// high, over the row above it: the cursor hung behind the last column.
func TestTerminalResizeToLine(t *testing.T) {
	c := newTerminal(t, 40, 10)
	p := c.prompt(Options{})
	p.Notice("above")
	line := readLine(p, "> ")
	c.waitFor("above\n> |")
	c.typeKeys("12345678")
	c.waitFor("above\n> 12345678|")
	c.resize(10, 10)
	c.typeKeys("9")
	c.waitFor("above\n> 12345678\n9|")
	c.resize(11, 10)
	p.Notice("note")
	c.waitFor("above\nnote\n> 123456789\n|")
	c.typeKeys("\r")
	expect(t, line, "123456789", nil)
}

func TestTerminalTallLine(t *testing.T) {
	c := newTerminal(t, 20, 5)
	p := c.prompt(Options{})
	line := readLine(p, "> ")
	c.waitFor("> |")
	typed := strings.Repeat("0123456789", 50)
	c.typeKeys(typed)
	c.waitFor("> …45678901234567890\n1234567890123456789|")
	c.typeKeys("\x01")
	c.waitFor("> |012345678901234567\n89012345678901234567\n89012345678901234567\n89012345678901…")
	p.Notice("note")
	c.waitFor("note\n> |012345678901234567\n89012345678901234567\n89012345678901234567\n89012345678901…")
	c.typeKeys("\r")
	expect(t, line, typed, nil)
}

func TestTerminalComplete(t *testing.T) {
	c := newTerminal(t, 40, 10)
	var p *Prompt
	names := []Completion{{"alice ", "logged in"}, {"alan ", "logged out"}, {"bob ", ""}}
	p = c.prompt(Options{Complete: func(line string, cursor int) (int, []Completion) {
		if line == "note" {
			p.Notice("from Complete")
			return -1, names
		}
		start := strings.LastIndex(line[:cursor], " ") + 1
		var found []Completion
		for _, n := range names {
			if strings.HasPrefix(n.Text, line[start:cursor]) {
				found = append(found, n)
			}
		}
		return start, found
	}})
	line := readLine(p, "> ")
	c.waitFor("> |")
	c.typeKeys("use b\t")
	c.waitFor("> use bob |")
	c.typeKeys("\x17a\t")
	c.waitFor("> use al|")
	c.typeKeys("\t")
	c.waitFor("alice  logged in\nalan   logged out\n> use al|")
	c.typeKeys("x --now\x1bb\x02\x02\x02\t\x7fi\t") // nothing begins with alx
	c.waitFor("alice  logged in\nalan   logged out\n> use alice | --now")
	c.typeKeys("\r")
	expect(t, line, "use alice  --now", nil)

	line = readLine(p, "> ")
	c.waitFor("alice  logged in\nalan   logged out\n> use alice  --now\n> |")
	c.typeKeys("note\t\r")
	expect(t, line, "note", nil)
	c.waitFor("alice  logged in\nalan   logged out\n> use alice  --now\nfrom Complete\n> note\n|")
}

func TestTerminalCompletePanics(t *testing.T) {
	c := newTerminal(t, 40, 10)
	found := c.mode()
	p := c.prompt(Options{Complete: func(string, int) (int, []Completion) { panic("bug") }})
	recovered := make(chan any)
	go func() {
		defer func() { recovered <- recover() }()
		p.ReadLine("> ")
	}()
	c.waitFor("> |")
	c.typeKeys("\t")
	if got := <-recovered; got != "bug" {
		t.Fatalf("recovered %v", got)
	}
	if !reflect.DeepEqual(c.mode(), found) {
		t.Error("the panic left the terminal in another mode")
	}
}

func TestTerminalClose(t *testing.T) {
	c := newTerminal(t, 40, 10)
	found := c.mode()
	p := c.prompt(Options{})
	line := readLine(p, "> ")
	c.waitFor("> |")
	c.typeKeys("half a li\x1b[D")
	c.waitFor("> half a l|i")
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(c.mode(), found) {
		t.Error("Close left the terminal in another mode")
	}
	expect(t, line, "", ErrClosed)
	p.Notice("the browser is gone")
	c.waitFor("> half a li\nthe browser is gone\n|")

	// What is typed now belongs to the next program.
	c.typeKeys("next\n")
	buf := make([]byte, 100)
	if n, err := c.tty.Read(buf); err != nil || string(buf[:n]) != "next\n" {
		t.Errorf("read %q, %v", buf[:n], err)
	}
}

func TestTerminalHangup(t *testing.T) {
	c := newTerminal(t, 40, 10)
	p := c.prompt(Options{})
	line := readLine(p, "> ")
	c.waitFor("> |")
	c.keys.Close()
	expect(t, line, "", io.EOF)
}

func TestTerminalDumb(t *testing.T) {
	c := newTerminal(t, 40, 10)
	t.Setenv("TERM", "dumb")
	found := c.mode()
	p := c.prompt(Options{})
	line := readLine(p, "> ")
	c.waitFor("> |")
	if !reflect.DeepEqual(c.mode(), found) {
		t.Error("the mode of a dumb terminal was changed")
	}
	c.typeKeys("typ")
	c.waitFor("> typ|")
	p.Notice("note")
	c.typeKeys("ed\n")
	expect(t, line, "typed", nil)
	c.waitFor("> typ\nnote\n> ed\n|")

	line = readLine(p, "> ")
	c.typeKeys("\x04")
	expect(t, line, "", io.EOF)
	line = readLine(p, "$ ")
	c.waitFor("> typ\nnote\n> ed\n> $ |")
	p.Close()
	expect(t, line, "", ErrClosed)
	c.waitFor("> typ\nnote\n> ed\n> $\n|")
}

// On a dumb terminal Ctrl-C comes as a signal.
func TestTerminalDumbInterrupt(t *testing.T) {
	c := newTerminal(t, 40, 10)
	t.Setenv("TERM", "dumb")
	p := c.prompt(Options{})
	p.Interrupt() // nothing is read yet
	line := readLine(p, "> ")
	c.waitFor("> |")
	c.typeKeys("half")
	c.waitFor("> half|")
	c.typeKeys("\x03") // the terminal drops what was typed
	c.waitFor("> half^C|")
	p.Interrupt()
	expect(t, line, "", ErrInterrupted)
	c.waitFor("> half^C\n|")

	line = readLine(p, "> ")
	c.waitFor("> half^C\n> |")
	c.typeKeys("next\n")
	expect(t, line, "next", nil)
}

// With the editor Ctrl-C is a key, and a SIGINT from elsewhere is not meant for the line.
func TestTerminalInterruptFromElsewhere(t *testing.T) {
	c := newTerminal(t, 40, 10)
	p := c.prompt(Options{})
	line := readLine(p, "> ")
	c.waitFor("> |")
	p.Interrupt()
	c.typeKeys("typed\r")
	expect(t, line, "typed", nil)
}
