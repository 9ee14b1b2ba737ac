package sessions

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkDecide is the verdict for a request with 20 cookies, 3 of them
// tokens, at several numbers of sessions: the cost must not grow with them.
func BenchmarkDecide(b *testing.B) {
	for _, count := range []int{10, 1_000, 100_000} {
		book, header := benchBook(b, count)
		for _, c := range []struct{ name, header string }{
			{"in step", strings.ReplaceAll(header, "#", "0")},
			{"rewrite", strings.ReplaceAll(header, "#", "1")},
		} {
			b.Run(fmt.Sprintf("%s/sessions=%d", c.name, count), func(b *testing.B) {
				b.ReportAllocs()
				r := Paused{URL: "https://shop.test/orders?page=2", Header: c.header, Now: time.Unix(2e9, 0)}
				want := Continue
				if c.name == "rewrite" {
					want = Rewrite
				}
				for b.Loop() {
					if v := book.Decide(r); v.Action != want {
						b.Fatalf("action %v, want %v", v.Action, want)
					}
				}
			})
		}
	}
}

// benchBook has count sessions of three tokens, number 0 active. The header it
// returns has # in place of the session's number.
func benchBook(b *testing.B, count int) (*Book, string) {
	b.Helper()
	book := New(Options{Defaults: StandardDefaults()})
	now := time.Unix(2e9, 0)
	var first Ref
	for i := range count {
		cookies, err := ReadCookies(ScopeDomain, fmt.Sprintf("sid=s%d; auth=a%d; jwt=j%d", i, i, i), "shop.test", "https://shop.test/")
		if err != nil {
			b.Fatal(err)
		}
		s, err := book.Import("shop.test", fmt.Sprintf("user %d", i), cookies, now)
		if err != nil {
			b.Fatal(err)
		}
		if i == 0 {
			first = s.Ref()
		}
	}
	if err := book.Use(Main, first, nil, now); err != nil {
		b.Fatal(err)
	}
	var parts []string
	for i := range 17 {
		parts = append(parts, fmt.Sprintf("preference%d=value%d", i, i))
	}
	parts = append(parts[:5:5], append([]string{"sid=s#", "auth=a#"}, append(parts[5:], "jwt=j#")...)...)
	return book, strings.Join(parts, "; ")
}
