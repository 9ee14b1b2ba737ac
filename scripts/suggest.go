package scripts

import (
	"slices"
	"strings"
)

// otherNumber is a noun in the singular for its plural, and the other way round.
func otherNumber(noun string) string {
	if one, ok := strings.CutSuffix(noun, "s"); ok {
		return one
	}
	return noun + "s"
}

// mixedUp is the command that words name but for the number of their noun, or by the short
// name of its verb (windows close, session rm); nil for none.
func (r *Registry) mixedUp(words []Word) *Command {
	if len(words) < 2 || words[0].Text == "" || words[1].Quoted {
		return nil
	}
	for _, noun := range []string{words[0].Text, otherNumber(words[0].Text)} {
		for _, c := range r.commands {
			if c.noun() == noun && (c.Name == noun+" "+words[1].Text || slices.Contains(c.Aliases, words[1].Text)) {
				return c
			}
		}
	}
	return nil
}

// bare lists the commands whose noun is left out: revert for session revert.
func (r *Registry) bare(words []Word) []*Command {
	var list []*Command
	if len(r.verbs(words[0].Text)) > 0 {
		return nil // it has a noun
	}
	for _, c := range r.commands {
		verb := strings.TrimPrefix(c.Name, c.noun()+" ")
		if n := strings.Count(verb, " ") + 1; c.noun() != "" && n <= len(words) && joined(words[:n]) == verb {
			list = append(list, c)
		}
	}
	return list
}

// meant is the error for words that most likely mean a command, of which the first n name
// it; nil where nothing is likely.
func (r *Registry) meant(words []Word) error {
	if c := r.mixedUp(words); c != nil {
		return usageAt(words[0].Position, "unknown command %q; did you mean: %s", joined(words[:2]), c.with(words[2:]))
	}
	first := words[0].Text
	if list := r.verbs(otherNumber(first)); len(list) > 0 && len(words) == 1 {
		return usageAt(words[0].Position, "unknown command %q; type one of: %s", first, strings.Join(list, ", "))
	}
	switch list := r.bare(words); len(list) {
	case 0:
		return nil
	case 1:
		verb := strings.Count(list[0].Name, " ")
		return usageAt(words[0].Position, "unknown command %q; did you mean: %s", joined(words[:verb]), list[0].with(words[verb:]))
	default:
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		return usageAt(words[0].Position, "unknown command %q; did you mean one of: %s", first, strings.Join(names, ", "))
	}
}

// with is how the command is typed with arguments, where none of them may be a secret.
func (c *Command) with(words []Word) string {
	text := c.Name
	for _, p := range c.Params {
		if !slices.Contains([]Kind{KindSession, KindName, KindSite, KindWindow, KindToken}, p.Kind) {
			return text
		}
	}
	for _, w := range words {
		switch {
		case w.isFlag() && strings.Contains(w.Text, "="), w.parts != nil:
			return c.Name
		case w.isFlag():
			text += " " + w.Text
		default:
			text += " " + Quote(w.Text)
		}
	}
	return text
}

// nearest returns the candidate that a misspelt text most likely means, "" when
// none is near. Of two that are as near, the one with the same beginning wins.
func nearest(text string, candidates []string) string {
	text = strings.ToLower(text)
	best, found := 3, "" // more than two slips is another word
	for _, c := range candidates {
		d := distance(text, c)
		closer := d < best || d == best && sameStart(text, c) && !sameStart(text, found)
		if closer && d <= len(c)/2 {
			best, found = d, c
		}
	}
	return found
}

func sameStart(a, b string) bool { return a != "" && b != "" && a[0] == b[0] }

// distance counts the letters to insert, delete, replace or swap with their
// neighbour between two words.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	if len(from) > 64 {
		return len(from) // no command: not worth the table
	}
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			cost := 1
			if from[i-1] == to[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}
