package cdp

import (
	"net/http"
	"net/http/httptest"
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
