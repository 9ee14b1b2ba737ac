package doctor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sessdriver/cdp/leaks"
	"sessdriver/sessions"
)

// needsTLS are the channels that browsers use over HTTPS only, or HTTP/2, and the site
// has neither.
var needsTLS = []string{"fetch-stream", "reporting"}

// channels lists those that a page can use in a browser of ours, by its scripts.
func channels(own bool) []leaks.Channel {
	return slices.DeleteFunc(slices.Clone(leaks.Channels), func(c leaks.Channel) bool {
		return c.Own && !own || c.Speculative || c.Visit != nil || slices.Contains(needsTLS, c.Name)
	})
}

// pass lets the pages of one situation make all requests in another, and judges them.
func (c *checkup) pass(ctx context.Context, s, pagesOf situation) error {
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	if err := c.lowered(ctx); err != nil {
		return err
	}
	c.Progress(fmt.Sprintf("guard %s, %s: %s", c.guard, s.name, s.about))
	for _, alone := range []bool{true, false} {
		for i, p := range pages {
			list := slices.DeleteFunc(channels(i == 0), func(ch leaks.Channel) bool { return ch.Alone != alone })
			bases := leaks.Bases{At: c.site.origin(p.calls), API: c.site.origin("api." + p.calls), Other: c.site.origin(otherHost)}
			if _, err := c.site.run(ctx, pagesOf.name+"-"+p.name, leaks.Script(list, bases, c.id(s, i), "*", nil)); err != nil {
				return fmt.Errorf("making requests: %w", err)
			}
		}
		c.arrive(ctx, s, alone)
	}
	if err := c.waitForTokens(ctx, s, pagesOf); err != nil {
		return err
	}
	for i, p := range pages {
		c.wrongSites(s, i)
		for _, ch := range channels(i == 0) {
			for _, request := range ch.Names() {
				c.say(c.judge(s, i, ch, request))
			}
		}
		if _, err := c.site.run(ctx, pagesOf.name+"-"+p.name, leaks.Tidy); err != nil {
			return fmt.Errorf("closing what was opened: %w", err)
		}
	}
	if _, checking := c.browser.Guard(); checking && c.guard == sessions.GuardSwitch && s.name != baseline {
		c.report.Untested = append(c.report.Untested, "guard switch, "+s.name+": requests were still, or again, being checked, so that the cookies alone were not tested")
	}
	return nil
}

// wrongSites lists requests to another site that have a session's cookies.
func (c *checkup) wrongSites(s situation, i int) {
	for _, h := range c.site.seen(c.id(s, i), "") {
		if h.Host == otherHost && h.Cookie != "" {
			c.say(Line{Guard: c.guard, Situation: s.name, Request: h.Name, From: pages[i].name, Seen: true, Stray: true})
		}
	}
}

// lowered waits until requests are not checked any more, in the guard that ends with
// it: what it proves is that the jar forces.
func (c *checkup) lowered(ctx context.Context) error {
	if c.guard != sessions.GuardSwitch {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lowering)
	defer cancel()
	for {
		if _, checking := c.browser.Guard(); !checking {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil // then it is checked as well
		}
	}
}

// id marks the requests of a page in a situation.
func (c *checkup) id(s situation, i int) string { return s.name + "-" + pages[i].name }

// arrive waits for the requests of the pages, as long as some still come: less long
// where only those are missing that the browser did not make when nothing was forced.
func (c *checkup) arrive(ctx context.Context, s situation, alone bool) {
	usual, odd := map[string][]string{}, map[string][]string{} // names, by id
	for i, p := range pages {
		for _, ch := range channels(i == 0) {
			if ch.Alone != alone {
				continue
			}
			names := ch.Names()
			known := slices.ContainsFunc(names, func(name string) bool { return c.natural[name+" "+p.name] != nil })
			if ch.End != "" {
				names = append(names, ch.End)
			}
			list := usual
			if s.name != baseline && !known {
				list = odd
			}
			list[c.id(s, i)] = append(list[c.id(s, i)], names...)
		}
	}
	for ctx.Err() == nil {
		left, all := c.site.missing(usual), c.site.missing(usual)+c.site.missing(odd)
		wait := patience
		switch {
		case all == 0:
			return
		case left == 0:
			wait = grace
		}
		bounded, cancel := context.WithTimeout(ctx, wait)
		err := c.site.until(bounded, func() bool { return c.site.missingNow(usual)+c.site.missingNow(odd) < all })
		cancel()
		if err != nil {
			return
		}
	}
}

// waitForTokens waits until the tokens of the pages' answers are booked, as long as that may
// come. What was not reported is learnt with one more request.
func (c *checkup) waitForTokens(ctx context.Context, s, pagesOf situation) error {
	for deadline := time.Now().Add(patience); ; {
		for _, p := range pages {
			if _, err := c.site.run(ctx, pagesOf.name+"-"+p.name, fmt.Sprintf("await fetch(%q, {credentials: 'include'})", c.site.origin(p.calls)+"/hit/after")); err != nil {
				return fmt.Errorf("making requests: %w", err)
			}
		}
		if err := c.browser.Settle(ctx); err != nil {
			return err
		}
		if c.allBooked(s) || time.Now().After(deadline) {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond): // an answer is just coming
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *checkup) allBooked(s situation) bool {
	for i := range pages {
		for _, h := range c.site.seen(c.id(s, i), "") {
			if h.Method != http.MethodOptions && h.Sender() != leaks.Nobody && h.Query.Has("rotate") && !c.booked(s, i, h.Name) {
				return false
			}
		}
	}
	return true
}

// judge looks at all requests of one kind from a page.
func (c *checkup) judge(s situation, i int, ch leaks.Channel, request string) Line {
	l := Line{Guard: c.guard, Situation: s.name, Request: request, From: pages[i].name}
	key := request + " " + l.From
	bare, forced, kept := true, true, true
	for _, h := range c.site.seen(c.id(s, i), request) {
		if h.Method == http.MethodOptions {
			l.Stray = l.Stray || h.Cookie != ""
			continue
		}
		l.Seen = true
		if s.name == baseline {
			c.natural[key] = append(c.natural[key], h.Carried())
		}
		want := leaks.Nobody
		if strings.Contains(h.Carried(), "sid") {
			bare, want = false, s.who
		}
		forced = forced && h.Sender() == want && (h.Sent() == want || h.Sent() == leaks.Nobody)
		natural, known := c.natural[key] // not where the browser did not do it then
		kept = kept && (!known || slices.Contains(natural, h.Carried())) && !(ch.None && h.Cookie != "")
	}
	_, known := c.natural[key]
	l.Missed = known && !l.Seen && !ch.Alone
	if !l.Seen {
		return l
	}
	l.Bare, l.Forced, l.Kept, l.Detected = bare, forced, kept, bare || c.booked(s, i, request)
	if !l.Detected {
		l.BookedOn = c.holder(s, i, request)
		l.Untold = ch.Blind && l.BookedOn == ""
	}
	return l
}

// holder names the session that the token of an answer is booked on, "" for none.
func (c *checkup) holder(s situation, i int, request string) string {
	for _, session := range c.book.Sessions(siteName, time.Now()) {
		for _, t := range session.Tokens {
			if t.Name == "t-"+request && t.Value == s.who+"."+c.id(s, i) {
				return session.Name
			}
		}
	}
	return ""
}

// booked reports whether the token that an answer gave is the session's.
func (c *checkup) booked(s situation, i int, request string) bool {
	for _, session := range c.book.Sessions(siteName, time.Now()) {
		for _, t := range session.Tokens {
			if t.Name == "t-"+request && t.Value == s.who+"."+c.id(s, i) && session.Name == s.who {
				return true
			}
		}
	}
	return false
}

func (c *checkup) say(l Line) {
	c.made[l.Request] = c.made[l.Request] || l.Seen
	if l.Seen {
		c.report.Checked++
	}
	if l.Leaks() {
		c.report.Leaks++
	}
	if l.Missed {
		c.report.Missed++
	}
	c.Line(l)
}
