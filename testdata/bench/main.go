// Bench measures what forcing a session costs: sessdriver in its modes, and other tools
// that change requests, each against the same browser with nothing on. Run it on a quiet
// machine:
//
//	cd testdata/bench && npm install && go run .
//
// Every tool drives a browser of its own, all alive at the same time, and the rounds go
// through them in turns. The page makes the requests and takes the time; the server
// counts that each carried the cookie that it should. A ratio is taken within a round.
//
//	go run . -scripts
//
// measures sessdriver run against Playwright's test runner, see scripts.go.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == "drive" {
		fail(drive(os.Args[2], os.Args[3]))
		return
	}
	o := options{}
	flag.IntVar(&o.rounds, "rounds", 0, "rounds; by default 7 through all modes, 5 of -scripts")
	flag.IntVar(&o.requests, "n", 500, "requests, one at a time and six at a time")
	flag.StringVar(&o.browser, "browser", "chromium", "the browser")
	only := flag.String("only", "", "modes, separated by semicolons; by default all")
	runners := flag.Bool("scripts", false, "measure sessdriver run and Playwright's test runner instead")
	flag.Parse()
	path, err := exec.LookPath(o.browser)
	fail(err)
	os.Setenv("SESSDRIVER_BROWSER", path)
	if *runners {
		fail(compare(cmp.Or(o.rounds, 5), path))
		return
	}
	o.rounds = cmp.Or(o.rounds, 7)
	for _, m := range modes {
		if *only == "" || m.name == nothing || strings.Contains(";"+*only+";", ";"+m.name+";") {
			o.modes = append(o.modes, m)
		}
	}
	fail(run(o))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

const (
	nothing = "nothing on"
	explore = "explore"
	// The bounds: see raw.go.
	bound      = "bound of observing: Network on, all thrown away"
	boundFetch = "bound of checking: Fetch on, answered blindly"
)

// mode is a way to drive a browser.
type mode struct {
	name   string
	node   string // the file of a peer in JavaScript; "" for one of drive
	forces bool   // the requests carry sid=forced
	uses   bool   // it can switch to another session
}

var modes = []mode{
	{name: nothing},
	{name: explore},
	{name: bound},
	{name: boundFetch},
	{name: "explore, changes"},
	{name: "explore, jar"},
	{name: "guard always", forces: true, uses: true},
	{name: "guard always, changes", forces: true, uses: true},
	{name: "guard always, every header written", forces: true},
	{name: "guard switch", forces: true},
	{name: "guard switch, changes", forces: true},
	{name: "guard off", forces: true},
	{name: "guard off, jar", forces: true},
	{name: "chromedp", forces: true},
	{name: "rod", forces: true},
	{name: "puppeteer", node: "puppeteer.mjs", forces: true},
	{name: "playwright", node: "playwright.mjs", forces: true},
	{name: "playwright newContext", node: "context.mjs", uses: true},
	{name: "go proxy", forces: true},
}
