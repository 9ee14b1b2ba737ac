package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What is kept of a failure says what was asked for, as whom, and what pages said; secrets
// are masked in all but the page itself. The next script finds nothing of it.
func TestArtifacts(t *testing.T) {
	t.Parallel()
	const secret = "top-secret-value"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") == "" {
			w.Header().Set("Set-Cookie", "sid="+secret)
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<link rel=icon href=data:,><title>Page</title><p>shown<script>console.warn('cookies:', document.cookie, '\x1b[31m')</script>")
	}))
	defer s.Close()
	dir := write(t, map[string]string{
		"a.sess": "open " + s.URL + "/one?q=" + secret + "\nrename 1 alice\nopen " + s.URL + "/two\nexpect title Other --timeout 100ms",
		"b.sess": "! ls alice\nopen " + s.URL + "\nexpect count p 1\nexpect session 1 live",
	})
	kept := filepath.Join(dir, "kept")
	code, out, errs := sessdriver(t, "", "run", "--artifacts", kept, dir)
	if code != exitAssertion || !strings.Contains(out, "1 passed, 1 failed in") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	found, err := filepath.Glob(filepath.Join(kept, "*-a"))
	if err != nil || len(found) != 1 {
		t.Fatalf("kept are %q, %v", found, err)
	}
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(found[0], name))
		if err != nil {
			t.Error(err)
		}
		return string(content)
	}
	for name, want := range map[string]string{
		"requests.txt":      " GET " + s.URL + "/two 200 document: no session is forced\n",
		"console.txt":       " warning: cookies: sid=",
		"page-unmasked.txt": "shown\n",
		"page-unmasked.png": "PNG",
	} {
		if text := read(name); !strings.Contains(text, want) || strings.Contains(text, secret) || strings.Contains(text, "\x1b") && name != "page-unmasked.png" {
			t.Errorf("%s has %q, want %q and no secret", name, text, want)
		}
	}
	if text := read("requests.txt"); !strings.Contains(text, " alice GET ") || !strings.Contains(text, "/one?… 200") {
		t.Errorf("the requests are %s", text)
	}
}

// What fails in a block is kept as the block's session saw it, before the one around is
// forced again. Equal values look the same in the console as in what commands say.
func TestArtifactsOfBlock(t *testing.T) {
	t.Parallel()
	const bearer = "top-bearer-value"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if name, ok := strings.CutPrefix(r.URL.Path, "/login/"); ok {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "secret-of-" + name, Path: "/"})
			who = name
		} else if c, err := r.Cookie("sid"); err == nil {
			who = strings.TrimPrefix(c.Value, "secret-of-")
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<link rel=icon href=data:,><p>this is %s<script>console.warn(document.cookie);"+
			"const h = {Authorization: 'Bearer %s'}; console.log(h.Authorization); fetch('/api', {headers: h})</script>", who, bearer)
	}))
	defer s.Close()
	dir := write(t, map[string]string{"a.sess": strings.ReplaceAll(`
		open URL/login/alice; open URL/account; rename 1 alice
		new bob; open URL/login/bob; open URL/account
		use alice
		as bob
			! as alice; fail 'as it must'; end
			open URL/account; wait request /api
			section 'bob is alice'; ls; expect text 'this is alice' --timeout 100ms
		end
		section after`, "URL", s.URL)})
	kept := filepath.Join(dir, "kept")
	code, out, errs := sessdriver(t, "", "run", "-v", "--artifacts", kept, dir)
	if code != exitAssertion || !strings.Contains(out, "a.sess: after: not run\n") || !strings.Contains(out, "0 passed, 1 failed, 1 not run in") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	read := func(name string) string {
		found, _ := filepath.Glob(filepath.Join(kept, "*-a", name))
		if len(found) != 1 {
			t.Fatalf("of %s there are %q", name, found)
		}
		content, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	if text := read("page-unmasked.txt"); text != "this is bob\n" {
		t.Errorf("the page is %q", text)
	}
	requests := strings.Split(strings.TrimSpace(read("requests.txt")), "\n")
	if last := requests[len(requests)-1]; !strings.Contains(last, " bob GET "+s.URL+"/api ") {
		t.Errorf("the last request is %q", last)
	}
	console := read("console.txt")
	if strings.Contains(console, bearer) || strings.Contains(console, "secret-of") {
		t.Errorf("the console has a secret: %s", console)
	}
	if cookie := regexp.MustCompile(`sid=\(13:[0-9a-f]{4}\)`).FindString(console); cookie == "" || !strings.Contains(out, cookie) {
		t.Errorf("bob's cookie is %q in the console, and in the output: %s", cookie, out)
	}
}
