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
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// given is what --session and --use ask for.
type given struct {
	sessions []givenSession
	auth     []givenAuth
	use      []string
	page     string // the URL, for the site of a NAME without one; "" for none
}

type givenSession struct {
	site, name string
	cookies    []sessions.Cookie
	unsent     []string // warnings about those that may never be sent
}

type givenAuth struct {
	site, name, origin string
	credentials        sessions.Credentials
}

// readGiven reads the sessions of the command line before anything is started.
// Its errors never show a value.
func readGiven(c *config, in io.Reader, page string) (given, error) {
	g := given{use: c.use, page: page}
	if n := countStdin(c.sessions) + countStdin(c.httpAuth); n > 1 {
		return g, usagef("--session and --http-auth: only one value can come from standard input, not %d", n)
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
	for _, text := range c.httpAuth {
		auth, err := c.readAuth(text, in, page)
		if err != nil {
			return g, err
		}
		g.auth = append(g.auth, auth)
	}
	return g, nil
}

// readAuth reads NAME=USER:PASSWORD.
func (c *config) readAuth(text string, in io.Reader, page string) (givenAuth, error) {
	who, source, ok := strings.Cut(text, "=")
	if !ok || who == "" {
		return givenAuth{}, usagef("--http-auth: write NAME=USER:PASSWORD, as in alice='alice:secret', or NAME=@FILE")
	}
	site, name, _, _, err := c.whose("--http-auth", who, page)
	if err != nil {
		return givenAuth{}, err
	}
	read, err := readSource(source, in)
	if err != nil {
		return givenAuth{}, fmt.Errorf("--http-auth %s: %w; write %[1]s=@FILE with a file that holds USER:PASSWORD", who, err)
	}
	credentials, err := sessions.ReadCredentials(read)
	if err != nil {
		return givenAuth{}, usagef("--http-auth %s: %v, as in %[1]s='alice:secret'", who, err)
	}
	auth := givenAuth{site: site, name: name, credentials: credentials}
	if c.siteScope.SiteOf(page) == site {
		auth.origin = sessions.OriginOf(page) // a password is for one server
	}
	return auth, nil
}

// whose reads [SITE/]NAME of a flag, as splitSite does.
func (c *config) whose(flag, who, page string) (site, name, of string, said bool, err error) {
	site, name, of, said = splitSite(c.siteScope, who, page)
	who = sessions.ShowURL(who)
	switch {
	case site == "":
		err = usagef("%s %s: the site is missing; give a URL, or write SITE/%s", flag, who, who)
	case name == "":
		err = usagef("%s %s: the name is missing after the site", flag, who)
	case strings.Contains(name, "/"):
		err = usagef("%s %s: what is before the slash is not a site", flag, who)
	case strings.Trim(name, "0123456789") == "":
		err = usagef("%s %s: the name looks like a number from ls; choose another", flag, who)
	}
	return site, name, of, said, err
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
	site, name, page, said, err := c.whose("--session", who, page)
	if err != nil {
		return givenSession{}, err
	}
	who = sessions.ShowURL(who)
	text, err := readSource(source, in)
	if err != nil {
		return givenSession{}, fmt.Errorf("--session %s: %w; write %[1]s=@FILE with a file that holds NAME=VALUE; NAME=VALUE", who, err)
	}
	cookies, err := sessions.ReadCookies(c.siteScope, text, site, page)
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
	for _, a := range g.auth {
		if _, err := book.GiveCredentials(a.site, a.name, a.origin, a.credentials, time.Now()); err != nil {
			return fmt.Errorf("--http-auth %s: %w", a.name, err)
		}
	}
	forced := map[string]string{} // by site
	for _, name := range g.use {
		ref, err := book.Find(sessions.Query{Text: name, Current: book.SiteOf(g.page)})
		if err != nil {
			return notGiven(err)
		}
		name = sessions.ShowURL(name)
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
func notGiven(err error) error {
	err = fmt.Errorf("--use: %w", err)
	if missing := (*sessions.NoSessionError)(nil); errors.As(err, &missing) && len(missing.Known)+len(missing.Elsewhere) == 0 {
		return scripts.WithNext(err, fmt.Sprintf("give one with: --session %s='NAME=VALUE'", missing.Name))
	}
	return err
}
