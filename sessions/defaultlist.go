package sessions

import (
	"fmt"
	"slices"
	"strings"
)

// DefaultError reports a change of the default tokens that cannot be made.
type DefaultError struct {
	Pattern string
	Taken   bool // the list has it already; else it does not have it
}

func (e *DefaultError) Error() string {
	if e.Taken {
		return fmt.Sprintf("%q is a default token already", e.Pattern)
	}
	return fmt.Sprintf("%q is not a default token", e.Pattern)
}

// Defaults lists the default tokens. It is a copy.
func (b *Book) Defaults() []Default {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.defaults.list)
}

// SetDefaults replaces the list of default tokens. Sites keep the tokens they
// have; what is new counts from the next message that carries it (RULES 6).
func (b *Book) SetDefaults(list []Default) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.useDefaults(list)
}

func (b *Book) useDefaults(list []Default) {
	b.defaults = newDefaults(list)
	for _, s := range b.order {
		s.kindsChanged()
	}
}

// AddDefault adds a default token at the end of the list.
func (b *Book) AddDefault(d Default) error {
	d.Pattern = strings.ToLower(d.Pattern)
	if err := checkPattern(d.Pattern); err != nil {
		return err
	}
	return b.changeDefaults(func(list []Default) ([]Default, error) {
		if indexDefault(list, d.Pattern) >= 0 {
			return nil, &DefaultError{d.Pattern, true}
		}
		return append(list, d), nil
	})
}

// EnableDefault turns a default token on or off.
func (b *Book) EnableDefault(pattern string, on bool) error {
	return b.changeDefaults(func(list []Default) ([]Default, error) {
		i := indexDefault(list, pattern)
		if i < 0 {
			return nil, &DefaultError{Pattern: pattern}
		}
		list[i].Off = !on
		return list, nil
	})
}

// ModifyDefault gives a default token another pattern, at its place in the list.
func (b *Book) ModifyDefault(pattern, to string) error {
	to = strings.ToLower(to)
	if err := checkPattern(to); err != nil {
		return err
	}
	return b.changeDefaults(func(list []Default) ([]Default, error) {
		i := indexDefault(list, pattern)
		if i < 0 {
			return nil, &DefaultError{Pattern: pattern}
		}
		if j := indexDefault(list, to); j >= 0 && j != i {
			return nil, &DefaultError{to, true}
		}
		list[i].Pattern = to
		return list, nil
	})
}

// checkPattern refuses what could not be written to a table and read again.
func checkPattern(pattern string) error {
	if pattern == "" || strings.HasPrefix(pattern, "#") || hasControl(pattern) || strings.Contains(pattern, "\t") {
		return fmt.Errorf("%q is not a pattern for cookie names; write letters, * for any characters, ? for one", pattern)
	}
	return nil
}

// RemoveDefault takes a default token out of the list.
func (b *Book) RemoveDefault(pattern string) error {
	return b.changeDefaults(func(list []Default) ([]Default, error) {
		i := indexDefault(list, pattern)
		if i < 0 {
			return nil, &DefaultError{Pattern: pattern}
		}
		return slices.Delete(list, i, i+1), nil
	})
}

func (b *Book) changeDefaults(change func([]Default) ([]Default, error)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, err := change(slices.Clone(b.defaults.list))
	if err == nil {
		b.useDefaults(list)
	}
	return err
}

// indexDefault finds a pattern in any case, -1 for none.
func indexDefault(list []Default, pattern string) int {
	return slices.IndexFunc(list, func(d Default) bool { return strings.EqualFold(d.Pattern, pattern) })
}
