package sessions

import "time"

// RequestView is what a person may know of a request that was made.
type RequestView struct {
	At      time.Time `json:"at"` // when it began
	Window  Window    `json:"window"`
	Site    string    `json:"site"`
	Session string    `json:"session,omitempty"` // that it was sent as; "" for none
	Forced  string    `json:"forced,omitempty"`  // the session that was active when it was sent
	Method  string    `json:"method"`
	URL     string    `json:"url"`    // its query may hold secrets
	Type    string    `json:"type"`   // as DevTools calls it: Document, Fetch, Image, …
	Status  int       `json:"status"` // 0 where no response came

	Unsent    bool `json:"unsent,omitempty"`    // it never left, as far as the browser reported
	Rewritten bool `json:"rewritten,omitempty"` // it left with another Cookie header than the browser gave it
	Unchecked bool `json:"unchecked,omitempty"` // no verdict was asked for: see [Guard]
	Handshake bool `json:"handshake,omitempty"` // it opened a WebSocket, which cannot be paused
}

// Why says why the request went out as it did, in a few words.
func (r RequestView) Why() string {
	switch {
	case r.Unsent:
		return "not sent: cancelled, or the server did not answer"
	case r.Forced == "":
		return "no session is forced"
	case r.Session == "":
		return "sent without a session token"
	case r.Session != r.Forced:
		return "sent as " + r.Session + ", not as " + r.Forced + ": it began before the switch, or something changed the browser's cookies"
	case r.Rewritten:
		return "its cookies were replaced with " + r.Forced + "'s"
	case r.Handshake:
		return "sent with " + r.Forced + "'s cookies, as the browser has them: a WebSocket cannot be checked"
	case r.Unchecked:
		return "sent with " + r.Forced + "'s cookies, as the browser has them: it was not checked (see: guard)"
	}
	return "sent with " + r.Forced + "'s cookies; nothing to change"
}

// DialogView is what a person may know of a dialog that a page showed.
type DialogView struct {
	Type     string `json:"type"` // alert, confirm, prompt or beforeunload
	Message  string `json:"message"`
	Accepted bool   `json:"accepted"`
}
