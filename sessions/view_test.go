package sessions

import "testing"

func TestWhy(t *testing.T) {
	for want, r := range map[string]RequestView{
		"nothing is forced":       {Session: "alice"},
		"it has no session token": {Forced: "bob"},
		"it never left: given up, or the server was not to be reached":                 {Unsent: true},
		"its cookies were rewritten":                                                   {Forced: "bob", Session: "bob", Rewritten: true},
		"checked, the jar was right":                                                   {Forced: "bob", Session: "bob"},
		"not checked, the jar forces it":                                               {Forced: "bob", Session: "bob", Unchecked: true},
		"a WebSocket cannot be paused, the jar forces it":                              {Forced: "bob", Session: "bob", Handshake: true},
		"not the forced session's: it began before the switch, or the jar was changed": {Forced: "bob", Session: "alice", Rewritten: true},
	} {
		if got := r.Why(); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}
