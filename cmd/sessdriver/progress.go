package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/clipperhouse/displaywidth"
	"golang.org/x/term"

	"sessdriver/cmd/sessdriver/internal/runner"
	"sessdriver/scripts"
)

// progress shows below the lines of a run how far it is. The cursor waits at the
// beginning of its row, so that whatever is written next, and whatever a resized
// terminal makes of the row, all of it can be erased from there.
type progress struct {
	screen *os.File // nil shows nothing

	mu                  sync.Mutex // guards what follows, and writing
	total, done, failed int
	running             []string // files
}

// barWidth is how many cells stand for the scripts.
const barWidth = 20

// event counts a script that begins, or that ended.
func (p *progress) event(e runner.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = slices.DeleteFunc(p.running, func(file string) bool { return file == e.File }) // it may begin again
	if e.Result == nil {
		p.running = append(p.running, e.File)
	} else {
		p.done++
		if e.Result.Err() != nil {
			p.failed++
		}
	}
	p.draw()
}

// write writes whole lines to a stream, above the progress.
func (p *progress) write(to io.Writer, lines string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	io.WriteString(to, lines)
	p.draw()
}

// end takes the progress away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.screen = nil
}

func (p *progress) erase() {
	if p.screen != nil {
		io.WriteString(p.screen, "\r\x1b[J")
	}
}

func (p *progress) draw() {
	if p.screen == nil {
		return
	}
	width, _, err := term.GetSize(int(p.screen.Fd()))
	if err != nil || width < 1 {
		width = 80
	}
	fmt.Fprint(p.screen, "\r\x1b[J", p.line(width), "\r")
}

func (p *progress) line(width int) string {
	full := barWidth * p.done / max(p.total, 1)
	text := fmt.Sprintf("[%s%s] %d/%d, %d failed", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), p.done, p.total, p.failed)
	between := ": "
	for _, file := range p.running {
		text += between + scripts.Escape(strings.TrimSuffix(filepath.Base(file), runner.Ext))
		between = ", "
	}
	return displaywidth.TruncateString(text, width-1, "…")
}
