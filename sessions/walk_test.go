package sessions

import (
	"cmp"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestModel lets a browser with two windows do what comes, and compares after
// each step with the model: what was sent, whose it was, what the sessions are
// and what is in the jars; and the indexes with themselves.
func TestModel(t *testing.T) {
	walks(t, func(t *rapid.T) {
		everywhere := rapid.SampledFrom([]bool{false, false, true}).Draw(t, "force everywhere")
		defaults := []Default{{Pattern: "sid", Kind: Token}, {Pattern: "jwt", Kind: Token}, {Pattern: "xsrf", Kind: Carried}}
		w := &walk{T: t, real: start(t, Options{Defaults: defaults, ForceEverywhere: everywhere}),
			model: newModel(map[string]Kind{"sid": Token, "jwt": Token, "xsrf": Carried})}
		w.model.everywhere = everywhere
		w.real.book.ensureSite(shop)
		t.Repeat(map[string]func(*rapid.T){"step": func(*rapid.T) { w.step() }, "": func(*rapid.T) { w.compare() }})
	})
}

// walks runs a walk 800 times, or as often as the flags say, and leaves no file. The seed
// is the same for everybody, so that what fails is a change; -rapid.seed takes another.
func walks(t *testing.T, walk func(*rapid.T)) {
	for name, value := range map[string]string{"rapid.checks": "800", "rapid.nofailfile": "true", "rapid.seed": "2"} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			f.Value.Set(value)
		}
	}
	rapid.Check(t, walk)
}

// walk is a browser and its model in sync.
type walk struct {
	*rapid.T
	real    *browser
	model   *model
	flights []inFlight
	values  int
}

// inFlight is a request whose response has not come.
type inFlight struct {
	flight
	model *mExchange
}

func (w *walk) pick(what string, list ...string) string {
	return rapid.SampledFrom(list).Draw(w.T, what)
}

// say writes a step in the log of a failing example.
func (w *walk) say(format string, args ...any) { w.Logf("STEP "+format, args...) }

func (w *walk) step() {
	name := Window(w.pick("window", "", "w2"))
	b, window := w.real.in(name), w.model.windows[name]
	step := w.pick("step", "visit", "visit", "visit", "send", "send", "answer", "answer", "script", "see", "use", "use", "new", "unset", "rename", "rm", "token")
	switch step {
	case "visit":
		w.send(b, window)
		w.answer(len(w.flights)-1, true)
	case "send":
		w.send(b, window)
	case "answer":
		if len(w.flights) > 0 {
			w.answer(rapid.IntRange(0, len(w.flights)-1).Draw(w.T, "flight"), rapid.Bool().Draw(w.T, "mended"))
		}
	case "script":
		url, line := w.url(), w.line()
		w.say("%q runs document.cookie = %q at %s", name, line, url)
		b.script(url, line)
		window.put(b.parse(url, line))
	case "see":
		w.say("%q shows its jar", name)
		seen := slices.ContainsFunc(b.jar(), func(c Cookie) bool {
			known, removed := w.model.kinds[c.Name], w.model.removed[c.Name]
			return known == Token || known == NotToken && !removed && w.model.defaults[c.Name] == Token
		})
		if window.active == nil && seen {
			w.model.see(window, b.jar())
		}
		b.book.SeeJar(name, b.jar(), b.now)
	case "token":
		w.token(b, window)
	default:
		w.command(step, b, window)
	}
}

func (w *walk) url() string { return w.pick("url", home, home, api, "https://www.shop.test/app/x") }

func (w *walk) line() string {
	w.values++
	value := fmt.Sprintf("v%d", w.values)
	if w.values > 1 && w.pick("value", "new", "new", "new", "old") == "old" {
		value = fmt.Sprintf("v%d", rapid.IntRange(1, w.values).Draw(w.T, "old value"))
	}
	return w.pick("name", "sid", "sid", "jwt", "xsrf", "own") + "=" + value +
		w.pick("attributes", "", "", "; Path=/", "; Path=/; Domain=shop.test", "; Path=/app", "; Path=/; Max-Age=0")
}

func (w *walk) send(b *browser, window *mWindow) {
	url := w.url()
	w.say("%q sends %s", b.window, url)
	found, jar := b.found(url), b.jar()
	f := b.send(url)
	x := w.model.send(window, url, found, jar)
	w.flights = append(w.flights, inFlight{f, x})
	if got := pairsOf(f.header); !slices.Equal(got, x.header) {
		w.Fatalf("sent is %v, in the model %v", got, x.header)
	}
	number := 0
	if x.session != nil {
		number = x.session.number
	}
	if got := f.exchange.Session().Number; got != number {
		w.Fatalf("the request is of session %d, in the model of %d", got, number)
	}
}

// answer brings the response of a request. The jars are mended at once, or
// later, when something else mends them.
func (w *walk) answer(i int, mended bool) {
	f := w.flights[i]
	w.flights = slices.Delete(w.flights, i, i+1)
	var lines []string
	for range rapid.IntRange(0, 2).Draw(w.T, "lines") {
		lines = append(lines, w.line())
	}
	w.say("%q gets the answer of %s: %q, mended %v", f.window, f.url, lines, mended)
	windows := f.answerOnly(lines...)
	var set []Cookie
	for _, line := range lines {
		set = append(set, f.parse(f.url, line))
		f.model.window.put(set[len(set)-1])
	}
	want := w.model.receive(f.model, set)
	if slices.Sort(want); !slices.Equal(windows, want) {
		w.Fatalf("out of sync are %q, in the model %q", windows, want)
	}
	for _, name := range want {
		if mended {
			w.real.in(name).mend(shop)
			w.model.mend(w.model.windows[name])
		}
	}
}

func (w *walk) token(b *browser, window *mWindow) {
	name, kind := w.pick("token", "own", "own", "sid", "xsrf", All), Kind(w.pick("kind", string(Token), string(Carried), ""))
	w.say("%q: token %s is %q", b.window, name, kind)
	if kind == NotToken {
		b.book.RemoveToken(shop, name)
		w.model.removeToken(name)
	} else if b.book.AddToken(b.window, shop, name, kind, b.jar(), b.now) == nil {
		w.model.addToken(window, name, kind, b.jar())
	}
	w.mendAll()
}

func (w *walk) mendAll() {
	for name, window := range w.model.windows {
		w.real.in(name).mend(shop)
		w.model.mend(window)
	}
}

func (w *walk) command(step string, b *browser, window *mWindow) {
	var s *mSession
	if step != "new" && step != "unset" {
		if len(w.model.sessions) == 0 {
			return
		}
		s = rapid.SampledFrom(w.model.sessions).Draw(w.T, "session")
		w.say("%q: %s %s", b.window, step, s.name)
	}
	switch step {
	case "use":
		jar := b.jar()
		b.use(s.name)
		w.model.use(window, s, jar)
	case "new":
		name := w.pick("new", "", "", fmt.Sprintf("user %d", w.model.number))
		w.say("%q: new %q", b.window, name)
		jar := b.jar()
		b.new(name)
		w.model.remember(window, jar)
		w.model.use(window, w.model.newSession(name), jar)
	case "unset":
		if window.active != nil {
			w.say("%q: unset", b.window)
			b.unset()
			w.model.unset(window)
		}
	case "rename":
		name := w.pick("rename", "x", "y", "Session 3")
		if b.book.Rename(b.ref(s.name), name) == nil {
			s.name, s.given = name, true
			if w.model.anonymous == s {
				w.model.anonymous = nil
			}
		}
	case "rm":
		if _, err := b.book.Remove(Ref{shop, s.number}, b.now); err != nil {
			w.Fatal(err)
		}
		for _, other := range w.model.windows {
			if other.active == s {
				other.before, other.raw = nil, nil // "removing the active one unsets without restoring"
			}
		}
		w.model.remove(s)
		w.mendAll()
	}
}

func (w *walk) compare() {
	if problem := w.real.book.sites[shop].problem(); problem != "" {
		w.Fatal(problem)
	}
	if got, want := w.describeReal(), w.describeModel(); got != want {
		w.Fatalf("\n got %s\nwant %s", got, want)
	}
}

// describeReal and describeModel write all that can be seen, in one form.
func (w *walk) describeReal() string {
	var text strings.Builder
	for _, s := range w.real.book.Sessions(shop, testNow) {
		fmt.Fprintf(&text, "%d %q %s anonymous=%v active=%q requests=%d tokens=%s carried=%s\n", s.Number, s.Name, s.State,
			s.Anonymous, s.Active, s.Requests, describe(s.Tokens), describe(s.Carried))
	}
	for _, name := range []Window{Main, "w2"} {
		fmt.Fprintf(&text, "jar of %q: %s\n", name, describe(sorted(w.real.in(name).jar())))
	}
	return text.String()
}

func (w *walk) describeModel() string {
	var text strings.Builder
	for _, s := range w.model.sessions {
		var active []Window
		for _, name := range []Window{Main, "w2"} {
			if w.model.windows[name].active == s {
				active = append(active, name)
			}
		}
		carried := slices.DeleteFunc(s.ordered(), func(c Cookie) bool { return w.model.kind(c.Name) != Carried })
		fmt.Fprintf(&text, "%d %q %s anonymous=%v active=%q requests=%d tokens=%s carried=%s\n", s.number, s.name, w.model.state(s),
			w.model.anonymous == s, active, s.requests, describe(w.model.tokens(s)), describe(carried))
	}
	for _, name := range []Window{Main, "w2"} {
		var jar []Cookie
		for _, c := range w.model.windows[name].jar {
			jar = append(jar, c)
		}
		fmt.Fprintf(&text, "jar of %q: %s\n", name, describe(sorted(jar)))
	}
	return text.String()
}

// describe lists cookies with their scope.
func describe(list []Cookie) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, c.Name+"="+c.Value+" at "+c.Domain+c.Path)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// sorted are the cookies of a jar, whose order may differ.
func sorted(list []Cookie) []Cookie {
	slices.SortFunc(list, func(a, b Cookie) int { return cmp.Compare(a.Name+a.Domain+a.Path, b.Name+b.Domain+b.Path) })
	return list
}

// problem says what is wrong with the indexes of a site.
func (s *site) problem() string {
	if s == nil {
		return ""
	}
	scopes := map[scope]int{}
	values := 0
	for i, session := range s.sessions {
		if i > 0 && s.sessions[i-1].id >= session.id {
			return "sessions are out of order"
		}
		if s.names[session.name] != session || s.number(session.id) != session || session.removed {
			return session.name + " is badly registered"
		}
		if !slices.IsSortedFunc(session.cookies, func(a, b *sessionCookie) int { return jarOrder(&a.Cookie, &b.Cookie) }) {
			return "cookies are out of order"
		}
		seen := map[pair]bool{}
		for _, h := range session.cookies {
			if h.kind != s.kind(h.Name) || h.kind == NotToken {
				return fmt.Sprintf("%s has kind %q, not %q", h.Name, h.kind, s.kind(h.Name))
			}
			if !s.values.has(h.pair(), session) || session.hadValue(h.pair()) {
				return h.Name + " is badly indexed"
			}
			if !seen[h.pair()] {
				seen[h.pair()] = true
				values++
			}
			if h.kind == Token {
				scopes[h.scope()]++
			}
		}
		for _, p := range session.earlier {
			if !s.values.has(p, session) {
				return "an earlier value is badly indexed"
			}
			values++
		}
	}
	for p := range s.values.first {
		values -= s.values.count(p)
	}
	if values != 0 || len(s.names) != len(s.sessions) {
		return "an index holds what is gone"
	}
	if len(scopes) != len(s.scopes) {
		return fmt.Sprintf("scopes are %v, not %v", s.scopes, scopes)
	}
	for w, p := range s.windows {
		if unlessRemoved(p.active) != p.active || unlessRemoved(p.last) != p.last || p.restore != nil && unlessRemoved(p.restore.session) != p.restore.session {
			return fmt.Sprintf("window %q keeps a removed session", w)
		}
	}
	if a := s.anonymous; a != nil && (a.removed || a.hadToken || a.activeSomewhere()) {
		return "the anonymous session is somebody"
	}
	return ""
}
