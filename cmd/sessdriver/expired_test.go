package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestGivenSessionExpired: a server that does not know the cookie of --session takes the
// request for a visitor's. That is reported, with what to type, and what is to be typed works.
func TestGivenSessionExpired(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		c, err := r.Cookie("sid")
		switch {
		case err != nil || c.Value == "expired" && r.URL.Path == "/login":
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "visitor", Path: "/"})
		case c.Value == "expired":
			http.Redirect(w, r, "/login", http.StatusFound)
		}
		w.Write([]byte(`<link rel="icon" href="data:,"><title>page</title>`))
	}))
	defer server.Close()
	for value, reported := range map[string]int{"expired": 1, "known": 0} {
		code, out, text := sessdriver(t, "", server.URL+"/account", "--headless", "--show-secrets", "--session", "alice=sid="+value, "--use", "alice", "-c",
			"open "+server.URL+"/account; session show alice")
		if n := strings.Count(text, "the one given with --session may have expired; see: session show 1; to go back to it: session revert 1"); code != 0 || n != reported {
			t.Errorf("%s: code %d, reported %d times, want %d:\n%s%s", value, code, n, reported, out, text)
		}
		if strings.Contains(text, "new login") {
			t.Errorf("%s: a visitor's cookie was reported as a login:\n%s", value, text)
		}
	}
}
