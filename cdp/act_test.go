package cdp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const formPage = `<!doctype html><title>Form</title><link rel=icon href=data:,>
<h1>Order</h1>
<form action="/sent" method=post enctype="multipart/form-data">
	<label for=user>User name</label><input id=user name=user value=old>
	<input name=mail placeholder="Your mail">
	<input type=date name=day>
	<textarea name=note data-testid=note></textarea>
	<select name=size><option value=s>Small</option><option value=l>Large size</option></select>
	<label><input type=checkbox name=gift> As a gift</label>
	<input type=file name=photo style="display:none">
	<input name=fixed readonly value=x>
	<button>Send it</button>
</form>
<button id=off disabled>Off</button>
<button id=gone style="display:none">Gone</button>
<div style="position:relative"><button id=under>Under</button><div id=over style="position:absolute;inset:0"></div></div>
<button id=late style="margin-left:0">Late</button><output></output>
<a href="/next">Next</a> <a href="/none">Nothing</a> <a href="/download">Download</a>
<ul><li>one<li>two<li hidden>three</ul>
<script>
	const late = document.getElementById('late');
	late.disabled = true;
	let left = 0;
	const moving = setInterval(() => { late.style.marginLeft = ++left + 'px'; if (left > 20) { clearInterval(moving); late.disabled = false } }, 10);
	late.onclick = () => document.querySelector('output').textContent = 'clicked at ' + late.style.marginLeft;
	document.querySelector('[name=mail]').onkeydown = e => { if (e.key === 'Enter') { e.preventDefault(); document.title = 'entered ' + e.target.value } };
</script>`

func formServer(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/sent":
			r.ParseMultipartForm(1 << 20)
			text := ""
			for _, name := range []string{"user", "mail", "day", "note", "size", "gift", "fixed"} {
				text += name + "=" + r.FormValue(name) + "; "
			}
			if file, head, err := r.FormFile("photo"); err == nil {
				content, _ := io.ReadAll(file)
				text += head.Filename + "=" + string(content)
			}
			w.Header().Set("X-Made", "yes")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, "<title>Sent</title><p>%s", text)
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/download":
			w.Header().Set("Content-Disposition", "attachment; filename=x.bin")
		case "/next":
			io.WriteString(w, "<title>Next</title><p>next")
		default:
			io.WriteString(w, formPage)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// What a person does on a page reaches the server.
func TestActions(t *testing.T) {
	t.Parallel()
	s := formServer(t)
	r := launch(t)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r.open(s.URL)
	if list, err := r.Texts(r.ctx(), "li"); err != nil || strings.Join(list, ",") != "one,two" {
		t.Errorf("the visible items are %q, %v", list, err)
	}
	if list, err := r.InnerTexts(r.ctx(), "ul"); err != nil || strings.Join(list, ",") != "one\ntwo" {
		t.Errorf("the lines of the list are %q, %v", list, err)
	}
	photo := filepath.Join(t.TempDir(), "me.txt")
	ok(os.WriteFile(photo, []byte("smile"), 0o600))
	ok(r.Fill(r.ctx(), "label=User name", "alice"))
	ok(r.Fill(r.ctx(), "placeholder=Your mail", "a@shop.test"))
	ok(r.Press(r.ctx(), "Enter"))
	if title, err := r.Title(r.ctx()); err != nil || title != "entered a@shop.test" {
		t.Errorf("after Enter the title is %q, %v", title, err)
	}
	ok(r.Press(r.ctx(), "Control+a"))
	ok(r.Press(r.ctx(), "b"))
	ok(r.Fill(r.ctx(), "[type=date]", "2026-01-02"))
	ok(r.Fill(r.ctx(), "testid=note", "first\nsecond"))
	ok(r.Fill(r.ctx(), "testid=note", ""))
	ok(r.Choose(r.ctx(), "select", "Large size"))
	ok(r.Check(r.ctx(), "label=As a gift", true))
	ok(r.Check(r.ctx(), "label=As a gift", true))
	ok(r.Upload(r.ctx(), "[type=file]", []string{photo}))
	ok(r.Click(r.ctx(), "#late"))
	if text, err := r.Text(r.ctx(), "output"); err != nil || text != "clicked at 21px" {
		t.Errorf("the button that moved: %q, %v", text, err)
	}
	ok(r.Click(r.ctx(), "text=Nothing"))
	ok(r.Click(r.ctx(), "role=button[name=Send]"))
	if text, err := r.Text(r.ctx(), "p"); err != nil || text != "user=alice; mail=b; day=2026-01-02; note=; size=l; gift=on; fixed=x; me.txt=smile" {
		t.Errorf("the server got %q, %v", text, err)
	}
	if status, header, told := r.Response(); !told || status != http.StatusCreated || header("x-made") != "yes" {
		t.Errorf("the answer is %d, told %v", status, told)
	}
	ok(r.Go(r.ctx(), -1))
	if _, err := r.Eval(r.ctx(), "history.pushState(1, ''); history.pushState(2, '')"); err != nil {
		t.Error(err)
	}
	ok(r.Go(r.ctx(), -1)) // of the same address
	if got, err := r.Eval(r.ctx(), "history.state"); err != nil || got != "1" {
		t.Errorf("one back is at %s, %v", got, err)
	}
	ok(r.Go(r.ctx(), -1))
	if title, _ := r.Title(r.ctx()); title != "Form" && title != "entered a@shop.test" { // the latter from the back/forward cache, as it was left
		t.Errorf("back at %q", title)
	}
	ok(r.Click(r.ctx(), "text=Next"))
	if value, err := r.Eval(r.ctx(), "Promise.resolve({a: [document.title]})"); err != nil || value != `{"a":["Next"]}` {
		t.Errorf("the script gives %s, %v", value, err)
	}
	if _, err := r.Eval(r.ctx(), "setTimeout(() => location = '/'), 1"); err != nil {
		t.Error(err)
	}
	if title, _ := r.Title(r.ctx()); title != "Form" {
		t.Errorf("after a script that went elsewhere the page is %q", title)
	}
	png, err := r.Screenshot(r.ctx(), true)
	if err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("a picture of %d bytes, %v", len(png), err)
	}
}

// What cannot be done says why, and what the page has instead.
func TestActionErrors(t *testing.T) {
	t.Parallel()
	s := formServer(t)
	r := launch(t)
	r.open(s.URL)
	for _, test := range []struct {
		name, want string
		do         func(context.Context) error
	}{
		{"none", "clicking #x: the page has no element like that (" + s.URL + "/ has: <h1>Order <input id=user> ", func(ctx context.Context) error { return r.Click(ctx, "#x") }},
		{"disabled", "it is disabled", func(ctx context.Context) error { return r.Click(ctx, "#off") }},
		{"hidden", "it is not visible", func(ctx context.Context) error { return r.Click(ctx, "#gone") }},
		{"covered", "it is covered by <div id=over>", func(ctx context.Context) error { return r.Click(ctx, "#under") }},
		{"readonly", "it can only be read", func(ctx context.Context) error { return r.Fill(ctx, "[name=fixed]", "y") }},
		{"no field", "<h1> is no field that takes text", func(ctx context.Context) error { return r.Fill(ctx, "h1", "y") }},
		{"no option", `it has no option "Huge", but: Small, Large size`, func(ctx context.Context) error { return r.Choose(ctx, "select", "Huge") }},
		{"no select", "<input> is no <select>", func(ctx context.Context) error { return r.Choose(ctx, "#user", "x") }},
		{"no checkbox", "is neither a checkbox", func(ctx context.Context) error { return r.Check(ctx, "#user", true) }},
		{"no key", `"Foo" is not a key`, func(ctx context.Context) error { return r.Press(ctx, "Foo") }},
		{"no selector", "is not a valid selector", func(ctx context.Context) error { return r.Click(ctx, "[[") }},
		{"more than a name", "has more than a role and a name", func(ctx context.Context) error { return r.Click(ctx, "role=button[name=x][disabled]") }},
		{"no name", "has more than a role and a name", func(ctx context.Context) error { return r.Click(ctx, "role=heading[level=2]") }},
		{"no end", "does not end", func(ctx context.Context) error { return r.Click(ctx, "role=button[name=x") }},
		{"a script that throws", "ReferenceError: nothing is not defined", func(ctx context.Context) error { _, err := r.Eval(ctx, "nothing"); return err }},
		{"no page before", "there is no page", func(ctx context.Context) error { return r.Go(ctx, 1) }},
	} {
		waits, limit := slices.Contains([]string{"none", "disabled", "hidden", "covered"}, test.name), 30*time.Second
		if waits {
			limit = 2 * time.Second
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		err := test.do(ctx)
		cancel()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", test.name, err, test.want)
		}
		if waited := errors.Is(err, context.DeadlineExceeded); waited != waits {
			t.Errorf("%s: waited %v", test.name, waited)
		}
	}
}
