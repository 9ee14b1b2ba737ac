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
   WHEN  NAME       VALUE     SOURCE    URL
   now   PHPSESSID  secret-d  user      -
*  now   PHPSESSID  secret-e  response  http://blog.test/login?…`)
	w.Mask = sessions.NewMask([]byte("key"))
	if text := w.run("session show blog.test/carol").Text; strings.Contains(text, "secret") {
		t.Errorf("values are not masked:\n%s", text)
	}
}

func TestSessionRevert(t *testing.T) {
	w := newWorld(t)
	relogin(w)
	check(t, "revert", w.run("session revert blog.test/carol").Text, "blog.test: carol is back at PHPSESSID=secret-d")
	_, err := w.Run(t.Context(), "session revert bob")
	var nothing *sessions.NothingToRevertError
	if !errors.As(err, &nothing) {
		t.Errorf("nothing to go back to: error %v", err)
	}
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
