package cdp

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/network"

	"sessdriver/cdp/internal/force"
	"sessdriver/sessions"
)

// difference is something that Chrome does otherwise than we.
type difference struct {
	check   string // verdict, lines, session, mirror, rewritten, mirrored, mended
	url     string
	line    string // as it was served
	told    string // as Chrome tells it
	reasons []network.SetCookieBlockedReason
	name    string // of the cookie
	cookie  sessions.Cookie
	got     string // ours
	want    string // Chrome's
	result  *result
}

func (d *difference) String() string {
	return fmt.Sprintf("%s: url %s line %q told %q\n\tgot  %s\n\twant %s", d.check, d.url, short(d.line), short(d.told), short(d.got), short(d.want))
}

// oracleRule names a difference in which Chrome is right.
type oracleRule struct {
	name    string
	why     string
	applies func(*difference) bool
}

var oracleRules = []oracleRule{
	{"nameless", "a cookie without a name is no token: the book does not hold it", func(d *difference) bool {
		return d.name == "" && d.check == "mended"
	}},
	{"not UTF-8", "CDP drops what is not UTF-8 from cookies and paused requests, so that nothing can be compared", func(d *difference) bool {
		return d.result.ground.estate.name == latin && (d.check != "verdict" || !utf8.ValidString(d.line))
	}},
	{"refused in silence", "Chrome does not tell that it refuses Partitioned without Secure, and a value with = without a name: the jar shows it", func(d *difference) bool {
		head, _, _ := strings.Cut(d.line, ";")
		return d.check == "verdict" && d.got == "false" && (force.Partitioned(d.line) || nameless.MatchString(head))
	}},
	{"path with a semicolon", "Storage.setCookies refuses it", func(d *difference) bool {
		semicolon := func(c sessions.Cookie) bool { return strings.Contains(c.Path, ";") }
		return (d.check == "mirror" || d.check == "mended") && semicolon(d.cookie) ||
			d.check == "mirrored" && d.reordered(d.without("A", d.got, semicolon)[0], d.without("B", d.want, semicolon)[0])
	}},
	{"path of no request", "Storage.setCookies would make another path of it; it is never sent", func(d *difference) bool {
		odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"#<>?\\^`{}", r) }
		return d.check == "mended" && (strings.ContainsFunc(d.cookie.Path, odd) || strings.Contains(d.cookie.Path, "/../"))
	}},
	{"only partitioned cookies", "Chrome does not show them in a paused request: of one that shows none nobody knows whether it is to have any", func(d *difference) bool {
		partitioned := func(c sessions.Cookie) bool { return c.Partition != "" }
		return d.check == "rewritten" && d.got == "" && d.without("B", d.want, partitioned)[0] == ""
	}},
	{"partitioned last", "what is written has the partitioned cookies after the others", func(d *difference) bool {
		got, want := pieces(d.got), pieces(d.want)
		slices.Sort(got)
		slices.Sort(want)
		last := func(c sessions.Cookie) bool { return c.Partition != "" && slices.Contains(got, piece(c)) }
		return (d.check == "mirrored" || d.check == "rewritten") && slices.Equal(got, want) && slices.ContainsFunc(d.result.jars["B"], last)
	}},
	{"emptied", "a token that an answer gives an empty value, and that had another, is dropped: a logout does so", func(d *difference) bool {
		return d.check == "session" && d.got == "none" && strings.Contains(d.want, `"value\":\"\"`)
	}},
	{"unchanged stays older", "a value that is the same in both sessions is not written anew, so it stays older than what the mirror wrote", func(d *difference) bool {
		return d.check == "mirrored" && d.reordered(d.got, d.want)
	}},
	{"Secure stays", "what is not from https may not overwrite a Secure cookie: that depends on the jar", func(d *difference) bool {
		return d.check == "verdict" && slices.Contains(d.reasons, network.SetCookieBlockedReasonOverwriteSecure)
	}},
}

var nameless = regexp.MustCompile(`^[ \t]*=.*=`)

// pieces are the cookies of a header.
func pieces(header string) []string {
	if header == "" {
		return nil
	}
	return strings.Split(header, "; ")
}

func piece(c sessions.Cookie) string {
	if c.Name == "" {
		return c.Value
	}
	return c.Name + "=" + c.Value
}

// without is a header without some of the cookies that a session's jar has for
// the URL. A piece may stand
// there twice, of which the first or the last is taken.
func (d *difference) without(session, header string, drop func(sessions.Cookie) bool) [2]string {
	first, last := pieces(header), pieces(header)
	for _, c := range d.result.jars[session] {
		i := slices.Index(first, piece(c))
		scheme, _, _ := strings.Cut(d.url, "://")
		if i < 0 || !drop(c) || !c.Covers(d.url) || c.Partition != "" && !strings.HasPrefix(c.Partition, scheme+"://") {
			continue
		}
		first = slices.Delete(first, i, i+1)
		for i = len(last) - 1; last[i] != piece(c); i-- {
		}
		last = slices.Delete(last, i, i+1)
	}
	return [2]string{strings.Join(first, "; "), strings.Join(last, "; ")}
}

// reordered reports that two headers differ in nothing but the places of cookies
// that are the same in both sessions.
func (d *difference) reordered(got, want string) bool {
	a, b := pieces(got), pieces(want)
	shared := func(text string) bool {
		has := func(c sessions.Cookie) bool { return piece(c) == text }
		return slices.ContainsFunc(d.result.jars["A"], has) && slices.ContainsFunc(d.result.jars["B"], has)
	}
	changed := func(list []string) []string { return slices.DeleteFunc(slices.Clone(list), shared) }
	return slices.Equal(changed(a), changed(b)) && slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// differ notes a difference, under the rule that names it.
func (r *result) differ(d difference) {
	d.result = r
	for _, rule := range oracleRules {
		if rule.applies(&d) {
			r.oracle.named[rule.name]++
			return
		}
	}
	r.found = append(r.found, d)
}

// verdicts compares what our parser makes of each line with what Chrome made of
// it.
func (r *result) verdicts() {
	o := r.oracle
	for _, session := range []string{"A", "B"} {
		keys := r.sets[session]
		for i, s := range r.ground.setters {
			lines := r.lines(i, session)
			if len(lines) == 0 {
				continue
			}
			key := keys[0]
			keys = keys[1:]
			o.mu.Lock()
			event := o.events[key]
			o.mu.Unlock()
			if len(event.lines) != len(lines) {
				r.differ(difference{check: "lines", url: s.url, got: fmt.Sprintf("%q", event.lines), want: fmt.Sprintf("%q", lines)})
				continue
			}
			for j, line := range lines {
				c, ours := sessions.ParseSetCookie(line, s.url, time.Now().Add(s.skew))
				if !c.Expires.IsZero() {
					c.Expires = c.Expires.Add(-s.skew)
				}
				told := event.lines[j]
				event.count[told]--
				theirs := event.count[told] < 0
				o.checks++
				if ours && theirs && c.Name == "" {
					if force.Partitioned(line) {
						c.Partition = event.key
					}
					r.keepNameless(session, c)
				}
				if ours == theirs {
					continue
				}
				d := difference{check: "verdict", url: s.url, line: line, told: told, got: fmt.Sprint(ours), want: fmt.Sprint(theirs)}
				if !theirs {
					d.reasons = event.blocked[told]
					d.want += fmt.Sprint(d.reasons)
				}
				r.differ(d)
			}
		}
	}
}

// keepNameless does what a jar does with a cookie without a name: the book
// holds none.
func (r *result) keepNameless(session string, c sessions.Cookie) {
	r.held[session] = slices.DeleteFunc(r.held[session], func(other sessions.Cookie) bool {
		return other.Name == "" && other.Domain == c.Domain && other.Path == c.Path && other.Partition == c.Partition
	})
	if !c.Expired(time.Now()) {
		r.held[session] = append(r.held[session], c)
	}
}

// sessions compares what a session of the book holds with the jar that it is
// in.
func (r *result) sessions(session string) {
	jar, held := slices.Clone(r.jars[session]), r.held[session]
	same := func(a, b sessions.Cookie) bool {
		return a.Name == b.Name && a.Domain == b.Domain && a.Path == b.Path && a.Partition == b.Partition
	}
	for _, c := range held {
		r.oracle.checks++
		i := slices.IndexFunc(jar, func(other sessions.Cookie) bool { return same(c, other) })
		if i < 0 {
			r.differ(difference{check: "session", got: show(c), want: "none", name: c.Name, cookie: c})
			continue
		}
		if show(c) != show(jar[i]) || !sameTime(c.Expires, jar[i].Expires) {
			r.differ(difference{check: "session", got: show(c), want: show(jar[i]), name: c.Name, cookie: jar[i]})
		}
		jar = slices.Delete(jar, i, i+1)
	}
	for _, c := range jar {
		r.differ(difference{check: "session", got: "none", want: show(c), name: c.Name, cookie: c})
	}
}

// slack is what two clocks may be apart: Chrome's when a response arrives and
// ours when we are told, and the second that a Date header may be late.
const slack = 5 * time.Second

func sameTime(a, b time.Time) bool {
	return a.IsZero() == b.IsZero() && a.Sub(b).Abs() <= slack
}

// show is a cookie without its expiry, which is compared with some slack.
func show(c sessions.Cookie) string {
	at := "session"
	if !c.Expires.IsZero() {
		at = "expires"
	}
	c.Expires = time.Time{}
	text, _ := json.Marshal(c)
	return fmt.Sprintf("%s %+q", at, short(string(text)))
}

// headers compares the Cookie headers that the server got.
func (r *result) headers() {
	o := r.oracle
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, url := range r.ground.asked {
		o.checks += 2
		want := o.cookies[r.theirs[i]]
		for check, got := range map[string]string{"rewritten": o.cookies[r.bare[i]], "mirrored": o.cookies[r.by[i]]} {
			if got != want {
				r.differ(difference{check: check, url: url, got: got, want: want})
			}
		}
	}
	jar := r.jars["B"]
	for _, c := range r.mended {
		if i := slices.IndexFunc(jar, func(other sessions.Cookie) bool { return show(other) == show(c) && sameTime(other.Expires, c.Expires) }); i < 0 {
			r.differ(difference{check: "mended", got: show(c), want: "as in the window of B", name: c.Name, cookie: c})
		}
	}
}
