package cdp

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

// TestFrames acts within frames: in the page's process, in one of their own, in each
// other, and those that come late.
func TestFrames(t *testing.T) {
	t.Parallel()
	form := `<!doctype html><title>Pay</title><body style="margin:0"><input id=card placeholder=Card> <input type=file id=file>
		<button onclick="document.querySelector('output').textContent = 'paid by ' + card.value">Pay</button> <output></output>
		<iframe srcdoc="<button onclick='this.textContent=123'>deep</button>"></iframe>`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch {
		case r.URL.Path == "/form":
			io.WriteString(w, form)
		default:
			fmt.Fprintf(w, `<!doctype html><link rel=icon href=data:,><h1>Shop</h1><div style="height:1500px"></div>
				<iframe name=own src=/form style="border:7px solid;padding:5px"></iframe>
				<iframe name=other src="http://%s/form" style="margin-left:40px"></iframe>
				<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', '<iframe name=late src=/form></iframe>'), 300)</script>`, strings.Replace(r.Host, "shop.test", "pay.test", 1))
		}
	}))
	defer s.Close()
	port := s.Listener.Addr().String()[strings.LastIndex(s.Listener.Addr().String(), ":"):]
	r := launch(t, whole(t), func(o *Options) { o.Arguments = []string{resolve, "--site-per-process"} })
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r.open("http://shop.test" + port + "/")
	for _, name := range []string{"own", "other", "late"} {
		ok(r.Enter(r.ctx(), "[name="+name+"]"))
		ok(r.Fill(r.ctx(), "placeholder=Card", name))
		ok(r.Press(r.ctx(), "Tab"))
		ok(r.Click(r.ctx(), "role=button[name=Pay]"))
		if list, err := r.Texts(r.ctx(), "output"); err != nil || !slices.Equal(list, []string{"paid by " + name}) {
			t.Errorf("in %s: %q, %v", name, list, err)
		}
		if title, err := r.Title(r.ctx()); err != nil || title != "Pay" {
			t.Errorf("the title in %s is %q, %v", name, title, err)
		}
		if got, err := r.Eval(r.ctx(), "card.value + location.pathname // the frame's own"); err != nil || got != `"`+name+`/form"` {
			t.Errorf("in %s a script gives %s, %v", name, got, err)
		}
		ok(r.Enter(r.ctx(), "iframe"))
		ok(r.Click(r.ctx(), "text=deep"))
		if list, err := r.Texts(r.ctx(), "button"); err != nil || !slices.Equal(list, []string{"123"}) {
			t.Errorf("deep in %s: %q, %v", name, list, err)
		}
		r.Leave()
		if list, err := r.Texts(r.ctx(), "h1"); err != nil || !slices.Equal(list, []string{"Shop"}) {
			t.Errorf("outside again: %q, %v", list, err)
		}
	}
	ok(r.Enter(r.ctx(), "[name=own]"))
	ok(r.Reload(r.ctx()))
	if list, err := r.Texts(r.ctx(), "h1"); err != nil || !slices.Equal(list, []string{"Shop"}) {
		t.Errorf("after a reload: %q, %v", list, err)
	}
	for selector, want := range map[string]string{"h1": "is not a frame but <h1>", "#none": "the page has no frame like #none (", "##": "not a valid selector"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // only #none is waited for
		if err := r.Enter(ctx, selector); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("going into %s: %v, want %s", selector, err, want)
		}
		cancel()
	}
}

// TestDialogs answers as was said, and otherwise so that nothing hangs.
func TestDialogs(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><link rel=icon href=data:,><title>Dialogs</title>`)
	}))
	defer s.Close()
	r := launch(t)
	r.open(s.URL)
	if r.LastDialog() != nil {
		t.Errorf("a dialog before the first one: %v", r.LastDialog())
	}
	for _, c := range []struct {
		say    func()
		script string
		want   string
		last   sessions.DialogView
	}{
		{func() {}, "alert('a')", "null", sessions.DialogView{Type: "alert", Message: "a", Accepted: true}},
		{func() {}, "confirm('b')", "false", sessions.DialogView{Type: "confirm", Message: "b"}},
		{func() {}, "prompt('c', 'x')", "null", sessions.DialogView{Type: "prompt", Message: "c"}},
		{func() { r.AnswerDialogs(true, "") }, "confirm('d')", "true", sessions.DialogView{Type: "confirm", Message: "d", Accepted: true}},
		{func() { r.AnswerDialogs(true, "mine") }, "prompt('e', 'x')", `"mine"`, sessions.DialogView{Type: "prompt", Message: "e", Accepted: true}},
		{func() { r.AnswerDialogs(false, "") }, "confirm('f')", "false", sessions.DialogView{Type: "confirm", Message: "f"}},
	} {
		c.say()
		got, err := r.Eval(r.ctx(), c.script)
		if err != nil || got != c.want {
			t.Errorf("%s gives %s, %v, want %s", c.script, got, err, c.want)
		}
		if last := r.LastDialog(); last == nil || *last != c.last {
			t.Errorf("after %s the last dialog is %v, want %v", c.script, last, c.last)
		}
	}
}

// TestRequestLog tells of each request: as whom it was sent, why, and how it ended.
func TestRequestLog(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/to":
			http.Redirect(w, r, "/missing", http.StatusFound)
		case "/slow":
			time.Sleep(300 * time.Millisecond)
		case "/broken":
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		default:
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<!doctype html><link rel=icon href=data:,><title>x</title><script>console.log('a', 1, {b: 2}); setTimeout(() => { throw new Error('thrown') })</script>`)
		}
	}))
	defer s.Close()
	r := launch(t, noReload, func(o *Options) { o.Console = true })
	r.open(s.URL + "/?secret=1")
	r.add(s.URL+"/", "alice", "sid=A")
	r.use(r.book.SiteOf(s.URL), "alice")
	_, since, _ := r.Requests(math.MaxInt64)
	if _, err := r.Eval(r.ctx(), `document.cookie = 'sid=A'; fetch('/to').then(() => fetch('/broken')).catch(() => 0)`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Eval(r.ctx(), `document.cookie = 'sid=other'; fetch('/slow'); 1`); err != nil {
		t.Fatal(err)
	}
	if err := r.Idle(r.ctx()); err != nil {
		t.Fatal(err)
	}
	list, count, _ := r.Requests(since)
	var got []string
	for _, v := range list {
		got = append(got, fmt.Sprint(strings.TrimPrefix(v.URL, s.URL), v.Status, " ", v.Type, " ", v.Session, " ", v.Forced))
	}
	want := []string{"/to302 Fetch alice alice", "/missing404 Fetch alice alice", "/broken0 Fetch alice alice", "/slow200 Fetch alice alice"}
	if !slices.Equal(got, want) || count != since+int64(len(want)) {
		t.Errorf("the requests were %q, want %q", got, want)
	}
	if _, more, _ := r.Requests(math.MaxInt64); more != count || r.Acted() != count-1 {
		t.Errorf("acted at %d, of %d", r.Acted(), count)
	}
	if list := r.Console(); len(list) < 2 || !strings.HasSuffix(list[0], "log: a 1 Object") || !strings.Contains(list[1], "exception: Uncaught Error: thrown") {
		t.Errorf("the console has %q", list)
	}
}
