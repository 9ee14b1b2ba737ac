package sessions

import (
	"fmt"
	"strings"
)

// These errors say what is wrong; what to type instead is said by who knows the command
// language.

// NoSiteError reports a site that the book does not know: "" where it knows none.
type NoSiteError struct {
	Name  string
	Known []string
}

func (e *NoSiteError) Error() string {
	if e.Name == "" {
		return "no site yet"
	}
	if len(e.Known) == 0 {
		return fmt.Sprintf("no site %q", e.Name)
	}
	return fmt.Sprintf("no site %q; the known sites are %s", e.Name, strings.Join(e.Known, ", "))
}

// NoSessionError reports a session that a site does not have.
type NoSessionError struct {
	Site, Name string
	Known      []string // names of the site's sessions
	Elsewhere  []string // sites that do have it
}

func (e *NoSessionError) Error() string {
	where := ""
	if e.Site != "" {
		where = " on " + e.Site
	}
	switch {
	case len(e.Elsewhere) > 1:
		return fmt.Sprintf("no session %q%s; these sites have one: %s", e.Name, where, strings.Join(e.Elsewhere, ", "))
	case len(e.Known) > 0:
		return fmt.Sprintf("no session %q%s; its sessions are %s", e.Name, where, strings.Join(e.Known, ", "))
	}
	return fmt.Sprintf("no session %q%s; there is none yet", e.Name, where)
}

// AmbiguousError reports a prefix that several sessions share.
type AmbiguousError struct {
	Site, Name string
	Fits       []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%q on %s may be %s", e.Name, e.Site, strings.Join(e.Fits, " or "))
}

// NameTakenError reports a name that another session of the site has.
type NameTakenError struct{ Site, Name string }

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("the name %q is taken on %s", e.Name, e.Site)
}

// NoWindowError reports a window that is not open.
type NoWindowError struct {
	Name  string
	Known []string
}

func (e *NoWindowError) Error() string {
	return fmt.Sprintf("no window %q; there are %s", e.Name, strings.Join(e.Known, ", "))
}

// WindowTakenError reports a name that another window has.
type WindowTakenError struct{ Name string }

func (e *WindowTakenError) Error() string {
	return fmt.Sprintf("the window name %q is taken", e.Name)
}
