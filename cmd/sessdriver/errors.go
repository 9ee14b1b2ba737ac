package main

import (
	"context"
	"errors"
	"fmt"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/browserinstall"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// The exit codes, as `sessdriver help` lists them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitAssertion   = 3
	exitNoSession   = 4
	exitNoBrowser   = 5
	exitInterrupted = 130
)

// usageError reports a command line that was typed wrong.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...) + " (see: sessdriver help)"}
}

// errSilent ends the program with code 1 where everything has been said.
var errSilent = errors.New("failed")

func silent(err error) bool {
	return errors.Is(err, errSilent) || errors.Is(err, errInterrupted) || leftBy(err) || errors.As(err, new(*reportedError))
}

// errInterrupted ends the program because somebody asked for it.
var errInterrupted = errors.New("interrupted")

// exitCode is the one table of exit codes.
func exitCode(err error) int {
	var (
		usage     *usageError
		typed     *scripts.UsageError
		noSite    *sessions.NoSiteError
		noSession *sessions.NoSessionError
		ambiguous *sessions.AmbiguousError
		noWindow  *sessions.NoWindowError
		assertion *scripts.AssertionError
		failed    *scripts.FailError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled) && !errors.Is(err, cdp.ErrGone):
		return exitInterrupted
	case errors.As(err, &assertion), errors.As(err, &failed):
		return exitAssertion
	case errors.As(err, &usage), errors.As(err, &typed):
		return exitUsage
	case errors.As(err, &noSite), errors.As(err, &noSession), errors.As(err, &ambiguous), errors.As(err, &noWindow):
		return exitNoSession
	case errors.Is(err, cdp.ErrNoBrowser), errors.Is(err, cdp.ErrGone), errors.Is(err, browserinstall.ErrNotFound):
		return exitNoBrowser
	}
	return exitFailed
}

// oneLine is an error as a terminal may have it.
func oneLine(err error) string { return scripts.OneLine(err) }
