package leaks

import "strings"

// Channel is one way in which a page makes requests.
type Channel struct {
	Name string
	// JS makes them: at(NAME, parameters) is a URL on the site, api on a
	// sub-domain and another port, other on another site.
	JS string
	// Visit makes them where scripts cannot: the URL is to be opened in a tab of
	// its own, and with Manifest the manifest of the page asked for.
	Visit    func(at At) string
	Manifest bool
	// Hits are the names of the requests; the channel's own name when empty.
	Hits []string
	// End is a request that comes when all is done, where the hits do not tell.
	End string
	// Own says that only pages of the site's own origin can do it.
	Own bool
	// Secure says that only secure contexts can.
	Secure bool
	// None says that the request has no cookies by the rules of the web.
	None bool
	// Jar says that Fetch cannot pause it (CHROMIUM 2): the jar forces it.
	Jar bool
	// Fresh says that Fetch pauses it only in documents loaded since it was
	// turned on: priming does not reach these, the jar does (CHROMIUM 5).
	Fresh bool
	// Blind says that it may be that no event shows its response (CHROMIUM 39).
	Blind bool
	// Speculative says that a browser of ours does not do it (CHROMIUM 3).
	Speculative bool
	// Shown says that what the page sees is judged, and told by the request.
	Shown bool
	// Alone says that Chrome may not begin with it while a page does much else.
	Alone bool
}

// At is a URL of the site that makes a request of a name, with parameters in pairs.
type At func(name string, parameters ...string) string

// Names are the names of the channel's requests.
func (c Channel) Names() []string {
	if c.Hits == nil {
		return []string{c.Name}
	}
	return c.Hits
}

// Eager is an argument for Chrome: background fetches begin at once when no page navigates,
// or a second after a navigation that did not end, instead of 30 and 300 seconds later.
const Eager = "--enable-features=DownloadService:navigation_completion_delay_seconds/0/navigation_timeout_delay_seconds/1"

// Channels are all the ways that we know of.
var Channels = []Channel{
	// Documents.
	{Name: "navigation", JS: `inPopup(w => w.location = at('navigation'))`},
	{Name: "link", JS: `inPopup((w, d) => { const a = el('a', {href: at('link')}, d); d.body.append(a); a.click() })`},
	{Name: "meta-refresh", JS: `pop(at('meta', html('<meta http-equiv=refresh content="0;url=' + at('meta-refresh').replaceAll('&', '&amp;') + '">')))`, Hits: []string{"meta", "meta-refresh"}},
	{Name: "form-get", JS: `inPopup((w, d) => submit(d, {action: at('form-get')}))`},
	{Name: "form-post", JS: `inPopup((w, d) => submit(d, {action: at('form-post'), method: 'POST'}))`},
	{Name: "popup", JS: `pop(at('popup'))`},
	{Name: "popup-named", JS: `popups.push(open(at('popup-named'), 'named' + id, 'popup'))`},
	{Name: "popup-noopener", JS: `pop(at('popup-noopener', html('<script>close()</script>')), 'noopener')`},
	{Name: "iframe", JS: `add('iframe', {src: at('iframe')})`},
	{Name: "location-replace", JS: `pop(at('script-page', html('<script>location.replace(' + q(at('location-replace')) + ')</script>')))`, Hits: []string{"script-page", "location-replace"}},
	{Name: "reload", JS: `pop(at('reload', html('<script>if (!sessionStorage.again) { sessionStorage.again = 1; location.reload() }</script>')))`},
	{Name: "back-forward", JS: `pop(at('back', html('<script>if (!sessionStorage.gone) { sessionStorage.gone = 1; onload = () => setTimeout(() => { location = ' + q(at('forward', html('<script>onload = () => setTimeout(() => history.back())</script>'))) + ' }) }</script>')))`, Hits: []string{"back", "forward"}},
	{Name: "view-source", Visit: func(at At) string { return "view-source:" + at("view-source") }},
	{Name: "iframe-form", JS: `add('iframe', {name: 'f' + id}); submit(document, {action: at('iframe-form'), method: 'POST', target: 'f' + id})`},
	{Name: "iframe-in-other", JS: `add('iframe', {src: other('frame', html('<iframe src="' + at('iframe-in-other').replaceAll('&', '&amp;') + '">'))})`},
	{Name: "sandbox-fetch", JS: `add('iframe', {sandbox: 'allow-scripts', srcdoc: '<script>fetch(' + q(at('sandbox-fetch')) + ', {credentials: "include"})</script>'})`, Blind: true},
	{Name: "srcdoc", JS: `add('iframe', {srcdoc: '<img src="' + at('srcdoc').replaceAll('&', '&amp;') + '">'})`},
	{Name: "sandbox", JS: `add('iframe', {sandbox: '', src: at('sandbox')})`},
	{Name: "about-blank", JS: `const f = add('iframe', {}); f.contentDocument.body.append(el('img', {src: at('about-blank')}, f.contentDocument))`},
	{Name: "blob-frame", JS: `add('iframe', {src: URL.createObjectURL(new Blob(['<script>fetch(' + q(at('blob-frame')) + ', {credentials: "include"})</script>'], {type: 'text/html'}))})`},
	{Name: "data-frame", JS: `add('iframe', {src: 'data:text/html,' + encodeURIComponent('<script>fetch(' + q(at('data-frame')) + ', {credentials: "include", mode: "no-cors"})</script>')})`, Blind: true},
	{Name: "pdf", JS: `add('iframe', {src: at('pdf', {type: 'application/pdf', body: '%PDF-1.4'})})`},
	{Name: "object", JS: `add('object', {data: at('object', html('x')), type: 'text/html'})`},
	{Name: "embed", JS: `add('embed', {src: at('embed', html('x')), type: 'text/html'})`},
	{Name: "download", JS: `add('a', {href: at('download', {file: 'x.bin', type: 'application/octet-stream'}), download: 'x.bin'}).click()`, Blind: true},
	{Name: "favicon", JS: `pop(at('favicon-page', html('<link rel=icon href="' + at('favicon').replaceAll('&', '&amp;') + '">')))`, Hits: []string{"favicon-page", "favicon"}},
	{Name: "manifest", Manifest: true, Visit: func(at At) string {
		link := at("manifest", "type", "application/json", "body", "{}")
		return at("manifest-page", "type", "text/html", "body", `<link rel=manifest crossorigin=use-credentials href="`+strings.ReplaceAll(link, "&", "&amp;")+`">`)
	}, Hits: []string{"manifest-page", "manifest"}},

	// What a response makes the browser ask for.
	{Name: "critical-hints", JS: `pop(at('critical-hints', {...html('x'), hints: 'Device-Memory'}))`, Secure: true},
	{Name: "link-header", JS: `add('iframe', {src: at('link-page', {...html('x'), link: '<' + at('link-header') + '>; rel=preload; as=fetch; crossorigin=use-credentials'})})`, Hits: []string{"link-page", "link-header"}},
	{Name: "compression-dictionary", JS: `add('link', {rel: 'compression-dictionary', href: at('compression-dictionary')})`, Own: true, Secure: true, None: true},

	// Redirects: each hop is a request of its own.
	{Name: "redirect", JS: `pop(at('hop-1', {redirect: at('hop-2')}))`, Hits: []string{"hop-1", "hop-2"}},
	{Name: "redirect-statuses", JS: `pop(at('hop-301', {status: 301, redirect: at('hop-303', {status: 303, redirect: at('hop-307', {status: 307, redirect: api('hop-308', {status: 308, redirect: at('hop-end')})})})}))`,
		Hits: []string{"hop-301", "hop-303", "hop-307", "hop-308", "hop-end"}},
	{Name: "redirect-post", JS: `inPopup((w, d) => submit(d, {action: at('post-307', {status: 307, redirect: api('post-308', {status: 308, redirect: at('post-303', {status: 303, redirect: at('post-end')})})}), method: 'POST'}))`,
		Hits: []string{"post-307", "post-308", "post-303", "post-end"}},
	{Name: "redirect-out", JS: `pop(at('out-1', {redirect: other('out-2', {redirect: at('out-3')})}))`, Hits: []string{"out-1", "out-3"}},
	{Name: "redirect-in", JS: `pop(other('in-1', {redirect: at('in-2')}))`, Hits: []string{"in-2"}},
	{Name: "redirect-host", JS: `pop(at('host-1', {redirect: api('host-2')}))`, Hits: []string{"host-1", "host-2"}},
	{Name: "redirect-fetch", JS: `fetch(at('fetch-hop-1', {redirect: at('fetch-hop-2')}), {credentials: 'include'})`, Hits: []string{"fetch-hop-1", "fetch-hop-2"}},
	{Name: "redirect-image", JS: `add('img', {src: at('img-1', {redirect: other('img-2', {redirect: at('img-3')})})})`, Hits: []string{"img-1", "img-3"}},

	// Script requests.
	{Name: "fetch", JS: `fetch(at('fetch'), {credentials: 'include'})`},
	{Name: "fetch-same-origin", JS: `fetch(at('fetch-same-origin'))`, Own: true},
	{Name: "fetch-post", JS: `fetch(at('fetch-post'), {method: 'POST', body: 'x'.repeat(100000), credentials: 'include'})`},
	{Name: "fetch-stream", JS: `fetch(at('fetch-stream'), {method: 'POST', duplex: 'half', credentials: 'include', body: new Response('x').body})`, Secure: true, Own: true},
	{Name: "fetch-no-cors", JS: `fetch(at('fetch-no-cors'), {mode: 'no-cors', credentials: 'include'})`},
	{Name: "fetch-api", JS: `fetch(api('fetch-api'), {credentials: 'include'})`},
	{Name: "preflight", JS: `fetch(api('preflight'), {credentials: 'include', headers: {'X-Test': '1'}})`},
	{Name: "omit", JS: `fetch(at('omit'), {credentials: 'omit'})`, None: true},
	{Name: "anonymous", JS: `add('img', {crossOrigin: 'anonymous', src: api('anonymous')})`, None: true},
	{Name: "xhr", JS: `const x = new XMLHttpRequest(); x.open('GET', at('xhr')); x.withCredentials = true; x.send()`},
	{Name: "xhr-sync", JS: `const x = new XMLHttpRequest(); x.open('GET', at('xhr-sync'), false); x.send()`, Own: true},
	{Name: "keepalive", JS: `fetch(at('keepalive'), {keepalive: true, credentials: 'include'})`},
	{Name: "fetch-later", JS: `fetchLater(at('fetch-later'), {activateAfter: 0, credentials: 'include'})`, Secure: true, Fresh: true, Blind: true},
	{Name: "beacon", JS: `navigator.sendBeacon(at('beacon'), 'x')`},
	{Name: "beacon-unload", JS: `inPopup(w => { w.addEventListener('pagehide', () => w.navigator.sendBeacon(at('beacon-unload'), 'x')); w.close() })`, Blind: true},
	{Name: "ping", JS: `inPopup((w, d) => { const a = el('a', {href: at('ping-target'), ping: at('ping')}, d); d.body.append(a); a.click() })`, Hits: []string{"ping-target", "ping"}, Blind: true}, // the page goes while it is under way
	{Name: "eventsource", JS: `new EventSource(at('eventsource', {type: 'text/event-stream', body: 'retry: 600000\n\n'}), {withCredentials: true})`},
	{Name: "websocket", JS: `new WebSocket(at('websocket').replace('http', 'ws'))`, Jar: true},
	{Name: "websocket-stream", JS: `new WebSocketStream(at('websocket-stream').replace('http', 'ws')).opened.catch(() => {})`, Secure: true, Jar: true},
	{Name: "csp-report", JS: `add('iframe', {src: at('csp-page', {...html('<script>1</script>'), csp: "script-src 'none'; report-uri " + at('csp-report')})})`, Hits: []string{"csp-page", "csp-report"}},
	// More than once: Chrome drops a report that is there before its endpoint.
	{Name: "reporting", JS: `for (const wait of [0, 1500, 3000]) setTimeout(() => add('iframe', {src: at('reporting-page', {...html('<script>1</script>'), csp: "script-src 'none'; report-to here", reports: at('reporting')})}), wait)`, Hits: []string{"reporting"}, Secure: true, Jar: true, Blind: true},

	// Parts of a page.
	{Name: "script", JS: `add('script', {src: at('script', js(''))})`},
	{Name: "module", JS: `add('script', {type: 'module', crossOrigin: 'use-credentials', src: at('module', js('import ' + q(at('module-import', js('')))))})`, Hits: []string{"module", "module-import"}},
	{Name: "import-map", JS: `add('script', {type: 'importmap', textContent: q({imports: {['mapped' + id]: at('import-map', js(''))}})}); add('script', {type: 'module', textContent: 'import ' + q('mapped' + id)})`, Own: true},
	{Name: "import", JS: `import(at('import', js('')))`, Own: true},
	{Name: "image", JS: `add('img', {src: at('image')})`},
	{Name: "srcset", JS: `add('img', {srcset: at('srcset') + ' 1x'})`},
	{Name: "picture", JS: `document.body.insertAdjacentHTML('beforeend', '<picture><source srcset="' + at('picture').replaceAll('&', '&amp;') + '"><img></picture>')`},
	{Name: "image-cors", JS: `add('img', {crossOrigin: 'use-credentials', src: at('image-cors')})`},
	{Name: "css", JS: `add('link', {rel: 'stylesheet', onload: () => getComputedStyle(document.body).backgroundImage, href: at('css', {type: 'text/css', body: '@import ' + q(at('css-import', {type: 'text/css'})) + '; body {background: url(' + q(at('css-image')) + ')}'})})`, Hits: []string{"css", "css-import", "css-image"}},
	{Name: "font", JS: `new FontFace('f' + id, 'url(' + at('font') + ')').load().catch(() => {})`, Own: true},
	{Name: "audio", JS: `add('audio', {preload: 'auto', src: at('audio')})`},
	{Name: "ranges", JS: `add('audio', {preload: 'metadata', onloadedmetadata: e => { e.target.currentTime = 110 }, src: at('ranges', {ranges: 1})})`},
	{Name: "video", JS: `add('video', {preload: 'auto', poster: at('poster'), src: at('video')})`, Hits: []string{"poster", "video"}},
	{Name: "svg", JS: `add('img', {src: 'data:,'}); document.body.insertAdjacentHTML('beforeend', '<svg><image href="' + at('svg').replaceAll('&', '&amp;') + '"/></svg>')`},
	{Name: "prefetch", JS: `add('link', {rel: 'prefetch', href: at('prefetch')})`, Fresh: true},
	{Name: "preload", JS: `add('link', {rel: 'preload', as: 'fetch', crossOrigin: 'use-credentials', href: at('preload')})`},
	{Name: "modulepreload", JS: `add('link', {rel: 'modulepreload', crossOrigin: 'use-credentials', href: at('modulepreload', js(''))})`},
	{Name: "speculation-prefetch", JS: `add('script', {type: 'speculationrules', textContent: q({prefetch: [{source: 'list', urls: [at('speculation-prefetch', html('x'))], eagerness: 'immediate'}]})})`, Own: true, Secure: true, Speculative: true, Jar: true},
	{Name: "prerender", JS: `add('script', {type: 'speculationrules', textContent: q({prerender: [{source: 'list', urls: [at('prerender', html('x'))], eagerness: 'immediate'}]})})`, Own: true, Secure: true, Speculative: true, Jar: true},
	{Name: "worklet", JS: `CSS.paintWorklet.addModule(at('worklet', js('')), {credentials: 'include'})`, Secure: true},
	{Name: "audio-worklet", JS: `new OfflineAudioContext(1, 1, 44100).audioWorklet.addModule(at('audio-worklet', js('')), {credentials: 'include'})`, Secure: true},

	// Workers.
	{Name: "worker", JS: `new Worker(at('worker', js('importScripts(' + q(at('worker-import', js(''))) + '); fetch(' + q(at('worker-fetch')) + ')')))`, Hits: []string{"worker", "worker-import", "worker-fetch"}, Own: true},
	{Name: "worker-nested", JS: `new Worker(at('outer', js('new Worker(' + q(at('inner', js('fetch(' + q(at('inner-fetch')) + ')'))) + ')')))`, Hits: []string{"outer", "inner", "inner-fetch"}, Own: true},
	{Name: "worker-module", JS: `new Worker(at('worker-module', js('import ' + q(at('worker-module-import', js(''))))), {type: 'module', credentials: 'include'})`, Hits: []string{"worker-module", "worker-module-import"}, Own: true},
	{Name: "worker-blob", JS: `new Worker(URL.createObjectURL(new Blob(['fetch(' + q(at('worker-blob')) + ', {credentials: "include"})'])))`},
	{Name: "worker-websocket", JS: `new Worker(URL.createObjectURL(new Blob(['new WebSocket(' + q(at('worker-websocket').replace('http', 'ws')) + ')'])))`, Jar: true},
	{Name: "shared-worker", JS: `new SharedWorker(at('shared-worker', js('fetch(' + q(at('shared-worker-fetch')) + ')')))`, Hits: []string{"shared-worker"}, Own: true},
	{Name: "shared-worker-fetch", JS: `new SharedWorker(at('shared-worker-2', js('fetch(' + q(at('shared-worker-fetch')) + ')')))`, Own: true, Blind: true},
	{Name: "service-worker-script", JS: `navigator.serviceWorker.register(at('service-worker-script', js('importScripts(' + q(at('service-worker-import', js(''))) + ')')), {scope: '/hit/nowhere/' + id})`, Secure: true,
		Hits: []string{"service-worker-script", "service-worker-import"}, Own: true, Blind: true},
	{Name: "service-worker", JS: `const scope = new URL('/hit/sw-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('sw', js(
			'oninstall = e => { skipWaiting(); e.waitUntil(fetch(' + q(at('sw-install')) + ')) };' +
			'onactivate = e => e.waitUntil(clients.claim());' +
			'onfetch = e => e.respondWith(fetch(e.request))')), {scope});
		await activated(r);
		add('iframe', {src: at('sw-page/' + id, html('<img src="' + at('sw-image').replaceAll('&', '&amp;') + '">'))})`, Hits: []string{"sw-install", "sw-page", "sw-image"}, Own: true, Secure: true},
	{Name: "service-worker-preload", JS: `const scope = new URL('/hit/preload-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('preload-sw', js(
			'oninstall = () => skipWaiting();' +
			'onactivate = e => e.waitUntil(registration.navigationPreload.enable());' +
			'onfetch = e => e.respondWith(e.preloadResponse)')), {scope});
		await activated(r);
		add('iframe', {src: at('preload-page/' + id, html('x'))})`, Hits: []string{"preload-page"}, Own: true, Secure: true, Jar: true},
	{Name: "service-worker-race", JS: `const scope = new URL('/hit/race-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('race-sw', js(
			'oninstall = e => { skipWaiting(); e.waitUntil(e.addRoutes({condition: {urlPattern: {pathname: "/hit/race-page/*"}}, source: "race-network-and-fetch-handler"})) };' +
			'onfetch = e => e.respondWith(fetch(e.request))')), {scope});
		await activated(r);
		pop(at('race-page/' + id, html('x')));
		add('iframe', {src: at('race-page/' + id + '/frame', html('x'))})`, Hits: []string{"race-page"}, Own: true, Secure: true, Jar: true},
	{Name: "service-worker-update", JS: `const scope = new URL('/hit/update-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('update-sw', js('')), {scope});
		await activated(r);
		await settled(() => r.update(), 5000);
		fetch(at('updated'))`, Hits: []string{"update-sw"}, End: "updated", Own: true, Secure: true, Jar: true, Blind: true},
	{Name: "service-worker-message", JS: `const scope = new URL('/hit/message-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('message-sw', js('onmessage = e => e.waitUntil(fetch(e.data))')), {scope});
		await activated(r);
		r.active.postMessage(at('service-worker-message'))`, Hits: []string{"service-worker-message"}, Own: true, Secure: true},
	{Name: "background-fetch", JS: `const scope = new URL('/hit/background-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('background-sw', js('')), {scope});
		await activated(r);
		r.backgroundFetch.fetch('b' + id, [at('background-fetch')]).then(f => failed.push(f.failureReason + f.result)).catch(e => failed.push('background-fetch: ' + e))`, Hits: []string{"background-fetch"}, Own: true, Secure: true, Blind: true, Alone: true},

	// What scripts see and store.
	{Name: "document-cookie", JS: `fetch(at('document-cookie', {saw: document.cookie}))`, Own: true, Shown: true},
	{Name: "cookie-store", JS: `fetch(at('cookie-store', {saw: (await cookieStore.getAll()).map(c => c.name + '=' + c.value).join('; ')}))`, Own: true, Secure: true, Shown: true},
	{Name: "http-cache", JS: `const cached = new URL('/hit/cached?echo&age=3600', at('')); fetch(at('http-cache', {saw: await (await fetch(cached)).text()}))`, Own: true, Shown: true},
	{Name: "cache-storage", JS: `(await caches.open('c')).add(at('cache-storage'))`, Own: true, Secure: true},
}
