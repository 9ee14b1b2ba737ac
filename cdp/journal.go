package cdp

import (
	"errors"
	"fmt"
	"path/filepath"

	"sessdriver/cdp/internal/chrome"
	"sessdriver/cdp/internal/force"
)

// NoJournal is the notice that a browser is attached to without a journal, and why.
func NoJournal(why error) string {
	return fmt.Sprintf("no journal of the cookies can be kept (%v): if this run is killed, what it changed in the cookies stays", why)
}

// openJournal makes the journal for a browser that we attach to. It is an error that
// another driver has the browser; without a directory that can be written there is no
// journal, which is told.
func (b *Browser) openJournal(id string) (err error) {
	switch b.claim, err = chrome.ClaimBrowser(b.options.State, id); {
	case errors.As(err, new(*chrome.ClaimedError)):
		return err
	case err != nil:
		b.notice("%s", NoJournal(err))
	case b.claim != nil:
		b.force.KeepJournal(filepath.Join(b.claim.Dir(), force.JournalFile))
	}
	return nil
}
