package main

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/demo"
	"sessdriver/sessions"
)

// shown is who the page at an address says that you are, with cookies of alice's.
func shown(ctx context.Context, address string, cookies []sessions.Cookie) (who []string, err error) {
	browser, err := cdp.Launch(ctx, cdp.Options{Headless: true})
	if err != nil {
		return nil, err
	}
	defer browser.Close()
	alice, err := browser.Book().Import(browser.Book().SiteOf(address), "alice", cookies, time.Now())
	if err == nil {
		_, err = browser.Use(ctx, alice.Ref(), false)
	}
	if err == nil {
		err = browser.Open(ctx, address)
	}
	if err == nil {
		who, err = browser.Texts(ctx, "#who")
	}
	return who, err
}

// TestReadmeGo keeps the README's Go what runs here.
func TestReadmeGo(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("library_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "\n// shown is")
	code, _, _ = strings.Cut("// shown is"+code, "\n// TestReadmeGo")
	if !strings.Contains(readText(t, readme), "```go\n"+code+"```\n") {
		t.Errorf("the README has other Go than this:\n%s", code)
	}
	shop, err := demo.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	address, err := url.Parse(shop.URL + "account")
	if err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil) // never fails
	if _, err := (&http.Client{Jar: jar}).PostForm(shop.URL+"login", url.Values{"user": {"alice"}, "password": {"alice-demo"}}); err != nil {
		t.Fatal(err)
	}
	var cookies []sessions.Cookie
	for _, c := range jar.Cookies(address) {
		cookies = append(cookies, sessions.Cookie{Name: c.Name, Value: c.Value, Domain: "localhost", Path: "/"})
	}
	if got, err := shown(t.Context(), address.String(), cookies); err != nil || !slices.Contains(got, "alice") {
		t.Errorf("%q, %v", got, err)
	}
}
