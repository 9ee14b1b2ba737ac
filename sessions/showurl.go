package sessions

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Parts of a URL that may hold a secret, by what they are called.
const (
	URLUser      = "CREDENTIALS" // name and password before the host
	URLParameter = "PARAMETER"   // of the path, behind a semicolon (;jsessionid=…)
	URLQuery     = "QUERY"
	URLFragment  = "FRAGMENT"
	URLRest      = "REST" // all of one that has no host (data:, blob:), and what is no port
)

// URLPart is a piece of a URL.
type URLPart struct {
	Text   string
	Hidden string // what it is, where it may hold a secret; else ""
}

// ShowURL is a URL as people may see it: where something may hold a secret there is
// "…" instead, as in https://…@shop.test/a;…?…#…. The text may be any that a person,
// a page or a server gave: a URL without its scheme, a relative one, or none at all.
func ShowURL(raw string) string {
	if !strings.ContainsAny(raw, "@;?#:") {
		return raw
	}
	parts := SplitURL(raw)
	if !slices.ContainsFunc(parts, func(p URLPart) bool { return p.Hidden != "" }) {
		return raw
	}
	return join(parts, func(string) bool { return true })
}

func join(parts []URLPart, hides func(what string) bool) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Hidden != "" && hides(p.Hidden) {
			p.Text = "…"
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

// opaque are the schemes whose URLs have no host, which distinguishes them from HOST:PORT.
var opaque = []string{"blob", "data", "filesystem", "javascript", "mailto", "urn", "view-source"}

// SplitURL parts a URL where something may hold a secret. Together the parts are the URL.
func SplitURL(raw string) (parts []URLPart) {
	add := func(text, hidden string) {
		if text != "" {
			parts = append(parts, URLPart{text, hidden})
		}
	}
	scheme, rest, ok := strings.Cut(raw, ":")
	switch low := strings.ToLower(strings.TrimSpace(scheme)); {
	case ok && slices.Contains(opaque, low):
		add(scheme+":", "")
		add(rest, URLRest)
		return parts
	case ok && low == "about":
		add(scheme+":", "")
	case strings.HasPrefix(rest, "//") && !strings.ContainsAny(scheme, "/\\?#@"):
		add(scheme+"://", "")
		rest = addAuthority(add, rest[2:])
	default:
		rest = addAuthority(add, raw)
	}
	path := upTo(rest, "?#")
	rest = rest[len(path):]
	for path != "" {
		clear := upTo(path, ";")
		add(clear, "")
		if path = path[len(clear):]; path != "" {
			add(";", "")
			parameter := upTo(path[1:], "/\\")
			add(parameter, URLParameter)
			path = path[1+len(parameter):]
		}
	}
	if query := upTo(rest, "#"); query != "" {
		add("?", "")
		add(query[1:], URLQuery)
		rest = rest[len(query):]
	}
	if rest != "" {
		add("#", "")
		add(rest[1:], URLFragment)
	}
	return parts
}

// upTo is the beginning of a text that has none of some characters in it.
func upTo(text, end string) string {
	if i := strings.IndexAny(text, end); i >= 0 {
		return text[:i]
	}
	return text
}

// addAuthority adds the user and the host, with which a text begins, and returns the rest. A
// password with a slash, a ? or a # in it makes another URL of the text, whose port is none
// then: so much is taken for the user, too.
func addAuthority(add func(text, hidden string), text string) (rest string) {
	const ends = "/\\?#"
	host, at := upTo(text, ends), strings.LastIndexByte(upTo(text, ends), '@')
	if _, port := cutPort(host[at+1:]); !isPort(port) {
		if last := strings.LastIndexByte(text, '@'); last > at {
			at = last
			host = text[:at] + upTo(text[at:], ends)
		}
	}
	rest = text[len(host):]
	if at >= 0 {
		add(host[:at], URLUser)
		add("@", "")
	}
	host, port := cutPort(host[at+1:])
	if isPort(port) {
		add(host+port, "")
		return rest
	}
	add(host+":", "")
	add(port[1:], URLRest) // what was meant may be USER:PASSWORD
	return rest
}

// cutPort parts a host from its port, which begins with the colon.
func cutPort(host string) (name, port string) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.Contains(host[i:], "]") || isIP(host) {
		return host, ""
	}
	return host[:i], host[i:]
}

// isPort reports what may be one, also in a pattern.
func isPort(port string) bool { return strings.Trim(port, ":0123456789*") == "" }

// urls finds what may be URLs in a text.
var urls = regexp.MustCompile("(?i)\\b[a-z][a-z0-9+.-]*://[^\\s\"<>`]+")

// ShowURLs is a text of a library, a browser or a server with its URLs as people may see
// them.
func ShowURLs(text string) string { return showURLs(text, "") }

// showURLs leaves the URLs that stand in a plain text as they are, but for users and
// passwords.
func showURLs(text, plain string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return urls.ReplaceAllStringFunc(text, func(found string) string {
		address := strings.TrimRight(found, "'),.;:]}") // of the sentence around it
		after := found[len(address):]
		if plain == "" || !strings.Contains(plain, address) {
			return ShowURL(address) + after
		}
		return join(SplitURL(address), func(what string) bool { return what == URLUser || what == URLRest }) + after
	})
}

// forms are the ways in which a value may stand in a text besides as it is: escaped or
// unescaped as in URLs and cookies, between quotes.
func forms(value string) []string {
	var list []string
	add := func(other string) {
		if other != value && !slices.Contains(list, other) {
			list = append(list, other)
		}
	}
	if strings.Contains(value, "%") {
		if clear, err := url.PathUnescape(value); err == nil {
			add(clear)
		}
	}
	add(url.QueryEscape(value))
	add(url.PathEscape(value))
	if bare := strings.Trim(value, `"`); len(bare) != len(value) {
		add(bare)
	}
	if strings.ContainsAny(value, `"\`) {
		add(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value))
	}
	return list
}
