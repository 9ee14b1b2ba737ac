package sessions

import (
	"encoding/json"
	"testing"
)

func TestCloseWindow(t *testing.T) {
	var events []Event
	b := New(Options{Defaults: StandardDefaults(), Notify: func(e Event) { events = append(events, e) }})
	alice, err := b.Import("a.test", "alice", []Cookie{{Name: "sid", Value: "1", Domain: "a.test", Path: "/"}}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []Window{Main, "bob"} {
		if err := b.Use(w, alice.Ref(), nil, testNow); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.New("bob", "b.test", "", nil, testNow); err != nil {
		t.Fatal(err)
	}
	x := b.Sent(Request{Window: "bob", URL: "http://a.test/", Header: "sid=1", Now: testNow})
	events = nil
	b.CloseWindow("bob")
	b.CloseWindow("bob")
	b.CloseWindow("zed")
	if _, active := b.Active("bob", "a.test", testNow); active {
		t.Error("alice is still forced in a window that is closed")
	}
	if _, active := b.Active(Main, "a.test", testNow); !active {
		t.Error("alice is not forced in the main window any more")
	}
	if list := b.Sessions("b.test", testNow); len(list) != 0 {
		t.Errorf("an empty session without a name stays: %+v", list)
	}
	var kinds []EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
		if e.Kind == SessionUnset && e.Window != "bob" {
			t.Errorf("%+v", e)
		}
	}
	if len(kinds) != 3 || kinds[0] != SessionUnset || kinds[1] != SessionUnset || kinds[2] != SessionRemoved {
		t.Errorf("events %v", kinds)
	}
	// An answer that comes late changes the session, not the window.
	windows := b.Received(x, Response{Cookies: []Cookie{{Name: "sid", Value: "2", Domain: "a.test", Path: "/"}}, Now: testNow}).Windows
	if len(windows) != 1 || windows[0] != Main {
		t.Errorf("windows out of sync: %q", windows)
	}
	if plan := b.PlanJar("bob", "a.test", nil, testNow); !plan.Empty() {
		t.Errorf("the jar of a closed window is planned: %+v", plan)
	}
}

func TestWindowNames(t *testing.T) {
	for w, name := range map[Window]string{Main: "main", "bob": "bob"} {
		if w.String() != name || WindowNamed(name) != w {
			t.Errorf("%q is called %q, and %q is %q", string(w), w, name, string(WindowNamed(name)))
		}
		if text, err := json.Marshal(ActiveItem{Window: w}); err != nil || string(text) != `{"window":"`+name+`","session":"","number":0}` {
			t.Errorf("%s, %v", text, err)
		}
	}
}
