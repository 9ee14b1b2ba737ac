package sessions

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// browser plays Chrome and package cdp for a book: a jar for each window, the
// Cookie header in Chrome's order, verdicts carried out, jars mended by plan.
type browser struct {
	tester
	book   *Book
	now    time.Time
	window Window
	state  *browserState // shared by all windows
}

type browserState struct {
	jars   map[Window][]Cookie // in the order of creation
	events []Event
}

var testNow = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// tester is what the browser needs of *testing.T and *rapid.T.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// start gives a browser with the standard defaults unless the options say else.
func start(t tester, o Options) *browser {
	t.Helper()
	b := &browser{tester: t, now: testNow, state: &browserState{jars: map[Window][]Cookie{}}}
	o.Notify = func(e Event) { b.state.events = append(b.state.events, e) }
	if o.Defaults == nil {
		o.Defaults = StandardDefaults()
	}
	b.book = New(o)
	return b
}

// in is the same browser, looking at another window.
func (b *browser) in(w Window) *browser {
	other := *b
	other.window = w
	return &other
}

func (b *browser) jar() []Cookie { return slices.Clone(b.state.jars[b.window]) }

// put writes a cookie into the jar, as a script or a response does.
func (b *browser) put(c Cookie) {
	jar := b.state.jars[b.window]
	i := slices.IndexFunc(jar, func(old Cookie) bool { return old.key() == c.key() })
	switch {
	case c.Expired(b.now) && i >= 0:
		jar = slices.Delete(slices.Clone(jar), i, i+1)
	case c.Expired(b.now):
	case i >= 0:
		jar = slices.Clone(jar)
		jar[i] = c
	default:
		jar = append(slices.Clone(jar), c)
	}
	b.state.jars[b.window] = jar
}

// script runs document.cookie = line on a page.
func (b *browser) script(url, line string) { b.put(b.parse(url, line)) }

func (b *browser) parse(url, line string) Cookie {
	b.Helper()
	c, ok := ParseSetCookie(line, url, b.now)
	if !ok {
		b.Fatalf("Set-Cookie %q is refused at %s", line, url)
	}
	return c
}

// found lists the cookies of the jar for a URL: longer paths first, then older.
func (b *browser) found(url string) []Cookie {
	var list []Cookie
	for _, c := range b.state.jars[b.window] {
		if c.Covers(url) && !c.Expired(b.now) {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b Cookie) int { return cmp.Compare(len(b.Path), len(a.Path)) })
	return list
}

// flight is a request whose response has not come.
type flight struct {
	*browser
	url, header string
	exchange    Exchange
}

// send lets a request go, with the verdict of the book; the browser blocks some cookies.
func (b *browser) send(url string, blocked ...string) flight {
	b.Helper()
	var pairs []string
	for _, c := range b.found(url) {
		if !slices.Contains(blocked, c.Name) {
			pairs = append(pairs, string(appendPair(nil, &c)))
		}
	}
	header := strings.Join(pairs, "; ")
	p := Paused{Window: b.window, URL: url, Header: header, Now: b.now}
	v := b.book.Decide(p)
	if v.Action == Flush {
		p.Flushed, p.Jar = true, b.jar()
		v = b.book.Decide(p)
	}
	if v.Action == Rewrite {
		header = v.Header
	}
	x := b.book.Sent(Request{Window: b.window, URL: url, Header: header, Jar: b.found(url), Blocked: blocked, Now: b.now})
	return flight{b, url, header, x}
}

// answer brings the response: the jar takes its cookies, the book learns them,
// and the jars that the book names are mended.
func (f flight) answer(lines ...string) []Window {
	f.Helper()
	windows := f.answerOnly(lines...)
	for _, w := range windows {
		f.in(w).mend(f.book.SiteOf(f.url))
	}
	return windows
}

func (f flight) answerOnly(lines ...string) []Window {
	f.Helper()
	r := Response{Now: f.now}
	for _, line := range lines {
		c := f.parse(f.url, line)
		f.put(c)
		r.Cookies = append(r.Cookies, c)
	}
	return f.book.Received(f.exchange, r).Windows
}

// visit sends a request, brings its response and returns the header that left.
func (b *browser) visit(url string, lines ...string) string {
	b.Helper()
	f := b.send(url)
	f.answer(lines...)
	return f.header
}

// mend applies plans to the jar until it is in sync.
func (b *browser) mend(site string) {
	b.Helper()
	for range 3 {
		plan := b.book.PlanJar(b.window, site, b.jar(), b.now)
		if plan.Empty() {
			return
		}
		for _, c := range plan.Delete {
			c.Expires = expire
			b.put(c)
		}
		for _, c := range plan.Set {
			b.put(c)
		}
	}
	b.Fatalf("the jar of %q never gets in sync: %v", b.window, b.jar())
}

const shop = "shop.test"

func (b *browser) ref(name string) Ref {
	b.Helper()
	ref, err := b.book.Find(Query{Text: name, Current: shop})
	if err != nil {
		b.Fatal(err)
	}
	return ref
}

func (b *browser) use(name string) {
	b.Helper()
	if err := b.book.Use(b.window, b.ref(name), b.jar(), b.now); err != nil {
		b.Fatal(err)
	}
	b.mend(shop)
}

func (b *browser) new(name string) {
	b.Helper()
	if _, err := b.book.New(b.window, shop, name, b.jar(), b.now); err != nil {
		b.Fatal(err)
	}
	b.mend(shop)
}

func (b *browser) unset() {
	b.Helper()
	if _, ok := b.book.Unset(b.window, shop, b.now); !ok {
		b.Fatal("nothing was active")
	}
	b.mend(shop)
}

// give imports a session, its cookies for the whole site.
func (b *browser) give(name, cookies string) Ref {
	b.Helper()
	list, err := ReadCookies(b.book.Scope(), cookies, shop, "")
	if err != nil {
		b.Fatal(err)
	}
	s, err := b.book.Import(shop, name, list, b.now)
	if err != nil {
		b.Fatal(err)
	}
	return s.Ref()
}

// list shows the sessions of shop.test, as "NAME: tokens + carried" with a star
// for the active one.
func (b *browser) list() string {
	var all []string
	for _, s := range b.book.Sessions(shop, b.now) {
		text := s.Name
		if s.ActiveIn(b.window) {
			text += "*"
		}
		if s.Anonymous {
			text += "(anonymous)"
		}
		if s.State == LoggedOut {
			text += "(out)"
		}
		text += ":"
		if len(s.Tokens) > 0 {
			text += " " + Mask{}.Cookies(s.Tokens)
		}
		if len(s.Carried) > 0 {
			text += " + " + Mask{}.Cookies(s.Carried)
		}
		all = append(all, text)
	}
	return strings.Join(all, " | ")
}

// newEvents lists the events since the last call, as "kind session".
func (b *browser) newEvents() string {
	var all []string
	for _, e := range b.state.events {
		all = append(all, strings.TrimSpace(string(e.Kind)+" "+e.Session+e.Token))
	}
	b.state.events = nil
	return strings.Join(all, ", ")
}

func (b *browser) wantList(want string) {
	b.Helper()
	if got := b.list(); got != want {
		b.Errorf("sessions are\n got %s\nwant %s", got, want)
	}
}

func (b *browser) wantEvents(want string) {
	b.Helper()
	if got := b.newEvents(); got != want {
		b.Errorf("events are\n got %s\nwant %s", got, want)
	}
}

// wantJar compares the jar, in the order of names.
func (b *browser) wantJar(want string) {
	b.Helper()
	jar := b.jar()
	slices.SortStableFunc(jar, func(a, b Cookie) int { return cmp.Compare(a.Name+a.Path, b.Name+b.Path) })
	if got := (Mask{}).Cookies(jar); got != want {
		b.Errorf("jar of %q is\n got %s\nwant %s", b.window, got, want)
	}
}

func (b *browser) wantSent(url, want string) {
	b.Helper()
	if got := b.visit(url); got != want {
		b.Errorf("%s is sent with\n got %q\nwant %q", url, got, want)
	}
}
