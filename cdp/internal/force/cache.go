package force

import (
	"context"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// cacheTimeout bounds the wait for a target that does not answer.
const cacheTimeout = 2 * time.Second

// cache keeps what was cached for one session from the next.
type cache struct {
	*core
	fresh    *fresh
	observer *observer
}

// freshen keeps what was cached for one session from the next: the HTTP cache is
// keyed by URL (CHROMIUM 59). A browser of ours gets an empty one. The cache of
// somebody else's stays, and is gone around from the first switch in a window until
// we leave: what is fetched meanwhile is stored in it all the same.
func (c *cache) freshen(ctx context.Context, w sessions.Window) {
	if c.options.Ours || c.targets.IsOwn(w) {
		c.clearCache(ctx, w)
		return
	}
	if err := c.observer.settle(ctx); err != nil { // from now on the requests are told
		c.log.Debug("observing", "error", err)
	}
	c.observer.goAround(w)
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	var waiting []<-chan struct{}
	for _, tab := range c.targets.List(requesters...) {
		if tab.Window != w {
			continue
		}
		c.wire.Do(func() { c.observer.listen(tab) })
		done := c.setCache(tab)
		if tab.Kind == "page" || tab.Kind == "iframe" { // a stopped worker does not answer
			waiting = append(waiting, done)
		}
	}
	for _, done := range waiting {
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}

// freshening is freshen beside what else is done, on a goroutine of its own.
type freshening struct {
	freshen func()
	once    sync.Once
	done    chan struct{} // closed when it has ended
}

// freshening makes one, which has not begun.
func (c *cache) freshening(ctx context.Context, w sessions.Window) *freshening {
	return &freshening{freshen: func() { c.freshen(ctx, w) }, done: make(chan struct{})}
}

// begin begins it, unless it has begun.
func (f *freshening) begin() {
	f.once.Do(func() {
		go func() {
			defer close(f.done)
			f.freshen()
		}()
	})
}

// end answers when it has ended.
func (f *freshening) end() {
	f.begin()
	<-f.done
}

// clearCache empties the HTTP cache of a window.
func (c *cache) clearCache(ctx context.Context, w sessions.Window) {
	for _, tab := range c.targets.List("page") {
		if tab.Window != w {
			continue
		}
		if _, err := wire.Call(ctx, tab.Link, network.ClearBrowserCache, cdp.Empty{}); err == nil {
			return
		}
	}
}

// setCache lets a target use the cache, or go around it: while it is opened anew,
// and in a browser that is not ours once a session was switched. The channel is closed
// when the browser has answered.
func (c *cache) setCache(tab *targets.Tab) <-chan struct{} {
	off := c.fresh.isComing(tab) || c.observer.goesAround(tab.Window)
	done := make(chan struct{})
	wire.Send(tab.Link, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: off}, func(cdp.Empty, error) { close(done) })
	return done
}
