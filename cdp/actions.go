package cdp

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"

	"sessdriver/cdp/internal/page"
	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

// What a person does to the current page is done by package page.

// newDriver makes what drives the current tab of a browser.
func newDriver(b *Browser) *page.Driver {
	return page.New(b.targets, page.Surroundings{
		Current: b.currentTab,
		Because: b.because,
		Notice:  b.notice,
		Acts:    b.force.Acts,
		Opens:   b.force.Opens,
		Renewed: b.force.Renewed,
	})
}

// Click clicks an element of the current page as a person would. It answers when what
// that leads to has loaded.
func (b *Browser) Click(ctx context.Context, selector string) error {
	return b.page.Click(ctx, selector)
}

// Secret reports whether a selector finds a password field. It is not known where it
// finds nothing any more.
func (b *Browser) Secret(ctx context.Context, text string) (secret, known bool) {
	return b.page.Secret(ctx, text)
}

// Choose chooses an option of a select, by its text or its value.
func (b *Browser) Choose(ctx context.Context, selector, option string) error {
	return b.page.Choose(ctx, selector, option)
}

// Check checks a checkbox or radio button, or takes the check away.
func (b *Browser) Check(ctx context.Context, selector string, on bool) error {
	return b.page.Check(ctx, selector, on)
}

// Press presses a key, with others held: "Enter", "Control+a".
func (b *Browser) Press(ctx context.Context, key string) error { return b.page.Press(ctx, key) }

// PressOn is Press with the focus on an element, wherever the page has it.
func (b *Browser) PressOn(ctx context.Context, selector, key string) error {
	return b.page.PressOn(ctx, selector, key)
}

// Upload gives a file field its files.
func (b *Browser) Upload(ctx context.Context, selector string, files []string) error {
	return b.page.Upload(ctx, selector, files)
}

// Go goes back (-1) or forward (1) in the history of the current tab.
func (b *Browser) Go(ctx context.Context, by int) error { return b.page.Go(ctx, by) }

// Eval runs a script in the current page and gives what it, or its promise, returns, as
// JSON; "null" for what has none.
func (b *Browser) Eval(ctx context.Context, script string) (string, error) {
	return b.page.Eval(ctx, script)
}

// Look is [Browser.Eval] for a script that only reads: it is not waited for what it may
// lead to, nor is it an act.
func (b *Browser) Look(ctx context.Context, script string) (string, error) {
	return b.page.Look(ctx, script)
}

// HTML is the current page as it is now.
func (b *Browser) HTML(ctx context.Context) (string, error) { return b.page.HTML(ctx) }

// Title is the title of the current page.
func (b *Browser) Title(ctx context.Context) (string, error) { return b.page.Title(ctx) }

// Screenshot is a picture of the current page, as PNG: of what a person sees, or of the
// whole page.
func (b *Browser) Screenshot(ctx context.Context, whole bool) (png []byte, err error) {
	return b.page.Screenshot(ctx, whole)
}

// Text returns the text of the first element of the current page that the selector
// finds. It waits until the page has loaded and there is one, also while the page
// changes.
func (b *Browser) Text(ctx context.Context, selector string) (string, error) {
	return b.page.Text(ctx, selector)
}

// Fill puts a text into a field of the current page, in place of what it holds. It is an
// error when the field does not hold it afterwards; where the page only writes it in
// another form, 1234 as 12-34 say, that is a notice.
func (b *Browser) Fill(ctx context.Context, selector, text string) error {
	return b.page.Fill(ctx, selector, text)
}

// Enter lets the commands that follow look into a frame of the current page, of the frame
// that they look into now; Leave lets them look at the page again, and so does another
// document.
func (b *Browser) Enter(ctx context.Context, text string) error { return b.page.Enter(ctx, text) }

// Leave lets the commands that follow look at the page itself.
func (b *Browser) Leave() { b.page.Leave() }

// Texts gives the text of each visible element that a selector finds now, each in one
// line.
func (b *Browser) Texts(ctx context.Context, text string) ([]string, error) {
	return b.page.Texts(ctx, text)
}

// InnerTexts is Texts with the lines that the page shows.
func (b *Browser) InnerTexts(ctx context.Context, text string) ([]string, error) {
	return b.page.InnerTexts(ctx, text)
}

// Reload loads the current tab anew and answers when it has loaded.
func (b *Browser) Reload(ctx context.Context) error { return b.page.Reload(ctx) }

// Open shows a URL in the current tab and answers when it has loaded. In a
// browser that we attached to it opens a tab of our own first, unless one was chosen
// there, and tells so: what its user was at stays.
func (b *Browser) Open(ctx context.Context, url string) error {
	tab, err := b.ownTab(ctx)
	if err == nil {
		err = b.page.Navigate(ctx, tab, url)
	}
	if err != nil {
		return fmt.Errorf("opening %s: %w", sessions.ShowURL(url), b.because(err))
	}
	return nil
}

// Response is how the server answered with the current page, or to a request that was
// made from it: the status, and a header by its name. ok is false where the browser did not tell.
func (b *Browser) Response() (status int, header func(name string) string, ok bool) {
	tab := b.currentTab()
	if tab == nil {
		return 0, nil, false
	}
	b.pages.mu.Lock()
	last := b.pages.answer
	b.pages.mu.Unlock()
	document := b.targets.Document(tab)
	if last != nil && last.document == document.Loader {
		return last.status, func(name string) string { return last.headers[strings.ToLower(name)] }, true
	}
	status, headers, ok := document.Response.Head()
	return status, headers.Get, ok
}

// AnswerDialogs says how the dialogs of pages are answered from now on; text is for those
// that ask for one.
func (b *Browser) AnswerDialogs(accept bool, text string) { b.dialogs.Answer(accept, text) }

// LastDialog is the last dialog that was answered, nil when there was none.
func (b *Browser) LastDialog() *sessions.DialogView { return b.dialogs.Last() }

// Console lists the messages of pages and workers, oldest first.
func (b *Browser) Console() []string { return b.console.List() }

// dialog answers a dialog of a page. It runs in a turn.
func (b *Browser) dialog(tab *targets.Tab, e *cdppage.EventJavascriptDialogOpening) {
	others := b.process == nil || e.HasBrowserHandler && !b.options.Headless
	answer, unasked := b.dialogs.Opening(e, b.targets.IsReloading(tab), others)
	if answer == nil {
		return
	}
	wire.Send(tab.Link, cdppage.HandleJavaScriptDialog, *answer, func(_ cdp.Empty, err error) {
		if err != nil {
			b.log.Debug("answering a dialog", "error", err)
		}
	})
	if unasked {
		b.noticeOf(fault.NoAnswer, "%s shows a dialog (%s): %q; nobody can answer it here, so it was closed", sessions.ShowURL(e.URL), e.Type, e.Message)
	}
}

// handleConsole takes the events of consoles. It runs in a turn.
func (b *Browser) handleConsole(m *cdproto.Message) {
	if tab := b.targets.Tab(m.SessionID); tab != nil && !b.book.Observes(cmp.Or(b.targets.Document(tab).URL, tab.URL)) {
		return
	}
	switch m.Method {
	case "Runtime.consoleAPICalled":
		on(b, m, b.console.Called)
	case "Runtime.exceptionThrown":
		on(b, m, b.console.Thrown)
	case "Log.entryAdded":
		on(b, m, b.console.Logged)
	}
}
