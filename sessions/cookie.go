package sessions

import (
	"strings"
	"time"
)

// Cookie is one cookie of a jar, in the terms of RFC 6265bis. Identity is Name,
// Domain, Path and Partition.
type Cookie struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Domain is written as Chrome does: a leading dot means that sub-domains
	// are covered, none means host-only.
	Domain   string `json:"domain"`
	Path     string `json:"path"`
	Secure   bool   `json:"secure,omitempty"`
	HTTPOnly bool   `json:"httpOnly,omitempty"`
	// SameSite is Strict, Lax or None; "" when the server said nothing.
	SameSite string `json:"sameSite,omitempty"`
	// Priority is Low or High, by which Chrome evicts cookies when there are too many
	// (draft-west-cookie-priority); "" for the usual one, Medium.
	Priority string `json:"priority,omitempty"`
	// Partition is the partition key of a Partitioned cookie, in the form
	// that package cdp gives it; "" for the others.
	Partition string `json:"partition,omitempty"`
	// Expires is zero for a cookie that lives as long as the browser.
	Expires time.Time `json:"expires,omitzero"`
}

// key is the identity of a cookie in a jar.
type key struct{ name, domain, path, partition string }

func (c *Cookie) key() key { return key{c.Name, c.Domain, c.Path, c.Partition} }

// pair is what a Cookie header shows of a cookie.
type pair struct{ name, value string }

func (c *Cookie) pair() pair { return pair{c.Name, c.Value} }

// HostOnly reports whether only the host that set the cookie gets it.
func (c Cookie) HostOnly() bool { return !strings.HasPrefix(c.Domain, ".") }

// Expired reports whether the cookie is gone at the given time.
func (c Cookie) Expired(now time.Time) bool {
	return !c.Expires.IsZero() && !c.Expires.After(now)
}

// Covers reports whether the scope of the cookie includes the URL: domain-match,
// path-match and Secure of RFC 6265bis. It says nothing of SameSite, which
// depends on who asks.
func (c Cookie) Covers(rawURL string) bool {
	l, ok := locate(rawURL)
	return ok && c.covers(&l)
}

func (c *Cookie) covers(l *location) bool {
	return c.coversHostAt(l) && pathMatch(c.Path, l.path) && (!c.Secure || trustworthy(l))
}

// coversHostAt is coversHost for the host of a URL: Chrome takes the one with a
// trailing dot for another (TestOracle).
func (c *Cookie) coversHostAt(l *location) bool {
	return strings.HasSuffix(c.Domain, ".") == l.trailingDot && c.coversHost(l.host)
}

func (c *Cookie) coversHost(host string) bool {
	domain := c.host()
	if host == domain {
		return true
	}
	return !c.HostOnly() && strings.HasSuffix(host, domain) && len(host) > len(domain) && host[len(host)-len(domain)-1] == '.'
}

// host is the cookie's domain as hosts are compared: without the leading dot
// and the brackets that Chrome writes around IPv6.
func (c *Cookie) host() string { return cleanHost(strings.TrimPrefix(c.Domain, ".")) }

// pathMatch is path-match of RFC 6265bis section 5.1.4: /foo covers /foo and
// /foo/bar, not /foobar.
func pathMatch(cookiePath, path string) bool {
	if !strings.HasPrefix(path, cookiePath) {
		return false
	}
	return len(path) == len(cookiePath) || strings.HasSuffix(cookiePath, "/") || path[len(cookiePath)] == '/'
}

// trustworthy reports whether Chrome sends Secure cookies there: https, and
// localhost and loopback addresses over http as well.
func trustworthy(l *location) bool {
	return l.secure || l.host == "localhost" || strings.HasSuffix(l.host, ".localhost") ||
		strings.HasPrefix(l.host, "127.") && isIP(l.host) || l.host == "::1"
}

// jarOrder compares two cookies as Chrome writes them into a Cookie header:
// longer paths first. Callers keep the creation order as the tie-break by sorting stably.
func jarOrder(a, b *Cookie) int { return len(b.Path) - len(a.Path) }
