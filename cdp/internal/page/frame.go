package page

import (
	"context"
	"errors"
	"slices"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions/fault"
)

// View is where a command looks: the current page, or a frame in it.
type View struct {
	tab      *targets.Tab
	link     wire.Link              // the tab's, or that of a frame in another process
	document runtime.RemoteObjectID // of a frame in the same process, "" otherwise
}

// inside are the frames that a person went into, from the outermost, by their selectors:
// frames come and go. It holds for one document of a tab.
type inside struct {
	document cdp.LoaderID
	frames   []selector
}

// value runs a script in the view, and waits for its promise. In a frame of the same
// process it has to be an expression.
func (v View) value(ctx context.Context, script string) (*runtime.RemoteObject, error) {
	if v.document == "" {
		return Evaluated(ctx, v.link, runtime.EvaluateParams{Expression: script, ReturnByValue: new(true), AwaitPromise: new(true), UserGesture: new(true)})
	}
	return v.called(ctx, script, true)
}

// object is value for what is no JSON.
func (v View) object(ctx context.Context, expression string) (*runtime.RemoteObject, error) {
	if v.document == "" {
		return Evaluated(ctx, v.link, runtime.EvaluateParams{Expression: expression, ObjectGroup: group})
	}
	return v.called(ctx, expression, false)
}

func (v View) called(ctx context.Context, expression string, value bool) (*runtime.RemoteObject, error) {
	p := runtime.CallFunctionOnParams{FunctionDeclaration: "function() { return (" + expression + "\n) }", ObjectID: v.document, ReturnByValue: &value, AwaitPromise: new(true), UserGesture: new(true)}
	if !value {
		p.ObjectGroup = group
	}
	r, err := wire.Call(ctx, v.link, runtime.CallFunctionOn, p)
	if err != nil {
		return nil, err
	}
	return r.Result, thrown(r.ExceptionDetails)
}

// view is where commands look in a tab.
func (d *Driver) view(ctx context.Context, tab *targets.Tab) (View, error) {
	v := View{tab: tab, link: tab.Link}
	for _, s := range d.framesIn(tab) {
		var err error
		if v, err = d.enter(ctx, v, s); err != nil {
			return v, err
		}
	}
	return v, nil
}

// framesIn are those that a person went into, none once the page is another.
func (d *Driver) framesIn(tab *targets.Tab) []selector {
	document := d.targets.Document(tab).Loader
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside.document != document {
		return nil
	}
	return d.inside.frames
}

// noFrameError reports a frame that is not there, maybe not yet.
type noFrameError struct{ selector string }

func (e *noFrameError) Error() string { return "the page has no frame like " + e.selector }

// enter is the view of a frame.
func (d *Driver) enter(ctx context.Context, v View, s selector) (View, error) {
	id, count, err := s.first(ctx, v)
	if err != nil {
		return v, err
	}
	if count == 0 {
		return v, &noFrameError{s.text}
	}
	r, err := wire.Call(ctx, v.link, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: id, Pierce: new(true)})
	if err != nil {
		return v, err
	}
	n := r.Node
	if n.FrameID == "" {
		return v, fault.Errorf(fault.Lasting, "%s is not a frame but <%s>", s.text, n.LocalName)
	}
	if process := d.targets.FrameTarget(n.FrameID); process != nil {
		return View{tab: v.tab, link: process.Link}, nil
	}
	if n.ContentDocument == nil {
		return v, &noFrameError{s.text}
	}
	found, err := wire.Call(ctx, v.link, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: n.ContentDocument.BackendNodeID, ObjectGroup: group})
	if err != nil {
		return v, err
	}
	return View{tab: v.tab, link: v.link, document: found.Object.ObjectID}, nil
}

// onScreen moves the place of an element of a frame to where the page shows it.
func (d *Driver) onScreen(ctx context.Context, tab *targets.Tab, at *State) error {
	v := View{tab: tab, link: tab.Link}
	for _, s := range d.framesIn(tab) {
		id, count, err := s.first(ctx, v)
		if err == nil && count == 0 {
			err = &noFrameError{s.text}
		}
		var corner struct{ X, Y float64 }
		if err == nil {
			err = onElement(ctx, v.link, id, "function() { const r = this.getBoundingClientRect(), s = getComputedStyle(this); return {x: r.left + this.clientLeft + parseFloat(s.paddingLeft), y: r.top + this.clientTop + parseFloat(s.paddingTop)} }", &corner)
		}
		if err != nil {
			return err
		}
		at.X, at.Y = at.X+corner.X, at.Y+corner.Y
		if v, err = d.enter(ctx, v, s); err != nil {
			return err
		}
	}
	return nil
}

// Enter lets the commands that follow look into a frame of the current page, of the frame
// that they look into now.
func (d *Driver) Enter(ctx context.Context, text string) error {
	return d.Acting("going into "+text, func() error {
		s, err := parseSelector(text)
		if err != nil {
			return err
		}
		tab, err := d.pageLink(ctx)
		if err != nil {
			return err
		}
		why := (&noFrameError{s.text}).Error()
		for {
			v, err := d.view(ctx, tab)
			if err == nil {
				_, err = d.enter(ctx, v, s)
			}
			if err == nil {
				frames := append(slices.Clone(d.framesIn(tab)), s)
				document := d.targets.Document(tab).Loader
				d.mu.Lock()
				defer d.mu.Unlock()
				d.inside = inside{document, frames}
				return nil
			}
			if missing := (*noFrameError)(nil); !errors.As(err, &missing) && !passing(err) {
				return err
			}
			if ctx.Err() == nil { // else that is all it says
				why = err.Error()
			}
			if Resting(ctx) != nil {
				return &targets.VainError{Text: why + d.instead(v), Cause: ctx.Err()}
			}
		}
	})
}

// Leave lets the commands that follow look at the page itself.
func (d *Driver) Leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside = inside{}
}
