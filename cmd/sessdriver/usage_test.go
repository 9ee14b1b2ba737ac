package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUsage checks what is refused before a browser is started: the exit code,
// one line that names the thing, and what to type next.
func TestUsage(t *testing.T) {
	t.Parallel()
	secret := "top-secret-value"
	tests := []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"unknown flag", []string{"--nonsense"}, 2, []string{"--nonsense", "sessdriver help"}},
		{"flag without value", []string{"--browser"}, 2, []string{"--browser"}},
		{"flag for another command", []string{"launch", "--once"}, 2, []string{"--once", "demo"}},
		{"not a URL", []string{"ftp://shop.test"}, 2, []string{"ftp://shop.test", "not an http or https URL"}},
		{"not a URL either", []string{"http://"}, 2, []string{"http://"}},
		{"two URLs", []string{"a.test", "b.test"}, 2, []string{"b.test", "launch takes 1 argument, not 2"}},
		{"a page of the manual", []string{"man", "1"}, 2, []string{"man takes 0 arguments, not 1"}},
		{"help on too many words", []string{"help", "expect", "not", "url", "x"}, 2, []string{"help takes 3 arguments, not 4"}},
		{"attach without endpoint", []string{"attach"}, 2, []string{"sessdriver attach http://127.0.0.1:9222"}},
		{"browser without verb", []string{"browser"}, 2, []string{"browser install"}},
		{"browser with another verb", []string{"browser", "remove"}, 2, []string{"browser install"}},
		{"headless and headed", []string{"--headless", "--headed"}, 2, []string{"--headless", "--headed"}},
		{"scope", []string{"--site-scope", "planet"}, 2, []string{"planet", "domain or host"}},
		{"reload", []string{"--reload", "some"}, 2, []string{"some", "all, current or none"}},
		{"guard", []string{"--guard", "some"}, 2, []string{"some", "always, switch or off"}},
		{"observe", []string{"--observe", "some"}, 2, []string{"some", "full, changes or jar"}},
		{"observe and ports", []string{"--observe", "jar", "--site-scope", "host"}, 2, []string{"--site-scope host", "--observe full"}},
		{"guard and everywhere", []string{"--guard", "off", "--force-everywhere"}, 2, []string{"--force-everywhere", "--guard always"}},
		{"doctor of no such guard", []string{"doctor", "--guard", "always,some"}, 2, []string{"some", "always, switch or off"}},
		{"doctor with an argument", []string{"doctor", "chrome"}, 2, []string{"doctor", "chrome"}},
		{"doctor of no browser", []string{"doctor", "--browser", "/no/browser"}, 5, []string{"/no/browser"}},
		{"a flag not for doctor", []string{"doctor", "--storage", "swap"}, 2, []string{"--storage", "doctor"}},
		{"storage", []string{"--storage", "some"}, 2, []string{"some", "swap, keep or clear"}},
		{"pattern", []string{"--scope", "http:///x"}, 2, []string{"--scope", "has no host"}},
		{"window size", []string{"--window-size", "1280"}, 2, []string{"--window-size", `"1280" is no size`, "1280x720"}},
		{"window size with a sign", []string{"--window-size", "-1280x720"}, 2, []string{"--window-size", "100 to 10000"}},
		{"window too small", []string{"--window-size", "1280x0"}, 2, []string{"--window-size", "100 to 10000"}},
		{"window too large", []string{"--window-size", "99999999999999999999x1"}, 2, []string{"--window-size"}},
		{"window size of an attached browser", []string{"attach", "x", "--window-size", "1280x720"}, 2, []string{"--window-size", "launch, run, demo"}},
		{"port", []string{"--debug-port", "70000"}, 2, []string{"70000"}},
		{"typed wrong in -c", []string{"--browser", "/no/browser", "-c", "sites; clik h1"}, 2, []string{"-c:1:8: ", "did you mean: click"}},
		{"typed wrong in -c of attach", []string{"attach", "http://127.0.0.1:1", "-c", "sites; clik h1"}, 2, []string{"-c:1:8: ", "did you mean: click"}},
		{"a misspelt command", []string{"lanch"}, 2, []string{`"lanch"`, "launch", "http://lanch/"}},
		{"not a port", []string{"http://127.0.0.1:99999/"}, 2, []string{"99999", "no valid port"}},
		{"not a proxy", []string{"--proxy", "foo"}, 2, []string{"--proxy foo", "http://127.0.0.1:8080"}},
		{"nothing to attach to", []string{"attach", ""}, 2, []string{"sessdriver attach http://127.0.0.1:9222"}},
		{"a page to attach to", []string{"attach", "ws://127.0.0.1:1/devtools/page/x"}, 2, []string{"that is the address of a page", "/devtools/browser/"}},
		{"a whole Set-Cookie line", []string{"shop.test", "--session", "alice=sid=1; Path=/"}, 2, []string{"alice", "Path is an attribute"}},
		{"an attribute without value", []string{"shop.test", "--session", "alice=sid=1; HttpOnly"}, 2, []string{"HttpOnly is an attribute"}},
		{"a cookie twice", []string{"shop.test", "--session", "alice=sid=1; sid=" + secret}, 2, []string{"sid is given twice"}},
		{"a session without a site before the slash", []string{"shop.test", "--session", "/alice=sid=1"}, 2, []string{"/alice"}},
		{"a number for a name", []string{"shop.test", "--session", "1=sid=1"}, 2, []string{"--session 1", "number from ls"}},
		{"a profile that is a file", []string{"--headless", "--profile", "/etc/passwd/x"}, 1, []string{"/etc/passwd", "--profile DIR"}},
		{"session without cookies", []string{"shop.test", "--session", "alice"}, 2, []string{"NAME=COOKIES"}},
		{"session without site", []string{"--session", "alice=sid=" + secret}, 2, []string{"alice", "SITE/alice"}},
		{"session with a bad cookie", []string{"shop.test", "--session", "alice=" + secret}, 2, []string{"alice", "NAME=VALUE"}},
		{"session with a line break", []string{"shop.test", "--session", "alice=sid=a\nb=" + secret}, 2, []string{"alice", "line break"}},
		{"session twice from standard input", []string{"shop.test", "--session", "a=-", "--session", "b=-"}, 2, []string{"standard input"}},
		{"session from a missing file", []string{"shop.test", "--session", "alice=@/nowhere"}, 1, []string{"alice", "/nowhere"}},
		{"no such browser", []string{"--headless", "--browser", "/nowhere/chrome"}, 5, []string{"/nowhere/chrome", "--browser PATH"}},
		{"not a browser", []string{"--headless", "--browser", "/bin/true"}, 5, []string{"/bin/true", "--browser PATH"}},
		{"no endpoint", []string{"attach", "http://127.0.0.1:1"}, 5, []string{"http://127.0.0.1:1", "--remote-debugging-port"}},
		{"bad endpoint", []string{"attach", "ftp://127.0.0.1"}, 2, []string{"ftp"}},
		{"a word for an endpoint", []string{"attach", "nonsense"}, 2, []string{"attach nonsense: it is no URL, HOST:PORT or PORT", "sessdriver attach http://127.0.0.1:9222"}},
		{"an endpoint without a host", []string{"attach", "http:///json"}, 2, []string{"not a URL"}},
		{"an endpoint with a blank", []string{"attach", "127.0.0.1 9222"}, 2, []string{"not a URL"}},
		{"an endpoint's port that is a word", []string{"attach", "127.0.0.1:port"}, 2, []string{"not a URL"}},
		{"an endpoint's port that is none", []string{"attach", "99999"}, 2, []string{"99999 is no port"}},
		{"a port where nobody answers", []string{"attach", "1"}, 5, []string{"--remote-debugging-port"}},
		{"a host and port where nobody answers", []string{"attach", "127.0.0.1:1"}, 5, []string{"--remote-debugging-port"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, out, text := sessdriver(t, "", test.args...)
			lines := strings.Split(strings.TrimSpace(text), "\n")
			last := lines[len(lines)-1]
			if code != test.code || out != "" {
				t.Errorf("code %d, output %q, want code %d and none; error: %s", code, out, test.code, text)
			}
			for _, want := range test.want {
				if !strings.Contains(last, want) {
					t.Errorf("the error does not say %q: %s", want, last)
				}
			}
			if strings.Contains(text, secret) {
				t.Errorf("the error shows a value: %s", text)
			}
		})
	}
}

func TestNoBrowserFound(t *testing.T) {
	p := newProgram(t, "browser", "path")
	p.Env = append(p.Env, "PATH="+t.TempDir(), "SESSDRIVER_BROWSER=")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	switch code := p.result(); {
	case code == 0:
		t.Skipf("a browser stands in a usual place: %s", p.out.String())
	case code != 5 || !strings.Contains(p.err.String(), "sessdriver browser install"):
		t.Errorf("code %d, want 5: %s", code, p.err.String())
	}
}

func TestEnvironment(t *testing.T) {
	c, err := readConfig([]string{"--reload", "none"}, []string{
		"SESSDRIVER_HEADLESS=true", "SESSDRIVER_RELOAD=current", "SESSDRIVER_DEBUG_PORT=9333",
		"SESSDRIVER_SCOPE=a.test\nb.test", "SESSDRIVER_ONCE=true", "SESSDRIVER_VAR_X=1", "OTHER=1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if !c.headless || c.reload != "none" || c.debugPort != 9333 || len(c.scope) != 2 {
		t.Errorf("headless %v, reload %q, port %d, scope %q", c.headless, c.reload, c.debugPort, c.scope)
	}
	if _, err := readConfig(nil, []string{"SESSDRIVER_DEBUG_PORT=many"}); exitCode(err) != 2 || !strings.Contains(err.Error(), "SESSDRIVER_DEBUG_PORT") {
		t.Errorf("error %v", err)
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{"session use": "use NAME", "use alice": "use NAME", "expect not url": "expect not url PATTERN"} {
		if code, out, _ := sessdriver(t, "", append([]string{"help"}, strings.Fields(line)...)...); code != 0 || !strings.Contains(out, want) || strings.Contains(out, "sessdriver attach") {
			t.Errorf("help %s: code %d, output %q", line, code, out)
		}
	}
	if code, _, text := sessdriver(t, "", "help", "us"); code != 2 || !strings.Contains(text, "did you mean") {
		t.Errorf("help us: code %d, %s", code, text)
	}
	for _, args := range [][]string{{"help"}, {"--help"}, {"launch", "-h"}, {"--version"}} {
		if code, out, text := sessdriver(t, "", args...); code != 0 || out == "" || text != "" {
			t.Errorf("%v: code %d, output %q, error %q", args, code, out, text)
		}
	}
}

func TestReadSource(t *testing.T) {
	file := filepath.Join(t.TempDir(), "alice")
	if err := os.WriteFile(file, []byte("Cookie: sid=abc; auth=x=y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig([]string{"http://shop.test:8080/", "--session", "alice=@" + file, "--session", "other.test/bob=-"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := readGiven(c, strings.NewReader("sid=b"), "http://shop.test:8080/")
	if err != nil {
		t.Fatal(err)
	}
	alice, bob := g.sessions[0], g.sessions[1]
	if alice.site != "shop.test" || alice.name != "alice" || len(alice.cookies) != 2 || alice.cookies[1].Value != "x=y" {
		t.Errorf("alice: %+v", alice)
	}
	if bob.site != "other.test" || bob.name != "bob" || bob.cookies[0].Domain != ".other.test" {
		t.Errorf("bob: %+v", bob)
	}
}

// A host that is typed is the cookies' host, and what may never be sent is reported.
func TestSessionHost(t *testing.T) {
	for _, c := range []struct {
		who, cookie, page string
		site, domain      string
		secure, reported  bool
	}{
		{"www.shop.test/carol", "__Host-sid=1", "", "shop.test", "www.shop.test", true, false},
		{"www.shop.test/carol", "sid=1", "", "shop.test", "www.shop.test", false, false},
		{"https://www.shop.test/carol", "sid=1", "", "shop.test", "www.shop.test", true, false},
		{"http://www.shop.test/carol", "__Host-sid=1", "", "shop.test", "www.shop.test", true, true},
		{"api.shop.test:8443/carol", "__Secure-sid=1", "https://www.shop.test/", "shop.test", "api.shop.test", true, false},
		{"www.shop.test/carol", "sid=1", "https://www.shop.test/", "shop.test", "www.shop.test", true, false},
		{"shop.test/carol", "sid=1", "", "shop.test", ".shop.test", false, false},
		{"shop.test/carol", "__Host-sid=1", "https://www.shop.test/", "shop.test", "www.shop.test", true, false},
		{"carol", "__Secure-sid=1", "http://www.shop.test/", "shop.test", "www.shop.test", true, true},
		{"carol", "__Host-sid=1", "http://localhost:8080/", "localhost", "localhost", true, false},
		{"carol", "sid=" + strings.Repeat("x", 4100), "http://www.shop.test/", "shop.test", "www.shop.test", false, true},
	} {
		config, err := readConfig([]string{"--session", c.who + "=" + c.cookie}, nil)
		if err != nil {
			t.Fatal(err)
		}
		g, err := readGiven(config, strings.NewReader(""), c.page)
		if err != nil {
			t.Errorf("%s with %q: %v", c.who, c.page, err)
			continue
		}
		s := g.sessions[0]
		cookie := s.cookies[0]
		if s.site != c.site || s.name != "carol" || cookie.Domain != c.domain || cookie.Path != "/" || cookie.Secure != c.secure || (len(s.unsent) > 0) != c.reported {
			t.Errorf("%s with %q: %s %q domain %q secure %v, reported %q", c.who, c.page, s.site, s.name, cookie.Domain, cookie.Secure, s.unsent)
		}
	}
}
