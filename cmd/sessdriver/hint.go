package main

import (
	"slices"
	"strings"

	"sessdriver/scripts"
)

// hint is the rest of the usage of the command at the end of a text: what may be
// typed next. It is "" where that is not known.
func hint(registry *scripts.Registry, text string) string {
	words := lastCommand(text)
	command, words := named(registry, words)
	if command == nil {
		return ""
	}
	rest, ok := remaining(command, words)
	if !ok && !strings.HasSuffix(text, " ") {
		return restOfFlag(rest, words[len(words)-1].Text)
	}
	usage := rest.Usage("")
	if strings.HasSuffix(text, " ") {
		usage = strings.TrimPrefix(usage, " ")
	}
	return usage
}

// restOfFlag completes the one flag that begins as typed.
func restOfFlag(c *scripts.Command, typed string) string {
	found := ""
	for _, f := range c.Flags {
		if rest, fits := strings.CutPrefix("--"+f.Name, typed); fits {
			if found != "" {
				return ""
			}
			found = rest
		}
	}
	return found
}

// lastCommand gives the words of the command that a text ends in; none where a
// quote, a comment or a ; is last.
func lastCommand(text string) []scripts.Word {
	const next = "…" // stands for the word that will be typed
	text += " " + next
	for range 5 { // blocks that are not ended yet
		list, err := scripts.Parse(text)
		text += "\nend"
		if err != nil || len(list) == 0 {
			continue
		}
		last := list[len(list)-1]
		for len(last.Block) > 0 {
			last = last.Block[len(last.Block)-1]
		}
		n := len(last.Words) - 1
		if last.Words[n].Text != next {
			return nil
		}
		return last.Words[:n]
	}
	return nil
}

// named is the command that the first words name, which may be up to three, and the
// words after them.
func named(registry *scripts.Registry, words []scripts.Word) (*scripts.Command, []scripts.Word) {
	for n := min(3, len(words)); n > 0; n-- {
		var name []string
		for _, w := range words[:n] {
			name = append(name, w.Text)
		}
		if c, ok := registry.Command(strings.Join(name, " ")); ok {
			return c, words[n:]
		}
	}
	return nil, nil
}

// remaining is a command without the arguments that the words are. It is not ok when
// the last word is a flag that the command does not have, or not yet.
func remaining(c *scripts.Command, words []scripts.Word) (rest *scripts.Command, ok bool) {
	rest, ok = &scripts.Command{Params: c.Params, Flags: slices.Clone(c.Flags)}, true
	value := ""      // of the flag before, as help shows it
	noFlags := false // there was a --
	for _, w := range words {
		flag, isFlag := strings.CutPrefix(w.Text, "--")
		flag, _, hasValue := strings.Cut(flag, "=")
		i := slices.IndexFunc(rest.Flags, func(f scripts.Flag) bool { return f.Name == flag })
		ok = true
		switch {
		case value != "":
			value = ""
		case noFlags || w.Quoted || !isFlag:
			rest.Params = rest.Params[min(1, len(rest.Params)):]
		case w.Text == "--":
			noFlags, rest.Flags = true, nil
		case i < 0:
			ok = false
		default:
			if f := rest.Flags[i]; f.Kind != scripts.Switch && !hasValue {
				value = strings.ToUpper(string(f.Kind))
			}
			if !rest.Flags[i].Many {
				rest.Flags = slices.Delete(rest.Flags, i, i+1)
			}
		}
	}
	if value != "" {
		rest.Params = append([]scripts.Param{{Name: value}}, rest.Params...)
	}
	return rest, ok
}
