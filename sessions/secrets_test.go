package sessions

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Whatever a session has or had is masked, a value that holds another as a whole, and as it
// may be escaped; what the line itself has in plain text is shown.
func TestMaskText(t *testing.T) {
	const shop = "https://shop.test"
	now := time.Now()
	book := New(Options{Defaults: StandardDefaults()})
	sid := func(value string) []Cookie {
		return []Cookie{{Name: "sid", Value: value, Domain: "shop.test", Path: "/"}}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	mask := NewMask([]byte("key"))
	hidden := func(list ...string) {
		t.Helper()
		for _, value := range list {
			if got, want := mask.Text(book, "<"+value+">", ""), "<"+mask.Value(value)+">"; got != want {
				t.Errorf("%s is shown as %s, want %s", value, got, want)
			}
			if !book.Secret("<" + value + ">") {
				t.Errorf("%s is no secret", value)
			}
		}
	}
	shown := func(list ...string) {
		t.Helper()
		for _, text := range list {
			if got := mask.Text(book, text, ""); got != text {
				t.Errorf("%s is shown as %s", text, got)
			}
			if book.Secret(text) {
				t.Errorf("%s is a secret", text)
			}
		}
	}
	shown("first-value", "second")
	alice, err := book.Import("shop.test", "alice", sid("first-value"), now)
	must(err)
	bob, err := book.Import("shop.test", "bob", append(sid("of-bob-too"), Cookie{Name: "remember", Value: "carried-bob", Domain: "shop.test", Path: "/"}), now)
	must(err)
	hidden("first-value", "of-bob-too", "carried-bob")
	must(book.Give(alice.Ref(), sid("second"), now))
	must(book.Use(Main, alice.Ref(), nil, now))
	hidden("first-value", "second")
	book.Sent(Request{URL: shop + "/", Header: "sid=second", Now: now, Fields: func(name string) string {
		return map[string]string{"Authorization": "Bearer the-second-one"}[name]
	}})
	hidden("Bearer the-second-one", "the-second-one")
	book.OriginShown(Main, "shop.test", shop, "tab", false)
	must(book.Use(Main, bob.Ref(), nil, now))
	for _, plan := range book.PlanStorage(Main, LocalStorage) {
		book.StorageSwapped(Main, "shop.test", LocalStorage, shop, plan.Of, `[["key","in-storage"]]`)
	}
	hidden("in-storage")
	must(book.Give(bob.Ref(), sid("in the middle"), now))
	must(book.Give(bob.Ref(), sid("the last"), now))
	must(book.Give(bob.Ref(), sid(`s%3A"1/2+3"`), now))
	must(book.Give(bob.Ref(), sid("short"), now))
	hidden("in the middle", "the last")
	shown("Bearer of news", "short")
	removed, err := book.Remove(alice.Ref(), now)
	must(err)
	hidden(removed.Tokens[0].Value) // the server goes on knowing it

	escaped := mask.Value(`s%3A"1/2+3"`)
	for text, want := range map[string]string{
		`a s%3A"1/2+3" b`:                      escaped,
		`a s:"1/2+3" b`:                        escaped,
		`a s%3A\"1/2+3\" b`:                    escaped,
		`a s%253A%221%2F2%2B3%22 b`:            escaped,
		"a http://shop.test/of-bob-too b":      "http://shop.test/" + mask.Value("of-bob-too"),
		"a http://u:p@shop.test/?of-bob-too b": "http://…@shop.test/?…",
	} {
		if got := mask.Text(book, text, ""); got != "a "+want+" b" {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	if got, want := mask.Text(book, "of-bob-too, second", "expect text of-bob-too"), "of-bob-too, "+mask.Value("second"); got != want {
		t.Errorf("beside what the line has: %s", got)
	}
	if got, want := mask.Text(book, "it is hunter2, or pw", "", "hunter2", "pw"), "it is "+mask.Value("hunter2")+", or pw"; got != want {
		t.Errorf("more values: %s", got)
	}
	if text := "second at http://u:p@a/?b"; (Mask{}).Text(book, text, "") != text {
		t.Error("the mask that shows everything hides")
	}
}

// A line of output costs no more where there are many sessions.
func BenchmarkMaskText(b *testing.B) {
	for _, n := range []int{10, 1_000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			book, now := New(Options{Defaults: StandardDefaults()}), time.Now()
			var ref Ref
			for i := range n {
				s, err := book.Import("shop.test", fmt.Sprint("s", i), []Cookie{{Name: "sid", Value: fmt.Sprint("value-of-", i), Domain: "shop.test", Path: "/"}}, now)
				if err != nil {
					b.Fatal(err)
				}
				ref = s.Ref()
			}
			mask, text := NewMask([]byte("key")), strings.Repeat("what a page says, ", 10)+"value-of-7"
			mask.Text(book, text, "")
			b.Run("still", func(b *testing.B) {
				for b.Loop() {
					mask.Text(book, text, "")
				}
			})
			i := 0
			b.Run("one rotates", func(b *testing.B) {
				for b.Loop() {
					i++
					book.Give(ref, []Cookie{{Name: "sid", Value: fmt.Sprint("next-", i), Domain: "shop.test", Path: "/"}}, now)
					mask.Text(book, text, "")
				}
			})
		})
	}
}
