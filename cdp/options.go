package cdp

import (
	"errors"
	"fmt"
	"log/slog"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/sessions"
)

// Options of a browser.
type Options struct {
	// Path is the browser to launch, "" for the one that [FindBrowser] finds. The other
	// fields up to Apart are for [Launch] only.
	Path                    string
	Headless                bool
	WindowSize              Size   // of pages in windows; zero is [HeadlessSize] with Headless, else the browser's own
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

	// Book is where sessions are kept; nil for a new one with the standard default
	// tokens: see [Browser.Book].
	Book    *sessions.Book
	Reload  ReloadPolicy
	Storage StoragePolicy  // "" is [StorageKeep]
	Guard   sessions.Guard // "" is [sessions.GuardAlways]
	// Observe is how cookies are learnt, "" for [sessions.ObserveFull]. Where the browser
	// cannot do it, it is that as well, with a notice.
	Observe sessions.Observation
	// Console remembers the messages of pages, for [Browser.Console].
	Console bool
	// Notice gets what a person should see, each a line, unescaped; the [fault.Of] of some
	// says what may be done. It must not block. nil drops them.
	Notice func(error)
	Log    *slog.Logger // nil drops the log
}

// process is what of the options counts when a browser is started.
func (o *Options) process() chrome.Options {
	size := o.windowSize()
	return chrome.Options{
		Path: o.Path, Headless: o.Headless, Width: size.Width, Height: size.Height,
		NoStartupWindow: o.Apart && o.Headless, // it would be one for nobody
		Profile:         o.Profile, Preferences: o.Preferences, Proxy: o.Proxy, DebugPort: o.DebugPort,
		IgnoreCertificateErrors: o.IgnoreCertificateErrors, NoSandbox: o.NoSandbox,
		LoadExtensions: o.Observe == sessions.ObserveChanges, // the one that reports the changes of cookies
		Arguments:      o.Arguments,
	}
}

// check is an error where an option is none.
func (o *Options) check() error {
	var errs []error
	try := func(text string, err error) {
		if text != "" {
			errs = append(errs, err)
		}
	}
	_, err := ReloadPolicies.Parse(string(o.Reload))
	try(string(o.Reload), err)
	_, err = StoragePolicies.Parse(string(o.Storage))
	try(string(o.Storage), err)
	_, err = sessions.Guards.Parse(string(o.Guard))
	try(string(o.Guard), err)
	_, err = sessions.Observations.Parse(string(o.Observe))
	try(string(o.Observe), err)
	if o.DebugPort < 0 || o.DebugPort > 65535 {
		errs = append(errs, fmt.Errorf("the DevTools port %d is none; use one from 1 to 65535, or 0", o.DebugPort))
	}
	return errors.Join(errs...)
}
