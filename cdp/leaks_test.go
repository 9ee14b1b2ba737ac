package cdp

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/wire"
	"sessdriver/cdp/leaks"
	"sessdriver/sessions"
)

var update = flag.Bool("update", false, "write the table of the leak matrix")

// The leak matrix: every way in which pages make requests, in every moment that
// a session may be forced, with the server as the judge.

const nobody = leaks.Nobody

// loginCookies are those of a login: tokens of each SameSite, and a carried one.
func (w *web) loginCookies(site, name string) []sessions.Cookie {
	var list []sessions.Cookie
	for _, c := range [][2]string{{"sid", "None"}, {"XSRF-TOKEN", "None"}, {"lax", "Lax"}, {"strict", "Strict"}} {
		cookie := sessions.Cookie{Name: c[0], Value: name + "." + c[0], Domain: "." + site, Path: "/", SameSite: c[1], Secure: true}
		if w.scheme == "http" {
			cookie.Secure = false
			if cookie.SameSite == "None" { // only Secure ones may
				cookie.SameSite = ""
			}
		}
		list = append(list, cookie)
	}
	return list
}

// loginPage is a page whose server logs its visitor in.
func (w *web) loginPage(site, name string) string {
	q := url.Values{}
	for _, c := range w.loginCookies(site, name) {
		line := c.Name + "=" + c.Value + "; Path=/; Domain=" + site
		if c.SameSite != "" {
			line += "; SameSite=" + c.SameSite
		}
		if c.Secure {
			line += "; Secure"
		}
		q.Add("set", line)
	}
	return w.page(site) + "?" + q.Encode()
}

// verdict is what the server says of one kind of request.
type verdict struct {
	seen       bool
	bare       bool // no cookies, as the web has it
	leaked     bool // of another session, or of two
	changed    bool // other cookies than the browser would have sent
	undetected bool // its new token was not booked on its session
}

func (v verdict) holds() bool { return v.seen && !v.leaked && !v.changed && !v.undetected }

func (v verdict) String() string {
	var faults []string
	for _, f := range []struct {
		holds bool
		text  string
	}{{!v.seen, "never"}, {v.leaked, "LEAK"}, {v.changed, "changed"}, {v.undetected, "undetected"}} {
		if f.holds {
			faults = append(faults, f.text)
		}
	}
	switch {
	case len(faults) > 0:
		return strings.Join(faults, " ")
	case v.bare:
		return "bare"
	}
	return "ok"
}

// matrix collects the verdicts.
type matrix struct {
	t          *testing.T
	situations []string
	verdicts   map[[2]string][]*verdict // of a request in a situation: from a page of the site, from one of another
	natural    map[[2]string][]string   // the cookies that a request carries when nothing is forced, by request and initiator
}

func newMatrix(t *testing.T) *matrix {
	return &matrix{t: t, verdicts: map[[2]string][]*verdict{}, natural: map[[2]string][]string{}}
}

// stage is a browser in which a part of the matrix is played, on sites of its own.
type stage struct {
	*matrix
	*person
	w         *web
	r         *rig // whose book it is
	situation string
	window    sessions.Window
	pages     []initiator
	launch    bool
	passes    int
}

// initiator is a page that makes requests to a site: its own, or another one.
type initiator struct {
	host, site string
	tab        wire.Link
}

// part is the stage of another situation in the same browser.
func (s *stage) part(situation string) *stage {
	own, other := "shop-"+situation+".test", "mall-"+situation+".test"
	s.situations = append(s.situations, situation)
	part := *s
	part.situation = situation
	part.pages = []initiator{{host: own, site: own}, {host: "other.test", site: other}}
	return &part
}

// tokens makes the book know the names that the matrix uses.
func (s *stage) tokens() {
	for _, name := range []string{"lax", "strict", "t-*"} {
		if err := s.r.book.AddDefault(sessions.Default{Pattern: name, Kind: sessions.Token}); err != nil {
			s.matrix.t.Fatal(err)
		}
	}
}

// add makes a session of each site.
func (s *stage) add(name string) {
	for _, i := range s.pages {
		if _, err := s.r.book.Import(i.site, name, s.w.loginCookies(i.site, name), time.Now()); err != nil {
			s.matrix.t.Fatal(err)
		}
	}
}

// logIn logs in to each site.
func (s *stage) logIn(name string) {
	tab := s.open()
	for _, i := range s.pages {
		s.visit(tab, s.w.loginPage(i.site, name))
	}
	wire.Send(tab, page.Close, cdp.Empty{}, nil)
}

// rename gives the sessions that were detected at the login their name.
func (s *stage) rename(name string) {
	for _, i := range s.pages {
		found := s.r.session(i.site, "sid", name+".sid")
		if err := s.r.book.Rename(found.Ref(), name); err != nil {
			s.matrix.t.Fatal(err)
		}
	}
}

// force makes a session active on each site.
func (s *stage) force(name string) {
	for _, i := range s.pages {
		s.r.use(i.site, name)
	}
}

// openPages opens the pages of the initiators.
func (s *stage) openPages() {
	for i := range s.pages {
		p := &s.pages[i]
		p.tab = s.open()
		s.visit(p.tab, s.w.page(p.site)+"?set="+url.QueryEscape("theme=dark; Path=/; Domain="+p.site))
		s.visit(p.tab, s.w.page(p.host))
	}
}

// channels lists those that a page can use here.
func (s *stage) channels(i initiator) []channel {
	return where(func(c channel) bool {
		return (i.host == i.site || !c.Own) && (s.w.scheme == "https" || !c.Secure) && !(s.launch && c.Speculative)
	})
}

// pass lets the pages use all channels and notes what the server saw, which has to
// be of the named session. While exploring nothing is forced: that is how the
// browser sends its cookies by itself.
func (s *stage) pass(name string) {
	s.matrix.t.Helper()
	s.passes++
	from := s.w.count()
	for _, alone := range []bool{true, false} {
		for i, p := range s.pages {
			list := slices.DeleteFunc(s.channels(p), func(c channel) bool { return c.Alone != alone })
			s.w.fireAt(s.person, p.tab, p.site, s.id(i), list, "*")
		}
		for i, p := range s.pages {
			s.w.arrived(s.id(i), namesOf(slices.DeleteFunc(s.channels(p), func(c channel) bool { return c.Alone != alone }))...)
		}
	}
	for i, p := range s.pages {
		list := s.channels(p)
		given, asked := s.given(from, i), time.Time{}
		s.r.soon(func() bool {
			if !slices.ContainsFunc(given, func(request string) bool { return !s.booked(request, name, i) }) {
				return true
			}
			if time.Since(asked) > time.Second { // the blind are booked with it, once they are answered
				asked = time.Now()
				s.person.run(p.tab, fmt.Sprintf("fetch(%q, {credentials: 'include'})", s.w.origin(p.site)+"/hit/after"))
			}
			return false
		})
		for _, c := range list {
			for _, request := range c.Names() {
				s.note(request, i, s.judge(from, i, c, request, name))
			}
		}
		if failed := evalAt(s.matrix.t, p.tab, "failed.splice(0).join('; ')"); failed != "" {
			s.matrix.t.Errorf("%s from %s: %s", s.situation, p.host, failed)
		}
		s.tidy(p.tab)
	}
}

// namesOf are the requests to wait for.
func namesOf(list []channel) []string {
	var names []string
	for _, c := range list {
		names = append(names, c.Names()...)
		if c.End != "" {
			names = append(names, c.End)
		}
	}
	return names
}

// id marks the requests of a pass from one of the pages.
func (s *stage) id(i int) string { return fmt.Sprintf("%s-%d-%d", s.situation, s.passes, i) }

func (s *stage) note(request string, i int, v verdict) {
	key := [2]string{request, s.situation}
	if s.verdicts[key] == nil {
		s.verdicts[key] = make([]*verdict, len(s.pages))
	}
	s.verdicts[key][i] = &v
}

// judge looks at all requests of one kind in a pass.
func (s *stage) judge(from, i int, c channel, request, name string) verdict {
	v := verdict{bare: true}
	key := [2]string{request, fmt.Sprint(s.w.scheme, i)}
	for _, h := range s.w.seenFrom(from, func(h hit) bool { return h.name == request && h.query.Get("id") == s.id(i) }) {
		if h.method == http.MethodOptions {
			v.leaked = v.leaked || h.cookie != ""
			continue
		}
		v.seen = true
		if strings.HasPrefix(s.situation, exploring) {
			s.natural[key] = append(s.natural[key], h.carried())
		}
		who, want := h.sender(), nobody
		if strings.Contains(h.carried(), "sid") {
			v.bare, want = false, name
		}
		leaked, changed := who != want, *full && !slices.Contains(s.natural[key], h.carried()) || c.None && h.cookie != ""
		if leaked || changed {
			s.matrix.t.Errorf("%s from %s: %v, want it to be %s's with %q", request, s.pages[i].host, h, want, s.natural[key])
		}
		v.leaked, v.changed = v.leaked || leaked, v.changed || changed
	}
	if v.seen && !v.bare && !s.booked(request, name, i) {
		v.undetected = true
		s.matrix.t.Errorf("%s from %s: its token was not booked on %s: %s", request, s.pages[i].host, name, s.where(i, request))
	}
	return v
}

// booked reports whether the token that a response gave is the session's.
func (s *stage) booked(request, name string, i int) bool {
	for _, session := range s.r.book.Sessions(s.pages[i].site, time.Now()) {
		for _, c := range session.Tokens {
			if c.Name == "t-"+request {
				if session.Name == name && c.Value == name+"."+s.id(i) {
					return true
				}
			}
		}
	}
	return false
}

// where tells which sessions have the token of a request.
func (s *stage) where(i int, request string) string {
	var list []string
	for _, session := range s.r.book.Sessions(s.pages[i].site, time.Now()) {
		for _, c := range session.Tokens {
			if c.Name == "t-"+request {
				list = append(list, session.Name+" has "+c.Value)
			}
		}
	}
	return strings.Join(list, ", ")
}

// given lists the requests of a pass whose responses gave a token.
func (s *stage) given(from, i int) []string {
	var list []string
	for _, h := range s.w.seenFrom(from, func(h hit) bool { return h.query.Get("id") == s.id(i) && h.query.Has("rotate") }) {
		if h.method != http.MethodOptions && h.sender() != nobody {
			list = append(list, h.name)
		}
	}
	return list
}

// withoutJar fires channels while the jar is another session's, so that only the
// rewrite of paused requests can force. It tells of those that are not the
// forced session's.
func (s *stage) withoutJar(name, jar string, which func(channel) bool) {
	s.matrix.t.Helper()
	s.passes++
	from := s.w.count()
	for i, p := range s.pages {
		s.r.putInJar(s.window, s.w.loginCookies(p.site, jar)...)
		list := slices.DeleteFunc(s.channels(p), func(c channel) bool { return c.Jar || c.Shown || c.Alone || !which(c) })
		s.w.fireAt(s.person, p.tab, p.site, s.id(i), list, "")
		s.w.arrived(s.id(i), namesOf(list)...)
		for _, h := range s.w.seenFrom(from, func(h hit) bool { return h.query.Get("id") == s.id(i) }) {
			if who := h.sender(); who != name && who != nobody && h.header.Get("Service-Worker") != "script" { // an update check
				s.matrix.t.Errorf("with the jar of %s, from %s: %v", jar, p.host, h)
			}
		}
		s.tidy(p.tab)
	}
}

const exploring = "exploring"

func TestLeaks(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	t.Run("use", m.use)
	if !*full {
		return
	}
	t.Run("launch", m.fromLaunch)
	t.Run("window", m.inWindow)
	t.Run("attach", m.attach)
	t.Run("http", m.http)
	if !t.Failed() && len(m.situations) == len(columns)+2 { // with exploring over http and in the other browser
		m.check(t)
	}
}

// use: the pages are open, and nothing is reloaded, when another session is
// forced; then the first one is, and once more the other. Not in full size, only the
// first of these, and without asking which cookies the browser sends by itself.
func (m *matrix) use(t *testing.T) {
	m.t = t
	browser := m.launched("https", noReload)
	if *full {
		browser.explore(exploring)
	}

	s := browser.part("use")
	s.logIn("alice")
	s.rename("alice")
	s.add("bob")
	s.openPages()
	s.comeAlive()
	s.force("bob")
	s.alive("bob")
	s.pass("bob")
	if !*full {
		return
	}

	s = browser.part("switch")
	s.add("alice")
	s.add("bob")
	s.force("alice")
	s.openPages()
	s.comeAlive()
	s.force("bob")
	s.alive("bob")
	s.pass("bob")
	s.withoutJar("bob", "alice", func(c channel) bool { return !c.Fresh })
}

// explore: nothing is forced.
func (s *stage) explore(situation string) {
	s = s.part(situation)
	s.logIn("alice")
	s.rename("alice")
	s.openPages()
	s.pass("alice")
}

func (m *matrix) launched(scheme string, change ...func(*Options)) *stage {
	w := newWebOf(m.t, scheme)
	r := w.browser(append(change, alone, whole(m.t), func(o *Options) { o.Arguments = append(o.Arguments, leaks.Eager) })...)
	s := &stage{matrix: m, person: r.person(), w: w, r: r, launch: true}
	s.tokens()
	return s
}

// fromLaunch: forced before the first request.
func (m *matrix) fromLaunch(t *testing.T) {
	m.t = t
	s := m.launched("https").part("launch")
	s.add("alice")
	s.add("bob")
	s.force("bob")
	s.openPages()
	s.pass("bob")
	s.withoutJar("bob", "alice", func(channel) bool { return true })
}

// inWindow: in a window of its own, while alice is forced in the main one.
func (m *matrix) inWindow(t *testing.T) {
	m.t = t
	s := m.launched("https").part("window")
	s.window = "bob"
	s.add("alice")
	s.add("bob")
	s.force("alice")
	s.r.window(s.window, s.pages[0].site, "bob", s.w.page(s.pages[0].site))
	s.r.use(s.pages[1].site, "bob")
	s.person = s.r.personIn(s.window)
	s.openPages()
	s.comeAlive()
	s.alive("bob")
	s.pass("bob")
	s.withoutJar("bob", "alice", func(channel) bool { return true })
}

// attach: somebody else's browser, with tabs open and workers running.
func (m *matrix) attach(t *testing.T) {
	m.t = t
	f := startForeignOf(t, chromium(t), "--ignore-certificate-errors", "--disable-popup-blocking", "--short-reporting-delay", leaks.Eager)
	browser := &stage{matrix: m, person: f.person(), w: newWeb(t)}
	browser.r = f.attach(f.port)
	browser.tokens()
	browser.explore(exploring + "-attach")
	browser.r.close()

	s := browser.part("attach")
	s.logIn("alice")
	s.openPages()
	s.comeAlive()
	s.r = f.attach(f.port, noReload)
	s.tokens()
	s.rename("alice")
	s.add("bob")
	s.force("bob")
	s.alive("bob")
	s.pass("bob")
}

func (m *matrix) http(t *testing.T) {
	m.t = t
	browser := m.launched("http", noReload)
	browser.explore(exploring + "-http")
	s := browser.part("http")
	s.logIn("alice")
	s.rename("alice")
	s.add("bob")
	s.openPages()
	s.force("bob")
	s.pass("bob")
}

// comeAlive starts all that may be alive in pages.
func (s *stage) comeAlive() {
	for _, p := range s.pages {
		s.w.bringToLife(s.person, p.tab, p.host, p.site)
	}
}

// alive lets all of them make a request.
func (s *stage) alive(name string) {
	s.matrix.t.Helper()
	s.passes++
	for i, p := range s.pages {
		s.person.run(p.tab, fmt.Sprintf("tell(%q)", s.id(i)))
	}
	for i, p := range s.pages {
		arrived := s.w.arrived(s.id(i), lives...)
		for _, n := range lives {
			h, ok := arrived[n]
			v := verdict{seen: ok, leaked: ok && h.sender() != name}
			if v.leaked {
				s.matrix.t.Errorf("%s of %s: %v", n, p.host, h)
			}
			s.note(n, i, v)
		}
	}
}

// columns are the situations of the table, and what they are.
var columns = [][2]string{
	{exploring, "nothing is forced"},
	{"use", "`use bob` while pages of the site and of another one are open as alice, and not reloaded"},
	{"switch", "the same where `use alice` came before"},
	{"launch", "bob is forced before the first request"},
	{"window", "bob in a window of his own (`open URL --as bob`), alice in the main one"},
	{"attach", "`attach` to a browser with such pages and workers, then `use bob`"},
	{"http", "`use bob` in open pages, over plain HTTP"},
}

// check compares the table with the one in testdata, or writes it.
func (m *matrix) check(t *testing.T) {
	const file = "../testdata/leaks.md"
	want := m.table()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%s is not the table of this run (write it with: go test ./cdp -run TestLeaks -args -full -update): %v\n%s", file, err, want)
	}
}

func (m *matrix) table() string {
	var rows strings.Builder
	kinds, held, failed := 0, make([]int, len(columns)), make([]int, len(columns))
	var byJar, later []string
	list := slices.Clone(leaks.Channels)
	for _, n := range lives {
		list = append(list, channel{Name: n, Fresh: n == "alive-shared"})
	}
	for _, c := range list {
		by, told := "rewrite", "at once"
		switch {
		case c.Jar:
			by = "jar"
			byJar = append(byJar, c.Names()...)
		case c.Shown:
			by = "jar"
		case c.Fresh:
			by = "rewrite, jar in pages from before"
		}
		if c.Blind {
			told = "later"
			later = append(later, c.Names()...)
		}
		for _, request := range c.Names() {
			kinds++
			fmt.Fprintf(&rows, "| %s | %s | %s |", request, by, told)
			for i, column := range columns {
				var cell []string
				for _, v := range m.verdicts[[2]string{request, column[0]}] {
					if v == nil {
						continue
					}
					cell = append(cell, v.String())
					if v.holds() {
						held[i]++
					} else {
						failed[i]++
					}
				}
				fmt.Fprintf(&rows, " %s |", strings.Join(slices.Compact(cell), " / "))
			}
			rows.WriteString("\n")
		}
	}
	var b strings.Builder
	b.WriteString("# The leak matrix\n\nWritten by `go test ./cdp -run TestLeaks -args -full -update`, with the server as the judge.\n\n## In short\n\n")
	fmt.Fprintf(&b, "| %d kinds of requests, from a page of the site and from one of another | ok | not |\n|---|---|---|\n", kinds)
	for i, column := range columns {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", column[1], held[i], failed[i])
	}
	fmt.Fprintf(&b, "\nForced by the jar alone, since Chrome does not let us pause them: %s. Chrome does not always tell the response, so that a new token shows with the site's next request: %s.\n",
		strings.Join(byJar, ", "), strings.Join(later, ", "))
	b.WriteString(`
## The table

A cell is ok when no token or carried cookie of alice's went out, the request had just the cookies that the browser would have sent for bob (SameSite,
credentials, preflights), and the token that the response gave was booked on bob. "bare": no cookies, by the rules of the web. Two words: from a
page of the site / from a page of another site. An empty cell: it cannot happen there; browsers that sessdriver launches do not speculate, and some
things need a page of the site, or HTTPS.

`)
	b.WriteString("| request | forced by | response told |")
	for _, column := range columns {
		fmt.Fprintf(&b, " %s |", column[0])
	}
	b.WriteString("\n|" + strings.Repeat("---|", len(columns)+3) + "\n" + rows.String())
	b.WriteString(`
- rewrite: a second run with the jar out of step shows that it forces without the jar
- jar: Chrome does not let us pause it, or it is what scripts see; what does not say "jar" alone was paused
`)
	for _, column := range columns {
		fmt.Fprintf(&b, "- %s: %s\n", column[0], column[1])
	}
	b.WriteString(`- A discarded tab: Chrome discards none that DevTools watches (chrome://discards says so); one that was discarded before ` + "`" + `attach` + "`" + ` is loaded as the forced
  session when it is looked at, or at once by the reload of ` + "`" + `use` + "`" + ` (` + "`" + `TestDiscarded` + "`" + `)
`)
	return b.String()
}
