package scripts

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"sessdriver/sessions"
)

// Vars are the variables of scripts. It is safe for concurrent use; the zero value is
// empty.
type Vars struct {
	mu   sync.Mutex
	list map[string]string
	// typed is what was typed into password fields.
	typed []string
	size  int // of all values, in bytes
}

// What variables may hold, and what they may make of one command: a script that doubles
// one again and again would take all memory.
const (
	maxVars  = 64 << 20
	maxWords = 16 << 20
)

// Set gives a variable a value. It reports whether the name is one.
func (v *Vars) Set(name, value string) bool {
	if !isVariable(name) {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.list == nil {
		v.list = map[string]string{}
	}
	v.size += len(value) - len(v.list[name])
	v.list[name] = value
	return true
}

// put is Set for what a script or a page gives, which may be too much.
func (v *Vars) put(name, value string) error {
	v.mu.Lock()
	size := v.size + len(value) - len(v.list[name])
	v.mu.Unlock()
	if size > maxVars {
		return usage("$%s would be %d bytes long, and all variables together may have %d MB; keep less in it", name, len(value), maxVars>>20)
	}
	v.Set(name, value)
	return nil
}

func isVariable(name string) bool {
	return name != "" && !(name[0] >= '0' && name[0] <= '9') && !strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f || !isName(byte(r)) })
}

func (v *Vars) get(name string) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	value, ok := v.list[name]
	return value, ok
}

func (v *Vars) names() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Sorted(maps.Keys(v.list))
}

// expand puts the values in the place of the variables of words. A value is never more
// than one word, nor a flag.
func (v *Vars) expand(words []Word, mask sessions.Mask) ([]Word, error) {
	if !slices.ContainsFunc(words, func(w Word) bool { return w.parts != nil }) {
		return words, nil
	}
	words = slices.Clone(words)
	size := 0
	for i, w := range words {
		if w.parts == nil {
			continue
		}
		var b, masked strings.Builder
		for _, p := range w.parts {
			if p.variable == "" {
				b.WriteString(p.text)
				masked.WriteString(p.text)
				continue
			}
			value, ok := v.get(p.variable)
			if !ok {
				return nil, v.unset(p)
			}
			if size += len(value); size > maxWords {
				return nil, usageAt(p.position, "with the values of its variables this command is longer than %d MB; use shorter ones", maxWords>>20)
			}
			b.WriteString(value)
			if v.isSecret(p.variable) {
				value = mask.Value(value)
			}
			masked.WriteString(value)
		}
		words[i].Text, words[i].parts, words[i].source, words[i].masked = b.String(), nil, w.Text, masked.String()
	}
	return words, nil
}

func (v *Vars) unset(p part) error {
	lower := map[string]string{}
	for _, name := range v.names() {
		lower[strings.ToLower(name)] = name
	}
	if near := nearest(p.variable, slices.Sorted(maps.Keys(lower))); near != "" {
		return usageAt(p.position, "the variable %s is not set; did you mean: $%s", p.variable, lower[near])
	}
	return usageAt(p.position, "the variable %s is not set; give it with: set %[1]s VALUE, or --var %[1]s=VALUE, or SESSDRIVER_VAR_%[1]s; for the text itself write '$%[1]s'", p.variable)
}
