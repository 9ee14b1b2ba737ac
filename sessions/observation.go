package sessions

// Observation says how the cookies that servers hand out are learnt.
type Observation string

const (
	// ObserveFull sees each request and response: whose cookies were sent, which
	// response set what.
	ObserveFull Observation = "full"
	// ObserveChanges gets each change of the jar, not what made it.
	ObserveChanges Observation = "changes"
	// ObserveJar compares the jar with what it was, at each command and every two
	// seconds.
	ObserveJar Observation = "jar"
)

// Observations are all of them, the one that shows most first.
var Observations = Choice[Observation]{"a way to observe", []Observation{ObserveFull, ObserveChanges, ObserveJar}}
