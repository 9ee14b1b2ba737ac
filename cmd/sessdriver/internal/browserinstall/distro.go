package browserinstall

import (
	"slices"
	"strings"
)

// distro is what os-release says of a Linux system; zero elsewhere.
type distro struct {
	id   string   // ID
	like []string // ID_LIKE
}

func (s system) distro() distro {
	var d distro
	for line := range strings.Lines(s.osRelease) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			d.id = value
		case "ID_LIKE":
			d.like = strings.Fields(value)
		}
	}
	return d
}

// is reports that the system is one of names, or related to one.
func (d distro) is(names ...string) bool {
	known := append([]string{d.id}, d.like...)
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(known, name) })
}
