package cdp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sessdriver/cdp/internal/force"
	"sessdriver/sessions"
)

// busySite has a page that never rests: whatever it asks for names whose page it is.
type busySite struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex // guards all below
	asked  []string   // PATH by=WHOSE as=COOKIE
	slow   chan struct{}
	empty  bool   // bob gets no document
	onLoad string // JavaScript of the page
}

func newBusySite(t *testing.T) *busySite {
	s := &busySite{t: t}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *busySite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who := strings.TrimPrefix(r.Header.Get("Cookie"), "sid=")
	io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, fmt.Sprintf("%s by=%s as=%s", r.URL.Path, r.URL.Query().Get("by"), who))
	slow, script, empty := s.slow, s.onLoad, s.empty
	s.mu.Unlock()
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch r.URL.Path {
	case "/worker.js":
		h.Set("Content-Type", "text/javascript")
		io.WriteString(w, `const by = new URL(location).searchParams.get('by'); setInterval(() => fetch('/in-worker?by=' + by), 20)`)
	case "/page", "/elsewhere":
		if slow != nil && who == "bob" {
			select {
			case <-slow:
			case <-r.Context().Done():
			}
		}
		if empty && who == "bob" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		h.Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><link rel=icon href=data:,><title>%s</title><script>const by = %q; %s</script><iframe src="/frame?by=%s"></iframe>`, who, who, script, who)
	case "/frame":
		h.Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<script>setInterval(() => fetch('/in-frame?by=%s'), 20); addEventListener('pagehide', () => navigator.sendBeacon('/frame-beacon?by=%[1]s'))</script>`, r.URL.Query().Get("by"))
	}
}

// strangers lists what came as one user from the page of the other.
func (s *busySite) strangers() (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.asked {
		var path, by, as string
		fmt.Sscanf(line, "%s by=%s as=%s", &path, &by, &as)
		if by != "" && as != "" && by != as {
			list = append(list, line)
		}
	}
	return list
}

func (s *busySite) sees(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.asked, what)
}

func (s *busySite) gate() (open func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = gate
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.slow = nil
		close(gate)
	})
}

// Until the reload of a switch is there, the old document asks for nothing as the session
// after it, whatever it does.
func TestLeavingDocuments(t *testing.T) {
	t.Parallel()
	s := newBusySite(t)
	r := launch(t, whole(t), func(o *Options) { o.Arguments = append(o.Arguments, resolve) })
	*r.force.Inside().HoldTime() = time.Minute
	cases := []struct{ name, site, script string }{
		{"fetch", "fetch.test", `setInterval(() => fetch('/in-page?by=' + by), 20)`},
		{"keepalive", "keepalive.test", `setInterval(() => fetch('/in-page?by=' + by, {keepalive: true, method: 'POST', body: 'x'}), 20)`},
		{"worker", "worker.test", `new Worker('/worker.js?by=' + by)`},
		{"beacon", "beacon.test", `addEventListener('pagehide', () => { navigator.sendBeacon('/beacon?by=' + by); fetch('/last?by=' + by, {keepalive: true}) }); addEventListener('beforeunload', () => navigator.sendBeacon('/beacon?by=' + by))`},
		{"synchronous XHR", "sync.test", `setInterval(() => { const x = new XMLHttpRequest; x.open('GET', '/in-page?by=' + by, false); try { x.send() } catch {} }, 20)`},
		{"navigation", "navigation.test", `if (by == 'alice') onload = () => setInterval(() => location.href = '/elsewhere?by=' + by, 300)`},
		{"own reload", "reload.test", `if (by == 'alice') onload = () => setInterval(() => location.reload(), 100)`},
		{"form", "form.test", `if (by == 'alice') onload = () => setTimeout(() => { const f = document.createElement('form'); f.method = 'post'; f.action = '/elsewhere?by=' + by; document.body.append(f); setInterval(() => f.submit(), 250) }, 250)`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.mu.Lock()
			s.asked, s.onLoad = nil, c.script
			s.mu.Unlock()
			r.t = t
			page := at(s.Server, c.site, "/page")
			r.add(page, "alice", "sid=alice")
			r.add(page, "bob", "sid=bob")
			r.use(c.site, "alice")
			r.open(page)
			r.until("the frame asks", func() bool { return s.sees("/in-frame by=alice as=alice") })
			open := s.gate()
			defer open()
			began := time.Now()
			if _, err := r.Use(r.ctx(), r.ref(c.site, "bob"), false); err != nil {
				t.Fatal(err)
			}
			time.Sleep(700 * time.Millisecond) // the old page has its chance
			open()
			r.until("bob's page", func() bool { return s.sees("/in-frame by=bob as=bob") })
			if took := time.Since(began); took > *r.force.Inside().HoldTime()/2 {
				t.Errorf("the reload took %v: it waited for what was held", took)
			}
			if got := r.title(); got != "bob" {
				t.Errorf("the page is %s's", got)
			}
			if wrong := s.strangers(); len(wrong) > 0 {
				t.Errorf("the page of one asked as the other: %q", wrong)
			}
			r.nothingPaused()
			r.open("about:blank")
		})
	}
}

// What the new document and its workers ask for is not taken for the last words of the old
// one.
func TestArrivingDocument(t *testing.T) {
	s := newBusySite(t)
	s.onLoad = `new Worker('/worker.js?by=' + by); fetch('/in-page?by=' + by)`
	r := launch(t, whole(t), func(o *Options) { o.Arguments = append(o.Arguments, resolve) })
	page := at(s.Server, "arrive.test", "/page")
	r.add(page, "alice", "sid=alice")
	r.add(page, "bob", "sid=bob")
	r.use("arrive.test", "alice")
	r.open(page)
	for n := range 6 {
		name := []string{"bob", "alice"}[n%2]
		s.mu.Lock()
		s.asked = nil
		s.mu.Unlock()
		r.use("arrive.test", name)
		began := time.Now()
		for _, path := range []string{"/in-page", "/frame", "/in-frame", "/worker.js", "/in-worker"} {
			r.until(path+" of "+name, func() bool { return s.sees(path + " by=" + name + " as=" + name) })
		}
		if took := time.Since(began); took > force.LastWords*3/4 {
			t.Errorf("%s's page was held up for %v", name, took)
		}
		if wrong := s.strangers(); len(wrong) > 0 {
			t.Errorf("the page of one asked as the other: %q", wrong)
		}
	}
}

// A synchronous XHR that is held does not block the reload where nobody tells of requests
// either.
func TestLeavingSynchronously(t *testing.T) {
	for _, mode := range []sessions.Observation{sessions.ObserveJar, sessions.ObserveChanges} {
		t.Run(string(mode), func(t *testing.T) {
			s := newBusySite(t)
			s.onLoad = `setInterval(() => { const x = new XMLHttpRequest; x.open('GET', '/in-page?by=' + by, false); try { x.send() } catch {} }, 20)`
			r := launch(t, whole(t), func(o *Options) { o.Observe, o.Arguments = mode, append(o.Arguments, resolve) })
			page := at(s.Server, "sync.test", "/page")
			r.add(page, "alice", "sid=alice")
			r.add(page, "bob", "sid=bob")
			r.use("sync.test", "alice")
			r.open(page)
			if is := r.Observation(); is != mode {
				t.Fatalf("observing %s", is)
			}
			for _, name := range []string{"bob", "alice", "bob"} {
				s.mu.Lock()
				s.asked = nil
				s.mu.Unlock()
				began := time.Now()
				if _, err := r.Use(r.ctx(), r.ref("sync.test", name), false); err != nil {
					t.Fatal(err)
				}
				r.until(name+"'s page", func() bool { return s.sees("/in-frame by=" + name + " as=" + name) })
				if took := time.Since(began); took > 2500*time.Millisecond {
					t.Errorf("the reload as %s took %v: it waited for what was held", name, took)
				}
				if wrong := s.strangers(); len(wrong) > 0 {
					t.Errorf("the page of one asked as the other: %q", wrong)
				}
			}
		})
	}
}

// A reload that never comes holds nothing for ever.
func TestHeldRequestsFail(t *testing.T) {
	t.Parallel()
	s := newBusySite(t)
	r := launch(t, func(o *Options) { o.Arguments = append(o.Arguments, resolve) })
	page := at(s.Server, "held.test", "/page")
	r.add(page, "alice", "sid=alice")
	r.add(page, "bob", "sid=bob")
	r.use("held.test", "alice")
	r.open(page)
	*r.force.Inside().HoldTime() = time.Second
	r.eval(`fetch('/first'), addEventListener('beforeunload', () => {
		const start = performance.now()
		for (const path of ['/in-page', '/frame'])
			fetch(path + '?by=' + by).catch(() => localStorage.setItem(path, performance.now() - start))
	})`)
	open := s.gate()
	defer open()
	if _, err := r.Use(r.ctx(), r.ref("held.test", "bob"), false); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * *r.force.Inside().HoldTime())
	open()
	r.until("bob's page", func() bool { return s.sees("/frame by=bob as=bob") })
	for _, path := range []string{"/in-page", "/frame"} {
		var took float64
		fmt.Sscan(r.eval(fmt.Sprintf("String(localStorage.getItem(%q))", path)), &took)
		if took < 900 || took > 1900 {
			t.Errorf("%s failed after %v ms, want after a second", path, took)
		}
	}
	if wrong := s.strangers(); len(wrong) > 0 {
		t.Errorf("the page of one asked as the other: %q", wrong)
	}
}

// As long as the document is to come the old one asks for nothing as the session after it,
// however long that takes; where it does not come that is told.
func TestReloadThatDoesNotCome(t *testing.T) {
	s := newBusySite(t)
	s.onLoad = `setInterval(() => fetch('/in-page?by=' + by), 20)`
	r := launch(t, func(o *Options) { o.Arguments = append(o.Arguments, resolve) })
	page := at(s.Server, "never.test", "/page")
	r.add(page, "alice", "sid=alice")
	r.add(page, "bob", "sid=bob")
	r.use("never.test", "alice")
	r.open(page)
	*r.force.Inside().HoldTime(), *r.force.Inside().ReloadTimeout() = 300*time.Millisecond, time.Second
	open := s.gate()
	defer open()
	if _, err := r.Use(r.ctx(), r.ref("never.test", "bob"), false); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * *r.force.Inside().ReloadTimeout())
	if wrong := s.strangers(); len(wrong) > 0 {
		t.Errorf("the page of one asked as the other: %q", wrong)
	}
	open()
	r.until("bob's page", func() bool { return s.sees("/in-frame by=bob as=bob") })
	if told := r.told(); len(told) > 0 {
		t.Errorf("told: %q", told)
	}
	r.use("never.test", "alice")
	s.mu.Lock()
	s.empty = true
	s.mu.Unlock()
	if _, err := r.Use(r.ctx(), r.ref("never.test", "bob"), false); err != nil {
		t.Fatal(err)
	}
	r.until("it to be told", func() bool { return r.noticed("is still shown as the session before") })
	r.nothingPaused()
}

// `unset` gives the tab back to who it was; what the page of the forced session asks for
// meanwhile is not that one's either. Fetch goes off once the page is replaced.
func TestLeavingAtUnset(t *testing.T) {
	t.Parallel()
	s := newBusySite(t)
	r := launch(t, func(o *Options) { o.Arguments = append(o.Arguments, resolve) })
	s.onLoad = `setInterval(() => fetch('/in-page?by=' + by), 20)`
	page := at(s.Server, "leave.test", "/page")
	r.putInJar(sessions.Main, sessions.Cookie{Name: "sid", Value: "alice", Domain: "leave.test", Path: "/"})
	r.add(page, "bob", "sid=bob")
	r.use("leave.test", "bob")
	r.open(page)
	if _, err := r.Unset(r.ctx(), "leave.test", false); err != nil {
		t.Fatal(err)
	}
	r.until("alice's page", func() bool { return s.sees("/in-frame by=alice as=alice") })
	if wrong := s.strangers(); len(wrong) > 0 {
		t.Errorf("the page of one asked as the other: %q", wrong)
	}
	r.until("requests are not checked", func() bool { _, up := r.Guard(); return !up })
}

// A document that stays does not send a header token of another session: it sends the
// forced one's, and none where that has none.
func TestHeaderOfDocumentThatStays(t *testing.T) {
	s := newBearerSite(t)
	r := launch(t, noReload, func(o *Options) { o.Arguments = append(o.Arguments, resolve) })
	page := at(s.Server, "bearer.test", "/")
	r.open(page)
	ask := func() string {
		t.Helper()
		r.eval("get('/own', {Authorization: 'Bearer alice-token'})")
		return s.saw("GET /own")
	}
	r.eval("get('/login?alice', {})")
	if got := ask(); got != "Bearer alice-token  sid=alice" {
		t.Fatalf("alice sent %q", got)
	}
	r.newSession("bearer.test", "bob")
	if got := ask(); strings.Contains(got, "alice") {
		t.Errorf("bob, who has no token, sent %q", got)
	}
	r.open(page) // what a page of bob's has is not from alice's page
	if got := ask(); !strings.HasPrefix(got, "Bearer alice-token") {
		t.Errorf("a page of bob's sent %q", got)
	}
}
