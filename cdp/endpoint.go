package cdp

import (
	"context"
	"errors"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// CheckEndpoint says why a text cannot be what [Attach] takes, without asking anybody.
func CheckEndpoint(endpoint string) error { return chrome.CheckEndpoint(endpoint) }

// noEndpoint says that a browser could not be reached, and why.
func noEndpoint(endpoint string, cause error) error {
	if errors.Is(cause, context.DeadlineExceeded) {
		cause = errors.New("it does not answer in time")
	}
	if text := sessions.ShowURLs(cause.Error()); text != cause.Error() { // it names the endpoint
		cause = &shownError{text, cause}
	}
	return fault.Errorf(fault.NoEndpoint, "%w: attaching to %s: %w", ErrNoBrowser, sessions.ShowURL(endpoint), cause)
}

// shownError is an error with its URLs as people may see them.
type shownError struct {
	text  string
	cause error
}

func (e *shownError) Error() string { return e.text }

func (e *shownError) Unwrap() error { return e.cause }
