package cdp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// eval runs a script in the current tab, as if a person had clicked there, and
// returns what it or its promise gives, as text.
func (r *rig) eval(script string) string {
	r.t.Helper()
	return evalAt(r.t, r.currentTab().Link, script)
}

func (r *rig) title() string {
	r.t.Helper()
	return titleAt(r.t, r.currentTab().Link)
}

// titleAt is the title of a page, once it has loaded. A document that goes
// meanwhile is asked no more.
func titleAt(t testing.TB, tab wire.Link) string {
	t.Helper()
	const title = "new Promise(r => { const done = () => r(document.title); document.readyState == 'complete' ? done() : addEventListener('load', done) })"
	for {
		text, err := tryEval(t, tab, title)
		if refused := (*cdproto.Error)(nil); errors.As(err, &refused) && strings.Contains(refused.Message, "navigated or closed") {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// evalAt does so on any target connection.
func evalAt(t testing.TB, tab wire.Link, script string) string {
	t.Helper()
	text, err := tryEval(t, tab, script)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return text
}

func tryEval(t testing.TB, tab wire.Link, script string) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	result, err := wire.Call(ctx, tab, evaluate, evaluateParams{
		Expression: "(async () => String(await (" + script + ")))()", AwaitPromise: true, ReturnByValue: true, UserGesture: true,
	})
	if err != nil {
		return "", err
	}
	if result.ExceptionDetails != nil {
		return "", fmt.Errorf("%s %s", result.ExceptionDetails.Text, result.Result.Description)
	}
	text, _ := result.Result.Value.(string) // else the page went while it was asked
	return text, nil
}

type evaluateParams struct {
	Expression    string `json:"expression"`
	AwaitPromise  bool   `json:"awaitPromise"`
	ReturnByValue bool   `json:"returnByValue"`
	UserGesture   bool   `json:"userGesture"`
}

type evaluateResult struct {
	Result struct {
		Value       any    `json:"value"`
		Description string `json:"description"`
	} `json:"result"`
	ExceptionDetails *runtime.ExceptionDetails `json:"exceptionDetails"`
}

var evaluate = cdp.Command[evaluateParams, evaluateResult]{Method: "Runtime.evaluate"}

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

// putInJar writes cookies behind the book's back.
func (r *rig) putInJar(w sessions.Window, cookies ...sessions.Cookie) {
	r.t.Helper()
	var plan sessions.Plan
	plan.Set = cookies
	r.force.Inside().Write(r.ctx(), w, plan)
}

// both makes alice and bob on shop.test and forces one of them.
func (r *rig) both(active string) {
	r.t.Helper()
	r.login("shop.test", "alice")
	r.login("shop.test", "bob")
	r.use("shop.test", active)
}
