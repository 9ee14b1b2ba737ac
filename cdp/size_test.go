package cdp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sessdriver/sessions"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{"1280x720": {1280, 720}, "390X844": {390, 844}, "100x10000": {100, 10_000}} {
		if got, err := ParseSize(text); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "1280", "1280x", "x720", "1280x720x1", "1280,720", "1280 x 720", "99x720", "1280x10001", "-1280x720", "1e3x720", "0x0"} {
		if got, err := ParseSize(text); got != (Size{}) || err == nil || !strings.Contains(err.Error(), "size") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// sizeServer remembers how large pages find their window to be, from their first script on.
func sizeServer(t *testing.T) (url string, seen chan string) {
	seen = make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/seen" {
			seen <- r.URL.RawQuery
			return
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><script>
			fetch('/seen?' + [innerWidth, innerHeight, innerWidth <= screen.availWidth && innerHeight <= screen.availHeight,
				matchMedia('(width: ' + innerWidth + 'px) and (height: ' + innerHeight + 'px)').matches])</script>`)
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

// Pages have the size that was asked for in each window, whatever lies around them: from
// their first script on, and in tabs beside.
func TestWindowSize(t *testing.T) {
	t.Parallel()
	visible := func(o *Options) {
		o.Headless, o.Arguments = false, append(o.Arguments, "--ozone-platform=headless", "--ozone-override-screen-size=1920,1080")
	}
	popups := func(o *Options) { o.Arguments = append(o.Arguments, "--disable-popup-blocking") }
	next := func(r *rig, seen chan string) string {
		select {
		case text := <-seen:
			return text
		case <-r.ctx().Done():
			return "nothing"
		}
	}
	sized := func(width, height int) func(*Options) {
		return func(o *Options) { o.WindowSize = Size{width, height} }
	}
	for name, test := range map[string]struct {
		size   Size
		change []func(*Options)
	}{
		"headless":              {HeadlessSize, nil},
		"headless, as asked":    {Size{1000, 1500}, []func(*Options){sized(1000, 1500)}},
		"headless, as of phone": {Size{390, 844}, []func(*Options){sized(390, 844)}},
		"headless, as of run":   {Size{800, 600}, []func(*Options){sized(800, 600), func(o *Options) { o.Apart = true }}},
		"headless, other kind":  {Size{1000, 1500}, []func(*Options){sized(1000, 1500), func(o *Options) { o.Path = quick(t) }}},
		"visible, as asked":     {Size{900, 600}, []func(*Options){visible, sized(900, 600)}},
	} {
		t.Run(name, func(t *testing.T) {
			url, seen := sizeServer(t)
			r := launch(t, append([]func(*Options){whole(t), popups}, test.change...)...)
			want := fmt.Sprintf("%d,%d,true,true", test.size.Width, test.size.Height)
			r.open(url)
			if got := next(r, seen); got != want {
				t.Errorf("the main window: %s, want %s", got, want)
			}
			if _, err := r.OpenWindow(r.ctx(), "bob", sessions.Ref{}, url); err != nil {
				t.Fatal(err)
			}
			if got := next(r, seen); got != want {
				t.Errorf("another window: %s, want %s", got, want)
			}
			run(r, `open('/')`)
			if got := next(r, seen); got != want {
				t.Errorf("a tab beside: %s, want %s", got, want)
			}
		})
	}
}
