package doctor

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sessdriver/cdp/leaks"
	"sessdriver/sessions"
)

// patient has a book where alice and bob are known, and a site that saw nothing.
func patient(t *testing.T) *checkup {
	t.Helper()
	c := &checkup{guard: sessions.GuardAlways, site: &site{changed: make(chan struct{})}, natural: map[string][]string{}, made: map[string]bool{}, report: &Report{}, Options: Options{Line: func(Line) {}}}
	c.book = sessions.New(sessions.Options{Defaults: []sessions.Default{{Pattern: "sid", Kind: sessions.Token}, {Pattern: "t-*", Kind: sessions.Token}}})
	for _, who := range []string{"alice", "bob"} {
		token := sessions.Cookie{Name: "t-fetch", Value: who + ".switch-own", Domain: ownHost, Path: "/"}
		if _, err := c.book.Import(siteName, who, append(cookies(ownHost, who), token), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *checkup) saw(s situation, request, cookie, method string) {
	c.site.hits = append(c.site.hits, leaks.Hit{Name: request, Host: ownHost, Method: method, Cookie: cookie, Query: url.Values{"id": {c.id(s, 0)}, "rotate": {"1"}}, Header: http.Header{}})
}

// The doctor finds what there is to find.
func TestJudge(t *testing.T) {
	asBob := situation{"switch", "", "bob"}
	nobody := situation{baseline, "", "alice"}
	for _, test := range []struct {
		name, request, natural, cookie, preflight, want string
	}{
		{"forced", "fetch", "sid=alice.sid; strict=alice.strict", "sid=bob.sid; strict=bob.strict", "", "ok"},
		{"by the rules", "fetch", "theme=dark", "theme=dark", "", "ok no cookies, by the rules"},
		{"another's", "fetch", "sid=alice.sid", "sid=alice.sid", "", "LEAK another session's"},
		{"two sessions'", "fetch", "sid=alice.sid; strict=alice.strict", "sid=bob.sid; strict=alice.strict", "", "LEAK another session's"},
		{"a preflight with cookies", "fetch", "sid=alice.sid", "sid=bob.sid", "sid=bob.sid", "LEAK cookies of a session where there are to be none"},
		{"more cookies than by itself", "fetch", "sid=alice.sid", "sid=bob.sid; strict=bob.strict", "", "LEAK other cookies than the browser would send"},
		{"fewer", "fetch", "sid=alice.sid", "", "", "LEAK other cookies than the browser would send"},
		{"cookies where there are to be none", "omit", "theme=dark", "theme=dark", "", "LEAK other cookies"},
		{"it came before", "fetch", "sid=alice.sid", "missing", "", "MISS"},
		{"not detected", "image", "sid=alice.sid", "sid=bob.sid", "", "LEAK its new token was not detected"},
		{"not reported", "download", "sid=alice.sid", "sid=bob.sid", "", "ok forced, rules kept; the browser did not report its answer"},
		{"never made", "fetch", "", "", "none", "- not made by this browser"},
	} {
		c := patient(t)
		ch := leaks.Channel{Name: test.request, None: test.request == "omit", Blind: test.request == "download"}
		if test.preflight != "none" {
			c.saw(nobody, test.request, test.natural, http.MethodGet)
			c.judge(nobody, 0, ch, test.request)
			c.saw(asBob, test.request, test.preflight, http.MethodOptions)
			if test.cookie != "missing" {
				c.saw(asBob, test.request, test.cookie, http.MethodGet)
			}
		}
		l := c.judge(asBob, 0, ch, test.request)
		c.say(l)
		got := strings.Join(strings.Fields(l.String()), " ")
		word, rest, _ := strings.Cut(test.want, " ")
		if !strings.HasPrefix(got, word+" ") || !strings.Contains(got, rest) {
			t.Errorf("%s: the doctor says %q, want %q", test.name, got, test.want)
		}
		if leaks := strings.HasPrefix(test.want, "LEAK"); l.Leaks() != leaks || (c.report.Leaks == 1) != leaks {
			t.Errorf("%s: leaks %v, reported %d", test.name, l.Leaks(), c.report.Leaks)
		}
	}
	c := patient(t)
	c.saw(asBob, "fetch", "sid=bob.sid", http.MethodGet)
	if s, err := c.book.Find(sessions.Query{Text: siteName + "/bob"}); err != nil {
		t.Error(err)
	} else if err := c.book.Rename(s, "carol"); err != nil {
		t.Error(err)
	}
	if l := c.judge(asBob, 0, leaks.Channel{Name: "fetch"}, "fetch"); l.BookedOn != "carol" || !strings.Contains(l.String(), `taken for "carol"'s`) {
		t.Errorf("booked on another one: %+v", l)
	}
}
