package leaks

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Hit is one request as the server saw it.
type Hit struct {
	Host   string // without the port
	Name   string // NAME of /hit/NAME, else the whole path
	Query  url.Values
	Method string
	Cookie string
	Header http.Header
	Secure bool
}

// Read takes a request apart; isHit is false for what is not below /hit/.
func Read(r *http.Request) (h Hit, isHit bool) {
	h = Hit{Name: r.URL.Path, Query: r.URL.Query(), Method: r.Method, Cookie: r.Header.Get("Cookie"), Header: r.Header, Secure: r.TLS != nil}
	h.Host, _, _ = net.SplitHostPort(r.Host)
	name, isHit := strings.CutPrefix(r.URL.Path, "/hit/")
	if isHit {
		h.Name, _, _ = strings.Cut(name, "/")
	}
	return h, isHit
}

const (
	Nobody = ""
	Mixed  = "several"
)

// Sender is whose request it was: the owner of all its tokens and carried
// cookies, whose values are OWNER.SOMETHING. For a request that tells what its page
// saw, whose the page is.
func (h Hit) Sender() string { return ownerOf(h.shownCookie()) }

// Sent is whose the request itself was, whatever its page saw.
func (h Hit) Sent() string { return ownerOf(h.Cookie) }

func ownerOf(cookie string) string {
	who := Nobody
	for _, piece := range strings.Split(cookie, "; ") {
		name, value, _ := strings.Cut(piece, "=")
		owner, _, ok := strings.Cut(value, ".")
		switch {
		case !ok || name == "theme":
		case who != Nobody && who != owner:
			return Mixed
		default:
			who = owner
		}
	}
	return who
}

func (h Hit) shownCookie() string {
	if h.Query.Has("saw") {
		return h.Query.Get("saw")
	}
	return h.Cookie
}

// Carried are the names of the cookies of a login, and of the page's own, in a
// request.
func (h Hit) Carried() string {
	var names []string
	for _, piece := range strings.Split(h.shownCookie(), "; ") {
		name, _, _ := strings.Cut(piece, "=")
		if name != "" && !strings.HasPrefix(name, "t-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// Given is the Set-Cookie line by which a response gives its session a token
// that no other response gives.
func (h Hit) Given(who string) string {
	line := "t-" + h.Name + "=" + who + "." + h.Query.Get("id") + "; Path=/; Domain=" + strings.TrimPrefix(h.Host, "api.")
	if h.Secure {
		line += "; Secure; SameSite=None"
	}
	return line
}
