// Package chrome finds, starts and ends browsers of the Chrome family, and reaches those
// that run already.
//
// [Find] looks for an installed one. [Start] starts one that speaks the DevTools protocol
// on a pipe, and owns all of it: its processes, and its temporary profile. [Dial] connects
// to a DevTools port. What is said on the connection is not this package's.
//
// # One driver at a time
//
// A profile is locked while a browser of ours runs on it, and a browser that others can
// reach is taken by a [Claim]: two drivers would take each other's cookies for the user's.
//
// # Not done
//
// Flatpak: its sandbox hides the profile and the pipe. Asking a found browser for its
// version: that starts it, and the connection reports the version anyway.
package chrome
