package shop

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestLoginRotates(t *testing.T) {
	tests := []struct {
		path    string
		rotates bool
		oldUser string // whom the server sees in the old id afterwards
	}{
		{"/login", true, ""},
		{"/login?rotate=off", false, "alice"},
		{"/login?rotate=on", true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			_, srv, _ := open(t)
			b, attacker := newBrowser(t, srv), newBrowser(t, srv)
			attacker.get("/")
			old := attacker.cookie(SessionCookie)
			b.put(SessionCookie, old)

			p := b.post(tt.path, "user", "alice", "password", Password("alice"))
			if got := p.Header.Get("Location"); p.StatusCode != http.StatusSeeOther || got != "/account" {
				t.Fatalf("login: status %d to %q, want 303 to /account", p.StatusCode, got)
			}
			if rotated := b.cookie(SessionCookie) != old; rotated != tt.rotates {
				t.Errorf("sid rotated = %v, want %v", rotated, tt.rotates)
			}
			if got := b.who(); got != "alice" {
				t.Errorf("the visitor is %q, want alice", got)
			}
			if got := attacker.who(); got != tt.oldUser {
				t.Errorf("the old sid is %q, want %q", got, tt.oldUser)
			}
		})
	}
}

func TestLoginFormKeepsTheSwitch(t *testing.T) {
	_, srv, _ := open(t)
	b := newBrowser(t, srv)
	tests := []struct{ path, action string }{
		{"/login", `action="/login"`},
		{"/login?rotate=off", `action="/login?rotate=off"`},
		{"/login?idle=2s", `action="/login?idle=2s"`},
		{"/login?idle=2m&rotate=off", `action="/login?idle=2m0s&amp;rotate=off"`},
	}
	for _, tt := range tests {
		if body := b.get(tt.path).body; !strings.Contains(body, tt.action) {
			t.Errorf("GET %s has no form with %s", tt.path, tt.action)
		}
	}
}

func TestIdleTimeIsRefused(t *testing.T) {
	_, srv, _ := open(t)
	b := newBrowser(t, srv)
	for _, idle := range []string{"", "2", "0s", "-1s", "soon"} {
		for _, p := range []page{b.get("/login?idle=" + idle), b.post("/login?idle="+idle, "user", "alice", "password", Password("alice"))} {
			if p.StatusCode != http.StatusBadRequest || !strings.Contains(p.body, "/login?idle=2s") {
				t.Errorf("idle %q: status %d, want 400 and how to write it", idle, p.StatusCode)
			}
		}
	}
	if got := b.who(); got != "" {
		t.Errorf("who = %q, want nobody", got)
	}
}

func TestLoginAsAnotherEndsTheFirst(t *testing.T) {
	_, srv, _ := open(t)
	b, kept := newBrowser(t, srv), newBrowser(t, srv)
	b.login("alice")
	kept.put(SessionCookie, b.cookie(SessionCookie))
	b.login("bob")
	if got := b.who(); got != "bob" {
		t.Errorf("after the second login the visitor is %q, want bob", got)
	}
	if got := kept.who(); got != "" {
		t.Errorf("alice's sid is still %q, want nobody", got)
	}
}

func TestWrongPassword(t *testing.T) {
	tests := []struct{ user, password string }{
		{"alice", "bob-demo"}, {"alice", ""}, {"mallory", ""}, {"", ""}, {"Alice", "alice-demo"},
	}
	for _, tt := range tests {
		_, srv, _ := open(t)
		b := newBrowser(t, srv)
		b.get("/")
		sid := b.cookie(SessionCookie)
		p := b.post("/login", "user", tt.user, "password", tt.password, "remember", "on")
		if p.StatusCode != http.StatusUnauthorized || !strings.Contains(p.body, errWrongLogin.Error()) {
			t.Errorf("login %q/%q: status %d, want 401 and the reason", tt.user, tt.password, p.StatusCode)
		}
		if b.cookie(SessionCookie) != sid || b.cookie(rememberCookie) != "" || b.who() != "" {
			t.Errorf("login %q/%q changed the session", tt.user, tt.password)
		}
	}
}

func TestLogout(t *testing.T) {
	_, srv, _ := open(t)
	b, kept := newBrowser(t, srv), newBrowser(t, srv)
	b.login("alice", "remember", "on")
	for _, name := range []string{SessionCookie, rememberCookie} {
		kept.put(name, b.cookie(name))
	}
	if p := b.get("/logout"); p.StatusCode != http.StatusOK || b.who() != "alice" {
		t.Fatalf("GET /logout: status %d, visitor %q; want a page that asks first", p.StatusCode, b.who())
	}

	p := b.post("/logout")
	if got := p.Header.Get("Location"); p.StatusCode != http.StatusSeeOther || got != "/" {
		t.Errorf("POST /logout: status %d to %q, want 303 to /", p.StatusCode, got)
	}
	lines := strings.Join(p.Header["Set-Cookie"], "\n")
	for _, name := range []string{SessionCookie, xsrfCookie, rememberCookie} {
		if !regexp.MustCompile(`(?m)^` + name + `=; Path=/; Max-Age=0;`).MatchString(lines) {
			t.Errorf("logout does not expire %s:\n%s", name, lines)
		}
	}
	if got := b.who(); got != "" {
		t.Errorf("after the logout the visitor is %q", got)
	}
	if got := kept.who(); got != "" {
		t.Errorf("the old sid and remember-me are still %q at the server", got)
	}
}

func TestXSRF(t *testing.T) {
	forms := []struct {
		on, path string // the page that holds the form, where the form goes
		pairs    []string
		to       string
	}{
		{"/account", "/account", []string{"name", "A. L."}, "/account"},
		{"/", "/orders", []string{"product", "key-ring"}, "/orders/1008"},
	}
	for _, form := range forms {
		_, srv, _ := open(t)
		b, bob := newBrowser(t, srv), newBrowser(t, srv)
		b.get("/")
		anonymous := b.cookie(xsrfCookie)
		b.login("alice")
		bob.login("bob")
		for name, xsrf := range map[string]string{
			"none": "", "before the login": anonymous, "another session's": bob.cookie(xsrfCookie),
		} {
			p := b.post(form.path, append(form.pairs, "xsrf", xsrf)...)
			if p.StatusCode != http.StatusForbidden || !strings.Contains(p.body, "not from your session") {
				t.Errorf("POST %s with token %s: status %d, want 403 and why", form.path, name, p.StatusCode)
			}
		}
		p := b.post(form.path, append(form.pairs, "xsrf", b.cookie(xsrfCookie))...)
		if got := p.Header.Get("Location"); p.StatusCode != http.StatusSeeOther || got != form.to {
			t.Errorf("POST %s: status %d to %q, want 303 to %s", form.path, p.StatusCode, got, form.to)
		}
		if field := `name="xsrf" value="` + b.cookie(xsrfCookie) + `"`; !strings.Contains(b.get(form.on).body, field) {
			t.Errorf("the form on %s does not hold the cookie's token", form.on)
		}
	}
}

func TestRename(t *testing.T) {
	tests := []struct {
		name   string
		status int
		want   string // the display name afterwards, as HTML
	}{
		{" Queen of Hearts ", 303, "Queen of Hearts"},
		{"<b>", 303, "&lt;b&gt;"},
		{strings.Repeat("ö", maxName), 303, strings.Repeat("ö", maxName)},
		{"  ", 422, "Alice Liddell"},
		{strings.Repeat("ö", maxName+1), 422, "Alice Liddell"},
	}
	for _, tt := range tests {
		_, srv, _ := open(t)
		b := newBrowser(t, srv)
		b.login("alice")
		p := b.post("/account", "name", tt.name, "xsrf", b.cookie(xsrfCookie))
		if p.StatusCode != tt.status {
			t.Errorf("rename to %q: status %d, want %d", tt.name, p.StatusCode, tt.status)
		}
		if body := b.get("/account").body; !strings.Contains(body, `id="display-name">`+tt.want+`<`) {
			t.Errorf("rename to %q: no display name %q", tt.name, tt.want)
		}
	}
}

func TestPlaceOrder(t *testing.T) {
	s, srv, _ := open(t)
	b := newBrowser(t, srv)
	if p := b.post("/orders", "product", "tea-set"); p.Header.Get("Location") != "/login" {
		t.Errorf("order of nobody: status %d, want to be sent to login", p.StatusCode)
	}
	b.login("bob")
	place := func(product string) int {
		return b.post("/orders", "product", product, "xsrf", b.cookie(xsrfCookie)).StatusCode
	}
	if got := place("moon"); got != http.StatusUnprocessableEntity {
		t.Errorf("order of what is not sold: status %d, want 422", got)
	}
	if got := place("tea-set"); got != http.StatusSeeOther {
		t.Errorf("order: status %d, want 303", got)
	}
	if got := b.get("/api/whoami").body; got != `{"user":"bob","orders":3}` {
		t.Errorf("whoami = %s", got)
	}
	s.mu.Lock()
	s.data.orders = append(s.data.orders, make([]order, maxOrders-len(s.data.orders))...)
	s.mu.Unlock()
	if got := place("tea-set"); got != http.StatusConflict {
		t.Errorf("order of a full shop: status %d, want 409", got)
	}
}

func TestUnreadableForm(t *testing.T) {
	_, srv, _ := open(t)
	b := newBrowser(t, srv)
	b.login("alice")
	for _, body := range []string{"name=%zz", "name=" + strings.Repeat("x", maxForm)} {
		p := b.do(b.http.Post(srv.URL+"/account", "application/x-www-form-urlencoded", strings.NewReader(body)))
		if p.StatusCode != http.StatusBadRequest || !strings.Contains(p.body, "Signed in as alice") {
			t.Errorf("form of %d bytes: status %d, want 400 on a page", len(body), p.StatusCode)
		}
	}
}
