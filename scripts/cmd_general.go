package scripts

import (
	"context"
	"strings"
)

func generalCommands() []*Command {
	return []*Command{
		{
			Name: "help", Aliases: []string{"?"},
			Summary: "List the commands, or tell about one",
			Params:  []Param{{Name: "COMMAND", Kind: KindCommand, Optional: true, Rest: true}},
			Detail:  "Any command with --help does the same.",
			Example: "help\nhelp use\nhelp session use",
			run:     runHelp,
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

func runHelp(_ context.Context, c *call) (Result, error) {
	registry, words := c.engine.registry(), []Word{}
	for name := range strings.FieldsSeq(c.args["COMMAND"]) {
		words = append(words, Word{Text: name})
	}
	if len(words) == 0 {
		return Result{Text: registry.help(), Value: registry.Commands()}, nil
	}
	command, n := registry.lookup(words)
	if command != nil && n == len(words) {
		return helpOn(command), nil
	}
	if verbs := registry.verbs(joined(words)); len(verbs) > 0 {
		return Result{Text: registry.table(verbs)}, nil
	}
	return Result{}, registry.unknown(words)
}
