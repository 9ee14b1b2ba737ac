package sessions

import (
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Kind says what a cookie name is to a site.
type Kind string

const (
	// NotToken is any other cookie: never touched.
	NotToken Kind = ""
	// Token identifies the session.
	Token Kind = "token"
	// Carried belongs to a login and is replaced with it, but does not
	// identify it.
	Carried Kind = "carry"
)

// Default is one line of the table of default tokens: a pattern for cookie
// names and where it comes from.
type Default struct {
	Pattern string // any case; * any run, ? one character
	Kind    Kind
	Source  string
	Off     bool // kept in the list, not used
}

//go:embed default-tokens.tsv
var defaultTable string

// StandardDefaults is the built-in table. It is read anew at each call, so that
// the caller may change what it gets.
func StandardDefaults() []Default {
	list, err := ParseDefaults(defaultTable)
	if err != nil {
		panic(err) // the embedded table; a test reads it
	}
	return list
}

// off stands behind the kind of a default token that is not used.
const off = " off"

// FormatDefaults writes a table that [ParseDefaults] reads.
func FormatDefaults(list []Default) string {
	var b strings.Builder
	for _, d := range list {
		kind := string(d.Kind)
		if d.Off {
			kind += off
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\n", d.Pattern, kind, d.Source)
	}
	return b.String()
}

// ParseDefaults reads a table of default tokens: one per line, pattern, kind
// ("token" or "carry", with " off" behind it when it is not used) and source
// between tabs, # for comments. An error names the line.
func ParseDefaults(table string) ([]Default, error) {
	var list []Default
	for i, line := range strings.Split(table, "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, "\t", 3)
		d := Default{Pattern: strings.ToLower(strings.TrimSpace(fields[0]))}
		if len(fields) > 1 {
			kind, isOff := strings.CutSuffix(strings.TrimSpace(fields[1]), off)
			d.Kind, d.Off = Kind(kind), isOff
		}
		if len(fields) > 2 {
			d.Source = strings.TrimSpace(fields[2])
		}
		if d.Pattern == "" || d.Kind != Token && d.Kind != Carried {
			return nil, fmt.Errorf("line %d: %q is not a pattern, a tab and %q or %q (with %q behind it when it is not used)", i+1, line, Token, Carried, off)
		}
		if slices.ContainsFunc(list, func(other Default) bool { return other.Pattern == d.Pattern }) {
			return nil, fmt.Errorf("line %d: %q is in the list already", i+1, d.Pattern)
		}
		list = append(list, d)
	}
	return list, nil
}

// maxDefaultCache bounds what hostile servers can make us remember.
const maxDefaultCache = 10_000

// defaults finds the kind of a cookie name. The first fitting pattern without a
// wildcard wins, then the first with one.
type defaults struct {
	list    []Default
	exact   map[string]Kind
	pattern []Default
	cache   map[string]Kind
}

func newDefaults(list []Default) *defaults {
	d := &defaults{list: slices.Clone(list), exact: map[string]Kind{}, cache: map[string]Kind{}}
	for _, entry := range list {
		if entry.Off {
			continue
		}
		entry.Pattern = bareName(entry.Pattern)
		if strings.ContainsAny(entry.Pattern, "*?") {
			d.pattern = append(d.pattern, entry)
		} else if _, taken := d.exact[entry.Pattern]; !taken {
			d.exact[entry.Pattern] = entry.Kind
		}
	}
	return d
}

func (d *defaults) kind(name string) Kind {
	if kind, ok := d.cache[name]; ok {
		return kind
	}
	if len(d.cache) >= maxDefaultCache {
		clear(d.cache)
	}
	kind := d.find(bareName(name))
	d.cache[strings.Clone(name)] = kind
	return kind
}

func (d *defaults) find(bare string) Kind {
	if kind, ok := d.exact[bare]; ok {
		return kind
	}
	for _, entry := range d.pattern {
		if wildcard(entry.Pattern, bare) {
			return entry.Kind
		}
	}
	return NotToken
}

// bareName is the name as default tokens compare it: lower case, without the
// prefixes that say how a cookie must be set.
func bareName(name string) string {
	bare := strings.ToLower(name)
	for _, prefix := range []string{"__host-http-", "__host-", "__secure-", "__http-"} {
		if rest, ok := strings.CutPrefix(bare, prefix); ok {
			return rest
		}
	}
	return bare
}

// wildcard matches with * and ?, nothing else being special.
func wildcard(pattern, name string) bool {
	escaped := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `/`, "\x00").Replace(pattern)
	ok, err := path.Match(escaped, strings.ReplaceAll(name, "/", "\x00"))
	return ok && err == nil
}
