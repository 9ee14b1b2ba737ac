package scripts

import (
	"errors"
	"os"
	"strings"
	"testing"

	"sessdriver/sessions"
)

func TestSave(t *testing.T) {
	for _, command := range []string{"default add x_login", "default remove sid", "default modify sid sid2", "default off --all", "default on --all", "default reset", "site split app.shop.test", "site split a.shop.test; site join a.shop.test"} {
		saved := 0
		w := newScriptWorld(t)
		w.SaveDefaults = func([]sessions.Default) error { saved++; return nil }
		w.SaveSites = func([]string) error { saved++; return nil }
		shown, err := w.script(command)
		if err != nil || saved != 0 || !strings.Contains(shown, "for this run only (--save keeps it)") {
			t.Errorf("%s: saved %d times, %v: %s", command, saved, err, shown)
		}
		w = newScriptWorld(t)
		w.SaveDefaults = func([]sessions.Default) error { saved++; return nil }
		w.SaveSites = func([]string) error { saved++; return nil }
		if shown, err := w.script(command + " --save"); err != nil || saved != 1 || strings.HasSuffix(shown, "keeps it)\n") {
			t.Errorf("%s --save: saved %d times, %v: %s", command, saved, err, shown)
		}
		w = newScriptWorld(t)
		w.SaveDefaults = func([]sessions.Default) error { saved++; return nil }
		w.SaveSites = func([]string) error { saved++; return nil }
		w.AlwaysSave = true
		if shown, err := w.script(command); err != nil || saved != 2+strings.Count(command, ";") || strings.Contains(shown, "--save") {
			t.Errorf("%s at the prompt: saved %d times, %v: %s", command, saved, err, shown)
		}
		w = newScriptWorld(t)
		if _, err := w.script(command + " --save"); kindOf(err) != "usage" {
			t.Errorf("%s --save where nothing is kept: %v", command, err)
		}
	}
	w := newWorld(t)
	w.SaveDefaults = func([]sessions.Default) error { return os.ErrPermission }
	before := len(w.Book.Defaults())
	if _, err := w.Run(t.Context(), "default add x --save"); !errors.Is(err, os.ErrPermission) || len(w.Book.Defaults()) != before {
		t.Errorf("%v; %d default tokens, before %d", err, len(w.Book.Defaults()), before)
	}
}
