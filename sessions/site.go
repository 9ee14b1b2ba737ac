package sessions

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Scope says which hosts form one site. "" is [ScopeDomain].
type Scope string

const (
	// ScopeDomain makes a site of the registrable domain, by the public
	// suffix list with its private section, as Chrome's cookies use it. A
	// public suffix, localhost (with its sub-domains), a single label and an
	// IP address are sites of their own. Ports are ignored, as the jar
	// ignores them.
	ScopeDomain Scope = "domain"
	// ScopeHost makes a site of each host:port, the port always written, as
	// ZAP does.
	ScopeHost Scope = "host"
)

// Scopes are both of them.
var Scopes = Choice[Scope]{"a site scope", []Scope{ScopeDomain, ScopeHost}}

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
