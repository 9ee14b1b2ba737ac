package page

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
)

// Click clicks an element of the current page as a person would.
func (d *Driver) Click(ctx context.Context, selector string) error {
	return d.Acting("clicking "+selector, func() error {
		v, id, at, err := d.Element(ctx, selector)
		if err != nil {
			return err
		}
		return d.andLoad(ctx, v.tab, func() error { return d.clickOn(ctx, v, id, at, selector) })
	})
}

// Secret reports whether a selector finds a password field.
func (d *Driver) Secret(ctx context.Context, text string) (secret, known bool) {
	s, err := parseSelector(text)
	tab := d.Current()
	if err != nil || tab == nil {
		return false, false
	}
	v, err := d.view(ctx, tab)
	if err != nil {
		return false, false
	}
	id, count, err := s.first(ctx, v)
	if err != nil || count == 0 {
		return false, false
	}
	err = onElement(ctx, v.link, id, "function() { return this.type === 'password' }", &secret)
	return secret, err == nil
}

// Choose chooses an option of a select, by its text or its value.
func (d *Driver) Choose(ctx context.Context, selector, option string) error {
	return d.Acting("choosing in "+selector, func() error {
		v, id, at, err := d.Element(ctx, selector)
		if err != nil {
			return err
		}
		if at.Tag != "select" {
			return fmt.Errorf("<%s> is no <select>", at.Tag)
		}
		const find = `const option = [...this.options].find(o => o.text.trim() === wanted.trim() || o.value === wanted);`
		err = d.andLoad(ctx, v.tab, func() error {
			return onElement(ctx, v.link, id, `function(wanted) { `+find+`
				if (!option) throw new Error('it has no option ' + JSON.stringify(wanted) + ', but: ' + [...this.options].map(o => o.text.trim()).join(', '));
				if (option.matches(':disabled')) throw new Error('its option ' + JSON.stringify(wanted) + ' is disabled');
				option.selected = true;
				this.dispatchEvent(new Event('input', {bubbles: true})); this.dispatchEvent(new Event('change', {bubbles: true})) }`, nil, option)
		})
		if err != nil {
			return err
		}
		var chosen bool
		if here, err := d.after(ctx, v, id, selector, `function(wanted) { `+find+` return !!option && option.selected }`, &chosen, option); err == nil && here && !chosen {
			d.Notice("%s shows another option again, now that the page knows that it was chosen", selector)
		}
		return nil
	})
}

// Check checks a checkbox or radio button, or takes the check away.
func (d *Driver) Check(ctx context.Context, selector string, on bool) error {
	return d.Acting("checking "+selector, func() error {
		v, id, at, err := d.Element(ctx, selector)
		if err != nil {
			return err
		}
		if at.Type != "checkbox" && at.Type != "radio" {
			return fmt.Errorf("<%s> is neither a checkbox nor a radio button", at.Tag)
		}
		if at.Checked == on {
			return nil
		}
		if err := d.andLoad(ctx, v.tab, func() error { return d.clickOn(ctx, v, id, at, selector) }); err != nil {
			return err
		}
		var is bool
		if here, err := d.after(ctx, v, id, selector, "function() { return this.checked }", &is); err == nil && here && is != on {
			return errors.New("the page did not let it")
		}
		return nil
	})
}

// Press presses a key, with others held: "Enter", "Control+a".
func (d *Driver) Press(ctx context.Context, key string) error {
	return d.Acting("pressing "+key, func() error {
		tab, err := d.pageLink(ctx)
		if err != nil {
			return err
		}
		v, err := d.view(ctx, tab)
		if err != nil {
			return err
		}
		return d.andLoad(ctx, tab, func() error { return pressKey(ctx, v.link, key) })
	})
}

// PressOn is Press with the focus on an element, wherever the page has it.
func (d *Driver) PressOn(ctx context.Context, selector, key string) error {
	return d.Acting("pressing "+key+" on "+selector, func() error {
		v, id, _, err := d.Element(ctx, selector)
		if err != nil {
			return err
		}
		return d.andLoad(ctx, v.tab, func() error { return d.pressOn(ctx, v, id, selector, key) })
	})
}

func (d *Driver) pressOn(ctx context.Context, v View, id runtime.RemoteObjectID, selector, key string) error {
	const focus = `function() {
		this.focus({preventScroll: true});
		const at = this.getRootNode().activeElement;
		return this.tabIndex < 0 && !this.isContentEditable ? 'none' : at && (this === at || this.contains(at)) ? 'here' : '' }`
	vain := false
	for {
		var where string
		err := onElement(ctx, v.link, id, focus, &where)
		if err == nil && where == "none" {
			return errors.New("it does not take the focus")
		}
		if err == nil && where == "here" {
			var hit hitTarget
			hit, err = d.Aimed(ctx, v, id, []string{"keydown", "keypress", "beforeinput", "keyup"}, func() error { return pressKey(ctx, v.link, key) })
			if err == nil && !hit.Missed {
				return nil
			}
		}
		if err == nil {
			vain, err = true, Resting(ctx)
		}
		if err == nil {
			v, id, _, err = d.Element(ctx, selector)
		}
		if err != nil {
			return inVain(ctx, vain, focusStolen, err)
		}
	}
}

// Upload gives a file field its files.
func (d *Driver) Upload(ctx context.Context, selector string, files []string) error {
	return d.Acting("giving files to "+selector, func() error {
		s, err := parseSelector(selector)
		if err != nil {
			return err
		}
		tab, err := d.pageLink(ctx)
		if err != nil {
			return err
		}
		v, err := d.view(ctx, tab)
		if err != nil {
			return err
		}
		id, count, err := s.first(ctx, v) // it is hidden, often
		if err == nil && count == 0 {
			err = errors.New("the page has no element like that")
		}
		if err != nil {
			return err
		}
		const takes = `function(n) {
			if (this.type !== 'file') throw new Error('it is no field for files');
			if (this.disabled) throw new Error('it is disabled');
			if (n > 1 && !this.multiple) throw new Error('it takes one file') }`
		if err := onElement(ctx, v.link, id, takes, nil, len(files)); err != nil {
			return err
		}
		_, err = wire.Call(ctx, v.link, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: id})
		return err // a page may take them out at once, to send them
	})
}

// Go goes back (-1) or forward (1) in the history of the current tab.
func (d *Driver) Go(ctx context.Context, by int) error {
	return d.Acting("going through the history", func() error {
		tab, err := d.pageLink(ctx)
		if err != nil {
			return err
		}
		h, err := wire.Call(ctx, tab.Link, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		to := int(h.CurrentIndex) + by
		if to < 0 || to >= len(h.Entries) {
			return errors.New("there is no page")
		}
		if _, err := d.expect(ctx, tab); err != nil {
			return err
		}
		d.Opens(tab)
		if _, err := wire.Call(ctx, tab.Link, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: h.Entries[to].ID}); err != nil {
			return err
		}
		for h.CurrentIndex != int64(to) && err == nil {
			if h, err = askActive(ctx, d, tab, page.GetNavigationHistory, cdp.Empty{}); err == nil && h.CurrentIndex != int64(to) {
				err = Resting(ctx)
			}
		}
		for err == nil { // one from the back/forward cache never loads
			if r, fault := Evaluated(ctx, tab.Link, runtime.EvaluateParams{Expression: "document.readyState"}); fault == nil && string(r.Value) == `"complete"` {
				break
			}
			err = Resting(ctx)
		}
		if err != nil {
			return err
		}
		return d.targets.Settle(ctx)
	})
}

// Resting lets a moment pass.
func Resting(ctx context.Context) error {
	select {
	case <-time.After(lookPause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Eval runs a script in the current page and gives what it, or its promise, returns, as
// JSON; "null" for what has none.
func (d *Driver) Eval(ctx context.Context, script string) (string, error) {
	var result string
	err := d.Acting("running a script", func() error {
		tab, err := d.pageLink(ctx)
		if err != nil {
			return err
		}
		v, err := d.view(ctx, tab)
		if err != nil {
			return err
		}
		return d.andLoad(ctx, tab, func() error {
			r, err := v.value(ctx, script)
			if err == nil {
				result = string(r.Value)
			}
			return err
		})
	})
	if result == "" {
		result = "null"
	}
	return result, err
}

// Look is [Driver.Eval] for a script that only reads: it is not waited for what it may
// lead to, nor is it an act.
func (d *Driver) Look(ctx context.Context, script string) (string, error) {
	return d.read(ctx, "running a script", script)
}

// HTML is the current page as it is now.
func (d *Driver) HTML(ctx context.Context) (string, error) {
	return d.textOf(ctx, "document.documentElement.outerHTML")
}

// Title is the title of the current page.
func (d *Driver) Title(ctx context.Context) (string, error) {
	return d.textOf(ctx, "document.title")
}

func (d *Driver) textOf(ctx context.Context, expression string) (text string, err error) {
	value, err := d.read(ctx, "reading the page", expression)
	if err == nil {
		err = json.Unmarshal([]byte(value), &text)
	}
	return text, err
}

// read is what an expression gives in the current page, as JSON.
func (d *Driver) read(ctx context.Context, what, expression string) (value string, err error) {
	err = d.Acting(what, func() error {
		tab, err := d.readLink(ctx)
		if err != nil {
			return err
		}
		v, err := d.view(ctx, tab)
		if err != nil {
			return err
		}
		r, err := v.value(ctx, expression)
		if err == nil {
			value = cmp.Or(string(r.Value), "null")
		}
		return err
	})
	return value, err
}

// Screenshot is a picture of the current page, as PNG: of what a person sees, or of the
// whole page.
func (d *Driver) Screenshot(ctx context.Context, whole bool) (png []byte, err error) {
	err = d.Acting("taking a screenshot", func() error {
		tab, err := d.pageLink(ctx)
		if err != nil {
			return err
		}
		r, err := wire.Call(ctx, tab.Link, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: new(whole)})
		png = r.Data
		return err
	})
	return png, err
}

// Acting says what was being done when it failed.
func (d *Driver) Acting(what string, do func() error) error {
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, d.Because(err))
	}
	return nil
}

// andLoad does something to a page and waits until the document that this leads to, if
// it does, has loaded.
func (d *Driver) andLoad(ctx context.Context, tab *targets.Tab, do func() error) error {
	next, err := d.expect(ctx, tab)
	if err != nil {
		return err
	}
	if err := do(); err != nil && !errors.As(err, new(*cdproto.Error)) {
		return err
	} else if err != nil && !next.Comes() { // else the document went under it
		return err
	}
	if !next.Comes() { // one that another document is about to replace may answer nothing
		d.breathe(ctx, tab)
	}
	if err := d.targets.Settle(ctx); err != nil {
		return err
	}
	if next.Comes() {
		return d.follow(ctx, next)
	}
	return d.targets.Settle(ctx)
}

// breathe lets a page do what an event has set off.
func (d *Driver) breathe(ctx context.Context, tab *targets.Tab) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // a dialog holds it up
	defer cancel()
	Evaluated(ctx, tab.Link, runtime.EvaluateParams{Expression: "new Promise(done => setTimeout(() => setTimeout(done)))", AwaitPromise: new(true)})
}

// Text returns the text of the first element of the current page that the selector finds.
func (d *Driver) Text(ctx context.Context, selector string) (string, error) {
	for {
		list, err := d.Texts(ctx, selector)
		switch {
		case err == nil && len(list) > 0:
			return list[0], nil
		case err != nil && !passing(err):
			return "", fmt.Errorf("reading %s: %w", selector, err)
		}
		select {
		case <-time.After(lookPause):
		case <-ctx.Done():
			return "", fmt.Errorf("reading %s: %w", selector, &targets.VainError{Text: "the page has no visible element like that", Cause: ctx.Err()})
		}
	}
}
