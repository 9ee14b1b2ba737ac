package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"sessdriver/cdp"
	"sessdriver/sessions"
)

// seed is a page of the server that leaves a cookie in the jar.
func seed(address string) string { return strings.Replace(address, "/?", "/seed?", 1) }

// site is what the book calls the server.
const site = "localhost"

// drive drives a browser in a mode until standard input ends. A line there is the name
// of a session to use.
func drive(name, address string) error {
	begin := map[string]func(context.Context, string) (func(), error){
		nothing:    bare,
		"chromedp": plainChromedp,
		"rod":      rodHijack,
		"go proxy": proxy,
		bound:      rawObserve,
		boundFetch: rawFetch,
	}[name]
	use := func(string) error { return nil }
	if begin == nil {
		begin = func(ctx context.Context, address string) (end func(), err error) {
			use, end, err = sessdriver(ctx, name, address)
			return end, err
		}
	}
	end, err := begin(context.Background(), address)
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := use(lines.Text()); err != nil {
			return err
		}
	}
	return nil
}

// bare is a browser with nothing on: nobody talks to it.
func bare(_ context.Context, address string) (func(), error) { return startBrowser(address) }

// startBrowser starts a browser as sessdriver does, without DevTools.
func startBrowser(address string, more ...string) (func(), error) {
	return startWith(nil, append(more, address)...)
}

// startPiped does so with a DevTools pipe; the page is not opened.
func startPiped(pipe []*os.File) (func(), error) {
	return startWith(pipe, "--remote-debugging-pipe", "about:blank")
}

func startWith(pipe []*os.File, more ...string) (func(), error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	args := append([]string{"--headless", "--user-data-dir=" + dir, "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
		"--disable-component-update", "--disable-default-apps", "--disable-dev-shm-usage", "--disable-sync", "--metrics-recording-only",
		"--disable-features=Translate,OptimizationHints,MediaRouter", "--disable-background-timer-throttling",
		"--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding"}, more...)
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	cmd := exec.Command(os.Getenv("SESSDRIVER_BROWSER"), args...)
	cmd.ExtraFiles = pipe
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		cmd.Process.Kill()
		cmd.Wait()
		os.RemoveAll(dir)
	}, nil
}

// sessdriver is ours, in one of its modes.
func sessdriver(ctx context.Context, name, address string) (use func(string) error, end func(), err error) {
	book := sessions.New(sessions.Options{Defaults: sessions.StandardDefaults()})
	o := cdp.Options{Path: os.Getenv("SESSDRIVER_BROWSER"), Headless: true, Book: book, Guard: sessions.GuardAlways}
	what, how, _ := strings.Cut(name, ", ")
	switch what {
	case "guard switch":
		o.Guard = sessions.GuardSwitch
	case "guard off":
		o.Guard = sessions.GuardOff
	}
	switch how {
	case "every header written":
		o.DebugPort = 9333
	case "":
	default:
		o.Observe = sessions.Observation(how)
	}
	b, err := cdp.Launch(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	end = func() { b.Close() }
	if o.Observe != "" && b.Observation() != o.Observe {
		return nil, end, fmt.Errorf("observing %s", b.Observation())
	}
	refs := map[string]sessions.Ref{}
	use = func(who string) error {
		_, err := b.Use(ctx, refs[who], false)
		return err
	}
	if what != explore {
		for _, who := range []string{"forced", "other"} {
			s, err := book.Import(site, who, []sessions.Cookie{{Name: "sid", Value: who, Domain: site, Path: "/"}}, time.Now())
			if err != nil {
				return use, end, err
			}
			refs[who] = s.Ref()
		}
		if err := use("forced"); err != nil {
			return use, end, err
		}
		for o.Guard == sessions.GuardSwitch { // a document has the price of the moment when it was loaded
			if _, checking := b.Guard(); !checking {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return use, end, b.Open(ctx, strings.ReplaceAll(address, "+", "%20"))
}
