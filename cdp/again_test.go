package cdp

import (
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

// TestAgain uses one process several times: nothing of the use before is there in the
// next, and what it forced is not.
func TestAgain(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser()
	pid := r.process.PID()
	for i := range 3 {
		if len(r.Windows()) != 1 || len(r.Tabs()) != 1 {
			t.Fatalf("use %d begins with %v and %v", i, r.Windows(), r.Tabs())
		}
		jar, err := r.Jar(t.Context())
		if err != nil || len(jar) > 0 || len(r.book.Sites()) > 0 {
			t.Fatalf("use %d begins with %v, %v (%v)", i, jar, r.book.Sites(), err)
		}
		r.open(w.loginPage("shop.test", "alice"))
		if left, err := r.Eval(t.Context(), "localStorage.left"); err != nil || left != "null" {
			t.Errorf("use %d: storage of the one before: %s (%v)", i, left, err)
		}
		if _, err := r.Eval(t.Context(), `localStorage.left = 1; navigator.serviceWorker.register(`+"`/hit/sw?type=text/javascript&body=onfetch=e=>e.respondWith(new+Response('left'))`"+`, {scope: '/'}).then(() => 1)`); err != nil {
			t.Error(err)
		}
		found := r.session("shop.test", "sid", "alice.sid")
		if err := r.book.Rename(found.Ref(), "alice"); err != nil {
			t.Fatal(err)
		}
		r.open(w.page("shop.test")) // not the login, which New would load anew
		if _, err := r.New(t.Context(), "shop.test", "bob", true); err != nil {
			t.Fatal(err)
		}
		from := w.count()
		r.open(w.page("shop.test"))
		for _, h := range w.seenFrom(from, func(h hit) bool { return strings.Contains(h.carried(), "sid") }) {
			t.Errorf("use %d: %v as bob, who has no cookies", i, h)
		}
		r.window("w2", "shop.test", "alice", w.page("shop.test"))
		if n := len(r.Windows()); n != 2 {
			t.Errorf("use %d: %d windows", i, n)
		}

		before := r.Browser
		o := before.options
		r.book = sessions.New(sessions.Options{Defaults: sessions.StandardDefaults(), Notify: r.notify})
		o.Book = r.book
		began := time.Now()
		next, err := before.Again(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		r.Browser = next
		t.Logf("again after %v", time.Since(began))
		if err := before.Close(); err != nil {
			t.Error(err)
		}
		if r.process.PID() != pid {
			t.Error("another process")
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Again(t.Context(), r.Browser.options); err == nil {
		t.Error("a browser that is closed is used again")
	}
}
