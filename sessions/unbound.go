package sessions

import "time"

// Unbound lists the cookies of a jar that belong to a site and to none of its sessions:
// they are the same whichever session is active.
func (b *Book) Unbound(site string, jar []Cookie, now time.Time) []Cookie {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.seenSite(site)
	if s == nil {
		return nil
	}
	var list []Cookie
	for _, c := range jar {
		if b.boundary.contains(site, &c) && !c.Expired(now) && s.kind(c.Name) == NotToken {
			list = append(list, c)
		}
	}
	return list
}
