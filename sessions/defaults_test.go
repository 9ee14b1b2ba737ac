package sessions

import (
	"strings"
	"testing"
)

func TestStandardDefaults(t *testing.T) {
	d := newDefaults(StandardDefaults())
	for name, want := range map[string]Kind{
		"sid": Token, "SID": Token, "PHPSESSID": Token, "jSessionId": Token,
		"ASPSESSIONIDQRSTUVWX": Token, "connect.sid": Token, "shop_session": Token,
		"__Host-sid": Token, "__Secure-next-auth.session-token.0": Token, "__Http-sid": Token, "__Host-Http-sid": Token, "__HOST-SID": Token,
		"SESS" + strings.Repeat("0", 32): Token, "SESS" + strings.Repeat("0", 31): NotToken,
		"XSRF-TOKEN": Carried, "remember_web_59ba": Carried, "AWSALBCORS": Carried,
		"__session": Token, "__Host-__session": Token,
		"theme": NotToken, "sid2": NotToken, "mysid": NotToken, "": NotToken, "__Host-": NotToken,
	} {
		if got := d.kind(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if got := d.kind(name); got != want {
			t.Errorf("%s, again: got %q, want %q", name, got, want)
		}
	}
}

func TestDefaultsOfAUser(t *testing.T) {
	d := newDefaults([]Default{
		{Pattern: "My*", Kind: Carried}, {Pattern: "MySid", Kind: Token}, {Pattern: "mysid", Kind: Carried},
		{Pattern: "a[b]/*\\", Kind: Token}, {Pattern: "__Host-Own", Kind: Token},
	})
	for name, want := range map[string]Kind{
		"mysid": Token, "MYOTHER": Carried, `a[b]/c/d\`: Token, `ab/c\`: NotToken, "own": Token, "__Secure-own": Token,
	} {
		if got := d.kind(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := newDefaults(nil).kind("sid"); got != NotToken {
		t.Errorf("an empty list finds %q", got)
	}
	for i := range 2 * maxDefaultCache {
		d.kind(strings.Repeat("x", i%100) + "sid" + string(rune(i)))
	}
	if len(d.cache) > maxDefaultCache {
		t.Errorf("%d names are remembered", len(d.cache))
	}
}

func TestParseDefaults(t *testing.T) {
	list, err := ParseDefaults("# a comment\n\nSid\ttoken\tmine\r\nx*\tcarry\n")
	if err != nil || len(list) != 2 || list[0] != (Default{Pattern: "sid", Kind: Token, Source: "mine"}) || list[1] != (Default{Pattern: "x*", Kind: Carried}) {
		t.Errorf("got %+v, %v", list, err)
	}
	for _, table := range []string{"sid", "sid\tcookie", "\ttoken", "ok\ttoken\n sid token"} {
		_, err := ParseDefaults(table)
		if err == nil || !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%q: %v", table, err)
		}
	}
}
