package sessions

import "fmt"

// Guard says when the requests of sites with an active session are checked. A check is
// dear in the browser; the jar, which has the active session's cookies in any case, is free.
type Guard string

const (
	// GuardAlways checks every request while a session is forced.
	GuardAlways Guard = "always"
	// GuardSwitch checks from a switch until what was under way before has ended and
	// the jar is proven in step; again from the moment that the jar is seen to differ.
	GuardSwitch Guard = "switch"
	// GuardOff leaves it to the jar.
	GuardOff Guard = "off"
)

// Guards lists them, the safest first.
var Guards = []Guard{GuardAlways, GuardSwitch, GuardOff}

// ParseGuard reads the name of a guard.
func ParseGuard(s string) (Guard, error) {
	for _, g := range Guards {
		if s == string(g) {
			return g, nil
		}
	}
	return "", fmt.Errorf("%q is not a guard mode; use always, switch or off", s)
}
