package cdp

import (
	"fmt"
	"log/slog"

	"sessdriver/sessions"
)

// Options of a browser.
type Options struct {
	// Path is the browser to launch. The other fields up to Apart are for
	// [Launch] only.
	Path                    string
	Headless                bool
	Profile                 string // directory; "" for a temporary one that is removed at the end
	Preferences             string // more preferences of a temporary profile: members of a JSON object
	Proxy                   string
	DebugPort               int // a DevTools port on loopback for other clients; 0 for none
	IgnoreCertificateErrors bool
	NoSandbox               bool     // always on for root, since Chrome refuses to run otherwise
	Arguments               []string // more command-line arguments
	// Apart makes the main window one of our own, beside the browser's: see
	// [Browser.Again].
	Apart bool

	// State is a directory in which [Attach] keeps a journal of the cookies
	// that it changes, for the case that it is killed; "" for none. The journal
	// of a profile is in the profile. It also tells the drivers of one user of each
	// other: a browser has one at a time.
	State string

	Book    *sessions.Book
	Reload  ReloadPolicy
	Storage StoragePolicy  // "" is [StorageKeep]
	Guard   sessions.Guard // "" is [sessions.GuardAlways]
	// Observe is how cookies are learnt, "" for [sessions.ObserveFull]. Where the browser
	// cannot do it, it is that as well, with a notice.
	Observe sessions.Observation
	// Console remembers the messages of pages, for [Browser.Console].
	Console bool
	// Notice gets lines that a person should see, unescaped; it must not
	// block. nil drops them.
	Notice func(string)
	Log    *slog.Logger // nil drops the log
}

// ReloadPolicy says which tabs a switch of sessions reloads.
type ReloadPolicy string

const (
	ReloadAll     ReloadPolicy = "all"     // of the site, in the window; the default
	ReloadCurrent ReloadPolicy = "current" // the current one, when it is of the site
	ReloadNone    ReloadPolicy = "none"
)

// ParseReload reads the name of a policy.
func ParseReload(s string) (ReloadPolicy, error) {
	switch p := ReloadPolicy(s); p {
	case ReloadAll, ReloadCurrent, ReloadNone:
		return p, nil
	}
	return "", fmt.Errorf("reload %q is not one: use all, current or none", s)
}
