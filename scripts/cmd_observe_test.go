package scripts

import (
	"errors"
	"testing"
)

func TestObserve(t *testing.T) {
	w := newWorld(t)
	check(t, "shown", w.run("observe").Text, "observe full: each request and response is looked at")
	check(t, "changed", w.run("observe jar").Text, "observe jar: the cookies are read at each command and every two seconds")
	if v := w.run("observe").Value; v != (Observing{How: "jar"}) {
		t.Errorf("value %+v", v)
	}
	w.browser.fails["SetObservation"] = errors.New("no")
	for _, line := range []string{"observe all", "observe changes", "observe jar full"} {
		if _, err := w.Run(t.Context(), line); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}
