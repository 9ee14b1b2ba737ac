package cdp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
)

// spa serves the single-page application of testdata. It knows its users by the
// bearer token alone.
type spa struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string // of /api/me: host, Authorization, Cookie
}

func newSPA(t *testing.T) *spa {
	page, err := os.ReadFile("../testdata/spa/index.html")
	if err != nil {
		t.Fatal(err)
	}
	s := &spa{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		switch r.URL.Path {
		case "/api/login":
			name, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "token-of-%s", name)
		case "/api/me":
			s.mu.Lock()
			host, _, _ := strings.Cut(r.Host, ":")
			s.calls = append(s.calls, strings.TrimSpace(host+" "+r.Header.Get("Authorization")+" "+r.Header.Get("Cookie")))
			s.mu.Unlock()
			name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer token-of-")
			if !ok {
				w.WriteHeader(http.StatusUnauthorized)
			}
			io.WriteString(w, name)
		default:
			w.Header().Set("Content-Type", "text/html")
			w.Write(page)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *spa) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[len(s.calls)-1]
}

func swaps(o *Options) {
	o.Storage, o.Arguments = StorageSwap, append(o.Arguments, resolve)
}

// whomItShows is the title of the application, once it has shown its user.
const whomItShows = "(async () => { while (!window.shown) await new Promise(next => setTimeout(next, 10)); await shown; return document.title })()"

// shows waits until the page has shown its user and gives its title.
func (r *rig) shows() string {
	r.t.Helper()
	return evalAt(r.t, r.currentTab().Link, whomItShows)
}

// newSession makes a session and waits for the reloads.
func (r *rig) newSession(site, name string) {
	r.t.Helper()
	if _, err := r.New(r.ctx(), site, name, true); err != nil {
		r.t.Fatal(err)
	}
}

// After a switch the page of a single-page application is not still alice.
func TestSinglePageApp(t *testing.T) {
	t.Parallel()
	s := newSPA(t)
	r := launch(t, swaps)
	page := at(s.Server, "spa.test", "/")
	want := func(title, first string) {
		t.Helper()
		if got := r.shows(); got != title {
			t.Errorf("the page shows %q, want %q", got, title)
		}
		if got := r.eval("first"); got != first {
			t.Errorf("its first script found %s, want %s", got, first)
		}
	}
	const nothing = "[{},{}]"
	of := func(name string) string {
		return fmt.Sprintf(`[{"token":"token-of-%[1]s","user":%[1]q,"leftAs":%[1]q},{"at":"basket-of-%[1]s"}]`, name)
	}
	shown := func(name string) string { return name + " " + name + " basket-of-" + name }

	r.open(page)
	r.eval("login('carol')") // while nothing is forced
	r.newSession("spa.test", "alice")
	want("nobody - -", nothing)
	r.eval("login('alice')")
	r.newSession("spa.test", "bob")
	want("nobody - -", nothing)
	r.eval("login('bob')")
	r.use("spa.test", "alice")
	want(shown("alice"), of("alice"))
	if got := s.last(); got != "spa.test Bearer token-of-alice" {
		t.Errorf("the server saw %q", got)
	}
	r.open(page + "?later") // the storage of a session is put there once
	r.eval("localStorage.setItem('more', 'x')")
	r.open(page + "?later still")
	if got := r.eval("localStorage.more"); got != "x" {
		t.Error("what the page wrote after the switch is gone")
	}
	r.eval("localStorage.removeItem('more')")

	// Another origin of the site, which no tab shows during the switch.
	other := at(s.Server, "app.spa.test", "/")
	r.open(other)
	r.eval("login('alice')")
	r.open(page)
	want(shown("alice"), of("alice"))
	r.use("spa.test", "bob")
	want(shown("bob"), of("bob"))
	r.open(other)
	want("nobody - -", nothing)
	r.eval("login('bob')")
	r.use("spa.test", "alice")
	want(shown("alice"), of("alice"))

	// A tab that is opened by a page gets its sessionStorage, as the browser has it.
	r.eval(fmt.Sprintf("void open(%q)", other+"?popup"))
	r.until("the popup", func() bool { return len(r.Tabs()) == 2 })
	if err := r.SelectTab(r.ctx(), 2); err != nil {
		t.Fatal(err)
	}
	r.until("its page", func() bool { return strings.HasSuffix(r.Location(), "popup") })
	want(shown("alice"), of("alice"))

	// Two tabs, of which bob has been in one, and then back to before.
	elsewhere := func(name string) string { return strings.Replace(of(name), `{"at":"basket-of-`+name+`"}`, "{}", 1) }
	r.use("spa.test", "bob")
	want("bob bob -", elsewhere("bob"))
	if _, err := r.Unset(r.ctx(), "spa.test", true); err != nil {
		t.Fatal(err)
	}
	want("nobody - -", nothing) // of app.spa.test, which carol never saw
	r.open(page)
	want("carol carol -", elsewhere("carol"))
	if err := r.SelectTab(r.ctx(), 1); err != nil {
		t.Fatal(err)
	}
	r.open(page)
	want(shown("carol"), of("carol"))
}

// An application that keeps its cookie in localStorage, too, and sets it from there,
// does not bring the session before back.
func TestMirroredCookie(t *testing.T) {
	t.Parallel()
	s := newSPA(t)
	r := launch(t, swaps)
	page := at(s.Server, "spa.test", "/?mirror")
	r.open(page)
	for _, name := range []string{"alice", "bob"} {
		r.newSession("spa.test", name)
		r.shows()
		r.eval("login('" + name + "')")
	}
	for _, name := range []string{"alice", "bob", "alice"} {
		r.use("spa.test", name)
		r.shows()
		if got, want := s.last(), "spa.test Bearer token-of-"+name+" sid="+name+"-sid"; got != want {
			t.Errorf("the server saw %q, want %q", got, want)
		}
	}
	r.newSession("spa.test", "")
	r.shows()
	if got := s.last(); got != "spa.test" {
		t.Errorf("the server saw %q of a newcomer", got)
	}
}

// What a page does to the functions of storage, documents without an origin of their
// own, and storage that is too much to keep.
func TestStorageOfOddPages(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><link rel=icon href='data:,'><title>odd</title><script>
			const kept = localStorage.getItem('who');
			const set = localStorage.setItem.bind(localStorage);
			set('early', 'x'); // before the frames below, which are of the same origin, come
			for (const f of ['setItem', 'getItem', 'removeItem', 'clear', 'key']) Storage.prototype[f] = () => { throw new Error('no') };
			JSON.stringify = () => { throw new Error('no') };
			Array.prototype.includes = () => { throw new Error('no') };
			self.sessdriverSwapped = () => { throw new Error('seen') };
		</script><iframe src="data:text/html,data"></iframe><iframe sandbox=allow-scripts srcdoc="sandbox"></iframe><iframe srcdoc="srcdoc"></iframe><iframe></iframe>`)
	}))
	defer server.Close()
	r := launch(t, swaps)
	odd := at(server, "odd.test", "/")
	r.open(odd)
	for _, name := range []string{"alice", "bob"} {
		r.newSession("odd.test", name)
		r.title()
		if got := r.eval("kept"); got != "null" {
			t.Errorf("a newcomer finds %s", got)
		}
		r.eval("set('who', '" + name + "'), set('odd', '\\ud800\\u0000\u2028\"')") // half a character
	}
	r.use("odd.test", "alice")
	r.title()
	if got := r.eval("kept + ' ' + (localStorage.odd === '\\ud800\\u0000\u2028\"')"); got != "alice true" {
		t.Errorf("alice finds %s", got)
	}
	if got := r.eval("localStorage.early"); got != "x" {
		t.Error("what the page wrote first is gone: a frame has swapped once more")
	}
	if notes := r.notes(); len(notes) != 0 {
		t.Errorf("told: %q", notes)
	}

	r.wire.Do(func() { *r.force.Inside().MaxStored() = 100 })
	r.eval("set('much', 'x'.repeat(101))")
	for range 2 { // told once
		r.use("odd.test", "bob")
		r.title()
		r.open(odd)
		if got := r.eval("kept"); got != "alice" {
			t.Errorf("half of it was swapped: %s", got)
		}
		r.use("odd.test", "alice")
	}
	notes := r.notes()
	if len(notes) != 1 || !strings.HasPrefix(notes[0], odd[:len(odd)-1]+": its web storage stays that of another session: it holds more than can be kept") {
		t.Errorf("told: %q", notes)
	}
}

// IndexedDB and CacheStorage cannot be swapped: that is told, or they are emptied.
func TestOtherStorage(t *testing.T) {
	t.Parallel()
	const fill = `new Promise((done, failed) => {
		const open = indexedDB.open('db', 1);
		open.onupgradeneeded = () => open.result.createObjectStore('s').put('x'.repeat(1000), 'k');
		open.onsuccess = () => { open.result.close(); done() };
		open.onerror = failed;
	}).then(() => caches.open('c')).then(c => c.put('/x', new Response('x'))).then(() => localStorage.setItem('who', 'alice'))`
	const look = `Promise.all([indexedDB.databases(), caches.keys()]).then(([d, c]) => d.length + ' ' + c.length + ' ' + localStorage.who)`
	for policy, want := range map[StoragePolicy][3]string{
		StorageKeep:  {"1 1 alice", "1 1 alice", ""},
		StorageSwap:  {"1 1 undefined", "1 1 alice", "keeps data in IndexedDB and CacheStorage"},
		StorageClear: {"0 0 undefined", "0 0 undefined", ""},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := newWeb(t)
			r := w.browser(func(o *Options) { o.Storage = policy })
			r.both("alice")
			r.open(w.page("shop.test"))
			r.eval(fill)
			var notes []string
			for i, name := range []string{"bob", "alice"} {
				s := r.use("shop.test", name)
				r.title()
				if got := r.eval(look); got != want[i] {
					t.Errorf("%s finds %q, want %q", name, got, want[i])
				}
				notes = append(notes, s.Notes...)
			}
			if told := strings.Join(notes, "; "); (want[2] == "") != (told == "") || !strings.Contains(told, want[2]) {
				t.Errorf("told: %q, want %q", told, want[2])
			}
		})
	}
}

// Somebody else's browser gets its storage back, with what its pages show.
func TestStorageAttached(t *testing.T) {
	s := newSPA(t)
	f := startForeign(t)
	tab := f.tab("about:blank")
	f.visit(tab, at(s.Server, "spa.test", "/"))
	evalAt(t, tab, "login('alice')")
	shows := func(want string) {
		t.Helper()
		got := evalAt(t, tab, whomItShows)
		if got != want {
			t.Errorf("the page shows %q, want %q", got, want)
		}
	}
	for _, policy := range []StoragePolicy{StorageKeep, StorageSwap} {
		r := f.attach(f.port, func(o *Options) { o.Storage = policy })
		// The site has no cookie: it is known when its page is loaded.
		evalAt(t, tab, "fetch('/api/me').then(String)")
		r.until("the site", func() bool { return len(r.book.Sites()) == 1 })
		r.newSession("spa.test", "bob")
		if policy == StorageKeep {
			shows("alice alice basket-of-alice")
		} else {
			shows("nobody - -")
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		shows("alice alice basket-of-alice")
	}
}
