package scripts

import (
	"context"
	"errors"
	"os"
	"strings"
)

func generalCommands() []*Command {
	return []*Command{
		{
			Name: "help", Aliases: []string{"?"},
			Summary: "List the commands, or explain one",
			Params:  []Param{{Name: "COMMAND", Kind: KindCommand, Optional: true, Rest: true}},
			Detail:  "Any command with --help does the same.",
			Example: "help\nhelp use\nhelp session use",
			run:     runHelp,
		},
		{
			Name:    "history",
			Summary: "Show the commands that succeeded, or save them as a script",
			Flags:   []Flag{{Name: "save", Kind: KindFile, Summary: "write them into this file, which run accepts"}},
			Detail:  "What was typed into password fields, the values of variables, and what may be secret in addresses (as their queries) are not in it: the script's head lists the variables that are to be set.",
			Example: "history\nhistory --save shop.sess",
			run:     runHistory,
		},
		{
			Name: "quit", Aliases: []string{"exit"},
			Summary: "End the program, or the script",
			Detail:  "A browser that was launched is closed; one that was attached to is left as it was found.",
			Example: "quit",
			run: func(context.Context, *call) (Result, error) {
				return Result{Quit: true}, nil
			},
		},
	}
}

func runHistory(_ context.Context, c *call) (Result, error) {
	recorder := c.engine.Recorder
	if recorder == nil {
		return Result{}, errors.New("nothing is recorded here; type the commands at the prompt")
	}
	text, file := recorder.script(c.engine.Book.Secret), c.flags["save"]
	if file == "" {
		return Result{Text: EscapeLines(strings.TrimRight(text, "\n")), Value: text}, nil
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = out.WriteString(text)
		err = errors.Join(err, out.Close())
	}
	if err != nil {
		return Result{}, doing("saving the history", err, "name another file")
	}
	return Result{Text: "saved " + Escape(file) + "; run it with: sessdriver run " + Escape(Quote(file)), Value: file}, nil
}

// runHelp shows what commands say of themselves, and behind it the topic of that name.
func runHelp(_ context.Context, c *call) (Result, error) {
	result, err := c.commandHelp()
	asked, names := c.args["COMMAND"], []string{}
	for _, topic := range c.engine.Topics {
		names = append(names, topic.Name)
		if topic.Name == asked {
			result.Text, err = strings.TrimPrefix(result.Text+"\n\n"+topic.Text, "\n\n"), nil
		}
	}
	if asked == "" && len(names) > 0 {
		result.Text += "\nPages of the manual, with help TOPIC: " + strings.Join(names, ", ")
	}
	return result, err
}

// commandHelp is the help on a command, on those of a noun, or on all.
func (c *call) commandHelp() (Result, error) {
	registry, words := c.engine.registry(), []Word{}
	for name := range strings.FieldsSeq(c.args["COMMAND"]) {
		words = append(words, Word{Text: name})
	}
	if len(words) == 0 {
		return Result{Text: registry.help(), Value: registry.Commands()}, nil
	}
	command, n := registry.lookup(words) // its arguments may follow
	if mixed := registry.mixedUp(words); mixed != nil && n < 2 {
		return helpOn(mixed, mixed.Name), nil
	}
	if command != nil {
		return helpOn(command, joined(words[:n])), nil
	}
	if verbs := registry.verbs(joined(words)); len(verbs) > 0 {
		return Result{Text: registry.table(verbs)}, nil
	}
	switch list := registry.bare(words); len(list) {
	case 0:
	case 1:
		return helpOn(list[0], list[0].Name), nil
	default:
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		return Result{Text: registry.table(names)}, nil
	}
	return Result{}, registry.unknown(words)
}
