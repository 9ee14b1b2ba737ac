package sessions_test

import (
	"regexp"
	"slices"
	"strings"
)

// rule is why an answer differs from ZAP's.
type rule string

// What DESIGN has otherwise than ZAP.
const (
	order        rule = "order"
	attributes   rule = "attributes"
	told         rule = "told"
	ownName      rule = "ownName"
	completion   rule = "completion"
	earlierValue rule = "earlierValue"
	scope        rule = "scope"
	forced       rule = "forced"
	duplicates   rule = "duplicates"
	oneLogin     rule = "oneLogin"
	named        rule = "named"
	patterns     rule = "patterns"
	parsing      rule = "parsing"
	secure       rule = "secure"
)

// What ZAP-BEHAVIOUR marks as a defect, and what is better.
const (
	hosts       rule = "hosts"
	respelling  rule = "respelling"
	logout      rule = "logout"
	twins       rule = "twins"
	visitors    rule = "visitors"
	bareSession rule = "bareSession"
	sums        rule = "sums"
	renamed     rule = "renamed"
)

func (r rule) isDefect() bool {
	return strings.HasPrefix(rules[r], "ZAP ") || slices.Contains(alsoBetter, r)
}

// alsoBetter are rules of DESIGN that a "better" text asks for as well.
var alsoBetter = []rule{order, patterns, parsing, told}

var rules = map[rule]string{
	order:        `DESIGN 4.3 "keep all other bytes and their order" and 5 Bytes "our own splitter": names and cookies stand as they came; missing ones follow in jar order`,
	attributes:   `DESIGN 2 "token cookie: name, value, Domain or host-only, Path": a cookie always has both, the defaults of RFC 6265bis where nothing is said`,
	told:         `DESIGN 6 "-c and pipes stop at the first failing command": what does nothing is an error, not OK`,
	ownName:      `DESIGN 5 Names "Renaming, removing and merging always work"`,
	completion:   `DESIGN 5 Matching (c) "a request that agrees in all a session has and carries a token no session has yet completes that session"`,
	earlierValue: `DESIGN 5 Matching (b) "a value that a session held earlier belongs to that session"`,
	scope:        `DESIGN 5 Matching "compares token cookies whose scope covers the request's URL", (d) "a request to which no token of any session applies belongs to the session its window was last on and creates none"`,
	forced:       `DESIGN 4.7 "when use bob has answered, every request that starts later is bob's": also before the site has a token`,
	duplicates:   `DESIGN 4.3 "of two pairs of one name, each is paired by its known value, else by jar order": a session may have two cookies of one name`,
	oneLogin:     `DESIGN 5 Matching (e) "the anonymous session, which a login then fills": anonymous requests that were under way are part of that login`,
	named:        `DESIGN 5 Names "named sessions never vanish by themselves"`,
	patterns:     `DESIGN 5 Default tokens "* patterns, __Host-, __Secure- and __Http- prefixes ignored when matching"`,
	parsing:      `DESIGN 5 Bytes "our Set-Cookie parser": RFC 6265bis keeps quotes and commas, Max-Age wins over Expires, an unreadable Expires says nothing, a foreign Domain is refused`,
	secure:       `DESIGN 1 "never a Secure token over http"`,

	hosts:       `ZAP 1.5, 1.7: hosts in lower case, IPv6 as it is (DESIGN 2)`,
	respelling:  `ZAP 3.7: a default token removed from a site stays removed in any spelling (DESIGN 5)`,
	logout:      `ZAP 4.13, 5.9: a deleted cookie drops the token; the session is logged out and sends none (DESIGN 5 Logout)`,
	twins:       `ZAP 4.15: sessions that a response makes equal merge`,
	visitors:    `ZAP 4.14: the anonymous messages before a login are not counted as its own`,
	bareSession: `ZAP 5.14: the site's present tokens count at rewrite time (DESIGN 5 "Forcing works from the first moment")`,
	sums:        `ZAP 3.7: a merge of three sums all counts`,
	renamed:     `ZAP 5.23: a renamed session is removed like any other`,
}

// difference is one answer that is not ZAP's.
type difference struct {
	id   string
	step int // from 1
	rule rule
	text string // our answer
}

// differences are all of our own vectors.
var differences = []difference{}

// reason finds the rule by which our answer, being DESIGN's, is not ZAP's. What
// the two answers show comes first, then what made the model decide otherwise.
func reason(zap string, our line) rule {
	switch {
	case loose(zap) == loose(our.text):
		return order
	case unattributed(loose(zap)) == unattributed(loose(our.text)):
		return attributes
	case zap == "ok" && (our.text == "the name is taken" || our.text == "no such token"):
		return told
	case zap == "refused" && our.text == "ok":
		return ownName
	}
	for _, r := range our.rules {
		if !r.isDefect() {
			return r
		}
	}
	if len(our.rules) > 0 {
		return our.rules[0]
	}
	return ""
}

var (
	sentPairs  = regexp.MustCompile(`^sends "(.*)" as`)
	tokenList  = regexp.MustCompile(`^tokens \[([^\]]*)\]`)
	attributed = regexp.MustCompile(` \([^()]* secure=(true|false) persistent=(true|false)\)`)
)

// loose is an answer without the order of cookies and tokens.
func loose(text string) string {
	if m := sentPairs.FindStringSubmatch(text); m != nil {
		list := strings.Split(m[1], "; ")
		slices.Sort(list)
		return strings.Join(list, "; ") + text[len(m[0]):]
	}
	if m := tokenList.FindStringSubmatch(text); m != nil {
		list := strings.Fields(m[1])
		slices.Sort(list)
		return strings.Join(list, " ") + text[len(m[0]):]
	}
	return text
}

// unattributed is an answer without Domain and Path of cookies.
func unattributed(text string) string { return attributed.ReplaceAllString(text, " ($1 $2)") }

// foreignMatter says why a whole case is not applicable, "" where it is.
func foreignMatter(c *scenario) string {
	for _, s := range c.Steps {
		switch {
		case s.Initiator != "" && s.Initiator != "proxy":
			return "another sender than the browser: " + s.Initiator
		case s.Op == "loadDefaultTokensConfig":
			return "ZAP's configuration file"
		case !slices.Contains(operations, s.Op):
			return "an operation of ZAP's own: " + s.Op
		}
	}
	return ""
}

var operations = []string{"request", "response", "state", "sites", "api", "apiXml", "isDefaultToken", "newZapSession", "hold", "isValid", "tokensString"}

// defaults are ZAP's eleven. Where a case says that ZAP's bare name should have
// been a pattern, it is one, as in default-tokens.tsv.
func (c *scenario) defaults() []string {
	list := slices.Clone(zapTokens)
	for _, s := range c.Steps {
		for _, text := range slices.Concat(s.Cookie, s.SetCookie) {
			if c.ZapDefect && strings.HasPrefix(strings.ToLower(text), "aspsessionid") {
				list[1] = "aspsessionid*"
			}
		}
	}
	return list
}

// betterAuthority is what a site argument should be read as where ZAP's reading
// is a defect.
func betterAuthority(in string) string {
	return map[string]string{
		"HTTP://Example.com":    "example.com:80",
		"http://[::1]":          "[::1]:80",
		"http://user@host/":     "host:80",
		"https://example.com?x": "example.com:443",
		"example.com#f":         "example.com:80",
		// "/path", "ftp://x" and "http://" name no site.
	}[in]
}
