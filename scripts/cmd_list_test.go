package scripts

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

func TestList(t *testing.T) {
	w := newWorld(t)
	w.run("use bob")
	check(t, "ls", w.run("ls").Text, `
shop.test
   #  NAME       STATE  TOKENS                  REQUESTS  LAST USE
   1  alice      live   sid=secret-a; basket=7         0  -
*  2  bob        live   sid=secret-b                   1  12s ago
   3  Session 3  live   sid=secret-c                   1  1m ago`)
	check(t, "blog", w.run("session list blog.test").Text, `
blog.test
   #  NAME   STATE  TOKENS              REQUESTS  LAST USE
   1  carol  live   PHPSESSID=secret-d         0  -`)
	if w.run("ls --site blog.test").Text != w.run("ls http://blog.test/").Text {
		t.Error("--site and a URL differ")
	}
}

func TestListStates(t *testing.T) {
	w := newWorld(t)
	w.exchange("http://shop.test/", "sid=secret-b", noon, "sid=; Max-Age=0")
	w.run("new")
	w.browser.window = "other"
	w.exchange("http://shop.test/", "", noon)
	check(t, "ls --all", w.run("ls --all").Text, `
shop.test
   #  NAME       STATE       TOKENS                  REQUESTS  LAST USE
   1  alice      live        sid=secret-a; basket=7         0  -
   2  bob        logged out  -                              2  now
   3  Session 3  live        sid=secret-c                   1  1m ago
+  4  Session 4  empty       -                              1  now`)
}

func TestListAnonymous(t *testing.T) {
	w := newWorld(t)
	w.exchange("http://blog.test/", "", noon)
	if text := w.run("ls blog.test").Text; strings.Contains(text, "anonymous") {
		t.Errorf("shown without --all:\n%s", text)
	}
	if text := w.run("ls --all blog.test").Text; !strings.Contains(text, "Session 2 (anonymous)") {
		t.Errorf("not shown with --all:\n%s", text)
	}
}

func TestListHints(t *testing.T) {
	w := emptyWorld(t)
	check(t, "no site", w.run("ls").Text, "no site yet; open a page first: open URL")
	check(t, "no site", w.run("tokens").Text, "no site yet; open a page first: open URL")
	check(t, "no site", w.run("sites").Text, "no site with tokens yet; open a page and log in: open URL")
	w.browser.location = "http://shop.test/"
	check(t, "nothing seen", w.run("ls").Text, "shop.test: no session yet, since no page of it was loaded; open one: open URL")
	w.exchange("http://shop.test/", "theme=dark", noon)
	check(t, "no token", w.run("ls").Text, "shop.test: no session in 1 request: none of its cookies has the name of a known token. "+
		"Log in in the browser; if that does not help, name the cookie that keeps the login: token add NAME")
	check(t, "no token", w.run("tokens").Text, "shop.test: no token yet; log in in the browser, or name the cookie that keeps the login: token add NAME")
	w.run("token add basket")
	w.exchange("http://shop.test/", "", noon)
	check(t, "token never seen", w.run("ls").Text, "shop.test: no session in 2 requests: none carried a token (basket). "+
		"Log in in the browser, or name another cookie: token add NAME")
	check(t, "hidden", w.run("ls").Text, w.run("ls shop.test").Text)
}

func TestSites(t *testing.T) {
	w := newWorld(t)
	w.run("use bob")
	check(t, "sites", w.run("sites").Text, `
   SITE       TOKENS       SESSIONS  ACTIVE  REQUESTS  LAST USE
*  shop.test  sid, basket         3  bob            2  12s ago
   blog.test  PHPSESSID           1  -              0  -
not shown: 1 site without tokens; see: sites --all`)
	check(t, "sites --all", w.run("site list --all").Text, `
   SITE        TOKENS       SESSIONS  ACTIVE  REQUESTS  LAST USE
*  shop.test   sid, basket         3  bob            2  12s ago
   blog.test   PHPSESSID           1  -              0  -
   plain.test  -                   0  -              1  now`)
	w.browser.window, w.browser.location = "other", "http://plain.test/"
	w.run("new")
	if text := w.run("sites").Text; !strings.Contains(text, "*  plain.test") {
		t.Errorf("a site with an active session is not shown:\n%s", text)
	}
}

func TestListsSettleFirst(t *testing.T) {
	for _, line := range []string{"ls", "sites", "tokens"} {
		w := newWorld(t)
		w.run(line)
		if !slices.Equal(w.browser.calls, []string{"Settle"}) {
			t.Errorf("%s: calls %v", line, w.browser.calls)
		}
	}
}

func TestAge(t *testing.T) {
	e := &Engine{Now: func() time.Time { return noon }}
	tests := map[time.Duration]string{
		-time.Hour: "now", 0: "now", 999 * time.Millisecond: "now", time.Second: "1s ago", 59 * time.Second: "59s ago", time.Minute: "1m ago",
		59 * time.Minute: "59m ago", time.Hour: "1h ago", 47 * time.Hour: "47h ago", 49 * time.Hour: "2d ago",
	}
	for d, want := range tests {
		check(t, d.String(), e.age(noon.Add(-d)), want)
	}
	check(t, "never", e.age(time.Time{}), "-")
}

// No result shows the value of a cookie, neither as text nor as JSON.
func TestMask(t *testing.T) {
	lines := []string{"ls", "ls --all", "sites", "tokens", "use alice", "use 3", "new dave", "unset", "rename 1 al", "rm al", "rm 2", "token add y", "token remove sid", "open shop.test", "help"}
	w := newWorld(t)
	w.Mask = sessions.NewMask([]byte("key"))
	for _, line := range lines {
		r := w.run(line)
		value, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if all := r.Text + string(value); strings.Contains(all, "secret-") {
			t.Errorf("%s shows a secret:\n%s", line, all)
		}
	}
	shown := newWorld(t)
	shown.Mask = sessions.NewMask([]byte("key"))
	if text := shown.run("ls").Text; !strings.Contains(text, "sid=(8:") {
		t.Errorf("nothing tells the values apart:\n%s", text)
	}
	if list := shown.Book.Sessions("shop.test", noon); list[0].Tokens[0].Value != "secret-a" {
		t.Error("the book's own values were masked")
	}
}
