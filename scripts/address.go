package scripts

import (
	"net/url"
	"slices"
	"strings"

	"sessdriver/sessions"
)

// blankPage is the one address of a page that comes from no server.
const blankPage = "about:blank"

// isRelative reports an address that only the current page completes. What begins in
// another way is a host.
func isRelative(text string) bool {
	return slices.ContainsFunc([]string{"/", "?", "#", "./", "../"}, func(start string) bool { return strings.HasPrefix(text, start) }) || text == "." || text == ".."
}

// address completes a relative address by that of the current page, as a link on it would
// be.
func (e *Engine) address(text string) (string, error) {
	if !isRelative(text) {
		return text, nil
	}
	base, err := url.Parse(e.Browser.Location())
	if err != nil || base.Scheme != "http" && base.Scheme != "https" {
		return "", usage("%s is relative to the current page, and there is none; type the whole address, as in: open http://127.0.0.1:8080/login", sessions.ShowURL(text))
	}
	to, err := url.Parse(text)
	if err != nil {
		return "", usage("%s is not a valid address; write a %% in it as %%25", sessions.ShowURL(text))
	}
	normal, err := sessions.NormalizeURL(base.ResolveReference(to).String())
	if err != nil {
		return "", usage("%v; type the whole address", err)
	}
	return normal, nil
}
