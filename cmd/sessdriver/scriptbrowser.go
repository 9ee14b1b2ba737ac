package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/demo"
	"sessdriver/cmd/sessdriver/internal/runner"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// stage gets a browser for one script, and a shop of its own with --shop.
func (c *config) stage(ctx context.Context, browsers *pool, o cdp.Options, mask sessions.Mask, log io.Writer) (runner.Stage, error) {
	o.Book = c.newBook(func(sessions.Event) {}) // what happens in several at a time would be confusing
	o.Console, o.Log = c.artifacts != "", c.newLog(log, o.Book, mask)
	notice := o.Notice
	o.Notice = func(n error) { notice(errors.New(mask.Text(o.Book, scripts.NoticeLine(n), ""))) }
	b, err := browsers.take(ctx, o)
	if err != nil {
		return runner.Stage{}, err
	}
	s := runner.Stage{Engine: newEngine(o.Book, b, mask), Vars: map[string]string{}, Close: func() error { return browsers.give(b) }, Lost: b.Lost(), Why: b.Err}
	s.Engine.Reports = true
	c.keepSettings(s.Engine)
	s.Engine.Timeout = c.wait
	s.Keep = func(ctx context.Context, dir string) error { return keep(ctx, b, s.Engine, dir) }
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

// keep saves what helps to understand why a script failed: what the page showed, which
// is as it is, and what was asked for and written to consoles, without secrets. It reports
// the first failure to do so.
func keep(ctx context.Context, b *cdp.Browser, e *scripts.Engine, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var failed []error
	save := func(name string, content []byte, err error) {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o600)
		}
		failed = append(failed, err)
	}
	lines := func(list []string) []byte {
		text := ""
		for _, line := range list {
			text += line + "\n"
		}
		return []byte(text)
	}
	requests, _, _ := b.Requests(0)
	hide := func(list []string) []byte {
		for i, line := range list {
			list[i] = scripts.Escape(e.Hide(line))
		}
		return lines(list)
	}
	save("requests.txt", hide(scripts.RequestLines(requests[max(0, len(requests)-keptRequests):], e.Mask)), nil)
	save("console.txt", hide(b.Console()), nil)
	png, err := b.Screenshot(ctx, true)
	save("page-unmasked.png", png, err)
	texts, err := b.Texts(ctx, "body")
	for i, text := range texts {
		texts[i] = scripts.EscapeLines(text)
	}
	save("page-unmasked.txt", lines(texts), err)
	return errors.Join(failed...)
}

// keptRequests is how many requests before a failure are kept.
const keptRequests = 100
