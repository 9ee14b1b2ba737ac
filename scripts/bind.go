package scripts

import (
	"slices"
	"strings"
)

// call is one run of a command, with its arguments.
type call struct {
	engine *Engine
	name   string            // as typed
	args   map[string]string // by the name of the parameter
	flags  map[string]string // a switch that is given has "true"
	// sources are the arguments that have variables in them, as they were written.
	sources    map[string]string
	maskedArgs map[string]string // those with what secret variables hold masked
	comment    Word              // see Statement

	statement Statement

	running *run
	block   []Statement
}

func (c *call) has(flag string) bool { return c.flags[flag] != "" }

// binder gives the words of a command to its parameters and flags.
type binder struct {
	command *Command
	name    string // as typed
	words   []Word // not yet looked at
	flags   map[string]string
	comment Word // see Statement
}

func bind(command *Command, name string, words []Word, comment Word) (*call, error) {
	b := &binder{command: command, name: name, words: words, flags: map[string]string{}, comment: comment}
	positional, err := b.readFlags()
	if err != nil {
		return nil, err
	}
	c := &call{name: name, args: map[string]string{}, flags: b.flags, sources: map[string]string{}, maskedArgs: map[string]string{}, comment: comment}
	if err := b.assign(c, positional); err != nil {
		return nil, err
	}
	return c, nil
}

// readFlags takes the flags out and returns the other words.
func (b *binder) readFlags() ([]Word, error) {
	var positional []Word
	for len(b.words) > 0 {
		w := b.next()
		switch {
		case !w.isFlag():
			positional = append(positional, w)
		case w.Text == "--":
			return append(positional, b.words...), nil
		default:
			if err := b.readFlag(w); err != nil {
				return nil, err
			}
		}
	}
	return positional, nil
}

func (b *binder) next() Word {
	w := b.words[0]
	b.words = b.words[1:]
	return w
}

func (b *binder) readFlag(w Word) error {
	name, value, hasValue := strings.Cut(w.Text[2:], "=")
	flag, ok := b.command.flag(name)
	if !ok {
		return b.unknownFlag(w, name)
	}
	before, given := b.flags[name]
	if given && !flag.Many {
		return usageAt(w.Position, "--%s is given twice; type it once", name)
	}
	if flag.Kind == Switch {
		if hasValue {
			return usageAt(w.Position, "--%s takes no value; type: --%s", name, name)
		}
		b.flags[name] = "true"
		return nil
	}
	if !hasValue {
		if len(b.words) == 0 {
			return usageAt(w.Position, "--%s needs a value; type: %s", name, b.usage())
		}
		w = b.next()
		value = w.Text
	}
	value, err := readAt(flag.Kind, value, w)
	if given {
		value = before + "\n" + value
	}
	b.flags[name] = value
	return err
}

func (b *binder) unknownFlag(w Word, name string) error {
	var names []string
	for _, f := range b.command.Flags {
		names = append(names, f.Name)
	}
	if near := nearest(name, names); near != "" {
		return usageAt(w.Position, "unknown flag --%s; did you mean: --%s", name, near)
	}
	return usageAt(w.Position, "unknown flag --%s; type: %s", name, b.usage())
}

func (b *binder) assign(c *call, words []Word) error {
	for _, p := range b.command.Params {
		if err := b.noPipe(words, p); err != nil {
			return err
		}
		if len(words) == 0 {
			if (!p.Optional || p.Kind == KindSelector) && b.comment.Text != "" {
				return notComment(b.comment, p)
			}
			if !p.Optional {
				return usage("%s is missing; type: %s", p.Name, b.usage())
			}
			break
		}
		n := 1
		if p.Rest {
			n = len(words)
		}
		value, err := readAt(p.Kind, joined(words[:n]), words[:n]...)
		if err != nil && words[0].source != "" { // what a variable holds may be a secret
			err = usageAt(words[0].Position, "the value of %s is not a valid %s; type: %s", words[0].shown(), p.Name, b.usage())
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(words[:n], func(w Word) bool { return w.source != "" }) {
			c.sources[p.Name] = shownAll(words[:n])
			c.maskedArgs[p.Name] = joinedMasked(words[:n])
		}
		c.args[p.Name], words = value, words[n:]
	}
	if err := b.noPipe(words, Param{}); err != nil {
		return err
	}
	if len(words) > 0 {
		return usageAt(words[0].Position, "unexpected argument %q; quote values with spaces; type: %s", words[0].shown(), b.usage())
	}
	return nil
}

// noPipe refuses what looks like a pipe or a redirection of a shell, where no free text is
// expected.
func (b *binder) noPipe(words []Word, p Param) error {
	if p.Kind == KindText {
		return nil
	}
	n := min(1, len(words))
	if p.Rest {
		n = len(words)
	}
	for _, w := range words[:n] {
		if !w.Quoted && isPipe(w.Text) {
			return usageAt(w.Position, "there are no pipes and no redirection here, so %q means nothing; put quotes around a value that has it; type: %s", w.Text, b.usage())
		}
	}
	return nil
}

func isPipe(text string) bool { return text != "" && strings.ContainsRune("|><", rune(text[0])) }

// notComment is the error where something is missing that a comment seems to have. What is
// no selector may be a secret.
func notComment(comment Word, missing Param) error {
	example := "'#…'"
	if missing.Kind == KindSelector {
		example = Quote(comment.Text)
	}
	return usageAt(comment.Position, "%s is missing: # after a space begins a comment; put quotes around it: %s", missing.Name, example)
}

func shownAll(words []Word) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.shown()
	}
	return strings.Join(list, " ")
}

func joinedMasked(words []Word) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.Text
		if w.source != "" {
			list[i] = w.masked
		}
	}
	return strings.Join(list, " ")
}

// shown is the word as it may be shown: with the names of its variables.
func (w Word) shown() string {
	if w.source != "" {
		return w.source
	}
	return w.Text
}

func (b *binder) usage() string { return b.command.Usage(b.name) }

// readAt reads what words say, unless there are variables in them whose values are not
// known yet.
func readAt(kind Kind, text string, words ...Word) (string, error) {
	if slices.ContainsFunc(words, func(w Word) bool { return w.parts != nil }) {
		return text, nil
	}
	value, err := kind.read(text)
	if u, ok := err.(*UsageError); ok {
		u.Position = words[0].Position
	}
	return value, err
}

// asksHelp reports whether a command has --help among its words.
func asksHelp(words []Word) bool {
	for _, w := range words {
		if w.isFlag() && w.Text == "--" {
			return false
		}
		if w.isFlag() && w.Text == "--help" {
			return true
		}
	}
	return false
}
