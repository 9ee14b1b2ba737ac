package cdp

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/browser"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
)

// Size is how much of its window a page has, its innerWidth and innerHeight, in CSS
// pixels. The zero Size is none.
type Size struct{ Width, Height int }

// HeadlessSize is the size of windows that nobody sees, unless another is given.
var HeadlessSize = Size{1280, 720}

// A Size is a window's, so it has bounds: Chrome makes none smaller, and pictures of
// larger ones would not fit into its memory.
const (
	minSize = 100
	maxSize = 10_000
)

// ParseSize reads WxH, as 1280x720.
func ParseSize(text string) (Size, error) {
	width, height, _ := strings.Cut(strings.ToLower(text), "x")
	w, errW := strconv.Atoi(width)
	h, errH := strconv.Atoi(height)
	if errW != nil || errH != nil {
		return Size{}, fmt.Errorf("%q is no size; write it as 1280x720", text)
	}
	if min(w, h) < minSize || max(w, h) > maxSize {
		return Size{}, fmt.Errorf("%s is no size of a window: each side has %d to %d pixels", text, minSize, maxSize)
	}
	return Size{w, h}, nil
}

// String is what ParseSize reads.
func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Width, s.Height) }

// windowSize is the size that windows get; zero leaves it to the browser.
func (o *Options) windowSize() Size {
	if o.WindowSize == (Size{}) && o.Headless {
		return HeadlessSize
	}
	return o.WindowSize
}

// resize gives a window of our browser its size, before pages see it.
func (b *Browser) resize(ctx context.Context, tab *targets.Tab) error {
	size := b.options.windowSize()
	if b.process == nil || size == (Size{}) {
		return nil
	}
	window, err := wire.Call(ctx, b.link, browser.GetWindowForTarget, browser.GetWindowForTargetParams{TargetID: tab.ID})
	if err == nil {
		params := browser.SetContentsSizeParams{WindowID: window.WindowID, Width: int64(size.Width), Height: int64(size.Height)}
		_, err = wire.Call(ctx, b.link, browser.SetContentsSize, params)
	}
	if err != nil && ctx.Err() == nil { // headless-shell cannot, and need not: nothing is around its pages
		b.log.Debug("sizing a window", "error", err)
		return nil
	}
	return err
}
