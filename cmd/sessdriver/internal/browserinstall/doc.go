// Package browserinstall installs a browser of the Chrome family where that takes a
// single well-known command. How one is found is package cdp's.
//
// Install adds Chromium with apt on Debian, Ubuntu and their relatives. On every
// other system it changes nothing and answers with the command to type.
//
// Not done: downloading a browser ourselves (no update channel, no signature
// check of our own to keep).
package browserinstall

import (
	"context"
	"errors"
	"io"

	"sessdriver/cdp"
)

// Browser is an installed browser.
type Browser = cdp.Installed

// ErrNotFound reports that no known browser is installed. A *Manual error wraps
// it, so one errors.Is covers both.
var ErrNotFound = errors.New(`no browser found; install one with "sessdriver browser install", or name one with --browser PATH`)

// Find returns the path of an installed browser: Chrome, Chromium, Edge, Brave or
// headless-shell, in that order of preference; ErrNotFound when there is none.
func Find() (Browser, error) {
	found, err := cdp.FindBrowser()
	if err != nil {
		return found, ErrNotFound
	}
	return found, nil
}

// Install finds a browser, or installs Chromium with apt on Debian and Ubuntu,
// through sudo when not root. Elsewhere it returns a *Manual error that holds the
// command of that system's package manager. Each command is named on out before
// its output. Cancelling ctx interrupts apt-get, which ends a download at once
// but finishes unpacking; under sudo only the terminal's Ctrl-C reaches it.
func Install(ctx context.Context, out io.Writer) (Browser, error) {
	return thisSystem().install(ctx, out)
}
