package chrome

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// disabledFeatures are those of Chrome that ask servers for what no page asked for
// (TestNothingElse), and that pages do not see.
var disabledFeatures = []string{
	"Translate", "OptimizationHints", "MediaRouter", "DialMediaRouteProvider",
	"NetworkTimeServiceQuerying",      // the time, from clients2.google.com
	"OptimizationGuideManifestBroker", // models, from update.googleapis.com
	"AutofillServerCommunication",     // what the fields of a form are for
	"CertificateTransparencyComponentUpdater",
}

const nowhere = "http://127.0.0.1:1"

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
		"--disable-domain-reliability",
		"--disable-features=" + strings.Join(disabledFeatures, ","),
		// What cannot be turned off asks a port that Chrome itself refuses: no request is made.
		"--gaia-url=" + nowhere,                           // who is signed in to the browser
		"--component-updater=url-source=" + nowhere + "/", // on demand, in spite of --disable-component-update
		"--metrics-recording-only",
		"--password-store=basic",
		"--use-mock-keychain",
		"--safebrowsing-disable-auto-update",
	}
	if o.Headless {
		list = append(list, "--headless", "--hide-scrollbars", "--mute-audio",
			"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding")
	}
	list = append(list, o.sizeArguments()...)
	if o.NoStartupWindow {
		list = append(list, "--no-startup-window")
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
	if o.LoadExtensions {
		list = append(list, "--enable-unsafe-extension-debugging")
	}
	list = append(list, o.Arguments...)
	return append(list, "about:blank")
}

// sizeArguments begin with windows of about that size. What lies around the page, such as
// a toolbar, differs from window to window.
func (o *Options) sizeArguments() []string {
	if o.Width == 0 && o.Height == 0 {
		return nil
	}
	list := []string{fmt.Sprintf("--window-size=%d,%d", o.Width, o.Height)}
	if o.Headless { // a screen that windows of that size fit on: 800x600 is what pages would see else
		const around = 200
		list = append(list, fmt.Sprintf("--screen-info={%dx%d}", max(1920, o.Width+around), max(1080, o.Height+around)))
	}
	return list
}
