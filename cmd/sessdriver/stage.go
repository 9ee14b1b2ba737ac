package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sessdriver/cdp"
	"sessdriver/cmd/sessdriver/internal/demo"
	"sessdriver/cmd/sessdriver/internal/runner"
	"sessdriver/scripts"
	"sessdriver/sessions"
)

// stage gets a browser for one script, and a shop of its own with --shop.
func (c *config) stage(ctx context.Context, browsers *pool, o cdp.Options, mask sessions.Mask) (runner.Stage, error) {
	o.Book = c.newBook(func(sessions.Event) {}) // what happens in several at a time would tell nobody anything
	o.Console = c.artifacts != ""
	b, err := browsers.take(ctx, o)
	if err != nil {
		return runner.Stage{}, err
	}
	s := runner.Stage{Engine: newEngine(o.Book, b, mask), Vars: map[string]string{}, Close: func() error { return browsers.give(b) }, Lost: b.Lost(), Why: b.Err}
	c.keepSettings(s.Engine)
	s.Engine.Patience = c.wait
	s.Keep = func(ctx context.Context, dir string) error { return keep(ctx, b, o.Book, mask, dir) }
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
func keep(ctx context.Context, b *cdp.Browser, book *sessions.Book, mask sessions.Mask, dir string) error {
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
	save("requests.txt", lines(scripts.RequestLines(requests[max(0, len(requests)-keptRequests):])), nil)
	var messages []string
	hide := hider(book, b.Windows(), mask)
	for _, message := range b.Console() {
		messages = append(messages, scripts.Escape(hide(message)))
	}
	save("console.txt", lines(messages), nil)
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

// hider masks in a text what sessions have or had: the values of cookies, header tokens and
// the web storage that is kept for them, unless they are short enough to be words.
func hider(book *sessions.Book, windows []sessions.WindowView, mask sessions.Mask) func(string) string {
	var values []string
	for _, site := range book.Sites() {
		for _, session := range book.Sessions(site.Name, time.Now()) {
			for _, c := range slices.Concat(session.Tokens, session.Carried) {
				values = append(values, c.Value)
			}
			for _, h := range session.Headers {
				_, token, _ := strings.Cut(h.Value, " ") // behind Bearer, as the page knows it
				values = append(values, h.Value, token)
			}
			past, _ := book.History(session.Ref()) // none of a session that has gone meanwhile
			for _, v := range past {
				values = append(values, v.Value)
			}
			for _, w := range windows {
				for _, item := range book.Saved(session.Ref(), w.Window) {
					values = append(values, item.Value)
				}
			}
		}
	}
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	const word = 6
	var pairs []string
	for _, value := range values {
		if len(value) >= word {
			pairs = append(pairs, value, mask.Value(value))
		}
	}
	return strings.NewReplacer(pairs...).Replace
}
