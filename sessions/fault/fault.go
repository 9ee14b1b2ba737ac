// Package fault says of what kind an error is, to those who meet it far from where it
// arose. The packages that find out what is wrong do not know how a person works with
// them; the command language does, and says what to type next for each kind.
package fault

import (
	"errors"
	"fmt"
)

// Kind is what is wrong. An error without one may pass: whoever waits for something tries
// again.
type Kind string

const (
	Mistyped Kind = "mistyped" // what was typed can never work, as a selector that is none
	Lasting  Kind = "lasting"  // waiting does not help: what a selector finds is something else

	NoTab        Kind = "no tab"
	Crashed      Kind = "crashed"       // the page of the tab
	NotReloaded  Kind = "not reloaded"  // the page is that of the session before, and stays it
	Reloading    Kind = "reloading"     // the page is that of the session before, still: this may pass
	OtherText    Kind = "other text"    // the field Object keeps another text than it was given
	MainWindow   Kind = "main window"   // it cannot be closed
	CookieHeader Kind = "cookie header" // it cannot be a token

	NewTab     Kind = "new tab"     // pages are opened in one, since the browser's are not ours
	NoAnswer   Kind = "no answer"   // to a dialog, which was closed
	NotSwapped Kind = "not swapped" // the web storage of the page stays another session's
	Unchecked  Kind = "unchecked"   // requests are not checked, and went out as another session

	NoBrowser     Kind = "no browser"     // what was started is none
	OldBrowser    Kind = "old browser"    // it is too old
	NoEndpoint    Kind = "no endpoint"    // no browser answers there
	PortInUse     Kind = "port in use"    // the DevTools port
	NoProfile     Kind = "no profile"     // its folder cannot be used
	ProfileInUse  Kind = "profile in use" // by another browser
	BadJournal    Kind = "bad journal"    // the file Object
	NoExtension   Kind = "no extension"   // the browser cannot load it
	LateExtension Kind = "late extension" // a browser loads it only at its start
)

// Error is an error of a kind.
type Error struct {
	Kind   Kind
	Object string // what it is about, where what to do names it
	Err    error
}

// Errorf is an error of a kind, worded as by [fmt.Errorf].
func Errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Of is the kind of an error, "" for none.
func Of(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}
