package cdp

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

var (
	oracleSeed  = flag.Uint64("seed", 21, "TestOracle: seed of the generated cases; 0 for a new one")
	oracleCases = flag.Int("cases", 200, "TestOracle: how many cases to generate")
)

// casesPerBatch divides the share of every estate.
const casesPerBatch = 40

// TestOracle asks Chrome about generated Set-Cookie lines and requests. The main
// window gets the lines as session A, a second window the same lines as B, with
// other values. Then
//
//   - our Set-Cookie parser agrees with Chrome on what is a cookie,
//   - both sessions of the book hold what the two jars hold,
//   - with B forced in the main window, whose jar is A's, each request has the
//     Cookie header that Chrome sends in the window of B, byte for byte,
//   - and when the jar mirror is through, Chrome sends it by itself.
//
// Where Chrome is right to differ, a rule of oracleRules says so.
//
//	go test ./cdp -run TestOracle -args -seed 7 -cases 10000
func TestOracle(t *testing.T) {
	t.Parallel()
	seed := *oracleSeed
	if seed == 0 {
		seed = rand.Uint64() >> 32
	}
	fmt.Printf("oracle: -seed %d -cases %d\n", seed, *oracleCases)
	o := newOracle(t)
	failed := 0
	for first := 0; first < *oracleCases && failed < 3; first += casesPerBatch {
		ground := newGround(seed, first)
		var cases []oracleCase
		for n := first; n < min(first+casesPerBatch, *oracleCases); n++ {
			cases = append(cases, newCase(seed, n))
		}
		found := o.unnamed(ground, cases)
		if found == nil {
			continue
		}
		failed++
		cases = o.shrink(ground, cases)
		o.report(seed, ground, cases, found)
	}
	t.Logf("seed %d, %s: %s", seed, o.rig.Product(), o.counts())
}

// oracle is the browser, the server of all hosts, and what was learned so far.
type oracle struct {
	t      *testing.T
	rig    *rig
	main   *viewer
	other  *viewer
	estate *estate // that the viewers show
	http   *httptest.Server
	https  *httptest.Server
	named  map[string]int // by rule, how often
	checks int

	mu      sync.Mutex // guards all below
	replies map[string]reply
	cookies map[string]string   // the Cookie header of each request, by its key
	events  map[string]received // by key
	asked   int                 // names the keys
}

// viewer is a window with two tabs, one for each scheme: what they fetch is
// same-site.
type viewer struct {
	window sessions.Window
	tabs   map[string]*targets.Tab // by scheme
}

// reply is what the server answers.
type reply struct {
	lines []string
	skew  time.Duration
}

// received is what Chrome says of a response.
type received struct {
	key     string // of the partition
	lines   []string
	blocked map[string][]network.SetCookieBlockedReason // by line
	count   map[string]int                              // of the blocked, by line
}

func newOracle(t *testing.T) *oracle {
	o := &oracle{t: t, named: map[string]int{}, replies: map[string]reply{}, cookies: map[string]string{}, events: map[string]received{}}
	o.http, o.https = o.server(), o.server()
	o.http.Start()
	o.https.StartTLS()
	t.Cleanup(o.https.Close)
	t.Cleanup(o.http.Close)
	o.rig = launch(t, alone, func(options *Options) {
		options.Arguments, options.IgnoreCertificateErrors = []string{"--host-resolver-rules=MAP * 127.0.0.1"}, true
	})
	o.rig.force.Inside().Still() // it moves only when the test says so
	o.inTurn(func() {
		o.rig.wire.Handle(func(m *cdproto.Message) {
			if m.Method == "Network.responseReceivedExtraInfo" {
				o.received(read[network.EventResponseReceivedExtraInfo](t, m))
			}
			o.rig.handle(m)
		})
	})
	context, err := wire.Call(t.Context(), o.rig.link, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	if err != nil {
		t.Fatal(err)
	}
	o.main, o.other = o.viewer(""), o.viewer(context.BrowserContextID)
	return o
}

// inTurn runs a function where the events are handled.
func (o *oracle) inTurn(f func()) {
	o.rig.force.Lock() // what guards forces looks at the same
	defer o.rig.force.Unlock()
	o.rig.wire.Do(f)
}

func (o *oracle) viewer(context cdp.BrowserContextID) *viewer {
	v := &viewer{tabs: map[string]*targets.Tab{}}
	for _, scheme := range []string{"http", "https"} {
		r, err := wire.Call(o.t.Context(), o.rig.link, target.CreateTarget, target.CreateTargetParams{URL: "about:blank", BrowserContextID: context})
		if err != nil {
			o.t.Fatal(err)
		}
		o.rig.until("a tab", func() bool { return o.rig.targets.Page(r.TargetID) != nil })
		v.tabs[scheme] = o.rig.targets.Page(r.TargetID)
		if err := o.rig.targets.Ready(o.rig.ctx(), v.tabs[scheme]); err != nil {
			o.t.Fatal(err)
		}
		v.window = v.tabs[scheme].Window
	}
	return v
}

func (o *oracle) server() *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(o.serve))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	return s
}

func (o *oracle) serve(w http.ResponseWriter, r *http.Request) {
	key, head := r.URL.Query().Get("k"), w.Header()
	o.mu.Lock()
	answer := o.replies[key]
	o.cookies[key] = r.Header.Get("Cookie")
	o.mu.Unlock()
	head.Set("Content-Type", "text/html")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Key", key)
	head.Set("Date", time.Now().Add(answer.skew).UTC().Format(http.TimeFormat))
	for _, line := range answer.lines {
		head.Add("Set-Cookie", line)
	}
	io.WriteString(w, "<!doctype html><link rel=icon href='data:,'>")
}

func (o *oracle) received(e *network.EventResponseReceivedExtraInfo) {
	r := received{key: force.Partition(e.CookiePartitionKey), blocked: map[string][]network.SetCookieBlockedReason{}, count: map[string]int{}}
	if lines := force.RawBytes(force.Header(e.Headers, "set-cookie")); lines != "" {
		r.lines = strings.Split(lines, "\n")
	}
	for _, b := range e.BlockedCookies {
		r.blocked[b.CookieLine] = b.BlockedReasons
		r.count[b.CookieLine]++
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events[force.Header(e.Headers, "x-key")] = r
}

// at is a URL with the port of its scheme and a key.
func (o *oracle) at(url, key string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host, path, _ := strings.Cut(rest, "/")
	_, port, _ := net.SplitHostPort(map[string]*httptest.Server{"http": o.http, "https": o.https}[scheme].Listener.Addr().String())
	return scheme + "://" + host + ":" + port + "/" + path + "?k=" + key
}

// show opens the pages of an estate.
func (o *oracle) show(e *estate) {
	if o.estate == e {
		return
	}
	o.estate = e
	for _, v := range []*viewer{o.main, o.other} {
		for scheme, tab := range v.tabs {
			if scheme == "https" && e.plain {
				continue
			}
			url := o.at(scheme+"://"+e.hosts[0]+"/", "page")
			r, err := wire.Call(o.t.Context(), tab.Link, page.Navigate, page.NavigateParams{URL: url})
			if err != nil || r.ErrorText != "" {
				o.t.Fatal(url, err, r.ErrorText)
			}
			titleAt(o.t, tab.Link)
			if at := evalAt(o.t, tab.Link, "location.href"); at != url {
				o.t.Fatalf("the page is %s, want %s", at, url)
			}
		}
	}
}

// fetch makes requests in a window, one after the other or all at once.
func (o *oracle) fetch(v *viewer, urls []string, inOrder bool) {
	for len(urls) > 0 {
		scheme, _, _ := strings.Cut(urls[0], ":")
		n := slices.IndexFunc(urls, func(u string) bool { return !strings.HasPrefix(u, scheme+":") })
		if n < 0 {
			n = len(urls)
		}
		list, _ := json.Marshal(urls[:n])
		urls = urls[n:]
		script := "(async () => { const get = u => fetch(u, {mode: 'no-cors', credentials: 'include'}).then(() => '', e => u + ' ' + e); const done = []; const list = " + string(list) + ";"
		if inOrder {
			script += "for (const u of list) done.push(await get(u))"
		} else {
			script += "done.push(...await Promise.all(list.map(get)))"
		}
		if failed := evalAt(o.t, v.tabs[scheme].Link, script+"; return done.join('') })()"); failed != "" {
			o.t.Fatalf("fetching: %s", failed)
		}
	}
}

// result is what became of a batch.
type result struct {
	oracle *oracle
	ground *ground
	cases  []oracleCase
	book   *sessions.Book
	site   string
	sets   map[string][]string // keys of the setters, by session
	bare   []string            // keys of what A asked with its own jar, rewritten
	theirs []string            // of what B asked in its window
	by     []string            // of what the main window sent with B's cookies in its jar
	jars   map[string][]sessions.Cookie
	held   map[string][]sessions.Cookie // by the book, and what our parser says of cookies without a name
	mended []sessions.Cookie            // the jar of the main window after the mirror
	found  []difference
}

// run takes the cases of a batch through everything.
func (o *oracle) run(ground *ground, cases []oracleCase) *result {
	o.show(ground.estate)
	r := &result{oracle: o, ground: ground, cases: cases, sets: map[string][]string{}, jars: map[string][]sessions.Cookie{}, held: map[string][]sessions.Cookie{}}
	for _, v := range []*viewer{o.main, o.other} {
		if _, err := wire.Call(o.rig.ctx(), o.rig.link, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: o.rig.targets.ContextOf(v.window)}); err != nil {
			o.t.Fatal(err)
		}
	}
	r.book = sessions.New(sessions.Options{Defaults: []sessions.Default{{Pattern: "*", Kind: sessions.Token}}})
	o.inTurn(func() {
		o.rig.Browser.book = r.book
		o.rig.force.Inside().SetBook(r.book)
	})
	r.site = r.book.SiteOf(o.at("http://"+ground.estate.hosts[0]+"/", ""))
	refs := map[string]sessions.Ref{}
	for name, v := range map[string]*viewer{"A": o.main, "B": o.other} {
		s, err := r.book.New(v.window, r.site, name, nil, time.Now())
		if err != nil {
			o.t.Fatal(err)
		}
		refs[name] = s.Ref()
	}

	var urls = map[string][]string{}
	for i, s := range ground.setters {
		for _, name := range []string{"A", "B"} {
			lines := r.lines(i, name)
			if len(lines) == 0 {
				continue
			}
			key := o.key()
			o.mu.Lock()
			o.replies[key] = reply{lines, s.skew}
			o.mu.Unlock()
			r.sets[name] = append(r.sets[name], key)
			urls[name] = append(urls[name], o.at(s.url, key))
		}
	}
	var both sync.WaitGroup
	both.Go(func() { o.fetch(o.main, urls["A"], true) })
	both.Go(func() { o.fetch(o.other, urls["B"], true) })
	both.Wait()
	o.booked(r.book, r.site, len(urls["A"])+len(urls["B"]))
	for name, v := range map[string]*viewer{"A": o.main, "B": o.other} {
		r.jars[name] = r.jar(o.rig.ctx(), v.window)
		s, err := r.book.Session(refs[name], time.Now())
		if err != nil {
			o.t.Fatal(err)
		}
		r.held[name] = append(s.Tokens, s.Carried...)
	}

	ask := func(v *viewer) (keys []string) {
		var urls []string
		for _, u := range ground.asked {
			keys = append(keys, o.key())
			urls = append(urls, o.at(u, keys[len(keys)-1]))
		}
		slices.SortStableFunc(urls, func(a, b string) int { return strings.Compare(a[:5], b[:5]) })
		o.fetch(v, urls, false)
		return keys
	}
	r.theirs = ask(o.other) // while nothing is paused
	if err := r.book.Use(o.main.window, refs["B"], r.jars["A"], time.Now()); err != nil {
		o.t.Fatal(err)
	}
	o.command(o.rig.force.Update)
	r.bare = ask(o.main)
	refused, err := o.rig.force.Inside().Sync(o.rig.ctx(), o.main.window, r.site)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, c := range refused {
		r.differ(difference{check: "mirror", got: "refused", want: show(c), name: c.Name, cookie: c})
	}
	o.command(o.rig.force.Inside().Lower)
	r.mended = r.jar(o.rig.ctx(), o.main.window)
	r.by = ask(o.main)
	return r
}

// command does what only commands may.
func (o *oracle) command(do func(context.Context) error) {
	o.rig.force.Lock()
	defer o.rig.force.Unlock()
	if err := do(o.rig.ctx()); err != nil {
		o.t.Fatal(err)
	}
}

// booked waits until so many exchanges of a site are booked.
func (o *oracle) booked(book *sessions.Book, site string, n int) {
	o.rig.until(fmt.Sprintf("the %d responses of %s", n, site), func() bool {
		s, _ := book.Site(site)
		return s.Requests >= n
	})
}

func (o *oracle) key() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	return fmt.Sprint("k", o.asked)
}

// lines are the Set-Cookie lines of a setter for one of the sessions. The first
// is a cookie that tells the sessions apart when the cases do not.
func (r *result) lines(setter int, session string) []string {
	var list []string
	for _, c := range r.cases {
		for _, l := range c.lines {
			if l.setter == setter {
				list = append(list, ownValue(l.text, session))
			}
		}
	}
	if setter == 0 {
		list = append([]string{"anchor=" + session + "; Path=/"}, list...)
	}
	return list
}

func (r *result) jar(ctx context.Context, w sessions.Window) []sessions.Cookie {
	jar, err := r.oracle.rig.force.Jar(ctx, w)
	if err != nil {
		r.oracle.t.Fatal(err)
	}
	return jar
}

// unnamed runs a batch and lists the differences that no rule names.
func (o *oracle) unnamed(ground *ground, cases []oracleCase) []difference {
	r := o.run(ground, cases)
	r.verdicts()
	r.sessions("A")
	r.sessions("B")
	r.headers()
	o.mu.Lock()
	clear(o.replies)
	clear(o.cookies)
	clear(o.events)
	o.mu.Unlock()
	return r.found
}

// shrink looks for the fewest lines that still fail.
func (o *oracle) shrink(ground *ground, cases []oracleCase) []oracleCase {
	for _, c := range cases {
		if o.unnamed(ground, []oracleCase{c}) != nil {
			cases = []oracleCase{c}
			break
		}
	}
	for i := 0; i < len(cases) && len(cases) > 1; {
		if fewer := slices.Delete(slices.Clone(cases), i, i+1); o.unnamed(ground, fewer) != nil {
			cases = fewer
		} else {
			i++
		}
	}
	for i := range cases {
		for j := 0; j < len(cases[i].lines); {
			fewer := slices.Clone(cases)
			fewer[i].lines = slices.Delete(slices.Clone(cases[i].lines), j, j+1)
			if o.unnamed(ground, fewer) != nil {
				cases = fewer
			} else {
				j++
			}
		}
	}
	return cases
}

// report tells what a shrunk batch does.
func (o *oracle) report(seed uint64, ground *ground, cases []oracleCase, first []difference) {
	var b strings.Builder
	found := o.unnamed(ground, cases)
	if found == nil {
		found = first
		fmt.Fprint(&b, " (not every time)")
	}
	for _, c := range cases {
		fmt.Fprintf(&b, "\n%s", c)
		for _, l := range c.lines {
			fmt.Fprintf(&b, "\n\tsetter %d is %s, its clock off by %s", l.setter, ground.setters[l.setter].url, ground.setters[l.setter].skew)
		}
	}
	for _, d := range found {
		fmt.Fprintf(&b, "\n%s", d.String())
	}
	o.t.Errorf("-seed %d, site %s: no rule names this:%s", seed, ground.estate.name, b.String())
}

func (o *oracle) counts() string {
	var names []string
	for name, n := range o.named {
		names = append(names, fmt.Sprintf("%s ×%d", name, n))
	}
	slices.Sort(names)
	return fmt.Sprintf("%d checks; by rule: %s", o.checks, strings.Join(names, ", "))
}
