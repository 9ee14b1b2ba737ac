package cdp

import (
	"fmt"

	"sessdriver/cdp/internal/chrome"
)

// Installed is a browser on this machine: its Name is that of the product, its Path
// absolute.
type Installed = chrome.Browser

// FindBrowser looks for Chrome, Chromium, Edge, Brave and headless-shell, in that order:
// in PATH first, then in the usual places. Where there is none it is an [ErrNoBrowser].
func FindBrowser() (Installed, error) {
	found, err := chrome.Find()
	if err != nil {
		return found, fmt.Errorf("%w: %w; install one, or name it in Options.Path", ErrNoBrowser, err)
	}
	return found, nil
}
