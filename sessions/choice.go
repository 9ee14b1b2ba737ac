package sessions

import (
	"fmt"
	"slices"
	"strings"
)

// Choice is a setting that is one of a few words.
type Choice[T ~string] struct {
	What string // what one of them is, with its article: "a guard mode"
	All  []T    // in the order in which they are listed
}

// Parse reads one of them.
func (c Choice[T]) Parse(text string) (T, error) {
	if slices.Contains(c.All, T(text)) {
		return T(text), nil
	}
	return "", fmt.Errorf("%q is not %s; use %s", text, c.What, c)
}

// String lists them: a, b or c.
func (c Choice[T]) String() string {
	var list strings.Builder
	for i, word := range c.All {
		switch i {
		case 0:
		case len(c.All) - 1:
			list.WriteString(" or ")
		default:
			list.WriteString(", ")
		}
		list.WriteString(string(word))
	}
	return list.String()
}
