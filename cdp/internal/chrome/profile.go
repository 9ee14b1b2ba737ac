package chrome

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// TemporaryPrefix is how the names of temporary profiles begin.
const TemporaryPrefix = "sessdriver-profile-"

// profile is the directory that a browser keeps everything in.
type profile struct {
	dir       string
	temporary bool     // it is removed when it is closed
	lock      *os.File // the directory, locked; nil where there are no locks
}

// quietPreferences are the preferences of a browser that asks for what pages ask for, and for nothing
// else. Without the first a page may be fetched by speculation, beside Fetch
// (TestNoSpeculation); the others would tell servers of Google what a page is, which
// password was typed or how a word is written (TestNothingElse).
const quietPreferences = `"net":{"network_prediction_options":2},
"alternate_error_pages":{"enabled":false},
"browser":{"enable_spellchecking":false},
"credentials_enable_service":false,
"safebrowsing":{"enabled":false},
"search":{"suggest_enabled":false},
"signin":{"allowed":false,"allowed_on_next_startup":false}`

// open takes the user's profile, or makes a temporary one with more preferences.
func (p *profile) open(dir, more string) error {
	if dir != "" {
		p.dir = dir
		return p.take(dir)
	}
	if err := p.makeTemporary(); err != nil {
		return fmt.Errorf("making a browser profile: %w", err)
	}
	preferences := []byte(`{` + strings.TrimSuffix(quietPreferences+","+more, ",") + `}`)
	err := os.Mkdir(filepath.Join(p.dir, "Default"), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(p.dir, "Default", "Preferences"), preferences, 0o600)
	}
	if err != nil {
		p.close()
		return fmt.Errorf("making a browser profile: %w", err)
	}
	return nil
}

// close removes a temporary profile and gives the user's free.
func (p *profile) close() {
	if p.temporary {
		removeProfile(p.dir)
	}
	if p.lock != nil {
		p.lock.Close()
	}
}
