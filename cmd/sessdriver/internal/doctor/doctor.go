package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sessdriver/cdp"
	"sessdriver/cdp/leaks"
	"sessdriver/sessions"
)

const (
	// patience is how long a pass waits after the last request that came: what a
	// browser does not do by then it does not do.
	patience = 4 * time.Second
	// grace is how long it waits for what the browser did not do before, either.
	grace = time.Second
	// passTimeout bounds a pass.
	passTimeout = time.Minute
	// lowering bounds the wait for the guard to be down, see sessions.GuardSwitch.
	lowering = 5 * time.Second
)

// Options of a check.
type Options struct {
	Browser  cdp.Options // which browser, and how; the rest is the doctor's
	Guards   []sessions.Guard
	Progress func(string) // what is going on; unescaped
	Line     func(Line)   // each line as it is known
}

// Line is what the server says of one kind of request in one situation.
type Line struct {
	Guard     sessions.Guard `json:"guard"`
	Situation string         `json:"situation"`
	Request   string         `json:"request"`
	From      string         `json:"from"` // the page that made it: own or cross
	Seen      bool           `json:"seen"` // the browser made it
	Bare      bool           `json:"bare"` // without cookies, by the rules of the web
	// Missed says that it was not made, though the browser makes it when nothing is
	// forced: it may have been blocked. Nothing is known of what was not made.
	Missed bool `json:"missed,omitempty"`
	// Forced says that it was wholly the session's that is active; while nothing is
	// forced, the one's who is logged in.
	Forced   bool   `json:"forced"`
	Detected bool   `json:"detected"`           // the token of its answer is booked on that session
	BookedOn string `json:"bookedOn,omitempty"` // else the one that it is booked on
	// Untold says that no event showed the answer, as Chrome has it for some kinds, nor a
	// later request its token.
	Untold bool `json:"untold,omitempty"`
	Kept   bool `json:"kept"` // it had just the cookies that the browser sends when nothing is forced
	// Stray says that what is to have no cookies of the site, a preflight or a request to
	// another site, had a session's.
	Stray bool `json:"stray,omitempty"`
}

// Leaks reports whether something is wrong.
func (l Line) Leaks() bool {
	return l.Seen && !(l.Forced && (l.Detected || l.Untold) && l.Kept) || l.Stray
}

// String is the line for a person.
func (l Line) String() string {
	word, said := "ok  ", []string{"forced", "detected", "rules kept"}
	switch {
	case l.Stray:
		word, said = "LEAK", []string{"cookies of a session where there are to be none"}
	case l.Missed:
		word, said = "MISS", []string{"did not come, though it does when nothing is forced"}
	case !l.Seen:
		word, said = "-   ", []string{"not made by this browser"}
	case l.Leaks():
		word, said = "LEAK", nil
		for _, fault := range []struct {
			holds bool
			text  string
		}{{!l.Forced, "another session's"}, {!l.Detected && l.BookedOn == "", "its new token was not detected"}, {l.BookedOn != "", "its new token was taken for " + strconv.Quote(l.BookedOn) + "'s"}, {!l.Kept, "other cookies than the browser would send"}} {
			if fault.holds {
				said = append(said, fault.text)
			}
		}
	case l.Bare:
		said = []string{"no cookies, by the rules of the web"}
	case l.Untold:
		said = []string{"forced, rules kept; the browser did not report its answer"}
	case l.Situation == baseline:
		said = []string{"detected"}
	}
	return fmt.Sprintf("%s %-6s %-8s %-5s %-24s %s", word, l.Guard, l.Situation, l.From, l.Request, strings.Join(said, ", "))
}

// Report is the outcome.
type Report struct {
	Browser  string   `json:"browser"`  // name and version
	Checked  int      `json:"checked"`  // kinds of requests, in all situations, that were made
	Leaks    int      `json:"leaks"`    // of them
	Missed   int      `json:"missed"`   // that did not come, though they do when nothing is forced
	NotMade  []string `json:"notMade"`  // requests that this browser never made
	Untested []string `json:"untested"` // what the doctor cannot test
	Notes    []string `json:"notes"`    // what makes saved sessions die, or act otherwise than elsewhere
}

// baseline is the situation in which nothing is forced.
const baseline = "none"

// situation is one part of the matrix; its pages are named after it.
type situation struct {
	name, about string
	who         string // whose the requests have to be
}

// Run checks a browser. Its error says that it could not be done.
func Run(ctx context.Context, o Options) (Report, error) {
	r := Report{NotMade: []string{}, Untested: untested(), Notes: []string{}}
	made := map[string]bool{}
	for _, guard := range o.Guards {
		if err := checkWith(ctx, o, guard, &r, made); err != nil {
			return r, err
		}
	}
	for name, was := range made {
		if !was {
			r.NotMade = append(r.NotMade, name)
		}
	}
	slices.Sort(r.NotMade)
	return r, nil
}

// checkup is one browser under one guard.
type checkup struct {
	Options
	guard   sessions.Guard
	site    *site
	book    *sessions.Book
	browser *cdp.Browser
	report  *Report
	made    map[string]bool
	natural map[string][]string // the cookies of a request when nothing is forced
}

func checkWith(ctx context.Context, o Options, guard sessions.Guard, r *Report, made map[string]bool) (err error) {
	c := &checkup{Options: o, guard: guard, report: r, made: made, natural: map[string][]string{}}
	if c.site, err = serve(); err != nil {
		return err
	}
	defer c.site.close()
	c.book = sessions.New(sessions.Options{Defaults: append(sessions.StandardDefaults(),
		sessions.Default{Pattern: "lax", Kind: sessions.Token}, sessions.Default{Pattern: "strict", Kind: sessions.Token}, sessions.Default{Pattern: "t-*", Kind: sessions.Token})})
	downloads, err := os.MkdirTemp("", "sessdriver-doctor-")
	if err != nil {
		return fmt.Errorf("making a directory for downloads: %w", err)
	}
	defer os.RemoveAll(downloads)
	options := o.Browser
	options.Book, options.Guard, options.Reload, options.Storage = c.book, guard, cdp.ReloadNone, cdp.StorageKeep
	// What the environment asks for otherwise would make it another check.
	options.Profile, options.Preferences, options.Proxy, options.DebugPort = "", preferences(downloads), "", 0
	options.Arguments = append(slices.Clone(options.Arguments), "--disable-popup-blocking", "--short-reporting-delay", leaks.Eager)
	if c.browser, err = cdp.Launch(ctx, options); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.browser.Close()) }()
	r.Browser = c.browser.Product()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-c.browser.Lost():
			cancel(c.browser.Err())
		case <-ctx.Done():
		}
	}()
	if err := c.all(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("checking %s: %w", r.Browser, err)
	}
	if len(r.Notes) == 0 {
		r.Notes = c.notes()
	}
	return nil
}

// preferences let pages download what they like, into dir, and have third-party
// cookies: Debian's Chromium blocks them by default, and nothing would be tested.
func preferences(dir string) string {
	quoted, _ := json.Marshal(dir) // a string
	return `"profile": {"block_third_party_cookies": false, "cookie_controls_mode": 0, "default_content_setting_values": {"automatic_downloads": 1}},
		"download": {"default_directory": ` + string(quoted) + `, "prompt_for_download": false}`
}

// all plays every situation in one browser.
func (c *checkup) all(ctx context.Context) error {
	none := situation{baseline, "nothing is forced, alice is logged in", "alice"}
	if err := c.open(ctx, none, c.browser.Open); err != nil {
		return err
	}
	alice, err := c.loggedIn()
	if err != nil {
		return err
	}
	if err := c.pass(ctx, none, none); err != nil {
		return err
	}
	bob, err := c.book.Import(siteName, "bob", append(cookies(ownHost, "bob"), cookies(crossHost, "bob")...), time.Now())
	if err != nil {
		return err
	}
	if _, err := c.browser.Use(ctx, bob.Ref(), false); err != nil {
		return err
	}
	if err := c.pass(ctx, situation{"switch", "bob is forced, in the pages that were alice's", "bob"}, none); err != nil {
		return err
	}
	window := situation{"window", "alice in a window of her own, beside bob", "alice"}
	inWindow := func(ctx context.Context, url string) error {
		_, err := c.browser.OpenWindow(ctx, "alice", alice, url)
		return err
	}
	if err := c.open(ctx, window, inWindow); err != nil {
		return err
	}
	return c.pass(ctx, window, window)
}

// siteName is what the book calls all *.localhost.
const siteName = "localhost"

// cookies are those of a login: tokens of each SameSite, and a carried one.
func cookies(host, who string) []sessions.Cookie {
	var list []sessions.Cookie
	for _, c := range [][2]string{{"sid", "None"}, {"XSRF-TOKEN", "None"}, {"lax", "Lax"}, {"strict", "Strict"}} {
		list = append(list, sessions.Cookie{Name: c[0], Value: who + "." + c[0], Domain: "." + host, Path: "/", SameSite: c[1], Secure: true})
	}
	return list
}

// lines are the Set-Cookie lines of these.
func lines(host, who string) []string {
	var list []string
	for _, c := range cookies(host, who) {
		list = append(list, fmt.Sprintf("%s=%s; Domain=%s; Path=/; Secure; SameSite=%s", c.Name, c.Value, host, c.SameSite))
	}
	return list
}

// pages are those that make requests: one of the site's own host, and one of another
// site. Each calls a host of its own.
var pages = []struct{ name, host, calls string }{{"own", ownHost, ownHost}, {"cross", otherHost, crossHost}}

// open opens the pages of a situation: the first with the function given, and the one
// of another site from the site's own.
func (c *checkup) open(ctx context.Context, s situation, first func(context.Context, string) error) error {
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	const theme = "theme=dark; Path=/" // a cookie that is nobody's
	set := func(host string) []string {
		if s.name == baseline { // the server logs alice in
			return append(lines(host, "alice"), theme+"; Domain="+host)
		}
		return []string{theme + "; Domain=" + host}
	}
	own, cross := s.name+"-own", s.name+"-cross"
	if err := first(ctx, c.site.page(crossHost, "", set(crossHost))); err != nil {
		return err
	}
	if err := c.browser.Open(ctx, c.site.page(ownHost, own, set(ownHost))); err != nil {
		return err
	}
	if err := c.site.ready(ctx, own); err != nil {
		return fmt.Errorf("waiting for its page: %w", err)
	}
	popup := fmt.Sprintf("if (!open(%q, '_blank', 'popup')) throw 'the browser blocks popups'", c.site.page(otherHost, cross, nil))
	if failed, err := c.site.run(ctx, own, popup); err != nil || failed != "" {
		return fmt.Errorf("opening its second page: %w", cmp.Or(err, errors.New(failed)))
	}
	if err := c.site.ready(ctx, cross); err != nil {
		return fmt.Errorf("waiting for its second page: %w", err)
	}
	return c.browser.Settle(ctx)
}

// loggedIn finds the session that the server logged in, and names it.
func (c *checkup) loggedIn() (sessions.Ref, error) {
	for _, s := range c.book.Sessions(siteName, time.Now()) {
		if slices.ContainsFunc(s.Tokens, func(t sessions.Cookie) bool { return t.Value == "alice.sid" }) {
			return s.Ref(), c.book.Rename(s.Ref(), "alice")
		}
	}
	return sessions.Ref{}, errors.New("the login was not detected: this browser tells too little")
}
