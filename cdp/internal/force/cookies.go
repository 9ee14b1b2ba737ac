package force

import (
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"sessdriver/sessions"
)

// cookie is a cookie of the browser in the words of the book.
func cookie(c *network.Cookie) sessions.Cookie {
	s := sessions.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: string(c.SameSite),
		Partition: partition(c.PartitionKey),
	}
	if c.Priority != network.CookiePriorityMedium {
		s.Priority = string(c.Priority)
	}
	if !c.Session && c.Expires >= 0 {
		s.Expires = time.UnixMicro(int64(c.Expires * 1e6))
	}
	return s
}

// crossSite marks a partition key with a cross-site ancestor.
const crossSite = " cross-site"

func partition(k *network.CookiePartitionKey) string {
	switch {
	case k == nil:
		return ""
	case k.HasCrossSiteAncestor:
		return k.TopLevelSite + crossSite
	}
	return k.TopLevelSite
}

// parameter is a cookie of the book for Storage.setCookies. A domain without a
// leading dot makes it host-only.
func parameter(c sessions.Cookie) *network.CookieParam {
	p := &network.CookieParam{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		Secure: c.Secure, HTTPOnly: c.HTTPOnly, SameSite: network.CookieSameSite(c.SameSite), Priority: network.CookiePriority(c.Priority),
	}
	if !c.Expires.IsZero() {
		p.Expires = cdp.TimeSinceEpoch(float64(c.Expires.UnixMicro()) / 1e6)
	}
	if c.Partition != "" {
		site, cross := strings.CutSuffix(c.Partition, crossSite)
		p.PartitionKey = &network.CookiePartitionKey{TopLevelSite: site, HasCrossSiteAncestor: cross}
	}
	return p
}

// removal is the parameter that deletes a cookie: the same, expired. Chrome takes
// none without both name and value (TestJar).
func removal(c sessions.Cookie) *network.CookieParam {
	if c.Expires = time.Unix(1, 0); c.Name != "" {
		c.Value = ""
	}
	return parameter(c)
}
