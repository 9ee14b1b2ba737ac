package page

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

const (
	maxConsole = 500  // messages that are remembered
	maxMessage = 2000 // characters of one
)

// Console remembers what pages wrote to their consoles.
type Console struct {
	mu   sync.Mutex // guards list
	list []string
}

// List is the messages of pages and workers, oldest first.
func (c *Console) List() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// Hear lets a target tell its messages.
func (c *Console) Hear(l wire.Link) {
	wire.Send(l, runtime.Enable, cdp.Empty{}, nil)
	wire.Send(l, log.Enable, cdp.Empty{}, nil)
}

// Called notes a call of the console's functions.
func (c *Console) Called(e *runtime.EventConsoleAPICalled) {
	var words []string
	for _, arg := range e.Args {
		words = append(words, shown(arg))
	}
	c.add(string(e.Type), strings.Join(words, " "))
}

// Thrown notes an exception that nothing caught.
func (c *Console) Thrown(e *runtime.EventExceptionThrown) {
	text := e.ExceptionDetails.Text
	if x := e.ExceptionDetails.Exception; x != nil {
		text += " " + shown(x)
	}
	c.add("exception", text)
}

// Logged notes what the browser says there.
func (c *Console) Logged(e *log.EventEntryAdded) {
	text := e.Entry.Text
	if e.Entry.URL != "" {
		text += " (" + sessions.ShowURL(e.Entry.URL) + ")"
	}
	c.add(string(e.Entry.Level), text)
}

func (c *Console) add(kind, text string) {
	if runes := []rune(text); len(runes) > maxMessage {
		text = string(runes[:maxMessage]) + "…"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) >= maxConsole {
		c.list = slices.Delete(c.list, 0, 1)
	}
	c.list = append(c.list, fmt.Sprintf("%s %s: %s", time.Now().Format("15:04:05.000"), kind, text))
}

// shown is a value as a console shows it.
func shown(o *runtime.RemoteObject) string {
	var text string
	switch {
	case json.Unmarshal(o.Value, &text) == nil:
		return text
	case len(o.Value) > 0:
		return string(o.Value)
	case o.Description != "":
		return o.Description
	}
	return string(o.Type)
}
