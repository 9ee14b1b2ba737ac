package sessions

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// location is the part of a URL that cookies and sites depend on. Host is in
// lower case without a trailing dot; IPv6 literals keep no brackets.
type location struct {
	secure      bool
	host        string
	trailingDot bool // the host was written with a trailing dot: it has a jar of its own
	port        string
	path        string
}

// hostOnly is the Domain of a host-only cookie set there, as Chrome writes it.
func (l *location) hostOnly() string {
	if l.trailingDot {
		return l.host + "."
	}
	return bracketed(l.host)
}

// origin is the origin of a location, as a browser writes it.
func (l *location) origin() string {
	host := bracketed(l.host)
	switch {
	case l.secure && l.port == "443":
		return "https://" + host
	case l.secure:
		return "https://" + host + ":" + l.port
	case l.port == "80":
		return "http://" + host
	}
	return "http://" + host + ":" + l.port
}

// locate splits an absolute URL as a browser reports it (http, https, ws or
// wss). It allocates nothing for a URL in normal form, since it runs once per
// request.
func locate(raw string) (location, bool) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return location{}, false
	}
	l := location{port: "80"}
	switch scheme {
	case "http", "ws":
	case "https", "wss":
		l.secure, l.port = true, "443"
	default:
		return location{}, false
	}
	if i := strings.IndexByte(rest, '#'); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		rest = rest[:i]
	}
	authority, path := rest, "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	l.path = path
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	l.host = authority
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		l.host = authority[:i]
		if p := authority[i+1:]; p != "" {
			l.port = p
		}
	}
	l.trailingDot = strings.HasSuffix(l.host, ".")
	l.host = cleanHost(l.host)
	return l, l.host != ""
}

// cleanHost brings a host to the form that the book uses: lower case, no
// trailing dot, no brackets around IPv6.
func cleanHost(host string) string {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	host = strings.TrimSuffix(host, ".")
	return strings.ToLower(host)
}

// isIP reports whether host is an IP literal; such hosts have no sub-domains.
func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// hostNames is what browsers take for a host: names with underscores and hyphens
// anywhere, too.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// NormalizeURL turns what a person types into the URL that a browser would
// report: http:// is added when there is no scheme (as for "127.0.0.1:8080" or
// "shop.test/a"), the host becomes lower-case punycode. An error names what is
// not a URL.
func NormalizeURL(raw string) (string, error) {
	text := strings.TrimSpace(raw)
	if scheme, _, ok := strings.Cut(text, "://"); !ok || strings.ContainsAny(scheme, ":/?#") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("%q is not an http or https URL", ShowURL(raw))
	}
	host := u.Hostname()
	if ip, notIP := netip.ParseAddr(host); notIP == nil {
		host = ip.String()
	} else {
		host, err = hostNames.ToASCII(host)
	}
	if err != nil || host == "" || strings.ContainsAny(host, " \t%<>\"") {
		return "", fmt.Errorf("%q has no valid host", ShowURL(raw))
	}
	host = bracketed(host)
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", fmt.Errorf("%q has no valid port", ShowURL(raw))
		}
		host += ":" + port
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), host
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), nil
}
