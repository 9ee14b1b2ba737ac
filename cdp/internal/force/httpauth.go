package force

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// The browser keeps HTTP credentials for a whole window, out of reach of its cookies and
// of everything that empties storage. A switch makes it forget them: a header that is
// written wins over what is kept, and when the server refuses an empty one, that goes
// (TestFactHTTPAuth). Then the challenge is answered with those of the forced session.
// Where the server does not ask, the interceptor writes the header.

// authTimeout bounds the requests for one space.
const authTimeout = 15 * time.Second

// maxChallenges bounds the requests that were written, and may be asked for credentials.
const maxChallenges = 1_000

// challenges answers what servers ask for. It is used in turns.
type challenges struct {
	*core
	guard   *guard
	reloads *reloader

	tabs    authTabs                   // those that change what the browser keeps
	written map[fetch.RequestID]string // what was written, by request
	given   map[fetch.RequestID]bool   // those that were answered once
}

func newChallenges(c *core) *challenges {
	return &challenges{core: c, tabs: authTabs{tabs: map[*targets.Tab]*mirrorsAuth{}}, written: map[fetch.RequestID]string{}, given: map[fetch.RequestID]bool{}}
}

// wrote notes that a request leaves with an Authorization header of ours.
func (c *challenges) wrote(id fetch.RequestID, fields []sessions.Field) {
	for _, f := range fields {
		if f.Name != sessions.Authorization {
			continue
		}
		if len(c.written) >= maxChallenges {
			clear(c.written)
		}
		c.written[id] = f.Value
	}
}

// mirrorsAuth is what a blank tab does that changes what the browser keeps.
type mirrorsAuth struct {
	empty  bool                  // it asks with an empty header
	give   *sessions.Credentials // the answer to the next challenge; nil is none
	gave   bool
	status int           // of the answer
	done   chan struct{} // closed when that came
}

// asked answers a challenge that reached a connection of ours: that of the browser, or of
// a blank tab.
func (c *challenges) asked(l wire.Link, e *fetch.EventAuthRequired) {
	reply := &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseDefault}
	defer func() {
		wire.Send(l, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{RequestID: e.RequestID, AuthChallengeResponse: reply}, nil)
	}()
	if e.AuthChallenge == nil || e.AuthChallenge.Source == fetch.AuthChallengeSourceProxy || e.Request == nil {
		return // a proxy is not the site's
	}
	give := func(user, password string) {
		reply.Response, reply.Username, reply.Password = fetch.AuthChallengeResponseResponseProvideCredentials, user, password
	}
	if m := c.tabs.mirrorOf(e.FrameID); m != nil {
		reply.Response = fetch.AuthChallengeResponseResponseCancelAuth
		if c := c.tabs.credentials(m); c != nil {
			give(c.User, c.Password)
		}
		return
	}
	w, _ := c.targets.WindowOfFrame(e.FrameID)
	written, isWritten := c.written[e.RequestID]
	delete(c.written, e.RequestID)
	r := c.book.Answer(sessions.Challenge{
		Window: w, URL: e.Request.URL, Scheme: e.AuthChallenge.Scheme, Top: func() string { return c.targets.TopAt(e.FrameID) },
		IsWritten: isWritten, Written: written, Given: c.given[e.RequestID],
	})
	delete(c.given, e.RequestID)
	switch {
	case r.Give:
		if len(c.given) >= maxChallenges {
			clear(c.given)
		}
		c.given[e.RequestID] = true
		give(r.Credentials.User, r.Credentials.Password)
	case r.Retry: // a dialog could not be answered: what was written would go out again
		reply.Response = fetch.AuthChallengeResponseResponseCancelAuth
		if e.ResourceType == network.ResourceTypeDocument && e.Request.Method == "GET" {
			c.again(e.FrameID, e.Request.URL)
		}
	case r.Session != (sessions.Ref{}) && c.headless:
		reply.Response = fetch.AuthChallengeResponseResponseCancelAuth
		c.tell(w, r.Session, r.Refused, e)
	}
}

// again shows a tab anew that a refused answer leaves on an error page.
func (c *challenges) again(frame cdp.FrameID, url string) {
	if tab := c.targets.Page(target.ID(frame)); tab != nil {
		wire.Send(tab.Link, page.StopLoading, cdp.Empty{}, nil) // Chrome drops a navigation to where one is going
		c.reloads.openByGet(tab, sessions.WithoutCredentials(url))
	}
}

// tell says that nobody can answer.
func (c *challenges) tell(w sessions.Window, ref sessions.Ref, refused bool, e *fetch.EventAuthRequired) {
	session, err := c.book.Session(ref, time.Now())
	if err != nil {
		return
	}
	at := targets.OriginOf(e.Request.URL)
	url, _, _ := strings.Cut(e.Request.URL, "?")
	if refused {
		c.tellOnce("refused "+w.String()+" "+session.Name+" "+at+" "+e.AuthChallenge.Realm,
			"%s refuses the HTTP credentials of %s (%s, %q); type others as USER:PASSWORD@ before the host in: open %s",
			at, session.Name, strings.ToLower(e.AuthChallenge.Scheme), e.AuthChallenge.Realm, url)
		return
	}
	c.tellOnce("auth "+w.String()+" "+session.Name+" "+at+" "+e.AuthChallenge.Realm,
		"%s asks %s for HTTP credentials (%s, %q), and nobody sees the dialog of a headless browser; type them as USER:PASSWORD@ before the host in: open %s, or start with: --http-auth '%s=USER:PASSWORD'",
		at, session.Name, strings.ToLower(e.AuthChallenge.Scheme), e.AuthChallenge.Realm, url, session.Name)
}

// switchAuth makes the browser of a window keep the HTTP credentials of the session that
// is forced on a site, or those of before. It returns what a person should know.
func (c *challenges) switchAuth(ctx context.Context, w sessions.Window, site string) (notes []string) {
	steps := c.book.PlanAuth(w, site)
	for len(steps) > 0 && c.targets.HasWindow(w) {
		origin := targets.OriginOf(steps[0].Space)
		n := slices.IndexFunc(steps, func(s sessions.AuthStep) bool { return targets.OriginOf(s.Space) != origin })
		if n < 0 {
			n = len(steps)
		}
		if err := c.mirrorAuth(ctx, w, site, steps[:n]); err != nil {
			c.log.Debug("mirroring HTTP credentials", "origin", origin, "error", err)
		}
		steps = steps[n:]
	}
	for _, a := range c.book.SharedAuth(w, site) {
		if note := c.sharedAuth(a); note != "" {
			notes = append(notes, note)
		}
	}
	return notes
}

// sharedAuth tells of HTTP authentication that stays another's; "" where each request is
// written.
func (c *challenges) sharedAuth(a sessions.ForeignAuth) string {
	const help = "; a window of its own helps: open URL --as NAME"
	if a.Scheme != "basic" {
		return fmt.Sprintf("%s asks for HTTP authentication by %s, which the sessions of a window share%s", a.Space, a.Scheme, help)
	}
	whose := "another session's"
	if a.Of != "" {
		whose = a.Of + "'s"
	}
	if c.guard.up.Load() {
		return fmt.Sprintf("%s: the browser keeps %s HTTP credentials: requests are written, WebSockets there carry them%s", a.Space, whose, help)
	}
	return fmt.Sprintf("%s: the browser goes on sending %s HTTP credentials, since requests are not checked; type: guard always%s", a.Space, whose, help)
}

// mirrorAuth carries out steps for the spaces of one origin, by navigations of a tab that
// nobody is shown: pages may not ask for everything.
func (c *challenges) mirrorAuth(ctx context.Context, w sessions.Window, site string, steps []sessions.AuthStep) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(len(steps))*authTimeout)
	defer cancel()
	tab, end, err := c.outside.BlankTab(ctx, w, steps[0].Space)
	defer end()
	if err != nil {
		return err
	}
	// Its own, since none may be on for the browser.
	own := fetch.EnableParams{HandleAuthRequests: new(true), Patterns: []*fetch.RequestPattern{{URLPattern: targets.OriginOf(steps[0].Space) + "/*"}}}
	c.tabs.mirror(c.targets, tab, &mirrorsAuth{})
	if _, err := wire.Call(ctx, tab.Link, fetch.Enable, own); err != nil {
		return err
	}
	for _, step := range steps {
		if err := c.mirrorSpace(ctx, tab, w, site, step); err != nil {
			return err
		}
	}
	return nil
}

// mirrorSpace makes the browser forget what it keeps for a space, and keep what is
// wanted.
func (c *challenges) mirrorSpace(ctx context.Context, tab *targets.Tab, w sessions.Window, site string, step sessions.AuthStep) error {
	status, _, err := c.askFor(ctx, tab, step.Space, &mirrorsAuth{empty: true})
	if err != nil || status != http.StatusUnauthorized {
		return cmp.Or(err, fmt.Errorf("%s does not ask for credentials", step.Space))
	}
	c.book.AuthKept(w, site, step, true)
	if step.Want == nil {
		return nil
	}
	status, gave, err := c.askFor(ctx, tab, step.Space, &mirrorsAuth{give: step.Want})
	if err == nil && gave && status != http.StatusUnauthorized {
		c.book.AuthKept(w, site, step, false)
	}
	return err
}

// askFor navigates to a URL as m says and stops at the answer, of which it gives the
// status, and whether credentials were given for it.
func (c *challenges) askFor(ctx context.Context, tab *targets.Tab, url string, m *mirrorsAuth) (status int, gave bool, err error) {
	m.done = make(chan struct{})
	c.tabs.mirror(c.targets, tab, m)
	wire.Send(tab.Link, page.StopLoading, cdp.Empty{}, nil) // see again
	wire.Send(tab.Link, page.Navigate, page.NavigateParams{URL: url}, nil)
	select {
	case <-m.done:
	case <-ctx.Done():
		return 0, false, ctx.Err()
	case <-c.wire.Lost():
		return 0, false, c.wire.Err()
	}
	status, gave = c.tabs.result(m)
	return status, gave, nil
}

// mirrorPaused answers what such a tab asks for.
func (c *challenges) mirrorPaused(tab *targets.Tab, e *wire.RequestPaused) {
	m := c.tabs.answered(tab, e.Status)
	list, readable := e.Request.Headers.All()
	switch {
	case e.Status != 0 || m == nil || !readable: // nothing of the answer is to be shown
		wire.Send(tab.Link, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonAborted}, nil)
		return
	case m.empty:
		params := fetch.ContinueRequestParams{RequestID: e.RequestID, InterceptResponse: new(true)}
		params.Headers = override(list, sessions.Verdict{Header: e.Request.Headers.Get("cookie"), Fields: []sessions.Field{{Name: sessions.Authorization}}})
		wire.Send(tab.Link, fetch.ContinueRequest, params, nil)
		return
	}
	wire.Send(tab.Link, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID, InterceptResponse: new(true)}, nil)
}
