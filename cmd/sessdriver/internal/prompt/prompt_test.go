package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const patience = 10 * time.Second

type result struct {
	line string
	err  error
}

// readLine runs ReadLine and gives its result on a channel.
func readLine(p *Prompt, prompt string) <-chan result {
	c := make(chan result, 1)
	go func() {
		line, err := p.ReadLine(prompt)
		c <- result{line, err}
	}()
	return c
}

func expect(t *testing.T, c <-chan result, line string, err error) {
	t.Helper()
	select {
	case got := <-c:
		if got.line != line || !errors.Is(got.err, err) {
			t.Errorf("ReadLine gave %q, %v; want %q, %v", got.line, got.err, line, err)
		}
	case <-time.After(patience):
		t.Fatalf("ReadLine did not return; want %q, %v", line, err)
	}
}

// piped returns a prompt that reads from a pipe, the pipe's other end, and a
// function that closes the output and returns all of it.
func piped(t *testing.T) (*Prompt, *os.File, func() string) {
	t.Helper()
	in, send, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{In: in, Out: out})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(); in.Close(); send.Close(); out.Close() })
	return p, send, func() string {
		b, err := os.ReadFile(out.Name())
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
}

func TestPipe(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<17) // 2 MB
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"lines", "one\ntwo\n", []string{"one", "two"}},
		{"no end", "one\ntwo", []string{"one", "two"}},
		{"CR LF", "one\r\ntwo\r", []string{"one", "two"}},
		{"inner CR", "a\rb\n", []string{"a\rb"}},
		{"empty lines", "\n\r\n\n", []string{"", "", ""}},
		{"keys are text", "\x03\x04\t\x1b[A\n", []string{"\x03\x04\t\x1b[A"}},
		{"long", long + "\nend", []string{long, "end"}},
		{"not UTF-8", "\xff\xfe\n", []string{"\xff\xfe"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, send, output := piped(t)
			go func() { io.WriteString(send, c.in); send.Close() }()
			var got []string
			line, err := p.ReadLine("> ")
			for ; err == nil; line, err = p.ReadLine("> ") {
				got = append(got, line)
			}
			if err != io.EOF || !slices.Equal(got, c.want) {
				t.Errorf("got %.60q, %v; want %.60q, EOF", got, err, c.want)
			}
			if s := output(); s != "" {
				t.Errorf("wrote %q", s)
			}
		})
	}
}

func TestPipeNotice(t *testing.T) {
	p, send, output := piped(t)
	line := readLine(p, "> ")
	p.Notice("one\ntwo\n")
	p.Notice("three")
	io.WriteString(send, "x\n")
	expect(t, line, "x", nil)
	if got, want := output(), "one\ntwo\nthree\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func TestPipeClose(t *testing.T) {
	p, send, _ := piped(t)
	io.WriteString(send, "first\npart")
	expect(t, readLine(p, ""), "first", nil)
	line := readLine(p, "")
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	expect(t, line, "", ErrClosed)
	expect(t, readLine(p, ""), "", ErrClosed)
	if err := p.Close(); err != nil {
		t.Error("second Close:", err)
	}
	p.Notice("still shown")
}

// An interrupt takes the part of a line that was read, and is given once.
func TestPipeInterrupt(t *testing.T) {
	p, send, _ := piped(t)
	line := readLine(p, "")
	io.WriteString(send, "part")
	for read, deadline := 0, time.Now().Add(patience); read == 0; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		read = len(p.pending)
		p.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatal("nothing is read")
		}
	}
	p.Interrupt()
	p.Interrupt()
	expect(t, line, "", ErrInterrupted)
	line = readLine(p, "")
	io.WriteString(send, "next\n")
	expect(t, line, "next", nil)

	line = readLine(p, "")
	p.Interrupt()
	p.Close()
	p.Interrupt()
	if got := <-line; !errors.Is(got.err, ErrInterrupted) && !errors.Is(got.err, ErrClosed) {
		t.Errorf("ReadLine gave %q, %v", got.line, got.err)
	}
}

// Many interrupts, some of them too late for their line, lose no line that was sent.
func TestPipeManyInterrupts(t *testing.T) {
	p, send, _ := piped(t)
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Microsecond):
				p.Interrupt()
			}
		}
	}()
	interrupts := 0
	for i := range 200 {
		want := fmt.Sprint(i)
		go func() {
			time.Sleep(time.Duration(i) * 10 * time.Microsecond)
			io.WriteString(send, want+"\n")
		}()
		line, err := p.ReadLine("")
		for ; err == ErrInterrupted; line, err = p.ReadLine("") {
			interrupts++
		}
		if line != want || err != nil {
			t.Fatalf("ReadLine gave %q, %v; want %q", line, err, want)
		}
	}
	close(stop)
	<-stopped
	if interrupts == 0 {
		t.Error("no line was interrupted")
	}
	line := readLine(p, "")
	select {
	case got := <-line:
		t.Errorf("an interrupt was left over: %v", got.err)
	case <-time.After(50 * time.Millisecond):
	}
}

func TestPipeReadError(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	p, err := New(Options{In: dir, Out: os.Stdout})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.ReadLine(""); err == nil || err == io.EOF || !strings.Contains(err.Error(), dir.Name()) {
		t.Errorf("reading a folder gave %v", err)
	}
}

func TestKeyLen(t *testing.T) {
	for in, want := range map[string]string{
		"":              "",
		"ab":            "a",
		"\x03a":         "\x03",
		"é":             "é",
		"\xc3":          "", // the rest is still to come
		"\xffa":         "\xff",
		"\x1b":          "",
		"\x1bb":         "\x1bb",
		"\x1b\xc3":      "",
		"\x1b[":         "",
		"\x1b[1;5":      "",
		"\x1b[1;5Dx":    "\x1b[1;5D",
		"\x1b[3~":       "\x1b[3~",
		"\x1b[\rx":      "\x1b[",
		"\x1bO":         "",
		"\x1bOHx":       "\x1bOH",
		"\x1b\x1b[A":    "\x1b",
		"\x1b\x7f\x7f":  "\x1b\x7f",
		"\x1b[200~text": "\x1b[200~",
	} {
		if got := in[:keyLen([]byte(in))]; got != want {
			t.Errorf("first key of %q is %q, want %q", in, got, want)
		}
	}
}

// press feeds keys to l and returns the text with | at the cursor.
func press(l *line, keys string) string {
	for b := []byte(keys); len(b) > 0; b = b[keyLen(b):] {
		l.press(string(b[:keyLen(b)]))
	}
	return l.text[:l.pos] + "|" + l.text[l.pos:]
}

func TestLine(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"typing", "abc", "abc|"},
		{"left and right", "abc\x1b[D\x1bOD\x1b[D\x1b[D\x06", "a|bc"},
		{"right at the end", "a\x1b[C", "a|"},
		{"home, end", "abc\x1b[Hx\x1b[4~y\x01z\x05.", "zxabcy.|"},
		{"insert", "ac\x02b", "ab|c"},
		{"backspace", "abc\x1b[D\x7f\x08\x7f", "|c"},
		{"delete", "abc\x01\x1b[3~", "|bc"},
		{"accent goes whole", "xe\u0301\x7f", "x|"},
		{"emoji moves whole", "a👨‍👩‍👧\x02b", "ab|👨‍👩‍👧"},
		{"word left", "use https://a.test/x\x1bb\x1b[1;5D", "use https://a.|test/x"},
		{"word right", "use a.test\x01\x1bf\x1b[1;3C", "use a|.test"},
		{"kill field", "use a.test/x  \x17", "use |"},
		{"kill word", "use a.test\x1b\x7f", "use a.|"},
		{"kill word right", "use a.test\x01\x1bd", "| a.test"},
		{"kill to start", "abc def\x1bb\x15", "|def"},
		{"kill to end, put back", "abc def\x1bb\x0b\x01\x19\x19", "defdef|abc "},
		{"empty kill keeps the former", "abc\x15\x15\x0b\x19", "abc|"},
		{"unknown keys", "a\x1b[17~\x1bq\x1bOPb\x00\x1a", "ab|"},
		{"not UTF-8", "a\xffb", "ab|"},
	} {
		if got := press(&line{}, c.keys); got != c.want {
			t.Errorf("%s: %q gave %q, want %q", c.name, c.keys, got, c.want)
		}
	}
}

func TestHistory(t *testing.T) {
	var h history
	for _, s := range []string{"use a", "ls", "ls", " ", "use b"} {
		h.add(s)
	}
	if want := []string{"use a", "ls", "use b"}; !slices.Equal(h.lines, want) {
		t.Errorf("kept %q, want %q", h.lines, want)
	}
	for _, c := range []struct {
		typed string
		steps []int
		want  string
	}{
		{"", []int{-1}, "use b"},
		{"", []int{-1, -1, -1, -1, -1}, "use a"},
		{"", []int{-1, -1, 1}, "use b"},
		{"", []int{-1, 1, 1}, ""},
		{"us", []int{-1, -1}, "use a"}, // begins as typed
		{"us", []int{-1, -1, 1, 1}, "us"},
		{"x", []int{-1}, "x"},
	} {
		h.rewind()
		l := line{text: c.typed, pos: len(c.typed)}
		for _, by := range c.steps {
			h.step(by, &l)
		}
		if l.text != c.want || l.pos != len(l.text) {
			t.Errorf("%q and steps %v gave %q at %d, want %q", c.typed, c.steps, l.text, l.pos, c.want)
		}
	}
	for i := range 2 * historySize {
		h.add(fmt.Sprint(i))
	}
	if len(h.lines) != historySize || h.lines[0] != fmt.Sprint(historySize) {
		t.Errorf("keeps %d lines, the oldest %q", len(h.lines), h.lines[0])
	}
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		before, after string
		row, col      int
	}{
		{"", "", 0, 0},
		{"abc", " ", 0, 3},
		{"abcd", " ", 1, 0}, // a full row: the next character is on the next one
		{"abcde", " ", 1, 1},
		{"abc", "名", 1, 0}, // does not fit behind abc
		{"abc名", " ", 1, 2},
		{"名前名", " ", 1, 2},
		{"\x1b[1;32mab\x1b[0mc", " ", 0, 3},
		{"e\u0301e\u0301", " ", 0, 2},
	} {
		if row, col := place(c.before+c.after, len(c.before), 4); row != c.row || col != c.col {
			t.Errorf("%q after %q is at %d,%d, want %d,%d", c.after, c.before, row, col, c.row, c.col)
		}
	}
}

func TestWindow(t *testing.T) {
	text := strings.Repeat("名a", 100)
	for pos := range len(text) + 1 {
		if pos%4 == 1 || pos%4 == 2 { // inside 名
			continue
		}
		got, at := window(text, pos, 20)
		if w := cells.String(got); w > 20 || w < 10 {
			t.Errorf("at %d the window is %d wide: %q", pos, w, got)
		}
		before, after := strings.TrimPrefix(got[:at], "…"), strings.TrimSuffix(got[at:], "…")
		if !strings.HasSuffix(text[:pos], before) || !strings.HasPrefix(text[pos:], after) {
			t.Errorf("at %d the window is %q|%q", pos, got[:at], got[at:])
		}
	}
	if got, at := window("short", 2, 20); got != "short" || at != 2 {
		t.Errorf("a short line became %q, %d", got, at)
	}
}

func TestTable(t *testing.T) {
	list := []Completion{{"名前 ", "a session"}, {"bob ", strings.Repeat("x", 30)}, {"carol ", ""}, {"dave ", ""}}
	want := "名前   a session\nbob    xxxxxxxxxxxx…\ncarol\n… 1 more\n"
	if got := table(list, 20, 6); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestCommonPrefix(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  string
	}{
		{[]string{"alice "}, "alice "},
		{[]string{"alice ", "alan "}, "al"},
		{[]string{"a", "b"}, ""},
		{[]string{"é", "è"}, ""}, // the first byte is the same
		{[]string{"name", "name2"}, "name"},
	} {
		var list []Completion
		for _, s := range c.texts {
			list = append(list, Completion{Text: s})
		}
		if got := commonPrefix(list); got != c.want {
			t.Errorf("%q share %q, want %q", c.texts, got, c.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte("ab\x1b[D名\x17\x19\x1bbe\u0301\x7f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var l line
		for n := keyLen(b); n > 0; n = keyLen(b) {
			l.press(string(b[:n]))
			b = b[n:]
			if l.pos < 0 || l.pos > len(l.text) || bytes.ContainsAny([]byte(l.text), "\r\n\t\x1b") {
				t.Fatalf("%q at %d", l.text, l.pos)
			}
		}
	})
}
