package cdp

import (
	"os"
	"strconv"

	"sessdriver/sessions"
)

// arguments is the command line of a browser that we start: a quiet browser
// that does what a visited page asks for and nothing else, as other drivers
// start it, but with its own extensions and popup blocker untouched.
func arguments(o *Options, profile string) []string {
	list := []string{
		"--remote-debugging-pipe",
		"--user-data-dir=" + profile,
		"--no-first-run",
		"--no-default-browser-check",
		"--disable-background-networking",
		"--disable-breakpad",
		"--disable-client-side-phishing-detection",
		"--disable-component-update",
		"--disable-default-apps",
		"--disable-dev-shm-usage",
		"--disable-hang-monitor",
		"--disable-prompt-on-repost",
		"--disable-sync",
		"--disable-features=Translate,OptimizationHints,MediaRouter",
		"--metrics-recording-only",
		"--password-store=basic",
		"--use-mock-keychain",
		"--safebrowsing-disable-auto-update",
	}
	if o.Headless {
		list = append(list, "--headless", "--hide-scrollbars", "--mute-audio",
			"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding")
	}
	if o.Apart && o.Headless {
		list = append(list, "--no-startup-window") // it would be one for nobody
	}
	if o.NoSandbox || os.Getuid() == 0 {
		list = append(list, "--no-sandbox")
	}
	if o.Proxy != "" {
		// Chrome goes around a proxy for loopback unless told otherwise.
		list = append(list, "--proxy-server="+o.Proxy, "--proxy-bypass-list=<-loopback>")
	}
	if o.DebugPort != 0 {
		list = append(list, "--remote-debugging-port="+strconv.Itoa(o.DebugPort), "--remote-debugging-address=127.0.0.1")
	}
	if o.IgnoreCertificateErrors {
		list = append(list, "--ignore-certificate-errors")
	}
	if o.Observe == sessions.ObserveChanges {
		list = append(list, "--enable-unsafe-extension-debugging") // lets the pipe load one
	}
	list = append(list, o.Arguments...)
	return append(list, "about:blank")
}
