package cdp

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/storage"

	"sessdriver/cdp/internal/force"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// A session that is lost from the jar, whoever did that, is put back and told, and one
// that was ended is ended: by an answer to it, or by a script.
func TestLostSession(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser(noReload)
	run := func(name string, script bool, test func(t *testing.T, site string)) {
		t.Run(name, func(t *testing.T) {
			r.t, w.t = t, t
			site := strings.ReplaceAll(name, " ", "-") + ".test"
			httpOnly := func(c *sessions.Cookie) { c.HTTPOnly = !script }
			r.login(site, "alice", httpOnly)
			r.login(site, "bob", httpOnly)
			r.use(site, "alice")
			r.open(w.page(site))
			test(t, site)
		})
		r.t, w.t = t, t
	}
	fetch := func(site, name string, more ...string) hit {
		return w.fetches(r, name+"-"+site, more...)
	}
	back := func(t *testing.T, site, cause string) {
		t.Helper()
		if !r.soon(func() bool {
			return r.noticed(site + `: the browser lost cookies of "bob", and they were put back: ` + cause)
		}) {
			t.Errorf("no notice of %s: %q; the jar has %s", cause, r.told(), values(r.jarFor(site)))
		}
		r.until("bob's cookies to be back", func() bool { return strings.Contains(values(r.jarFor(site)), "session=bob-session; sid=bob-sid") })
		fetch(site, "back").is(t, "bob")
		if s := r.session(site, "sid", "bob-sid"); s.State != sessions.Live {
			t.Errorf("bob is %v", s.State)
		}
	}
	ended := func(t *testing.T, site string) {
		t.Helper()
		r.until("bob to be logged out", func() bool {
			bob, err := r.book.Session(r.ref(site, "bob"), time.Now())
			return err == nil && bob.State == sessions.LoggedOut
		})
		time.Sleep(2 * force.JarPace) // the jar is compared meanwhile
		if jar := values(r.jarFor(site)); strings.Contains(jar, "bob") {
			t.Errorf("the jar has %s", jar)
		}
		if h := fetch(site, "ended"); strings.Contains(h.cookie, "bob") || strings.Contains(h.cookie, "alice") {
			t.Errorf("%v: want nobody", h)
		}
		if r.noticed(site + ": the browser lost") {
			t.Errorf("told: %q", r.told())
		}
	}
	begin := func(t *testing.T, site, more string) {
		t.Helper()
		script := fmt.Sprintf("window.late = fetch('/hit/late-%s?hold=%s&%s', {credentials: 'include'})", site, site, more)
		evalAt(t, r.currentTab().Link, "("+script+", '')")
		w.until("the late one", func() bool { return len(w.seen(func(h hit) bool { return h.name == "late-"+site })) > 0 })
		r.use(site, "bob")
	}

	clear := func(t *testing.T) {
		t.Helper()
		if _, err := wire.Call(r.ctx(), r.link, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: r.targets.ContextOf(sessions.Main)}); err != nil {
			t.Fatal(err)
		}
	}

	run("late logout that clears", true, func(t *testing.T, site string) {
		begin(t, site, "clear")
		w.release(site)
		evalAt(t, r.currentTab().Link, "late.then(() => '')")
		back(t, site, "an answer to another session cleared")
		alice, err := r.book.Session(r.ref(site, "alice"), time.Now())
		if err != nil || alice.State != sessions.LoggedOut {
			t.Errorf("alice is %v (%v)", alice.State, err)
		}
	})
	run("own logout that clears", false, func(t *testing.T, site string) {
		r.use(site, "bob")
		fetch(site, "logout", "clear")
		ended(t, site)
	})
	run("late logout", true, func(t *testing.T, site string) { // a race as ever: nothing is told
		begin(t, site, "set="+url.QueryEscape("sid=; Max-Age=0; Domain="+site+"; Path=/; Secure"))
		w.release(site)
		evalAt(t, r.currentTab().Link, "late.then(() => '')")
		fetch(site, "after").is(t, "bob")
		r.until("bob's cookies to be back", func() bool { return strings.Contains(values(r.jarFor(site)), "session=bob-session; sid=bob-sid") })
		if r.noticed(site + ": the browser lost") {
			t.Errorf("told: %q", r.told())
		}
	})
	for _, script := range []bool{true, false} {
		name := map[bool]string{true: "cleared though scripts see it", false: "cleared"}[script]
		run(name, script, func(t *testing.T, site string) {
			r.use(site, "bob")
			r.isQuiet()
			clear(t)
			back(t, site, "the browser's cookies were cleared")
		})
	}
	run("evicted", true, func(t *testing.T, site string) {
		// That all was cleared a moment before is no cause of what comes after it.
		if _, err := r.Unset(r.ctx(), site, true); err != nil {
			t.Fatal(err)
		}
		other := "other-" + site
		r.login(other, "carol")
		r.use(other, "carol")
		clear(t)
		r.until("the clear to be told", func() bool { return r.noticed(other + `: the browser lost cookies of "carol"`) })
		r.use(site, "bob")
		r.isQuiet()
		evalAt(t, r.currentTab().Link, `(async () => { for (let i = 0; i < 250; i++) document.cookie = 'filler' + i + '=x; Secure; Path=/'; return '' })()`)
		back(t, site, "the browser keeps at most 180 cookies of a site")
	})
	take := func(site string) {
		evalAt(t, r.currentTab().Link, fmt.Sprintf(`(document.cookie = 'sid=; Max-Age=0; Domain=%[1]s; Path=/; Secure', document.cookie = 'session=; Max-Age=0; Domain=%[1]s; Path=/; Secure', '')`, site))
	}
	run("taken by a script", true, func(t *testing.T, site string) {
		r.use(site, "bob")
		take(site)
		ended(t, site)
	})
	run("taken by a script while another waits", true, func(t *testing.T, site string) {
		begin(t, site, "")
		take(site)
		ended(t, site)
		w.release(site)
	})
	run("taken while an answer may come untold", true, func(t *testing.T, site string) {
		r.force.Inside().Untold(time.Minute, time.Now())
		r.use(site, "bob")
		take(site)
		back(t, site, "a response to another session may have deleted them")
	})
	run("emptied", false, func(t *testing.T, site string) {
		r.use(site, "bob")
		for _, name := range []string{"sid", "session"} {
			fetch(site, "logout-"+name, "set="+url.QueryEscape(name+"=; Domain="+site+"; Path=/; Secure; SameSite=None"))
		}
		ended(t, site)
		r.use(site, "alice")
		fetch(site, "alice").is(t, "alice")
	})
	run("network service", false, func(t *testing.T, site string) {
		r.use(site, "bob")
		r.isQuiet()
		killNetwork(t, r.process.PID())
		back(t, site, "the browser's cookies were cleared")
	})
}

// killNetwork kills the network service of a browser.
func killNetwork(t *testing.T, browser int) {
	t.Helper()
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(line, []byte("--utility-sub-type=network.mojom.NetworkService")) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		for up := pid; up > 1; up = parentOf(up) {
			if up == browser {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	t.Skip("the browser has no network service of its own")
}

// parentOf is the parent of a process, 0 where it is not known.
func parentOf(pid int) int {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
