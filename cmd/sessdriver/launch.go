package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/browserinstall"
	"sessdriver/cmd/sessdriver/internal/manual"
	"sessdriver/cmd/sessdriver/internal/runner"
	"sessdriver/cmd/sessdriver/internal/settings"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// launch is `sessdriver launch [URL]`.
func launch(ctx context.Context, c *config, s streams) error {
	var url string
	if len(c.args) == 1 {
		if word := c.args[0]; isWord(word) {
			return usagef("%q is not a command; the commands are %s; write a host of one word as http://%[1]s/", word, strings.Join(commandNames(""), ", "))
		}
		normal, err := sessions.NormalizeURL(c.args[0])
		switch {
		case c.args[0] == "about:blank": // what is shown anyway
		case err != nil:
			return usagef("launch: %v", err)
		default:
			url = normal
		}
	}
	if err := c.checkCommands(ctx); err != nil {
		return err
	}
	given, err := readGiven(c, s.in, url)
	if err != nil {
		return err
	}
	k := newControl(c, s)
	defer k.close()
	options, err := c.launchOptions(k, s)
	if err != nil {
		return err
	}
	browser, err := k.start(ctx, func(ctx context.Context) (*cdp.Browser, error) { return cdp.Launch(ctx, options) })
	if err != nil {
		return err
	}
	return k.with(ctx, browser, func(ctx context.Context) error { return k.drive(ctx, given, url) })
}

// checkCommands finds what is typed wrong in -c before a browser is started.
func (c *config) checkCommands(ctx context.Context) error {
	engine := &scripts.Engine{Commands: scripts.NewRegistry(), Mask: c.newMask(), ReadFile: runner.ReadScript}
	return engine.Check(ctx, scripts.Script{Name: "-c", Text: c.script})
}

// isWord reports what is rather a misspelt command than a URL.
func isWord(text string) bool {
	return text != "" && text != "localhost" && !strings.ContainsAny(text, ".:/[")
}

// attach is `sessdriver attach ENDPOINT`.
func attach(ctx context.Context, c *config, s streams) error {
	if len(c.args) != 1 || c.args[0] == "" {
		return usagef("attach needs an address, as in: sessdriver attach http://127.0.0.1:9222")
	}
	if err := cdp.CheckEndpoint(c.args[0]); err != nil {
		return usagef("attach %s: %v; give the address of a DevTools port, as in: sessdriver attach http://127.0.0.1:9222", sessions.ShowURL(c.args[0]), err)
	}
	if err := c.checkCommands(ctx); err != nil {
		return err
	}
	given, err := readGiven(c, s.in, "")
	if err != nil {
		return err
	}
	k := newControl(c, s)
	defer k.close()
	options := c.options(k, s)
	if options.State, err = settings.StateDir(); err != nil { // a home that there is not cannot be written either
		k.notices.print(cdp.NoJournal(err))
	}
	browser, err := k.start(ctx, func(ctx context.Context) (*cdp.Browser, error) { return cdp.Attach(ctx, c.args[0], options) })
	if err != nil {
		return err
	}
	return k.with(ctx, browser, func(ctx context.Context) error { return k.drive(ctx, given, "") })
}

// start gets a browser, unless Ctrl-C comes first.
func (k *control) start(ctx context.Context, get func(context.Context) (*cdp.Browser, error)) (*cdp.Browser, error) {
	ctx, stop := k.interruptible(ctx)
	defer stop()
	b, err := get(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, errInterrupted
	}
	return b, err
}

// options are those for any browser.
func (c *config) options(k *control, s streams) cdp.Options {
	o := cdp.Options{Book: k.book, Reload: c.reload, Storage: c.storage, Guard: c.guards[0], Observe: c.observe, Notice: func(n error) { k.notices.print(scripts.NoticeLine(n)) }}
	o.Log = c.newLog(s.err, k.book, k.mask)
	return o
}

// newLog is the log of -v, without secrets; nil without.
func (c *config) newLog(w io.Writer, book *sessions.Book, mask sessions.Mask) *slog.Logger {
	if !c.verbose {
		return nil
	}
	hide := func(_ []string, a slog.Attr) slog.Attr {
		if kind := a.Value.Kind(); kind == slog.KindString || kind == slog.KindAny {
			a.Value = slog.StringValue(mask.Text(book, a.Value.String(), ""))
		}
		return a
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: hide}))
}

// launchOptions are those for a browser of our own. It warns of what makes it
// less safe.
func (c *config) launchOptions(k *control, s streams) (cdp.Options, error) {
	o := c.options(k, s)
	o.Path = c.browser
	if o.Path == "" {
		found, err := browserinstall.Find()
		if err != nil {
			return o, err
		}
		o.Path = found.Path
	}
	o.Headless, o.Profile, o.Proxy, o.DebugPort = c.headless, c.profile, c.proxy, c.debugPort
	o.WindowSize = c.windowSizeValue
	if c.debugPort != 0 {
		o.State, _ = settings.StateDir() // without a home other drivers do not learn of this one
	}
	o.IgnoreCertificateErrors, o.NoSandbox = c.ignoreCertificateErrors, c.noSandbox
	if os.Getuid() == 0 || c.noSandbox {
		fmt.Fprintln(s.err, "warning: Chrome runs without its sandbox (always so for root); visit only sites that you trust with this machine")
	}
	if c.debugPort != 0 {
		fmt.Fprintf(s.err, "warning: whoever reaches 127.0.0.1:%d on this machine owns the browser and its sessions\n", c.debugPort)
	}
	return o, nil
}

// newBook makes the book that the flags ask for.
func (c *config) newBook(notify func(sessions.Event)) *sessions.Book {
	book := sessions.New(sessions.Options{
		Scope:           c.siteScope,
		Defaults:        c.defaults,
		ForceEverywhere: c.forceEverywhere,
		Observes:        c.observes,
		Notify:          notify,
	})
	book.SetExceptions(c.sites)
	return book
}

// newMask hides values, with a key that lives as long as this run.
func (c *config) newMask() sessions.Mask {
	if c.showSecrets {
		return sessions.Mask{}
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return sessions.NewMask(key)
}

// newEngine is the command language on a browser.
func newEngine(book *sessions.Book, b scripts.Browser, mask sessions.Mask) *scripts.Engine {
	return &scripts.Engine{Book: book, Browser: b, Mask: mask, Now: time.Now, Commands: scripts.NewRegistry(), Vars: &scripts.Vars{}, ReadFile: runner.ReadScript, Topics: manual.Pages()}
}

// keepSettings lets commands keep for later runs what they change.
func (c *config) keepSettings(e *scripts.Engine) {
	if !c.noDefaultTokens { // else what is kept would be lost
		e.SaveDefaults = saveDefaults
	}
	e.SaveSites = func(names []string) error { return settings.SaveSites(c.siteScope, names) }
}

// saveDefaults keeps the default tokens for later runs. The built-in list is
// kept by having no file, so that a newer one takes its place.
func saveDefaults(list []sessions.Default) error {
	if slices.Equal(list, sessions.StandardDefaults()) {
		return settings.RemoveDefaults()
	}
	return settings.SaveDefaults(list)
}
