package cdp

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

func TestLaunch(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("<title>there</title>"))
	}))
	defer server.Close()
	r := launch(t, alone)
	r.open(server.URL + "/page?q=1")
	if got, want := r.Location(), server.URL+"/page?q=1"; got != want {
		t.Errorf("Location() = %q, want %q", got, want)
	}
}

// Without a home the browser writes nothing beside its profile.
func TestWithoutHome(t *testing.T) {
	t.Setenv("HOME", "")
	dir := t.TempDir()
	t.Chdir(dir)
	headed := func(o *Options) { o.Headless, o.Arguments = false, append(o.Arguments, "--ozone-platform=headless") } // all of a visible browser but the display
	r := launch(t, alone, whole(t), headed)
	r.open("about:blank")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) > 0 {
		t.Errorf("the browser left %v, %v", list, err)
	}
}
