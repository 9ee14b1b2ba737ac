package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sessdriver/cdp"
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
}

// readGiven reads the sessions of the command line before anything is started.
// Its errors never show a value.
func readGiven(c *config, in io.Reader, page string) (given, error) {
	g := given{use: c.use, page: page}
	if n := countStdin(c.sessions); n > 1 {
		return g, usagef("--session: %d sessions are to come from standard input, which has room for one", n)
	}
	for _, text := range c.sessions {
		who, cookies, ok := strings.Cut(text, "=")
		if !ok || who == "" {
			return g, usagef("--session: write NAME=COOKIES, as in alice='sid=abc; auth=xyz'")
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
	site, name := splitSite(c.scopeValue, who, page)
	if site == "" {
		return givenSession{}, usagef("--session %s: of which site? give a URL, or write SITE/%s", who, who)
	}
	if name == "" {
		return givenSession{}, usagef("--session %s: the name is missing behind the site", who)
	}
	text, err := readSource(source, in)
	if err != nil {
		return givenSession{}, fmt.Errorf("--session %s: %w", who, err)
	}
	cookies, err := sessions.ReadCookies(c.scopeValue, text, site, page)
	if err != nil {
		return givenSession{}, usagef("--session %s: %v", who, err)
	}
	return givenSession{site, name, cookies}, nil
}

// splitSite reads [SITE/]NAME; without a SITE it is the page's.
func splitSite(scope sessions.Scope, who, page string) (site, name string) {
	if i := strings.LastIndexByte(who, '/'); i >= 0 {
		if normal, err := sessions.NormalizeURL(who[:i]); err == nil {
			return scope.SiteOf(normal), who[i+1:]
		}
	}
	return scope.SiteOf(page), who
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
	if isFile {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSource))
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
			return usagef("--session: %v", err)
		}
	}
	for _, name := range g.use {
		ref, err := book.Find(sessions.Query{Text: name, Current: book.SiteOf(g.page)})
		if err != nil {
			return fmt.Errorf("--use: %w", err)
		}
		if _, err := b.Use(ctx, ref, false); err != nil {
			return fmt.Errorf("--use %s: %w", name, err)
		}
	}
	return nil
}
