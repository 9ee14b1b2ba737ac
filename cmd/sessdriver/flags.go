package main

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"sessdriver/cdp"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// flagSet declares all flags. Which of them a command takes is said in [commands].
func (c *config) flagSet() *pflag.FlagSet {
	f := pflag.NewFlagSet("sessdriver", pflag.ContinueOnError)
	f.SetOutput(io.Discard) // errors are printed once, by run
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
	choose(f, &c.siteScope, sessions.Scopes, "site-scope", "`WHAT` a site is: a registrable domain with its sub-domains (domain), or one host and port (host)")
	f.BoolVar(&c.noDefaultTokens, "no-default-tokens", false, "take no cookie name for a token until you add it")
	f.BoolVar(&c.forceEverywhere, "force-everywhere", false, "send the forced tokens also where the browser would send no cookies")
	choose(f, &c.reload, cdp.ReloadPolicies, "reload", "`HOW` a switch reloads the site's tabs: all, current or none")
	choose(f, &c.storage, cdp.StoragePolicies, "storage", "`HOW` a switch treats the site's web storage: swap it with the session's (the default), keep it (the default of attach and with --profile), or clear it")
	f.StringVar(&c.guard, "guard", "always", "`HOW` the requests of forced sites are checked, which costs time: always; after a switch until the browser's cookies are the session's (switch); or never (off), where only the browser's cookies are switched (see: sessdriver help guard)")
	choose(f, &c.observe, sessions.Observations, "observe", "`HOW` sessdriver learns of the cookies that servers set: from each request and response (full); or, nearly for free, from an extension (changes), or by reading them now and then (jar), where it is not known which response set one (see: sessdriver help observe)")
	f.StringArrayVar(&c.scope, "scope", nil, "observe only URLs that match `PATTERN` (shop.test, *.shop.test:8080, https://shop.test/app/*); repeatable")
	f.StringArrayVar(&c.exclude, "exclude", nil, "do not observe URLs that match `PATTERN`; repeatable")
	f.StringArrayVar(&c.sessions, "session", nil, "start with a session: `NAME=COOKIES`, NAME=@FILE or NAME=- (standard input); SITE/NAME for another site than the URL's; repeatable")
	f.StringArrayVar(&c.httpAuth, "http-auth", nil, "give a session the credentials for HTTP authentication: `NAME=USER:PASSWORD`, NAME=@FILE or NAME=- (standard input); SITE/NAME for another site than the URL's; repeatable")
	f.StringArrayVar(&c.use, "use", nil, "force the session `NAME` before the first request; SITE/NAME for another site; repeatable")
	f.StringVarP(&c.script, "command", "c", "", "run `COMMANDS` (separated by ; or line ends) and end")
	f.DurationVar(&c.wait, "wait", scripts.DefaultTimeout, "how long the commands that act on a page, wait and expect wait for what they are about, where they have no --timeout: a `TIME` as 500ms or 30s")
	f.BoolVar(&c.showSecrets, "show-secrets", false, "show the values of tokens, and whole addresses")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "log to standard error; with run also show what scripts print that pass")
	f.BoolVar(&c.noColour, "no-color", false, "no colours and no hints at the prompt; NO_COLOR in the environment does the same")
	f.IntVarP(&c.jobs, "jobs", "j", 1, "`N` scripts at a time, each in a window and with sessions of its own")
	f.IntVar(&c.retries, "retries", 0, "repeat a script that fails, up to `N` times")
	f.DurationVar(&c.timeout, "timeout", 5*time.Minute, "how long a script may take, a `TIME` as 30s or 5m")
	f.StringVar(&c.only, "only", "", "only the sections whose names match `REGEXP`, and the scripts without sections whose own name does; a script that has neither is skipped")
	f.BoolVar(&c.failFast, "fail-fast", false, "start no more scripts after one has failed")
	f.StringArrayVar(&c.vars, "var", nil, "set the variable `NAME=VALUE` of scripts; repeatable. Also from the environment: SESSDRIVER_VAR_NAME")
	f.BoolVar(&c.shop, "shop", false, "serve the demo shop to each script; its address is in $SHOP")
	f.StringVar(&c.junit, "junit", "", "write a JUnit report to `FILE`")
	f.StringVar(&c.artifacts, "artifacts", "", "save what helps to understand a failure in `DIR`: the page, unmasked, its console, the last requests")
	f.BoolVar(&c.once, "once", false, "print the proof and end")
	f.BoolVar(&c.json, "json", false, "print JSON lines")
	f.BoolVar(&c.installBrowser, "install-browser", false, "install a browser first when there is none")
	f.BoolVarP(&c.help, "help", "h", false, "show this help")
	f.BoolVar(&c.version, "version", false, "show the version")
	return f
}

// fits refuses flags on the command line that the command does not take. The
// environment is for all commands, so it is not looked at.
func fits(flags *pflag.FlagSet, c *command) error {
	var err error
	flags.Visit(func(f *pflag.Flag) {
		if !c.has(f.Name) && f.Annotations[fromEnv] == nil && err == nil {
			err = usagef("--%s does not work with %s, only with: %s", f.Name, c.name, strings.Join(commandNames(f.Name), ", "))
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
				return usagef("the environment variable %s: %v", name, badFlag(err))
			}
		}
		_ = flags.SetAnnotation(f.Name, fromEnv, nil)
		f.Annotations[fromEnv] = []string{name}
	}
	return nil
}

// flagsNamed lists the flags of these names, in the order in which they are declared; all
// for "".
func flagsNamed(names string) (list []*pflag.Flag) {
	newConfig().flagSet().VisitAll(func(f *pflag.Flag) {
		if names == "" || slices.Contains(strings.Fields(names), f.Name) {
			list = append(list, f)
		}
	})
	return list
}

// describe is how a flag is typed and what it does.
func describe(f *pflag.Flag) (typed, text string) {
	value, text := pflag.UnquoteUsage(f)
	typed = strings.TrimSpace("--" + f.Name + " " + value)
	if f.Shorthand != "" {
		typed = "-" + f.Shorthand + ", " + typed
	}
	if !slices.Contains([]string{"", "0", "false", "[]"}, f.DefValue) {
		text += " (default " + f.DefValue + ")"
	}
	return typed, text
}
