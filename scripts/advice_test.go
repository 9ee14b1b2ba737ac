package scripts

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"

	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// What to type is said once, for what the packages below report, and for unknown errors.
func TestAdvice(t *testing.T) {
	unknown := errors.New("the tab crashed")
	journal := &fault.Error{Kind: fault.BadJournal, Object: "/a b/j", Err: errors.New("it cannot be read")}
	for _, c := range []struct {
		err  error
		want string
	}{
		{unknown, "forcing bob: the tab crashed; see: ls"},
		{doing("using it", unknown, "see: windows"), "using it: the tab crashed; see: windows"},
		{usage("type it once"), "type it once"},
		{fmt.Errorf("x: %w", usage("type it once")), "x: type it once"},
		{&sessions.NoSiteError{}, "no site yet; open a page first: open URL"},
		{&sessions.NameTakenError{Site: "a.test", Name: "Session 1"}, `the name "Session 1" is taken on a.test; choose another, or: use 'Session 1'`},
		{fmt.Errorf("x: %w", &sessions.NoTokenError{Site: "a.test", Name: "sid"}), `x: "sid" is not a token of a.test; see: tokens`},
		{fault.Errorf(fault.NoTab, "no tab is open"), "no tab is open; open one: open URL"},
		{journal, "it cannot be read; to go on without, type: rm '/a b/j'"},
		{fault.Errorf(fault.Lasting, "it is a <div>"), "forcing bob: it is a <div>; see: ls"},
	} {
		err := doing("forcing bob", c.err, "see: ls")
		check(t, c.want, OneLine(err), c.want)
		if !errors.Is(err, c.err) {
			t.Errorf("%v is not %v any more", err, c.err)
		}
	}
	check(t, "a front end", OneLine(journal), "it cannot be read; to go on without, type: rm '/a b/j'")
	check(t, "given", OneLine(WithNext(journal, "try again")), "it cannot be read; try again")
}

// Waiting does not help where it is known what is wrong, except where that may end.
func TestLasting(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {errors.New("no answer yet"), false},
		{fault.Errorf(fault.Reloading, "not yet"), false},
		{fault.Errorf(fault.NotReloaded, "never"), true},
		{fault.Errorf(fault.Lasting, "it is a <div>"), true},
		{fault.Errorf(fault.Mistyped, "the selector is empty"), true},
		{usage("no"), true}, {&sessions.NoWindowError{}, true},
	} {
		if got := isPermanent(c.err); got != c.want {
			t.Errorf("%v lasts: %v", c.err, got)
		}
	}
}

// What to type is known of every kind of fault, but for those whose text says what is wrong
// with what was typed.
func TestAdviceOnAll(t *testing.T) {
	source, err := os.ReadFile("../sessions/fault/fault.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := regexp.MustCompile(`\sKind += "(.+?)"`).FindAllSubmatch(source, -1)
	for _, found := range kinds {
		kind := fault.Kind(found[1])
		if known := adviceOn[kind] != ""; known == (kind == fault.Mistyped || kind == fault.Lasting) {
			t.Errorf("%s: known is %v", kind, known)
		}
	}
	if len(kinds) != len(adviceOn)+2 {
		t.Errorf("%d kinds, advice on %d", len(kinds), len(adviceOn))
	}
}
