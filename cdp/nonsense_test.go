package cdp

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

// harmless are the methods that have nothing to fail at: they answer what is known.
var harmless = []string{"Settle", "Idle", "Reloaded", "Unset", "Jar", "Stored", "SelectWindow"} // the window of no name is the main one

// callAll calls every method of a browser that takes a context with nothing else: empty
// texts, zero and negative numbers, a session that is not there.
func callAll(t *testing.T, b *Browser, ctx context.Context, n int64, check func(name string, err error)) {
	t.Helper()
	value := reflect.ValueOf(b)
	for i := range value.NumMethod() {
		name, method := value.Type().Method(i).Name, value.Method(i)
		if name == "Close" || name == "Again" || name == "Err" {
			continue
		}
		var args []reflect.Value
		for j := range method.Type().NumIn() {
			arg := reflect.New(method.Type().In(j)).Elem()
			switch arg.Kind() {
			case reflect.Interface:
				arg.Set(reflect.ValueOf(ctx))
			case reflect.Int, reflect.Int64:
				arg.SetInt(n)
			}
			args = append(args, arg)
		}
		answered := make(chan []reflect.Value, 1)
		go func() {
			defer func() {
				if fault := recover(); fault != nil {
					t.Errorf("%s: %v", name, fault)
					answered <- nil
				}
			}()
			answered <- method.Call(args)
		}()
		select {
		case out := <-answered:
			if k := len(out) - 1; k >= 0 && method.Type().Out(k) == reflect.TypeFor[error]() {
				err, _ := out[k].Interface().(error)
				check(name, err)
			}
		case <-time.After(patience):
			t.Errorf("%s does not answer", name)
		}
	}
}

// TestNonsense: a browser with no options, asked for what makes no sense, with a context
// that has ended, and after Close, says what is wrong, and goes on.
func TestNonsense(t *testing.T) {
	t.Parallel()
	b, err := Launch(t.Context(), Options{Headless: true, Arguments: []string{"--no-sandbox"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if b.Book() == nil || b.options.Path == "" {
		t.Fatalf("the book is %v, the browser %q", b.Book(), b.options.Path)
	}
	before := len(b.Tabs())
	for _, n := range []int64{-1, 0, math.MaxInt32} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		callAll(t, b, ctx, n, func(name string, err error) {
			known := []string{"Eval", "Look", "HTML", "Title", "Screenshot", "Page", "Reload"} // of the blank page that is there
			if err == nil && !slices.Contains(harmless, name) && !slices.Contains(known, name) && !(name == "Go" && n == 0) {
				t.Errorf("%s of nothing answers as if it were done", name)
			}
			if err != nil && strings.TrimSpace(err.Error()) == "" {
				t.Errorf("%s says nothing", name)
			}
		})
		cancel()
	}
	var none *sessions.NoSiteError
	if _, err := b.New(t.Context(), "no site", "x", false); !errors.As(err, &none) || len(b.Book().Sites()) > 0 {
		t.Errorf("a session of no site: %v, %v", err, b.Book().Sites())
	}
	if windows := b.Windows(); len(windows) != 1 || len(b.Tabs()) != before {
		t.Errorf("left: %v, %v", windows, b.Tabs())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	callAll(t, b, ended, 1, func(name string, err error) {
		if err == nil && name != "Reloaded" { // nothing is waited for
			t.Errorf("%s does not see that its context has ended", name)
		}
	})
	if err := b.Open(t.Context(), "data:text/html,<title>alive</title>"); err != nil {
		t.Fatal(err)
	}
	if title, err := b.Title(t.Context()); err != nil || title != "alive" {
		t.Errorf("afterwards the page is %q, %v", title, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	callAll(t, b, t.Context(), 1, func(name string, err error) {
		if err == nil && name != "Reloaded" {
			t.Errorf("%s after Close answers as if it were done", name)
		}
	})
	if _, err := b.Again(t.Context(), Options{}); err == nil {
		t.Error("a browser that is closed is used again")
	}
	for _, endpoint := range []string{"", "x y", "-1", "::", "/"} {
		if _, err := Attach(ended, endpoint, Options{}); err == nil {
			t.Errorf("attached to %q", endpoint)
		}
	}
	if _, err := Launch(t.Context(), Options{Path: "/nowhere"}); !errors.Is(err, ErrNoBrowser) {
		t.Errorf("launched: %v", err)
	}
	for _, o := range []Options{{Reload: "x"}, {Storage: "x"}, {Guard: "x"}, {Observe: "x"}, {DebugPort: -1}, {DebugPort: 1 << 20}} {
		if _, err := Launch(t.Context(), o); err == nil {
			t.Errorf("launched with %+v", o)
		}
		if _, err := Attach(t.Context(), "1", o); err == nil {
			t.Errorf("attached with %+v", o)
		}
	}
}
