package sessions

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRandomWalk lets a browser with two windows do what comes, and checks after
// each step what must always hold.
func TestRandomWalk(t *testing.T) {
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 1))
		b := start(t, Options{ForceEverywhere: seed%5 == 4})
		var steps []string
		for range 60 {
			steps = append(steps, b.in([]Window{Main, "w2"}[random.IntN(2)]).step(random))
			if problem := b.book.sites[shop].problem(); problem != "" {
				t.Fatalf("seed %d: %s after\n%q\n%s", seed, problem, steps, b.list())
			}
			if t.Failed() {
				t.Fatalf("seed %d after\n%q\n%s", seed, steps, b.list())
			}
		}
	}
}

// step does one thing and returns its name.
func (b *browser) step(random *rand.Rand) string {
	b.Helper()
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	url := pick(home, home, api, "https://www.shop.test/app/x")
	line := pick("sid=", "sid=", "token=", "XSRF-TOKEN=", "own=") + fmt.Sprint(random.IntN(1000)) +
		pick("", "; Domain=shop.test", "; Path=/app", "; Secure", "; Max-Age=0", "; Path=/; Max-Age=0")
	some := ""
	if all := b.book.Sessions(shop, b.now); len(all) > 0 {
		some = all[random.IntN(len(all))].Name
	}
	switch n := random.IntN(24); {
	case n < 8 || some == "":
		f := b.send(url)
		b.wantOwn(f)
		f.answer(line)
		return string(b.window) + " visit " + url + " " + line
	case n < 11:
		f := b.send(url)
		b.use(some)
		f.answer(line)
		return string(b.window) + " late " + url + " " + line + ", using " + some
	case n < 14:
		b.use(some)
		return string(b.window) + " use " + some
	case n < 15:
		b.new("")
		return string(b.window) + " new"
	case n < 17:
		if _, ok := b.book.Active(b.window, shop, b.now); ok {
			b.unset()
		}
		return string(b.window) + " unset"
	case n < 18:
		b.book.Remove(b.ref(some), b.now)
		for _, w := range []Window{Main, "w2"} {
			b.in(w).mend(shop)
		}
		return "remove " + some
	case n < 20:
		b.script(url, line)
		return string(b.window) + " script " + url + " " + line
	case n < 21:
		b.book.SeeJar(b.window, b.jar(), b.now)
		return string(b.window) + " jar"
	case n < 22:
		b.book.Rename(b.ref(some), fmt.Sprintf("name %d", random.IntN(5)))
		return "rename " + some
	}
	name, kind := pick("own", "sid", "token", All), pick(string(Token), string(Carried), "")
	if kind == "" {
		b.book.RemoveToken(shop, name)
	} else {
		b.book.AddToken(b.window, shop, name, Kind(kind), b.jar(), b.now)
	}
	for _, w := range []Window{Main, "w2"} {
		b.in(w).mend(shop)
	}
	return string(b.window) + " token " + name + " " + kind
}

// wantOwn checks that a request has no value that is another session's alone.
func (b *browser) wantOwn(f flight) {
	b.Helper()
	active, ok := b.book.Active(b.window, shop, b.now)
	if !ok {
		return
	}
	s := b.book.sites[shop]
	session := s.numbers[active.Number]
	for _, p := range pairsOf(f.header) {
		if s.kind(p.name) != NotToken && !session.holds(p) {
			b.Errorf("%s of another session goes out as %s: %q", p.name, active.Name, f.header)
		}
	}
}

// problem says what is wrong with the indexes of a site.
func (s *site) problem() string {
	if s == nil {
		return ""
	}
	scopes := map[scope]int{}
	current, past := 0, 0
	for i, session := range s.sessions {
		if i > 0 && s.sessions[i-1].id >= session.id {
			return "sessions are out of order"
		}
		if s.names[session.name] != session || s.numbers[session.id] != session || session.removed {
			return session.name + " is badly registered"
		}
		if !slices.IsSortedFunc(session.cookies, func(a, b held) int { return jarOrder(&a.Cookie, &b.Cookie) }) {
			return "cookies are out of order"
		}
		seen := map[pair]bool{}
		for j := range session.cookies {
			h := &session.cookies[j]
			if h.kind != s.kind(h.Name) || h.kind == NotToken {
				return fmt.Sprintf("%s has kind %q, not %q", h.Name, h.kind, s.kind(h.Name))
			}
			if !slices.Contains(s.current[h.pair()], session) || session.held(h.pair()) {
				return h.Name + " is badly indexed"
			}
			if !seen[h.pair()] {
				seen[h.pair()] = true
				current++
			}
			if h.kind == Token {
				scopes[h.scope()]++
			}
		}
		for _, p := range session.past {
			if !slices.Contains(s.past[p], session) {
				return "an earlier value is badly indexed"
			}
			past++
		}
	}
	for _, list := range s.current {
		current -= len(list)
	}
	for _, list := range s.past {
		past -= len(list)
	}
	if current != 0 || past != 0 || len(s.names) != len(s.sessions) || len(s.numbers) != len(s.sessions) {
		return "an index holds what is gone"
	}
	if len(scopes) != len(s.scopes) {
		return fmt.Sprintf("scopes are %v, not %v", s.scopes, scopes)
	}
	for w, p := range s.places {
		if alive(p.active) != p.active || alive(p.last) != p.last || p.before != nil && alive(p.before.session) != p.before.session {
			return fmt.Sprintf("window %q keeps a removed session", w)
		}
	}
	if a := s.anonymous; a != nil && (a.removed || a.filled || a.activeSomewhere()) {
		return "the anonymous session is somebody"
	}
	return ""
}
