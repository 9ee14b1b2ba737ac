package scripts

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// What is wrong is said by the packages that find it out; what to type next, here alone.

// adviceFor says what to type after an error that has a type of its own.
var adviceFor = []func(error) (string, bool){
	after(func(e *sessions.NoSiteError) string {
		switch {
		case e.Name == "":
			return "open a page first: open URL"
		case len(e.Known) == 0:
			return "open a page of it first: open URL"
		}
		return "see: sites --all"
	}),
	after(func(e *sessions.NoSessionError) string {
		switch {
		case len(e.Elsewhere) > 1:
			return "type SITE/NAME"
		case len(e.Known) > 0:
			return "see: ls"
		}
		return "log in on a page, or make one with: new NAME"
	}),
	after(func(*sessions.AmbiguousError) string { return "type more of the name, or its number from ls" }),
	after(func(e *sessions.NameTakenError) string { return "choose another, or: use " + Quote(e.Name) }),
	after(func(*sessions.NoWindowError) string { return "see: windows" }),
	after(func(e *sessions.WindowTakenError) string { return "choose another, or: window use " + Quote(e.Name) }),
	after(func(*sessions.NoTokenError) string { return "see: tokens" }),
	after(func(*sessions.DefaultError) string { return "see: default list" }),
	after(func(*sessions.BoundaryError) string { return "see: sites --all" }),
	after(func(e *sessions.NothingToRevertError) string { return "see: session show " + Quote(e.Name) }),
	after(func(e *sessions.NothingToAcceptError) string { return "see: session show " + Quote(e.Name) }),
	after(func(e *sessions.NoChangeError) string { return "see: session show " + Quote(e.Name) }),
	after(func(e *fault.Error) string {
		if e.Object != "" {
			return adviceOn[e.Kind] + " " + Quote(e.Object)
		}
		return adviceOn[e.Kind]
	}),
}

// adviceOn says what to type after a fault; where that names the fault's object, it comes
// last.
var adviceOn = map[fault.Kind]string{
	fault.NoTab:        "open one: open URL",
	fault.Crashed:      "load it again with: reload",
	fault.Reloading:    "type: reload",
	fault.NotReloaded:  "type: reload, or open another page: open URL",
	fault.OtherText:    "look with: text",
	fault.MainWindow:   "leave with: quit",
	fault.CookieHeader: "name one of them: token add NAME",

	fault.NewTab:     "to open them in one of the browser's, choose it: tab N",
	fault.NoAnswer:   "say what to answer with: dialog accept, dialog dismiss",
	fault.NotSwapped: "use --storage clear, or another window: open URL --as NAME",
	fault.Unchecked:  "see: guard",

	fault.NoBrowser:     "name another with --browser PATH",
	fault.OldBrowser:    "install a newer one with: sessdriver browser install",
	fault.NoEndpoint:    "start the browser with --remote-debugging-port=9222 and type: sessdriver attach http://127.0.0.1:9222",
	fault.PortInUse:     "name another with --debug-port N",
	fault.NoProfile:     "name another folder with --profile DIR",
	fault.ProfileInUse:  "close that browser, or attach to it: sessdriver attach ENDPOINT",
	fault.BadJournal:    "to go on without, type: rm",
	fault.NoExtension:   "use --observe jar",
	fault.LateExtension: "start with: sessdriver --observe changes",
}

// after is an entry of [adviceFor].
func after[E error](say func(E) string) func(error) (string, bool) {
	return func(err error) (string, bool) {
		e, is := errors.AsType[E](err)
		if !is {
			return "", false
		}
		return say(e), true
	}
}

// advised is an error that says what to type next.
type advised struct {
	cause error
	next  string
}

func (e *advised) Error() string { return fmt.Sprintf("%v; %s", e.cause, e.next) }

func (e *advised) Unwrap() error { return e.cause }

// WithNext adds to an error what to type next.
func WithNext(err error, next string) error { return &advised{err, next} }

// hasAdvice reports whether the text of an error says what to type.
func hasAdvice(err error) bool {
	return errors.As(err, new(*UsageError)) || errors.As(err, new(*CommandError)) || errors.As(err, new(*advised))
}

// adviceOf is what to type after an error, "" where that is not known.
func adviceOf(err error) string {
	for _, find := range adviceFor {
		if next, is := find(err); is {
			return next
		}
	}
	return ""
}

// advise adds to an error what to type next, unless it says so itself: what is known of
// such errors, else what is given, which may be "".
func advise(err error, otherwise string) error {
	if err == nil || hasAdvice(err) {
		return err
	}
	if next := cmp.Or(adviceOf(err), otherwise); next != "" {
		return WithNext(err, next)
	}
	return err
}

// NoticeLine is a notice of the browser in one line, with what to type next. It is not
// escaped.
func NoticeLine(notice error) string { return advise(notice, "").Error() }

// isPermanent reports an error that does not end by waiting.
func isPermanent(err error) bool {
	kind := fault.Of(err)
	return kind != fault.Reloading && (kind != "" || hasAdvice(err) || adviceOf(err) != "")
}

// doing adds to an error what was being done and what to type next, unless what to type is
// known of such errors: those say what was being done, too.
func doing(what string, err error, next string) error {
	return advise(naming(what, err), next)
}

// naming adds to an error what was being done, likewise.
func naming(what string, err error) error {
	verb, _, _ := strings.Cut(what, " ")
	if err == nil || hasAdvice(err) || adviceOf(err) != "" || strings.HasPrefix(err.Error(), verb) { // only wording hangs on it: "opening X: opening X: …"
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
