package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/demo"
	"sessdriver/cmd/sessdriver/internal/runner"
	"sessdriver/sessions"
)

// stage gets a browser for one script, and a shop of its own with --shop.
func (c *config) stage(ctx context.Context, browsers *pool, o cdp.Options) (runner.Stage, error) {
	o.Book = c.newBook(func(sessions.Event) {}) // what happens in several at a time would tell nobody anything
	b, err := browsers.take(ctx, o)
	if err != nil {
		return runner.Stage{}, err
	}
	s := runner.Stage{Engine: newEngine(o.Book, b, c.newMask()), Vars: map[string]string{}, Close: func() error { return browsers.give(b) }, Lost: b.Lost(), Why: b.Err}
	s.Keep = func(ctx context.Context, dir string) { keep(ctx, b, dir) }
	if !c.shop {
		return s, nil
	}
	shop, err := demo.Serve()
	if err != nil {
		return s, errors.Join(err, browsers.give(b))
	}
	s.Vars["SHOP"] = strings.TrimSuffix(shop.URL, "/")
	s.Close = func() error { shop.Close(); return browsers.give(b) }
	return s, nil
}

// keep saves what the page showed when a script failed.
func keep(ctx context.Context, b *cdp.Browser, dir string) {
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	if png, err := b.Screenshot(ctx, true); err == nil {
		os.WriteFile(filepath.Join(dir, "page-unmasked.png"), png, 0o600)
	}
	if texts, err := b.Texts(ctx, "body"); err == nil {
		os.WriteFile(filepath.Join(dir, "page-unmasked.txt"), []byte(strings.Join(texts, "\n")+"\n"), 0o600)
	}
}

