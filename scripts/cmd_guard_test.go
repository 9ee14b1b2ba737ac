package scripts

import (
	"errors"
	"testing"
)

func TestGuard(t *testing.T) {
	w := newWorld(t)
	check(t, "shown", w.run("guard").Text, "guard always: requests of forced sites are checked now")
	check(t, "changed", w.run("guard switch").Text, "guard switch: no request is checked now")
	if v := w.run("guard").Value; v != (Guarding{Mode: "switch"}) {
		t.Errorf("value %+v", v)
	}
	w.browser.fails["SetGuard"] = errors.New("no")
	for _, line := range []string{"guard sometimes", "guard off", "guard off on"} {
		if _, err := w.Run(t.Context(), line); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}
