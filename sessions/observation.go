package sessions

import "fmt"

// Observation says how the cookies that servers hand out are learnt.
type Observation string

const (
	// ObserveFull sees each request and response: whose cookies were sent, which
	// response set what.
	ObserveFull Observation = "full"
	// ObserveChanges is told each change of the jar, not who made it.
	ObserveChanges Observation = "changes"
	// ObserveJar compares the jar with what it was, at each command and every two
	// seconds.
	ObserveJar Observation = "jar"
)

// Observations lists them, the one that tells most first.
var Observations = []Observation{ObserveFull, ObserveChanges, ObserveJar}

// ParseObservation reads the name of one.
func ParseObservation(s string) (Observation, error) {
	for _, o := range Observations {
		if s == string(o) {
			return o, nil
		}
	}
	return "", fmt.Errorf("%q is not a way to observe; use full, changes or jar", s)
}
