package scripts

import (
	"slices"
	"testing"

	"sessdriver/sessions"
)

func TestWindows(t *testing.T) {
	w := newWorld(t)
	w.Mask = sessions.NewMask([]byte("key"))
	check(t, "only one", w.run("windows").Text, `   WINDOW  TABS  SESSIONS
*  main       1  -`)
	check(t, "open as", w.run("open shop.test/account?a=b --as bob").Text, "opened http://shop.test/account?… as bob in window bob")
	w.run("use alice")
	check(t, "another session in it", w.run("windows").Text, `   WINDOW  TABS  SESSIONS
   main       1  -
*  bob        1  shop.test/alice`)
	check(t, "the name is bob's no more", w.run("open shop.test --as bob").Text, "opened http://shop.test/ as bob in window bob 2")
	check(t, "there already", w.run("open shop.test/again --as 2").Text, "opened http://shop.test/again as bob in window bob 2")
	check(t, "empty", w.run("open shop.test --window 'two words'").Text, "opened http://shop.test/ in window two words")
	check(t, "of a name", w.run("open shop.test --as bob --window third").Text, "opened http://shop.test/ as bob in window third")
	check(t, "by its name", w.run("open shop.test/x --window bob").Text, "opened http://shop.test/x as alice in window bob")
	check(t, "tabs", w.run("tab").Text, `   #  WINDOW     SESSION  PAGE
   1  main       -        http://shop.test/x
*  2  bob        alice    http://shop.test/x
   3  bob 2      bob      http://shop.test/x
   4  two words  -        http://shop.test/x
   5  third      bob      http://shop.test/x`)
	check(t, "tab", w.run("tab 3").Text, "window bob 2: http://shop.test/x")
	check(t, "window use", w.run("window use two words").Text, "window two words: http://shop.test/x")
	check(t, "close", w.run("window close third").Text, "window third is closed")
	check(t, "main", w.run("window main").Text, "window main: http://shop.test/x")
	check(t, "open main", w.run("open shop.test --window main").Text, "opened http://shop.test/")
	if got := w.browser.more; !slices.Equal(got, []sessions.Window{"bob", "bob 2", "two words"}) {
		t.Errorf("the windows are %q", got)
	}
	forced := w.run("windows").Value.([]WindowItem)[2].Forced
	if !slices.Equal(forced, []ForcedItem{{"shop.test", "bob"}}) {
		t.Errorf("forced %v", forced)
	}
}

func TestWindowErrors(t *testing.T) {
	w := newWorld(t)
	w.run("open shop.test --as bob")
	for line, want := range map[string]string{
		"open shop.test --as zed":                `open: no session "zed" on shop.test; its sessions are "Session 3", "alice", "bob"; see: ls`,
		"open shop.test --as alice --window bob": `open: the window name "bob" is taken; choose another, or: window use bob`,
		"open shop.test --as bob --window main":  `open: the window name "main" is taken; choose another, or: window use main`,
		"window use zed":                         `window use: no window "zed"; there are main; see: windows`,
		"window close zed":                       `window close: no window "zed"; there are main; see: windows`,
		"tab 7":                                  `tab: going to tab 7: there are fewer; see: tab`,
		"tab 0":                                  `tab: "0" is not the number of a tab; see: tabs`,
		"tab x":                                  `tab: "x" is not the number of a tab; see: tabs`,
		"window":                                 `"window" is the first word of several commands; type one of: window list, window use, window main, window close`,
	} {
		_, err := w.Run(t.Context(), line)
		if err == nil {
			t.Errorf("%s: no error", line)
			continue
		}
		check(t, line, err.Error(), want)
	}
	w.browser.fails["OpenWindow"] = &sessions.WindowTakenError{Name: "x"}
	if _, err := w.Run(t.Context(), "open shop.test --as alice"); err == nil {
		t.Error("no error")
	}
}
