package scripts

import (
	"slices"
	"testing"
)

// The lines of a page stay lines; what a terminal would obey is shown.
func TestTextLines(t *testing.T) {
	w := newWorld(t)
	w.browser.page.texts = map[string][]string{"body": {"Orders\n\none\t1\r\n\x1b[31mtwo\u202e\t2"}}
	r := w.run("text")
	check(t, "shown", r.Text, "Orders\n\none\t1\n"+`\x1b[31mtwo\u202e`+"\t2")
	check(t, "value", r.Value.(string), w.browser.page.texts["body"][0])
}

// A key goes where the focus is, or to an element.
func TestPress(t *testing.T) {
	w := newWorld(t)
	w.run("press Enter")
	w.run("press Control+a '#search'")
	if want := []string{"Press Enter", "PressOn #search Control+a"}; !slices.Equal(w.browser.page.did, want) {
		t.Errorf("it did %q, want %q", w.browser.page.did, want)
	}
}
