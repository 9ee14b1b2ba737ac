package leaks

import (
	"fmt"
	"net/url"
	"strings"
)

// Bases are the origins that channels call.
type Bases struct{ At, API, Other string }

// Script makes a page with [Functions] use channels. setter is the request whose
// response sets the cookies; "*" lets all rotate a token. What fails is in the page's
// list failed.
func Script(list []Channel, bases Bases, id, setter string, set []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "const id = %q, set = %s;\n", id, quoteAll(set))
	for _, base := range [][2]string{{"at", bases.At}, {"api", bases.API}, {"other", bases.Other}} {
		fmt.Fprintf(&b, "const %s = maker(%q, id, %q, set);\n", base[0], base[1], setter)
	}
	b.WriteString("window.failed ||= [];\n")
	for _, c := range list {
		if c.JS != "" {
			fmt.Fprintf(&b, "(async () => {%s})().catch(e => failed.push(%q + e));\n", c.JS, c.Name+": ")
		}
	}
	return b.String()
}

func quoteAll(list []string) string {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, fmt.Sprintf("%q", s))
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// Maker is At for a page's origin, as maker in [Functions].
func Maker(origin, id, setter string, set []string) At {
	return func(name string, parameters ...string) string {
		q := url.Values{"id": {id}}
		if setter == "*" {
			q.Set("rotate", "1")
		} else if setter == name {
			q["set"] = set
		}
		for i := 0; i < len(parameters); i += 2 {
			q.Set(parameters[i], parameters[i+1])
		}
		return origin + "/hit/" + name + "?" + q.Encode()
	}
}

// Tidy is the script that closes the popups and frames that channels left in a page.
const Tidy = `for (const w of popups.splice(0)) w?.close();
	for (const e of document.querySelectorAll('iframe:not(.strange, .keep), img, link, object, embed, audio, video, svg, picture')) e.remove()`

// Functions is what the pages can do: the script of a page.
const Functions = `
// Not by statechange: in headless-shell a page does not always hear of it while requests are paused.
async function activated(registration) {
	const state = async () => (await navigator.serviceWorker.getRegistration(registration.scope))?.active?.state;
	while (!['activated', 'redundant'].includes(await settled(state, 1000))) await later(20);
}
const later = time => new Promise(done => setTimeout(done, time));
// settled asks again where there is no answer in time: on a busy machine a page may never get the one of its service workers.
const settled = async (ask, time) => {
	const none = {};
	for (;;) {
		const answer = await Promise.race([ask(), later(time).then(() => none)]);
		if (answer !== none) return answer;
	}
};
function maker(base, id, setter, set) {
	const at = (name, o = {}) => {
		const u = new URL('/hit/' + name, base);
		u.searchParams.set('id', id);
		for (const k in o) u.searchParams.set(k, o[k]);
		if (name.split('/')[0] === setter) for (const line of set) u.searchParams.append('set', line);
		if (setter === '*') u.searchParams.set('rotate', 1);
		return u.href;
	};
	return at;
}
const q = JSON.stringify;
const js = body => ({type: 'text/javascript', body});
const html = body => ({type: 'text/html', body});
const el = (tag, o, doc = document) => Object.assign(doc.createElement(tag), o);
const add = (tag, o) => { const e = el(tag, o); document.body.append(e); return e; };
const popups = [];
// A window of its own: a tab would hide this page, and stop its media.
const pop = (url, features = '') => { const w = open(url, '_blank', 'popup,' + features); if (w) popups.push(w); return w; };
const inPopup = f => { const w = pop('about:blank'); f(w, w.document); };
const submit = (d, o) => {
	const f = el('form', o, d);
	// A form sent by GET replaces the query.
	for (const [name, value] of new URL(o.action).searchParams) f.append(el('input', {name, value}, d));
	d.body.append(f);
	f.submit();
};
`
