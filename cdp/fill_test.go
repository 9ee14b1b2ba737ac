package cdp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const restlessPage = `<!doctype html><title>Restless</title><link rel=icon href=data:,>
<form action=/sent>
	<input id=user name=user> <input id=pass name=pass type=password>
	<textarea id=note name=note></textarea>
	<div id=editor contenteditable style="height:20px;border:1px solid"></div>
	<input id=phone name=phone oninput="this.value = this.value.replace(/(\d\d)(\d\d)/, '$1-$2')">
	<input id=deaf oninput="this.value = 'x'"> <input id=empty oninput="this.value = ''">
	<input id=changed type=password oninput="this.value = this.value.toUpperCase()">
	<input id=short maxlength=3> <input id=count name=count type=number>
	<span id=place><input id=drawn name=drawn oninput="place.innerHTML = place.innerHTML; drawn.value = this.value"></span>
	<input id=code oninput="if (this.value.length === 6) location = '/sent?code=' + this.value">
	<button id=go>Go</button>
</form>
<div style="position:relative;height:100px">
	<button id=wrong style="position:absolute;left:0;top:0;width:90px;height:30px" onclick="fetch('/sent?clicked=wrong')">Delete all</button>
	<button id=right style="position:absolute;left:0;top:0;width:90px;height:30px" onclick="fetch('/sent?clicked=right')" onmousemove="this.style.left = '200px'">Save</button>
	<label style="position:absolute;left:0;top:50px;width:90px;height:30px;background:#fff" onmousemove="this.style.left = '200px'"><input id=box type=checkbox>Box</label>
	<input id=other type=checkbox style="position:absolute;left:0;top:50px;width:90px;height:30px;margin:0;z-index:-1">
</div>
<select id=jump onchange="this.selectedIndex = 0"><option>Go to<option>Home<option disabled>Away</select>
<script>
	pass.onfocus = () => user.focus();
	note.onfocus = () => setTimeout(() => user.focus());
	setInterval(() => { if (window.steal) user.focus() }, 1);
</script>`

// TestRestless drives a page that moves the focus and its elements about. What is filled
// is where it was to go, or it is an error; what is clicked is what was meant.
func TestRestless(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sent []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sent" {
			mu.Lock()
			sent = append(sent, r.URL.RawQuery)
			mu.Unlock()
			io.WriteString(w, "<title>Sent</title>")
			return
		}
		io.WriteString(w, restlessPage)
	}))
	defer s.Close()
	r := launch(t)
	r.open(s.URL)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	wrong := func(err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	holds := func(selector, want string) {
		t.Helper()
		if got := eval[string](r, fmt.Sprintf("(e => e.value ?? e.innerText)(document.querySelector(%q))", selector)); got != want {
			t.Errorf("%s holds %q, want %q", selector, got, want)
		}
	}

	ok(r.Fill(r.ctx(), "#user", "alice"))
	ok(r.Fill(r.ctx(), "#pass", "geheim"))
	ok(r.Fill(r.ctx(), "#note", "two\nlines"))
	for range 5 {
		run(r, "window.steal = true")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		err := r.Fill(ctx, "#editor", "written")
		cancel()
		run(r, "window.steal = false")
		holds("#user", "alice")
		if err == nil {
			holds("#editor", "written")
		} else {
			wrong(err, "the page takes the focus away")
		}
	}
	ok(r.Fill(r.ctx(), "#editor", "one more"))
	ok(r.Fill(r.ctx(), "#editor", "edited"))
	holds("#editor", "edited")

	ok(r.Fill(r.ctx(), "#phone", "1234"))
	holds("#phone", "12-34")
	if !r.noticed("#phone holds the text in a form that the page has given it") {
		t.Errorf("the notices are %q", r.told())
	}
	wrong(r.Fill(r.ctx(), "#deaf", "heard"), "the field holds another one, of 1 characters")
	wrong(r.Fill(r.ctx(), "#empty", "kept"), "did not keep the text: the field is empty")
	wrong(r.Fill(r.ctx(), "#changed", "geheim"), "the page did not keep the text")
	wrong(r.Fill(r.ctx(), "#short", "abcd"), "it takes 3 characters, and the text has 4")
	holds("#short", "")
	ok(r.Fill(r.ctx(), "#short", "abc"))
	wrong(r.Fill(r.ctx(), "#count", "many"), "it is a field of the type number")
	ok(r.Fill(r.ctx(), "#count", "12"))
	ok(r.Fill(r.ctx(), "#drawn", "anew"))
	ok(r.Fill(r.ctx(), "#short", ""))
	holds("#short", "")

	ok(r.Click(r.ctx(), "#right"))
	ok(r.Check(r.ctx(), "#box", true))
	if eval[bool](r, "other.checked") {
		t.Error("the box that lay below is checked")
	}
	ok(r.Choose(r.ctx(), "#jump", "Home"))
	if !r.noticed("#jump shows another option again") {
		t.Errorf("the notices are %q", r.told())
	}
	wrong(r.Choose(r.ctx(), "#jump", "Away"), `its option "Away" is disabled`)

	run(r, "user.focus()")
	ok(r.PressOn(r.ctx(), "#short", "z"))
	holds("#short", "z")
	wrong(r.PressOn(r.ctx(), "#place", "z"), "it does not take the focus")
	ok(r.PressOn(r.ctx(), "#short", "Enter"))
	if title, err := r.Title(r.ctx()); err != nil || title != "Sent" {
		t.Errorf("after Enter the page is %q, %v", title, err)
	}
	r.open(s.URL)
	ok(r.Fill(r.ctx(), "#code", "123456"))
	if title, err := r.Title(r.ctx()); err != nil || title != "Sent" {
		t.Errorf("after the code the page is %q, %v", title, err)
	}
	mu.Lock()
	defer mu.Unlock()
	want := "clicked=right\nuser=alice&pass=geheim&note=two%0D%0Alines&phone=12-34&count=12&drawn=anew\ncode=123456"
	if got := strings.Join(sent, "\n"); got != want {
		t.Errorf("the server got\n%s\nwant\n%s", got, want)
	}
}

// A page hears the keyboard again when an act has ended, also where its time ended in the
// middle, or before Chrome had answered.
func TestAimEnds(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, restlessPage) }))
	defer s.Close()
	r := launch(t)
	r.open(s.URL)
	for _, early := range []bool{false, true} {
		v, id, _, err := r.page.Element(r.ctx(), "#user")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(r.ctx())
		if early {
			cancel()
		}
		_, err = r.page.Aimed(ctx, v, id, []string{"beforeinput", "keydown"}, func() error { cancel(); return ctx.Err() })
		if cancel(); err == nil {
			t.Error("no error")
		}
		if err := r.PressOn(r.ctx(), "#short", "z"); err != nil {
			t.Error(err)
		}
		if got := eval[string](r, "(is => { short.value = ''; return is })(short.value)"); got != "z" {
			t.Errorf("early %v: the field holds %q", early, got)
		}
	}
}
