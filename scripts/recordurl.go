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
	word, variables := w.marked()
	q := requoter{recorder: r, variables: variables}
	if relative {
		q.address(word)
		return q.word(), q.hidden
	}
	from := 0
	for _, at := range addresses.FindAllStringIndex(word, -1) {
		found := strings.TrimRight(word[at[0]:at[1]], "\"'`),.;:]}>")
		q.text(word[from:at[0]])
		q.address(found)
		from = at[0] + len(found)
	}
	q.text(word[from:])
	return q.word(), q.hidden
}

// marked is a word with a mark for each of its variables, in their order.
func (w Word) marked() (text string, variables []string) {
	if w.parts == nil {
		return w.Text, nil
	}
	for _, p := range w.parts {
		if p.variable != "" {
			variables = append(variables, p.variable)
			p.text = string(variableMark)
		}
		text += p.text
	}
	return text, variables
}

// requoter writes a word again, between double quotes.
type requoter struct {
	recorder  *Recorder
	variables []string // whose marks come
	hidden    bool     // a variable stands for a secret
	b         strings.Builder
}

func (q *requoter) word() string { return `"` + q.b.String() + `"` }

func (q *requoter) text(text string) {
	for _, c := range text {
		switch {
		case c == variableMark && len(q.variables) > 0:
			q.b.WriteString("${" + q.variables[0] + "}")
			q.variables = q.variables[1:]
		case strings.ContainsRune("\"\\$`", c):
			q.b.WriteString("\\" + string(c))
		default:
			q.b.WriteRune(c)
		}
	}
}

// address writes an address with variables for what it hides.
func (q *requoter) address(address string) {
	for _, p := range sessions.SplitURL(address) {
		if p.Hidden == "" || strings.Trim(p.Text, string(variableMark)) == "" {
			q.text(p.Text)
			continue
		}
		q.hidden = true
		q.variables = q.variables[strings.Count(p.Text, string(variableMark)):]
		q.b.WriteString("${" + q.recorder.secret(p.Hidden, p.Text) + "}")
	}
}
