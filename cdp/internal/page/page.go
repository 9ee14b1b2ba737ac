package page

import (
	"context"
	"sync"

	"sessdriver/cdp/internal/targets"
)

// Driver acts on the current tab, as a person at the browser does, and reads what that
// shows. Its methods are safe for concurrent use.
type Driver struct {
	Surroundings
	targets *targets.Set

	mu     sync.Mutex // guards inside
	inside inside
}

// Surroundings are what a Driver needs of the program that it is part of.
type Surroundings struct {
	// Current is the tab that is driven, nil when none is open.
	Current func() *targets.Tab
	// Because prefers the loss of the browser, or of the current page, to an error that
	// comes of it.
	Because func(error) error
	// Notice tells a person something, in words or as an error (%w) of a kind.
	Notice func(format string, args ...any)
	// Acts is called when a page is about to be acted on, and all is told that was before.
	Acts func()
	// Opens is called when another page is about to be opened in a tab.
	Opens func(*targets.Tab)
	// Renewed waits until a tab shows what is being shown anew there.
	Renewed func(context.Context, *targets.Tab) error
}

// New makes a Driver of the tabs of a Set.
func New(t *targets.Set, s Surroundings) *Driver { return &Driver{Surroundings: s, targets: t} }
