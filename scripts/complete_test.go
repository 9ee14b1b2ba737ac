package scripts

import (
	"slices"
	"strings"
	"testing"

	"sessdriver/sessions"
)

// The cursor is at the |; want has the whole lines that come out.
func TestComplete(t *testing.T) {
	tests := []struct {
		line string
		want []string
	}{
		{"us|", []string{"use "}},
		{"re|", []string{"rename ", "reload ", "request "}},
		{"session re|", []string{"session rename ", "session remove ", "session revert "}},
		{"toke|", []string{"token list ", "tokens ", "token add ", "token remove ", "token add-header ", "token remove-header "}},
		{"token |", []string{"token list ", "token add ", "token remove ", "token add-header ", "token remove-header "}},
		{"ls; us|", []string{"ls; use "}},
		{"ls;us| bob", []string{"ls;use "}},
		{"nothing|", nil},
		{"use |", []string{"use alice ", "use bob ", "use 'Session 3' "}},
		{"use A|", []string{"use alice "}},
		{"use ses|", []string{"use 'Session 3' "}},
		{"use 'Ses|", []string{"use 'Session 3' "}},
		{`use "Session |`, []string{"use 'Session 3' "}},
		{`use Session\ |`, []string{"use 'Session 3' "}},
		{"use Session |", []string{"use Session 3 "}},
		{"session use b|", []string{"session use bob "}},
		{"use bob --|", []string{"use bob --site ", "use bob --wait ", "use bob --all-sites "}},
		{"use --wait --|", []string{"use --wait --site ", "use --wait --all-sites "}},
		{"use -- --|", nil},
		{"use '--|", nil},
		{"use --site |", []string{"use --site shop.test ", "use --site blog.test ", "use --site plain.test "}},
		{"use --site blog.test |", []string{"use --site blog.test carol "}},
		{"use --site=blog.test c|", []string{"use --site=blog.test carol "}},
		{"use --site=nosite.test c|", nil},
		{"use blog.test/|", []string{"use blog.test/carol "}},
		{"rename al|", []string{"rename alice "}},
		{"rename alice |", nil},
		{"rename 'Session 3' n| x", nil},
		{"ls b|", []string{"ls blog.test "}},
		{"ls blog.test |", nil},
		{"token remove |", []string{"token remove sid ", "token remove basket "}},
		{"token remove --site blog.test |", []string{"token remove --site blog.test PHPSESSID "}},
		{"help se|", []string{"help session list ", "help session use ", "help session new ", "help session unset ", "help session rename ", "help session remove ", "help session show ", "help session revert ", "help session accept ", "help session split ", "help session why ", "help set ", "help section ", "help select "}},
		{"help session us|", []string{"help session use "}},
		{"open |", []string{"open http://shop.test/account "}},
		{"ls # us|", nil},
		{"use $x b|", nil},
		{"! us|", []string{"! use "}},
		{"!us|", []string{"!use "}},
		{"! session us|", []string{"! session use "}},
		{"!use A|", []string{"!use alice "}},
		{"ls; ! use A|", []string{"ls; ! use alice "}},
		{"'!us|", nil},
		{"use !A|", nil},
		// A variable may go on, as in $SHOP/orders: no blank follows its name.
		{"open $SHOP|", []string{"open $SHOP", "open $SHOP2"}},
		{"open $USE|", []string{"open $USER"}},
		{"open $us|", []string{"open $USER"}},
		{"open $|", []string{"open $SHOP", "open $SHOP2", "open $USER"}},
		{"open ${SHOP|", []string{"open ${SHOP}", "open ${SHOP2}"}},
		{"open ${|", []string{"open ${SHOP}", "open ${SHOP2}", "open ${USER}"}},
		{"open http://$USE|", []string{"open http://$USER"}},
		{`print "to $USE|`, []string{`print "to $USER`}},
		{"use bob --site=$USE|", []string{"use bob --site=$USER"}},
		{"open $nothing|", nil},
		{"open $SHOP/|", nil},
		{"open $SHOP/$USE|", []string{"open $SHOP/$USER"}},
		{"open ${SHOP}|", nil},
		{`open "$SHOP"|`, nil},
		{"open '$USE|", nil},
		{"open '$|", nil},
		{`open \$USE|`, nil},
	}
	for _, test := range tests {
		w := newWorld(t)
		w.Vars = &Vars{}
		for _, name := range []string{"SHOP", "SHOP2", "USER"} {
			w.Vars.Set(name, "secret")
		}
		at := strings.Index(test.line, "|")
		line := test.line[:at] + test.line[at+1:]
		start, list := w.Complete(line, at)
		var got []string
		for _, c := range list {
			got = append(got, line[:start]+c.Text)
			if c.Description == "" {
				t.Errorf("%s: %q has no description", test.line, c.Text)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.line, got, test.want)
		}
	}
}

func TestCompleteWithoutSite(t *testing.T) {
	w := newWorld(t)
	w.browser.location = ""
	_, list := w.Complete("use ", 4)
	if len(list) != 4 || list[0].Text != "shop.test/alice " || list[3].Text != "blog.test/carol " {
		t.Errorf("%q", list)
	}
}

// A name that cannot be typed is offered by its number, a token not at all.
func TestCompleteHostileNames(t *testing.T) {
	w := emptyWorld(t)
	w.browser.location = "http://shop.test/"
	c := sessions.Cookie{Name: "tok\x1b", Value: "1", Domain: "shop.test", Path: "/"}
	if _, err := w.Book.Import("shop.test", "\x1b[31m", []sessions.Cookie{c}, noon); err != nil {
		t.Fatal(err)
	}
	if _, list := w.Complete("use ", 4); len(list) != 1 || list[0] != (Completion{"1 ", `session 1, live, \x1b[31m`}) {
		t.Errorf("%q", list)
	}
	if _, list := w.Complete("token remove ", 13); len(list) != 0 {
		t.Errorf("%q", list)
	}
}

func FuzzComplete(f *testing.F) {
	f.Add("use --site=x 'é", 9)
	f.Add("session use S\xff", -3)
	f.Add("help \"sess\\", 99)
	f.Add("!open ${x", 99)
	f.Fuzz(func(t *testing.T, line string, cursor int) {
		w := newWorld(t)
		start, list := w.Complete(line, cursor)
		if start < 0 || start > len(line) {
			t.Fatalf("start %d", start)
		}
		for _, c := range list {
			if Escape(c.Text) != c.Text || Escape(c.Description) != c.Description {
				t.Fatalf("%q", c)
			}
		}
	})
}
