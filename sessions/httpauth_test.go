package sessions

import (
	"strings"
	"testing"
)

// authBrowser plays what Chrome does for HTTP authentication (CHROMIUM 27, 28): it keeps
// credentials for all below the directory where they were taken, a header that is written
// wins, and what the server refuses is forgotten.
type authBrowser struct {
	*browser
	kept  map[string]string // header by directory
	typed string            // what a person answers the dialog with, "" for nothing
}

func startAuth(t *testing.T) *authBrowser {
	return &authBrowser{browser: start(t, Options{}), kept: map[string]string{}}
}

const adminURL = "http://shop.test/admin/"

func basicOf(user string) string { return Credentials{user, "pw"}.basic() }

// get asks a server that wants any user whose password is pw below /admin/, and returns
// the user it saw last.
func (b *authBrowser) get(url string) string {
	b.Helper()
	fields := map[string]string{}
	get := func(name string) string { return fields[name] }
	asked := func(string) string { return "" }
	b.book.Decide(Paused{Window: b.window, URL: url, Fields: asked, Preflight: true, Now: b.now})
	v := b.book.Decide(Paused{Window: b.window, URL: url, Fields: asked, Now: b.now})
	written := len(v.Fields) > 0
	if v.Anonymous {
		url = WithoutCredentials(url)
	}
	if written {
		fields[Authorization] = v.Fields[0].Value
	} else if value := b.keeps(url); value != "" {
		fields[Authorization] = value
	}
	x := b.book.Sent(Request{Window: b.window, URL: url, Fields: get, Asked: asked, Rewritten: written, Now: b.now})
	sent, challenge := fields[Authorization], ""
	for given := false; strings.Contains(url, "/admin/") && !strings.HasSuffix(sent, basicOf(b.user(sent))[6:]); {
		delete(b.kept, adminURL)
		if in, ok := credentialsIn(url); ok && !written {
			sent = in.basic()
			b.kept[adminURL] = sent
			continue
		}
		r := b.book.Answer(Challenge{Window: b.window, URL: url, Scheme: "basic", IsWritten: written, Written: sent, Given: given})
		switch {
		case r.Give:
			sent, given = r.Credentials.basic(), true
		case r.Retry:
			return "again"
		case b.typed != "":
			sent, b.typed = basicOf(b.typed), ""
		default:
			challenge = `Basic realm="x, y", charset="UTF-8"`
		}
		if challenge != "" {
			break
		}
		b.kept[adminURL] = sent
	}
	b.book.Received(x, Response{Challenge: challenge, Now: b.now})
	if challenge != "" {
		return "401"
	}
	return b.user(sent)
}

// user is whose header it is, "" for none.
func (b *authBrowser) user(header string) string {
	c, ok := readBasic(header)
	if !ok || c.Password != "pw" {
		return ""
	}
	return c.User
}

func (b *authBrowser) keeps(url string) string {
	for directory, value := range b.kept {
		if strings.HasPrefix(WithoutCredentials(url), directory) {
			return value
		}
	}
	return ""
}

// mirror carries the plan out, as package cdp does.
func (b *authBrowser) mirror() (steps int) {
	for _, step := range b.book.PlanAuth(b.window, "shop.test") {
		steps++
		delete(b.kept, step.Space)
		if step.Want != nil {
			b.kept[step.Space] = step.Want.basic()
		}
		b.book.AuthKept(b.window, "shop.test", step, false)
	}
	return steps
}

func (b *authBrowser) want(url, who string) {
	b.Helper()
	if got := b.get(url); got != who {
		b.Errorf("%s came from %q, want %q", url, got, who)
	}
}

func TestHTTPAuth(t *testing.T) {
	b := startAuth(t)
	b.want("http://alice:pw@shop.test/admin/", "alice")
	b.want(adminURL+"users", "alice")
	b.wantHeaders("1", adminURL+" Authorization "+basicOf("alice"))
	b.wantList("Session 1:")
	if s := b.book.Sessions("shop.test", b.now)[0]; s.State != Live {
		t.Errorf("it is %s", s.State)
	}

	b.new("bob") // the plan is not carried out: each request is written
	b.want(adminURL, "again")
	b.want(adminURL, "401")
	b.typed = "bob"
	b.want(adminURL, "bob")
	b.want(adminURL+"users", "bob")
	b.wantHeaders("bob", adminURL+" Authorization "+basicOf("bob"))

	b.use("1") // nor here, and hers is known
	b.want(adminURL, "alice")
	b.want("http://shop.test/", "")
	if shared := b.book.SharedAuth(b.window, "shop.test"); len(shared) != 1 || shared[0] != (ForeignAuth{adminURL, "basic", "bob"}) {
		t.Errorf("shared: %v", shared)
	}
	if b.mirror() != 1 || b.keeps(adminURL) != basicOf("alice") || b.mirror() != 0 {
		t.Errorf("mirrored: %q", b.keeps(adminURL))
	}
	if v := b.book.Decide(Paused{URL: adminURL, Fields: func(string) string { return "" }, Now: b.now}); v.Action != Continue {
		t.Errorf("in sync, a request is written: %+v", v)
	}
	b.want("http://alice:pw@shop.test/admin/", "alice")

	b.use("bob") // the tab's URL has hers
	b.mirror()
	b.want("http://alice:pw@shop.test/admin/", "bob")

	b.new("carol")
	b.mirror()
	b.want("http://alice:pw@shop.test/admin/", "401")
	b.want("http://carol:pw@shop.test/admin/", "carol")
	b.want(adminURL, "carol")
	b.wantHeaders("carol", adminURL+" Authorization "+basicOf("carol"))

	b.unset()
	b.mirror()
	b.want(adminURL, "alice") // as before forcing
}

// Which session credentials are of, while nothing is forced.
func TestHTTPAuthExploring(t *testing.T) {
	b := startAuth(t)
	b.typed = "alice"
	b.want(adminURL, "alice")
	b.want(adminURL, "alice")
	delete(b.kept, adminURL)
	b.typed = "bob" // another user: a session of its own
	b.want(adminURL, "bob")
	b.want(adminURL, "bob")
	b.wantList("Session 1: | Session 2:")
	b.wantHeaders("2", adminURL+" Authorization "+basicOf("bob"))
	b.wantHeaders("1", adminURL+" Authorization "+basicOf("alice"))

	c := startAuth(t) // the cookies show it
	c.visit("http://shop.test/login", "sid=A")
	c.typed = "alice"
	x := c.book.Sent(Request{URL: adminURL, Header: "sid=A", Fields: func(string) string { return basicOf("alice") }, Now: c.now})
	c.book.Received(x, Response{Now: c.now})
	c.wantList("Session 1: sid=A")
	c.wantHeaders("1", adminURL+" Authorization "+basicOf("alice"))
}

// A person's credentials answer a challenge once; refused ones are not sent again.
func TestGiveCredentials(t *testing.T) {
	b := startAuth(t)
	if _, err := b.book.GiveCredentials("shop.test", "alice", "http://shop.test", Credentials{"alice", "pw"}, b.now); err != nil {
		t.Fatal(err)
	}
	b.use("alice")
	b.want(adminURL, "alice")
	b.want(adminURL, "alice")
	b.want("http://shop.test:8080/admin/", "401") // another server
	if _, err := b.book.GiveCredentials("shop.test", "bob", "", Credentials{"bob", "wrong"}, b.now); err != nil {
		t.Fatal(err)
	}
	b.use("bob")
	b.want(adminURL, "again") // alice's are forgotten
	b.want(adminURL, "401")
	r := b.book.Answer(Challenge{Window: b.window, URL: adminURL, Scheme: "Basic"})
	if r.Give {
		t.Errorf("refused credentials are given again")
	}
	b.typed = "bob"
	b.want(adminURL, "bob")
	b.want(adminURL, "bob")
}

// What cannot travel is named, and what is no business of ours left alone.
func TestHTTPAuthApart(t *testing.T) {
	b := startAuth(t)
	b.want("http://alice:pw@shop.test/admin/", "alice")
	x := b.book.Sent(Request{URL: "https://shop.test/d/", Now: b.now})
	b.book.Received(x, Response{Challenge: `Digest realm="a, Basic x", nonce="b"`, Now: b.now})
	b.new("bob")
	var list []string
	for _, a := range b.book.SharedAuth(b.window, "shop.test") {
		list = append(list, a.Scheme+" "+a.Space+" "+a.Of)
	}
	if got := strings.Join(list, "; "); got != "basic "+adminURL+" Session 1; digest https://shop.test " {
		t.Errorf("shared: %s", got)
	}
	page := func(string) string { return basicOf("mallory") }
	for name, r := range map[string]Paused{
		"a page's own header":         {URL: adminURL, Fields: page},
		"a preflight":                 {URL: adminURL, Preflight: true},
		"our own":                     {URL: adminURL, IsAuthMirror: func() bool { return true }},
		"no space":                    {URL: "http://shop.test/"},
		"below a page of another one": {URL: adminURL, Top: func() string { return "https://mall.test/" }},
	} {
		r.Now = b.now
		if r.Fields == nil {
			r.Fields = func(string) string { return "" }
		}
		if v := b.book.Decide(r); v.Action != Continue || len(v.Fields) > 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if err := b.book.RemoveHeader("shop.test", "authorization"); err != nil {
		t.Fatal(err)
	}
	b.want(adminURL, "alice") // a person said that it is no token
	if _, err := b.book.Remove(b.ref("1"), b.now); err != nil {
		t.Fatal(err)
	}
}

func TestReadCredentials(t *testing.T) {
	for text, want := range map[string]Credentials{"a:b": {"a", "b"}, "a:\n": {"a", ""}, "a:b:c\r\n": {"a", "b:c"}} {
		if got, err := ReadCredentials(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "alice", ":pw", "a:b\x00", "a:b\nc:d", strings.Repeat("a", maxCredentials) + ":b"} {
		if _, err := ReadCredentials(text); err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		`Basic realm="x"`: "basic", "Negotiate\nNTLM": "negotiate ntlm", `Digest realm="Basic x", qop="auth", Basic realm=y`: "digest basic", "": "", `Bearer error="invalid_token"`: "", "Basic": "basic",
	} {
		if got := strings.Join(challengeSchemes(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
