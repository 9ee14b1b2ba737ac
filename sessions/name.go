package sessions

import (
	"slices"
	"strconv"
	"strings"
)

// Query names a session the way a person does.
type Query struct {
	// Text is an exact name, a number from the list, a unique prefix (any
	// case), or one of these behind "SITE/".
	Text string
	// Site is the site that was asked for; "" when none was.
	Site string
	// Current is the site of the current tab, "" when it has none.
	Current string
}

// Find resolves a query: on the site asked for, else on the current one, else
// on the only site that has a session of that very name.
func (b *Book) Find(q Query) (Ref, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if q.Site != "" {
		s, err := b.findSite(q.Site)
		if err != nil {
			return Ref{}, err
		}
		return s.find(q.Text)
	}
	var problem error
	if s := b.seenSite(q.Current); s != nil {
		ref, err := s.find(q.Text)
		if _, missing := err.(*NoSessionError); !missing {
			return ref, err
		}
		problem = err
	}
	if site, name, ok := strings.Cut(q.Text, "/"); ok {
		if s, err := b.findSite(site); err == nil {
			return s.find(name)
		} else if strings.ContainsAny(site, ".:") && !strings.HasSuffix(site, ":") { // it cannot be a name
			return Ref{}, err
		}
	}
	return b.findAnywhere(q.Text, problem)
}

func (b *Book) findAnywhere(name string, problem error) (Ref, error) {
	var found []*session
	e := &NoSessionError{Name: name}
	for _, s := range b.order {
		if session := s.names[name]; session != nil {
			found = append(found, session)
			e.Elsewhere = append(e.Elsewhere, s.name)
		}
	}
	switch {
	case len(found) == 1:
		return Ref{found[0].site.name, found[0].id}, nil
	case len(found) == 0 && problem != nil:
		return Ref{}, problem
	}
	return Ref{}, e
}

// FindSite resolves the name of a site: a name from the list, a host or a URL.
func (b *Book) FindSite(text string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.findSite(text)
	if err != nil {
		return "", err
	}
	return s.name, nil
}

// siteOfText reads the site of a host, HOST:PORT or URL as a person types it.
func (b *Book) siteOfText(text string) string {
	normal, err := NormalizeURL(text)
	l, ok := locate(normal)
	if err != nil || !ok {
		return ""
	}
	return b.boundary.site(&l)
}

func (b *Book) findSite(text string) (*site, error) {
	for _, name := range []string{text, b.siteOfText(text)} {
		if s := b.seenSite(name); s != nil {
			return s, nil
		}
	}
	e := &NoSiteError{Name: text}
	for _, s := range b.order {
		e.Known = append(e.Known, s.name)
	}
	return nil, e
}

func (s *site) find(text string) (Ref, error) {
	if session := s.names[text]; session != nil {
		return Ref{s.name, session.id}, nil
	}
	if number, err := strconv.Atoi(text); err == nil {
		if session := s.number(number); session != nil {
			return Ref{s.name, session.id}, nil
		}
	}
	fits := s.sessionsWithPrefix(text)
	switch len(fits) {
	case 0:
		return Ref{}, &NoSessionError{Site: s.name, Name: text, Known: s.listNames()}
	case 1:
		return Ref{s.name, fits[0].id}, nil
	}
	e := &AmbiguousError{Site: s.name, Name: text}
	for _, session := range fits {
		e.Fits = append(e.Fits, strconv.Quote(session.name))
	}
	return Ref{}, e
}

func (s *site) sessionsWithPrefix(text string) []*session {
	var fits []*session
	for _, session := range s.sessions {
		if text != "" && session != s.anonymous && strings.HasPrefix(strings.ToLower(session.name), strings.ToLower(text)) {
			fits = append(fits, session)
		}
	}
	return fits
}

func (s *site) listNames() []string {
	var names []string
	for _, session := range s.sessions {
		if session != s.anonymous {
			names = append(names, strconv.Quote(session.name))
		}
	}
	slices.Sort(names)
	return names
}
