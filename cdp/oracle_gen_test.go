package cdp

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"
)

// mark stands in a generated line where sessions A and B have other values.
const mark = "@@"

// ownValue is the text of a generated line as one of the sessions gets it.
func ownValue(line, session string) string {
	return strings.ReplaceAll(line, mark, session+strings.ToLower(session))
}

// estate is the hosts of one site, and what its servers write into Domain.
type estate struct {
	name    string
	hosts   []string
	domains []string
	cases   int  // of a thousand
	plain   bool // no https: the server refuses the name
}

// latin is the site whose bytes are not all UTF-8.
const latin = "latin.test"

// estates are in the order in which a thousand cases go through them. All hosts
// are the test's server.
var estates = []estate{
	{"shop.test", []string{"shop.test", "www.shop.test", "api.shop.test", "a.b.shop.test"}, []string{
		"shop.test", ".shop.test", "..shop.test", "SHOP.test", ".Shop.Test", "www.shop.test", ".www.shop.test", "b.shop.test", "a.b.shop.test",
		"", ".", "test", ".test", "other.test", "hop.test", "shop.test.", "shop.test:443", "shop.test/", "*.shop.test", `"shop.test"`,
		"shöp.test", "xn--shp-sna.test", "%73hop.test", "shop%2Etest", "shop .test", "shop,test", "127.0.0.1", "localhost", "co.uk", "https://shop.test", "s\x01hop.test",
	}, 560, false},
	{"dotted.test.", []string{"dotted.test.", "www.dotted.test."}, []string{"dotted.test.", ".dotted.test.", "dotted.test", "test.", ".", "www.dotted.test.", "dotted.test.."}, 40, true},
	{"shop.co.uk", []string{"shop.co.uk", "www.shop.co.uk"}, []string{"shop.co.uk", ".shop.co.uk", "co.uk", ".co.uk", "uk", "CO.UK", "www.shop.co.uk", "other.co.uk"}, 80, false},
	{"me.github.io", []string{"me.github.io", "www.me.github.io"}, []string{"me.github.io", ".me.github.io", "github.io", ".github.io", "io", "you.github.io"}, 80, false},
	{"127.0.0.1", []string{"127.0.0.1"}, []string{"127.0.0.1", ".127.0.0.1", "0.0.1", ".0.0.1", "1", "127.0.0.1.", "127.1", "0x7f.0.0.1", "localhost"}, 40, false},
	{"localhost", []string{"localhost"}, []string{"localhost", ".localhost", "www.localhost", "LOCALHOST", "local", "127.0.0.1"}, 40, false},
	{"www.localhost", []string{"www.localhost"}, []string{"www.localhost", ".www.localhost", "localhost", ".localhost"}, 40, false},
	{"github.io", []string{"github.io"}, []string{"github.io", ".github.io", "io", "..github.io", "GitHub.io", "me.github.io"}, 40, false},
	{latin, []string{latin, "www." + latin}, []string{latin, "." + latin, "latin\xe9.test"}, 40, false},
	{"intranet", []string{"intranet"}, []string{"intranet", ".intranet", "INTRANET", "net"}, 40, false},
}

func estateOf(number int) *estate {
	number %= 1000
	for i := range estates {
		if number -= estates[i].cases; number < 0 {
			return &estates[i]
		}
	}
	panic("the estates are not a thousand cases")
}

// setter is a request whose response sets cookies.
type setter struct {
	url  string
	skew time.Duration // of the server's clock, as its Date header tells
}

// ground is what the cases of one batch have in common: who sets cookies, in
// this order, and what is asked for then.
type ground struct {
	estate  *estate
	setters []setter
	asked   []string
}

// oracleCase is some Set-Cookie lines, each served by a setter of the ground.
type oracleCase struct {
	number int
	lines  []servedLine
}

type servedLine struct {
	setter int // not below that of the line before
	text   string
}

func (c oracleCase) String() string {
	var b strings.Builder
	for _, l := range c.lines {
		fmt.Fprintf(&b, "\n\tsetter %d: %q", l.setter, short(l.text))
	}
	return fmt.Sprintf("case %d:%s", c.number, b.String())
}

// short cuts the long runs of size tests.
func short(s string) string {
	if len(s) <= 300 {
		return s
	}
	return fmt.Sprintf("%s…(%d bytes)…%s", s[:100], len(s), s[len(s)-100:])
}

var (
	setterPaths = []string{"/", "/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/A/x", "//a", "/a%20b/c", "/a;x/y", "/%C3%A9/x", "/a=b/c"}
	askedPaths  = []string{"/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c/d", "/ab", "/A/x", "/A", "//a", "/a%20b/c", "/a;x/y", "/%C3%A9/x", "/a=b/c", "/a//b"}
	paths       = []string{"/", "/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/A", "//a", "", "a", "a/b", "/a%20b", "/a b", `"/a"`, "/é", "/%C3%A9", "/a?x", "/a#x", "/a=b", "/a,b", "/a/../a", "*", "/a\x01b", "/a\tb"}
)

type generator struct {
	*rand.Rand
	estate *estate
	now    time.Time
}

func newGenerator(seed uint64, number int, e *estate) *generator {
	return &generator{rand.New(rand.NewPCG(seed, uint64(number))), e, time.Now().UTC().Truncate(time.Second)}
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

// maybe is true once in n times.
func (g *generator) maybe(n int) bool { return g.IntN(n) == 0 }

func (g *generator) url(paths []string) string {
	scheme := pick(g, "http", "https", "https")
	if g.estate.plain {
		scheme = "http"
	}
	return scheme + "://" + pick(g, g.estate.hosts...) + pick(g, paths...)
}

const (
	settersPerBatch = 8
	askedPerBatch   = 12
)

// newGround makes the ground of the batch that begins with a case.
func newGround(seed uint64, number int) *ground {
	e := estateOf(number)
	g := newGenerator(seed, -1-number, e)
	ground := &ground{estate: e}
	for range settersPerBatch {
		s := setter{url: g.url(setterPaths)}
		if g.maybe(4) {
			s.skew = pick(g, -72*time.Hour, -90*time.Minute, 2*time.Hour, 500*24*time.Hour)
		}
		ground.setters = append(ground.setters, s)
	}
	for range askedPerBatch {
		ground.asked = append(ground.asked, g.url(askedPaths))
	}
	slices.Sort(ground.asked)
	ground.asked = slices.Compact(ground.asked)
	return ground
}

// newCase makes a case. Its names end in its number, so that what differs tells
// where it comes from.
func newCase(seed uint64, number int) oracleCase {
	g := newGenerator(seed, number, estateOf(number))
	c := oracleCase{number: number}
	at := g.IntN(settersPerBatch)
	name, value, attributes := g.name(number), g.value(number), g.attributes()
	c.lines = append(c.lines, servedLine{at, join(name, value, attributes)})
	for range g.IntN(4) {
		if at < settersPerBatch-1 && g.maybe(2) {
			at++
		}
		switch g.IntN(6) {
		case 0: // set again
			c.lines = append(c.lines, servedLine{at, join(name, g.value(number), attributes)})
		case 1: // deleted
			gone := pick(g, "Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "expires=Thu, 01-Jan-1970 00:00:01 GMT")
			c.lines = append(c.lines, servedLine{at, join(name, pick(g, "", "deleted"), append(slices.Clone(attributes), gone))})
		case 2: // of the same name
			attributes = g.attributes()
			c.lines = append(c.lines, servedLine{at, join(name, g.value(number), attributes)})
		default:
			name, value, attributes = g.name(number), g.value(number), g.attributes()
			c.lines = append(c.lines, servedLine{at, join(name, value, attributes)})
		}
	}
	return c
}

func join(name, value string, attributes []string) string {
	if !tagged.MatchString(name) {
		value = strings.ReplaceAll(value, mark, "") // no token: the same in both sessions
	}
	return name + value + strings.Join(append([]string{""}, attributes...), ";")
}

var tagged = regexp.MustCompile(`t\d+`)

// name gives a name with the "=" behind it, where there is one.
func (g *generator) name(number int) string {
	tag := fmt.Sprintf("t%d", number)
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		return pick(g, tag, tag, tag+"b") + "="
	case 4, 5:
		return pick(g, "__Host-", "__Secure-", "__Http-", "__Host-Http-", "__host-", "__SECURE-", "__http-", "__hOst-hTTp-", "__Host", "_Host-", " __Host-") + tag + "="
	case 6:
		return pick(g, " ", "\t", "  ") + tag + pick(g, " =", "\t=", " = ", "=\t")
	case 7:
		return pick(g, "", "=", " =", "=", "==", "=__Host-x=", "=__Secure-", "__Host-", "__secure-x", "=__Http-x=")
	}
	if g.estate.name == latin {
		return pick(g, tag+"\xe9", tag+"\xc3", tag+"\xc3\xa9\xff") + "="
	}
	return pick(g, tag+" x", tag+"\tx", tag+`"`, `"`+tag+`"`, tag+"é", tag+",", tag+"(/)", "$"+tag, tag+"\x01", tag+"\x7f", tag+"\u0085", tag+"[0]", tag+"%20", tag+"{}", tag+"日本", tag+"@", tag+"\\", tag+"*?") + "="
}

func (g *generator) value(number int) string {
	own := fmt.Sprintf("%sv%d", mark, number)
	if g.estate.name == latin && g.maybe(2) {
		return own + pick(g, "\xe9", "\xc3", "\xff\xfe", "\xed\xa0\x80", "\xe9x", "é\xe9")
	}
	switch g.IntN(12) {
	case 0:
		return pick(g, "", "", " ", `""`, "=", `"`)
	case 1:
		return pick(g, `{"u":"`, `["`, "a, ") + own + pick(g, `","n":[1,2]}`, `"]`, ",b")
	case 2:
		return own + pick(g, "=", "==", "=a=b", "&c=d")
	case 3:
		return `"` + own + pick(g, `"`, "", ` "`, `" x`)
	case 4:
		return pick(g, " ", "\t", "  \t", "") + own + pick(g, " ", "\t", " x", "\tx", " \t ")
	case 5:
		return own + pick(g, "é", "日本", "\u0085", "\u202e", "🍪", "\ufeff", "\ufffd")
	case 6:
		return own + pick(g, "\x01", "\x7f", "\x1f", "\x0b", "\x0c", "\x08x", "%00", "\\", "<>", "'", "`|^")
	case 7:
		if g.maybe(3) { // names are of many lengths, so the limit is met from both sides
			return own + strings.Repeat("x", pick(g, 4096, 4095, 4090, 4085, 4084, 4083, 4082, 4000, 5000)-len(own))
		}
	}
	return own
}

func (g *generator) attributes() []string {
	var list []string
	for range g.IntN(6) {
		a := g.attribute()
		switch g.IntN(12) {
		case 0:
			a = strings.ToUpper(a)
		case 1:
			a = strings.ToLower(a)
		case 2:
			a = strings.Replace(a, "=", pick(g, " = ", " =", "= ", "\t="), 1)
		}
		list = append(list, pick(g, " ", " ", " ", "", "  ", "\t")+a)
	}
	if g.maybe(8) {
		list = append(list, pick(g, "", " ", ";", " ; "))
	}
	return list
}

func (g *generator) attribute() string {
	switch g.IntN(16) {
	case 0, 1:
		return "Domain=" + pick(g, g.estate.domains[:2]...)
	case 2:
		return "Domain=" + pick(g, g.estate.domains...)
	case 3, 4:
		return "Path=" + pick(g, "/", "/", pick(g, paths...))
	case 5, 6, 7:
		return "Secure"
	case 8:
		return "HttpOnly"
	case 9, 10:
		return "SameSite=" + pick(g, "Strict", "Lax", "None", "None", "none", "Extended", "", "bogus", `"Lax"`)
	case 11:
		return "Partitioned"
	case 12:
		return "Expires=" + g.date()
	case 13:
		return "Max-Age=" + pick(g, "3600", "86400", "0", "-1", "-0", "+60", "007200", "9999999999999999999999", "-9999999999999999999999", "34560000", "34560001", "99999999", "", "x", "60x", "6 0", "1e9", "3600.5", `"3600"`, "- 1")
	case 14:
		return pick(g, "Secure=false", "Secure=", "HttpOnly=0", "httponly=x=y", "Partitioned=no", "Domain", "Path", "SameSite", "Expires", "Max-Age", "=", "==", "=Secure", "Secure Secure", "Se\x01cure", "Foo\x01=bar", "Foo=b\x01ar", "Foo=b\x7far", "Foo=é", "Secure=\x01")
	}
	long := pick(g, 1023, 1024, 1025, 1026, 3000)
	return pick(g, "Priority=High", "Priority=bogus", "Version=1", "Comment=a b", "Foo", "Foo=é", "Path=/"+strings.Repeat("p", long-1), "Domain="+strings.Repeat("d", long), "Foo="+strings.Repeat("f", long), strings.Repeat("F", long)+"=x", "SameSite="+strings.Repeat("s", long), "Secure="+strings.Repeat("s", long), "Max-Age="+strings.Repeat("1", long), "Expires="+strings.Repeat(" ", long)+"x")
}

// date is an Expires value. Those that a browser understands lie years back or
// more than four days ahead: the clock of the server may be days off.
func (g *generator) date() string {
	at := g.now.Add(time.Duration(5*24*3600+g.IntN(300*24*3600)) * time.Second)
	if g.maybe(4) {
		at = at.AddDate(-g.IntN(40)-4, 0, 0)
	}
	format := pick(g, time.RFC1123, time.RFC1123, time.RFC850, time.ANSIC, time.UnixDate, time.RFC822, time.RFC3339, time.RFC1123Z,
		"Mon, 02-Jan-2006 15:04:05 MST", "Mon, 02-Jan-06 15:04:05 MST", "2 Jan 2006 15:04:05", "Jan 2 2006 15:04:05", "2006 Jan 02 15:04:05", "15:04:05 2 January 2006",
		"Mon, 2 Jan 2006 3:4:5 GMT", "Mon, 02 Jan 2006 15:04:05 GMT+0100", "Mon, 02 Jan 2006 15:04:05 PST", "Mon, 02 Jan 2006 15:04:05.123 GMT", "02/Jan/2006:15:04:05",
		"Mon, 02 Jan 2006", "15:04:05 02 Jan", "Mon, 02 Jan 2006 15:04 GMT", "02 01 2006 15:04:05", "Mon 02 Jan 2006 15:04:05x GMT", "Mon, 02nd Jan 2006 15:04:05", "Mon, 002 Jan 2006 15:04:05", "02 Jan 02006 15:04:05", "Mon,02Jan2006 15:04:05",
		"Mon, 02 JAN 2006 15:04:05 GMT", "Mon, 02 Janx 2006 15:04:05 GMT", `"Mon, 02 Jan 2006 15:04:05 GMT"`, "Mon, 02 Jan 2006 015:04:05", "Mon, 02 Jan 06 15:04:05 GMT", "02 Jan 2006y 15:04:05", "2 Jan 2006 15:04:5", "Jan 02 15:04:05 2006 é", "1:2:3 15:04:05 02 Jan 2006")
	if g.maybe(4) {
		return pick(g, "0", "-1", "", "never", "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 31 Dec 1969 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "1 Jan 1601 00:00:00", "31 Dec 1600 23:59:59", "1 Jan 1000 00:00:00",
			"30 Feb 2027 00:00:00", "31 Jun 2027 00:00:00", "32 Jan 2027 00:00:00", "0 Jan 2027 00:00:00", "29 Feb 2027 00:00:00", "1 Jan 2027 24:00:00", "1 Jan 2027 23:60:00", "1 Jan 2027 23:59:60", "1 Jan 69 00:00:00", "1 Jan 70 00:00:00", "1 Jan 99 00:00:00", "1 Jan 100 00:00:00", "1 Jan 38 00:00:00", "1 Jan 2038 03:14:08", "1 Jan 10000 00:00:00", "1 Jan 20270 00:00:00", "1 Foo 2027 00:00:00", "1 Jan 2027 -1:00:00", "Jan 1 Jan 2 2027 00:00:00", "1 2 2027 Jan 00:00:00")
	}
	return at.Format(format)
}
