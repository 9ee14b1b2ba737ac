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
	order:        `DESIGN 4.3 "keep all other bytes and their order", 5 Bytes "our own splitter": tokens are learned and cookies sent as they came, none is dropped; missing ones follow in jar order`,
	attributes:   `DESIGN 2 "token cookie: name, value, Domain or host-only, Path": a cookie always has both, the defaults of RFC 6265bis where nothing is said`,
	told:         `DESIGN 6 "-c and pipes stop at the first failing command": what does nothing is an error, not OK`,
	ownName:      `DESIGN 5 Names "Renaming, removing and merging always work"`,
	completion:   `DESIGN 5 Matching (c) "a request that agrees in all a session has and carries a token no session has yet completes that session"`,
	earlierValue: `DESIGN 5 Matching (b) "a value that a session held earlier belongs to that session"`,
	scope:        `DESIGN 5 Matching "compares token cookies whose scope covers the request's URL", (d) "a request to which no token of any session applies belongs to the session its window was last on and creates none"`,
	forced:       `DESIGN 4.7 "when use bob has answered, every request that starts later is bob's": also before the site has a token`,
	duplicates:   `DESIGN 4.3 "of two pairs of one name, each is paired by its known value, else by jar order", 2 "token cookie": cookies of one name but another Domain or Path are two`,
	oneLogin:     `DESIGN 5 Matching (e) "the anonymous session, which a login then fills": anonymous requests that were under way are part of that login`,
	named:        `DESIGN 5 Names "named sessions never vanish by themselves"`,
	patterns:     `DESIGN 5 Default tokens "* patterns, __Host-, __Secure- and __Http- prefixes ignored when matching"`,
	parsing:      `DESIGN 5 Bytes "our Set-Cookie parser": RFC 6265bis keeps quotes and commas, Max-Age wins over Expires, an unreadable Expires says nothing, a foreign Domain is refused`,
	secure:       `DESIGN 1 "never a Secure token over http"`,

	hosts:       `ZAP 1.5, 1.7 and DESIGN 2 site "hosts in lower case, IDN as punycode, no trailing dot"; IPv6 whole`,
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
var differences = []difference{
	{"site-05", 3, hosts, `sends "SID=a" as #1`},
	{"site-05", 4, hosts, `is #1`},
	{"site-05", 5, hosts, `["example.com:80"]`},
	{"detect-05", 5, respelling, `is nobody`},
	{"detect-05", 6, respelling, `tokens []`},
	{"tokset-01", 5, completion, `sends "SID=a; tok=t" as #1`},
	{"tokset-01", 6, completion, `is #1`},
	{"tokset-01", 7, completion, `sends "SID=a" as nobody`},
	{"tokset-01", 8, completion, `is #2`},
	{"tokset-01", 9, completion, `tokens [SID tok] | #1 2 [SID=a; tok=t] | #2 1 [SID=a]`},
	{"tokset-05", 10, sums, `tokens [SID] | #2* 3 [SID=a]`},
	{"match-03", 9, order, `tokens [SID PHPSESSID] | #1 2 [PHPSESSID=p; SID=a] | #2 1 [SID=a] | #3 1 [PHPSESSID=p]`},
	{"match-05", 7, visitors, `tokens [SID] | #1 1 [SID=a] | #2 1 [SID=b]`},
	{"match-05", 10, visitors, `tokens [SID] | #1 1 [SID=a] | #2 1 [SID=b] | #3 1 []`},
	{"match-09", 5, logout, `tokens [SID] | #1 2 []`},
	{"match-09", 8, logout, `tokens [SID] | #1 2 [] | #2 1 []`},
	{"match-11", 5, logout, `tokens [SID] | #1 2 []`},
	{"match-13", 3, attributes, `tokens [SID PHPSESSID] | #1 1 [PHPSESSID=p (example.com / secure=false persistent=true); SID=a (.example.com /app secure=true persistent=false)]`},
	{"match-15", 3, parsing, `sends "SID=\"abc\"" as #1`},
	{"match-15", 4, parsing, `is #1`},
	{"match-15", 5, parsing, `tokens [SID] | #1 2 [SID="abc"]`},
	{"match-21", 6, twins, `is #1`},
	{"match-21", 9, twins, `tokens [SID] | #1 4 [SID=a]`},
	{"active-01", 6, order, `sends "z=1; SID=b; b=2; A=0" as #2`},
	{"active-03", 4, order, `sends "z=1; a=2; SID=a" as #1`},
	{"active-05", 6, order, `sends "k=v; SID=a; PHPSESSID=p" as #1`},
	{"active-09", 6, logout, `sends "q=1" as #1`},
	{"active-09", 8, logout, `sends "q=1" as #1`},
	{"active-13", 2, forced, `sends "a=1" as "e"`},
	{"active-13", 3, forced, `is "e"`},
	{"active-13", 4, forced, `tokens [] | "e"* 1 []`},
	{"new-05", 3, told, `the name is taken`},
	{"new-05", 6, told, `the name is taken`},
	{"new-07", 2, bareSession, `sends "" as #1`},
	{"new-07", 4, bareSession, `sends "" as #1`},
	{"new-07", 6, bareSession, `sends "SID=b" as #1`},
	{"new-09", 9, attributes, `tokens [session_token SID] | "me"* 2 [SID=v (example.com / secure=false persistent=false)]`},
	{"new-09", 10, attributes, `tokens [] | "me" 2 [SID=v (example.com / secure=false persistent=false)]`},
	{"remove-05", 3, completion, `sends "SID=a; PHPSESSID=p" as #1`},
	{"remove-05", 4, completion, `is #1`},
	{"remove-05", 7, completion, `tokens [SID] | "bob" 2 [SID=a]`},
	{"api-07", 10, attributes, `tokens [SID T] | #1 1 [SID=a (example.com / secure=false persistent=false); T=v (example.com / secure=false persistent=false)]`},
	{"api-11", 3, attributes, `tokens [] | #1 1 [SID=a (example.com / secure=false persistent=true)]`},
}

// reason finds the rule by which our answer, being DESIGN's, is not ZAP's. What
// the two answers show comes first, then what made the model decide otherwise.
func reason(zap string, our line) rule {
	switch {
	case zap == our.text:
		return "" // it should be ZAP's
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
	dropped    = regexp.MustCompile(`^\$|[,; \t[:cntrl:]]|[^[:ascii:]]`)
	tokenList  = regexp.MustCompile(`^tokens \[([^\]]*)\]`)
	attributed = regexp.MustCompile(` \([^()]* secure=(true|false) persistent=(true|false)\)`)
)

// loose is an answer without the order of cookies and tokens, and without the
// cookies that ZAP drops (ZAP 4.1).
func loose(text string) string {
	if m := sentPairs.FindStringSubmatch(text); m != nil {
		var list []string
		for _, p := range pairs(m[1]) {
			if !dropped.MatchString(p.name) {
				list = append(list, p.name+"="+p.value)
			}
		}
		slices.Sort(list)
		return strings.Join(slices.Compact(list), "; ") + text[len(m[0]):]
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

var operations = []string{"request", "requestRaw", "response", "state", "sites", "api", "apiXml", "isDefaultToken", "newZapSession", "hold", "isValid", "tokensString"}

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
