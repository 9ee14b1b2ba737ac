package scripts

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sessdriver/sessions"
)

// fakePage is a page as a test says it is; what is done to it is noted.
type fakePage struct {
	did    []string
	texts  map[string][]string // by selector
	title  string
	evals  map[string]string
	status int

	asked     func() // called when requests are asked for
	reloading bool   // the page of another session is still there
	dialog    *sessions.DialogView
	requests  []sessions.RequestView
}

func (f *fakeBrowser) act(what string, args ...any) error {
	f.page.did = append(f.page.did, strings.TrimSpace(what+" "+strings.TrimSuffix(fmt.Sprintln(args...), "\n")))
	return f.call(what)
}

func (f *fakeBrowser) Click(_ context.Context, selector string) error {
	return f.act("Click", selector)
}

func (f *fakeBrowser) Fill(_ context.Context, selector, text string) error {
	return f.act("Fill", selector, text)
}

func (f *fakeBrowser) Choose(_ context.Context, selector, option string) error {
	return f.act("Choose", selector, option)
}

func (f *fakeBrowser) Check(_ context.Context, selector string, on bool) error {
	return f.act("Check", selector, on)
}

func (f *fakeBrowser) Press(_ context.Context, key string) error { return f.act("Press", key) }

func (f *fakeBrowser) Upload(_ context.Context, selector string, files []string) error {
	return f.act("Upload", selector, files)
}

func (f *fakeBrowser) Go(_ context.Context, by int) error { return f.act("Go", by) }

func (f *fakeBrowser) Eval(_ context.Context, script string) (string, error) {
	if value, ok := f.page.evals[script]; ok {
		return value, nil
	}
	return "", errors.New("ReferenceError")
}

func (f *fakeBrowser) Look(ctx context.Context, script string) (string, error) {
	return f.Eval(ctx, script)
}

func (f *fakeBrowser) Reloaded(ctx context.Context) error {
	if f.page.reloading {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (f *fakeBrowser) PressOn(_ context.Context, selector, key string) error {
	return f.act("PressOn", selector, key)
}

func (f *fakeBrowser) InnerTexts(ctx context.Context, selector string) ([]string, error) {
	return f.Texts(ctx, selector)
}

func (f *fakeBrowser) Texts(_ context.Context, selector string) ([]string, error) {
	return f.page.texts[selector], f.call("Texts")
}

func (f *fakeBrowser) HTML(context.Context) (string, error) { return "<p>a\x1b[31m</p>\n<p>b</p>", nil }

func (f *fakeBrowser) Title(context.Context) (string, error) { return f.page.title, nil }

func (f *fakeBrowser) Screenshot(context.Context, bool) ([]byte, error) {
	return []byte("png"), f.call("Screenshot")
}

func (f *fakeBrowser) Response() (int, func(string) string, bool) {
	return f.page.status, func(name string) string { return map[string]string{"Cache-Control": "no-store, private"}[name] }, f.page.status > 0
}

func (f *fakeBrowser) Request(_ context.Context, as sessions.Ref, method, url string, headers [][2]string, body string) (int, string, error) {
	return 201, fmt.Sprint("{\"made\": true}"), f.act("Request", as, method, url, headers, body)
}

func (f *fakeBrowser) Secret(_ context.Context, selector string) (secret, known bool) {
	return selector == "#password", selector != "#gone"
}

func (f *fakeBrowser) Enter(_ context.Context, selector string) error {
	return f.act("Enter", selector)
}

func (f *fakeBrowser) Leave() { f.act("Leave") }

func (f *fakeBrowser) AnswerDialogs(accept bool, text string) { f.act("AnswerDialogs", accept, text) }

func (f *fakeBrowser) LastDialog() *sessions.DialogView { return f.page.dialog }

func (f *fakeBrowser) Requests(since int64) ([]sessions.RequestView, int64, <-chan struct{}) {
	if f.page.asked != nil {
		f.page.asked()
	}
	since = min(max(0, since), int64(len(f.page.requests)))
	return f.page.requests[since:], int64(len(f.page.requests)), nil
}

func (f *fakeBrowser) Acted() int64 { return 0 }

func (f *fakeBrowser) Idle(context.Context) error { return f.act("Idle") }
