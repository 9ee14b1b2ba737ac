package cdp

import (
	"fmt"
	"strings"

	"sessdriver/cdp/internal/wire"
)

// lives are the things in a tab that may be alive when a session is forced. Each
// fetches when it is told to.
var lives = []string{"alive-page", "alive-worker", "alive-nested", "alive-shared", "alive-service", "alive-frame", "alive-popup", "alive-strange-frame", "alive-strange-frame-worker"}

// bringToLife makes a tab, a page of host, start all of lives, and waits until
// they are there. Told to, they call the target.
func (w *web) bringToLife(p *person, tab wire.Link, host, target string) {
	w.t.Helper()
	strange := "other.test"
	if host == strange {
		strange = "third.test"
	}
	listen := func(name string) string {
		return fmt.Sprintf(`{const c = new BroadcastChannel('go'); c.onmessage = e => fetch(%q + e.data, {credentials: 'include', cache: 'no-store'}); fetch(%q)};`,
			w.origin(target)+"/hit/"+name+"?id=", w.origin(host)+"/hit/ready-"+name+"?id=ready-"+host)
	}
	at := fmt.Sprintf("const at = maker(%q, 'life', '', []), strange = maker(%q, 'life', '', []);\n", w.origin(host), w.origin(strange))
	scripts := map[string]string{}
	for _, name := range lives {
		scripts[name] = listen(name)
	}
	scripts["alive-service"] = strings.Replace(scripts["alive-service"], "c.onmessage", "onmessage", 1)
	// A frame of another site is told by its parent, and tells its worker.
	remote := func(name string) string {
		return fmt.Sprintf(`e => fetch(%q + e.data, {credentials: 'include'})`, w.origin(target)+"/hit/"+name+"?id=")
	}
	strangeWorker := "onmessage = " + remote("alive-strange-frame-worker")
	strangePage := fmt.Sprintf(`<script>
		const w = new Worker(URL.createObjectURL(new Blob([%q])));
		const f = %s; onmessage = e => { w.postMessage(e.data); f(e) };
		fetch(%q); fetch(%q)</script>`, strangeWorker, remote("alive-strange-frame"),
		w.origin(strange)+"/hit/ready-alive-strange-frame?id=ready-"+host, w.origin(strange)+"/hit/ready-alive-strange-frame-worker?id=ready-"+host)
	p.run(tab, at+fmt.Sprintf(`
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
		`, scripts["alive-page"], scripts["alive-worker"], scripts["alive-nested"], scripts["alive-shared"], scripts["alive-service"], scripts["alive-frame"], scripts["alive-popup"], strangePage))
	var ready []string
	for _, name := range lives {
		ready = append(ready, "ready-"+name)
	}
	w.arrived("ready-"+host, ready...)
}
