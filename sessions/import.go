package sessions

import (
	"errors"
	"fmt"
	"strings"
)

// ReadCookies reads cookies as a person gives them, in the form of a Cookie
// header ("sid=abc; auth=xyz", a leading "Cookie:" allowed), for a site. Without
// attributes to go by, they are host-only cookies of the page's host when the
// page is of that site, else cookies of the whole site; Secure on https; Path /.
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
	for c := range crumbs(header) {
		switch {
		case c.name == "" && c.value == "":
			continue
		case c.name == "":
			return nil, fmt.Errorf("cookie %d has no name; write: NAME=VALUE; NAME=VALUE", len(list)+1)
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
	if !ok || s.site(l) != site {
		l, _ = locate("https://" + site)
	}
	c.Domain, c.Secure = l.host, ok && l.secure
	lower := strings.ToLower(name)
	host := strings.HasPrefix(lower, "__host-")
	if host || strings.HasPrefix(lower, "__secure-") {
		c.Secure = true
	}
	if l.host == site && !host && s.SiteOf(page) != site && !isIP(site) && !isSuffix(site) {
		c.Domain = "." + site
	}
	return c
}
