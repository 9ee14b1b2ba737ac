package main

import (
	"strings"
	"testing"
)

// TestDokuWikiScript is TestDokuWiki as somebody would write it: a script, and nothing else.
func TestDokuWikiScript(t *testing.T) {
	t.Parallel()
	needDokuWiki(t)
	dir := t.TempDir()
	installWiki(t, dir, "")
	url := servePHP(t, dir)
	code, out, errs := sessdriver(t, "", "run", "../../testdata/dokuwiki/users.sess", "--var", "WIKI="+url)
	if code != exitOK || !strings.Contains(out, "6 passed, 0 failed in") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
