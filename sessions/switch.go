package sessions

// Switch says what a change of the active session did in the browser.
type Switch struct {
	Session  Session  `json:"session"`
	Reloaded int      `json:"reloaded"`          // tabs
	Streams  int      `json:"streams,omitempty"` // WebSockets and EventSources that were opened before and are still open
	Refused  []string `json:"refused,omitempty"` // names of its cookies that Chrome refuses: requests go out without them
	Notes    []string `json:"notes,omitempty"`   // what a person should know, one line each, unescaped
}
