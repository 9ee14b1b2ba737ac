package scripts

import (
	"strconv"

	"sessdriver/sessions"
)

// Describe tells an event in one line, safe for a terminal, to be shown as a
// notice. It is "" for what is not worth one: what happens all the time
// (renewals, sites, default tokens) and what the result of a command tells.
func Describe(e sessions.Event) string {
	who := sayf(`session %s "%s" on %s`, strconv.Itoa(e.Number), e.Session, e.Site)
	switch e.Kind {
	case sessions.SessionNew:
		return "new " + who
	case sessions.SessionOut:
		return who + " is logged out"
	case sessions.SessionRefill:
		return who + sayf(" was logged out and is filled by a new login; to part the two: session split %s", strconv.Itoa(e.Number))
	case sessions.SessionReplaced:
		if e.Text != "" {
			return who + sayf(" got new tokens after a redirect through %s, which decides who it is now; if that is another user: session split %s", e.Text, strconv.Itoa(e.Number))
		}
		return who + sayf(" was taken over by another login; if that was another user: session split %s", strconv.Itoa(e.Number))
	case sessions.SessionKept:
		n := strconv.Itoa(e.Number)
		switch {
		case e.Token != "":
			return who + sayf(` was answered with the %s of session "%s": it keeps its own; to take that over all the same: session accept %s`, e.Token, e.Text, n)
		case e.Text != "":
			return who + sayf(" was to be given another login by the reload, through %s: it keeps its own; to take the new one over: session accept %s", e.Text, n)
		}
		return who + sayf(" was to be given another login by the reload: it keeps its own; to take the new one over: session accept %s", n)
	case sessions.SessionMerged:
		return sayf(`session "%s" had the same tokens as `, e.Text) + who + ": they are one now"
	case sessions.SitesClash:
		return sayf("%s and %s are both forced and share a cookie of the jar: WebSockets and prerendered pages of both carry the one that was set last", e.Site, e.Text)
	case sessions.ValueAdopted:
		return who + sayf(" took over a value of %s that no response set (a script wrote it)", e.Token)
	}
	return ""
}
