package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is kept of a failure tells what was asked for, as whom, and what pages said; secrets
// are masked in all but the page itself. The next script finds nothing of it.
func TestArtifacts(t *testing.T) {
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
		"requests.txt":      " GET " + s.URL + "/two 200 document: nothing is forced\n",
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
