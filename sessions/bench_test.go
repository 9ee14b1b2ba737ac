package sessions

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchSizes are the numbers of sessions of one site: no cost may grow with
// them, but for the caches of the machine.
var benchSizes = []int{10, 1_000, 100_000}

const benchURL = "https://shop.test/orders?page=2"

var benchNow = time.Unix(2e9, 0)

// BenchmarkDecide is the verdict for a request with 20 cookies, 3 of them
// tokens: when the jar is in sync, and when it has another session's tokens; for
// the requests of one page, which have the same header, and for headers that
// take turns.
func BenchmarkDecide(b *testing.B) {
	for _, count := range benchSizes {
		book := benchBook(b, count)
		other := strings.Replace(benchHeader(0, "j0"), "value16", "value17", 1)
		for _, c := range []struct {
			name    string
			headers []string
			want    Action
		}{
			{"in sync", []string{benchHeader(0, "j0")}, Continue},
			{"in sync, in turns", []string{benchHeader(0, "j0"), other}, Continue},
			{"rewrite", []string{benchHeader(1, "j1")}, Rewrite},
			{"rewrite, in turns", []string{benchHeader(1, "j1"), benchHeader(2, "j2")}, Rewrite},
		} {
			b.Run(fmt.Sprintf("%s/sessions=%d", c.name, count), func(b *testing.B) {
				b.ReportAllocs()
				defer reportCPU(b)()
				for i := 0; b.Loop(); i++ {
					r := Paused{URL: benchURL, Header: c.headers[i%len(c.headers)], Now: benchNow}
					if v := book.Decide(r); v.Action != c.want {
						b.Fatalf("action %v, want %v", v.Action, c.want)
					}
				}
			})
		}
	}
}

// BenchmarkObserve is a request of 20 cookies as it was sent and its response:
// one that changes nothing, likewise with two sessions in turns, and one that
// gives a token a new value.
func BenchmarkObserve(b *testing.B) {
	for _, count := range benchSizes {
		b.Run(fmt.Sprintf("no change/sessions=%d", count), func(b *testing.B) {
			book := benchBook(b, count)
			b.ReportAllocs()
			defer reportCPU(b)()
			r := Request{Window: "other", URL: benchURL, Header: benchHeader(5, "j5"), Now: benchNow}
			for b.Loop() {
				x := book.Sent(r)
				book.Received(x, Response{Now: benchNow})
				if x.Session().Number != 6 {
					b.Fatalf("booked on %v", x.Session())
				}
			}
		})
		b.Run(fmt.Sprintf("no change, in turns/sessions=%d", count), func(b *testing.B) {
			book := benchBook(b, count)
			b.ReportAllocs()
			defer reportCPU(b)()
			headers := []string{benchHeader(5, "j5"), benchHeader(6, "j6")}
			for i := 0; b.Loop(); i++ {
				x := book.Sent(Request{Window: "other", URL: benchURL, Header: headers[i%2], Now: benchNow})
				book.Received(x, Response{Now: benchNow})
				if x.Session().Number != 6+i%2 {
					b.Fatalf("booked on %v", x.Session())
				}
			}
		})
		b.Run(fmt.Sprintf("rotation/sessions=%d", count), func(b *testing.B) {
			book := benchBook(b, count)
			headers, responses := benchRotations()
			b.ReportAllocs()
			defer reportCPU(b)()
			for i := 0; b.Loop(); i++ {
				x := book.Sent(Request{Window: "other", URL: benchURL, Header: headers[i%len(headers)], Now: benchNow})
				book.Received(x, Response{Cookies: responses[i%len(headers)], Now: benchNow})
				if x.Session().Number != 6 {
					b.Fatalf("booked on %v", x.Session())
				}
			}
		})
	}
}

// benchRotations are requests of session 6 and their responses, each with a new
// jwt; the last goes back to the first.
func benchRotations() (headers []string, responses [][]Cookie) {
	value := "j5"
	for i := range 1_000 {
		headers = append(headers, benchHeader(5, value))
		value = fmt.Sprintf("rotated%d", i)
		if i == 999 {
			value = "j5"
		}
		responses = append(responses, []Cookie{{Name: "jwt", Value: value, Domain: "shop.test", Path: "/", Secure: true}})
	}
	return headers, responses
}

// BenchmarkMemory reports what a session of two tokens costs, its share of the
// indexes and its history included; the values count 32 bytes each.
func BenchmarkMemory(b *testing.B) {
	const count = 100_000
	b.Run(fmt.Sprintf("sessions=%d", count), func(b *testing.B) {
		for b.Loop() {
			before := heap()
			book := New(Options{Defaults: StandardDefaults()})
			for i := range count {
				x := book.Sent(Request{URL: fmt.Sprintf("https://shop.test/login?u=%d", i), Now: benchNow})
				book.Received(x, Response{Now: benchNow, Cookies: []Cookie{
					{Name: "sid", Value: fmt.Sprintf("%032d", i), Domain: "shop.test", Path: "/", Secure: true},
					{Name: "session", Value: fmt.Sprintf("%032x", i), Domain: "shop.test", Path: "/", Secure: true},
				}})
			}
			b.ReportMetric(float64(heap()-before)/count, "bytes/session")
			if n := len(book.sites["shop.test"].sessions); n != count {
				b.Fatalf("%d sessions", n)
			}
		}
	})
}

// reportCPU reports the processor time of an operation: on a busy machine it
// says more than the time on the clock.
func reportCPU(b *testing.B) func() {
	before := cpuTime()
	return func() { b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op") }
}

func cpuTime() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// benchBook has count sessions of three tokens, number 1 active.
func benchBook(b *testing.B, count int) *Book {
	b.Helper()
	book := New(Options{Defaults: StandardDefaults()})
	for i := range count {
		cookies, err := ReadCookies(ScopeDomain, fmt.Sprintf("sid=s%d; auth=a%d; jwt=j%d", i, i, i), "shop.test", benchURL)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := book.Import("shop.test", fmt.Sprintf("user %d", i), cookies, benchNow); err != nil {
			b.Fatal(err)
		}
	}
	if err := book.Use(Main, Ref{"shop.test", 1}, nil, benchNow); err != nil {
		b.Fatal(err)
	}
	return book
}

// benchHeader has 20 cookies: the tokens of session n+1, jwt apart, and 17 others.
func benchHeader(n int, jwt string) string {
	var parts []string
	for i := range 17 {
		parts = append(parts, fmt.Sprintf("preference%d=value%d", i, i))
	}
	parts = append(parts[:5:5], append([]string{fmt.Sprintf("sid=s%d", n), fmt.Sprintf("auth=a%d", n)}, append(parts[5:], "jwt="+jwt)...)...)
	return strings.Join(parts, "; ")
}
