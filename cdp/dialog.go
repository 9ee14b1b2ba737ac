package cdp

import (
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// dialogs are the dialogs of pages: what to answer, and what the last one was. The lock of
// [targets] guards them.
type dialogs struct {
	answer *dialogAnswer // nil: as dialog says
	last   *sessions.DialogView
}

type dialogAnswer struct {
	accept bool
	text   string
}

// dialog answers a dialog as a person said, else those that no person can answer: the
// beforeunload dialog of a page that we reload, and all of a browser without windows.
func (b *Browser) dialog(tab *tab, e *page.EventJavascriptDialogOpening) {
	accept, text := e.Type == page.DialogTypeBeforeunload || e.Type == page.DialogTypeAlert, ""
	b.targets.mu.Lock()
	reloading, answer := tab.reloading && e.Type == page.DialogTypeBeforeunload, b.dialogs.answer
	b.targets.mu.Unlock()
	if answer != nil && !reloading {
		accept, text = answer.accept, answer.text
	}
	if !reloading && answer == nil && (b.process == nil || e.HasBrowserHandler && !b.options.Headless) {
		return // a person's, or another client's
	}
	if !reloading {
		b.targets.update(func() {
			b.dialogs.last = &sessions.DialogView{Type: string(e.Type), Message: e.Message, Accepted: accept}
		})
	}
	p := page.HandleJavaScriptDialogParams{Accept: accept}
	if text != "" {
		p.PromptText = text
	}
	wire.Send(tab.link, page.HandleJavaScriptDialog, p, func(_ cdp.Empty, err error) {
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
	b.targets.mu.Lock()
	defer b.targets.mu.Unlock()
	b.dialogs.answer = &dialogAnswer{accept, text}
}

// LastDialog is the last dialog that was answered, nil when there was none.
func (b *Browser) LastDialog() *sessions.DialogView {
	b.targets.mu.Lock()
	defer b.targets.mu.Unlock()
	return b.dialogs.last
}
