package cdp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// popupSite has a page that opens others, whose documents come late: when the switch has
// been made they are alice's still.
type popupSite struct {
	busySite
	late chan struct{} // closed when they may come
}

func (s *popupSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/popup" {
		s.busySite.ServeHTTP(w, r)
		return
	}
	c, _ := r.Cookie("sid")
	by := "alice" // a URL with a token in it is not asked for again
	if r.Method == "GET" && r.Header.Get("Cache-Control") == "no-cache" {
		by = "" // it is our reload
	}
	s.mu.Lock()
	s.asked = append(s.asked, fmt.Sprintf("/popup by=%s as=%s", by, c.Value))
	s.mu.Unlock()
	if c.Value == "alice" {
		select {
		case <-s.late:
		case <-r.Context().Done():
		}
	}
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Cache-Control", "no-store")
	// As whom it came is whose page it is.
	fmt.Fprintf(w, `<!doctype html><link rel=icon href=data:,><title>%[1]s</title><script src="/blocks?by=%[1]s"></script>
		<script>setInterval(() => fetch('/in-popup?by=%[1]s'), 20)</script><iframe src="/frame?by=%[1]s"></iframe>`, c.Value)
	io.WriteString(w, "\n")
}

// What a document opened just before the switch is of the session before, as the
// document itself is: what it asks for once it is there, too.
func TestLeavingPopups(t *testing.T) {
	for name, open := range map[string]string{
		"popup":      `open('/popup')`,
		"noopener":   `open('/popup', '_blank', 'noopener')`,
		"link":       `const a = document.createElement('a'); a.target = '_blank'; a.href = '/popup'; a.click()`,
		"form":       `const f = document.createElement('form'); f.target = '_blank'; f.action = '/popup'; f.method = 'post'; document.body.append(f); f.submit()`,
		"all along":  `setInterval(() => open('/popup'), 25)`,
		"posts":      `const f = document.createElement('form'); f.target = '_blank'; f.action = '/popup'; f.method = 'post'; document.body.append(f); setInterval(() => f.submit(), 25)`,
		"by scripts": `const w = open('about:blank'); setInterval(() => w.fetch('/in-popup?by=alice'), 10); open('/popup')`,
	} {
		t.Run(name, func(t *testing.T) {
			s := &popupSite{late: make(chan struct{})}
			s.Server = httptest.NewServer(s)
			t.Cleanup(s.Close)
			r := launch(t, whole(t), func(o *Options) { o.Arguments = []string{resolve, "--disable-popup-blocking"} })
			const site = "popup.test"
			page := at(s.Server, site, "/page")
			r.add(page, "alice", "sid=alice")
			r.add(page, "bob", "sid=bob")
			r.use(site, "alice")
			r.open(page)
			run(r, open)
			r.until("the popup to be asked for", func() bool { return s.sees("/popup by=alice as=alice") })
			if _, err := r.Use(r.ctx(), r.ref(site, "bob"), false); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			close(s.late)
			r.until("bob's page", func() bool { return s.sees("/in-frame by=bob as=bob") })
			if name != "by scripts" {
				r.until("bob's popup", func() bool { return s.sees("/in-popup by=bob as=bob") })
			}
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("it took %v: something waited for what was held", took)
			}
			time.Sleep(300 * time.Millisecond) // what is wrong would come by now
			wrong := s.strangers()
			if len(wrong) > 10 {
				wrong = append(wrong[:10], "…")
			}
			if len(wrong) > 0 {
				t.Errorf("the page of one asked as the other: %q", wrong)
			}
			r.nothingPaused()
		})
	}
}
