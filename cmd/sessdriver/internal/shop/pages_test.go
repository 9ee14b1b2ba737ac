package shop

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPages(t *testing.T) {
	tests := []struct {
		user, path string
		status     int
		want       string // in the body, or the Location of a redirect
	}{
		{"", "/", 200, ">Not signed in<"},
		{"", "/login", 200, "alice-demo"},
		{"", "/login", 200, `href="/login?rotate=off"`},
		{"", "/logout", 200, "Nobody is signed in"},
		{"", "/account", 303, "/login"},
		{"", "/orders", 303, "/login"},
		{"", "/orders/1001", 303, "/login"},
		{"", "/admin", 403, "admin only"},
		{"", "/nowhere", 404, "Nothing here"},
		{"alice", "/", 200, ">Signed in as alice<"},
		{"alice", "/account", 200, `id="who">alice<`},
		{"alice", "/account", 200, "alice@shop.test"},
		{"alice", "/orders", 200, "1003"},
		{"alice", "/orders/1001", 200, "Tea set"},
		{"alice", "/orders/1000", 404, "Nothing here"},
		{"alice", "/orders/1008", 404, "Nothing here"},
		{"alice", "/orders/x", 404, "Nothing here"},
		{"alice", "/admin", 403, "admin only"},
		{"admin", "/admin", 200, "bob@shop.test"},
	}
	for _, tt := range tests {
		t.Run(tt.user+tt.path, func(t *testing.T) {
			_, srv, _ := open(t)
			b := newBrowser(t, srv)
			if tt.user != "" {
				b.login(tt.user)
			}
			p := b.get(tt.path)
			if p.StatusCode != tt.status || !strings.Contains(p.body+p.Header.Get("Location"), tt.want) {
				t.Errorf("status %d, want %d and %q in\n%s", p.StatusCode, tt.status, tt.want, p.body)
			}
			if got := p.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control = %q, want no-store", got)
			}
		})
	}
}

func TestHeaderLinks(t *testing.T) {
	_, srv, _ := open(t)
	b := newBrowser(t, srv)
	for _, user := range []string{"", "alice"} {
		if user != "" {
			b.login(user)
		}
		body := b.get("/").body
		for _, to := range []string{"/login", "/account", "/orders", "/logout"} {
			if !strings.Contains(body, `<a href="`+to+`">`) {
				t.Errorf("the shop front of %q has no link to %s", user, to)
			}
		}
	}
}

func TestSessionAge(t *testing.T) {
	_, srv, c := open(t)
	b := newBrowser(t, srv)
	b.login("alice")
	c.pass(192 * time.Second)
	if body := b.get("/account").body; !strings.Contains(body, `id="age">3m12s<`) {
		t.Errorf("no session age of 3m12s in\n%s", body)
	}
}

// The deliberate hole: if this fails, somebody repaired what the demo shows.
func TestHole(t *testing.T) {
	_, srv, _ := open(t)
	b := newBrowser(t, srv)
	b.login("bob")
	if list := b.get("/orders").body; strings.Contains(list, "1001") {
		t.Error("bob's list shows an order of alice")
	}
	p := b.get("/orders/1001")
	for _, want := range []string{`id="owner">alice<`, `id="foreign"`, "<!-- Deliberate hole"} {
		if p.StatusCode != http.StatusOK || !strings.Contains(p.body, want) {
			t.Errorf("GET /orders/1001 as bob: status %d, want 200 and %s", p.StatusCode, want)
		}
	}
	if own := b.get("/orders/1004").body; strings.Contains(own, `id="foreign"`) {
		t.Error("bob's own order is called foreign")
	}
}

func TestAdminCountsSessions(t *testing.T) {
	_, srv, _ := open(t)
	for _, user := range []string{"alice", "alice", "bob"} {
		newBrowser(t, srv).login(user)
	}
	newBrowser(t, srv).get("/")
	b := newBrowser(t, srv)
	b.login("admin")
	body := b.get("/admin").body
	for _, want := range []string{
		`<td>alice@shop.test</td><td class="right">3</td><td class="right">2</td>`,
		`<td>bob@shop.test</td><td class="right">2</td><td class="right">1</td>`,
		`Nobody signed in</td><td class="right">1</td>`,
		`All</td><td class="right">5</td>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the admin's page lacks %s in\n%s", want, body)
		}
	}
}

func TestAPI(t *testing.T) {
	tests := []struct {
		user, whoami string
		status       int // of /api/orders
		numbers      []int
	}{
		{"", `{"user":"","orders":0}`, 401, nil},
		{"alice", `{"user":"alice","orders":3}`, 200, []int{1001, 1002, 1003}},
		{"bob", `{"user":"bob","orders":2}`, 200, []int{1004, 1005}},
		{"admin", `{"user":"admin","orders":2}`, 200, []int{1006, 1007}},
	}
	for _, tt := range tests {
		_, srv, _ := open(t)
		b := newBrowser(t, srv)
		if tt.user != "" {
			b.login(tt.user)
		}
		p := b.get("/api/whoami")
		if p.body != tt.whoami || p.Header.Get("Cache-Control") != "no-store" || p.Header.Get("Content-Type") != "application/json" {
			t.Errorf("whoami = %s with %v, want %s as JSON, no-store", p.body, p.Header, tt.whoami)
		}
		p = b.get("/api/orders")
		if p.StatusCode != tt.status {
			t.Errorf("orders of %q: status %d, want %d", tt.user, p.StatusCode, tt.status)
		}
		if tt.status != http.StatusOK {
			continue
		}
		var orders []struct {
			Number int
			Owner  string
		}
		if err := json.Unmarshal([]byte(p.body), &orders); err != nil {
			t.Fatalf("orders of %s: %v", tt.user, err)
		}
		var got []int
		for _, o := range orders {
			got = append(got, o.Number)
		}
		if !slices.Equal(got, tt.numbers) || orders[0].Owner != tt.user {
			t.Errorf("orders of %s = %v, want %v of their own", tt.user, got, tt.numbers)
		}
	}
}

func TestHue(t *testing.T) {
	for i, a := range seedAccounts {
		for _, b := range seedAccounts[i+1:] {
			apart := int(hue(a.User)) - int(hue(b.User))
			apart = max(apart, -apart)
			if min(apart, 360-apart) < 60 {
				t.Errorf("%s and %s have nearly the same colour", a.User, b.User)
			}
		}
	}
}
