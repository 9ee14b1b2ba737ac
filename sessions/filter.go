package sessions

import (
	"errors"
	"fmt"
	"strings"
)

// NewFilter returns a function for [Options.Observes]: a URL is looked at when
// it matches one of the scope patterns, or there is none, and none of the
// exclude patterns. A pattern is a host (its sub-domains included), HOST:PORT,
// or either with a path; https:// before it limits the scheme; * stands for any
// run of characters. It returns nil when there are no patterns at all; an error is a
// *[PatternError].
func NewFilter(scope, exclude []string) (func(rawURL string) bool, error) {
	if len(scope)+len(exclude) == 0 {
		return nil, nil
	}
	in, err := parsePatterns("scope", scope)
	if err != nil {
		return nil, err
	}
	out, err := parsePatterns("exclude", exclude)
	if err != nil {
		return nil, err
	}
	return func(rawURL string) bool {
		l, ok := locate(rawURL)
		return ok && (len(in) == 0 || matchesAny(in, &l)) && !matchesAny(out, &l)
	}, nil
}

// PatternError reports a text that is no pattern.
type PatternError struct {
	List string // that it is in: "scope" or "exclude"
	Text string // with its secrets left out
	Err  error
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("the pattern %q: %v; write a host, HOST:PORT or a URL, with * for any characters", e.Text, e.Err)
}

func (e *PatternError) Unwrap() error { return e.Err }

// pattern is one parsed pattern; empty parts match everything.
type pattern struct {
	scheme, host, port, path string
}

func parsePatterns(list string, texts []string) ([]pattern, error) {
	var patterns []pattern
	for _, text := range texts {
		p, err := parsePattern(text)
		if err != nil {
			return nil, &PatternError{list, ShowURL(text), err}
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

func parsePattern(text string) (pattern, error) {
	var p pattern
	rest := strings.TrimSpace(text)
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		if scheme = strings.ToLower(scheme); scheme != "http" && scheme != "https" && scheme != "*" {
			return p, fmt.Errorf("the scheme %q is not http or https", scheme)
		}
		p.scheme, rest = scheme, after
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest, p.path = rest[:i], rest[i:]
	}
	if strings.Contains(rest, "@") {
		return p, errors.New("a user or password is no part of it")
	}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.HasSuffix(rest, "]") {
		rest, p.port = rest[:i], rest[i+1:]
	}
	p.host = cleanHost(rest)
	if p.host == "" || strings.ContainsAny(p.host, " \t?#") {
		return p, errors.New("it has no host")
	}
	return p, nil
}

func matchesAny(list []pattern, l *location) bool {
	for _, p := range list {
		if p.matches(l) {
			return true
		}
	}
	return false
}

func (p *pattern) matches(l *location) bool {
	if p.scheme == "https" && !l.secure || p.scheme == "http" && l.secure {
		return false
	}
	host := Like(p.host, l.host) || !strings.HasPrefix(p.host, "*") && Like("*."+p.host, l.host)
	return host && (p.port == "" || Like(p.port, l.port)) && (p.path == "" || Like(p.path, l.path) || strings.HasSuffix(p.path, "/") && strings.HasPrefix(l.path, p.path))
}

// Like reports whether a text is like a pattern, in which * stands for any run of
// characters.
func Like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}
