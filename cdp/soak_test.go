package cdp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/wire"
)

// BenchmarkSoak makes 200,000 requests of a forced site in one tab, and opens and
// closes 1,000 others meanwhile, with a switch after each ten of them. Nothing may
// stay paused, no goroutine be left, and the memory of the driver has to stay as it
// was after a fifth of it, within 5 %.
//
//	go test ./cdp -run '^$' -bench Soak -benchtime 1x -timeout 1h
func BenchmarkSoak(b *testing.B) {
	const requests, tabs, parts = 200_000, 1_000, 5
	var count, wrong atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		if c := r.Header.Get("Cookie"); c != "sid=alice" && c != "sid=bob" {
			wrong.Add(1)
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/tab" {
			io.WriteString(w, "<iframe src=/frame></iframe><script>fetch('/of-tab')</script>")
		}
	}))
	defer server.Close()
	url := strings.Replace(server.URL, "127.0.0.1", "soak.test", 1)
	r := launch(b, noReload, func(o *Options) { o.Arguments = []string{resolve} })
	r.add(url, "alice", "sid=alice")
	r.add(url, "bob", "sid=bob")
	r.use("soak.test", "alice")
	r.open(url)
	p := r.person()
	for b.Loop() {
		began := time.Now()
		run(r, `window.done = 0; window.more = n => Promise.all([...Array(6)].map(async () => { while (done < n) { done++; await fetch('/') } }))`)
		var heap []uint64
		goroutines := 0
		for part := range parts {
			run(r, fmt.Sprintf("setTimeout(() => more(%d))", requests/parts*(part+1)))
			for i := range tabs / parts {
				tab := p.open()
				p.visit(tab, url+"/tab")
				wire.Send(tab, page.Close, cdp.Empty{}, nil)
				if i%10 == 0 {
					r.use("soak.test", []string{"bob", "alice"}[i/10%2])
				}
			}
			for eval[int](r, "done") < requests/parts*(part+1) {
				time.Sleep(100 * time.Millisecond)
			}
			r.nothingPaused()
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap = append(heap, m.HeapAlloc)
			b.Logf("%d requests, %d tabs: heap %.2f MB, %d goroutines, %v", count.Load(), tabs/parts*(part+1), float64(m.HeapAlloc)/1e6, runtime.NumGoroutine(), time.Since(began).Round(time.Second))
			if part == 0 {
				goroutines = runtime.NumGoroutine()
			}
		}
		if n := wrong.Load(); n > 0 {
			b.Errorf("%d requests were not of one session", n)
		}
		if growth := float64(heap[parts-1])/float64(heap[0]) - 1; growth > 0.05 {
			b.Errorf("the heap grew by %.1f %%: %d", growth*100, heap)
		}
		if now := runtime.NumGoroutine(); now > goroutines+10 { // the server has some for each connection
			b.Errorf("%d goroutines, %d after the first part", now, goroutines)
		}
		b.ReportMetric(float64(count.Load())/time.Since(began).Seconds(), "requests/s")
	}
}
