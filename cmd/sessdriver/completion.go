package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"sessdriver/cmd/sessdriver/internal/manual"
	"sessdriver/scripts"
)

// shells are those that completions are written for.
var shells = []string{"bash", "zsh", "fish"}

// completion is `sessdriver completion SHELL`: what completes the words and flags of the
// commands, and the registry's for the words after help.
func completion(_ context.Context, c *config, s streams) error {
	switch strings.Join(c.args, "") {
	case "bash":
		bashCompletion(s.out)
	case "zsh":
		zshCompletion(s.out)
	case "fish":
		fishCompletion(s.out)
	default:
		return usagef("completion needs a shell: %s", strings.Join(shells, ", "))
	}
	return nil
}

// next is what may stand behind some words of a command line.
type next struct {
	after string // "" behind the program's name
	words []string
}

// quoted are the words for a shell.
func (n next) quoted() string { return shellQuote(strings.Join(n.words, " ")) }

// nextWords knows all words but files, URLs and flags; first those behind the program's
// name.
func nextWords() (list []next) {
	add := func(after string, words ...string) {
		for _, word := range words {
			i := slices.IndexFunc(list, func(n next) bool { return n.after == after })
			if i < 0 {
				i, list = len(list), append(list, next{after: after})
			}
			if !slices.Contains(list[i].words, word) {
				list[i].words = append(list[i].words, word)
			}
		}
	}
	for _, c := range commands() {
		add("", c.name)
		add("help", c.name)
		add(c.name, c.words...)
	}
	for _, topic := range manual.Pages() {
		add("help", topic.Name)
	}
	for _, c := range scripts.NewRegistry().Commands() {
		for _, name := range append([]string{c.Name}, c.Aliases...) {
			if name == "?" { // to a shell that is a pattern for files
				continue
			}
			after := "help"
			for word := range strings.FieldsSeq(name) {
				add(after, word)
				after += " " + word
			}
		}
	}
	return list
}

func bashCompletion(out io.Writer) {
	flags := func(c *command) string {
		var names []string
		for _, f := range flagsNamed(everywhere + c.flags) {
			if names = append(names, "--"+f.Name); f.Shorthand != "" {
				names = append(names, "-"+f.Shorthand)
			}
		}
		return shellQuote(strings.Join(names, " "))
	}
	fmt.Fprintf(out, `# sessdriver completion bash > /etc/bash_completion.d/sessdriver
_sessdriver() {
	local word=${COMP_WORDS[COMP_CWORD]} words= flags=%s
	case ${COMP_WORDS[1]} in
`, flags(commands()[0]))
	for _, c := range commands()[1:] {
		fmt.Fprintf(out, "\t%s) flags=%s ;;\n", c.name, flags(c))
	}
	fmt.Fprint(out, "\tesac\n\tcase \"${COMP_WORDS[*]:1:COMP_CWORD-1}\" in\n")
	for _, n := range nextWords() {
		fmt.Fprintf(out, "\t%s) words=%s ;;\n", shellQuote(n.after), n.quoted())
	}
	fmt.Fprint(out, `	'help '* | 'completion '*) words=' ' ;;
	esac
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$flags" -- "$word"))
	elif [[ $words ]]; then
		COMPREPLY=($(compgen -W "$words" -- "$word"))
	else
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}
complete -o filenames -F _sessdriver sessdriver
`)
}

func zshCompletion(out io.Writer) {
	escape := strings.NewReplacer("[", "(", "]", ")", ":", " -").Replace
	flags := func(c *command) string {
		list := "flags=("
		for _, f := range flagsNamed(everywhere + c.flags) {
			long, short, value := "=", "+", ":value:_files"
			if f.Value.Type() == "bool" {
				long, short, value = "", "", ""
			}
			about := "[" + escape(firstLine(f)) + "]" + value
			list += "\n\t" + shellQuote("*--"+f.Name+long+about)
			if f.Shorthand != "" {
				list += "\n\t" + shellQuote("*-"+f.Shorthand+short+about)
			}
		}
		return list + ")"
	}
	fmt.Fprint(out, `#compdef sessdriver
# sessdriver completion zsh > "${fpath[1]}/_sessdriver"
if [[ $PREFIX != -* ]]; then
	case "${(j: :)words[2,CURRENT-1]}" in
`)
	for _, n := range nextWords() {
		fmt.Fprintf(out, "\t%s) compadd -- %s; return ;;\n", shellQuote(n.after), strings.Join(n.words, " "))
	}
	fmt.Fprintf(out, "\t'help '* | 'completion '*) return 1 ;;\n\tesac\nfi\nlocal -a %s\ncase $words[2] in\n", flags(commands()[0]))
	for _, c := range commands()[1:] {
		fmt.Fprintf(out, "%s) %s ;;\n", c.name, flags(c))
	}
	fmt.Fprintf(out, "esac\n_arguments -s $flags '1:command:(%s)' '*:file:_files'\n", strings.Join(commandNames(""), " "))
}

func fishCompletion(out io.Writer) {
	list := nextWords()
	fmt.Fprintf(out, `# sessdriver completion fish > ~/.config/fish/completions/sessdriver.fish
function __sessdriver_after
	set -l words (commandline -opc)
	set -e words[1]
	test "$words" = "$argv"
end
complete -c sessdriver -n __fish_use_subcommand -a %s
complete -c sessdriver -f -n '__fish_seen_subcommand_from help completion'
`, list[0].quoted())
	for _, n := range list[1:] {
		fmt.Fprintf(out, "complete -c sessdriver -f -n '__sessdriver_after %s' -a %s\n", n.after, n.quoted())
	}
	for _, f := range flagsNamed("") {
		condition, short, needs := "", "", ""
		with := commandNames(f.Name)
		without := slices.DeleteFunc(commandNames(""), func(name string) bool { return slices.Contains(with, name) })
		if len(without) > 0 {
			condition = " -n 'not __fish_seen_subcommand_from " + strings.Join(without, " ") + "'"
		}
		if f.Shorthand != "" {
			short = " -s " + f.Shorthand
		}
		if f.Value.Type() != "bool" {
			needs = " -r"
		}
		fmt.Fprintf(out, "complete -c sessdriver%s%s -l %s%s -d %s\n", condition, short, f.Name, needs, shellQuote(firstLine(f)))
	}
}

// firstLine is what a flag is for, in a few words.
func firstLine(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	if i := strings.IndexAny(text, ";("); i > 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

// shellQuote writes a text as one word of bash, zsh or fish.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
