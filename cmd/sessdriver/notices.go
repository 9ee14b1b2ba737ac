package main

import (
	"fmt"
	"io"
	"sync"

	"sessdriver/scripts"
	"sessdriver/sessions"
)

// maxNotices bounds the lines that wait to be shown; what is over is dropped,
// since nobody reads that fast.
const maxNotices = 1000

// notices shows lines that nobody asked for: above the prompt while there is
// one, else on standard error. Printing never blocks: it is done while the book
// is locked.
type notices struct {
	lines chan string
	done  chan struct{}

	mu    sync.Mutex   // guards above
	above func(string) // shows a line above the prompt; nil while there is none

	hide func(string) string // masks what is printed; nil where nobody has secrets

	err     io.Writer
	colours colours // of err
}

func newNotices(err io.Writer, c colours) *notices {
	n := &notices{lines: make(chan string, maxNotices), done: make(chan struct{}), err: err, colours: c}
	go n.run()
	return n
}

func (n *notices) run() {
	defer close(n.done)
	for line := range n.lines {
		n.mu.Lock()
		if n.above != nil {
			n.above("* " + line)
		} else {
			fmt.Fprintln(n.err, n.colours.paint(yellow, "* "+line))
		}
		n.mu.Unlock()
	}
}

// show says where lines go from now on; nil means standard error.
func (n *notices) show(above func(string)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.above = above
}

// print shows a line, unescaped as it comes.
func (n *notices) print(line string) {
	line = scripts.Plain(line)
	if n.hide != nil {
		line = n.hide(line)
	}
	n.put(scripts.Escape(line))
}

// event shows an event of the book that a person wants to know.
func (n *notices) event(e sessions.Event) {
	if line := scripts.Describe(e); line != "" {
		n.put(line)
	}
}

func (n *notices) put(line string) {
	select {
	case n.lines <- line:
	default:
	}
}

// close shows what is left and ends.
func (n *notices) close() {
	close(n.lines)
	<-n.done
}
