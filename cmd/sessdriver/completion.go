package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"sessdriver/scripts"
)

// shells are those that completions are written for.
var shells = []string{"bash", "zsh", "fish"}

// completion writes what completes the program's own commands and flags in a shell. They
// come from the one set of flags.
func completion(shell string, out io.Writer) error {
	var flags []*pflag.Flag
	(&config{}).flagSet().VisitAll(func(f *pflag.Flag) { flags = append(flags, f) })
	switch shell {
	case "bash":
		var words []string
		for _, f := range flags {
			words = append(words, "--"+f.Name)
		}
		fmt.Fprintf(out, `# sessdriver completion bash > /etc/bash_completion.d/sessdriver
_sessdriver() {
	local word=${COMP_WORDS[COMP_CWORD]}
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "%s" -- "$word"))
	elif ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "%s" -- "$word") $(compgen -f -- "$word"))
	else
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}
complete -o filenames -F _sessdriver sessdriver
`, strings.Join(words, " "), strings.Join(commands, " "))
	case "zsh":
		fmt.Fprintf(out, "#compdef sessdriver\n# sessdriver completion zsh > \"${fpath[1]}/_sessdriver\"\n_arguments -s \\\n")
		for _, f := range flags {
			fmt.Fprintf(out, "\t%s \\\n", shellQuote(fmt.Sprintf("*--%s[%s]%s", f.Name, strings.NewReplacer("[", "(", "]", ")", ":", " -").Replace(firstLine(f)), map[bool]string{true: "", false: "=:value:_files"}[f.Value.Type() == "bool"])))
		}
		fmt.Fprintf(out, "\t'1:command:(%s)' \\\n\t'*:file:_files'\n", strings.Join(commands, " "))
	case "fish":
		fmt.Fprintf(out, "# sessdriver completion fish > ~/.config/fish/completions/sessdriver.fish\ncomplete -c sessdriver -n __fish_use_subcommand -a %s\n", shellQuote(strings.Join(commands, " ")))
		for _, f := range flags {
			needs := ""
			if f.Value.Type() != "bool" {
				needs = " -r"
			}
			fmt.Fprintf(out, "complete -c sessdriver -l %s%s -d %s\n", f.Name, needs, shellQuote(firstLine(f)))
		}
	default:
		return usagef("completion: say for which shell: %s", strings.Join(shells, ", "))
	}
	return nil
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
