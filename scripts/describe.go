package scripts

import (
	"strconv"

	"sessdriver/sessions"
)

// Describe is an event in one line, safe for a terminal, to be shown as a
// notice. It is "" for what is not worth one: what happens all the time
// (renewals, sites, default tokens) and what the result of a command says.
func Describe(e sessions.Event) string {
	who := sayf(`session %s "%s" on %s`, strconv.Itoa(e.Number), e.Session, e.Site)
	switch e.Kind {
	case sessions.SessionNew:
		return "new " + who
	case sessions.SessionOut:
		return who + " is logged out"
	case sessions.SessionRefill:
		return "a new login goes into " + who + sayf(", which was logged out; to keep both: session split %s", strconv.Itoa(e.Number))
	case sessions.SessionReplaced:
		if e.Token != "" {
			return sayf("the server gave another %s to ", e.Token) + who + sayf(", as at a login; if that is another user: session split %s", strconv.Itoa(e.Number))
		}
		if e.Text != "" {
			return sayf("after a redirect through %s a new login replaced the cookies of ", e.Text) + who + sayf("; to keep both: session split %s", strconv.Itoa(e.Number))
		}
		return "a new login replaced the cookies of " + who + sayf("; to keep both: session split %s", strconv.Itoa(e.Number))
	case sessions.SessionWithheld:
		n := strconv.Itoa(e.Number)
		switch {
		case e.Token != "" && e.Text == "":
			return sayf("the reload brought a new %s for ", e.Token) + who + ", which keeps the one given with --session, though that may have expired; to accept the new one: session accept " + n
		case e.Token != "":
			return sayf(`an answer had the %s of session "%s" for `, e.Token, e.Text) + who + ", which keeps its own; to accept the other: session accept " + n
		case e.Text != "":
			return sayf("the reload brought another login through %s for ", e.Text) + who + ", which keeps its own; to accept the new login: session accept " + n
		}
		return "the reload brought another login for " + who + ", which keeps its own; to accept the new login: session accept " + n
	case sessions.SessionMayBeExpired:
		n := strconv.Itoa(e.Number)
		return sayf("the server gave a new %s to ", e.Token) + who + ": the one given with --session may have expired; see: session show " + n + "; to go back to it: session revert " + n
	case sessions.SessionMerged:
		return sayf(`session "%s" had the same tokens as `, e.Text) + who + ": they are one now"
	case sessions.SitesClash:
		return sayf("%s and %s are both forced and share a cookie: WebSockets and prerendered pages of both carry the one that was set last", e.Site, e.Text)
	case sessions.ValueAdopted:
		return who + sayf(" has a new value of %s: a script wrote it, no response set it", e.Token)
	}
	return ""
}
