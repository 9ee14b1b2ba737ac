package scripts

import (
	"cmp"
	"slices"
	"strings"
)

// Registry holds the commands of the language.
type Registry struct{ commands []*Command }

// NewRegistry returns a fresh registry with all commands, in the order in which
// help lists them.
func NewRegistry() *Registry {
	return &Registry{slices.Concat(listCommands(), siteCommands(), sessionCommands(), historyCommands(), whyCommands(), tokenCommands(), defaultCommands(), pageCommands(), windowCommands(), guardCommands(), observeCommands(), flowCommands(), actCommands(), frameCommands(), requestCommands(), readCommands(), watchCommands(), expectCommands(), generalCommands())}
}

// Commands lists the commands.
func (r *Registry) Commands() []*Command { return slices.Clone(r.commands) }

// Command finds a command by its name or an alias.
func (r *Registry) Command(name string) (*Command, bool) {
	for _, c := range r.commands {
		if slices.Contains(c.names(), name) {
			return c, true
		}
	}
	return nil, false
}

func (r *Registry) names() []string {
	var list []string
	for _, c := range r.commands {
		list = append(list, c.names()...)
	}
	return list
}

// lookup finds the command that the first words name, and how many of them its
// name has.
func (r *Registry) lookup(words []Word) (*Command, int) {
	for n := min(3, len(words)); n > 0; n-- { // expect not url
		if c, ok := r.Command(joined(words[:n])); ok {
			return c, n
		}
	}
	return nil, 0
}

func joined(words []Word) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.Text
	}
	return strings.Join(texts, " ")
}

// unknown is the error for words that name no command.
func (r *Registry) unknown(words []Word) error {
	first := words[0].Text
	verbs := r.verbs(first)
	if len(verbs) > 0 && len(words) == 1 {
		return usageAt(words[0].Position, "%q is the first word of several commands; type one of: %s", first, strings.Join(verbs, ", "))
	}
	said, two := first, joined(words[:min(2, len(words))])
	one, both := nearest(first, r.names()), nearest(two, r.names())
	if len(verbs) > 0 || both != "" && (one == "" || distance(two, both) <= distance(first, one)) {
		said = two
	}
	if i := strings.IndexAny(first, "|><"); i >= 0 && !words[0].Quoted && (i == 0 || slices.Contains(r.names(), first[:i])) {
		return usageAt(words[0].Position, "there are no pipes and no redirection here; type the command alone: %s", cmp.Or(first[:i], "help"))
	}
	if err := r.meant(words); err != nil {
		return err
	}
	if near := nearest(said, r.names()); near != "" {
		return usageAt(words[0].Position, "unknown command %q; did you mean: %s", said, near)
	}
	if len(verbs) > 0 {
		return usageAt(words[0].Position, "unknown command %q; type one of: %s", said, strings.Join(verbs, ", "))
	}
	return usageAt(words[0].Position, "unknown command %q; see: help", said)
}

// verbs lists the commands of a noun.
func (r *Registry) verbs(noun string) []string {
	var list []string
	for _, c := range r.commands {
		if strings.HasPrefix(c.Name, noun+" ") {
			list = append(list, c.Name)
		}
	}
	return list
}
