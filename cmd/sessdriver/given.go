package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/bounded"
	"sessdriver/sessions"
)

// given is what --session and --use ask for.
type given struct {
	sessions []givenSession
	use      []string
	page     string // the URL, for the site of a NAME without one; "" for none
}

type givenSession struct {
	site, name string
	cookies    []sessions.Cookie
	unsent     []string // what is to be told of those that may never be sent
}

// readGiven reads the sessions of the command line before anything is started.
// Its errors never show a value.
func readGiven(c *config, in io.Reader, page string) (given, error) {
	g := given{use: c.use, page: page}
	if n := countStdin(c.sessions); n > 1 {
		return g, usagef("--session: only one session can come from standard input, not %d", n)
	}
	for _, text := range c.sessions {
		who, cookies, ok := strings.Cut(text, "=")
		if !ok || who == "" {
			return g, usagef("--session %q: write NAME=COOKIES, as in alice='sid=abc; auth=xyz'", sessions.ShowURL(who))
		}
		session, err := c.readSession(who, cookies, in, page)
		if err != nil {
			return g, err
		}
		g.sessions = append(g.sessions, session)
	}
	return g, nil
}

func countStdin(texts []string) (n int) {
	for _, text := range texts {
		if strings.HasSuffix(text, "=-") && strings.Count(text, "=") == 1 {
			n++
		}
	}
	return n
}

func (c *config) readSession(who, source string, in io.Reader, page string) (givenSession, error) {
	site, name, page, said := splitSite(c.scopeValue, who, page)
	who = sessions.ShowURL(who)
	if site == "" {
		return givenSession{}, usagef("--session %s: the site is missing; give a URL, or write SITE/%s", who, who)
	}
	switch {
	case name == "":
		return givenSession{}, usagef("--session %s: the name is missing after the site", who)
	case strings.Contains(name, "/"):
		return givenSession{}, usagef("--session %s: what is before the slash is not a site", who)
	case strings.Trim(name, "0123456789") == "":
		return givenSession{}, usagef("--session %s: the name looks like a number from ls; choose another", who)
	}
	text, err := readSource(source, in)
	if err != nil {
		return givenSession{}, fmt.Errorf("--session %s: %w; write %[1]s=@FILE with a file that holds NAME=VALUE; NAME=VALUE", who, err)
	}
	cookies, err := sessions.ReadCookies(c.scopeValue, text, site, page)
	if err != nil {
		return givenSession{}, usagef("--session %s: %v", who, err)
	}
	session := givenSession{site: site, name: name, cookies: cookies}
	for _, cookie := range cookies {
		if why := sessions.NeverSent(cookie, page); why != "" && said {
			session.unsent = append(session.unsent, fmt.Sprintf("--session %s: %s", who, why))
		}
	}
	return session, nil
}

// splitSite reads [SITE/]NAME; without a SITE it is the page's. of is the page whose host
// the cookies are for: a host within a site that was typed, else the page. said is false
// where nobody said whether it is reached by https.
func splitSite(scope sessions.Scope, who, page string) (site, name, of string, said bool) {
	i := strings.LastIndexByte(who, '/')
	if i < 0 {
		return scope.SiteOf(page), who, page, true
	}
	typed := who[:i]
	normal, err := sessions.NormalizeURL(typed)
	if err != nil {
		return scope.SiteOf(page), who, page, true
	}
	site, said = scope.SiteOf(normal), strings.Contains(typed, "://")
	if host := hostOf(normal); scope == sessions.ScopeHost || host == site || host == hostOf(page) {
		return site, who[i+1:], page, said || scope.SiteOf(page) == site
	}
	return site, who[i+1:], normal, said
}

// hostOf is the host of a URL, without the port.
func hostOf(url string) string {
	host, _, _ := net.SplitHostPort(sessions.ScopeHost.SiteOf(url))
	return host
}

// maxSource bounds what is read for one session.
const maxSource = 1 << 20

// readSource reads cookies given directly, as @FILE, or as - for standard
// input.
func readSource(source string, in io.Reader) (string, error) {
	file, isFile := strings.CutPrefix(source, "@")
	if !isFile && source != "-" {
		return source, nil
	}
	read := func() ([]byte, error) { return bounded.Read(in, "the standard input", maxSource) }
	if isFile {
		read = func() ([]byte, error) { return bounded.File(file, maxSource) }
	}
	text, err := read()
	if err != nil {
		return "", fmt.Errorf("reading the cookies: %w", err)
	}
	return string(text), nil
}

// apply puts the sessions into the book and forces those of --use. Nothing has
// been requested by then.
func (g *given) apply(ctx context.Context, b *cdp.Browser, book *sessions.Book) error {
	for _, s := range g.sessions {
		if _, err := book.Import(s.site, s.name, s.cookies, time.Now()); err != nil {
			return usagef("--session %s: the name is given twice for %s; write each once", s.name, s.site)
		}
	}
	forced := map[string]string{} // by site
	for _, name := range g.use {
		ref, err := book.Find(sessions.Query{Text: name, Current: book.SiteOf(g.page)})
		if name = sessions.ShowURL(name); err != nil {
			return notGiven(name, err)
		}
		if other := forced[ref.Site]; other != "" {
			return usagef("--use %s: %s is forced on %s already; name one session for each site", name, other, ref.Site)
		}
		forced[ref.Site] = name
		done, err := b.Use(ctx, ref, false)
		if err != nil {
			return fmt.Errorf("--use %s: %w", name, err)
		}
		if len(done.Refused) > 0 {
			return fmt.Errorf("--use %s: Chrome refuses its %s; nothing was requested; correct it in --session", name, strings.Join(done.Refused, ", "))
		}
	}
	return nil
}

// notGiven is the answer to a --use of a session that is not there.
func notGiven(name string, err error) error {
	if missing := (*sessions.NoSessionError)(nil); errors.As(err, &missing) && len(missing.Known) == 0 {
		return fmt.Errorf("--use %s: %w", name, &unknownSession{missing})
	}
	return fmt.Errorf("--use: %w", err)
}

// unknownSession says what to type on the command line instead.
type unknownSession struct{ cause *sessions.NoSessionError }

func (e *unknownSession) Unwrap() error { return e.cause }

func (e *unknownSession) Error() string {
	return fmt.Sprintf("no such session; give one with: --session %s='NAME=VALUE'", e.cause.Name)
}
