package scripts

import (
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

func TestTokenRemove(t *testing.T) {
	w := newWorld(t)
	check(t, "one of two", w.run("token remove basket").Text, "shop.test: basket is no token any more")
	check(t, "the last", w.run("token remove sid").Text, "shop.test: sid is no token any more; 3 sessions gone or merged")
	check(t, "SITE/NAME", w.run("token remove blog.test/PHPSESSID").Text, "blog.test: PHPSESSID is no token any more; 1 session gone or merged")
}
