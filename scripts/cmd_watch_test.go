package scripts

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

func TestWatch(t *testing.T) {
	w := newWorld(t)
	w.Mask = sessions.NewMask([]byte("key"))
	at := time.Date(2026, 1, 2, 12, 3, 4, 512e6, time.Local)
	w.browser.page.requests = []sessions.RequestView{
		{At: at, Site: "shop.test", Session: "alice", Forced: "alice", Method: "GET", URL: "http://shop.test/account", Type: "Document", Status: 200},
		{At: at.Add(219 * time.Millisecond), Site: "shop.test", Session: "alice", Forced: "alice", Method: "POST", URL: "http://shop.test/api/cart", Type: "Fetch", Status: 200, Rewritten: true},
		{At: at, Window: "w2\x1b", Site: "mall.test", Method: "GET", URL: "http://u:p@mall.test/?token=secret#x", Type: "Image"},
	}
	shop := []string{
		"12:03:04.512 alice GET http://shop.test/account 200 document: sent with alice's cookies; nothing to change",
		"12:03:04.731 alice POST http://shop.test/api/cart 200 fetch: its cookies were replaced with alice's",
	}
	mall := `12:03:04.512 - GET http://…@mall.test/?…#… - image: no session is forced (window w2\x1b)`
	for command, want := range map[string][]string{
		"watch --last":                              append(shop[:2:2], mall),
		"watch --last --session alice":              shop,
		"watch --last --session -":                  {mall},
		"watch --last --session ali":                shop,
		"watch --last --session 1":                  shop,
		"watch --last --type fetch,Document":        shop,
		"watch --last --type image":                 {mall},
		"watch --last --type websocket":             nil,
		"watch --for 1ms":                           nil, // from now on
		"watch --last --session alice --type fetch": shop[1:],
	} {
		result, err := w.Run(context.Background(), command)
		if want := strings.Join(want, "\n"); err != nil || result.Text != want {
			t.Errorf("%s: %v\n got %q\nwant %q", command, err, result.Text, want)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	w.browser.page.asked = cancel // it has begun
	if _, err := w.Run(ended, "watch"); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
	if err := w.RunScript(ended, Script{Name: "a.sess", Text: "watch"}, func(Result) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("a script that is ended: %v", err)
	}
	late, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	w.browser.page.asked = nil
	if _, err := w.Run(late, "watch"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("when the time is over: %v", err)
	}
	for command, want := range map[string]string{
		"watch --last --session nobody":   `no session "nobody"`,
		"watch --last --type documents":   "did you mean: document",
		"watch --last --type fetch,zzzzz": "--type zzzzz: there is no such type; the types are cspviolationreport, document,",
	} {
		if _, err := w.Run(context.Background(), command); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", command, err, want)
		}
	}
	w.browser.observes = sessions.ObserveJar
	if _, err := w.Run(context.Background(), "watch"); err == nil || !strings.Contains(err.Error(), "type: observe full") {
		t.Errorf("where nothing is reported: %v", err)
	}
	if _, err := w.Run(context.Background(), "wait request /x --timeout 1ms"); err == nil || !strings.Contains(err.Error(), "type: observe full") {
		t.Errorf("waiting where nothing is reported: %v", err)
	}
	manual, err := os.ReadFile("../cmd/sessdriver/internal/manual/scripts.md")
	if err != nil || !strings.Contains(string(manual), strings.Join(shop, "\n")) {
		t.Errorf("the manual shows other lines than %q: %v", shop, err)
	}
}

func TestDialogCommand(t *testing.T) {
	w := newWorld(t)
	run := func(command, want string) {
		t.Helper()
		result, err := w.Run(context.Background(), command)
		got := result.Text
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	run("dialog", "no dialog was answered here yet")
	run("expect dialog x --timeout 1ms", "but there was no dialog")
	run("dialog perhaps", `"perhaps" is not an answer to a dialog; use accept or dismiss`)
	run("dialog dismiss x", "takes no text")
	run("dialog accept my answer", "")
	w.browser.page.dialog = &sessions.DialogView{Type: "confirm", Message: "Are\nyou\x1b sure?", Accepted: true}
	run("dialog", `confirm, accepted: Are you\x1b sure?`)
	run("expect dialog sure", "")
	run("expect not dialog sure --timeout 1ms", "it says")
	run("wait idle now", "idle takes no value")
	run("wait text", "VALUE is missing")
	if did := strings.Join(w.browser.page.did, ", "); did != "AnswerDialogs true my answer" {
		t.Errorf("it did %s", did)
	}
}
