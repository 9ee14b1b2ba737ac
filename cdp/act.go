package cdp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// Fill types a text into a field of the current page, in place of what it
// holds. It waits until the field is there. The selector is CSS.
func (b *Browser) Fill(ctx context.Context, selector, text string) error {
	return b.act(ctx, "filling "+selector, chromedp.SetValue(chromedp.CSS(selector), text))
}

// Submit clicks an element of the current page and answers when the page it
// leads to has loaded. The selector is CSS.
func (b *Browser) Submit(ctx context.Context, selector string) error {
	if err := b.submit(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		return fmt.Errorf("clicking %s: %w", selector, b.because(err))
	}
	return nil
}

func (b *Browser) submit(ctx context.Context, click chromedp.Action[chromedp.Void]) error {
	tab, err := b.ownTab(ctx)
	if err != nil {
		return err
	}
	page, err := b.Page(ctx)
	if err != nil {
		return err
	}
	arrival, err := b.expect(ctx, tab)
	if err != nil {
		return err
	}
	if err := within(ctx, page, func(ctx context.Context) error { return chromedp.Do(ctx, click) }); err != nil {
		return err
	}
	return arrival.loaded(ctx)
}

// textPause is how long Text waits before it looks again.
const textPause = 20 * time.Millisecond

// Text returns the text of the first element of the current page that the CSS
// selector finds. It waits until the page has loaded and there is one, also while
// the page changes.
func (b *Browser) Text(ctx context.Context, selector string) (string, error) {
	expression := fmt.Sprintf("document.readyState == 'complete' ? document.querySelector(%q)?.innerText : undefined", selector)
	for {
		var text *string
		err := b.act(ctx, "reading "+selector, func(ctx context.Context, t *chromedp.Target) (_ chromedp.Void, err error) {
			text, err = chromedp.Evaluate[*string](expression)(ctx, t)
			return chromedp.Void{}, err
		})
		var refused *cdproto.Error
		switch {
		case err == nil && text != nil:
			return *text, nil
		case err != nil && !errors.As(err, &refused): // refused: the document just went
			return "", err
		}
		select {
		case <-time.After(textPause):
		case <-ctx.Done():
			return "", fmt.Errorf("reading %s: no element like that: %w", selector, ctx.Err())
		}
	}
}

func (b *Browser) act(ctx context.Context, what string, action chromedp.Action[chromedp.Void]) error {
	page, err := b.Page(ctx)
	if err == nil {
		err = within(ctx, page, func(ctx context.Context) error { return chromedp.Do(ctx, action) })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, b.because(err))
	}
	return nil
}
