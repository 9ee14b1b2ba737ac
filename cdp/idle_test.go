package cdp

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"
)

// heldUp are requests of a page that a switch interrupts, in all ways that leave a page
// where it is. HELD is the URL of one that is not answered.
var heldUp = map[string]string{
	"fetch": `fetch(HELD)`, "post": `fetch(HELD, {method: 'POST', body: 'x'.repeat(1e5)})`, "keepalive": `fetch(HELD, {keepalive: true})`, "beacon": `navigator.sendBeacon(HELD, 'x')`,
	"xhr":   `const x = new XMLHttpRequest(); x.open('GET', HELD); x.send()`,
	"image": `add('img', {src: HELD})`, "script": `add('script', {src: HELD})`, "style": `add('link', {rel: 'stylesheet', href: HELD})`, "media": `add('video', {src: HELD})`,
	"object": `add('object', {data: HELD})`, "prefetch": `add('link', {rel: 'prefetch', href: HELD})`, "preload": `add('link', {rel: 'preload', as: 'fetch', href: HELD})`, "module": `import(HELD)`,
	"font":   `const f = new FontFace('f', 'url(' + HELD + ')'); f.load()`,
	"iframe": `add('iframe', {src: HELD})`, "ping": `const a = add('a', {href: '#x', ping: HELD}); a.click()`,
	"worker script": `new Worker(HELD)`, "shared worker script": `new SharedWorker(HELD)`,
	"worker":        `new Worker(URL.createObjectURL(new Blob(['fetch("' + HELD + '")'])))`,
	"shared worker": `new SharedWorker(URL.createObjectURL(new Blob(['fetch("' + HELD + '")'])))`,
	"frame":         `add('iframe', {srcdoc: '<img src="' + HELD.replaceAll('&', '&amp;') + '">'})`,
	"sandbox":       `add('iframe', {sandbox: 'allow-scripts', srcdoc: '<script>fetch("' + HELD + '", {mode: "no-cors"})</scr' + 'ipt>'})`,
	"preflight":     `fetch(HELD.replace('//shop', '//api.shop'), {headers: {'X-Test': '1'}, credentials: 'include'})`,
	"aborted":       `window.c = new AbortController(); fetch(HELD, {signal: c.signal}).catch(() => 0)`,
	"removed":       `window.f = add('iframe', {src: HELD})`,
	"stream":        `fetch('/hit/streaming?type=text/plain&body=' + 'x'.repeat(10)).then(() => fetch(HELD))`,
	"download":      `add('a', {href: HELD, download: 'x'}).click()`,
	"register":      `navigator.serviceWorker.register(HELD)`,
	"navigation":    `location = HELD`,
}

// A window is idle again when a switch has taken its page away, whatever that was waiting
// for: Chrome tells no end of such requests.
func TestIdleAfterSwitch(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	r := w.browser(whole(t)) // headless-shell has no downloads
	r.both("alice")
	r.open(w.page("shop.test"))
	idle := func(when string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := r.Idle(ctx); err != nil {
			t.Errorf("%s: %v", when, err)
			for _, request := range r.force.Inside().Unfinished(r.ctx()) {
				t.Log(request)
			}
		}
	}
	all := ""
	var names []string
	for name, js := range heldUp {
		if name = strings.ReplaceAll(name, " ", "-"); name == "navigation" {
			continue
		}
		names = append(names, name)
		all += "{" + strings.ReplaceAll(js, "HELD", strconv.Quote(w.origin("shop.test")+"/hit/"+name+"?type=text/html&hold=all&id=all")) + "}\n"
	}
	run(r, all)
	w.arrived("all", names...)
	run(r, "c.abort()")
	r.use("shop.test", "bob")
	idle("after a switch")
	r.open(w.page("shop.test"))
	run(r, strings.ReplaceAll(heldUp["navigation"], "HELD", strconv.Quote(w.origin("shop.test")+"/hit/navigation?hold=all&id=go")))
	w.arrived("go", "navigation")
	r.use("shop.test", "alice")
	idle("after a switch that a navigation was overtaken by")
	run(r, strings.ReplaceAll(heldUp["removed"], "HELD", strconv.Quote(w.origin("shop.test")+"/hit/frame?hold=all&id=frame")))
	w.arrived("frame", "frame")
	run(r, "f.remove()")
	idle("when a frame was removed")
}
