package scripts

import (
	"context"
	"path/filepath"
	"slices"
)

// Check finds what is typed wrong in a script, and in those that it includes, without
// running anything: commands and flags that there are not, arguments that are missing, too
// many or malformed. What variables hold, and scripts that cannot be read yet, are looked at
// when it runs. Errors are of type *[CommandError].
func (e *Engine) Check(ctx context.Context, s Script) error {
	statements, err := Parse(s.Text)
	if err != nil {
		return s.broken(err)
	}
	c := &checking{ctx: ctx, engine: e, seen: map[string]bool{filepath.Clean(s.Name): true}}
	if err := c.block(statements, []string{s.Name}); err != nil {
		return s.placed(err)
	}
	return nil
}

// checking is one run of Check.
type checking struct {
	ctx    context.Context
	engine *Engine
	seen   map[string]bool // the scripts that were looked at
}

// block checks the commands of a script's block; files are the scripts that it stands in,
// the innermost last.
func (c *checking) block(block []Statement, files []string) error {
	for _, s := range block {
		name, err := c.engine.checkStatement(s)
		if err != nil {
			return &CommandError{Position: atFault(err, s.Position()), Name: name, Command: s.Text, Err: c.engine.maskError(err, s)}
		}
		if s.Words[0].Text == includeName {
			if err := c.include(s, files); err != nil {
				return err
			}
		}
		if err := c.block(s.Block, files); err != nil {
			return err
		}
	}
	return nil
}

// include checks a script that is included, once, as far as it can be read now.
func (c *checking) include(s Statement, files []string) error {
	if c.engine.ReadFile == nil || len(s.Words) != 2 || hasVariables(s) || len(c.seen) > maxIncluded || c.ctx.Err() != nil {
		return nil
	}
	script := Script{Name: fileOf(files, s.Words[1].Text)}
	if id := filepath.Clean(script.Name); c.seen[id] {
		return nil
	} else {
		c.seen[id] = true
	}
	text, err := c.engine.ReadFile(c.ctx, script.Name)
	if err != nil {
		return nil
	}
	statements, err := Parse(string(text))
	if err != nil {
		return script.broken(err)
	}
	if err := c.block(statements, append(slices.Clone(files), script.Name)); err != nil {
		return script.placed(err)
	}
	return nil
}

// checkStatement checks one command, and gives its name as it was typed.
func (e *Engine) checkStatement(s Statement) (name string, err error) {
	command, n := e.registry().lookup(s.Words)
	if command == nil {
		return "", e.registry().unknown(s.Words)
	}
	if asksHelp(s.Words[n:]) {
		return "", nil
	}
	_, name, err = e.bind(command, n, s, s.Words[n:])
	return name, err
}

// bind gives the words of a statement, behind the n that name the command, to it.
func (e *Engine) bind(command *Command, n int, s Statement, words []Word) (_ *call, name string, err error) {
	name = joined(s.Words[:n])
	c, err := bind(command, name, words, s.comment)
	if err != nil && n == 1 && e.registry().mixedUp(s.Words) != nil {
		return nil, "", e.registry().meant(s.Words)
	}
	return c, name, err
}
