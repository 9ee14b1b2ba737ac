package page

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions/fault"
)

//go:embed fill.js
var fillScript string

// Fill puts a text into a field of the current page, in place of what it holds.
func (d *Driver) Fill(ctx context.Context, selector, text string) error {
	text = strings.ReplaceAll(text, "\r\n", "\n") // as fields have it
	return d.Acting("filling "+selector, func() error {
		for vain := false; ; vain = true {
			v, id, at, err := d.Element(ctx, selector)
			if err != nil {
				return inVain(ctx, vain, focusStolen, err)
			}
			switch {
			case at.Readonly:
				return errors.New("it can only be read")
			case at.Tag != "textarea" && !at.Editable && (at.Tag != "input" || slices.Contains([]string{"checkbox", "radio", "file", "submit", "button", "reset", "image"}, at.Type)):
				return fmt.Errorf("<%s> is no field that takes text", strings.TrimSpace(at.Tag+" "+at.Type))
			}
			next := d.targets.Next(v.tab)
			put, err := d.put(ctx, v, id, text)
			if err == nil && put {
				err = d.holds(ctx, v, id, selector, text)
			}
			if refused := (*cdproto.Error)(nil); errors.As(err, &refused) && next.Comes() {
				return d.follow(ctx, next) // the page went on with it, as one that takes a code does
			}
			if put || err != nil {
				return inVain(ctx, vain, focusStolen, err)
			}
			if err := Resting(ctx); err != nil {
				return inVain(ctx, true, focusStolen, err)
			}
		}
	})
}

// focusStolen is what keeps a text or a key from an element.
const focusStolen = "the page takes the focus away from it"

// inVain says why, when the time ended while an act was tried again.
func inVain(ctx context.Context, vain bool, why string, err error) error {
	if err != nil && vain && ctx.Err() != nil {
		return &targets.VainError{Text: why, Cause: ctx.Err()}
	}
	return err
}

// put reports false where the page took the focus away from an editor.
func (d *Driver) put(ctx context.Context, v View, id runtime.RemoteObjectID, text string) (bool, error) {
	var how string
	if err := onElement(ctx, v.link, id, fillScript, &how, text); err != nil || how != "type" {
		return how == "put", err
	}
	hit, err := d.Aimed(ctx, v, id, []string{"beforeinput", "keydown"}, func() error {
		if text == "" {
			return pressKey(ctx, v.link, "Delete")
		}
		_, err := wire.Call(ctx, v.link, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
	return !hit.Missed, err
}

// holding is how a field holds a text: as it was given, or in another form. An editor has
// blanks and lines of its own.
const holding = `function(text) {
	const isField = 'value' in this, is = isField ? this.value : this.innerText;
	const lines = s => s.replace(/\s+/g, ' ').trim();
	const bare = s => s.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
	return {as: isField ? is === text : lines(is) === lines(text), like: this.type !== 'password' && bare(text) !== '' && bare(is) === bare(text), length: is.length};
}`

// holds checks a field once the page has done what the text has set off.
func (d *Driver) holds(ctx context.Context, v View, id runtime.RemoteObjectID, selector, text string) error {
	d.breathe(ctx, v.tab)
	var is struct {
		As, Like bool
		Length   int
	}
	here, err := d.after(ctx, v, id, selector, holding, &is, text)
	switch {
	case err != nil, !here, is.As:
		return err
	case is.Like:
		d.Notice("%w", &fault.Error{Kind: fault.OtherText, Object: selector, Err: fmt.Errorf("%s holds the text in a form that the page has given it", selector)})
		return nil
	case is.Length == 0:
		return errors.New("the page did not keep the text: the field is empty")
	}
	return &fault.Error{Kind: fault.OtherText, Object: selector, Err: fmt.Errorf("the page did not keep the text: the field holds another one, of %d characters", is.Length)}
}

// after asks an element how it is after an act, or what the page has put in its place.
// here is false where there is nothing any more.
func (d *Driver) after(ctx context.Context, v View, id runtime.RemoteObjectID, selector, function string, into any, args ...any) (here bool, err error) {
	if err := onElement(ctx, v.link, id, "function() { return this.isConnected }", &here); err != nil {
		return false, err
	}
	if !here {
		s, err := parseSelector(selector)
		if err != nil {
			return false, err
		}
		found, count, err := s.first(ctx, v)
		if err != nil || count == 0 {
			return false, err
		}
		id = found
	}
	return true, onElement(ctx, v.link, id, function, into, args...)
}

// follow waits for the document that an act led to.
func (d *Driver) follow(ctx context.Context, next targets.Arrival) error {
	err := next.OrStop(ctx, next.LoadedOrGone(ctx))
	if errors.Is(err, targets.ErrClosed) {
		err = nil // that was what it led to
	}
	if err != nil {
		return err
	}
	return d.targets.Settle(ctx)
}
