package sessions

import (
	"iter"
	"slices"
)

// index finds the sessions that have a value or had it before, as far as they
// remember. Nearly every value is of one session alone, which takes no slice.
type index struct {
	first  map[pair]*session
	others map[pair][]*session
}

func newIndex() index {
	return index{map[pair]*session{}, map[pair][]*session{}}
}

// of yields the sessions of a value.
func (x *index) of(p pair) iter.Seq[*session] {
	return func(yield func(*session) bool) {
		s := x.first[p]
		if s == nil || !yield(s) {
			return
		}
		for _, other := range x.others[p] {
			if !yield(other) {
				return
			}
		}
	}
}

// count is the number of sessions of a value.
func (x *index) count(p pair) int {
	if x.first[p] == nil {
		return 0
	}
	return 1 + len(x.others[p])
}

func (x *index) has(p pair, s *session) bool {
	return x.first[p] == s || slices.Contains(x.others[p], s)
}

// add is called once for a value and a session.
func (x *index) add(p pair, s *session) {
	if x.first[p] == nil {
		x.first[p] = s
		return
	}
	x.others[p] = append(x.others[p], s)
}

func (x *index) remove(p pair, s *session) {
	others := x.others[p]
	if x.first[p] != s {
		others = slices.DeleteFunc(others, func(other *session) bool { return other == s })
	} else if len(others) > 0 {
		x.first[p] = others[0]
		others = slices.Delete(others, 0, 1)
	} else {
		delete(x.first, p)
		return
	}
	if x.others[p] = others; len(others) == 0 {
		delete(x.others, p)
	}
}
