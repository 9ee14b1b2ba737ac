package main

import (
	"context"
	"slices"
	"strings"
)

// command is one of the words that may stand first on the command line. All that is
// said of it, in help, errors, completion and the manual, comes from here.
type command struct {
	name, args string   // as they are typed: attach ENDPOINT
	most       int      // arguments
	words      []string // the first argument is one of these, where there are some
	summary    string
	detail     string // sentences
	flags      string // the names of those in [config.flagSet] that it has beside everywhere
	examples   []string
	run        func(context.Context, *config, streams) error
}

// The flags that several commands have.
const (
	everywhere = "show-secrets verbose no-color help version"
	ofBrowser  = " browser headless headed no-sandbox"
	ofForcing  = " site-scope no-default-tokens force-everywhere reload storage guard observe scope exclude wait var"
	ofSessions = " session http-auth use command"
)

// commands lists them, the first being the one that is meant where no word is typed.
func commands() []*command {
	return []*command{{
		name: "launch", args: "[URL]", most: 1, run: launch,
		summary:  "launch a browser and open the control prompt",
		detail:   "The word launch may be left out. Commands come from the prompt, from -c, or from standard input.",
		flags:    ofBrowser + " window-size profile proxy debug-port ignore-certificate-errors" + ofForcing + ofSessions,
		examples: []string{"sessdriver https://shop.test/", "sessdriver https://shop.test/ --session alice='sid=abc; auth=xyz' --use alice", `printf 'open http://shop.test/\nls\n' | sessdriver launch --headless`},
	}, {
		name: "attach", args: "ENDPOINT", most: 1, run: attach,
		summary:  "open the control prompt on a browser that runs already",
		detail:   "ENDPOINT is the address of its DevTools port: http://127.0.0.1:9222, ws://…/devtools/browser/…, HOST:PORT or PORT. The browser is left as it was found.",
		flags:    ofForcing + ofSessions,
		examples: []string{"sessdriver attach http://127.0.0.1:9222", "sessdriver attach 9222 -c 'sites; ls'"},
	}, {
		name: "run", args: "FILE|DIR…", most: 10_000, run: runScripts,
		summary:  "run scripts headless, and report how they ended",
		detail:   "Of a directory, the *.sess files in it and below are run, but not in hidden directories.",
		flags:    ofBrowser + " window-size proxy ignore-certificate-errors" + ofForcing + " jobs retries timeout only fail-fast shop junit artifacts json",
		examples: []string{"sessdriver run --shop -j 4 scripts/examples", "sessdriver run --junit report.xml --var SHOP=https://shop.test tests/"},
	}, {
		name: "demo", run: runDemo,
		summary:  "see it work, on an embedded demo shop",
		detail:   "At a terminal the browser stays open, with the control prompt.",
		flags:    ofBrowser + " window-size debug-port once json install-browser",
		examples: []string{"sessdriver demo --once", "sessdriver demo --install-browser"},
	}, {
		name: "doctor", run: runDoctor,
		summary:  "check that nothing leaks in your browser",
		detail:   "It takes about a minute. --guard takes several here: each is checked.",
		flags:    ofBrowser + " guard json",
		examples: []string{"sessdriver doctor", "sessdriver doctor --guard always,switch,off --json"},
	}, {
		name: "browser", words: browserVerbs, most: 1, run: manageBrowser,
		summary:  "install Chromium where no browser is found, or say which is used",
		flags:    " browser",
		examples: []string{"sessdriver browser install", "sessdriver browser path"},
	}, {
		name: "completion", words: shells, most: 1, run: completion,
		summary:  "what completes this in a shell",
		examples: []string{"sessdriver completion bash > /etc/bash_completion.d/sessdriver", `sessdriver completion zsh > "${fpath[1]}/_sessdriver"`, "sessdriver completion fish > ~/.config/fish/completions/sessdriver.fish"},
	}, {
		name: "man", run: man,
		summary:  "the whole manual as a manual page",
		examples: []string{"sessdriver man | man -l -"},
	}, {
		name: "help", args: "[TOPIC]", most: 3, run: help,
		summary:  "this text, or more about a TOPIC",
		detail:   "A TOPIC is a command, a page of the manual, or a command of the prompt.",
		examples: []string{"sessdriver help run", "sessdriver help guard", "sessdriver help session use"},
	}}
}

// commandOf is the command of that name, nil for none.
func commandOf(name string) *command {
	list := commands()
	if i := slices.IndexFunc(list, func(c *command) bool { return c.name == name }); i >= 0 {
		return list[i]
	}
	return nil
}

// commandNames lists the commands that have a flag; "" is for all of them.
func commandNames(flag string) []string {
	var names []string
	for _, c := range commands() {
		if flag == "" || c.has(flag) {
			names = append(names, c.name)
		}
	}
	return names
}

// has reports whether the command takes a flag.
func (c *command) has(flag string) bool {
	return slices.Contains(strings.Fields(everywhere+c.flags), flag)
}

// usage is how the command is typed behind the program's name.
func (c *command) usage() string {
	return strings.TrimSpace(c.name + " " + c.args + strings.Join(c.words, "|"))
}
