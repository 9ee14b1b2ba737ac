package cdp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sessdriver/sessions"
)

// bearerSite logs in by cookie, and notes the bearer token of every request.
type bearerSite struct {
	*httptest.Server
	mu    sync.Mutex
	calls map[string]string // what came, by method and path
}

func newBearerSite(t *testing.T) *bearerSite {
	s := &bearerSite{calls: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Allow-Headers", "authorization, x-key")
		s.mu.Lock()
		cookie := r.Header.Get("Cookie")
		s.calls[r.Method+" "+r.URL.Path] = strings.TrimSpace(r.Header.Get("Authorization") + " " + r.Header.Get("X-Key") + " " + cookie)
		if _, there := r.Header["Cookie"]; there && cookie == "" {
			s.calls[r.Method+" "+r.URL.Path] += " (an empty Cookie line)"
		}
		s.mu.Unlock()
		switch r.URL.Path {
		case "/login":
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: r.URL.RawQuery, Domain: "bearer.test", Path: "/"})
		case "/worker.js":
			h.Set("Content-Type", "text/javascript")
			io.WriteString(w, `onmessage = async e => postMessage(await (await fetch(e.data[0], {headers: e.data[1]})).text())`)
		case "/":
			h.Set("Content-Type", "text/html")
			io.WriteString(w, `<!doctype html><link rel=icon href=data:,><script>
				const get = async (url, headers, credentials = 'same-origin') => (await fetch(url, {headers, credentials})).text();
				const inWorker = (url, headers) => new Promise(done => { const w = new Worker('/worker.js'); w.onmessage = e => done(e.data); w.postMessage([url, headers]) });
			</script>`)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *bearerSite) saw(request string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[request]
}

// A page that still has another user's bearer token, in a variable say, sends the
// forced session's: from the page, from a worker, to another origin of the site and
// without cookies; preflights stay as they are.
func TestBearerTokens(t *testing.T) {
	t.Parallel()
	s := newBearerSite(t)
	r := launch(t, noReload, func(o *Options) { o.Arguments = append(o.Arguments, resolve) })
	page, api := at(s.Server, "bearer.test", "/"), at(s.Server, "api.bearer.test", "/v1/")
	if err := r.book.AddHeader("bearer.test", "X-Key"); err != nil {
		t.Fatal(err)
	}
	r.open(page)
	calls := func(who string) {
		headers := fmt.Sprintf("{Authorization: 'Bearer %[1]s-token', 'X-Key': '%[1]s-key'}", who)
		r.eval("get('/own', " + headers + ")")
		r.eval("get('/omitted', " + headers + ", 'omit')")
		r.eval("get('" + api + "cross', " + headers + ", 'include')")
		r.eval("get('" + api + "bare', " + headers + ")")
		r.eval("inWorker('/in-worker', " + headers + ")")
	}
	login := func(who string) {
		t.Helper()
		r.newSession("bearer.test", who)
		r.eval("get('/login?" + who + "')")
		calls(who)
		if err := r.Settle(r.ctx()); err != nil {
			t.Fatal(err)
		}
		session, _ := r.book.Active(sessions.Main, "bearer.test", time.Now())
		if n := len(session.Headers); n != 4 {
			t.Errorf("%s has %d header tokens, want one of each name for each origin: %v", who, n, session.Headers)
		}
	}
	login("alice")
	login("bob")
	r.use("bearer.test", "alice")
	r.isQuiet() // until then a request without cookies has an empty Cookie line
	calls("bob")
	cookie, bare := "alice-token alice-key sid=alice", "alice-token alice-key"
	for request, want := range map[string]string{
		"GET /own": cookie, "GET /omitted": bare, "GET /v1/cross": cookie, "GET /v1/bare": bare, "GET /in-worker": cookie,
	} {
		if got := s.saw(request); got != "Bearer "+want {
			t.Errorf("%s came with %q, want Bearer %s", request, got, want)
		}
	}
	s.mu.Lock()
	preflight, came := s.calls["OPTIONS /v1/cross"]
	s.mu.Unlock()
	if !came || preflight != "" {
		t.Errorf("a preflight came: %v, with %q", came, preflight)
	}
	if notes := r.notes(); len(notes) > 0 {
		t.Errorf("told: %q", notes)
	}
	if _, err := r.Unset(r.ctx(), "bearer.test", true); err != nil {
		t.Fatal(err)
	}
	calls("bob")
	if got := s.saw("GET /omitted"); got != "Bearer bob-token bob-key" {
		t.Errorf("with nothing forced came %q", got)
	}
}

// A document, or the script of a worker, that had its answer when Fetch was enabled and
// comes after that is checked like all others.
func TestComingDocument(t *testing.T) {
	t.Parallel()
	s := newBearerSite(t)
	r := launch(t, noReload, func(o *Options) { o.Arguments = append(o.Arguments, resolve) })
	r.open(at(s.Server, "bearer.test", "/"))
	for _, who := range []string{"alice", "bob"} {
		r.newSession("bearer.test", who)
		r.eval("get('/login?" + who + "')")
		r.eval("get('/own', {Authorization: 'Bearer " + who + "-token'})")
	}
	for begin, call := range map[string]string{
		"location.href = '/?next'": "location.href.endsWith('?next') && get('/own', {Authorization: 'Bearer bob-token'})",
		"window.call = inWorker('/own', {Authorization: 'Bearer bob-token'})": "window.call",
	} {
		if _, err := r.Unset(r.ctx(), "bearer.test", true); err != nil {
			t.Fatal(err)
		}
		if err := r.Settle(r.ctx()); err != nil {
			t.Fatal(err)
		}
		before, _ := r.book.Site("bearer.test")
		r.eval("setTimeout(() => { " + begin + "; for (const end = Date.now() + 1000; Date.now() < end;); })")
		r.until("the answer to "+begin, func() bool {
			now, _ := r.book.Site("bearer.test")
			return now.Requests > before.Requests
		})
		r.use("bearer.test", "alice")
		r.eval(call)
		if got := s.saw("GET /own"); got != "Bearer alice-token  sid=alice" {
			t.Errorf("%s: alice's request came with %q", begin, got)
		}
	}
}

// What pages keep is read without their noticing, for why.
func TestStored(t *testing.T) {
	s := newSPA(t)
	r := launch(t, swaps)
	r.open(at(s.Server, "spa.test", "/"))
	r.newSession("spa.test", "alice")
	r.shows()
	r.eval("login('alice')")
	r.newSession("spa.test", "bob")
	r.shows()
	r.eval("login('bob')")
	list := func(list []sessions.Stored) string {
		var lines []string
		for _, s := range list {
			lines = append(lines, s.Origin[:strings.LastIndexByte(s.Origin, ':')]+" "+s.Where+" "+s.Key+"="+s.Value)
		}
		return strings.Join(lines, "\n")
	}
	shown, travels, err := r.Stored(r.ctx(), "spa.test")
	if err != nil || !travels {
		t.Fatal(travels, err)
	}
	const bob = "http://spa.test localStorage token=token-of-bob\nhttp://spa.test localStorage user=bob\nhttp://spa.test sessionStorage at=basket-of-bob"
	if got := list(shown); got != bob {
		t.Errorf("bob's page has\n%s", got)
	}
	const alice = "http://spa.test localStorage leftAs=alice\nhttp://spa.test localStorage token=token-of-alice\nhttp://spa.test localStorage user=alice\nhttp://spa.test sessionStorage at=basket-of-alice"
	if got := list(r.book.Saved(r.ref("spa.test", "alice"), sessions.Main)); got != alice {
		t.Errorf("for alice is kept\n%s", got)
	}
	if list, _, err := r.Stored(r.ctx(), "other.test"); err != nil || len(list) > 0 {
		t.Errorf("another site has %v, %v", list, err)
	}
}
