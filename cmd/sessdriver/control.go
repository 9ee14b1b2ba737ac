package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/prompt"
	"sessdriver/cmd/sessdriver/internal/settings"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// control drives one browser from the prompt, a pipe or -c.
type control struct {
	config  *config
	streams streams
	book    *sessions.Book
	notices *notices
	colours colours       // of the standard output
	mask    sessions.Mask // one, so that equal values look equal in all that is written

	browser *cdp.Browser
	engine  *scripts.Engine
	prompt  *prompt.Prompt // nil for -c
	// recorder is of what is typed, for history.
	recorder *scripts.Recorder
	// keeps says that a failing command does not end the program: somebody
	// sits at a terminal.
	keeps bool
	// held keeps Ctrl-C from ending the program between commands: there it cancels a
	// line.
	held chan os.Signal
}

func newControl(c *config, s streams) *control {
	k := &control{config: c, streams: s, notices: newNotices(s.err, c.coloursOn(s.err)), colours: c.coloursOn(s.out), recorder: &scripts.Recorder{}, held: make(chan os.Signal, 1)}
	signal.Notify(k.held, os.Interrupt)
	k.mask = c.newMask()
	k.book = c.newBook(k.notices.event)
	k.notices.hide = func(line string) string { return k.mask.Text(k.book, line, "") }
	k.keeps = !c.scriptGiven && term.IsTerminal(int(s.in.Fd()))
	return k
}

func (k *control) close() {
	k.notices.close()
	signal.Stop(k.held)
}

// with has the browser, wired to the control, for as long as do takes: there is no other
// way to it. It is given back on every path.
func (k *control) with(ctx context.Context, b *cdp.Browser, do func(context.Context) error) (err error) {
	defer func() {
		if closing := b.Close(); err == nil {
			err = closing
		}
	}()
	k.browser, k.engine = b, newEngine(k.book, b, k.mask)
	k.engine.Recorder = k.recorder
	ctx, stop := k.bound(ctx)
	defer stop()
	return k.because(ctx, do(ctx))
}

// drive does what the command line asks for, and takes commands until the end.
func (k *control) drive(ctx context.Context, g given, url string) error {
	for _, variable := range k.config.vars {
		name, value, _ := strings.Cut(variable, "=")
		k.engine.Vars.Set(name, value)
	}
	k.config.keepSettings(k.engine)
	k.engine.AlwaysSave, k.engine.Timeout = k.keeps, k.config.wait
	k.engine.Interactive = k.keeps && term.IsTerminal(int(k.streams.out.file.Fd()))
	for _, s := range g.sessions {
		for _, line := range s.unsent {
			k.notices.print(line)
		}
	}
	if err := g.apply(ctx, k.browser, k.book); err != nil {
		return err
	}
	for _, s := range g.sessions {
		k.recorder.Add("# not recorded, since it is a secret: --session " + scripts.Quote(s.name) + "=…; log in here instead")
	}
	if len(g.sessions) == 0 { // else it may be of one of them
		for _, name := range g.use {
			k.recorder.Add("use " + scripts.Quote(name))
		}
	}
	if url != "" {
		if err := k.open(ctx, url); err != nil && (errors.Is(err, cdp.ErrGone) || ctx.Err() != nil || !k.goOn(err)) {
			return err
		}
	}
	if k.config.scriptGiven {
		return k.engine.RunScript(ctx, scripts.Script{Name: "-c", Text: k.config.script}, k.show)
	}
	return k.loop(ctx)
}

// open shows the URL of the command line.
func (k *control) open(ctx context.Context, url string) error {
	ctx, stop := k.interruptible(ctx)
	defer stop()
	if err := k.browser.Open(ctx, url); err != nil {
		what := "the address"
		if strings.Contains(err.Error(), "PROX") {
			what = "--proxy " + sessions.ShowURL(k.config.proxy)
		}
		if strings.Contains(err.Error(), "ERR_INVALID_AUTH_CREDENTIALS") {
			return scripts.WithNext(err, "the server asks for HTTP credentials; type them as USER:PASSWORD@ before the host in: open URL")
		}
		return scripts.WithNext(err, "check "+what+", then type: open URL")
	}
	k.recorder.AddOpen(url)
	return nil
}

// bound ends the context when the browser is gone, and on Ctrl-C where nobody
// can type another command.
func (k *control) bound(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	lost := k.browser.Lost()
	go func() {
		select {
		case <-lost:
			cancel(k.browser.Err())
		case <-ctx.Done():
		}
	}()
	if k.keeps {
		return ctx, func() { cancel(nil) }
	}
	inner, stop := k.interruptible(ctx)
	return inner, func() { stop(); cancel(nil) }
}

// interruptible ends the context on Ctrl-C.
func (k *control) interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	sigint := make(chan os.Signal, 1)
	signal.Notify(sigint, os.Interrupt)
	go func() {
		select {
		case <-sigint:
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(sigint)
		cancel(nil)
	}
}

// because prefers the reason why the context ended to what came of it.
func (k *control) because(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, cdp.ErrGone), errors.Is(context.Cause(ctx), cdp.ErrGone):
		again := k.config.command.name
		if again == "attach" {
			return fmt.Errorf("%s: %w; start it again, and then: sessdriver attach %[1]s", sessions.ShowURL(k.config.args[0]), k.browser.Err())
		}
		return fmt.Errorf("%w; start anew with: sessdriver %s", k.browser.Err(), again)
	case ctx.Err() != nil:
		return errInterrupted
	}
	return err
}

// loop reads commands until the end of input, quit, or the loss of the browser.
func (k *control) loop(ctx context.Context) error {
	var lines gather
	p, end, err := k.openPrompt(ctx, &lines)
	if err != nil {
		return err
	}
	defer end()
	for {
		line, err := p.ReadLine(k.label(lines.open()))
		lines.number++
		last := errors.Is(err, io.EOF)
		switch {
		case errors.Is(err, prompt.ErrInterrupted):
			lines.begun.Reset()
			continue
		case last && !lines.open():
			return nil
		case errors.Is(err, prompt.ErrTooLong):
			return usagef("reading commands: line %d: %v", lines.number, err)
		case err != nil && !last:
			return err
		}
		command, whole, err := lines.add(line, last)
		if err != nil {
			return err
		}
		if !whole {
			continue
		}
		quit, err := k.runLine(ctx, command, lines.from)
		if err != nil && (ctx.Err() != nil || !k.goOn(err)) {
			return err
		}
		if quit || last {
			return nil
		}
	}
}

// openPrompt is the prompt, which ends with the context. Where somebody types, it shows
// the notices.
func (k *control) openPrompt(ctx context.Context, lines *gather) (p *prompt.Prompt, end func(), err error) {
	options := prompt.Options{In: k.streams.in, Out: k.streams.out.file, Complete: k.complete}
	tellHistory := func() {}
	if k.keeps {
		options.History, tellHistory = k.remember()
	}
	if k.colours { // else a hint would look like what was typed
		options.Hint = func(line string) string { return hint(k.engine.Commands, lines.begun.String()+line) }
	}
	if p, err = prompt.New(options); err != nil {
		return nil, nil, err
	}
	k.prompt = p
	stop := context.AfterFunc(ctx, func() { p.Close() })
	if !k.keeps {
		return p, func() { stop(); p.Close() }, nil
	}
	select {
	case <-k.held: // it was for what came before
	default:
	}
	go k.cancelLines(ctx, p)
	k.notices.show(func(line string) { p.Notice(k.colours.paint(yellow, line)) })
	tellHistory()
	p.Notice(fmt.Sprintf("%s is ready. help lists the commands, quit or Ctrl-D ends.", scripts.Escape(k.browser.Product())))
	return p, func() { k.notices.show(nil); stop(); p.Close() }, nil
}

// cancelLines lets Ctrl-C cancel the line being typed where the prompt has no editor. One
// that came during a command is the command's.
func (k *control) cancelLines(ctx context.Context, p *prompt.Prompt) {
	for {
		select {
		case <-k.held:
			p.Interrupt()
		case <-ctx.Done():
			return
		}
	}
}

// remember lets the prompt know the commands of earlier runs, and later runs those of
// this one, without their secrets. warn says why that is not so, once notices are shown at
// the prompt.
func (k *control) remember() (lines []string, warn func()) {
	var once sync.Once
	report := func(err error) {
		if err != nil {
			once.Do(func() { k.notices.print("the commands are not remembered for later runs: " + err.Error()) })
		}
	}
	k.recorder.Keep = func(command string) { report(settings.AddHistory(command)) }
	lines, err := settings.LoadHistory()
	return lines, func() { report(err) }
}

// goOn reports whether the program goes on after an error, which it prints
// then.
func (k *control) goOn(err error) bool {
	if k.keeps {
		fmt.Fprintln(k.streams.err, k.config.coloursOn(k.streams.err).paint(red, oneLine(err)))
	}
	return k.keeps
}

// runLine runs the commands of one line. At a terminal Ctrl-C ends the running
// command only.
func (k *control) runLine(ctx context.Context, line string, number int) (quit bool, err error) {
	script := scripts.Script{Name: "stdin", Line: number, Text: line}
	if k.keeps {
		var stop func()
		ctx, stop = k.interruptible(ctx)
		defer stop()
		script = scripts.Script{Text: line}
	}
	err = k.engine.RunScript(ctx, script, func(r scripts.Result) {
		k.show(r)
		quit = quit || r.Quit // it may stand in a block
	})
	return quit, err
}

func (k *control) show(r scripts.Result) {
	if r.Text != "" {
		fmt.Fprintln(k.streams.out, r.Text)
	}
}

// label is the prompt: the window of the current tab, its site, and what is forced
// there. A command that takes several lines has another.
func (k *control) label(more bool) string {
	switch {
	case !k.keeps:
		return ""
	case more:
		return "... "
	}
	site, w := k.book.SiteOf(k.browser.Location()), k.browser.Window()
	label := k.colours.paint(cyan, cmp.Or(scripts.Escape(site), "sessdriver"))
	if w != sessions.Main {
		label = k.colours.paint(magenta, scripts.Escape(w.String())) + ": " + label
	}
	if active, ok := k.book.Active(w, site, time.Now()); ok {
		label += " [" + k.colours.paint(green, scripts.Escape(active.Name)) + "]"
	}
	return label + "> "
}

func (k *control) complete(line string, cursor int) (int, []prompt.Completion) {
	start, list := k.engine.Complete(line, cursor)
	candidates := make([]prompt.Completion, len(list))
	for i, c := range list {
		candidates[i] = prompt.Completion(c)
	}
	return start, candidates
}
