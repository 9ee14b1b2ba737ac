package sessions

import (
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// TopLevelSite is the site of a page as partition keys have it: the scheme and the
// registrable domain; "" for a URL without a host.
func TopLevelSite(rawURL string) string {
	l, ok := locate(rawURL)
	if !ok {
		return ""
	}
	scheme, _, _ := strings.Cut(rawURL, "://")
	host := l.host
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil && !isIP(host) {
		host = domain // also below localhost, whose hosts are one site elsewhere
	}
	return strings.ToLower(scheme) + "://" + bracketed(host)
}

// Partitioned writes the partitioned cookies of a request, which the browser does not show
// while it is paused, as a Cookie header has them: those of the session that is active in the
// window, and what else the jar has that is no session's. top is the page's [TopLevelSite],
// jar the partitioned cookies of the window's jar, and cross ends a partition key with a
// cross-site ancestor.
func (b *Book) Partitioned(w Window, rawURL, top, cross string, jar []Cookie, now time.Time) string {
	l, ok := locate(rawURL)
	if !ok || top == "" {
		return ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.siteAt(&l)
	if s == nil || s.windows[w] == nil || s.windows[w].active == nil {
		return ""
	}
	key := top
	if TopLevelSite(rawURL) != top {
		key += cross
	}
	applies := func(c *Cookie) bool { return c.Partition == key && c.covers(&l) && !c.Expired(now) }
	var list []byte
	for _, h := range s.windows[w].active.cookies {
		if applies(&h.Cookie) {
			list = appendPair(list, &h.Cookie)
		}
	}
	for i := range jar {
		if c := &jar[i]; applies(c) && (s.kind(c.Name) == NotToken || s.isEmptied(c.Name, c.Value)) {
			list = appendPair(list, c)
		}
	}
	return string(list)
}
