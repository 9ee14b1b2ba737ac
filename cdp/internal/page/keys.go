package page

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/chromedp/cdproto/input"

	"sessdriver/cdp/internal/wire"
)

// keys are those that have names, with the text that they type and their virtual key
// code.
var keys = map[string]struct {
	text string
	code int64
}{
	"Enter": {"\r", 13}, "Tab": {"", 9}, "Escape": {"", 27}, "Backspace": {"", 8}, "Delete": {"", 46}, "Space": {" ", 32},
	"ArrowLeft": {"", 37}, "ArrowUp": {"", 38}, "ArrowRight": {"", 39}, "ArrowDown": {"", 40},
	"Home": {"", 36}, "End": {"", 35}, "PageUp": {"", 33}, "PageDown": {"", 34}, "Insert": {"", 45},
	"F1": {"", 112}, "F2": {"", 113}, "F3": {"", 114}, "F4": {"", 115}, "F5": {"", 116}, "F6": {"", 117},
	"F7": {"", 118}, "F8": {"", 119}, "F9": {"", 120}, "F10": {"", 121}, "F11": {"", 122}, "F12": {"", 123},
}

// held are the keys that are held with others, and their bits in CDP.
var held = map[string]int64{"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}

// pressKey presses and releases a key, as "Enter", "a" or "Control+a".
func pressKey(ctx context.Context, l wire.Link, text string) error {
	var p input.DispatchKeyEventParams
	key := text
	for {
		before, rest, more := strings.Cut(key, "+")
		if !more || rest == "" {
			break
		}
		bit, ok := held[before]
		if !ok {
			return fmt.Errorf("%q is not a key to hold; use Alt, Control, Meta or Shift", before)
		}
		p.Modifiers |= bit
		key = rest
	}
	named, ok := keys[key]
	switch {
	case ok:
		p.Key, p.Code, p.Text, p.WindowsVirtualKeyCode = key, key, named.text, named.code
		if key == "Space" {
			p.Key = " "
		}
	case utf8.RuneCountInString(key) == 1:
		if p.Modifiers == held["Shift"] {
			key = strings.ToUpper(key)
		}
		p.Key, p.Text = key, key
		if c := strings.ToUpper(key)[0]; c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			p.WindowsVirtualKeyCode = int64(c)
		}
		if p.Modifiers&^held["Shift"] != 0 {
			p.Text = "" // a shortcut types nothing
		}
	default:
		return fmt.Errorf("%q is not a key; use one character, or a name such as Enter, Tab, Escape, ArrowDown", key)
	}
	if key == "a" && p.Modifiers == held["Control"] {
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
