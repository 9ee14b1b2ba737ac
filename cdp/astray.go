package cdp

import (
	"strings"
	"time"

	"sessdriver/sessions"
)

// checkSent tells of a request that began after a switch had answered and went out
// as another session all the same. Where we had written its header, or it carries what the
// jar does not have, that was another DevTools client: from then on ours is written always,
// which is the last word (CHROMIUM 23). Else the jar was another's for a moment. Each site
// is told of once for each switch.
func (b *Browser) checkSent(w sessions.Window, h *hop, byOther bool) {
	if !h.booked.Astray() {
		return
	}
	at := place{w, b.book.SiteOf(h.url)}
	b.quiet.switched(w, at.site) // whatever did that may do it again
	b.guard.drift()
	if h.began.IsZero() {
		return
	}
	if !b.targets.isAnswered(at, h.began) || !b.targets.tellAstray(at) {
		return
	}
	why := "the cookies of the browser were another session's at that moment"
	switch {
	case h.unchecked:
		why = "something has changed the cookies of the browser, and requests are not checked now; see: guard"
	case byOther && strings.HasPrefix(h.url, "http"): // a WebSocket cannot be paused
		b.interceptor.explicit = true
		b.guard.meddled.Store(true)
		why = "if another DevTools client changes requests too, detach it"
	}
	ref := h.booked.Session()
	name := ""
	if s, err := b.book.Session(ref, time.Now()); err == nil {
		name = s.Name
	}
	b.notice("%s %s was sent as %q, which is not the forced session: %s", h.method, sessions.ShowURL(h.url), name, why)
}

// tellAstray reports whether nothing was told of a place since its last switch.
func (t *targets) tellAstray(at place) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	told := t.astray[at]
	t.astray[at] = true
	return !told
}

// isAnswered reports whether the last switch of a place was made before a moment.
func (t *targets) isAnswered(at place, moment time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	answered, ok := t.answered[at]
	return ok && moment.After(answered)
}

// unanswered notes that a switch is being made, and returns when the one before was
// answered.
func (t *targets) unanswered(w sessions.Window, site string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.answered[place{w, site}]
	delete(t.answered, place{w, site})
	delete(t.astray, place{w, site})
	return was
}

// answer notes that a switch is made: what begins later belongs to its session. The
// zero time notes nothing.
func (t *targets) answer(w sessions.Window, site string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !at.IsZero() {
		t.answered[place{w, site}] = at
	}
}
