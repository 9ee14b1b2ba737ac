package cdp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto"
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

// console remembers what pages wrote to their consoles, where [Options.Console] asks for
// it: that is one more thing for the browser to tell.
type console struct {
	mu   sync.Mutex // guards list
	list []string
}

// Console lists the messages of pages and workers, oldest first.
func (b *Browser) Console() []string {
	b.console.mu.Lock()
	defer b.console.mu.Unlock()
	return slices.Clone(b.console.list)
}

// hear lets a target tell its messages.
func (c *console) hear(l wire.Link) {
	wire.Send(l, runtime.Enable, cdp.Empty{}, nil)
	wire.Send(l, log.Enable, cdp.Empty{}, nil)
}

// handleConsole takes the events of consoles. It runs in a turn.
func (b *Browser) handleConsole(m *cdproto.Message) {
	if tab := b.targets.Tab(m.SessionID); tab != nil && !b.book.Observes(cmp.Or(b.targets.Document(tab).URL, tab.URL)) {
		return
	}
	switch m.Method {
	case "Runtime.consoleAPICalled":
		on(b, m, func(e *runtime.EventConsoleAPICalled) {
			var words []string
			for _, arg := range e.Args {
				words = append(words, shown(arg))
			}
			b.console.add(string(e.Type), strings.Join(words, " "))
		})
	case "Runtime.exceptionThrown":
		on(b, m, func(e *runtime.EventExceptionThrown) {
			text := e.ExceptionDetails.Text
			if x := e.ExceptionDetails.Exception; x != nil {
				text += " " + shown(x)
			}
			b.console.add("exception", text)
		})
	case "Log.entryAdded":
		on(b, m, func(e *log.EventEntryAdded) {
			text := e.Entry.Text
			if e.Entry.URL != "" {
				text += " (" + sessions.ShowURL(e.Entry.URL) + ")"
			}
			b.console.add(string(e.Entry.Level), text)
		})
	}
}

func (c *console) add(kind, text string) {
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
