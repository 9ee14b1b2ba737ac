package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"sessdriver/scripts"
)

// shells are those that completions are written for.
var shells = []string{"bash", "zsh", "fish"}

// completion writes what completes the program's own words and flags in a shell. They
// come from the one set of flags, and from the registry for what stands behind help.
func completion(shell string, out io.Writer) error {
	var flags []*pflag.Flag
	(&config{}).flagSet().VisitAll(func(f *pflag.Flag) { flags = append(flags, f) })
	switch shell {
	case "bash":
		bashCompletion(out, flags)
	case "zsh":
		zshCompletion(out, flags)
	case "fish":
		fishCompletion(out, flags)
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

// nextWords knows all words but files, URLs and flags.
func nextWords() []next {
	list := []next{{"", commands}, {"browser", browserVerbs}, {"completion", shells}}
	add := func(after, word string) {
		i := slices.IndexFunc(list, func(n next) bool { return n.after == after })
		if i < 0 {
			i, list = len(list), append(list, next{after: after})
		}
		if !slices.Contains(list[i].words, word) {
			list[i].words = append(list[i].words, word)
		}
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

func bashCompletion(out io.Writer, flags []*pflag.Flag) {
	var names []string
	for _, f := range flags {
		if names = append(names, "--"+f.Name); f.Shorthand != "" {
			names = append(names, "-"+f.Shorthand)
		}
	}
	fmt.Fprint(out, `# sessdriver completion bash > /etc/bash_completion.d/sessdriver
_sessdriver() {
	local word=${COMP_WORDS[COMP_CWORD]} words=
	case "${COMP_WORDS[*]:1:COMP_CWORD-1}" in
`)
	for _, n := range nextWords() {
		fmt.Fprintf(out, "\t%s) words=%s ;;\n", shellQuote(n.after), n.quoted())
	}
	fmt.Fprintf(out, `	'help '* | 'completion '*) words=' ' ;;
	esac
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W %s -- "$word"))
	elif [[ $words ]]; then
		COMPREPLY=($(compgen -W "$words" -- "$word"))
	else
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}
complete -o filenames -F _sessdriver sessdriver
`, shellQuote(strings.Join(names, " ")))
}

func zshCompletion(out io.Writer, flags []*pflag.Flag) {
	fmt.Fprint(out, `#compdef sessdriver
# sessdriver completion zsh > "${fpath[1]}/_sessdriver"
if [[ $PREFIX != -* ]]; then
	case "${(j: :)words[2,CURRENT-1]}" in
`)
	for _, n := range nextWords() {
		fmt.Fprintf(out, "\t%s) compadd -- %s; return ;;\n", shellQuote(n.after), strings.Join(n.words, " "))
	}
	fmt.Fprint(out, "\t'help '* | 'completion '*) return 1 ;;\n\tesac\nfi\n_arguments -s \\\n")
	escape := strings.NewReplacer("[", "(", "]", ")", ":", " -").Replace
	for _, f := range flags {
		long, short, value := "=", "+", ":value:_files"
		if f.Value.Type() == "bool" {
			long, short, value = "", "", ""
		}
		fmt.Fprintf(out, "\t%s \\\n", shellQuote("*--"+f.Name+long+"["+escape(firstLine(f))+"]"+value))
		if f.Shorthand != "" {
			fmt.Fprintf(out, "\t%s \\\n", shellQuote("*-"+f.Shorthand+short+"["+escape(firstLine(f))+"]"+value))
		}
	}
	fmt.Fprintf(out, "\t'1:command:(%s)' \\\n\t'*:file:_files'\n", strings.Join(commands, " "))
}

func fishCompletion(out io.Writer, flags []*pflag.Flag) {
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
	for _, f := range flags {
		short, needs := "", ""
		if f.Shorthand != "" {
			short = " -s " + f.Shorthand
		}
		if f.Value.Type() != "bool" {
			needs = " -r"
		}
		fmt.Fprintf(out, "complete -c sessdriver%s -l %s%s -d %s\n", short, f.Name, needs, shellQuote(firstLine(f)))
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

// man writes the manual page.
func man(out io.Writer) {
	roff := strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace
	line := func(text string) string {
		if text = roff(text); strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
			text = `\&` + text
		}
		return text
	}
	fmt.Fprintf(out, ".TH SESSDRIVER 1 %q sessdriver\n.SH NAME\nsessdriver \\- keep the HTTP sessions of every site in a browser, and force one\n.SH DESCRIPTION\n.nf\n", version())
	for text := range strings.SplitSeq(strings.TrimSpace(overview), "\n") {
		fmt.Fprintln(out, line(text))
	}
	fmt.Fprintln(out, ".fi\n.SH OPTIONS")
	(&config{}).flagSet().VisitAll(func(f *pflag.Flag) {
		value, text := pflag.UnquoteUsage(f)
		fmt.Fprintf(out, ".TP\n.B %s\n%s\n", line(strings.TrimSpace("--"+f.Name+" "+value)), line(text))
	})
	fmt.Fprintln(out, ".SH COMMANDS OF THE PROMPT AND OF SCRIPTS")
	for _, c := range scripts.NewRegistry().Commands() {
		fmt.Fprintf(out, ".TP\n.B %s\n%s.\n", line(c.Usage(c.Name)), line(c.Summary))
		if c.Detail != "" {
			fmt.Fprintln(out, line(c.Detail))
		}
	}
	fmt.Fprintln(out, ".SH EXIT STATUS\n.nf")
	for text := range strings.SplitSeq(strings.TrimSpace(exitHelp), "\n") {
		fmt.Fprintln(out, line(text))
	}
	fmt.Fprintln(out, ".fi")
}
