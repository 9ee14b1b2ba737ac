package scripts

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sessdriver/sessions"
)

// kindOf says what a caller makes its exit code of.
func kindOf(err error) string {
	var (
		usage     *UsageError
		site      *sessions.NoSiteError
		session   *sessions.NoSessionError
		ambiguous *sessions.AmbiguousError
	)
	switch {
	case errors.As(err, &usage):
		return "usage"
	case errors.As(err, &site), errors.As(err, &session), errors.As(err, &ambiguous):
		return "unknown"
	}
	return "failed"
}

func TestErrors(t *testing.T) {
	tests := []struct{ line, kind, want string }{
		// The command.
		{"us alice", "usage", `unknown command "us"; did you mean: use`},
		{"LS", "usage", `unknown command "LS"; did you mean: ls`},
		{"frobnicate", "usage", `unknown command "frobnicate"; see: help`},
		{"session", "usage", `"session" is the first word of several commands; type one of: session list, session use, session new, session unset, session rename, session remove, session show, session revert, session accept, session split, session why`},
		{"session usse bob", "usage", `unknown command "session usse"; did you mean: session use`},
		{"sesion use bob", "usage", `unknown command "sesion use"; did you mean: session use`},
		{"page frobnicate", "usage", `unknown command "page frobnicate"; type one of: page open, page reload, page click, page fill, page select, page check, page uncheck, page press, page upload, page back, page forward, page frame, page dialog, page request, page text, page html, page title, page url, page eval, page screenshot, page wait`},
		// A noun in the plural, a verb without its noun, a short name behind the noun.
		{"windows close alice", "usage", `unknown command "windows close"; did you mean: window close alice`},
		{"windows main", "usage", `unknown command "windows main"; did you mean: window main`},
		{"sessions", "usage", `unknown command "sessions"; type one of: session list, session use, session new, session unset, session rename, session remove, session show, session revert, session accept, session split, session why`},
		{"sessions use 'Session 3'", "usage", `unknown command "sessions use"; did you mean: session use 'Session 3'`},
		{"session rm bob", "usage", `unknown command "session rm"; did you mean: session remove bob`},
		{"tokens add sid --carry", "usage", `unknown command "tokens add"; did you mean: token add sid --carry`},
		{"pages fill '#pw' top-secret", "usage", `unknown command "pages fill"; did you mean: page fill`},
		{"revert alice --to 2", "usage", `unknown command "revert"; did you mean: session revert alice --to 2`},
		{"close alice", "usage", `unknown command "close"; did you mean: window close alice`},
		{"main", "usage", `unknown command "main"; did you mean: window main`},
		{"status 403", "usage", `unknown command "status"; did you mean: expect status`},
		{"split alice", "usage", `unknown command "split"; did you mean one of: site split, session split`},
		{"list", "usage", `unknown command "list"; did you mean one of: site list, session list, token list, default list, window list`},
		{"session list a b", "usage", `session list: unexpected argument "b"; quote values with spaces; type: session list [SITE] [--site SITE] [--all]`},
		{"windows alice", "usage", `windows: unexpected argument "alice"; quote values with spaces; type: windows`},
		{"'' x", "usage", `unknown command ""; see: help`},
		{"!usr bob", "usage", `unknown command "usr"; did you mean: use`},
		// The arguments.
		{"use", "usage", "use: NAME is missing; type: use NAME [--site SITE] [--wait] [--all-sites]"},
		{"session use", "usage", "session use: NAME is missing; type: session use NAME [--site SITE] [--wait] [--all-sites]"},
		{"use ''", "usage", "use: the session is empty; see: ls"},
		{"ls ''", "usage", "ls: the site is empty; see: sites --all"},
		{"use bob --wiat", "usage", "use: unknown flag --wiat; did you mean: --wait"},
		{"use bob --frobnicate", "usage", "use: unknown flag --frobnicate; type: use NAME [--site SITE] [--wait] [--all-sites]"},
		{"use bob --site", "usage", "use: --site needs a value; type: use NAME [--site SITE] [--wait] [--all-sites]"},
		{"use bob --wait --wait", "usage", "use: --wait is given twice; type it once"},
		{"use bob --wait=yes", "usage", "use: --wait takes no value; type: --wait"},
		{"ls shop.test blog.test", "usage", `ls: unexpected argument "blog.test"; quote values with spaces; type: ls [SITE] [--site SITE] [--all]`},
		{"ls shop.test --site blog.test", "usage", `ls: the site is given twice, as "shop.test" and by --site; type it once`},
		{"rename Session 3 admin", "usage", `rename: unexpected argument "admin"; quote values with spaces; type: rename OLD NEW [--site SITE]`},
		{"rename 3", "usage", "rename: NEW is missing; type: rename OLD NEW [--site SITE]"},
		{"rename 3 ' '", "usage", "rename: the name is empty; leave it out or choose another"},
		{"new 'a\x1b'", "usage", `new: the name "a\x1b" has a control character; choose another`},
		{"new 'blog.test/ '", "usage", "new: the name is empty; leave it out or choose another"},
		{"open", "usage", "open: URL is missing; type: open URL [--as SESSION] [--window WINDOW] [--timeout TIME]"},
		{"open 'http://a b/'", "usage", `open: "http://a b/" is not an http or https URL; write it as in: open http://127.0.0.1:8080/login`},
		{"open file:///etc/passwd", "usage", `open: "file:///etc/passwd" is not an http or https URL; write it as in: open http://127.0.0.1:8080/login`},
		{"open a b", "usage", `open: unexpected argument "b"; quote values with spaces; type: open URL [--as SESSION] [--window WINDOW] [--timeout TIME]`},
		{"token add sid=secret", "usage", "token add: a token is the name of a cookie, without its value; type sid instead of sid=…"},
		{"token add 'a b'", "usage", `token add: "a b" is not the name of a cookie; see the names with: tokens`},
		{"token add blog.test/", "usage", `token add: "" is not the name of a cookie; see the names with: tokens`},
		{"token add '*'", "usage", "token add: * stands for all cookies of a site, which can only be carried; type: token add --carry '*'"},
		{"help frobnicate", "usage", `help: unknown command "frobnicate"; see: help`},
		{"help session usse", "usage", `help: unknown command "session usse"; did you mean: session use`},
		{"quit now", "usage", `quit: unexpected argument "now"; quote values with spaces; type: quit`},
		{"ls; sites", "usage", "column 5: there are 2 commands where one is expected; type one at a time"},
		{"use 'bob", "usage", "column 5: the quote ' that begins here is never closed; add another '"},
		{"# x\nuse 'bob", "usage", "line 2, column 5: the quote ' that begins here is never closed; add another '"},
		// Sites and sessions.
		{"use dave", "unknown", `use: no session "dave" on shop.test; its sessions are "Session 3", "alice", "bob", "bobby"; see: ls`},
		{"use bo\u202e", "unknown", `use: no session "bo\u202e" on shop.test; its sessions are "Session 3", "alice", "bob", "bobby"; see: ls`},
		{"rm 9", "unknown", `rm: no session "9" on shop.test; its sessions are "Session 3", "alice", "bob", "bobby"; see: ls`},
		{"rename b x", "unknown", `rename: "b" on shop.test may be "bob" or "bobby"; type more of the name, or its number from ls`},
		{"use nosite.test/bob", "unknown", `use: no site "nosite.test"; the known sites are shop.test, blog.test, plain.test; see: sites --all`},
		{"use bob --site nosite.test", "unknown", `use: no site "nosite.test"; the known sites are shop.test, blog.test, plain.test; see: sites --all`},
		{"ls nosite.test", "unknown", `ls: no site "nosite.test"; the known sites are shop.test, blog.test, plain.test; see: sites --all`},
		{"tokens nosite.test", "unknown", `tokens: no site "nosite.test"; the known sites are shop.test, blog.test, plain.test; see: sites --all`},
		{"unset nosite.test", "unknown", `unset: no site "nosite.test"; the known sites are shop.test, blog.test, plain.test; see: sites --all`},
		{"new 7", "usage", `new: the name "7" looks like a number from ls; choose another`},
		{"new bob --site nosite", "unknown", `new: no site "nosite"; the known sites are shop.test, blog.test, plain.test; see: sites --all`},
		{"token add sid --site 'a b.test'", "unknown", `token add: no site "a b.test"; the known sites are shop.test, blog.test, plain.test; see: sites --all`},
		{"token remove nosite.test/sid", "unknown", `token remove: no site "nosite.test"; the known sites are shop.test, blog.test, plain.test; see: sites --all`},
		// What the book refuses.
		{"new bob", "failed", `new: the name "bob" is taken on shop.test; choose another, or: use bob`},
		{"rename alice bob", "failed", `rename: the name "bob" is taken on shop.test; choose another, or: use bob`},
		{"token remove nosuch", "failed", `token remove: "nosuch" is not a token of shop.test; see: tokens`},
	}
	for _, test := range tests {
		w := newWorld(t)
		w.give("shop.test", "bobby", "sid=x")
		_, err := w.Run(context.Background(), test.line)
		var command *CommandError
		if !errors.As(err, &command) {
			t.Errorf("%s: %#v", test.line, err)
			continue
		}
		check(t, test.line, err.Error(), test.want)
		check(t, test.line, kindOf(err), test.kind)
	}
}

// What the browser refuses is reported with the operation, the object and what to
// type next, and stays the error that it is.
func TestBrowserErrors(t *testing.T) {
	cause := errors.New("the tab\x1b crashed")
	tests := []struct{ method, line, want string }{
		{"Open", "open shop.test/a?b", `open: opening http://shop.test/a?…: the tab\x1b crashed; check the address, then: open URL`},
		{"Reload", "reload", `reload: reloading http://shop.test/account: the tab\x1b crashed; try again, or: open URL`},
		{"Use", "use bob", `use: forcing "bob" on shop.test: the tab\x1b crashed; see what is active with: ls`},
		{"New", "new", `new: making a session on shop.test: the tab\x1b crashed; see what is active with: ls`},
		{"Unset", "unset", `unset: unsetting the session of shop.test: the tab\x1b crashed; see what is active with: ls`},
		{"Remove", "rm 3", `rm: removing "Session 3" on shop.test: the tab\x1b crashed; see what is left with: ls`},
		{"AddToken", "token add x", `token add: adding "x" on shop.test: the tab\x1b crashed; see: tokens`},
		{"RemoveToken", "token remove x", `token remove: removing "x" on shop.test: the tab\x1b crashed; see: tokens`},
		{"Settle", "ls", `ls: waiting for the browser's events: the tab\x1b crashed; try again, or leave with: quit`},
		{"Settle", "sites", `sites: waiting for the browser's events: the tab\x1b crashed; try again, or leave with: quit`},
		{"Settle", "tokens", `tokens: waiting for the browser's events: the tab\x1b crashed; try again, or leave with: quit`},
		{"Settle", "use 1", `use: waiting for the browser's events: the tab\x1b crashed; try again, or leave with: quit`},
		{"Settle", "open shop.test", `open: waiting for the browser's events: the tab\x1b crashed; try again, or leave with: quit`},
	}
	for _, test := range tests {
		w := newWorld(t)
		w.Mask = sessions.NewMask([]byte("key"))
		w.browser.fails[test.method] = cause
		_, err := w.Run(context.Background(), test.line)
		if !errors.Is(err, cause) {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		check(t, test.line, err.Error(), test.want)
	}
}

// A browser that names the operation itself is not repeated.
func TestBrowserNamesOperation(t *testing.T) {
	w := newWorld(t)
	w.browser.fails["Open"] = errors.New("opening http://shop.test/: net::ERR_CONNECTION_REFUSED")
	_, err := w.Run(context.Background(), "open shop.test")
	check(t, "open", err.Error(), "open: opening http://shop.test/: net::ERR_CONNECTION_REFUSED; check the address, then: open URL")
	w.browser.fails["Open"] = errors.New("opening http://shop.test/: net::ERR_INVALID_AUTH_CREDENTIALS")
	_, err = w.Run(context.Background(), "open shop.test")
	check(t, "open", err.Error(), "open: opening http://shop.test/: net::ERR_INVALID_AUTH_CREDENTIALS; the server asks for HTTP credentials; type them as USER:PASSWORD@ before the host in: open URL")
}

func TestSeveralSites(t *testing.T) {
	for _, line := range []string{"ls", "tokens", "unset", "new", "new x", "token add x"} {
		w := newWorld(t)
		w.browser.location = ""
		_, err := w.Run(context.Background(), line)
		if kindOf(err) != "usage" || !strings.HasSuffix(err.Error(), "several are known: shop.test, blog.test; say which with: --site SITE") {
			t.Errorf("%s: %v", line, err)
		}
	}
	w := newWorld(t)
	w.browser.location = ""
	w.give("blog.test", "bob", "PHPSESSID=x")
	_, err := w.Run(context.Background(), "use bob")
	if want := `use: no session "bob"; these sites have one: shop.test, blog.test; type SITE/NAME`; err == nil || err.Error() != want {
		t.Errorf("use bob: %v", err)
	}
}

func TestNothingYet(t *testing.T) {
	for line, want := range map[string]string{
		"use bob": `use: no session "bob"; there is none yet; log in on a page, or make one with: new NAME`,
		"new bob": "new: no site yet; open a page first: open URL",
		"unset":   "unset: no site yet; open a page first: open URL",
		"reload":  "reload: there is no page to reload; open one: open URL",
	} {
		_, err := emptyWorld(t).Run(context.Background(), line)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", line, err, want)
		}
	}
}

// Who takes it for a shell gets the error that it is none.
func TestNoPipes(t *testing.T) {
	const none = "there are no pipes and no redirection here"
	for line, want := range map[string]string{
		"ls | grep alice": none + `, so "|" means nothing`, "ls > file": none, "text h1 >file": none + `, so ">file" means nothing`, "use alice | cat": none,
		"html >> page.html": none, "ls|grep alice": none + "; type the command alone: ls", "ls>file": none + "; type the command alone: ls", "| cat": none + "; type the command alone: help",
		"click ul > li": "put quotes around a value that has it", "print a | b": "", "print a > b": "", "ls '|'": `no site "|"`, "rename alice 'a|b'": "",
	} {
		w := newWorld(t)
		if _, err := w.Run(context.Background(), line); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v; want %q", line, err, want)
		}
	}
}

// What to type next is said once, also where one command does several things.
func TestNextOnce(t *testing.T) {
	w := newWorld(t)
	w.browser.fails["OpenWindow"] = errors.New("net::ERR_CONNECTION_REFUSED")
	_, err := w.Run(context.Background(), "open shop.test --as bob")
	check(t, "open --as", err.Error(), "open: opening window bob: net::ERR_CONNECTION_REFUSED; check the address, then: open URL")
}
