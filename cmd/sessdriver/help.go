package main

import (
	"context"
	"fmt"
	"strings"

	"sessdriver/cmd/sessdriver/internal/manual"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// help is `sessdriver help [TOPIC]`, and what any command does with --help.
func help(ctx context.Context, c *config, s streams) error {
	text, err := helpOn(ctx, c.args, c.newMask())
	if err == nil {
		fmt.Fprintln(s.out, text)
	}
	return err
}

// helpOn is the help on a command, a page of the manual, or a command of the prompt. Where
// two of them have one name, it is both.
func helpOn(ctx context.Context, words []string, mask sessions.Mask) (string, error) {
	if len(words) == 0 {
		return overview(), nil
	}
	command := commandOf(words[0])
	if command == nil {
		engine := &scripts.Engine{Commands: scripts.NewRegistry(), Mask: mask, Topics: manual.Pages()}
		result, err := engine.Run(ctx, "help "+strings.Join(words, " "))
		return result.Text, err
	}
	text := command.help()
	for _, page := range manual.Pages() {
		if page.Name == command.name {
			text += "\n\n" + page.Text
		}
	}
	return text, nil
}

// overview is the help of the program.
func overview() string {
	var list, pages [][2]string
	var examples []string
	for _, c := range commands() {
		list = append(list, [2]string{c.usage(), c.summary})
		if c.flags != "" {
			examples = append(examples, c.examples[0])
		}
	}
	list[0][0] = "[" + commands()[0].name + "]" + strings.TrimPrefix(list[0][0], commands()[0].name)
	for _, page := range manual.Pages() {
		pages = append(pages, [2]string{page.Name, page.Title})
	}
	return `sessdriver keeps the HTTP sessions of every site that a browser visits,
and makes a site belong to the one you choose.

Usage: sessdriver [COMMAND] [FLAGS] [ARGUMENTS]

Commands:
` + manual.List(list) + `

Pages of the manual:
` + manual.List(pages) + `

Examples:
  ` + strings.Join(examples, "\n  ") + `

Flags of every command:
` + listFlags(everywhere) + `

More: sessdriver help TOPIC, where TOPIC is a command, a page, or a command
of the prompt. Each flag is also an environment variable: --debug-port is
SESSDRIVER_DEBUG_PORT.

` + exitHelp
}

const exitHelp = `Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 an assertion failed, 4 no
such session, site or window, 5 no browser, 130 interrupted.`

// help is all about one command: no flags of others are in it.
func (c *command) help() string {
	text := "sessdriver " + c.usage() + "\n  " + strings.ToUpper(c.summary[:1]) + c.summary[1:] + ".\n\n"
	if c.detail != "" {
		text += manual.Wrap(c.detail) + "\n\n"
	}
	if c.flags != "" {
		text += "Flags:\n" + listFlags(c.flags) + "\n\n"
	}
	return text + "Flags of every command:\n" + listFlags(everywhere) + "\n\nExamples:\n  " + strings.Join(c.examples, "\n  ")
}

// listFlags shows flags of these names.
func listFlags(names string) string {
	var list [][2]string
	for _, f := range flagsNamed(names) {
		typed, text := describe(f)
		list = append(list, [2]string{typed, text})
	}
	return manual.List(list)
}
