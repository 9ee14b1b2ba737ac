package force

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// prime makes the documents and workers that are alive visible to Fetch, which was just
// enabled (CHROMIUM 4, 5). Its commands may fail where a target is just going; what matters
// is that all are through before it returns.
func (i *interceptor) prime(ctx context.Context) {
	frames := i.targets.Frames()
	i.wire.Do(func() { i.next = frames })
	for _, tab := range i.targets.List("page", "iframe", "worker", "shared_worker") {
		primeTarget(tab.Link)
	}
	i.stopWorkers()
	for _, tab := range i.targets.List("page", "iframe") {
		i.reach(ctx, tab)
	}
}

func primeTarget(l wire.Link) {
	wire.Send(l, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: never}}}, nil)
	wire.Send(l, fetch.Disable, cdp.Empty{}, nil)
}

// primeNext primes the first document that a frame shows after prime: it may have had its
// answer before Fetch was enabled (CHROMIUM 5). It runs in a turn.
func (i *interceptor) primeNext(tab *targets.Tab, frame cdp.FrameID) {
	if !i.next[frame] {
		return
	}
	delete(i.next, frame)
	wire.Send(tab.Link, runtime.Evaluate, ping, func(runtime.EvaluateResult, error) { primeTarget(tab.Link) })
}

// ping is answered once the browser, too, has done with what a page navigates to
// (CHROMIUM 26): a frame tells earlier that it shows it.
var ping = runtime.EvaluateParams{Expression: "0"}

// reach returns when the browser has carried out what was sent for a page. It waits for a
// document that has had its answer, and primes it: nobody is to see it unchecked.
func (i *interceptor) reach(ctx context.Context, tab *targets.Tab) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if i.targets.HasAnswer(tab) {
		if _, err := wire.Call(ctx, tab.Link, runtime.Evaluate, ping); err != nil {
			i.log.Debug("waiting for a page that comes", "url", sessions.ShowURL(tab.URL), "error", err)
		}
		primeTarget(tab.Link)
	}
	if _, err := wire.Call(ctx, tab.Link, fetch.Disable, cdp.Empty{}); err != nil {
		i.log.Debug("reaching an open page", "url", sessions.ShowURL(tab.URL), "error", err)
	}
}

// stopWorkers ends the service workers, which start anew at their next event.
// The command is a page's.
func (i *interceptor) stopWorkers() {
	pages := i.targets.List("page")
	if len(pages) == 0 || len(i.targets.List("service_worker")) == 0 {
		return
	}
	l := pages[0].Link
	wire.Send(l, serviceworker.Enable, cdp.Empty{}, nil)
	wire.Send(l, serviceworker.StopAllWorkers, cdp.Empty{}, nil)
	wire.Send(l, serviceworker.Disable, cdp.Empty{}, nil)
}
