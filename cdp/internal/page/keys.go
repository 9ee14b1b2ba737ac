package page

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"

	"sessdriver/cdp/internal/wire"
)

// named are the keys that have names, as KeyboardEvent.code has them where that is the key
// itself: Enter, Space, ArrowDown.
var named = func() map[string]*kb.Key {
	list := map[string]*kb.Key{}
	for _, key := range kb.Keys {
		if key.Code == key.Key || key.Code == "Space" {
			list[key.Code] = key
		}
	}
	return list
}()

// modifiers are the keys that are held with others.
var modifiers = map[string]kb.Modifier{"Alt": kb.ModifierAlt, "Control": kb.ModifierCtrl, "Meta": kb.ModifierMeta, "Shift": kb.ModifierShift}

// pressKey presses and releases a key, as "Enter", "a" or "Control+a".
func pressKey(ctx context.Context, l wire.Link, text string) error {
	var with kb.Modifier
	name := text
	for {
		before, rest, more := strings.Cut(name, "+")
		if !more || rest == "" {
			break
		}
		bit, ok := modifiers[before]
		if !ok {
			return fmt.Errorf("%q is not a key to hold; use Alt, Control, Meta or Shift", before)
		}
		with |= bit
		name = rest
	}
	key := named[name]
	if first, size := utf8.DecodeRuneInString(name); key == nil && size == len(name) && size > 0 {
		if with == kb.ModifierShift {
			first = unicode.ToUpper(first)
		}
		if key = kb.Keys[first]; key == nil {
			key = &kb.Key{Key: string(first), Text: string(first)} // no key of its own types it
		}
	}
	if key == nil {
		return fmt.Errorf("%q is not a key; use one character, or a name such as Enter, Tab, Escape, ArrowDown", name)
	}
	p := input.DispatchKeyEventParams{Key: key.Key, Code: key.Code, Text: key.Text, WindowsVirtualKeyCode: key.Windows, Modifiers: with.Int64()}
	if with&^kb.ModifierShift != 0 {
		p.Text = "" // a shortcut types nothing
	}
	if name == "a" && with == kb.ModifierCtrl {
		p.Commands = []string{"selectAll"} // what the system does for the browser
	}
	p.Type = input.DispatchKeyEventTypeKeyDown
	if p.Text == "" {
		p.Type = input.DispatchKeyEventTypeRawKeyDown
	}
	if _, err := wire.Call(ctx, l, input.DispatchKeyEvent, p); err != nil {
		return err
	}
	p.Type, p.Text, p.Commands = input.DispatchKeyEventTypeKeyUp, "", nil
	_, err := wire.Call(ctx, l, input.DispatchKeyEvent, p)
	return err
}
