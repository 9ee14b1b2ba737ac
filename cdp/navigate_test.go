package cdp

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
)

// TestOpenAfterUse: what a switch reloads may still be on its way when the next
// page is opened, and is not taken for it.
func TestOpenAfterUse(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	r := launch(t, func(o *Options) { o.Arguments = []string{resolve} })
	const site = "quick.test"
	c.pair(r, site, "/")
	for i := range size(6, 15) {
		name := []string{"bob", "alice"}[i%2]
		if _, err := r.Use(r.ctx(), r.ref(site, name), false); err != nil {
			t.Fatal(err)
		}
		url := c.at(site, fmt.Sprintf("/page/%d", i))
		r.open(url)
		if r.Location() != url {
			t.Fatalf("open answered at %s, want %s", r.Location(), url)
		}
		if got, want := r.title(), "GET sid="+name; got != want {
			t.Errorf("the page is %q, want %q", got, want)
		}
		if _, err := r.Use(r.ctx(), r.ref(site, []string{"alice", "bob"}[i%2]), false); err != nil {
			t.Fatal(err)
		}
		if err := r.Reload(r.ctx()); err != nil {
			t.Fatal(err)
		}
		if got, want := r.title(), "GET sid="+[]string{"alice", "bob"}[i%2]; got != want {
			t.Errorf("reloaded, the page is %q, want %q", got, want)
		}
	}
}

func TestNavigate(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/file":
			w.Header().Set("Content-Disposition", "attachment")
		case "/script":
			fmt.Fprint(w, "<script>location = '/page'</script>")
		case "/wait":
			asked <- q.URL.Path
			<-q.Context().Done()
		case "/old":
			http.Redirect(w, q, "/page", http.StatusFound)
		default:
			fmt.Fprint(w, "<title>there</title>")
		}
	}))
	t.Cleanup(s.Close)
	r := launch(t, whole(t))
	for _, test := range []struct{ path, location, err string }{
		{"/page", "/page", ""},
		{"/page#part", "/page#part", ""},
		{"/page", "/page", ""},
		{"/page", "/page", ""},
		{"/old?q", "/page", ""},
		{"/empty", "/page", "opening URL/empty: the tab stays as it was: the answer is a download or has no content"},
		{"/file?secret", "/page", "opening URL/file?…: the tab stays as it was: the answer is a download or has no content"},
	} {
		err := r.Open(r.ctx(), s.URL+test.path)
		if got := strings.ReplaceAll(fmt.Sprint(err), s.URL, "URL"); err != nil && got != test.err || err == nil && test.err != "" {
			t.Errorf("%s: %s", test.path, got)
		}
		r.until("the tab at "+test.location, func() bool { return r.Location() == s.URL+test.location })
	}
	// A page that goes on by a script has loaded all the same.
	r.open(s.URL + "/script")
	r.until("the script's page", func() bool { return r.Location() == s.URL+"/page" })
	dead := httptest.NewServer(nil)
	dead.Close()
	if err := r.Open(r.ctx(), dead.URL+"/?secret"); err == nil || err.Error() != "opening "+dead.URL+"/?…: net::ERR_CONNECTION_REFUSED" {
		t.Error(err)
	}
	r.open(s.URL + "/page")
	if err := r.Reload(r.ctx()); err != nil || r.title() != "there" {
		t.Error(err, r.title())
	}

	// Chrome drops a reload while it commits another document.
	for i := range size(8, 15) {
		evalAt(t, r.currentTab().Link, fmt.Sprintf("setTimeout(() => location = '/page/%d'), ''", i))
		time.Sleep(time.Duration(2*i) * time.Millisecond) // to meet the moment
		if err := r.Reload(r.ctx()); err != nil {
			t.Fatal(i, err)
		}
	}

	// The tab is closed by hand while it loads.
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-asked
		wire.Send(r.link, target.CloseTarget, target.CloseTargetParams{TargetID: r.currentTab().ID}, nil)
	}()
	tab := r.tab("about:blank")
	r.pages.mu.Lock()
	r.pages.current = tab.ID
	r.pages.mu.Unlock()
	if err := r.Open(r.ctx(), s.URL+"/wait"); err == nil || err.Error() != "opening "+s.URL+"/wait: the tab was closed" {
		t.Error("opening in a tab that is closed:", err)
	}
	<-closed
}

// Another place of the document that a switch is just showing anew: the page is the new
// session's, at that place.
func TestOpenFragmentAfterUse(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	r.both("alice")
	for _, page := range []string{w.page("shop.test"), w.origin("shop.test") + "/page?a=b#old"} {
		for i, route := range []string{"#/route", "#/other", "#"} {
			r.open(page)
			name := []string{"bob", "alice"}[i%2]
			run(r, "window.was = 'here'")
			before := w.count()
			if _, err := r.Use(r.ctx(), r.ref("shop.test", name), false); err != nil {
				t.Fatal(err)
			}
			address, _, _ := strings.Cut(page, "#")
			r.open(strings.Replace(address, "shop.test", "SHOP.test", 1) + route)
			if err := r.Reloaded(r.ctx()); err != nil {
				t.Error(err)
			}
			if got := eval[string](r, "location.href + (window.was ?? '')"); got != address+route {
				t.Errorf("the page is %q, want %q, anew", got, address+route)
			}
			hits := w.seenFrom(before, func(h hit) bool { return strings.HasPrefix(h.name, "/page") })
			if len(hits) != 1 {
				t.Errorf("the server saw %v", hits)
			}
			for _, h := range hits {
				h.is(t, name)
			}
			if r.Location() != address+route {
				t.Errorf("the location is %q", r.Location())
			}
		}
	}
}
