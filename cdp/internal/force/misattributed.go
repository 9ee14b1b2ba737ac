package force

import (
	"strings"
	"time"

	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// checkSent tells of a request that began after a switch had answered and went out
// as another session all the same. Where we had written its header, or it carries what the
// jar does not have, that was another DevTools client: from then on ours is written always,
// which is the last word (CHROMIUM 23). Else the jar was another's for a moment. Each site
// is told of once for each switch.
func (x *exchanges) checkSent(w sessions.Window, h *hop, byOther bool) {
	if !h.booked.Misattributed() {
		return
	}
	site := x.book.SiteOf(h.url)
	x.quiet.switched(w, site) // whatever did that may do it again
	x.guard.drift()
	if h.began.IsZero() {
		return
	}
	if !x.targets.IsAnswered(w, site, h.began) || !x.targets.TellAstray(w, site) {
		return
	}
	kind, why := fault.Kind(""), "the cookies of the browser were another session's at that moment"
	switch {
	case h.unchecked:
		kind, why = fault.Unchecked, "something has changed the cookies of the browser, and requests are not checked now"
	case byOther && strings.HasPrefix(h.url, "http"): // a WebSocket cannot be paused
		x.interceptor.explicit = true
		x.guard.meddled.Store(true)
		why = "if another DevTools client changes requests too, detach it"
	}
	ref := h.booked.Session()
	name := ""
	if s, err := x.book.Session(ref, time.Now()); err == nil {
		name = s.Name
	}
	x.noticeOf(kind, "%s %s was sent as %q, which is not the forced session: %s", h.method, sessions.ShowURL(h.url), name, why)
}
