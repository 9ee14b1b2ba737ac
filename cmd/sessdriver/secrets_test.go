package main

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What is typed wrong is reported without the passwords, queries and parameters of its URLs.
func TestTypedSecrets(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	tests := [][]string{
		{"http://user:" + secret + "@a b/"},
		{"http://user:" + secret + "/x@shop.test:x/"},
		{"user:" + secret + "@:80"},
		{"http://shop.test:x/;jsessionid=" + secret + "?" + secret + "#" + secret},
		{"launch", "http://shop.test", "http://user:" + secret + "@shop.test"},
		{"launch", "http://shop.test", "user:" + secret + "@shop.test"},
		{"--scope", "http://user:" + secret + "@shop.test"},
		{"--scope", "user:" + secret + "@shop.test"},
		{"--exclude", "ftp://user:" + secret + "@shop.test/?" + secret},
		{"--proxy", "http://user:" + secret + "@proxy.test"},
		{"--proxy", "user:" + secret + "@proxy.test"},
		{"--debug-port", "http://user:" + secret + "@proxy.test"},
		{"--session", "user:" + secret + "@nowhere/alice=@nofile"},
		{"--session", "http://user:" + secret + "@shop.test/7=sid=1"},
		{"attach", "http://user:" + secret + "@127.0.0.1:1/?token=" + secret},
		{"attach", "ws://user:" + secret + "@127.0.0.1:1/devtools/browser/x?token=" + secret},
		{"attach", "wss://user:" + secret + "@127.0.0.1:1/;a=" + secret},
		{"attach", "user:" + secret + "@127.0.0.1:1"},
		{"attach", "http://user:" + secret + "@127.0.0.1 1"},
		{"attach", "ftp://user:" + secret + "@127.0.0.1:1"},
		{"attach", "http://user:" + secret + "@/devtools/page/1"},
		{"help", "http://user:" + secret + "@shop.test"},
		{"run", "http://user:" + secret + "@shop.test"},
	}
	for _, args := range tests {
		code, out, errs := sessdriver(t, "", args...)
		if text := out + errs; code == exitOK || strings.Contains(text, secret) || text == "" {
			t.Errorf("%q: exit %d: %s", args, code, text)
		}
	}
}

// serveSecrets shows a token wherever a page can, and redirects an attached DevTools client.
func serveSecrets(t *testing.T, token string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: token, Path: "/"})
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Token", token)
		fmt.Fprintf(w, `<link rel=icon href=data:,><title>%[1]s</title><p>%[1]s</p><input id=pw type=password><button onclick="alert('%[1]s')">ask</button>
			<script>window.object = {token: '%[1]s'}; console.log('%[1]s', location.href); function fails() { throw new Error('no %[1]s at ' + location.href) }</script>`, html.EscapeString(token))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// The addresses of pages are shown without their secrets by whatever shows them, the log
// included; --show-secrets shows more.
func TestShownAddresses(t *testing.T) {
	t.Parallel()
	site := serveSecrets(t, "top-secret-value")
	page := strings.Replace(site, "http://", "http://user:s3cret@", 1) + "/a;jsessionid=s3cret?q=s3cret#s3cret"
	script := "open '" + page + "'; rename 1 alice; url; tab; windows; session show alice; watch --last; reload; window main; ! expect url nowhere --timeout 1ms; ! expect url /never --timeout 1ms; open '" +
		strings.Replace(page, "http://", "http://x.invalid:1@", 1) + "' --as alice --window two; use alice; why alice; eval fails()"
	code, out, errs := sessdriver(t, "", "--headless", "-v", "-c", script)
	if code != exitFailed || strings.Contains(out+errs, "s3cret") || strings.Contains(errs, "top-secret") || !strings.Contains(out, "/a;…?…#…\n") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if !regexp.MustCompile(`eval: .*Error: no \(16:[0-9a-f]{4}\) at http://[^ ]*/a;…\?…#…`).MatchString(errs) {
		t.Errorf("eval's error: %s", errs)
	}
	_, out, _ = sessdriver(t, "", "--headless", "--show-secrets", "-c", "open '"+page+"'; url")
	if !strings.Contains(out, "/a;jsessionid=s3cret?q=s3cret#s3cret\n") {
		t.Errorf("--show-secrets: %s", out)
	}
	code, out, errs = sessdriver(t, "", "--headless", "--proxy", "http://user:s3cret@127.0.0.1:1", page, "-c", "url")
	if code != exitFailed || strings.Contains(out+errs, "s3cret") || !strings.Contains(errs, "--proxy http://…@127.0.0.1:1,") {
		t.Errorf("proxy: exit %d: %s%s", code, out, errs)
	}
}

// Reports have no secrets: neither those of sessions, nor of variables, nor of addresses;
// what a line has in plain text is there.
func TestReportsHaveNoSecrets(t *testing.T) {
	t.Parallel()
	const token, password = "top-secret-value", "hunter-2"
	site := serveSecrets(t, token)
	failing := []string{
		"expect text nothing", "expect title nothing", "expect json window.object '{}'", "expect header X-Token nothing", "expect selector p nothing", "expect dialog nothing",
		"expect cookie sid nothing", "expect url nothing", "fill '#none' $PW", "wait text $PW", "click 'a[href=\"http://user:s3cret@x/?s3cret\"]'",
	}
	for i := range failing {
		failing[i] = "! " + failing[i] + " --timeout 50ms"
	}
	failing = append(failing, "! eval fails()", "! open 'http://user:s3cret@127.0.0.1:1/;a=s3cret?s3cret#s3cret'", "! fail $PW", "! eval \"throw new Error('$PW')\"",
		"! request GET 'http://user:s3cret@127.0.0.1:1/?s3cret'", "! frame p")
	begin := "open '" + strings.Replace(site, "http://", "http://user:s3cret@", 1) + "/?s3cret'\nfill '#pw' typed-secret; click button\nsection \"it is $PW\"\n"
	dir := write(t, map[string]string{
		"a.sess": begin + "print \"$PW and $PIN\"\ntext; title; url; dialog; eval document.cookie; eval 'window.object'\nwatch --last\nprint plain-text\n" + strings.Join(failing, "\n") +
			"\nsection x\nskip \"since $PW\"\nsection y\nset X typed; fail \"$X-secret\"\nsection \"never $PW\"\n",
		"b.sess": begin + "eval \"console.log('$PW', 'typed-' + 'secret'); fetch('/in/$PW').then(() => 1)\"\nexpect text nothing --timeout 50ms",
	})
	report, kept := filepath.Join(dir, "report.xml"), filepath.Join(dir, "kept")
	var written []string
	for _, more := range [][]string{{"-v"}, {"--json"}} {
		code, out, errs := sessdriver(t, "", append(more, "run", "--junit", report, "--artifacts", kept, "--var", "PW="+password, "--var", "PIN=7-7", dir)...)
		if code != exitAssertion {
			t.Errorf("exit %d: %s%s", code, out, errs)
		}
		written = append(written, out, errs)
	}
	requests, _ := filepath.Glob(filepath.Join(kept, "*", "requests.txt"))
	consoles, _ := filepath.Glob(filepath.Join(kept, "*", "console.txt"))
	if len(requests) != 2 || len(consoles) != 2 {
		t.Errorf("kept are %q, %q", requests, consoles)
	}
	for _, file := range append(append(requests, consoles...), report) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		written = append(written, string(text))
	}
	for _, text := range written {
		for _, secret := range []string{token, password, "s3cret", "7-7", "typed-secret"} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s is in …%s…", secret, text[max(0, at-200):min(len(text), at+100)])
			}
		}
	}
	xml := written[len(written)-1]
	for _, want := range []string{"plain-text", "it is (8:", "since (8:", "never (8:", "fails, as it must: expected"} {
		if !strings.Contains(xml, want) {
			t.Errorf("the report has no %s", want)
		}
	}
}
