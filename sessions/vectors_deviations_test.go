package sessions_test

import (
	"regexp"
	"slices"
	"strings"
)

// rule is why an answer differs from ZAP's.
type rule string

// What RULES.md has otherwise than ZAP.
const (
	order        rule = "order"
	attributes   rule = "attributes"
	reported     rule = "reported"
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

// What is a defect of ZAP's.
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

// defects are those, and the rules above that a "better" text of a case asks for as well.
var defects = []rule{hosts, respelling, logout, twins, visitors, bareSession, sums, renamed, order, patterns, parsing, reported}

func (r rule) isDefect() bool { return slices.Contains(defects, r) }

// rules say by which of RULES.md we differ.
var rules = map[rule]string{
	order:        `RULES 16, 43: tokens are learned and cookies sent as they came, none is dropped; missing ones follow in jar order`,
	attributes:   `RULES 15: a cookie always has a Domain or is host-only, and has a Path`,
	reported:     `RULES 55: what does nothing is an error, not OK`,
	ownName:      `RULES 54: a session may be given its own name`,
	completion:   `RULES 21: a request completes the session that agrees in all it has`,
	earlierValue: `RULES 20: a value that a session held earlier belongs to that session`,
	scope:        `RULES 18, 22: only tokens whose scope covers the URL are compared; where none does, the request is of the session its window was last on`,
	forced:       `RULES 41, 42: every request that starts later is of the active session, also before the site has a token`,
	duplicates:   `RULES 15, 44: cookies of one name but another Domain or Path are two, and each is paired with its own`,
	oneLogin:     `RULES 29: anonymous requests that were under way are part of a login`,
	named:        `RULES 56: named sessions never vanish by themselves`,
	patterns:     `RULES 5: default tokens are patterns, and the prefixes of names do not count`,
	parsing:      `RULES 17: quotes and commas are kept, Max-Age wins over Expires, an unreadable Expires says nothing, a foreign Domain is refused`,
	secure:       `RULES 46: no Secure token over plain HTTP`,

	hosts:       `RULES 2: hosts in lower case, as punycode, without a trailing dot; IPv6 whole`,
	respelling:  `RULES 8: a default token removed from a site stays removed in any spelling`,
	logout:      `RULES 27: a deleted cookie drops the token; the session is logged out and sends none`,
	twins:       `RULES 30: sessions that an answer makes equal merge`,
	visitors:    `RULES 23: the anonymous messages before a login are not counted as its own`,
	bareSession: `RULES 42: the tokens that the site has at the time of the request count`,
	sums:        `RULES 10: a merge of three sums all counts`,
	renamed:     `RULES 57: a renamed session is removed like any other`,
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
	{"new-05", 3, reported, `the name is taken`},
	{"new-05", 6, reported, `the name is taken`},
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

// reason finds the rule by which our answer, being that of RULES.md, is not ZAP's. What
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
		return reported
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
// cookies that ZAP drops (RULES 16).
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
