package page

import (
	"sync"

	"github.com/chromedp/cdproto/page"

	"sessdriver/sessions"
)

// Dialogs are the dialogs of pages: what to answer, and what the last one was.
type Dialogs struct {
	mu     sync.Mutex    // guards all below
	answer *dialogAnswer // nil: as Opening says
	last   *sessions.DialogView
}

type dialogAnswer struct {
	accept bool
	text   string
}

// Opening says how a dialog is to be answered: as a person said, else those that no person
// can answer, the beforeunload dialog of a page that is being reloaded and all where nobody
// else does. answer is nil where it is others', and unasked says that nobody was asked.
func (s *Dialogs) Opening(e *page.EventJavascriptDialogOpening, reloading, others bool) (answer *page.HandleJavaScriptDialogParams, unasked bool) {
	answer = &page.HandleJavaScriptDialogParams{Accept: e.Type == page.DialogTypeBeforeunload || e.Type == page.DialogTypeAlert}
	if reloading && e.Type == page.DialogTypeBeforeunload {
		return answer, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.answer != nil:
		answer.Accept, answer.PromptText = s.answer.accept, s.answer.text
	case others: // a person's, or another client's
		return nil, false
	}
	s.last = &sessions.DialogView{Type: string(e.Type), Message: e.Message, Accepted: answer.Accept}
	return answer, s.answer == nil
}

// Answer says how dialogs are answered from now on; text is for those that ask for one.
func (s *Dialogs) Answer(accept bool, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = &dialogAnswer{accept, text}
}

// Last is the last dialog that was answered, nil when there was none.
func (s *Dialogs) Last() *sessions.DialogView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}
