package sessions

import (
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Scope says which hosts form one site.
type Scope int

const (
	// ScopeDomain makes a site of the registrable domain, by the public
	// suffix list with its private section, as Chrome's cookies use it. A
	// public suffix, localhost (with its sub-domains), a single label and an
	// IP address are sites of their own. Ports are ignored, as the jar
	// ignores them.
	ScopeDomain Scope = iota
	// ScopeHost makes a site of each host:port, the port always written, as
	// ZAP does.
	ScopeHost
)

// ParseScope reads the name of a scope: "domain" or "host".
func ParseScope(s string) (Scope, error) {
	switch s {
	case "domain":
		return ScopeDomain, nil
	case "host":
		return ScopeHost, nil
	}
	return 0, fmt.Errorf("%q is not a site scope; use domain or host", s)
}

// SiteOf returns the name of the site that a URL belongs to, or "" for a URL
// without a host (about:blank, data:, blob:).
func (s Scope) SiteOf(rawURL string) string {
	l, ok := locate(rawURL)
	if !ok {
		return ""
	}
	return s.site(l)
}

func (s Scope) site(l location) string {
	if s == ScopeHost {
		return bracketed(l.host) + ":" + l.port
	}
	return registrable(l.host)
}

// registrable returns the site of a host in ScopeDomain.
func registrable(host string) string {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return "localhost"
	}
	if isIP(host) {
		return host
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host // a public suffix or a single label
	}
	return domain
}

// bracketed is a host as a URL writes it.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
