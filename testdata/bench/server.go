package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// server is the site and what says to its pages when to begin.
type server struct {
	url, control string // of the site, and of what the pages ask

	mu       sync.Mutex // guards all below
	pages    map[string]*page
	arrivals chan arrival   // of documents; one that nobody takes is dropped
	usable   chan time.Time // when the scripts of a page ran; likewise
}

// arrival is a request for a document: of which session, and when.
type arrival struct {
	sid string
	at  time.Time
}

// page is the page of one mode.
type page struct {
	begin         chan int // how many requests
	done          chan timing
	forced, else_ atomic.Int64 // the requests that carried sid=forced, and the others
}

// timing is what a page measured, in milliseconds.
type timing struct{ One, Six, Page float64 }

const script = `
const mode = new URLSearchParams(location.search).get('mode'), control = %q;
const get = async i => (await fetch('/r/' + i + '?mode=' + mode, {cache: 'no-store'})).text();
const took = async f => { const t = performance.now(); await f(); return performance.now() - t };
const one = n => took(async () => { for (let i = 0; i < n; i++) await get(i) });
const six = n => took(() => { let i = 0; const lane = async () => { while (i < n) await get(i++) }; return Promise.all([1, 2, 3, 4, 5, 6].map(lane)) });
const many = () => took(() => new Promise(done => {
	const f = document.createElement('iframe');
	f.onload = () => { f.remove(); done() };
	f.src = '/many?mode=' + mode + '&' + Math.random();
	document.body.append(f);
}));
(async () => {
	for (;;) {
		const n = +await (await fetch(control + '/begin?mode=' + mode)).text();
		if (!n) continue;
		await one(20); await many();
		const result = {One: await one(n), Six: await six(n), Page: (await many() + await many() + await many()) / 3};
		await fetch(control + '/done?mode=' + mode, {method: 'POST', body: JSON.stringify(result)});
	}
})()`

func serve() (*server, error) {
	s := &server{pages: map[string]*page{}, arrivals: make(chan arrival, 1), usable: make(chan time.Time, 1)}
	site, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	// Another site than what the pages ask, so that the questions are not forced.
	s.url = fmt.Sprintf("http://localhost:%d/", site.Addr().(*net.TCPAddr).Port)
	s.control = "http://" + control.Addr().String()
	go http.Serve(site, http.HandlerFunc(s.site))
	go http.Serve(control, http.HandlerFunc(s.serveControl))
	return s, nil
}

func (s *server) page(mode string) *page {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages[mode] == nil {
		s.pages[mode] = &page{begin: make(chan int), done: make(chan timing)}
	}
	return s.pages[mode]
}

func (s *server) site(w http.ResponseWriter, r *http.Request) {
	mode, sids := r.URL.Query().Get("mode"), r.CookiesNamed("sid")
	forced := len(sids) == 1 && sids[0].Value == "forced"
	w.Header().Set("Cache-Control", "no-store")
	p := s.page(mode)
	count := &p.else_
	if forced {
		count = &p.forced
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/r/"):
		count.Add(1)
		io.WriteString(w, "ok")
	case r.URL.Path == "/many":
		count.Add(1)
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html>")
		for i := range 100 {
			fmt.Fprintf(w, "<script src='/r/s%d?mode=%s'></script>", i, mode)
		}
	case r.URL.Path == "/seed": // what has to be written over
		w.Header().Set("Set-Cookie", "sid=jar; Path=/")
	case r.URL.Path == "/":
		sid := ""
		for _, c := range sids {
			sid = c.Value
		}
		select {
		case s.arrivals <- arrival{sid, time.Now()}:
		default:
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><title>bench</title><link rel=icon href=data:,><body><script>"+script+"</script>", s.control)
	}
}

// forget drops what arrived up to now.
func (s *server) forget() {
	for range 2 {
		select {
		case <-s.arrivals:
		case <-s.usable:
		default:
		}
	}
}

func (s *server) serveControl(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "no-store")
	p := s.page(r.URL.Query().Get("mode"))
	if r.URL.Path == "/done" {
		var t timing
		json.NewDecoder(r.Body).Decode(&t)
		p.done <- t
		return
	}
	select {
	case s.usable <- time.Now():
	default:
	}
	select {
	case n := <-p.begin:
		fmt.Fprint(w, n)
	case <-r.Context().Done():
	}
}
