package main

import (
	"context"
	"fmt"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/browserinstall"
	"sessdriver/cmd/sessdriver/internal/demo"
)

// runDemo is `sessdriver demo`.
func runDemo(ctx context.Context, c *config, s streams) error {
	if c.installBrowser && c.browser == "" {
		found, err := browserinstall.Install(ctx, s.err)
		if err != nil {
			return err
		}
		c.browser = found.Path
	}
	k := newControl(c, s)
	defer k.close()
	if c.once || c.json {
		k.keeps = false
	}
	options, err := c.launchOptions(k, s)
	if err != nil {
		return err
	}
	shop, err := demo.Serve()
	if err != nil {
		return err
	}
	defer shop.Close()
	browser, err := k.start(ctx, func(ctx context.Context) (*cdp.Browser, error) { return cdp.Launch(ctx, options) })
	if err != nil {
		return err
	}
	return k.with(ctx, browser, func(ctx context.Context) error { return k.demonstrate(ctx, shop) })
}

// demonstrate shows the proof and, at a terminal, leaves the person at the
// prompt with the browser open.
func (k *control) demonstrate(ctx context.Context, shop *demo.Shop) error {
	k.notices.show(func(string) {}) // the proof says what happens
	newReport := demo.NewTable
	if k.config.json {
		newReport = demo.NewLines
	}
	proof := *k.engine
	proof.Recorder = nil // history is of what the person types
	inner, stop := k.interruptible(ctx)
	defer stop()
	if err := demo.Run(inner, shop, k.browser, &proof, newReport(k.streams.out)); err != nil {
		return k.because(inner, err)
	}
	stop()
	if !k.keeps {
		return nil
	}
	fmt.Fprintf(k.streams.out, "\nThe shop is at %s and the browser is open: try ls, use 1, use 2, open %sorders/1001, help.\n", shop.URL, shop.URL)
	return k.loop(ctx)
}
