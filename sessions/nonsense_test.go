package sessions

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

// TestNonsense calls every method of a book with nothing, and with what makes no sense:
// none panics, none answers as if it had done something.
func TestNonsense(t *testing.T) {
	for _, text := range []string{"", "no site", "\x1b\xff", "a/b", ":::"} {
		for _, n := range []int64{-1, 0, 1 << 62} {
			b := New(Options{})
			value := reflect.ValueOf(b)
			for i := range value.NumMethod() {
				name := value.Type().Method(i).Name
				method := value.Method(i)
				var args []reflect.Value
				for j := range method.Type().NumIn() {
					kind := method.Type().In(j)
					arg := reflect.New(kind).Elem()
					switch kind.Kind() {
					case reflect.String:
						arg.SetString(text)
					case reflect.Int, reflect.Int64:
						arg.SetInt(n)
					case reflect.Struct:
						if kind == reflect.TypeFor[Ref]() {
							arg.Set(reflect.ValueOf(Ref{Site: text, Number: int(n)}))
						}
					}
					args = append(args, arg)
				}
				func() {
					defer func() {
						if fault := recover(); fault != nil {
							t.Errorf("%s of %q and %d: %v", name, text, n, fault)
						}
					}()
					method.Call(args)
				}()
			}
			if sites := b.Sites(); len(sites) > 0 {
				t.Errorf("%q made the sites %+v", text, sites)
			}
		}
	}
	var none *NoSiteError
	now := time.Now()
	for _, site := range []string{"", "no site", "www.shop.test", "https://shop.test/", "shop.test:80", "SHOP.test", "a/b", "\x1b"} {
		b := New(Options{})
		_, imported := b.Import(site, "x", nil, now)
		_, made := b.New(Main, site, "x", nil, now)
		for i, err := range []error{made, imported, b.AddToken(Main, site, "sid", Token, nil, now), b.AddHeader(site, "X-Token")} {
			if !errors.As(err, &none) {
				t.Errorf("%d of %q: %v", i, site, err)
			}
		}
	}
	for _, site := range []string{"shop.test", "localhost", "::1", "127.0.0.1", "intranet", "xn--bcher-kva.test", "com"} {
		if _, err := New(Options{}).New(Main, site, "x", nil, now); err != nil {
			t.Errorf("%q: %v", site, err)
		}
	}
	if _, err := New(Options{Scope: ScopeHost}).New(Main, "shop.test:8080", "x", nil, now); err != nil {
		t.Error(err)
	}
}
