package sessions

import "testing"

func TestWhy(t *testing.T) {
	for want, r := range map[string]RequestView{
		"no session is forced":                                                                              {Session: "alice"},
		"sent without a session token":                                                                      {Forced: "bob"},
		"not sent: cancelled, or the server did not answer":                                                 {Unsent: true},
		"its cookies were replaced with bob's":                                                              {Forced: "bob", Session: "bob", Rewritten: true},
		"sent with bob's cookies; nothing to change":                                                        {Forced: "bob", Session: "bob"},
		"sent with bob's cookies, as the browser has them: it was not checked (see: guard)":                 {Forced: "bob", Session: "bob", Unchecked: true},
		"sent with bob's cookies, as the browser has them: a WebSocket cannot be checked":                   {Forced: "bob", Session: "bob", Handshake: true},
		"sent as alice, not as bob: it began before the switch, or something changed the browser's cookies": {Forced: "bob", Session: "alice", Rewritten: true},
	} {
		if got := r.Why(); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}
