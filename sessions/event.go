package sessions

// EventKind says what happened.
type EventKind string

const (
	SiteSeen            EventKind = "site"          // a site was seen for the first time
	TokenAdded          EventKind = "token-added"   // Token became a token of Site
	TokenRemoved        EventKind = "token-removed" // and is none any more
	SessionNew          EventKind = "session-new"   // a session has its first tokens
	SessionRenewed      EventKind = "session-renewed"
	SessionOut          EventKind = "session-out"      // its tokens were deleted: logged out
	SessionRefill       EventKind = "session-refill"   // active and logged out, it was filled by a new login
	SessionReplaced     EventKind = "session-replaced" // another login replaced its live tokens, or maybe did: a page that was opened brought another Token; Text is the other site that it came by, if any
	SessionWithheld     EventKind = "session-kept"     // a response brought another login, by the site Text, or Token of the session Text, or another Token than a person gave: that was not booked, see [Book.Accept]
	SessionMayBeExpired EventKind = "session-doubted"  // a response replaced Token, which a person had given and which was never seen to work: it may have expired
	SessionRenamed      EventKind = "session-renamed"  // Text is the old name
	SessionRemoved      EventKind = "session-removed"
	SessionMerged       EventKind = "session-merged" // Text is the name of the one that went
	SessionForced       EventKind = "session-forced" // active in Window from now on
	SessionUnset        EventKind = "session-unset"
	SitesClash          EventKind = "sites-clash"   // both Site and the site Text are forced in Window, and share a cookie of the jar
	ValueAdopted        EventKind = "value-adopted" // an unknown value of Token, that no response set, became the active session's
)

// Event is one change of the book. No event has the value of a cookie.
type Event struct {
	Kind    EventKind `json:"kind"`
	Site    string    `json:"site"`
	Session string    `json:"session,omitempty"` // name
	Number  int       `json:"number,omitempty"`
	Window  Window    `json:"window,omitempty"`
	Token   string    `json:"token,omitempty"`
	Text    string    `json:"text,omitempty"`
}

// event is an Event about a session.
func (s *session) event(kind EventKind) Event {
	return Event{Kind: kind, Site: s.site.name, Session: s.name, Number: s.id}
}
