package targets

import (
	"cmp"

	"sessdriver/sessions"
)

// Place is a site in a window.
type Place struct {
	Window sessions.Window
	Site   string
}

// At is the Place of a site in a window.
func At(w sessions.Window, site string) Place { return Place{w, site} }

// Compare orders places by site, then by window.
func (p Place) Compare(other Place) int {
	return cmp.Or(cmp.Compare(p.Site, other.Site), cmp.Compare(p.Window, other.Window))
}
