package scripts

import (
	"errors"
	"strings"
	"testing"

	"sessdriver/sessions"
)

// relogin lets carol's session be taken over by another login.
func relogin(w *world) {
	x := w.Book.Sent(sessions.Request{Method: "POST", URL: "http://blog.test/login?pw=1", Header: "PHPSESSID=secret-d", Now: noon})
	w.Book.Received(x, sessions.Response{Now: noon, Cookies: []sessions.Cookie{{Name: "PHPSESSID", Value: "secret-e", Domain: "blog.test", Path: "/"}}})
}

func TestSessionShow(t *testing.T) {
	w := newWorld(t)
	relogin(w)
	check(t, "show", w.run("session show blog.test/carol").Text, `
blog.test: carol is live
#      WHEN  NAME       VALUE     SOURCE    URL
1      now   PHPSESSID  secret-d  user      -
2  *!  now   PHPSESSID  secret-e  response  http://blog.test/login?…`)
	w.Mask = sessions.NewMask([]byte("key"))
	if text := w.run("session show blog.test/carol").Text; strings.Contains(text, "secret") {
		t.Errorf("values are not masked:\n%s", text)
	}
}

func TestSessionRevert(t *testing.T) {
	w := newWorld(t)
	relogin(w)
	check(t, "revert", w.run("session revert blog.test/carol").Text, "blog.test: carol is back at PHPSESSID=secret-d")
	w.run("use blog.test/carol")
	w.browser.notes = []string{"blog.test/x was the answer to a POST"}
	check(t, "revert the active one", w.run("session revert blog.test/carol").Text, "blog.test: carol is back at PHPSESSID=secret-e; 1 tab reloaded\nblog.test/x was the answer to a POST")
	_, err := w.Run(t.Context(), "session revert bob")
	var nothing *sessions.NothingToRevertError
	if !errors.As(err, &nothing) {
		t.Errorf("nothing to go back to: error %v", err)
	}
}

// TestSessionRevertTo goes back to any change by its number, and forward again.
func TestSessionRevertTo(t *testing.T) {
	w := newWorld(t)
	relogin(w)
	check(t, "back", w.run("session revert blog.test/carol --to 1").Text, "blog.test: carol is back at PHPSESSID=secret-d")
	check(t, "forward", w.run("session revert blog.test/carol --to 2").Text, "blog.test: carol is back at PHPSESSID=secret-e")
	var missing *sessions.NoChangeError
	if _, err := w.Run(t.Context(), "session revert blog.test/carol --to 9"); !errors.As(err, &missing) || !strings.Contains(err.Error(), "session show carol") {
		t.Errorf("a change that is none: %v", err)
	}
	if _, err := w.Run(t.Context(), "session revert blog.test/carol --to x"); err == nil {
		t.Error("x was taken for a number")
	}
}

// withheld lets the reload of a page of the session that is forced bring another login.
func (w *world) withheld(url, header string, c sessions.Cookie) {
	for _, reload := range []bool{false, false, true} {
		x := w.Book.Sent(sessions.Request{URL: url, Header: header, Method: "GET", Document: true, Reload: reload, Now: noon})
		a := sessions.Response{Now: noon}
		if reload {
			a.Cookies = []sessions.Cookie{c}
		}
		w.Book.Received(x, a)
	}
}

// TestSessionAccept takes over what the answer to a reload brought.
func TestSessionAccept(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Run(t.Context(), "session accept blog.test/carol"); err == nil || !strings.Contains(err.Error(), "session show carol") {
		t.Errorf("nothing is there to accept: %v", err)
	}
	w.run("use blog.test/carol")
	w.withheld("http://blog.test/", "PHPSESSID=secret-d", sessions.Cookie{Name: "PHPSESSID", Value: "secret-e", Domain: "blog.test", Path: "/"})
	if text := w.run("session show blog.test/carol").Text; !strings.Contains(text, "session accept carol") {
		t.Errorf("show does not say what was withheld:\n%s", text)
	}
	check(t, "accept", w.run("session accept blog.test/carol").Text, "blog.test: carol has the new login: PHPSESSID=secret-e; 1 tab reloaded")
	check(t, "split", w.run("session split blog.test/carol erin").Text, "blog.test: erin has the new login, carol is as it was before")
}

func TestSessionSplit(t *testing.T) {
	w := newWorld(t)
	relogin(w)
	check(t, "split", w.run("session split blog.test/carol erin").Text, "blog.test: erin has the new login, carol is as it was before")
	erin, err := w.Book.Find(sessions.Query{Text: "erin", Site: "blog.test"})
	if err != nil || erin.Number != 2 {
		t.Errorf("erin is %v, %v", erin, err)
	}
	if _, err := w.Run(t.Context(), "session split blog.test/carol erin"); err == nil {
		t.Error("a taken name was given again")
	}
}
