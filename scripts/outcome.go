package scripts

import "fmt"

// AssertionError reports what was not as expected.
type AssertionError struct {
	Expected, Actual string

	nothingSeen bool // nothing was seen, so that it is no evidence of the opposite
}

func (e *AssertionError) Error() string {
	return fmt.Sprintf("expected %s, but %s", e.Expected, e.Actual)
}

// FailError is what the command fail fails with.
type FailError struct{ Reason string }

func (e *FailError) Error() string { return e.Reason }

// SkipError ends a section, or the script before the first one.
type SkipError struct{ Reason string }

func (e *SkipError) Error() string { return "skipped: " + e.Reason }

// Section is the value of section: a test case begins.
type Section struct {
	Name string `json:"section"`
}

// SectionGroup is the value before the sections of a script or of a block, and again, with
// Ends, after them: what follows then belongs to the text around them.
type SectionGroup struct {
	Ends bool `json:"ends"`
}

// Skipped is the value of a skipped section.
type Skipped struct {
	Reason string `json:"skipped"`
}

// NotRun is the value of a section that is not run, since a command before it failed.
type NotRun struct {
	Section string `json:"notRun"`
}
