package page

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

//go:embed locate.js
var locateScript string

// lookPause is how long a command waits before it looks at a page again.
const lookPause = 50 * time.Millisecond

// selector is how a person names elements: CSS, or one of text=, role=, label=,
// placeholder= and testid=, as Playwright has them.
type selector struct {
	text string // as it was written
	kind string
	rest string
	name string // of role=ROLE[name=NAME]
}

func parseSelector(text string) (selector, error) {
	s := selector{text: text, kind: "css", rest: text}
	kind, rest, ok := strings.Cut(text, "=")
	switch {
	case strings.TrimSpace(text) == "":
		return s, fault.Errorf(fault.Mistyped, "the selector is empty")
	case !ok:
		return s, nil
	}
	switch kind {
	case "css", "text", "label", "placeholder", "testid", "role":
		s.kind, s.rest = kind, unquote(rest)
	}
	role, more, named := strings.Cut(rest, "[name=")
	if empty := strings.TrimSpace(s.rest) == "" || s.kind == "role" && strings.TrimSpace(role) == ""; empty {
		return s, fault.Errorf(fault.Mistyped, "the selector %s says nothing behind the =; write it as in: text='Log in', role=button[name=Save]", text)
	}
	if s.kind != "role" {
		return s, nil
	}
	s.rest = role
	if named {
		name, closed := strings.CutSuffix(more, "]")
		if !closed {
			return s, fault.Errorf(fault.Mistyped, "the selector %s does not end; write it as role=button[name=Save]", text)
		}
		s.name = unquote(name)
	}
	quoted := named && s.name != strings.TrimSuffix(more, "]") // then it may have anything in it
	if strings.Contains(role, "[") || !quoted && strings.Contains(s.name, "[") {
		return s, fault.Errorf(fault.Mistyped, "the selector %s has more than a role and a name; write it as role=button[name=Save]", text)
	}
	return s, nil
}

func unquote(text string) string {
	if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}

// State is what an element is like.
type State struct {
	Gone, Hidden, Moving, Disabled, Readonly, Editable, Checked bool
	X, Y                                                        float64
	Covered, Tag, Type                                          string
}

// fault is what keeps a person from acting on it, "" for nothing.
func (s State) fault() string {
	switch {
	case s.Gone:
		return "it is going away"
	case s.Hidden:
		return "it is not visible"
	case s.Moving:
		return "it is moving"
	case s.Disabled:
		return "it is disabled"
	case s.Covered != "":
		return "it is covered by " + s.Covered
	}
	return ""
}

// pageLink is the connection of the current tab, to act on its page.
func (d *Driver) pageLink(ctx context.Context) (*targets.Tab, error) {
	tab := d.Current()
	if tab == nil {
		return nil, fault.Errorf(fault.NoTab, "no tab is open")
	}
	if err := d.alive(tab); err != nil {
		return nil, err
	}
	return tab, d.targets.Ready(ctx, tab)
}

// readLink is the connection of the current tab for looking at it: also one that is not
// ours to drive.
func (d *Driver) readLink(ctx context.Context) (*targets.Tab, error) {
	if tab := d.Current(); tab != nil {
		return tab, d.alive(tab)
	}
	return d.pageLink(ctx)
}

// alive is an error where the page of a tab has crashed: it would never answer.
func (d *Driver) alive(tab *targets.Tab) error {
	if d.targets.IsCrashed(tab) {
		return targets.ErrCrashed
	}
	return nil
}

// Evaluated runs a script in a page. An exception is an error.
func Evaluated(ctx context.Context, l wire.Link, p runtime.EvaluateParams) (*runtime.RemoteObject, error) {
	r, err := wire.Call(ctx, l, runtime.Evaluate, p)
	if err != nil {
		return nil, err
	}
	return r.Result, thrown(r.ExceptionDetails)
}

func thrown(e *runtime.ExceptionDetails) error {
	if e == nil {
		return nil
	}
	text := e.Text
	if e.Exception != nil && e.Exception.Description != "" {
		text, _, _ = strings.Cut(e.Exception.Description, "\n")
	}
	if strings.HasPrefix(text, "SyntaxError") {
		return fault.Errorf(fault.Lasting, "%w", &ScriptError{text})
	}
	return &ScriptError{text}
}

// ScriptError is what a page's script threw.
type ScriptError struct{ text string }

func (e *ScriptError) Error() string { return e.text }

// fault is what a page threw when it looked for a selector: one that is none.
func (s selector) fault(err error) error {
	if thrown := (*ScriptError)(nil); errors.As(err, &thrown) && strings.HasSuffix(thrown.text, "is not a valid selector.") {
		return fault.Errorf(fault.Mistyped, "'%s' is not a valid selector", s.rest)
	}
	return err
}

// onElement calls a function of a page on an element, and decodes what it returns.
func onElement(ctx context.Context, l wire.Link, id runtime.RemoteObjectID, function string, into any, args ...any) error {
	p, err := applied(function, id, args)
	if err != nil {
		return err
	}
	p.ReturnByValue, p.AwaitPromise = new(true), new(true)
	r, err := wire.Call(ctx, l, runtime.CallFunctionOn, p)
	if err == nil {
		err = thrown(r.ExceptionDetails)
	}
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(r.Result.Value, into)
}

// applied is a function of a page with its arguments. They go as one list, since an
// empty text alone would be left out of the message.
func applied(function string, id runtime.RemoteObjectID, args []any) (runtime.CallFunctionOnParams, error) {
	list, err := json.Marshal(append([]any{}, args...))
	return runtime.CallFunctionOnParams{
		FunctionDeclaration: "function(list) { return (" + function + "\n).apply(this, list) }", ObjectID: id,
		Arguments: []*runtime.CallArgument{{Value: list}},
	}, err
}

// group holds the objects of a page that a command looks at.
const group = "sessdriver"

// first finds the first visible element, else the first, and how many there are.
func (s selector) first(ctx context.Context, v View) (id runtime.RemoteObjectID, count int, err error) {
	if s.kind == "role" {
		return s.byRole(ctx, v)
	}
	expression := fmt.Sprintf("(() => { const l = (%s), found = l.find[%q](%s); return [found.length, found.find(l.visible) ?? found[0]] })()", locateScript, s.kind, Quoted(s.rest))
	pair, err := v.object(ctx, expression)
	if err != nil {
		return "", 0, s.fault(err)
	}
	if err := onElement(ctx, v.link, pair.ObjectID, "function() { return this[0] }", &count); err != nil || count == 0 {
		return "", count, err
	}
	r, err := wire.Call(ctx, v.link, runtime.CallFunctionOn, runtime.CallFunctionOnParams{FunctionDeclaration: "function() { return this[1] }", ObjectID: pair.ObjectID, ObjectGroup: group})
	if err != nil {
		return "", 0, err
	}
	return r.Result.ObjectID, count, nil
}

// byRole asks the accessibility tree, which knows the roles and names as people who
// cannot see the page do.
func (s selector) byRole(ctx context.Context, v View) (runtime.RemoteObjectID, int, error) {
	document, err := v.object(ctx, "document")
	if err != nil {
		return "", 0, err
	}
	r, err := wire.Call(ctx, v.link, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: document.ObjectID, Role: s.rest})
	if err != nil {
		return "", 0, err
	}
	var id runtime.RemoteObjectID
	count := 0
	for _, node := range r.Nodes {
		if node.Ignored || !has(axText(node.Name), s.name) {
			continue
		}
		if count++; count > 1 {
			continue
		}
		found, err := wire.Call(ctx, v.link, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: node.BackendDOMNodeID, ObjectGroup: group})
		if err != nil {
			return "", 0, err
		}
		id = found.Object.ObjectID
	}
	return id, count, nil
}

func has(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func axText(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var text string
	_ = json.Unmarshal(v.Value, &text)
	return text
}

// Quoted is a text as JavaScript writes it.
func Quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

// Element waits for an element that a person could act on: there, visible, at rest,
// enabled, and not covered. The error says what was there instead.
func (d *Driver) Element(ctx context.Context, text string) (View, runtime.RemoteObjectID, State, error) {
	s, err := parseSelector(text)
	if err != nil {
		return View{}, "", State{}, err
	}
	tab, err := d.pageLink(ctx)
	if err != nil {
		return View{}, "", State{}, err
	}
	why := "the page has no element like that"
	for {
		wire.Send(tab.Link, runtime.ReleaseObjectGroup, runtime.ReleaseObjectGroupParams{ObjectGroup: group}, nil)
		var is State
		var id runtime.RemoteObjectID
		count := 0
		v, err := d.view(ctx, tab)
		if err == nil {
			id, count, err = s.first(ctx, v)
		}
		if err == nil && count > 0 {
			err = onElement(ctx, v.link, id, "function() { return ("+locateScript+").state(this) }", &is)
		}
		switch {
		case err != nil && !passing(err):
			return v, "", is, err
		case err != nil && ctx.Err() == nil:
			why = err.Error()
		case err == nil && count == 0:
			why = "the page has no element like that"
		case err == nil && is.fault() != "":
			why = is.fault()
		case err == nil:
			err = d.onScreen(ctx, tab, &is)
			return v, id, is, err
		}
		select {
		case <-time.After(lookPause):
		case <-ctx.Done():
			return v, "", is, &targets.VainError{Text: why + d.instead(v), Cause: ctx.Err()}
		}
	}
}

// passing reports an error that comes of a document that is just going.
func passing(err error) bool {
	var refused *cdproto.Error
	return errors.As(err, &refused) || errors.Is(err, context.DeadlineExceeded)
}

// instead says what a page shows, for an error.
func (d *Driver) instead(v View) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	const what = `[...document.querySelectorAll('a, button, input, select, textarea, h1, h2')].slice(0, 12).map(e => '<' + e.tagName.toLowerCase() + (e.id ? ' id=' + e.id : e.name ? ' name=' + e.name : '') + '>' + (e.type === 'password' ? '' : (e.innerText || '').trim().slice(0, 30))).join(' ')`
	r, err := v.value(ctx, what)
	if err != nil {
		return ""
	}
	var list string
	if json.Unmarshal(r.Value, &list) != nil || list == "" {
		return ""
	}
	return " (" + sessions.ShowURL(d.targets.Document(v.tab).URL) + " has: " + list + ")"
}

// Texts gives the text of each visible element that a selector finds now, each in one
// line.
func (d *Driver) Texts(ctx context.Context, text string) ([]string, error) {
	return d.textsAs(ctx, text, "text")
}

// InnerTexts is Texts with the lines that the page shows.
func (d *Driver) InnerTexts(ctx context.Context, text string) ([]string, error) {
	return d.textsAs(ctx, text, "lines")
}

// textsAs is what a function of locate.js gives of each.
func (d *Driver) textsAs(ctx context.Context, text, function string) ([]string, error) {
	s, err := parseSelector(text)
	if err != nil {
		return nil, err
	}
	tab, err := d.readLink(ctx)
	if err != nil {
		return nil, err
	}
	v, err := d.view(ctx, tab)
	if err != nil {
		return nil, err
	}
	if s.kind == "role" {
		return s.textsByRole(ctx, v)
	}
	list := []string{}
	expression := fmt.Sprintf("(() => { const l = (%s); return l.find[%q](%s).filter(l.visible).map(l.%s) })()", locateScript, s.kind, Quoted(s.rest), function)
	r, err := v.value(ctx, expression)
	if err != nil {
		return nil, d.Because(s.fault(err))
	}
	return list, json.Unmarshal(r.Value, &list)
}

func (s selector) textsByRole(ctx context.Context, v View) ([]string, error) {
	document, err := v.object(ctx, "document")
	if err != nil {
		return nil, err
	}
	r, err := wire.Call(ctx, v.link, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: document.ObjectID, Role: s.rest})
	if err != nil {
		return nil, err
	}
	list := []string{}
	for _, node := range r.Nodes {
		if !node.Ignored && has(axText(node.Name), s.name) {
			list = append(list, axText(node.Name))
		}
	}
	return list, nil
}
