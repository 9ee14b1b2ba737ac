package cdp

import (
	"context"
	"errors"
	"fmt"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/sessions"
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
	return fmt.Errorf("%w: attaching to %s: %w; start the browser with --remote-debugging-port=9222 and type: sessdriver attach http://127.0.0.1:9222",
		ErrNoBrowser, sessions.ShowURL(endpoint), cause)
}

// shownError is an error with its URLs as people may see them.
type shownError struct {
	text  string
	cause error
}

func (e *shownError) Error() string { return e.text }

func (e *shownError) Unwrap() error { return e.cause }
