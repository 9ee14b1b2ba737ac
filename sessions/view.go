package sessions

import "time"

// RequestView is what a person may know of a request that was made.
type RequestView struct {
	At      time.Time `json:"at"` // when it began
	Window  Window    `json:"window"`
	Site    string    `json:"site"`
	Session string    `json:"session,omitempty"` // that it was sent as; "" for nobody's
	Forced  string    `json:"forced,omitempty"`  // the session that was active when it was sent
	Method  string    `json:"method"`
	URL     string    `json:"url"`    // its query may hold secrets
	Type    string    `json:"type"`   // as DevTools calls it: Document, Fetch, Image, …
	Status  int       `json:"status"` // 0 where no answer came

	Unsent    bool `json:"unsent,omitempty"`    // it never left, as far as the browser told
	Rewritten bool `json:"rewritten,omitempty"` // it left with another Cookie header than the browser gave it
	Unchecked bool `json:"unchecked,omitempty"` // no verdict was asked for: see [Guard]
	Handshake bool `json:"handshake,omitempty"` // it opened a WebSocket, which cannot be paused
}

// Why says why the request went out as it did, in a few words.
func (r RequestView) Why() string {
	switch {
	case r.Unsent:
		return "it never left: given up, or the server was not to be reached"
	case r.Forced == "":
		return "nothing is forced"
	case r.Session == "":
		return "it has no session token"
	case r.Session != r.Forced:
		return "not the forced session's: it began before the switch, or the jar was changed"
	case r.Rewritten:
		return "its cookies were rewritten"
	case r.Handshake:
		return "a WebSocket cannot be paused, the jar forces it"
	case r.Unchecked:
		return "not checked, the jar forces it"
	}
	return "checked, the jar was right"
}

// DialogView is what a person may know of a dialog that a page showed.
type DialogView struct {
	Type     string `json:"type"` // alert, confirm, prompt or beforeunload
	Message  string `json:"message"`
	Accepted bool   `json:"accepted"`
}
