package sessions

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// attributes of Set-Cookie are taken for cookies where a whole line is pasted.
var attributes = []string{"path", "domain", "expires", "max-age", "samesite", "secure", "httponly", "partitioned", "priority"}

// ReadCookies reads cookies as a person gives them, in the form of a Cookie
// header ("sid=abc; auth=xyz", a leading "Cookie:" allowed), for a site. Without
// attributes to go by, they are host-only cookies of the page's host when the
// page is of that site, else cookies of the whole site; Secure on https, and where the
// name's prefix (__Host-, __Secure-) asks for it; Path /.
// No error shows a value.
func ReadCookies(scope Scope, text, site, page string) ([]Cookie, error) {
	header := strings.TrimSpace(text)
	if name, rest, ok := strings.Cut(header, ":"); ok && strings.EqualFold(strings.TrimSpace(name), "cookie") {
		header = strings.TrimSpace(rest)
	}
	if hasControl(header) {
		return nil, errors.New(`the cookies hold a line break or another control character; write them in one line: NAME=VALUE; NAME=VALUE`)
	}
	var list []Cookie
	for c := range cookiePairs(header) {
		switch {
		case c.name == "" && c.value == "":
			continue
		case slices.Contains(attributes, strings.ToLower(cmp.Or(c.name, c.value))):
			return nil, fmt.Errorf("%s is an attribute of Set-Cookie, not a cookie; leave it out, as in: NAME=VALUE; NAME=VALUE", cmp.Or(c.name, c.value))
		case c.name == "":
			return nil, fmt.Errorf("cookie %d has no name; write: NAME=VALUE; NAME=VALUE", len(list)+1)
		case slices.ContainsFunc(list, func(other Cookie) bool { return other.Name == c.name }):
			return nil, fmt.Errorf("the cookie %s is given twice; write each name once", c.name)
		}
		list = append(list, scope.giveCookie(c.name, c.value, site, page))
	}
	if len(list) == 0 {
		return nil, errors.New("no cookie given; write: NAME=VALUE; NAME=VALUE")
	}
	return list, nil
}

// giveCookie makes the cookie of a name and a value alone.
func (s Scope) giveCookie(name, value, site, page string) Cookie {
	c := Cookie{Name: name, Value: value, Path: "/"}
	l, ok := locate(page)
	onSite := ok && s.site(l) == site
	if !onSite {
		l = s.locateSite(site)
	}
	c.Domain, c.Secure = l.hostOnly(), onSite && l.secure
	lower := strings.ToLower(name)
	host := strings.HasPrefix(lower, "__host-")
	if host || strings.HasPrefix(lower, "__secure-") || strings.HasPrefix(lower, "__http-") {
		c.Secure = true
	}
	if strings.HasPrefix(lower, "__http-") || strings.HasPrefix(lower, "__host-http-") {
		c.HTTPOnly = true
	}
	if !onSite && s != ScopeHost && !host && !isIP(site) && !isSuffix(site) {
		c.Domain = "." + site
	}
	return c
}

// locateSite is where a site is by its name alone.
func (s Scope) locateSite(site string) location {
	if s != ScopeHost {
		site = bracketed(site) // a bare IPv6 address would be read as host:port
	}
	l, _ := locate("https://" + site)
	return l
}

// maxSetCookie is how many bytes of name and value Chrome takes.
const maxSetCookie = 4096

// NeverSent says why a cookie that a person gave is never sent, "" where it may be. page
// is the URL that it is for, "" where that is not known.
func NeverSent(c Cookie, page string) string {
	l, ok := locate(page)
	switch {
	case len(c.Name)+len(c.Value) > maxSetCookie:
		return fmt.Sprintf("the cookie %s is longer than the %d bytes that Chrome takes, so it is never sent", c.Name, maxSetCookie)
	case ok && c.coversHost(l.host) && c.Secure && !trustworthy(&l):
		return fmt.Sprintf("the cookie %s is only sent over https, and never to %s; write https://%s, or give a cookie without that prefix", c.Name, l.origin(), bracketed(l.host))
	}
	return ""
}
