package doctor

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"sessdriver/cdp/leaks"
)

// The hosts of the site. Browsers find *.localhost on this machine by themselves, and
// take it for as trustworthy as HTTPS. Each page calls a host of its own, so that their
// cookies are told apart; to the other page that host is another site.
const (
	ownHost   = "shop.localhost"
	crossHost = "mall.localhost"
	otherHost = "127.0.0.1"
)

// site is the embedded site: it judges, and gives its pages their tasks.
type site struct {
	servers [3]*http.Server // pages and hosts; the hosts api.*; what gives the pages their tasks
	ports   [3]string

	mu      sync.Mutex // guards all below
	hits    []leaks.Hit
	bound   bool                   // the browser asked to bind a session to this machine
	changed chan struct{}          // closed and replaced at every hit, and at what pages report
	todo    map[string]chan string // scripts for each page
	failed  map[string]string      // what failed in the last script of a page that ended
}

func serve() (*site, error) {
	s := &site{changed: make(chan struct{}), todo: map[string]chan string{}, failed: map[string]string{}}
	for i, handler := range []http.HandlerFunc{s.serve, s.serve, s.serveTasks} {
		listener, err := net.Listen("tcp", otherHost+":0")
		if err != nil {
			s.close()
			return nil, fmt.Errorf("serving the site: %w", err)
		}
		_, s.ports[i], _ = net.SplitHostPort(listener.Addr().String())
		s.servers[i] = &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)} // the browser drops connections as it likes
		go s.servers[i].Serve(listener)
	}
	return s, nil
}

func (s *site) close() {
	for _, server := range s.servers {
		if server != nil {
			server.Close()
		}
	}
}

func (s *site) origin(host string) string {
	port := s.ports[0]
	if strings.HasPrefix(host, "api.") {
		port = s.ports[1]
	}
	return "http://" + host + ":" + port
}

// page is the URL of a page on a host that does the tasks under a name. set are
// the cookies that it brings.
func (s *site) page(host, name string, set []string) string {
	q := url.Values{"page": {name}, "set": set}
	return s.origin(host) + "/page?" + q.Encode()
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	if origin := r.Header.Get("Origin"); origin != "" {
		head.Set("Access-Control-Allow-Origin", origin)
		head.Set("Access-Control-Allow-Credentials", "true")
		head.Set("Access-Control-Allow-Headers", "X-Test")
	}
	h, isHit := leaks.Read(r)
	h.Secure = true // as browsers take it
	switch {
	case isHit:
		s.update(func() { s.hits = append(s.hits, h) })
		if r.Method != http.MethodOptions {
			leaks.Answer(w, r, h)
		}
	case r.URL.Path == "/bind":
		s.update(func() { s.bound = true })
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Path == "/page":
		for _, line := range r.URL.Query()["set"] {
			head.Add("Set-Cookie", line)
		}
		// Device Bound Session Credentials: a browser that has them calls the path.
		head.Set("Secure-Session-Registration", `(ES256 RS256);path="/bind";challenge="sessdriver"`)
		head.Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><title>sessdriver doctor</title><link rel=icon href='data:,'><body><script>"+leaks.Functions+
			"const from = '"+s.reportedAt()+"', page = new URLSearchParams(location.search).get('page');"+obey+"</script>")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// obey makes a page run the scripts of its tasks.
const obey = `
if (page) (async () => {
	for (;;) {
		try {
			const script = await (await fetch(from + '/next?page=' + page)).text();
			try { await (0, eval)('(async () => {' + script + '})()') } catch (e) { (window.failed ||= []).push(String(e)) }
			await fetch(from + '/done?page=' + page, {method: 'POST', body: (window.failed || []).splice(0).join('; ')});
		} catch { // the network changed, say
			await new Promise(next => setTimeout(next, 200));
		}
	}
})();`

func (s *site) reportedAt() string { return "http://" + otherHost + ":" + s.ports[2] }

// serveTasks is the server that pages ask what to do. It is no host of the site, so that the
// questions are not among what is judged.
func (s *site) serveTasks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "no-store")
	page := r.URL.Query().Get("page")
	if r.URL.Path == "/done" {
		text, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		s.update(func() { s.failed[page] = string(text) })
		return
	}
	s.update(func() { s.scripts(page) }) // it is there
	s.mu.Lock()
	scripts := s.scripts(page)
	s.mu.Unlock()
	select {
	case script := <-scripts:
		io.WriteString(w, script)
	case <-r.Context().Done():
	}
}

func (s *site) scripts(page string) chan string {
	if s.todo[page] == nil {
		s.todo[page] = make(chan string, 1)
	}
	return s.todo[page]
}

func (s *site) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

// until waits until a condition holds, which is asked under the lock.
func (s *site) until(ctx context.Context, condition func() bool) error {
	for {
		s.mu.Lock()
		holds, changed := condition(), s.changed
		s.mu.Unlock()
		if holds {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// run lets a page run a script, and returns what failed in it.
func (s *site) run(ctx context.Context, page, script string) (string, error) {
	s.mu.Lock()
	delete(s.failed, page)
	scripts := s.scripts(page)
	s.mu.Unlock()
	select {
	case scripts <- script:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	failed := ""
	err := s.until(ctx, func() (done bool) {
		failed, done = s.failed[page]
		return done
	})
	return failed, err
}

// ready waits for a page.
func (s *site) ready(ctx context.Context, page string) error {
	return s.until(ctx, func() bool { return s.todo[page] != nil })
}

// seen lists the requests with an id, of a name unless it is "".
func (s *site) seen(id, name string) []leaks.Hit {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []leaks.Hit
	for _, h := range s.hits {
		if h.Query.Get("id") == id && (name == "" || h.Name == name) {
			list = append(list, h)
		}
	}
	return list
}

// missing counts the names, by id, of which no request came.
func (s *site) missing(names map[string][]string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.missingNow(names)
}

// missingNow is missing under the lock.
func (s *site) missingNow(names map[string][]string) int {
	got := map[string]bool{}
	for _, h := range s.hits {
		if h.Method != http.MethodOptions {
			got[h.Query.Get("id")+" "+h.Name] = true
		}
	}
	n := 0
	for id, list := range names {
		for _, name := range list {
			if !got[id+" "+name] {
				n++
			}
		}
	}
	return n
}
