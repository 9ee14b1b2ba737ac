// Package prompt reads command lines from a terminal or a pipe and shows
// notices without tearing the line that is being typed.
//
// On a terminal it is a line editor: it paints the prompt and the line, knows
// where both begin on the screen, and repaints them below each notice. The
// terminal is in raw mode only while ReadLine runs, so that Ctrl-C interrupts a
// running command as usual. Elsewhere (a pipe, TERM=dumb) ReadLine reads plain
// lines and leaves editing to whoever sends them. The package starts no
// goroutine.
//
// Not done: asking the terminal where the cursor is (the answer arrives between
// typed keys, and some terminals never answer); a SIGWINCH handler (terminals
// rewrap a long line themselves, and the next repaint reckons with that);
// Ctrl-Z (a stopped program would leave the browser's requests paused).
package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

var (
	// ErrInterrupted reports a line that was cancelled with Ctrl-C.
	ErrInterrupted = errors.New("interrupted")
	// ErrTooLong reports a line of a pipe that has no end.
	ErrTooLong = fmt.Errorf("it is longer than %d MB; split it", MaxLine>>20)
	// ErrClosed reports that the prompt was closed before or while a line was read.
	ErrClosed = errors.New("prompt closed")
)

// MaxLine bounds a line of a pipe, in bytes.
const MaxLine = 16 << 20

// Options says where lines come from. In and Out must be set; the editor is used
// when both are terminals.
type Options struct {
	In, Out *os.File

	// Complete, if set, is asked when TAB is pressed. The candidates replace
	// line[start:cursor], counted in bytes. It runs on ReadLine's goroutine and
	// may call Notice.
	Complete func(line string, cursor int) (start int, candidates []Completion)

	// Hint, if set, is asked for what may come next whenever the cursor is at the end of
	// a line that is not empty. It is shown there dimmed, up to the end of the row, and
	// never part of the line; so leave it nil on a terminal without colours. The caller has
	// escaped it. It must be quick and must not call the prompt; any goroutine may run it
	// that calls Notice.
	Hint func(line string) string

	// History has the lines of earlier times, the oldest first.
	History []string
}

// Completion is one candidate. Text is inserted as it is, so it ends in a space
// where a word is complete; both are shown as they are, so the caller escapes them.
type Completion struct{ Text, Description string }

// Prompt reads lines for one goroutine at a time. Notice, Interrupt and Close may be
// called from any goroutine.
type Prompt struct {
	in, out      *os.File
	inFd         int
	wakeR, wakeW *os.File // written to by Interrupt, closed by Close, to end a read in progress
	shows        bool     // In and Out are terminals: prompts are shown
	edits        bool     // … which can move the cursor
	complete     func(line string, cursor int) (int, []Completion)
	hint         func(line string) string
	pending      []byte // read, not yet used; may hold keys typed ahead for later lines

	mu sync.Mutex // guards all below, and each read of In and write to Out

	closed, reading bool
	interrupted     bool        // the line being read; a byte is in the wake pipe
	cooked          *term.State // the mode to go back to; nil unless in raw mode
	prompt          string
	entered         bool   // the line is; it has no hint any more
	drawn           string // prompt, line and hint as last painted
	cursor          int    // where in drawn the cursor is
	line            line
	history         history
}

// New returns a prompt. It leaves the terminal alone until ReadLine.
func New(o Options) (*Prompt, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("opening the prompt: %w", err)
	}
	p := &Prompt{in: o.In, out: o.Out, inFd: int(o.In.Fd()), wakeR: r, wakeW: w, complete: o.Complete, hint: o.Hint}
	for _, line := range o.History {
		p.history.add(line)
	}
	if max(p.inFd, int(r.Fd())) >= unix.FD_SETSIZE {
		return nil, errors.Join(fmt.Errorf("opening the prompt: more than %d files are open", unix.FD_SETSIZE), r.Close(), w.Close())
	}
	p.shows = term.IsTerminal(p.inFd) && term.IsTerminal(int(o.Out.Fd()))
	p.edits = p.shows && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
	return p, nil
}

// ReadLine returns the next line without its end (LF or CR LF). It returns io.EOF
// at the end of input and on Ctrl-D on an empty line, ErrInterrupted on Ctrl-C and
// ErrClosed once Close is called. On a dumb terminal Ctrl-C stays a SIGINT, of which
// Interrupt tells. The prompt, of one row, may hold colours; it is not written when lines
// come from a pipe. It is painted over the row where the cursor is, so end output with a
// newline.
func (p *Prompt) ReadLine(prompt string) (string, error) {
	if err := p.begin(prompt); err != nil {
		return "", err
	}
	defer p.end() // also when Complete panics
	if p.edits {
		return p.readKeys()
	}
	return p.readPlain()
}

// Notice shows text, of one or more lines: above the prompt and the typed line
// while one is read, else where the cursor is. The caller has escaped the text.
func (p *Prompt) Notice(text string) {
	text = strings.TrimSuffix(text, "\n") + "\n"
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.cooked != nil:
		p.paint(text)
	case p.reading && p.shows: // the kernel echoes what is typed and cannot be asked to again
		p.write("\n" + text + p.prompt)
	default:
		p.write(text)
	}
}

// Interrupt cancels the line that a ReadLine without the editor waits for, which then
// gives ErrInterrupted. With the editor Ctrl-C is a key, and Interrupt does nothing.
func (p *Prompt) Interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reading || p.edits || p.closed || p.interrupted {
		return
	}
	p.interrupted = true
	p.wakeW.Write([]byte{0}) // the pipe has room: end takes each byte out
	if p.shows {
		p.write("\n")
	}
}

// Close ends a ReadLine in progress and puts the terminal back into the mode it
// was found in. After it returns nothing is read from In or moved on the screen.
func (p *Prompt) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	if p.reading && p.shows && !p.edits {
		p.write("\n")
	}
	err := errors.Join(p.finish(""), p.wakeW.Close())
	if !p.reading {
		err = errors.Join(err, p.wakeR.Close())
	}
	return err
}

func (p *Prompt) begin(prompt string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.prompt = prompt
	if p.edits {
		state, err := term.MakeRaw(p.inFd)
		if errors.Is(err, unix.EIO) { // the terminal was hung up
			return io.EOF
		}
		if err != nil {
			return fmt.Errorf("reading the terminal: %w", err)
		}
		p.cooked, p.entered = state, false
		p.line = line{killed: p.line.killed}
		p.history.rewind()
		p.paint("")
	} else if p.shows {
		p.write(prompt)
	}
	p.reading = true
	return nil
}

func (p *Prompt) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish("")
	p.reading = false
	if p.interrupted {
		p.interrupted = false
		unix.Read(int(p.wakeR.Fd()), make([]byte, 1))
	}
	if p.closed {
		p.wakeR.Close() // not by Close: fill was still waiting on it
	}
}

// finish leaves the line as typed, followed by mark, the cursor on a new row and
// the terminal in its own mode. It does nothing when that is done already.
func (p *Prompt) finish(mark string) error {
	if p.cooked == nil {
		return nil
	}
	p.line.pos, p.entered = len(p.line.text), true
	p.paint("")
	p.write(mark + "\r\n")
	p.drawn, p.cursor = "", 0
	err := term.Restore(p.inFd, p.cooked)
	if errors.Is(err, unix.EIO) { // one that was hung up has no mode
		err = nil
	}
	p.cooked = nil
	return err
}

// write drops the error: a terminal that is gone ends the next read.
func (p *Prompt) write(s string) { p.out.WriteString(s) }

func (p *Prompt) readPlain() (string, error) {
	for seen := 0; ; {
		if i := bytes.IndexByte(p.pending[seen:], '\n'); i >= 0 {
			return p.take(seen+i, 1), nil
		}
		if seen = len(p.pending); seen > MaxLine {
			return "", ErrTooLong
		}
		switch err := p.fill(); {
		case err == io.EOF && seen > 0:
			return p.take(seen, 0), nil
		case err == ErrInterrupted:
			p.pending = nil // Ctrl-D in a line sends what there is of it
			return "", err
		case err != nil:
			return "", err
		}
	}
}

// take removes n bytes and a line end of the given length from p.pending.
func (p *Prompt) take(n, end int) string {
	s := string(bytes.TrimSuffix(p.pending[:n], []byte("\r")))
	p.pending = p.pending[n+end:]
	return s
}

// fill waits until there is input or Close or Interrupt is called, and appends the input
// to p.pending. Waiting and reading are two steps, so that Close needs no reader
// goroutine, which would swallow keys meant for the next program.
func (p *Prompt) fill() error {
	wake := int(p.wakeR.Fd())
	for {
		var ready unix.FdSet
		ready.Set(p.inFd)
		ready.Set(wake)
		// select, because poll does not know terminals on macOS.
		_, err := unix.Select(max(p.inFd, wake)+1, &ready, nil, nil, nil)
		if err == unix.EINTR {
			continue
		} else if err != nil {
			return fmt.Errorf("waiting for input: %w", err)
		}
		switch n, err := p.read(ready.IsSet(p.inFd)); {
		case err == unix.EINTR || err == unix.EAGAIN:
		case err == unix.EIO || err == nil && n == 0: // EIO: the terminal was hung up
			return io.EOF
		case err == ErrClosed, err == ErrInterrupted:
			return err
		case err != nil:
			return fmt.Errorf("reading %s: %w", p.in.Name(), err)
		default:
			return nil
		}
	}
}

func (p *Prompt) read(ready bool) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, ErrClosed
	}
	if p.interrupted {
		return 0, ErrInterrupted
	}
	if !ready {
		return 0, unix.EAGAIN
	}
	var buf [4096]byte
	n, err := unix.Read(p.inFd, buf[:])
	p.pending = append(p.pending, buf[:max(n, 0)]...)
	return n, err
}
