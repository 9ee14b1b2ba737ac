package cdp

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sessdriver/sessions"
)

// trial is one hard case of matching (RULES 18): a site of its own in a shared
// browser, with the servers of it as the judge.
type trial struct {
	*testing.T
	rig  *rig
	site string
	webs []*web // all servers that have hosts of the site; requests go to the first
}

// trials gives each case a site of its own, named as the case.
func trials(t *testing.T, r *rig, webs ...*web) func(name string, test func(*trial)) {
	return func(name string, test func(*trial)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			r.t = t
			for _, w := range webs {
				w.t = t
			}
			r.open("about:blank")
			test(&trial{t, r, strings.ReplaceAll(name, " ", "-") + ".test", webs})
		})
		r.t = t
		for _, w := range webs {
			w.t = t
		}
	}
}

var requests atomic.Int64 // numbers them for all trials

// at is a URL of a host of the site, as "HOST/PATH" without the site, or of
// another host when that ends in a dot; the response sets cookies.
func (c *trial) at(place string, set ...string) string {
	host, path, _ := strings.Cut(place, "/")
	switch other, full := strings.CutSuffix(host, "."); {
	case full:
		host = other
	case host == "":
		host = c.site
	default:
		host += "." + c.site
	}
	q := url.Values{"id": {strconv.FormatInt(requests.Add(1), 10)}, "set": set}
	return c.webs[0].origin(host) + "/" + path + "?" + q.Encode()
}

// visit opens a page and returns the request as the server got it.
func (c *trial) visit(place string, set ...string) hit {
	c.Helper()
	u := c.at(place, set...)
	c.rig.open(u)
	return c.seen(u)
}

// fetch asks for a URL from the page that is open.
func (c *trial) fetch(place string, set ...string) hit {
	c.Helper()
	return c.send("{credentials: 'include'}", place, set...)
}

// post is a fetch that sends a form.
func (c *trial) post(place string, set ...string) hit {
	c.Helper()
	return c.send("{credentials: 'include', method: 'POST', body: new URLSearchParams({user: 'x'})}", place, set...)
}

func (c *trial) send(how, place string, set ...string) hit {
	c.Helper()
	u := c.at(place, set...)
	run(c.rig, fmt.Sprintf("await fetch(%q, %s)", u, how))
	return c.seen(u)
}

// begin starts a fetch whose answer is held until the release of its name.
func (c *trial) begin(hold string, set ...string) hit {
	c.Helper()
	u := c.at("/hit/"+hold, set...) + "&hold=" + hold
	run(c.rig, fmt.Sprintf("(window.begun ??= {})[%q] = fetch(%q)", hold, u))
	return c.seen(u)
}

// release lets the answer of a fetch that was begun come.
func (c *trial) release(hold string) {
	c.Helper()
	c.webs[0].release(hold)
	run(c.rig, fmt.Sprintf("await begun[%q]", hold))
	c.booked()
}

// seen waits until a server has got the request.
func (c *trial) seen(u string) hit {
	c.Helper()
	parsed, _ := url.Parse(u)
	var found []hit
	for _, w := range c.webs {
		if slices.Contains(w.ports[:], parsed.Port()) {
			w.until("the request for "+u, func() bool {
				found = w.seen(func(h hit) bool { return h.query.Get("id") == parsed.Query().Get("id") })
				return len(found) > 0
			})
		}
	}
	return found[len(found)-1]
}

// booked waits until the book has counted every answered request that the
// servers got for the site.
func (c *trial) booked() {
	c.Helper()
	got, counted := 0, 0
	ok := c.rig.soon(func() bool {
		got = 0
		for _, w := range c.webs {
			got += w.answered(func(h hit) bool { return c.rig.book.SiteOf(w.origin(h.host)) == c.site })
		}
		s, _ := c.rig.book.Site(c.site)
		counted = s.Requests
		return counted == got
	})
	if !ok {
		c.Fatalf("%s: the servers got %d requests, the book counts %d", c.site, got, counted)
	}
}

// answered counts the requests that got their answer and satisfy the condition.
func (w *web) answered(condition func(hit) bool) int {
	return len(w.seen(func(h hit) bool { return w.held[h.query.Get("hold")] == nil && condition(h) }))
}

// list shows the sessions of the site, as the list of package sessions' tests.
func (c *trial) list() string {
	c.Helper()
	c.booked()
	var all []string
	for _, s := range c.rig.book.Sessions(c.site, time.Now()) {
		text := s.Name
		if s.ActiveIn(sessions.Main) {
			text += "*"
		}
		if s.Anonymous {
			text += "(anonymous)"
		}
		if s.State == sessions.LoggedOut {
			text += "(out)"
		}
		all = append(all, strings.TrimSpace(text+": "+values(s.Tokens)))
	}
	return strings.Join(all, " | ")
}

func (c *trial) wantList(want string) {
	c.Helper()
	if got := c.list(); got != want {
		c.Errorf("the sessions are\n got %s\nwant %s", got, want)
	}
}

// want checks the Cookie header of a request.
func (c *trial) want(h hit, cookie string) {
	c.Helper()
	if h.cookie != cookie {
		c.Errorf("%s%s got\n     %q\nwant %q", h.host, h.name, h.cookie, cookie)
	}
}

func (c *trial) use(name string) {
	c.Helper()
	c.booked()
	c.rig.use(c.site, name)
}

func (c *trial) new(name string) {
	c.Helper()
	c.booked()
	if _, err := c.rig.New(c.rig.ctx(), c.site, name, true); err != nil {
		c.Fatal(err)
	}
}

func (c *trial) unset() {
	c.Helper()
	if s, err := c.rig.Unset(c.rig.ctx(), c.site, true); err != nil || s.Session.Name == "" {
		c.Fatal(s, err)
	}
}

// leave runs JavaScript that takes the page to a URL, and waits until it is
// there.
func (c *trial) leave(script, u string) hit {
	c.Helper()
	next := c.rig.targets.Next(c.rig.currentTab())
	c.script(fmt.Sprintf(script, u))
	if err := next.Committed(c.rig.ctx()); err != nil {
		c.Fatal(err)
	}
	c.rig.title() // loaded
	return c.seen(u)
}

// split moves the new login of a session to one of its own.
func (c *trial) split(name, part string) {
	c.Helper()
	c.booked()
	if _, err := c.rig.Split(c.rig.ctx(), c.rig.ref(c.site, name), part); err != nil {
		c.Fatal(err)
	}
}

// script runs JavaScript in the page.
func (c *trial) script(text string) {
	c.Helper()
	run(c.rig, text)
}

// told counts the events of a kind about the site.
func (c *trial) told(kind sessions.EventKind) int {
	c.rig.mu.Lock()
	defer c.rig.mu.Unlock()
	n := 0
	for _, e := range c.rig.events {
		if e.Site == c.site && e.Kind == kind {
			n++
		}
	}
	return n
}

func (c *trial) wantTold(kind sessions.EventKind, want int) {
	c.Helper()
	c.booked()
	if got := c.told(kind); got != want {
		c.Errorf("%s was told %d times, want %d", kind, got, want)
	}
}

// on is the same site, with requests going to another of its servers.
func (c *trial) on(w *web) *trial {
	other := *c
	other.webs = append([]*web{w}, slices.DeleteFunc(slices.Clone(c.webs), func(o *web) bool { return o == w })...)
	return &other
}
