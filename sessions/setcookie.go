package sessions

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

const (
	maxPairSize      = 4096 // RFC 6265bis 5.6: name plus value, in bytes
	maxAttributeSize = 1024 // RFC 6265bis 5.6: longer attributes are ignored
	maxAge           = 400 * 24 * time.Hour
)

// Expire is the moment that a deleted cookie is given: long past.
var expire = time.Unix(1, 0)

// ParseSetCookie reads one Set-Cookie line of a response from the URL, by the
// algorithm of RFC 6265bis section 5.6 as Chrome has it (TestOracle in cdp). It reports false for a line that sets
// nothing. Whether a browser accepts the cookie is the browser's word, where
// there is one; this parser serves what no browser judged (WebSocket
// handshakes, imports) and the attributes of what one accepted. A deletion
// comes out as an expired cookie. Partition is left empty.
func ParseSetCookie(line, rawURL string, now time.Time) (Cookie, bool) {
	l, ok := locate(rawURL)
	if !ok {
		return Cookie{}, false
	}
	if i := strings.IndexAny(line, "\x00\r\n"); i >= 0 {
		line = line[:i]
	}
	head, attributes, _ := strings.Cut(line, ";")
	name, value, hasName := strings.Cut(head, "=")
	if !hasName {
		name, value = "", head
	}
	c := Cookie{Name: trimBlank(name), Value: trimBlank(value), Domain: l.hostOnly(), Path: defaultPath(l.path)}
	if c.Name == "" && c.Value == "" || len(c.Name)+len(c.Value) > maxPairSize || hasControl(c.Name) || hasControl(c.Value) {
		return Cookie{}, false
	}
	if !c.readAttributes(attributes, &l, now) {
		return Cookie{}, false
	}
	return c, true
}

// readAttributes applies the attributes in their order, the last of a kind
// winning, Max-Age winning over Expires. It reports false when no browser takes
// the cookie, whatever its name.
func (c *Cookie) readAttributes(text string, l *location, now time.Time) bool {
	var partitioned bool
	var domain, path, expires, age string
	for attribute := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(attribute, "=")
		name, value = strings.ToLower(trimBlank(name)), trimBlank(value)
		if hasControl(name) || hasControl(value) {
			return false
		}
		if len(value) > maxAttributeSize {
			continue
		}
		switch name {
		case "expires":
			expires = value
		case "max-age":
			age = value
		case "domain":
			domain = value
		case "path":
			path = value
		case "secure":
			c.Secure = true
		case "httponly":
			c.HTTPOnly = true
		case "samesite":
			c.SameSite = sameSite(value)
		case "priority":
			c.Priority = priority(value)
		case "partitioned":
			partitioned = true
		}
	}
	if strings.HasPrefix(path, "/") {
		c.Path = path
	}
	if at, ok := parseMaxAge(age, now); ok {
		c.Expires = at
	} else if at, ok := parseCookieDate(expires); ok {
		c.Expires = capExpiry(at, now)
	}
	return c.setDomain(domain, l) && (c.Secure || c.SameSite != "None" && !partitioned) && c.prefixHolds(l, path, domain)
}

// priority reads a Priority attribute: what it does not know is Medium.
func priority(value string) string {
	switch strings.ToLower(value) {
	case "low":
		return "Low"
	case "high":
		return "High"
	}
	return ""
}

// setDomain applies a Domain attribute. A domain that is a public suffix is
// only good for the host of that very name, and means host-only there.
func (c *Cookie) setDomain(value string, l *location) bool {
	domain := strings.ToLower(strings.TrimPrefix(value, "."))
	c.Domain = l.hostOnly()
	if domain == "" {
		return value == ""
	}
	covered := Cookie{Domain: "." + domain}
	switch {
	case isIP(l.host):
		return strings.Trim(domain, "[]") == l.host
	case !covered.coversHostAt(l):
		return false
	case isSuffix(covered.host()):
		return covered.host() == l.host
	}
	c.Domain = covered.Domain
	return true
}

// isSuffix reports whether a domain is a public suffix, for which no cookie may
// be set. localhost and single labels count as such.
func isSuffix(domain string) bool {
	_, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return err != nil
}

// prefixHolds checks the name prefixes of RFC 6265bis section 4.1.3, and the
// Secure attribute. __Host- wants the Path attribute to be there, and no Domain.
func (c *Cookie) prefixHolds(l *location, path, domain string) bool {
	if c.Secure && !trustworthy(l) {
		return false
	}
	isHost := c.Secure && path == "/" && (domain == "" || isIP(l.host) && strings.Trim(domain, "[]") == l.host)
	prefixed := func(prefix string) bool { return hasPrefixFold(c.Name, prefix) }
	switch {
	case c.Name == "":
		return !strings.Contains(c.Value, "=") && !hasPrefixFold(c.Value, "__host-") && !hasPrefixFold(c.Value, "__secure-") && !hasPrefixFold(c.Value, "__http-")
	case prefixed("__host-http-"):
		return isHost && c.HTTPOnly
	case prefixed("__host-"):
		return isHost
	case prefixed("__http-"):
		return c.Secure && c.HTTPOnly
	case prefixed("__secure-"):
		return c.Secure
	}
	return true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func sameSite(value string) string {
	switch strings.ToLower(value) {
	case "strict":
		return "Strict"
	case "lax":
		return "Lax"
	case "none":
		return "None"
	}
	return ""
}

// defaultPath is the directory of a request path (RFC 6265bis 5.1.4).
func defaultPath(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

func parseMaxAge(value string, now time.Time) (time.Time, bool) {
	digits := strings.TrimLeft(value, "+-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	switch {
	case strings.HasPrefix(value, "-") || (err == nil && seconds == 0):
		return expire, true
	case err != nil || seconds > int64(maxAge/time.Second):
		return now.Add(maxAge), true
	}
	return now.Add(time.Duration(seconds) * time.Second), true
}

func capExpiry(at, now time.Time) time.Time {
	if limit := now.Add(maxAge); at.After(limit) {
		return limit
	}
	return at
}

// trimBlank is strings.Trim for blanks and tabs, without its cost: it runs
// three times for each cookie of each request.
func trimBlank(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// hasControl reports a control character, which makes a browser refuse the
// whole line.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}
