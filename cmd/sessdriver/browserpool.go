package main

import (
	"context"
	"errors"
	"sync"

	"sessdriver/cdp"
)

// pool keeps the browsers of scripts that have ended for those that come: a browser is
// used by one at a time, in a window that goes with the script.
type pool struct {
	mu   sync.Mutex
	idle []*cdp.Browser
}

// take gives a browser where nothing was done yet.
func (p *pool) take(ctx context.Context, o cdp.Options) (*cdp.Browser, error) {
	o.Apart = true
	p.mu.Lock()
	var used *cdp.Browser
	if n := len(p.idle); n > 0 {
		used, p.idle = p.idle[n-1], p.idle[:n-1]
	}
	p.mu.Unlock()
	if used != nil {
		if b, err := used.Again(ctx, o); err == nil || ctx.Err() != nil {
			return b, err
		}
	}
	return cdp.Launch(ctx, o)
}

// give takes a browser back.
func (p *pool) give(b *cdp.Browser) error {
	select {
	case <-b.Lost():
		return b.Close()
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, b)
	return nil
}

// close ends the browsers.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var failed []error
	for _, b := range p.idle {
		failed = append(failed, b.Close())
	}
	p.idle = nil
	return errors.Join(failed...)
}
