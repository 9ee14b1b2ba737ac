package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"
)

// plainChromedp pauses the page's requests and writes their Cookie.
func plainChromedp(ctx context.Context, address string) (func(), error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(os.Getenv("SESSDRIVER_BROWSER")))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(ctx, options...)
	ctx, cancelTab := chromedp.NewContext(ctx)
	end := func() { cancelTab(); cancel() }
	if _, err := chromedp.Run(ctx, chromedp.Navigate(seed(address))); err != nil {
		return end, err
	}
	err := chromedp.Listen(ctx, func(event any) {
		e, ok := event.(*fetch.EventRequestPaused)
		if !ok {
			return
		}
		go func() {
			headers := []*fetch.HeaderEntry{{Name: "Cookie", Value: "sid=forced"}}
			for name, value := range e.Request.Headers {
				if text, ok := value.(string); ok && name != "Cookie" {
					headers = append(headers, &fetch.HeaderEntry{Name: name, Value: text})
				}
			}
			chromedp.Call(ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID, Headers: headers})
		}()
	})
	if err != nil {
		return end, err
	}
	if _, err := chromedp.Call(ctx, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*://localhost:*/*"}}}); err != nil {
		return end, err
	}
	_, err = chromedp.Run(ctx, chromedp.Navigate(address))
	return end, err
}

// rodHijack does the same with rod.
func rodHijack(_ context.Context, address string) (func(), error) {
	l := launcher.New().Bin(os.Getenv("SESSDRIVER_BROWSER")).NoSandbox(os.Getuid() == 0).Leakless(false)
	control, err := l.Launch()
	if err != nil {
		return nil, err
	}
	browser := rod.New().ControlURL(control)
	if err := browser.Connect(); err != nil {
		return l.Kill, err
	}
	end := func() { browser.Close(); l.Cleanup() }
	page, err := browser.Page(proto.TargetCreateTarget{URL: seed(address)})
	if err == nil {
		err = page.WaitLoad()
	}
	if err != nil {
		return end, err
	}
	router := page.HijackRequests()
	router.MustAdd("*://localhost:*/*", func(h *rod.Hijack) {
		var headers []*proto.FetchHeaderEntry
		for name, value := range h.Request.Headers() {
			if name != "Cookie" {
				headers = append(headers, &proto.FetchHeaderEntry{Name: name, Value: value.Str()})
			}
		}
		headers = append(headers, &proto.FetchHeaderEntry{Name: "Cookie", Value: "sid=forced"})
		h.ContinueRequest(&proto.FetchContinueRequest{Headers: headers})
	})
	go router.Run()
	return end, page.Navigate(address)
}

// proxy is a proxy in Go that writes the header of plain HTTP; nothing talks to the
// browser.
func proxy(_ context.Context, address string) (func(), error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			if r.In.URL.Hostname() == "localhost" {
				r.Out.Header.Set("Cookie", "sid=forced")
			}
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	go http.Serve(listener, forward)
	return startBrowser(address, "--proxy-server=http://"+listener.Addr().String(), "--proxy-bypass-list=<-loopback>;127.0.0.1")
}
