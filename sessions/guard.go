package sessions

// Guard says when the requests of sites with an active session are checked. A check
// costs the browser time. The jar, which has the active session's cookies anyway, costs none.
type Guard string

const (
	// GuardAlways checks every request while a session is forced.
	GuardAlways Guard = "always"
	// GuardSwitch checks from a switch until what was under way before has ended and
	// the jar is proven in sync; again from the moment that the jar is seen to differ.
	GuardSwitch Guard = "switch"
	// GuardOff checks nothing: only the jar forces.
	GuardOff Guard = "off"
)

// Guards are all of them, the safest first.
var Guards = Choice[Guard]{"a guard mode", []Guard{GuardAlways, GuardSwitch, GuardOff}}
