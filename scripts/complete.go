package scripts

import (
	"slices"
	"strings"
)

// Completion is one way to go on with a line. Both parts are safe for a
// terminal.
type Completion struct {
	Text        string // quoted where needed; ends in a blank when the word is complete
	Description string
}

// Complete lists what may stand where the cursor, counted in bytes, is in the
// line. The texts replace line[start:cursor]. It does not ask the browser for
// anything.
func (e *Engine) Complete(line string, cursor int) (start int, list []Completion) {
	cursor = min(max(cursor, 0), len(line))
	c := e.completer(line[:cursor])
	if c == nil {
		return cursor, nil
	}
	return c.start, c.candidates()
}

// completer knows where in a command the cursor is.
type completer struct {
	engine   *Engine
	before   []Word // of the same command
	word     string // what is typed of the word at the cursor, or of the variable's name
	variable string // the $ or ${ that begins it; "" where the cursor is in no variable
	quoted   bool
	start    int
}

// completer reads a line up to the cursor; it is nil where nothing can be
// completed.
func (e *Engine) completer(text string) *completer {
	s := newScanner(text)
	var err error
	for s.at < len(s.text) && err == nil {
		err = s.step()
	}
	if s.comment || err != nil && s.at < len(s.text) {
		return nil
	}
	c := &completer{engine: e, start: len(text)}
	c.before, _ = takeMark(s.words)
	if s.word == nil {
		return c
	}
	c.word, c.quoted, c.start = s.value.String(), s.word.Quoted, s.word.offset // also of a quote that is still open
	switch {
	case s.parts != nil:
		return c.inVariable(text, s.parts[len(s.parts)-1].variable)
	case c.quoted:
	case c.word == "$":
		return c.inVariable(text, "")
	case len(s.words) == 0 && strings.HasPrefix(c.word, "!"):
		c.word, c.start = c.word[1:], c.start+1
	}
	return c
}

// inVariable is for a word whose last variable has that name. It is nil where more than
// the name was typed: what the word will be is not known.
func (c *completer) inVariable(text, name string) *completer {
	for _, c.variable = range []string{"$", "${"} {
		if strings.HasSuffix(text, c.variable+name) {
			c.word, c.start = name, len(text)-len(c.variable+name)
			return c
		}
	}
	return nil
}

func (c *completer) candidates() []Completion {
	if c.variable != "" {
		return c.variables()
	}
	command, n := c.engine.registry().lookup(c.before)
	if command == nil {
		return c.names()
	}
	var list []Completion
	if n == 1 && len(c.before) == 1 {
		list = c.names() // "site" may become "site list"
	}
	return append(list, c.arguments(command, c.before[n:])...)
}

// variables completes the name of a variable. No blank follows: the word may go on, as
// in $SHOP/orders.
func (c *completer) variables() []Completion {
	var list []Completion
	for _, v := range c.engine.values(KindVariable, c.word, "") {
		if _, ok := restAfter(nil, c.word, v.text); ok {
			list = append(list, Completion{c.variable + v.text + strings.Repeat("}", len(c.variable)-1), v.about})
		}
	}
	return list
}

// names completes the name of a command, which may have two words.
func (c *completer) names() []Completion {
	var list []Completion
	for _, command := range c.engine.registry().commands {
		for _, name := range command.names() {
			if rest, ok := c.rest(name); ok && rest != "" {
				list = append(list, Completion{rest + " ", command.summary(name)})
			}
		}
	}
	return list
}

// rest is the part of a text of several words that is to stand at the cursor,
// when its beginning is what was typed.
func (c *completer) rest(text string) (string, bool) {
	return restAfter(c.before, c.word, text)
}

// restAfter is rest with the earlier words of an argument.
func restAfter(before []Word, word, text string) (string, bool) {
	typed := ""
	if len(before) > 0 {
		typed = joined(before) + " "
	}
	if len(text) < len(typed)+len(word) || !strings.EqualFold(text[:len(typed)+len(word)], typed+word) {
		return "", false
	}
	return text[len(typed):], true
}

// arguments completes a flag, its value, or a positional argument.
func (c *completer) arguments(command *Command, before []Word) []Completion {
	typed := readTyped(command, before)
	switch {
	case typed.pending != Switch:
		return c.values(typed.pending, nil, "")
	case strings.HasPrefix(c.word, "--") && !c.quoted && !typed.noFlags:
		return c.flags(command, before)
	}
	p, ok := command.paramAt(len(typed.positional))
	if !ok {
		return nil
	}
	if !p.Rest {
		typed.positional = nil
	}
	return c.values(p.Kind, typed.positional, typed.site)
}

// typed is what the words of an unfinished command are.
type typed struct {
	positional []Word
	site       string // given by --site
	pending    Kind   // of the flag that the next word is the value of
	noFlags    bool   // there was a --
}

func readTyped(command *Command, words []Word) typed {
	var t typed
	var last string // the flag that waits for a value
	for _, w := range words {
		name, value, hasValue := strings.Cut(strings.TrimPrefix(w.Text, "--"), "=")
		switch {
		case t.pending != Switch:
			t.pending, name, value = Switch, last, w.Text
		case t.noFlags || !w.isFlag():
			t.positional = append(t.positional, w)
			continue
		case w.Text == "--":
			t.noFlags = true
			continue
		case !hasValue:
			flag, _ := command.flag(name)
			t.pending, last = flag.Kind, name
			continue
		}
		if name == siteFlag.Name {
			t.site = value
		}
	}
	return t
}

// paramAt is the parameter that the word after n others belongs to.
func (c *Command) paramAt(n int) (Param, bool) {
	if n < len(c.Params) {
		return c.Params[n], true
	}
	if last := len(c.Params) - 1; last >= 0 && c.Params[last].Rest {
		return c.Params[last], true
	}
	return Param{}, false
}

func (c *completer) flags(command *Command, before []Word) []Completion {
	var list []Completion
	for _, f := range command.Flags {
		given := slices.ContainsFunc(before, func(w Word) bool {
			return w.isFlag() && (w.Text == "--"+f.Name || strings.HasPrefix(w.Text, "--"+f.Name+"="))
		})
		if !given && strings.HasPrefix("--"+f.Name, c.word) {
			list = append(list, Completion{"--" + f.Name + " ", f.Summary})
		}
	}
	return list
}

// values completes an argument of a kind; before has the earlier words of one
// that takes several.
func (c *completer) values(kind Kind, before []Word, site string) []Completion {
	var list []Completion
	for _, v := range c.engine.values(kind, c.word, site) {
		rest, ok := restAfter(before, c.word, v.text)
		if !ok || rest == "" || Escape(v.text) != v.text {
			continue
		}
		if kind != KindCommand { // whose name is as many words as it has
			rest = Quote(rest)
		}
		list = append(list, Completion{rest + " ", Escape(v.about)})
	}
	return list
}
