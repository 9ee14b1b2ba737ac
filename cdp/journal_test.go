package cdp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/cdp/internal/force"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// killed ends a run as SIGKILL does: nothing is said to the browser.
func (r *rig) killed() { r.Browser.closing.Do(r.Browser.abandon) }

// TestJournal: an attached browser gets its cookies back from the next run when
// one was killed.
func TestJournal(t *testing.T) {
	t.Parallel()
	server := members(t)
	f := startForeign(t)
	app := f.tab("about:blank")
	f.visit(app, at(server, "app.test", "/login/alice"))
	f.visit(app, at(server, "app.test", "/home"))
	jar, tabs := f.jar(), f.tabs()
	state := t.TempDir()
	attach := func() *rig { return f.attach(f.port, func(o *Options) { o.State = state }) }
	files := func() (list []string) {
		filepath.WalkDir(state, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && d.Name() != "owner" {
				info, _ := d.Info()
				list = append(list, filepath.Base(path)+" "+info.Mode().String())
			}
			return nil
		})
		return list
	}

	r := attach()
	if list := files(); len(list) > 0 {
		t.Errorf("nothing is changed, and there is %q", list)
	}
	r.add(at(server, "app.test", "/"), "bob", "sid=bob1; PHPSESSID=bob2")
	r.use("app.test", "bob")
	evalAt(t, app, "document.cookie = 'PHPSESSID=bob9; domain=app.test; path=/'") // the site goes on with it
	if list := files(); len(list) != 1 || list[0] != force.JournalFile+" -rw-------" {
		t.Errorf("the journal is %q", list)
	}
	_, err := Attach(t.Context(), f.socket, newRig(t).options(func(o *Options) { o.State = state }))
	if want := fmt.Sprintf("sessdriver process %d drives this browser already", os.Getpid()); !errors.Is(err, ErrNoBrowser) || !strings.Contains(err.Error(), want) {
		t.Errorf("a second driver: %v, want %q", err, want)
	}
	r.killed()

	r = attach()
	if !r.noticed("app.test: the last run was killed; its changes to the cookies were taken back") {
		t.Errorf("told %q", r.told())
	}
	f.same("after the kill", jar, tabs)
	has := func(s sessions.Session) bool { return len(s.Tokens) == 2 && s.Tokens[1].Value == "alice2" }
	if list := r.book.Sessions("app.test", time.Now()); !slices.ContainsFunc(list, has) { // a late request may show bob, too
		t.Errorf("the sessions are %+v", list)
	}
	if list := files(); len(list) > 0 {
		t.Errorf("the journal is still there: %q", list)
	}

	// Put back in the ordinary way, it goes.
	r.add(at(server, "app.test", "/"), "bob", "sid=bob1")
	r.use("app.test", "bob")
	if _, err := r.Unset(r.ctx(), "app.test", true); err != nil || len(files()) > 0 {
		t.Errorf("after unset: %v, %q", err, files())
	}
	r.use("app.test", "bob")
	r.close()
	f.same("close", jar, tabs)
	if list, _ := os.ReadDir(state); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}

	// What cannot be read is not lost.
	r = attach()
	r.add(at(server, "app.test", "/"), "bob", "sid=bob1")
	r.use("app.test", "bob")
	r.killed()
	broken, _ := filepath.Glob(filepath.Join(state, "*", force.JournalFile))
	if err := os.WriteFile(broken[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := newRig(t).options(func(o *Options) { o.State = state })
	if b, err := Attach(t.Context(), f.port, o); fault.Of(err) != fault.BadJournal || !strings.Contains(err.Error(), broken[0]) || errors.Is(err, ErrNoBrowser) {
		t.Errorf("attached all the same: %v, %v", b, err)
	}
	if text, err := os.ReadFile(broken[0]); err != nil || string(text) != "{" {
		t.Errorf("the journal is %q, %v", text, err)
	}
}

// What is put back are the present tokens of the user's own session: the server has replaced
// those that the jar held at first, which are dead.
func TestJournalRenewed(t *testing.T) {
	t.Parallel()
	server := members(t)
	f := startForeign(t)
	app := f.tab("about:blank")
	f.visit(app, at(server, "app.test", "/login/alice"))
	state := t.TempDir()
	attach := func() *rig { return f.attach(f.port, func(o *Options) { o.State = state }) }
	r := attach()
	r.add(at(server, "app.test", "/"), "bob", "sid=bob1; PHPSESSID=bob2")
	r.use("app.test", "bob")
	r.use("app.test", "Session 1")
	f.visit(app, at(server, "app.test", "/login/renewed"))
	r.until("the journal to have what the server gave", func() bool {
		files, _ := filepath.Glob(filepath.Join(state, "*", force.JournalFile))
		text, err := os.ReadFile(files[0])
		return err == nil && strings.Contains(string(text), "renewed1") && strings.Contains(string(text), "renewed2")
	})
	r.use("app.test", "bob")
	r.killed()
	r = attach()
	got := map[string]string{}
	for _, c := range f.jar() {
		got[c.Name] = c.Value
	}
	if got["sid"] != "renewed1" || got["PHPSESSID"] != "renewed2" {
		t.Errorf("put back are %v, want the renewed tokens", got)
	}
	r.close()
}
