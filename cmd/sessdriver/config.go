package main

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/settings"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// config is what the command line and the environment ask for.
type config struct {
	command string
	args    []string // behind the command

	browser, profile, proxy    string
	headless, headed           bool
	windowSize                 string
	windowSizeValue            cdp.Size // zero when none is given
	debugPort                  int
	ignoreCertificateErrors    bool
	noDefaultTokens            bool
	noSandbox                  bool
	siteScope, reload, storage string
	guard, observe             string
	forceEverywhere            bool
	scope, exclude             []string
	sessions, use, httpAuth    []string
	script                     string
	showSecrets, verbose       bool
	noColour                   bool
	once, json, installBrowser bool
	help, version              bool
	scopeValue                 sessions.Scope
	reloadValue                cdp.ReloadPolicy
	storageValue               cdp.StoragePolicy
	guardValue                 sessions.Guard
	observeValue               sessions.Observation
	guards                     []sessions.Guard // for doctor
	observes                   func(string) bool
	defaults                   []sessions.Default
	sites                      []string // exceptions to the scope
	scriptGiven                bool

	// of run
	jobs, retries          int
	timeout, wait          time.Duration
	only, junit, artifacts string
	failFast, shop         bool
	vars                   []string
}

// commands are the words that may stand first. Without one it is launch.
var commands = []string{"launch", "attach", "run", "demo", "doctor", "browser", "completion", "man", "help"}

// readConfig reads the command line, then the environment for the flags that
// were not given. Errors are usage errors.
func readConfig(args, environ []string) (*config, error) {
	c := &config{}
	flags := c.flagSet()
	if err := flags.Parse(args); err != nil {
		return nil, usagef("%v", err)
	}
	if err := c.fromEnvironment(flags, environ); err != nil {
		return nil, err
	}
	c.command, c.args = "launch", flags.Args()
	if len(c.args) > 0 && slices.Contains(commands, c.args[0]) {
		c.command, c.args = c.args[0], c.args[1:]
	}
	c.scriptGiven = flags.Changed("command")
	if c.help || c.version {
		return c, nil
	}
	if err := fits(flags, c.command); err != nil {
		return nil, err
	}
	return c, c.check()
}

func (c *config) flagSet() *pflag.FlagSet {
	f := pflag.NewFlagSet("sessdriver", pflag.ContinueOnError)
	f.SetOutput(discard{})
	f.SortFlags = false
	f.StringVar(&c.browser, "browser", "", "`PATH` of the browser; by default the first found of Chrome, Chromium, Edge, Brave, headless-shell")
	f.BoolVar(&c.headless, "headless", false, "no window; the default where there is no display")
	f.BoolVar(&c.headed, "headed", false, "a visible window")
	f.StringVar(&c.windowSize, "window-size", "", "the size of pages in windows, `WxH` in CSS pixels (innerWidth and innerHeight): 1280x720 without a display, else as the browser likes")
	f.StringVar(&c.profile, "profile", "", "use the profile in `DIR` and keep it; by default a temporary one")
	f.StringVar(&c.proxy, "proxy", "", "send all traffic, loopback too, through the proxy at `URL`")
	f.IntVar(&c.debugPort, "debug-port", 0, "open a DevTools port `N` on loopback for other clients: whoever reaches it owns the browser")
	f.BoolVar(&c.ignoreCertificateErrors, "ignore-certificate-errors", false, "trust every server")
	f.BoolVar(&c.noSandbox, "no-sandbox", false, "run Chrome without its sandbox; always so for root")
	f.StringVar(&c.siteScope, "site-scope", "domain", "`WHAT` a site is: a registrable domain with its sub-domains (domain), or one host and port (host)")
	f.BoolVar(&c.noDefaultTokens, "no-default-tokens", false, "take no cookie name for a token until you add it")
	f.BoolVar(&c.forceEverywhere, "force-everywhere", false, "send the forced tokens also where the browser would send no cookies")
	f.StringVar(&c.reload, "reload", "all", "`HOW` a switch reloads the site's tabs: all, current or none")
	f.StringVar(&c.storage, "storage", "", "`HOW` a switch treats the site's web storage: swap it with the session's (the default), keep it (the default of attach and with --profile), or clear it")
	f.StringVar(&c.guard, "guard", "always", "`HOW` the requests of forced sites are checked, which costs time: always; after a switch until the browser's cookies are the session's (switch); or never (off), where only the browser's cookies are switched (see: help guard). doctor takes several: always,switch,off")
	f.StringVar(&c.observe, "observe", "full", "`HOW` sessdriver learns of the cookies that servers set: from each request and response (full); or, nearly for free, from an extension (changes), or by reading them now and then (jar), where it is not known which response set one (see: help observe)")
	f.StringArrayVar(&c.scope, "scope", nil, "observe only URLs that match `PATTERN` (shop.test, *.shop.test:8080, https://shop.test/app/*); repeatable")
	f.StringArrayVar(&c.exclude, "exclude", nil, "do not observe URLs that match `PATTERN`; repeatable")
	f.StringArrayVar(&c.sessions, "session", nil, "start with a session: `NAME=COOKIES`, NAME=@FILE or NAME=- (standard input); SITE/NAME for another site than the URL's; repeatable")
	f.StringArrayVar(&c.httpAuth, "http-auth", nil, "give a session the credentials for HTTP authentication: `NAME=USER:PASSWORD`, NAME=@FILE or NAME=- (standard input); SITE/NAME for another site than the URL's; repeatable")
	f.StringArrayVar(&c.use, "use", nil, "force the session `NAME` before the first request; SITE/NAME for another site; repeatable")
	f.StringVarP(&c.script, "command", "c", "", "run `COMMANDS` (separated by ; or line ends) and end")
	f.DurationVar(&c.wait, "wait", scripts.DefaultPatience, "how long the commands that act on a page, wait and expect wait for what they are about, where they have no --timeout: a `TIME` as 500ms or 30s")
	f.BoolVar(&c.showSecrets, "show-secrets", false, "show the values of tokens, and whole addresses")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "log to standard error; run: also show what scripts print that pass")
	f.BoolVar(&c.noColour, "no-color", false, "no colours and no hints at the prompt; NO_COLOR in the environment does the same")
	f.IntVarP(&c.jobs, "jobs", "j", 1, "run: `N` scripts at a time, each in a window and with sessions of its own")
	f.IntVar(&c.retries, "retries", 0, "run: repeat a script that fails, up to `N` times")
	f.DurationVar(&c.timeout, "timeout", 5*time.Minute, "run: how long a script may take, a `TIME` as 30s or 5m")
	f.StringVar(&c.only, "only", "", "run: only the sections whose names match `REGEXP`, and the scripts without sections whose own name does; a script that has neither is skipped")
	f.BoolVar(&c.failFast, "fail-fast", false, "run: start no more scripts after one has failed")
	f.StringArrayVar(&c.vars, "var", nil, "set the variable `NAME=VALUE` of scripts; repeatable. Also from the environment: SESSDRIVER_VAR_NAME")
	f.BoolVar(&c.shop, "shop", false, "run: serve the demo shop to each script; its address is in $SHOP")
	f.StringVar(&c.junit, "junit", "", "run: write a JUnit report to `FILE`")
	f.StringVar(&c.artifacts, "artifacts", "", "run: save what helps to understand a failure in `DIR`: the page, unmasked, its console, the last requests")
	f.BoolVar(&c.once, "once", false, "demo: print the proof and end")
	f.BoolVar(&c.json, "json", false, "run, demo, doctor: print JSON lines")
	f.BoolVar(&c.installBrowser, "install-browser", false, "demo: install a browser first when there is none")
	f.BoolVarP(&c.help, "help", "h", false, "show this help")
	f.BoolVar(&c.version, "version", false, "show the version")
	return f
}

// discard drops what pflag would print: errors are printed once, by run.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// onlyFor names the commands that a flag is for, where it is not for all that run
// a browser.
var onlyFor = map[string][]string{
	"once": {"demo"}, "json": {"run", "demo", "doctor"},
	"jobs": {"run"}, "retries": {"run"}, "timeout": {"run"}, "wait": {"launch", "attach", "run"}, "only": {"run"}, "fail-fast": {"run"}, "var": {"launch", "attach", "run"}, "shop": {"run"}, "junit": {"run"}, "artifacts": {"run"}, "install-browser": {"demo"},
	"session": {"launch", "attach"}, "http-auth": {"launch", "attach"}, "use": {"launch", "attach"}, "command": {"launch", "attach"},
	"scope": {"launch", "attach", "run"}, "exclude": {"launch", "attach", "run"}, "site-scope": {"launch", "attach", "run"},
	"force-everywhere": {"launch", "attach", "run"}, "no-default-tokens": {"launch", "attach", "run"}, "reload": {"launch", "attach", "run"}, "storage": {"launch", "attach", "run"}, "guard": {"launch", "attach", "run", "doctor"}, "observe": {"launch", "attach", "run"},
	"profile": {"launch"}, "headless": {"launch", "run", "demo", "doctor"}, "headed": {"launch", "run", "demo", "doctor"}, "window-size": {"launch", "run", "demo"},
	"proxy": {"launch", "run"}, "debug-port": {"launch", "demo"}, "ignore-certificate-errors": {"launch", "run"}, "no-sandbox": {"launch", "run", "demo", "doctor"},
	"browser": {"launch", "run", "demo", "doctor", "browser"},
}

// fits refuses flags on the command line that the command does not know. The
// environment is for all commands, so it is not looked at.
func fits(flags *pflag.FlagSet, command string) error {
	var err error
	flags.Visit(func(f *pflag.Flag) {
		known, limited := onlyFor[f.Name]
		if limited && !slices.Contains(known, command) && f.Annotations[fromEnv] == nil && err == nil {
			err = usagef("--%s does not work with %s, only with: %s", f.Name, command, strings.Join(known, ", "))
		}
	})
	return err
}

const fromEnv = "environment"

// fromEnvironment sets the flags that were not given from SESSDRIVER_ variables.
// A repeatable flag takes one value per line.
func (c *config) fromEnvironment(flags *pflag.FlagSet, environ []string) error {
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if script, is := strings.CutPrefix(name, "SESSDRIVER_VAR_"); is {
			c.vars = append([]string{script + "=" + value}, c.vars...) // --var comes after, and wins
			continue
		}
		flagName, ours := strings.CutPrefix(name, "SESSDRIVER_")
		f := flags.Lookup(strings.ReplaceAll(strings.ToLower(flagName), "_", "-"))
		if !ours || f == nil || f.Changed || value == "" {
			continue
		}
		values := []string{value}
		if f.Value.Type() == "stringArray" {
			values = strings.Split(value, "\n")
		}
		for _, v := range values {
			if err := flags.Set(f.Name, v); err != nil {
				return usagef("the environment variable %s: %v", name, err)
			}
		}
		_ = flags.SetAnnotation(f.Name, fromEnv, nil)
		f.Annotations[fromEnv] = []string{name}
	}
	return nil
}

// check turns what was given into values, and refuses what cannot be meant.
func (c *config) check() error {
	var err error
	if c.headless && c.headed {
		return usagef("use --headless or --headed, not both")
	}
	if c.headed && !hasDisplay() {
		return fmt.Errorf("%w: --headed: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); use --headless", cdp.ErrNoBrowser)
	}
	if c.proxy != "" {
		if err := checkProxy(c.proxy); err != nil {
			return err
		}
	}
	if c.windowSize != "" {
		if c.windowSizeValue, err = cdp.ParseSize(c.windowSize); err != nil {
			return usagef("--window-size: %v", err)
		}
	}
	if c.wait <= 0 {
		return usagef("--wait %v: write it as 500ms or 30s", c.wait)
	}
	if c.debugPort < 0 || c.debugPort > 65535 {
		return usagef("--debug-port %d is not a port; use 1 to 65535", c.debugPort)
	}
	if c.scopeValue, err = sessions.ParseScope(c.siteScope); err != nil {
		return usagef("--site-scope: %v", err)
	}
	if c.reloadValue, err = cdp.ParseReload(c.reload); err != nil {
		return usagef("--reload: %v", err)
	}
	if c.storageValue, err = cdp.ParseStorage(cmp.Or(c.storage, c.defaultStorage())); err != nil {
		return usagef("--storage: %v", err)
	}
	if err := c.readGuard(); err != nil {
		return err
	}
	if c.observeValue, err = sessions.ParseObservation(c.observe); err != nil {
		return usagef("--observe: %v", err)
	}
	if c.observeValue != sessions.ObserveFull && c.scopeValue == sessions.ScopeHost {
		return usagef("--site-scope host needs --observe full: cookies have no port")
	}
	for _, variable := range c.vars {
		if name, _, ok := strings.Cut(variable, "="); !ok || !new(scripts.Vars).Set(name, "") {
			return usagef("--var %s: write it as NAME=VALUE", name)
		}
	}
	if c.forceEverywhere && c.guardValue != sessions.GuardAlways {
		return usagef("--force-everywhere needs every request to be checked: --guard always")
	}
	if c.observes, err = sessions.NewFilter(c.scope, c.exclude); err != nil {
		return usagef("%v", err)
	}
	if err := c.readSettings(); err != nil {
		return err
	}
	if !c.headless && !c.headed {
		c.headless = c.command == "run" || !hasDisplay()
	}
	return c.countArgs()
}

// readGuard reads one guard, or for doctor a list.
func (c *config) readGuard() error {
	names := []string{c.guard}
	if c.command == "doctor" {
		names = strings.Split(c.guard, ",")
	}
	for _, name := range names {
		g, err := sessions.ParseGuard(strings.TrimSpace(name))
		if err != nil {
			return usagef("--guard: %v", err)
		}
		c.guards = append(c.guards, g)
	}
	c.guardValue = c.guards[0]
	return nil
}

// defaultStorage leaves somebody else's browser, or a profile that is kept, as it is.
func (c *config) defaultStorage() string {
	if c.command == "attach" || c.profile != "" {
		return string(cdp.StorageKeep)
	}
	return string(cdp.StorageSwap)
}

// checkProxy wants what Chrome takes as a proxy: HOST:PORT, with a scheme or not.
func checkProxy(text string) error {
	full := text
	if !strings.Contains(full, "://") {
		full = "http://" + full
	}
	u, err := url.Parse(full)
	if err == nil && u.Port() != "" && slices.Contains([]string{"http", "https", "socks4", "socks5", "socks"}, u.Scheme) {
		return nil
	}
	return usagef("--proxy %s: write it as http://127.0.0.1:8080 or socks5://127.0.0.1:1080", sessions.ShowURL(text))
}

// readSettings reads what the user keeps for every run. The demo, and what has
// no browser, is the same for everybody.
func (c *config) readSettings() (err error) {
	if c.command != "launch" && c.command != "attach" && c.command != "run" {
		c.defaults = sessions.StandardDefaults()
		return nil
	}
	if !c.noDefaultTokens {
		c.defaults, err = settings.LoadDefaults()
	}
	if err == nil {
		c.sites, err = settings.LoadSites(c.scopeValue)
	}
	return err
}

func (c *config) countArgs() error {
	limits := map[string]int{"launch": 1, "attach": 1, "run": 10_000, "demo": 0, "doctor": 0, "browser": 1, "completion": 1, "man": 0, "help": 3}
	if limit := limits[c.command]; len(c.args) > limit {
		most := fmt.Sprintf("%d arguments", limit)
		if limit == 1 {
			most = "1 argument"
		}
		return usagef("%s takes %s, not %d: %q; a URL with spaces or & needs quotes", c.command, most, len(c.args), sessions.ShowURL(c.args[limit]))
	}
	return nil
}

// hasDisplay reports whether a window could be seen.
func hasDisplay() bool {
	return runtime.GOOS == "darwin" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// usage is the help of the program.
func usage() string {
	return overview + "\nFlags (each also as an environment variable: --debug-port as SESSDRIVER_DEBUG_PORT):\n" +
		(&config{}).flagSet().FlagUsagesWrapped(100) + exitHelp
}
