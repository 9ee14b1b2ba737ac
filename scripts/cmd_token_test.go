package scripts

import (
	"strings"
	"testing"

	"sessdriver/sessions"
)

func TestTokens(t *testing.T) {
	w := newWorld(t)
	w.run("token add xsrf --carry")
	check(t, "tokens", w.run("tokens").Text, `
shop.test
NAME    KIND     LEARNT        SESSIONS
sid     token    by default           3
basket  token    on this site         1
xsrf    carried  on this site         0`)
	check(t, "tokens SITE", w.run("token list blog.test").Text, "blog.test\nNAME       KIND   LEARNT      SESSIONS\nPHPSESSID  token  by default         1")
}

func TestTokenAdd(t *testing.T) {
	w := newWorld(t)
	w.run("use bob")
	w.browser.jar = []sessions.Cookie{{Name: "auth", Value: "1", Domain: "shop.test", Path: "/"}, {Name: "xsrf", Value: "2", Domain: "shop.test", Path: "/"}}
	check(t, "adopted", w.run("token add auth").Text, "shop.test: auth is a token now; in 1 session")
	check(t, "not there", w.run("token add other").Text, "shop.test: other is a token now; no session has it yet")
	check(t, "carry", w.run("token add xsrf --carry").Text, "shop.test: xsrf is carried now; in 1 session")
	check(t, "carry all", w.run("token add --carry '*'").Text, "shop.test: every other cookie is carried now; no session has it yet")
	check(t, "SITE/NAME", w.run("token add plain.test/theme").Text, "plain.test: theme is a token now; no session has it yet")
	check(t, "--site", w.run("token add theme2 --site plain.test").Text, "plain.test: theme2 is a token now; no session has it yet")
	item := w.run("token add xsrf --carry").Value.(TokenItem)
	if item != (TokenItem{Site: "shop.test", Name: "xsrf", Kind: sessions.Carried, Sessions: 1}) {
		t.Errorf("value %+v", item)
	}
}

func TestHeaderTokens(t *testing.T) {
	w := newWorld(t)
	fields := map[string]string{"Authorization": "Bearer \x1b", "X-Auth": "x1"}
	send := func() {
		x := w.Book.Sent(sessions.Request{URL: "http://shop.test/api", Header: "sid=secret-b", Now: noon, Fields: func(name string) string { return fields[name] }})
		w.Book.Received(x, sessions.Response{Now: noon})
	}
	check(t, "add-header", w.run("token add-header X-Auth").Text, "shop.test: the header X-Auth is a token now; sessions learn it from their next requests")
	send() // what is no printable text is no token
	check(t, "ls", w.list("shop.test", false)[1].Headers[0].Value, "x1")
	fields["Authorization"] = "Bearer secret"
	w.Mask = sessions.NewMask([]byte("key"))
	send()
	text := w.run("ls").Text
	if strings.Contains(text, "secret") || !strings.Contains(text, "; X-Auth: (2:") || !strings.Contains(text, "; Authorization: (13:") {
		t.Errorf("ls shows\n%s", text)
	}
	check(t, "tokens", w.run("tokens").Text, `
shop.test
NAME           KIND    LEARNT        SESSIONS
sid            token   by default           3
basket         token   on this site         1
Authorization  header  by default           1
X-Auth         header  on this site         1`)
	check(t, "remove-header", w.run("token remove-header authorization").Text, "shop.test: the header authorization is not a token any more")
	if h := w.list("shop.test", false)[1].Headers; len(h) != 1 || h[0].Name != "X-Auth" {
		t.Errorf("bob has %v", h)
	}
	for _, line := range []string{"token add-header 'a b'", "token add-header Cookie", "token add-header ''", "token remove-header X-Nothing", "token remove-header no.test/X"} {
		if _, err := w.Run(t.Context(), line); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}

func TestTokenRemove(t *testing.T) {
	w := newWorld(t)
	check(t, "one of two", w.run("token remove basket").Text, "shop.test: basket is not a token any more")
	check(t, "the last", w.run("token remove sid").Text, "shop.test: sid is not a token any more; 3 sessions gone or merged")
	check(t, "SITE/NAME", w.run("token remove blog.test/PHPSESSID").Text, "blog.test: PHPSESSID is not a token any more; 1 session gone or merged")
}
