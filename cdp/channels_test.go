package cdp

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/sessions"
)

// channel is one way in which a page makes requests.
type channel struct {
	name string
	// js makes them: at(NAME, parameters) is a URL on the site, api on a
	// sub-domain and another port, other on another site.
	js string
	// do makes them where scripts cannot, in a tab of its own.
	do func(p *person, tab link, at func(name string, parameters ...string) string)
	// hits are the names of the requests; the channel's own name when empty.
	hits []string
	// end is a request that comes when all is done, where the hits do not tell.
	end string
	// own says that only pages of the site's own origin can do it.
	own bool
	// secure says that only secure contexts can.
	secure bool
	// none says that the request has no cookies by the rules of the web.
	none bool
	// jar says that Fetch cannot pause it (CDP-FACTS 2): the jar forces it.
	jar bool
	// fresh says that Fetch pauses it only in documents loaded since it was
	// turned on: the cure does not reach these, the jar does.
	fresh bool
	// blind says that it may be that no event shows its response (CDP-FACTS 27).
	blind bool
	// speculative says that a browser of ours does not do it (CDP-FACTS 15).
	speculative bool
	// shown says that what the page sees is judged, and told by the request.
	shown bool
	// alone says that Chrome may not begin with it while a page does much else.
	alone bool
}

func (c channel) names() []string {
	if c.hits == nil {
		return []string{c.name}
	}
	return c.hits
}

// channels are all the ways that we know of.
var channels = []channel{
	// Documents.
	{name: "navigation", js: `inPopup(w => w.location = at('navigation'))`},
	{name: "link", js: `inPopup((w, d) => { const a = el('a', {href: at('link')}, d); d.body.append(a); a.click() })`},
	{name: "meta-refresh", js: `pop(at('meta', html('<meta http-equiv=refresh content="0;url=' + at('meta-refresh').replaceAll('&', '&amp;') + '">')))`, hits: []string{"meta", "meta-refresh"}},
	{name: "form-get", js: `inPopup((w, d) => submit(d, {action: at('form-get')}))`},
	{name: "form-post", js: `inPopup((w, d) => submit(d, {action: at('form-post'), method: 'POST'}))`},
	{name: "popup", js: `pop(at('popup'))`},
	{name: "popup-named", js: `popups.push(open(at('popup-named'), 'named' + id, 'popup'))`},
	{name: "popup-noopener", js: `pop(at('popup-noopener', html('<script>close()</script>')), 'noopener')`},
	{name: "iframe", js: `add('iframe', {src: at('iframe')})`},
	{name: "location-replace", js: `pop(at('script-page', html('<script>location.replace(' + q(at('location-replace')) + ')</script>')))`, hits: []string{"script-page", "location-replace"}},
	{name: "reload", js: `pop(at('reload', html('<script>if (!sessionStorage.again) { sessionStorage.again = 1; location.reload() }</script>')))`},
	{name: "back-forward", js: `pop(at('back', html('<script>if (!sessionStorage.gone) { sessionStorage.gone = 1; onload = () => setTimeout(() => { location = ' + q(at('forward', html('<script>onload = () => setTimeout(() => history.back())</script>'))) + ' }) }</script>')))`, hits: []string{"back", "forward"}},
	{name: "view-source", do: func(p *person, tab link, at func(string, ...string) string) {
		p.visit(tab, "view-source:"+at("view-source"))
	}},
	{name: "iframe-form", js: `add('iframe', {name: 'f' + id}); submit(document, {action: at('iframe-form'), method: 'POST', target: 'f' + id})`},
	{name: "iframe-in-other", js: `add('iframe', {src: other('frame', html('<iframe src="' + at('iframe-in-other').replaceAll('&', '&amp;') + '">'))})`},
	{name: "sandbox-fetch", js: `add('iframe', {sandbox: 'allow-scripts', srcdoc: '<script>fetch(' + q(at('sandbox-fetch')) + ', {credentials: "include"})</script>'})`, blind: true},
	{name: "srcdoc", js: `add('iframe', {srcdoc: '<img src="' + at('srcdoc').replaceAll('&', '&amp;') + '">'})`},
	{name: "sandbox", js: `add('iframe', {sandbox: '', src: at('sandbox')})`},
	{name: "about-blank", js: `const f = add('iframe', {}); f.contentDocument.body.append(el('img', {src: at('about-blank')}, f.contentDocument))`},
	{name: "blob-frame", js: `add('iframe', {src: URL.createObjectURL(new Blob(['<script>fetch(' + q(at('blob-frame')) + ', {credentials: "include"})</script>'], {type: 'text/html'}))})`},
	{name: "data-frame", js: `add('iframe', {src: 'data:text/html,' + encodeURIComponent('<script>fetch(' + q(at('data-frame')) + ', {credentials: "include", mode: "no-cors"})</script>')})`, blind: true},
	{name: "pdf", js: `add('iframe', {src: at('pdf', {type: 'application/pdf', body: '%PDF-1.4'})})`},
	{name: "object", js: `add('object', {data: at('object', html('x')), type: 'text/html'})`},
	{name: "embed", js: `add('embed', {src: at('embed', html('x')), type: 'text/html'})`},
	{name: "download", js: `add('a', {href: at('download', {file: 'x.bin', type: 'application/octet-stream'}), download: 'x.bin'}).click()`, blind: true},
	{name: "favicon", js: `pop(at('favicon-page', html('<link rel=icon href="' + at('favicon').replaceAll('&', '&amp;') + '">')))`, hits: []string{"favicon-page", "favicon"}},
	{name: "manifest", do: func(p *person, tab link, at func(string, ...string) string) {
		p.visit(tab, at("manifest-page", "type", "text/html", "body", `<link rel=manifest crossorigin=use-credentials href="`+strings.ReplaceAll(at("manifest", "type", "application/json", "body", "{}"), "&", "&amp;")+`">`))
		send(tab, page.GetAppManifest, page.GetAppManifestParams{}, nil)
	}, hits: []string{"manifest-page", "manifest"}},

	// Redirects: each hop is a request of its own.
	{name: "redirect", js: `pop(at('hop-1', {redirect: at('hop-2')}))`, hits: []string{"hop-1", "hop-2"}},
	{name: "redirect-statuses", js: `pop(at('hop-301', {status: 301, redirect: at('hop-303', {status: 303, redirect: at('hop-307', {status: 307, redirect: api('hop-308', {status: 308, redirect: at('hop-end')})})})}))`,
		hits: []string{"hop-301", "hop-303", "hop-307", "hop-308", "hop-end"}},
	{name: "redirect-post", js: `inPopup((w, d) => submit(d, {action: at('post-307', {status: 307, redirect: api('post-308', {status: 308, redirect: at('post-303', {status: 303, redirect: at('post-end')})})}), method: 'POST'}))`,
		hits: []string{"post-307", "post-308", "post-303", "post-end"}},
	{name: "redirect-out", js: `pop(at('out-1', {redirect: other('out-2', {redirect: at('out-3')})}))`, hits: []string{"out-1", "out-3"}},
	{name: "redirect-in", js: `pop(other('in-1', {redirect: at('in-2')}))`, hits: []string{"in-2"}},
	{name: "redirect-host", js: `pop(at('host-1', {redirect: api('host-2')}))`, hits: []string{"host-1", "host-2"}},
	{name: "redirect-fetch", js: `fetch(at('fetch-hop-1', {redirect: at('fetch-hop-2')}), {credentials: 'include'})`, hits: []string{"fetch-hop-1", "fetch-hop-2"}},
	{name: "redirect-image", js: `add('img', {src: at('img-1', {redirect: other('img-2', {redirect: at('img-3')})})})`, hits: []string{"img-1", "img-3"}},

	// Script requests.
	{name: "fetch", js: `fetch(at('fetch'), {credentials: 'include'})`},
	{name: "fetch-same-origin", js: `fetch(at('fetch-same-origin'))`, own: true},
	{name: "fetch-post", js: `fetch(at('fetch-post'), {method: 'POST', body: 'x'.repeat(100000), credentials: 'include'})`},
	{name: "fetch-stream", js: `fetch(at('fetch-stream'), {method: 'POST', duplex: 'half', credentials: 'include', body: new Response('x').body})`, secure: true, own: true},
	{name: "fetch-no-cors", js: `fetch(at('fetch-no-cors'), {mode: 'no-cors', credentials: 'include'})`},
	{name: "fetch-api", js: `fetch(api('fetch-api'), {credentials: 'include'})`},
	{name: "preflight", js: `fetch(api('preflight'), {credentials: 'include', headers: {'X-Test': '1'}})`},
	{name: "omit", js: `fetch(at('omit'), {credentials: 'omit'})`, none: true},
	{name: "anonymous", js: `add('img', {crossOrigin: 'anonymous', src: api('anonymous')})`, none: true},
	{name: "xhr", js: `const x = new XMLHttpRequest(); x.open('GET', at('xhr')); x.withCredentials = true; x.send()`},
	{name: "xhr-sync", js: `const x = new XMLHttpRequest(); x.open('GET', at('xhr-sync'), false); x.send()`, own: true},
	{name: "keepalive", js: `fetch(at('keepalive'), {keepalive: true, credentials: 'include'})`},
	{name: "fetch-later", js: `fetchLater(at('fetch-later'), {activateAfter: 0, credentials: 'include'})`, secure: true, fresh: true, blind: true},
	{name: "beacon", js: `navigator.sendBeacon(at('beacon'), 'x')`},
	{name: "beacon-unload", js: `inPopup(w => { w.addEventListener('pagehide', () => w.navigator.sendBeacon(at('beacon-unload'), 'x')); w.close() })`, blind: true},
	{name: "ping", js: `inPopup((w, d) => { const a = el('a', {href: at('ping-target'), ping: at('ping')}, d); d.body.append(a); a.click() })`, hits: []string{"ping-target", "ping"}},
	{name: "eventsource", js: `new EventSource(at('eventsource', {type: 'text/event-stream', body: 'retry: 600000\n\n'}), {withCredentials: true})`},
	{name: "websocket", js: `new WebSocket(at('websocket').replace('http', 'ws'))`, jar: true},
	{name: "csp-report", js: `add('iframe', {src: at('csp-page', {...html('<script>1</script>'), csp: "script-src 'none'; report-uri " + at('csp-report')})})`, hits: []string{"csp-page", "csp-report"}},
	// More than once: Chrome drops a report that is there before its endpoint.
	{name: "reporting", js: `for (const wait of [0, 1500, 3000]) setTimeout(() => add('iframe', {src: at('reporting-page', {...html('<script>1</script>'), csp: "script-src 'none'; report-to here", reports: at('reporting')})}), wait)`, hits: []string{"reporting"}, secure: true, jar: true, blind: true},

	// Parts of a page.
	{name: "script", js: `add('script', {src: at('script', js(''))})`},
	{name: "module", js: `add('script', {type: 'module', crossOrigin: 'use-credentials', src: at('module', js('import ' + q(at('module-import', js('')))))})`, hits: []string{"module", "module-import"}},
	{name: "import-map", js: `add('script', {type: 'importmap', textContent: q({imports: {['mapped' + id]: at('import-map', js(''))}})}); add('script', {type: 'module', textContent: 'import ' + q('mapped' + id)})`, own: true},
	{name: "import", js: `import(at('import', js('')))`, own: true},
	{name: "image", js: `add('img', {src: at('image')})`},
	{name: "srcset", js: `add('img', {srcset: at('srcset') + ' 1x'})`},
	{name: "picture", js: `document.body.insertAdjacentHTML('beforeend', '<picture><source srcset="' + at('picture').replaceAll('&', '&amp;') + '"><img></picture>')`},
	{name: "image-cors", js: `add('img', {crossOrigin: 'use-credentials', src: at('image-cors')})`},
	{name: "css", js: `add('link', {rel: 'stylesheet', onload: () => getComputedStyle(document.body).backgroundImage, href: at('css', {type: 'text/css', body: '@import ' + q(at('css-import', {type: 'text/css'})) + '; body {background: url(' + q(at('css-image')) + ')}'})})`, hits: []string{"css", "css-import", "css-image"}},
	{name: "font", js: `new FontFace('f' + id, 'url(' + at('font') + ')').load().catch(() => {})`, own: true},
	{name: "audio", js: `add('audio', {preload: 'auto', src: at('audio')})`},
	{name: "ranges", js: `add('audio', {preload: 'metadata', onloadedmetadata: e => { e.target.currentTime = 110 }, src: at('ranges', {ranges: 1})})`},
	{name: "video", js: `add('video', {preload: 'auto', poster: at('poster'), src: at('video')})`, hits: []string{"poster", "video"}},
	{name: "svg", js: `add('img', {src: 'data:,'}); document.body.insertAdjacentHTML('beforeend', '<svg><image href="' + at('svg').replaceAll('&', '&amp;') + '"/></svg>')`},
	{name: "prefetch", js: `add('link', {rel: 'prefetch', href: at('prefetch')})`, fresh: true},
	{name: "preload", js: `add('link', {rel: 'preload', as: 'fetch', crossOrigin: 'use-credentials', href: at('preload')})`},
	{name: "modulepreload", js: `add('link', {rel: 'modulepreload', crossOrigin: 'use-credentials', href: at('modulepreload', js(''))})`},
	{name: "speculation-prefetch", js: `add('script', {type: 'speculationrules', textContent: q({prefetch: [{source: 'list', urls: [at('speculation-prefetch', html('x'))], eagerness: 'immediate'}]})})`, own: true, secure: true, speculative: true, fresh: true},
	{name: "prerender", js: `add('script', {type: 'speculationrules', textContent: q({prerender: [{source: 'list', urls: [at('prerender', html('x'))], eagerness: 'immediate'}]})})`, own: true, secure: true, speculative: true, jar: true},
	{name: "worklet", js: `CSS.paintWorklet.addModule(at('worklet', js('')), {credentials: 'include'})`, secure: true},
	{name: "audio-worklet", js: `new OfflineAudioContext(1, 1, 44100).audioWorklet.addModule(at('audio-worklet', js('')), {credentials: 'include'})`, secure: true},

	// Workers.
	{name: "worker", js: `new Worker(at('worker', js('importScripts(' + q(at('worker-import', js(''))) + '); fetch(' + q(at('worker-fetch')) + ')')))`, hits: []string{"worker", "worker-import", "worker-fetch"}, own: true},
	{name: "worker-nested", js: `new Worker(at('outer', js('new Worker(' + q(at('inner', js('fetch(' + q(at('inner-fetch')) + ')'))) + ')')))`, hits: []string{"outer", "inner", "inner-fetch"}, own: true},
	{name: "worker-module", js: `new Worker(at('worker-module', js('import ' + q(at('worker-module-import', js(''))))), {type: 'module', credentials: 'include'})`, hits: []string{"worker-module", "worker-module-import"}, own: true},
	{name: "worker-blob", js: `new Worker(URL.createObjectURL(new Blob(['fetch(' + q(at('worker-blob')) + ', {credentials: "include"})'])))`},
	{name: "worker-websocket", js: `new Worker(URL.createObjectURL(new Blob(['new WebSocket(' + q(at('worker-websocket').replace('http', 'ws')) + ')'])))`, jar: true},
	{name: "shared-worker", js: `new SharedWorker(at('shared-worker', js('fetch(' + q(at('shared-worker-fetch')) + ')')))`, hits: []string{"shared-worker"}, own: true},
	{name: "shared-worker-fetch", js: `new SharedWorker(at('shared-worker-2', js('fetch(' + q(at('shared-worker-fetch')) + ')')))`, own: true, blind: true},
	{name: "service-worker-script", js: `navigator.serviceWorker.register(at('service-worker-script', js('importScripts(' + q(at('service-worker-import', js(''))) + ')')), {scope: '/hit/nowhere/' + id})`, secure: true,
		hits: []string{"service-worker-script", "service-worker-import"}, own: true, blind: true},
	{name: "service-worker", js: `const scope = new URL('/hit/sw-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('sw', js(
			'oninstall = e => { skipWaiting(); e.waitUntil(fetch(' + q(at('sw-install')) + ')) };' +
			'onactivate = e => e.waitUntil(clients.claim());' +
			'onfetch = e => e.respondWith(fetch(e.request))')), {scope});
		const w = r.installing || r.waiting || r.active;
		const go = () => w.state === 'activated' && add('iframe', {src: at('sw-page/' + id, html('<img src="' + at('sw-image').replaceAll('&', '&amp;') + '">'))});
		w.onstatechange = go; go()`, hits: []string{"sw-install", "sw-page", "sw-image"}, own: true, secure: true},
	{name: "service-worker-preload", js: `const scope = new URL('/hit/preload-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('preload-sw', js(
			'oninstall = () => skipWaiting();' +
			'onactivate = e => e.waitUntil(registration.navigationPreload.enable());' +
			'onfetch = e => e.respondWith(e.preloadResponse)')), {scope});
		const w = r.installing || r.waiting || r.active;
		const go = () => w.state === 'activated' && add('iframe', {src: at('preload-page/' + id, html('x'))});
		w.onstatechange = go; go()`, hits: []string{"preload-page"}, own: true, secure: true, jar: true},
	{name: "service-worker-update", js: `const scope = new URL('/hit/update-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('update-sw', js('')), {scope});
		const w = r.installing || r.waiting || r.active;
		const go = () => w.state === 'activated' && r.update().then(() => fetch(at('updated')));
		w.onstatechange = go; go()`, hits: []string{"update-sw"}, end: "updated", own: true, secure: true, jar: true, blind: true},
	{name: "service-worker-message", js: `const scope = new URL('/hit/message-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('message-sw', js('onmessage = e => e.waitUntil(fetch(e.data))')), {scope});
		const w = r.installing || r.waiting || r.active;
		const go = () => w.state === 'activated' && w.postMessage(at('service-worker-message'));
		w.onstatechange = go; go()`, hits: []string{"service-worker-message"}, own: true, secure: true},
	{name: "background-fetch", js: `const scope = new URL('/hit/background-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('background-sw', js('')), {scope});
		const w = r.installing || r.waiting || r.active;
		const go = () => w.state === 'activated' && r.backgroundFetch.fetch('b' + id, [at('background-fetch')]).then(f => failed.push(f.failureReason + f.result)).catch(e => failed.push('background-fetch: ' + e));
		w.onstatechange = go; go()`, hits: []string{"background-fetch"}, own: true, secure: true, blind: true, alone: true},

	// What scripts see and store.
	{name: "document-cookie", js: `fetch(at('document-cookie', {saw: document.cookie}))`, own: true, shown: true},
	{name: "cookie-store", js: `fetch(at('cookie-store', {saw: (await cookieStore.getAll()).map(c => c.name + '=' + c.value).join('; ')}))`, own: true, secure: true, shown: true},
	{name: "http-cache", js: `const cached = new URL('/hit/cached?echo&age=3600', at('')); fetch(at('http-cache', {saw: await (await fetch(cached)).text()}))`, own: true, shown: true},
	{name: "cache-storage", js: `(await caches.open('c')).add(at('cache-storage'))`, own: true, secure: true},
}

// person is somebody at a browser, ours or another.
type person struct {
	t    testing.TB
	open func() link // opens a tab in a window of its own: a hidden page stops its media
	tabs []link      // for channels
}

// person is the one who uses a browser of ours.
func (r *rig) person() *person { return r.personIn(sessions.Main) }

// personIn is one who uses a window of it.
func (r *rig) personIn(w sessions.Window) *person {
	return &person{t: r.t, open: func() link {
		created, err := call(r.ctx(), r.link, target.CreateTarget, target.CreateTargetParams{URL: "about:blank", BrowserContextID: r.targets.contextOf(w), NewWindow: new(true)})
		if err != nil {
			r.t.Fatal(err)
		}
		r.until("the new tab", func() bool {
			tab := r.targets.page(created.TargetID)
			r.targets.mu.Lock()
			defer r.targets.mu.Unlock()
			return tab != nil && tab.ready
		})
		return r.targets.page(created.TargetID).link
	}}
}

// visit loads a page in a tab and waits for it.
func (p *person) visit(tab link, url string) {
	p.t.Helper()
	if _, err := call(p.t.Context(), tab, page.Navigate, page.NavigateParams{URL: url}); err != nil {
		p.t.Fatal(err)
	}
	titleAt(p.t, tab)
}

// run runs statements in a tab, once its page has loaded.
func (p *person) run(tab link, script string) {
	p.t.Helper()
	evalAt(p.t, tab, "(async () => {"+whenLoaded+script+"; return true})()")
}

// fire makes the current tab use channels, to the hosts of a site. setter is
// the request whose response sets the cookies; "*" lets all rotate a token.
func (w *web) fire(r *rig, site, id string, list []channel, setter string, set ...string) {
	w.t.Helper()
	w.fireAt(r.person(), r.currentTab().link, site, id, list, setter, set...)
}

func (w *web) fireAt(p *person, tab link, site, id string, list []channel, setter string, set ...string) {
	w.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "const id = %q, set = %s;\n", id, quoteAll(set))
	for _, base := range [][2]string{{"at", site}, {"api", "api." + site}, {"other", "other.test"}} {
		fmt.Fprintf(&b, "const %s = maker(%q, id, %q, set);\n", base[0], w.origin(base[1]), setter)
	}
	b.WriteString("window.failed ||= [];\n")
	for _, c := range list {
		if c.js != "" {
			fmt.Fprintf(&b, "(async () => {%s})().catch(e => failed.push(%q + e));\n", c.js, c.name+": ")
		}
	}
	p.run(tab, b.String())
	for _, c := range list {
		if c.do == nil {
			continue
		}
		tab := p.open()
		p.tabs = append(p.tabs, tab)
		c.do(p, tab, func(name string, parameters ...string) string {
			q := url.Values{"id": {id}}
			if setter == "*" {
				q.Set("rotate", "1")
			} else if setter == name {
				q["set"] = set
			}
			for i := 0; i < len(parameters); i += 2 {
				q.Set(parameters[i], parameters[i+1])
			}
			return w.origin(site) + "/hit/" + name + "?" + q.Encode()
		})
	}
}

func quoteAll(list []string) string {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, fmt.Sprintf("%q", s))
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// tidy closes the popups, frames and tabs that channels left.
func (p *person) tidy(tab link) {
	p.t.Helper()
	for _, tab := range p.tabs {
		send(tab, page.Close, cdp.Empty{}, nil)
	}
	p.tabs = nil
	p.run(tab, `for (const w of popups.splice(0)) w?.close(); for (const e of document.querySelectorAll('iframe:not(.strange, .keep), img, link, object, embed, audio, video, svg, picture')) e.remove()`)
}

func where(condition func(channel) bool) []channel {
	return slices.DeleteFunc(slices.Clone(channels), func(c channel) bool { return !condition(c) })
}

func anywhere(c channel) bool { return !c.own }
