package cdp

import (
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// dialogs are the dialogs of pages: what to answer, and what the last one was.
type dialogs struct {
	mu     sync.Mutex    // guards all below
	answer *dialogAnswer // nil: as dialog says
	last   *sessions.DialogView
}

type dialogAnswer struct {
	accept bool
	text   string
}

// dialog answers a dialog as a person said, else those that no person can answer: the
// beforeunload dialog of a page that we reload, and all of a browser without windows.
func (b *Browser) dialog(tab *targets.Tab, e *page.EventJavascriptDialogOpening) {
	accept, text := e.Type == page.DialogTypeBeforeunload || e.Type == page.DialogTypeAlert, ""
	reloading := e.Type == page.DialogTypeBeforeunload && b.targets.IsReloading(tab)
	b.dialogs.mu.Lock()
	answer := b.dialogs.answer
	b.dialogs.mu.Unlock()
	if answer != nil && !reloading {
		accept, text = answer.accept, answer.text
	}
	if !reloading && answer == nil && (b.process == nil || e.HasBrowserHandler && !b.options.Headless) {
		return // a person's, or another client's
	}
	if !reloading {
		b.dialogs.mu.Lock()
		b.dialogs.last = &sessions.DialogView{Type: string(e.Type), Message: e.Message, Accepted: accept}
		b.dialogs.mu.Unlock()
	}
	p := page.HandleJavaScriptDialogParams{Accept: accept}
	if text != "" {
		p.PromptText = text
	}
	wire.Send(tab.Link, page.HandleJavaScriptDialog, p, func(_ cdp.Empty, err error) {
		if err != nil {
			b.log.Debug("answering a dialog", "error", err)
		}
	})
	if !reloading && answer == nil {
		b.notice("%s shows a dialog (%s): %q; nobody can answer it here, so it was closed; say what to answer with: dialog accept, dialog dismiss", sessions.ShowURL(e.URL), e.Type, e.Message)
	}
}

// AnswerDialogs says how the dialogs of pages are answered from now on; text is for those
// that ask for one.
func (b *Browser) AnswerDialogs(accept bool, text string) {
	b.dialogs.mu.Lock()
	defer b.dialogs.mu.Unlock()
	b.dialogs.answer = &dialogAnswer{accept, text}
}

// LastDialog is the last dialog that was answered, nil when there was none.
func (b *Browser) LastDialog() *sessions.DialogView {
	b.dialogs.mu.Lock()
	defer b.dialogs.mu.Unlock()
	return b.dialogs.last
}
