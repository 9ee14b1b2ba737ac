package page

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"

	"sessdriver/cdp/internal/wire"
)

//go:embed aim.js
var aimScript string

// hitTarget is where the events of an act came to; neither is so when that is not known.
type hitTarget struct {
	Reached bool
	Missed  bool   // they would have come to another element, and were kept from it
	Other   string // which
}

// aimTimeout bounds the wait for what only tells where an act went: a page that goes does
// not answer.
const aimTimeout = 2 * time.Second

// Aimed sends events that an element is meant by, and keeps them from every other of its
// document.
func (d *Driver) Aimed(ctx context.Context, v View, id runtime.RemoteObjectID, kinds []string, do func() error) (hit hitTarget, err error) {
	p, err := applied(aimScript, id, []any{kinds})
	if err != nil {
		return hit, err
	}
	p.ObjectGroup = "sessdriver aim" // else it is the element's, which the next look releases
	next := d.targets.Next(v.tab)
	guard, err := aim(ctx, v.link, p)
	if err != nil {
		return hit, err
	}
	defer disarm(v.link, guard) // however this ends: a page must not stay deaf
	err = do()
	if refused := (*cdproto.Error)(nil); err != nil && !errors.As(err, &refused) {
		return hit, err
	}
	bounded, cancel := context.WithTimeout(ctx, aimTimeout)
	defer cancel()
	go func() { // the page that is there may answer nothing until that has come
		if next.Coming(bounded) == nil {
			cancel()
		}
	}()
	if fault := onElement(bounded, v.link, guard, "function() { return this.end() }", &hit); fault != nil && ctx.Err() != nil {
		return hit, ctx.Err()
	} // else the page went on with it
	return hit, err
}

// aim calls the script. What it returns when nobody waits for it any more is ended before
// anything that is asked afterwards.
func aim(ctx context.Context, l wire.Link, p runtime.CallFunctionOnParams) (runtime.RemoteObjectID, error) {
	r, err := wire.CallOrUndo(ctx, l, runtime.CallFunctionOn, p, func(r runtime.CallFunctionOnResult) {
		if r.ExceptionDetails == nil {
			disarm(l, r.Result.ObjectID)
		}
	})
	if err == nil {
		err = thrown(r.ExceptionDetails)
	}
	if err != nil {
		return "", err
	}
	return r.Result.ObjectID, nil
}

// disarm ends what the script returned; once more does nothing.
func disarm(l wire.Link, guard runtime.RemoteObjectID) {
	wire.Send(l, runtime.CallFunctionOn, runtime.CallFunctionOnParams{FunctionDeclaration: "function() { this.end() }", ObjectID: guard}, nil)
	wire.Send(l, runtime.ReleaseObject, runtime.ReleaseObjectParams{ObjectID: guard}, nil)
}

// clickOn clicks an element where it is by then, and looks again when it has moved.
func (d *Driver) clickOn(ctx context.Context, v View, id runtime.RemoteObjectID, at State, selector string) error {
	for {
		hit, err := d.Aimed(ctx, v, id, []string{"pointerdown", "mousedown", "pointerup", "mouseup", "click", "auxclick"}, func() error { return clickAt(ctx, v.tab.Link, at) })
		if err != nil || !hit.Missed {
			return err
		}
		if err = Resting(ctx); err == nil {
			v, id, at, err = d.Element(ctx, selector)
		}
		if err != nil {
			return inVain(ctx, true, hit.Other+" was there instead each time that it was to be clicked", err)
		}
	}
}

func clickAt(ctx context.Context, l wire.Link, at State) error {
	for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMouseMoved, input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		p := input.DispatchMouseEventParams{Type: kind, X: at.X, Y: at.Y}
		if kind != input.DispatchMouseEventTypeMouseMoved {
			p.Button, p.ClickCount = input.MouseButtonLeft, 1
		}
		if _, err := wire.Call(ctx, l, input.DispatchMouseEvent, p); err != nil {
			return err
		}
	}
	return nil
}
