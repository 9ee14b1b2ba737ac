package scripts

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sessdriver/sessions"
)

// Kind is the type of an argument: how it is checked and completed.
type Kind string

const (
	Switch          Kind = ""            // of flags only: no value
	KindSession     Kind = "session"     // a session that exists, as a person names it
	KindSite        Kind = "site"        // a site that exists: its name, a host or a URL
	KindToken       Kind = "token"       // the name of a cookie
	KindHeader      Kind = "header"      // the name of a request header
	KindGuard       Kind = "guard"       // always, switch or off
	KindObservation Kind = "observation" // full, changes or jar
	KindAnswer      Kind = "answer"      // to a dialog: accept or dismiss
	KindWindow      Kind = "window"      // the name of a window
	KindNumber      Kind = "number"      // of a tab
	KindChange      Kind = "change"      // of a session's cookies, by its number
	KindCount       Kind = "count"       // 0 or more
	KindStatus      Kind = "status"      // of HTTP
	KindState       Kind = "state"       // of a session: live, logged out, empty
	KindSameSite    Kind = "samesite"    // Strict, Lax or None
	KindURL         Kind = "url"         // http or https, the scheme may be left out; or about:blank; or relative to the current page
	KindName        Kind = "name"        // a name to be given
	KindVariable    Kind = "variable"    // the name of a variable
	KindSelector    Kind = "selector"    // of elements of a page
	KindFile        Kind = "file"        // the name of a file
	KindTime        Kind = "time"        // as 500ms or 2s
	KindText        Kind = "text"        // anything
	KindCommand     Kind = "command"     // the name of a command
)

var states = sessions.Choice[sessions.State]{What: "a state", All: []sessions.State{sessions.Live, sessions.LoggedOut, sessions.Empty}}

var sameSites = []string{"Strict", "Lax", "None"}

const accept, dismiss = "accept", "dismiss"

var answers = sessions.Choice[string]{What: "an answer to a dialog", All: []string{accept, dismiss}}

// read checks an argument and returns it in normal form. What only the book
// knows, such as whether a session exists, is checked when the command runs.
func (k Kind) read(text string) (string, error) {
	if k == KindURL {
		return readAddress(text)
	}
	if check := kindChecks[k]; check != nil {
		return text, check(text)
	}
	return text, nil
}

// kindChecks are the checks of kinds, which say what to type instead. What has none may be
// anything.
var kindChecks = map[Kind]func(text string) error{
	KindToken:       checkToken,
	KindName:        checkName,
	KindWindow:      checkName,
	KindVariable:    checkVariable,
	KindGuard:       oneOf(sessions.Guards, "; see: help guard"),
	KindObservation: oneOf(sessions.Observations, "; see: help observe"),
	KindAnswer:      oneOf(answers, ""),
	KindState:       oneOf(states, ", and quote a name with spaces"),
	KindSameSite: refuse("%q is not a value of SameSite; use Strict, Lax or None", func(text string) bool {
		return slices.ContainsFunc(sameSites, func(s string) bool { return strings.EqualFold(s, text) })
	}),
	KindTime: refuse("%q is not a time; write it as 500ms or 2s", func(text string) bool {
		d, err := time.ParseDuration(text)
		return err == nil && d >= 0
	}),
	KindCount:    refuse("%q is not a number; type: expect count SELECTOR 3", between(0, math.MaxInt)),
	KindStatus:   refuse("%q is not an HTTP status; type: expect status 200", between(100, 599)),
	KindChange:   refuse("%q is no number of a change; see: session show NAME", between(1, math.MaxInt)),
	KindNumber:   refuse("%q is not the number of a tab; see: tabs", between(1, math.MaxInt)),
	KindSelector: notEmpty("the selector is empty; see: help click"),
	KindSession:  notEmpty("the session is empty; see: ls"),
	KindSite:     notEmpty("the site is empty; see: sites --all"),
}

// refuse is a check that says of a text what it is not.
func refuse(not string, is func(text string) bool) func(string) error {
	return func(text string) error {
		if is(text) {
			return nil
		}
		return usage(not, text)
	}
}

func notEmpty(not string) func(string) error {
	return func(text string) error {
		if strings.TrimSpace(text) == "" {
			return usage("%s", not)
		}
		return nil
	}
}

func oneOf[T ~string](c sessions.Choice[T], more string) func(string) error {
	return func(text string) error {
		if _, err := c.Parse(text); err != nil {
			return usage("%v%s", err, more)
		}
		return nil
	}
}

func between(least, most int) func(string) bool {
	return func(text string) bool {
		n, err := strconv.Atoi(text)
		return err == nil && least <= n && n <= most
	}
}

func readAddress(text string) (string, error) {
	if text == blankPage || isRelative(text) {
		return text, nil
	}
	normal, err := sessions.NormalizeURL(text)
	if err != nil {
		return "", usage("%v; write it as in: open http://127.0.0.1:8080/login", err)
	}
	return normal, nil
}

func checkVariable(text string) error {
	if name, _, hasValue := strings.Cut(text, "="); hasValue && isVariable(name) { // the value may be a secret
		return usage("write a space before the value, not =; type: set %s VALUE", name)
	}
	if !isVariable(text) {
		return usage("%q is not a name for a variable; use letters, digits and _", text)
	}
	return nil
}

func checkName(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return usage("the name is empty; leave it out or choose another")
	case strings.ContainsFunc(text, unicode.IsControl):
		return usage("the name %q has a control character; choose another", text)
	}
	return nil
}

// checkNew refuses a new name that would be taken for a number of ls.
func checkNew(name string) error {
	if strings.Trim(name, "0123456789") == "" {
		return usage("the name %q looks like a number from ls; choose another", name)
	}
	return checkName(name)
}

// checkToken shows no more than the name: what follows a = is a secret.
func checkToken(text string) error {
	name, _, hasValue := strings.Cut(text, "=")
	switch {
	case hasValue && name != "":
		return usage("a token is the name of a cookie, without its value; type %s instead of %s=…", Quote(name), name)
	case text == "" || strings.ContainsAny(text, "=; \t") || strings.ContainsFunc(text, unicode.IsControl):
		return usage("%q is not the name of a cookie; see the names with: tokens", text)
	}
	return nil
}
