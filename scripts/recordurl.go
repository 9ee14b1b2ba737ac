package scripts

import (
	"regexp"
	"strings"

	"sessdriver/sessions"
)

// line is how a command is recorded: as it was written, but with variables for what may be
// secret in its addresses. relative says that a word may be an address without a host.
func (r *Recorder) line(s Statement, relative bool) string {
	words, changed := make([]string, len(s.Words)), false
	for i, w := range s.Words {
		text, hidden := r.withoutSecrets(w, relative && !w.isFlag())
		switch name, value, given := strings.Cut(w.Text, "="); {
		case hidden:
			changed = true
		case w.parts != nil:
			text = w.Text
		case w.isFlag() && given:
			text = name + "=" + Quote(value)
		case w.isFlag():
			text = w.Text
		default:
			text = Quote(w.Text)
		}
		words[i] = text
	}
	if !changed {
		return s.Text
	}
	return not(s) + strings.Join(words, " ")
}

// addresses finds the addresses in a word, with what may stand behind one in a sentence.
var addresses = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://\S+`)

// variableMark stands for a variable while a word is taken apart.
const variableMark = '\ue000'

// withoutSecrets is a word with variables for what may be secret in its addresses; hidden
// is false where there is no such thing.
func (r *Recorder) withoutSecrets(w Word, relative bool) (text string, hidden bool) {
	var whole strings.Builder
	var variables []string
	for _, p := range w.parts {
		if p.variable != "" {
			variables = append(variables, p.variable)
			p.text = string(variableMark)
		}
		whole.WriteString(p.text)
	}
	if w.parts == nil {
		whole.WriteString(w.Text)
	}
	var b strings.Builder
	add := func(text string) {
		for _, c := range text {
			switch {
			case c == variableMark && len(variables) > 0:
				b.WriteString("${" + variables[0] + "}")
				variables = variables[1:]
			case strings.ContainsRune("\"\\$`", c):
				b.WriteString("\\" + string(c))
			default:
				b.WriteRune(c)
			}
		}
	}
	address := func(address string) {
		for _, p := range sessions.SplitURL(address) {
			if p.Hidden == "" || strings.Trim(p.Text, string(variableMark)) == "" {
				add(p.Text)
				continue
			}
			hidden = true
			variables = variables[strings.Count(p.Text, string(variableMark)):]
			b.WriteString("${" + r.secret(p.Hidden, p.Text) + "}")
		}
	}
	word := whole.String()
	if relative {
		address(word)
		word = ""
	}
	from := 0
	for _, at := range addresses.FindAllStringIndex(word, -1) {
		found := strings.TrimRight(word[at[0]:at[1]], "\"'`),.;:]}>")
		add(word[from:at[0]])
		address(found)
		from = at[0] + len(found)
	}
	add(word[from:])
	return `"` + b.String() + `"`, hidden
}
