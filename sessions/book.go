package sessions

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Options of a [Book]. The zero value is ready to use, with no default tokens.
type Options struct {
	Scope    Scope
	Defaults []Default // usually [StandardDefaults]
	// ForceEverywhere puts the active session's tokens on every request of a
	// site, also where the browser would send none (ZAP's way); never on
	// preflights, never a Secure token over http.
	ForceEverywhere bool
	// Observes says whether a URL is looked at; nil means all are. Of the
	// others nothing is booked.
	Observes func(rawURL string) bool
	// Notify gets every change, in order, while the book is locked: it may
	// only pass the event on, never call the book.
	Notify func(Event)
}

// Book holds the sites, their tokens and their sessions. It is safe for
// concurrent use.
type Book struct {
	options Options

	mu              sync.Mutex // guards all below
	defaults        *defaults
	boundary        *boundary
	sites           map[string]*site
	order           []*site            // as they appeared
	hosts           map[string]*site   // by host or host:port, a bounded cache of where a host belongs
	scratch         decision           // see decision
	sentScratch     sentRequest        // see read
	tokenScratch    []*Cookie          // see assess
	reportedClashes map[[2]string]bool // what warnClashes has reported
	sequence        int64              // grows with every cookie learned, as its creation time does
	secretNews      newSecrets

	secrets secrets // has a lock of its own
}

// New returns an empty book.
func New(o Options) *Book {
	return &Book{
		options:  o,
		defaults: newDefaults(o.Defaults),
		sites:    map[string]*site{},
		hosts:    map[string]*site{},
		boundary: &boundary{scope: o.Scope},
	}
}

// Scope returns the scope of the sites.
func (b *Book) Scope() Scope { return b.options.Scope }

// ForcesEverywhere returns [Options.ForceEverywhere].
func (b *Book) ForcesEverywhere() bool { return b.options.ForceEverywhere }

// SiteOf returns the site of a URL, "" when it has none.
func (b *Book) SiteOf(rawURL string) string {
	l, ok := locate(rawURL)
	if !ok {
		return ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.boundary.site(&l)
}

// maxHosts bounds what a hostile page can make us remember.
const maxHosts = 10_000

// siteAt finds the site of a location, nil when it is not known yet.
func (b *Book) siteAt(l *location) *site {
	host := l.host
	if b.boundary.perPort() {
		host = ScopeHost.site(*l)
	}
	if s, ok := b.hosts[host]; ok {
		return s
	}
	s := b.sites[b.boundary.site(l)]
	if s == nil {
		return nil
	}
	if len(b.hosts) >= maxHosts {
		clear(b.hosts)
	}
	b.hosts[strings.Clone(host)] = s
	return s
}

// learnSite finds the site of a location, making it when it is new.
func (b *Book) learnSite(l *location) *site {
	s := b.siteAt(l)
	if s == nil || !s.seen {
		s = b.listSite(b.boundary.site(l))
	}
	if b.boundary.scope == ScopeHost && len(b.boundary.exceptions) > 0 {
		s.noteHost(ScopeHost.site(*l))
	}
	return s
}

// noteHost notes a host:port of a site that was joined of several, so that they
// can be split again.
func (s *site) noteHost(host string) {
	if host != s.name && len(s.hosts) < maxNames && !slices.Contains(s.hosts, host) {
		s.hosts = append(s.hosts, strings.Clone(host))
	}
}

func (b *Book) listSite(name string) *site {
	s := b.ensureSite(name)
	if !s.seen {
		s.seen = true
		b.order = append(b.order, s)
		b.notify(Event{Kind: SiteSeen, Site: s.name})
	}
	return s
}

// ensureSite finds or makes the record of a site without listing it: tokens may be
// added and removed before a site is seen (RULES 3).
func (b *Book) ensureSite(name string) *site {
	s := b.sites[name]
	if s == nil {
		s = newSite(strings.Clone(name))
		b.sites[s.name] = s
	}
	return s
}

// checkSite reports a name that no site can have: one that is known, or that a host has,
// may be used before a page of it was seen.
func (b *Book) checkSite(name string) error {
	if b.sites[name] != nil {
		return nil
	}
	for _, host := range []string{name, bracketed(name)} {
		address := "https://" + host + "/"
		if l, ok := locate(address); ok && b.boundary.site(&l) == name {
			if _, err := NormalizeURL(address); err == nil {
				return nil
			}
		}
	}
	e := &NoSiteError{Name: name}
	for _, s := range b.order {
		e.Known = append(e.Known, s.name)
	}
	return e
}

// seenSite finds a site that was seen, nil for others.
func (b *Book) seenSite(name string) *site {
	if s := b.sites[name]; s != nil && s.seen {
		return s
	}
	return nil
}

// Observes reports whether a URL is within the scope that [Options] gives: what is not
// is booked, shown and kept nowhere.
func (b *Book) Observes(rawURL string) bool {
	return b.options.Observes == nil || b.options.Observes(rawURL)
}

func (b *Book) notify(e Event) {
	if b.options.Notify != nil {
		b.options.Notify(e)
	}
}

// nextSeq numbers the cookies as they are learned: the older of two with equal
// paths comes first in a Cookie header.
func (b *Book) nextSeq() int64 {
	b.sequence++
	return b.sequence
}

// unlessRemoved is the session, nil when it was removed.
func unlessRemoved(s *session) *session {
	if s == nil || s.removed {
		return nil
	}
	return s
}

// site is the record of one site.
type site struct {
	name         string
	seen         bool            // false while only its tokens are known
	hosts        []string        // host:port names of a joined site
	kindCache    map[string]Kind // what the names in requests are: see kindOf
	kinds        map[string]Kind // by cookie name, case-sensitive (RULES 7)
	kindsVersion int             // counts the changes of kinds
	tokens       []string        // all names in kinds, as they were learned
	removed      map[string]bool // bare names of defaults that a user removed here
	emptied      map[string]bool // names of tokens that a logout has given an empty value: see empties

	headers headers
	auth    httpAuth

	sessions  []*session // in the order of creation
	names     map[string]*session
	lastID    int // the highest number ever given to a session
	lastName  int // and the highest in a generated name
	anonymous *session
	values    index
	withheld  []pair               // values that responses brought and that were not booked, oldest first
	renewals  map[string]*renewals // by the name of a token
	scopes    map[scope]int        // scopes of token cookies, with how many cookies have each

	windows  map[Window]*windowState
	requests int
	last     time.Time
}

// scope is where a cookie applies.
type scope struct {
	domain, path string
	secure       bool
}

func (c *Cookie) scope() scope { return scope{c.Domain, c.Path, c.Secure} }

// windowState is what the book knows of one site in one window.
type windowState struct {
	active  *session
	last    *session      // the one that the window's requests last belonged to
	restore *restorePoint // what the jar was on when forcing began; nil while nothing is forced
	// missing has the active session's cookies that the jar lacks, until the mirror has
	// written them: it was not written since the switch, or a late response of another
	// session deleted them.
	missing map[key]bool
	// seenInJar are the active session's cookies that the jar was seen to have.
	seenInJar map[key]bool
	// inSync says that the jar was seen to be the active session's since that became
	// active.
	inSync bool
	// login is the session that an anonymous exchange filled last in this
	// window, loginSeq the book's sequence then: other anonymous requests that
	// were under way belong to it as well.
	login    *session
	loginSeq int64
	storage  *storage // nil until a page was shown or something is forced
	auth     keptAuth
}

// restorePoint is what unset goes back to.
type restorePoint struct {
	session *session
	raw     []Cookie // where no session ever had them
}

func newSite(name string) *site {
	return &site{
		name:      name,
		kindCache: map[string]Kind{},
		kinds:     map[string]Kind{},
		removed:   map[string]bool{},
		names:     map[string]*session{},
		values:    newIndex(),
		scopes:    map[scope]int{},
		windows:   map[Window]*windowState{},
	}
}

func (s *site) inWindow(w Window) *windowState {
	p := s.windows[w]
	if p == nil {
		p = &windowState{}
		s.windows[w] = p
	}
	return p
}

// All is the name that stands for every other cookie of a site: carried, it
// makes the whole jar of the site travel with the session.
const All = "*"

// hasToken reports whether a name identifies sessions on this site.
func (s *site) hasToken() bool {
	return slices.ContainsFunc(s.tokens, func(name string) bool { return s.kinds[name] == Token })
}

// kind says what a cookie name is on this site.
func (s *site) kind(name string) Kind {
	if k, ok := s.kinds[name]; ok {
		return k
	}
	return s.kinds[All]
}
