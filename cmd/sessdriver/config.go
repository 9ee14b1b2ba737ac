package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/settings"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// config is what the command line and the environment ask for.
type config struct {
	command *command
	args    []string // behind the command

	browser, profile, proxy    string
	headless, headed           bool
	windowSize                 string
	debugPort                  int
	ignoreCertificateErrors    bool
	noDefaultTokens            bool
	noSandbox                  bool
	forceEverywhere            bool
	scope, exclude             []string
	sessions, use, httpAuth    []string
	script                     string
	showSecrets, verbose       bool
	noColour                   bool
	once, json, installBrowser bool
	help, version              bool
	windowSizeValue            cdp.Size // zero when none is given
	siteScope                  sessions.Scope
	reload                     cdp.ReloadPolicy
	storage                    cdp.StoragePolicy
	observe                    sessions.Observation
	guard                      string
	guards                     []sessions.Guard // for doctor more than one
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

// newConfig has the defaults of the flags that take a word.
func newConfig() *config {
	return &config{siteScope: sessions.ScopeDomain, reload: cdp.ReloadAll, observe: sessions.ObserveFull}
}

// readConfig reads the command line, then the environment for the flags that
// were not given. Errors are usage errors.
func readConfig(args, environ []string) (*config, error) {
	c := newConfig()
	flags := c.flagSet()
	if err := flags.Parse(args); err != nil {
		return nil, usagef("%v", badFlag(err))
	}
	if err := c.fromEnvironment(flags, environ); err != nil {
		return nil, err
	}
	c.command, c.args = commands()[0], flags.Args()
	var topic []string
	if named := commandOf(flags.Arg(0)); named != nil {
		c.command, c.args, topic = named, c.args[1:], c.args[:1]
	}
	c.scriptGiven = flags.Changed("command")
	if c.help { // as the command help does
		c.command, c.args = commandOf("help"), topic
	}
	if c.help || c.version {
		return c, nil
	}
	if err := fits(flags, c.command); err != nil {
		return nil, err
	}
	return c, c.check()
}

// check turns what was given into values, and refuses what cannot be meant.
func (c *config) check() error {
	for _, part := range []func() error{c.checkBrowser, c.checkForcing, c.checkScripts, c.readSettings, c.countArgs} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// checkBrowser is about the browser that is started.
func (c *config) checkBrowser() (err error) {
	switch {
	case c.headless && c.headed:
		return usagef("use --headless or --headed, not both")
	case c.headed && !hasDisplay():
		return fmt.Errorf("%w: --headed: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); use --headless", cdp.ErrNoBrowser)
	case c.debugPort < 0 || c.debugPort > 65535:
		return usagef("--debug-port %d is not a port; use 1 to 65535", c.debugPort)
	}
	if !c.headless && !c.headed {
		c.headless = c.command.name == "run" || !hasDisplay()
	}
	if c.windowSize != "" {
		if c.windowSizeValue, err = cdp.ParseSize(c.windowSize); err != nil {
			return usagef("--window-size: %v", err)
		}
	}
	if c.proxy != "" {
		return checkProxy(c.proxy)
	}
	return nil
}

// checkForcing is about how sessions are observed and forced.
func (c *config) checkForcing() (err error) {
	c.storage = cmp.Or(c.storage, c.defaultStorage())
	if err := c.readGuard(); err != nil {
		return err
	}
	if c.observe != sessions.ObserveFull && c.siteScope == sessions.ScopeHost {
		return usagef("--site-scope host needs --observe full: cookies have no port")
	}
	if c.forceEverywhere && c.guards[0] != sessions.GuardAlways {
		return usagef("--force-everywhere needs every request to be checked: --guard always")
	}
	c.observes, err = sessions.NewFilter(c.scope, c.exclude)
	if bad := (*sessions.PatternError)(nil); errors.As(err, &bad) {
		return usagef("--%s: %v", bad.List, bad)
	}
	return err
}

// checkScripts is about what scripts are given.
func (c *config) checkScripts() error {
	if c.wait <= 0 {
		return usagef("--wait %v: write it as 500ms or 30s", c.wait)
	}
	for _, variable := range c.vars {
		if name, _, ok := strings.Cut(variable, "="); !ok || !new(scripts.Vars).Set(name, "") {
			return usagef("--var %s: write it as NAME=VALUE", name)
		}
	}
	return nil
}

// readGuard reads one guard, or for doctor a list.
func (c *config) readGuard() error {
	names := []string{c.guard}
	if c.command.name == "doctor" {
		names = strings.Split(c.guard, ",")
	}
	for _, name := range names {
		g, err := sessions.Guards.Parse(strings.TrimSpace(name))
		if err != nil {
			return usagef("--guard: %v", err)
		}
		c.guards = append(c.guards, g)
	}
	return nil
}

// defaultStorage leaves somebody else's browser, or a profile that is kept, as it is.
func (c *config) defaultStorage() cdp.StoragePolicy {
	if c.command.name == "attach" || c.profile != "" {
		return cdp.StorageKeep
	}
	return cdp.StorageSwap
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
	if !c.command.has("no-default-tokens") {
		c.defaults = sessions.StandardDefaults()
		return nil
	}
	if !c.noDefaultTokens {
		c.defaults, err = settings.LoadDefaults()
	}
	if err == nil {
		c.sites, err = settings.LoadSites(c.siteScope)
	}
	return err
}

func (c *config) countArgs() error {
	most := c.command.most
	if len(c.args) <= most {
		return nil
	}
	counted := fmt.Sprintf("%d arguments", most)
	if most == 1 {
		counted = "1 argument"
	}
	return usagef("%s takes %s, not %d: %q; a URL with spaces or & needs quotes", c.command.name, counted, len(c.args), sessions.ShowURL(c.args[most]))
}

// hasDisplay reports whether a window could be seen.
func hasDisplay() bool {
	return runtime.GOOS == "darwin" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}
