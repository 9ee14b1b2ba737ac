package cdp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sessdriver/sessions"
)

// channel is one way in which a page makes requests.
type channel struct {
	name string
	// js makes them: at(NAME, parameters) is a URL on the site, api on a
	// sub-domain, other on another site.
	js string
	// hits are the names of the requests; the channel's own name when empty.
	hits []string
	// own says that only pages of the site's own origin can do it.
	own bool
	// none says that the request has no cookies by the rules of the web.
	none bool
	// jar says that Fetch cannot pause it (CDP-FACTS 2): the jar forces it.
	jar bool
	// fresh says that Fetch pauses it only in documents loaded since it was
	// turned on: the cure does not reach these, the jar does.
	fresh bool
	// once says that Chrome lets a page do it only once.
	once bool
	// blind says that it may be that no event shows its response (CDP-FACTS 27).
	blind bool
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
	{name: "popup-noopener", js: `pop(at('popup-noopener', html('<script>close()</script>')), 'noopener')`},
	{name: "iframe", js: `add('iframe', {src: at('iframe')})`},
	{name: "iframe-form", js: `add('iframe', {name: 'f' + id}); submit(document, {action: at('iframe-form'), method: 'POST', target: 'f' + id})`},
	{name: "iframe-in-other", js: `add('iframe', {src: other('frame', html('<iframe src="' + at('iframe-in-other').replaceAll('&', '&amp;') + '">'))})`},
	{name: "sandbox-fetch", js: `add('iframe', {sandbox: 'allow-scripts', srcdoc: '<script>fetch(' + q(at('sandbox-fetch')) + ', {credentials: "include"})</script>'})`, blind: true},
	{name: "object", js: `add('object', {data: at('object', html('x')), type: 'text/html'})`},
	{name: "embed", js: `add('embed', {src: at('embed', html('x')), type: 'text/html'})`},
	{name: "download", js: `add('a', {href: at('download', {file: 'x.bin', type: 'application/octet-stream'}), download: 'x.bin'}).click()`, once: true, blind: true},
	{name: "favicon", js: `pop(at('favicon-page', html('<link rel=icon href="' + at('favicon').replaceAll('&', '&amp;') + '">')))`, hits: []string{"favicon-page", "favicon"}},

	// Redirects: each hop is a request of its own.
	{name: "redirect", js: `pop(at('hop-1', {redirect: at('hop-2')}))`, hits: []string{"hop-1", "hop-2"}},
	{name: "redirect-out", js: `pop(at('out-1', {redirect: other('out-2', {redirect: at('out-3')})}))`, hits: []string{"out-1", "out-3"}},
	{name: "redirect-in", js: `pop(other('in-1', {redirect: at('in-2')}))`, hits: []string{"in-2"}},
	{name: "redirect-host", js: `pop(at('host-1', {redirect: api('host-2')}))`, hits: []string{"host-1", "host-2"}},
	{name: "redirect-fetch", js: `fetch(at('fetch-hop-1', {redirect: at('fetch-hop-2')}), {credentials: 'include'})`, hits: []string{"fetch-hop-1", "fetch-hop-2"}},
	{name: "redirect-image", js: `add('img', {src: at('img-1', {redirect: other('img-2', {redirect: at('img-3')})})})`, hits: []string{"img-1", "img-3"}},

	// Script requests.
	{name: "fetch", js: `fetch(at('fetch'), {credentials: 'include'})`},
	{name: "fetch-same-origin", js: `fetch(at('fetch-same-origin'))`, own: true},
	{name: "fetch-post", js: `fetch(at('fetch-post'), {method: 'POST', body: 'x'.repeat(100000), credentials: 'include'})`},
	{name: "fetch-no-cors", js: `fetch(at('fetch-no-cors'), {mode: 'no-cors', credentials: 'include'})`},
	{name: "fetch-api", js: `fetch(api('fetch-api'), {credentials: 'include'})`},
	{name: "preflight", js: `fetch(api('preflight'), {credentials: 'include', headers: {'X-Test': '1'}})`},
	{name: "omit", js: `fetch(at('omit'), {credentials: 'omit'})`, none: true},
	{name: "anonymous", js: `add('img', {crossOrigin: 'anonymous', src: api('anonymous')})`, none: true},
	{name: "xhr", js: `const x = new XMLHttpRequest(); x.open('GET', at('xhr')); x.withCredentials = true; x.send()`},
	{name: "xhr-sync", js: `const x = new XMLHttpRequest(); x.open('GET', at('xhr-sync'), false); x.send()`, own: true},
	{name: "keepalive", js: `fetch(at('keepalive'), {keepalive: true, credentials: 'include'})`},
	{name: "fetch-later", js: `fetchLater(at('fetch-later'), {activateAfter: 0, credentials: 'include'})`, fresh: true, blind: true},
	{name: "beacon", js: `navigator.sendBeacon(at('beacon'), 'x')`},
	{name: "beacon-unload", js: `inPopup(w => { w.addEventListener('pagehide', () => w.navigator.sendBeacon(at('beacon-unload'), 'x')); w.close() })`, blind: true},
	{name: "ping", js: `inPopup((w, d) => { const a = el('a', {href: at('ping-target'), ping: at('ping')}, d); d.body.append(a); a.click() })`, hits: []string{"ping-target", "ping"}},
	{name: "eventsource", js: `new EventSource(at('eventsource', {type: 'text/event-stream', body: 'retry: 600000\n\n'}), {withCredentials: true})`},
	{name: "websocket", js: `new WebSocket(at('websocket').replace('http', 'ws'))`, jar: true},
	{name: "csp-report", js: `add('iframe', {src: at('csp-page', {...html('<script>1</script>'), csp: "script-src 'none'; report-uri " + at('csp-report')})})`, hits: []string{"csp-page", "csp-report"}},

	// Parts of a page.
	{name: "script", js: `add('script', {src: at('script', js(''))})`},
	{name: "module", js: `add('script', {type: 'module', crossOrigin: 'use-credentials', src: at('module', js('import ' + q(at('module-import', js('')))))})`, hits: []string{"module", "module-import"}},
	{name: "import", js: `import(at('import', js('')))`, own: true},
	{name: "image", js: `add('img', {src: at('image')})`},
	{name: "image-cors", js: `add('img', {crossOrigin: 'use-credentials', src: at('image-cors')})`},
	{name: "css", js: `add('link', {rel: 'stylesheet', onload: () => getComputedStyle(document.body).backgroundImage, href: at('css', {type: 'text/css', body: '@import ' + q(at('css-import', {type: 'text/css'})) + '; body {background: url(' + q(at('css-image')) + ')}'})})`, hits: []string{"css", "css-import", "css-image"}},
	{name: "font", js: `new FontFace('f' + id, 'url(' + at('font') + ')').load().catch(() => {})`, own: true},
	{name: "audio", js: `add('audio', {preload: 'auto', src: at('audio')})`},
	{name: "video", js: `add('video', {preload: 'auto', poster: at('poster'), src: at('video')})`, hits: []string{"poster", "video"}},
	{name: "svg", js: `add('img', {src: 'data:,'}); document.body.insertAdjacentHTML('beforeend', '<svg><image href="' + at('svg').replaceAll('&', '&amp;') + '"/></svg>')`},
	{name: "prefetch", js: `add('link', {rel: 'prefetch', href: at('prefetch')})`, fresh: true},
	{name: "preload", js: `add('link', {rel: 'preload', as: 'fetch', crossOrigin: 'use-credentials', href: at('preload')})`},
	{name: "modulepreload", js: `add('link', {rel: 'modulepreload', crossOrigin: 'use-credentials', href: at('modulepreload', js(''))})`},
	{name: "worklet", js: `CSS.paintWorklet.addModule(at('worklet', js('')), {credentials: 'include'})`},
	{name: "audio-worklet", js: `new OfflineAudioContext(1, 1, 44100).audioWorklet.addModule(at('audio-worklet', js('')), {credentials: 'include'})`},

	// Workers.
	{name: "worker", js: `new Worker(at('worker', js('importScripts(' + q(at('worker-import', js(''))) + '); fetch(' + q(at('worker-fetch')) + ')')))`, hits: []string{"worker", "worker-import", "worker-fetch"}, own: true},
	{name: "worker-nested", js: `new Worker(at('outer', js('new Worker(' + q(at('inner', js('fetch(' + q(at('inner-fetch')) + ')'))) + ')')))`, hits: []string{"outer", "inner", "inner-fetch"}, own: true},
	{name: "worker-module", js: `new Worker(at('worker-module', js('import ' + q(at('worker-module-import', js(''))))), {type: 'module', credentials: 'include'})`, hits: []string{"worker-module", "worker-module-import"}, own: true},
	{name: "worker-blob", js: `new Worker(URL.createObjectURL(new Blob(['fetch(' + q(at('worker-blob')) + ', {credentials: "include"})'])))`},
	{name: "worker-websocket", js: `new Worker(URL.createObjectURL(new Blob(['new WebSocket(' + q(at('worker-websocket').replace('http', 'ws')) + ')'])))`, jar: true},
	{name: "shared-worker", js: `new SharedWorker(at('shared-worker', js('fetch(' + q(at('shared-worker-fetch')) + ')')))`, hits: []string{"shared-worker"}, own: true},
	{name: "shared-worker-fetch", js: `new SharedWorker(at('shared-worker-2', js('fetch(' + q(at('shared-worker-fetch')) + ')')))`, own: true, blind: true},
	{name: "service-worker-script", js: `navigator.serviceWorker.register(at('service-worker-script', js('importScripts(' + q(at('service-worker-import', js(''))) + ')')), {scope: '/hit/nowhere/' + id})`,
		hits: []string{"service-worker-script", "service-worker-import"}, own: true, blind: true},
	{name: "service-worker", js: `const scope = new URL('/hit/sw-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('sw', js(
			'oninstall = e => { skipWaiting(); e.waitUntil(fetch(' + q(at('sw-install')) + ')) };' +
			'onactivate = e => e.waitUntil(clients.claim());' +
			'onfetch = e => e.respondWith(fetch(e.request))')), {scope});
		const w = r.installing || r.waiting || r.active;
		const go = () => w.state === 'activated' && add('iframe', {src: at('sw-page/' + id, html('<img src="' + at('sw-image').replaceAll('&', '&amp;') + '">'))});
		w.onstatechange = go; go()`, hits: []string{"sw-install", "sw-page", "sw-image"}, own: true},
	{name: "service-worker-preload", js: `const scope = new URL('/hit/preload-page/' + id, location).href;
		const r = await navigator.serviceWorker.register(at('preload-sw', js(
			'oninstall = () => skipWaiting();' +
			'onactivate = e => e.waitUntil(registration.navigationPreload.enable());' +
			'onfetch = e => e.respondWith(e.preloadResponse)')), {scope});
		const w = r.installing || r.waiting || r.active;
		const go = () => w.state === 'activated' && add('iframe', {src: at('preload-page/' + id, html('x'))});
		w.onstatechange = go; go()`, hits: []string{"preload-page"}, own: true, jar: true},
}

// fire makes the current tab use channels, to the hosts of a site. setter is
// the request whose response sets the cookies.
func (w *web) fire(r *rig, site, id string, list []channel, setter string, set ...string) {
	r.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "const id = %q, set = %s;\n", id, quoteAll(set))
	for _, base := range [][2]string{{"at", site}, {"api", "api." + site}, {"other", "other.test"}} {
		fmt.Fprintf(&b, "const %s = maker(%q, id, %q, set);\n", base[0], w.origin(base[1]), setter)
	}
	b.WriteString("const failed = [];\n")
	for _, c := range list {
		fmt.Fprintf(&b, "(async () => {%s})().catch(e => failed.push(%q + e));\n", c.js, c.name+": ")
	}
	b.WriteString("return true")
	eval[bool](r, "(() => {"+b.String()+"})()")
}

func quoteAll(list []string) string {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, fmt.Sprintf("%q", s))
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// tidy closes the popups and frames that channels left.
func tidy(r *rig) {
	r.t.Helper()
	run(r, `for (const w of popups.splice(0)) w.close(); for (const e of document.querySelectorAll('iframe:not(.strange, .keep), img, link, object, embed, audio, video, svg')) e.remove()`)
}

// rewrite begins the id of checks while the jar is another session's, so that only
// the rewrite of paused requests forces.
const rewrite = "rewrite"

// check fires channels and compares what the server saw with the session that
// is forced, "" for one without tokens.
func (w *web) check(r *rig, site, id, name string, list []channel) {
	w.t.Helper()
	w.fire(r, site, id, list, "")
	var names []string
	for _, c := range list {
		names = append(names, c.names()...)
	}
	w.arrived(id, names...)
	expected := map[string]channel{}
	for _, c := range list {
		for _, n := range c.names() {
			expected[n] = c
		}
	}
	hosts := []string{site, "api." + site}
	for _, h := range w.seen(func(h hit) bool { return h.query.Get("id") == id && slices.Contains(hosts, h.host) }) {
		c, known := expected[h.name]
		switch {
		case strings.HasPrefix(id, rewrite) && h.header.Get("Service-Worker") == "script" && !known:
			// The update check of a worker: never paused (CDP-FACTS 2).
		case h.method == "OPTIONS" || c.none:
			if h.cookie != "" {
				w.t.Errorf("%v: want no cookie", h)
			}
		case name == "":
			h.none(w.t)
		default:
			h.is(w.t, name)
		}
	}
	tidy(r)
}

func where(condition func(channel) bool) []channel {
	return slices.DeleteFunc(slices.Clone(channels), func(c channel) bool { return !condition(c) })
}

func anywhere(c channel) bool { return !c.own }

// TestForcedFromTheStart: forced before the first request.
func TestForcedFromTheStart(t *testing.T) {
	w := newWeb(t)
	r := w.browser()
	r.login("shop.test", "bob")
	r.use("shop.test", "bob")
	r.open(w.page("shop.test"))
	for _, h := range w.seen(func(h hit) bool { return h.host == "shop.test" }) {
		h.is(t, "bob")
	}
	w.check(r, "shop.test", "start", "bob", channels)

	r.login("shop.test", "alice")
	r.putInJar(twoTokens("shop.test", "alice")...)
	w.check(r, "shop.test", rewrite, "bob", where(func(c channel) bool { return !c.jar && !c.once }))

	// A session without tokens sends none, whatever the jar holds.
	if _, err := r.New(r.ctx(), "shop.test", "nobody", true); err != nil {
		t.Fatal(err)
	}
	r.putInJar(twoTokens("shop.test", "alice")...)
	w.check(r, "shop.test", rewrite+"-none", "", where(func(c channel) bool { return !c.jar && !c.once }))
}

// logIn logs the browser in as the server's cookies say, and names the session
// that is detected.
func (w *web) logIn(r *rig, site, name string) {
	w.t.Helper()
	q := ""
	for _, c := range twoTokens(site, name) {
		q += "set=" + c.Name + "%3D" + c.Value + "%3BDomain%3D" + site + "%3BPath%3D/%3BSecure%3BSameSite%3DNone&"
	}
	r.open(w.page(site) + "?" + q)
	s := r.session(site, "sid", name+"-sid")
	if err := r.book.Rename(s.Ref(), name); err != nil {
		w.t.Fatal(err)
	}
}

// session waits for the session with that cookie.
func (r *rig) session(site, name, value string) sessions.Session {
	r.t.Helper()
	var found sessions.Session
	r.until(fmt.Sprintf("a session of %s with %s=%s", site, name, value), func() bool {
		for _, s := range r.book.Sessions(site, time.Now()) {
			for _, c := range s.Tokens {
				if c.Name == name && c.Value == value {
					found = s
					return true
				}
			}
		}
		return false
	})
	return found
}

// TestForcedInOpenTab: the tab was open as alice before bob is forced, is not
// reloaded, and everything alive in it goes on making requests. Then alice is
// forced again, and at last the jar is put out of step, so that only the
// rewrite of paused requests can force.
func TestForcedInOpenTab(t *testing.T) {
	w := newWeb(t)
	r := w.browser(noReload)
	w.logIn(r, "shop.test", "alice")
	run(r, "document.cookie = 'theme=dark; Secure; SameSite=None'")
	r.login("shop.test", "bob")
	alive := w.bringToLife(r, "shop.test", "shop.test")

	r.use("shop.test", "bob")
	w.checkAlive(r, "shop.test", "bob", alive)
	w.check(r, "shop.test", "bob", "bob", channels)
	for _, h := range w.seen(func(h hit) bool { return h.query.Get("id") == "bob" && h.name == "fetch" }) {
		if h.value("theme") != "dark" {
			t.Errorf("%v: want the page's own cookie untouched", h)
		}
	}

	r.use("shop.test", "alice")
	w.checkAlive(r, "shop.test", "alice", alive)
	w.check(r, "shop.test", "alice", "alice", where(func(c channel) bool { return !c.once }))

	r.use("shop.test", "bob")
	r.putInJar(twoTokens("shop.test", "alice")...)
	w.checkAlive(r, "shop.test", "bob", slices.DeleteFunc(slices.Clone(alive), func(name string) bool { return name == "shared" })) // the cure does not reach it
	w.check(r, "shop.test", rewrite, "bob", where(func(c channel) bool { return !c.jar && !c.fresh && !c.once }))
}

// putInJar writes cookies behind the book's back.
func (r *rig) putInJar(cookies ...sessions.Cookie) {
	r.t.Helper()
	var plan sessions.Plan
	plan.Set = cookies
	r.mirror.write(r.ctx(), sessions.Main, plan)
}

// TestForcedFromOtherSite: pages of another site, open before the session is
// forced, call the forced one.
func TestForcedFromOtherSite(t *testing.T) {
	w := newWeb(t)
	r := w.browser(noReload)
	w.logIn(r, "shop.test", "alice")
	w.logIn(r, "lax.test", "alice")
	r.login("shop.test", "bob")
	r.login("lax.test", "bob", func(c *sessions.Cookie) { c.SameSite = "Lax" })
	r.open(w.page("other.test"))
	alive := w.bringToLife(r, "other.test", "shop.test")

	r.use("shop.test", "bob")
	w.checkAlive(r, "other.test", "bob", alive)
	w.check(r, "shop.test", "other", "bob", where(anywhere))

	// SameSite=Lax: the browser sends nothing, so nothing is added.
	r.use("lax.test", "bob")
	w.fire(r, "lax.test", "lax", where(anywhere), "")
	for name, h := range w.arrived("lax", "fetch", "image", "iframe", "xhr", "script", "websocket", "link", "popup", "navigation") {
		switch name {
		case "link", "popup", "navigation":
			h.is(t, "bob")
		case "fetch", "image", "iframe", "xhr", "script", "websocket":
			h.none(t)
		}
	}
}

// lives are the things in a tab that may be alive when a session is forced. Each
// fetches when it is told to.
var lives = []string{"page", "worker", "nested", "shared", "service", "frame", "popup", "strange-frame", "strange-frame-worker"}

// bringToLife makes the current tab, a page of host, start all of lives, and
// waits until they are there. Told to, they call the target.
func (w *web) bringToLife(r *rig, host, target string) []string {
	w.t.Helper()
	strange := "other.test"
	if host == strange {
		strange = "third.test"
	}
	listen := func(name string) string {
		return fmt.Sprintf(`{const c = new BroadcastChannel('go'); c.onmessage = e => fetch(%q + e.data, {credentials: 'include', cache: 'no-store'}); fetch(%q)};`,
			w.origin(target)+"/hit/alive-"+name+"?id=", w.origin(host)+"/hit/ready-"+name+"?id=ready")
	}
	at := fmt.Sprintf("const at = maker(%q, 'life', '', []), strange = maker(%q, 'life', '', []);\n", w.origin(host), w.origin(strange))
	scripts := map[string]string{}
	for _, name := range lives {
		scripts[name] = listen(name)
	}
	scripts["service"] = strings.Replace(scripts["service"], "c.onmessage", "onmessage", 1)
	// A frame of another site is told by its parent, and tells its worker.
	remote := func(name string) string {
		return fmt.Sprintf(`e => fetch(%q + e.data, {credentials: 'include'})`, w.origin(target)+"/hit/alive-"+name+"?id=")
	}
	strangeWorker := "onmessage = " + remote("strange-frame-worker")
	strangePage := fmt.Sprintf(`<script>
		const w = new Worker(URL.createObjectURL(new Blob([%q])));
		const f = %s; onmessage = e => { w.postMessage(e.data); f(e) };
		fetch(%q); fetch(%q)</script>`, strangeWorker, remote("strange-frame"),
		w.origin(strange)+"/hit/ready-strange-frame?id=ready", w.origin(strange)+"/hit/ready-strange-frame-worker?id=ready")
	run(r, at+fmt.Sprintf(`
		const go = new BroadcastChannel('go');
		window.tell = m => {
			go.postMessage(m);
			// A stopped service worker hears no channel, a message starts it.
			navigator.serviceWorker.getRegistration('/hit/life').then(r => r.active.postMessage(m)); document.querySelector('.strange').contentWindow.postMessage(m, '*');
		};
		%s
		new Worker(at('life-worker', js(%q)));
		new Worker(at('life-outer', js('new Worker(' + q(at('life-nested', js(%q))) + ')')));
		new SharedWorker(at('life-shared', js(%q)));
		navigator.serviceWorker.register(at('life-service', js(%q)), {scope: '/hit/life'});
		add('iframe', {className: 'keep', src: at('life-frame', html('<script>' + %q + '</script>'))});
		open(at('life-popup', html('<script>' + %q + '</script>')), '_blank', 'popup');
		add('iframe', {className: 'strange', src: strange('life-strange', html(%q))});
		`, scripts["page"], scripts["worker"], scripts["nested"], scripts["shared"], scripts["service"], scripts["frame"], scripts["popup"], strangePage))
	var ready []string
	for _, name := range lives {
		ready = append(ready, "ready-"+name)
	}
	w.arrived("ready", ready...)
	return lives
}

// checkAlive tells all of them to fetch and compares what the server saw.
func (w *web) checkAlive(r *rig, host, name string, alive []string) {
	w.t.Helper()
	id := fmt.Sprintf("%s-%d", name, w.count())
	run(r, fmt.Sprintf("tell(%q)", id))
	var names []string
	for _, n := range alive {
		names = append(names, "alive-"+n)
	}
	arrived := w.arrived(id, names...)
	for _, n := range names {
		if h, ok := arrived[n]; ok {
			h.is(w.t, name)
		}
	}
}
