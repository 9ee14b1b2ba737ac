package cdp

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
)

// eval runs a script in the current tab, as if a person had clicked there, and
// returns what it or its promise gives, as text.
func (r *rig) eval(script string) string {
	r.t.Helper()
	return evalAt(r.t, r.currentTab().link, script)
}

func (r *rig) title() string {
	r.t.Helper()
	return titleAt(r.t, r.currentTab().link)
}

// titleAt is the title of a page, once it has loaded. A document that goes
// meanwhile is asked no more.
func titleAt(t testing.TB, tab link) string {
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
func evalAt(t testing.TB, tab link, script string) string {
	t.Helper()
	text, err := tryEval(t, tab, script)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return text
}

func tryEval(t testing.TB, tab link, script string) (string, error) {
	result, err := call(t.Context(), tab, evaluate, evaluateParams{
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
