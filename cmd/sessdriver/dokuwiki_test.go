package main

import (
	"context"
	"crypto/md5"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/browserinstall"
	"sessdriver/scripts"
	"sessdriver/sessions"
	"sessdriver/testdata/need"
)

// TestDokuWiki is the proof on an application that nobody here wrote: two users
// log in through the wiki's own pages, and in one tab the wiki names the right
// one each time. Its session cookie is a default token, its login cookie a
// carried one.
func TestDokuWiki(t *testing.T) {
	t.Parallel()
	w := newWiki(t, "")
	w.login("alice")
	w.sees("Alice")
	w.command("rename 1 alice")
	w.command("new bob --wait")
	w.sees("")
	w.login("bob")
	w.sees("Bob")
	for range 3 {
		w.command("use alice --wait")
		w.sees("Alice")
		w.command("use bob --wait")
		w.sees("Bob")
	}
	w.command("new --wait")
	w.sees("")
	w.command("use alice --wait")
	w.sees("Alice")
	w.command("unset --wait")
	w.sees("Alice")
	if out := w.command("ls"); strings.Count(out, "live") < 2 {
		t.Errorf("two sessions should be live:\n%s", out)
	}
}

// TestDokuWikiFlagged is the same where the session cookie has a name that
// nobody knows: it is flagged by hand.
func TestDokuWikiFlagged(t *testing.T) {
	t.Parallel()
	w := newWiki(t, "wikikeks")
	w.login("alice")
	if out := w.command("ls"); strings.Contains(out, "live") {
		t.Fatalf("a session was detected by itself:\n%s", out)
	}
	w.command("token add wikikeks")
	w.command("rename 1 alice")
	w.command("new bob --wait")
	w.sees("")
	w.login("bob")
	w.command("use alice --wait")
	w.sees("Alice")
	w.command("use bob --wait")
	w.sees("Bob")
}

// wiki is a DokuWiki with its own data, and a browser on it.
type wiki struct {
	t      *testing.T
	url    string
	b      *cdp.Browser
	engine *scripts.Engine
}

// newWiki serves a wiki with the users alice and bob; cookie names its session
// cookie, "" for DokuWiki's own.
func newWiki(t *testing.T, cookie string) *wiki {
	t.Helper()
	needDokuWiki(t)
	dir := t.TempDir()
	installWiki(t, dir, cookie)
	w := &wiki{t: t, url: servePHP(t, dir)}
	browser, err := browserinstall.Find()
	if err != nil {
		t.Fatal(err)
	}
	book := sessions.New(sessions.Options{Defaults: sessions.StandardDefaults()})
	w.b, err = cdp.Launch(t.Context(), cdp.Options{Path: browser.Path, Headless: true, Book: book})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.b.Close(); err != nil {
			t.Error(err)
		}
	})
	w.engine = newEngine(book, w.b, sessions.NewMask([]byte("key")))
	return w
}

// needDokuWiki ends the test where the packages are not installed.
func needDokuWiki(t *testing.T) {
	t.Helper()
	const packages = "dokuwiki php-cli php-xml"
	need.Program(t, "php", packages)
	need.File(t, "/usr/share/dokuwiki/doku.php", packages)
}

// installWiki makes a copy of Debian's wiki that keeps its settings and data in
// dir.
func installWiki(t *testing.T, dir, cookie string) {
	t.Helper()
	for from, to := range map[string]string{"/usr/share/dokuwiki": dir, "/etc/dokuwiki": filepath.Join(dir, "conf")} {
		// The links lead to where only the web server may read.
		copying := exec.Command("sh", "-c", `mkdir -p "$1" && cd "$0" && tar -ch --ignore-failed-read --exclude='*.auth.php' --exclude=preload.php . | tar -x -C "$1"`, from, to)
		if out, err := copying.CombinedOutput(); err != nil {
			t.Fatalf("copying %s: %v\n%s", from, err, out)
		}
	}
	for _, name := range []string{"attic", "cache", "index", "locks", "log", "media", "media_attic", "media_meta", "meta", "pages", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, "data", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	users := ""
	for _, name := range []string{"Alice", "Bob"} {
		login := strings.ToLower(name)
		users += fmt.Sprintf("%s:%x:%s:%s@shop.test:user\n", login, md5.Sum([]byte(login+"-password")), name, login)
	}
	local := "<?php\n$conf['title'] = 'Wiki';\n$conf['useacl'] = 1;\n$conf['superuser'] = '@admin';\n$conf['disableactions'] = 'register';\n"
	files := map[string]string{"users.auth.php": users, "acl.auth.php": "*\t@ALL\t8\n", "local.php": local}
	if cookie != "" {
		files["../inc/preload.php"] = fmt.Sprintf("<?php define('DOKU_SESSION_NAME', '%s');\n", cookie)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "conf", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// servePHP serves a directory with PHP's own server.
func servePHP(t *testing.T, dir string) (url string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	server := exec.Command("php", "-S", address, "-t", dir)
	server.Env = append(os.Environ(), "PHP_CLI_SERVER_WORKERS=4")
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its workers go with it
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
		server.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		response, err := http.Get("http://" + address + "/doku.php")
		if err == nil {
			response.Body.Close()
			return "http://" + address
		}
		if time.Now().After(deadline) {
			t.Fatalf("the wiki does not answer: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (w *wiki) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *wiki) command(line string) string {
	w.t.Helper()
	result, err := w.engine.Run(w.ctx(), line)
	if err != nil {
		w.t.Fatal(err)
	}
	return result.Text
}

// login goes through the wiki's own login page.
func (w *wiki) login(user string) {
	w.t.Helper()
	w.command("open " + w.url + "/doku.php?do=login")
	for selector, text := range map[string]string{"#dw__login input[name=u]": user, "#dw__login input[name=p]": user + "-password"} {
		if err := w.b.Fill(w.ctx(), selector, text); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.b.Click(w.ctx(), "#dw__login button[type=submit]"); err != nil {
		w.t.Fatal(err)
	}
}

// sees fails unless the wiki says that this user is logged in; "" for nobody.
func (w *wiki) sees(name string) {
	w.t.Helper()
	text, err := w.b.Text(w.ctx(), "#dokuwiki__usertools")
	if err != nil {
		w.t.Fatal(err)
	}
	logged := strings.Contains(text, "Logged in as:")
	if name == "" && logged || name != "" && !strings.Contains(text, "Logged in as: "+name) {
		w.t.Fatalf("the wiki says %q, want %q", text, name)
	}
}
