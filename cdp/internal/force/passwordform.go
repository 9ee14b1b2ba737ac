package force

import (
	"regexp"
	"slices"
	"strings"
)

// maxForm bounds the bytes of a form that the browser tells of; the answer to a larger one
// is not known to be that to a password.
const maxForm = 4 << 10

// fields finds the names of the fields in what a form, or a script, sends, as JSON writes
// it: of a URL-encoded form, of one in parts, of an object.
var fields = regexp.MustCompile(`(?:^"|&)([^=&"\\]+)=|name=\\"([^"\\]+)\\"|\\"([^"\\]+)\\"\s*:`)

// asksPassword reports whether a form has a field for a password, by the names of the
// fields; the values are not looked at.
func asksPassword(posted []byte) bool {
	for _, found := range fields.FindAllSubmatch(posted, -1) {
		for _, name := range found[1:] {
			if namesPassword(strings.ToLower(string(name))) {
				return true
			}
		}
	}
	return false
}

// passwords are words in the names of such fields, in the languages of most sites.
var passwords = []string{"passw", "passphrase", "passcode", "passwd", "pwd", "kennwort", "passe", "contrase", "senha", "wachtwoord", "haslo", "lozinka"}

// brackets writes those of user[pass] as they are.
var brackets = strings.NewReplacer("%5b", "[", "%5d", "]")

func namesPassword(name string) bool {
	name = brackets.Replace(name)
	if slices.ContainsFunc(passwords, func(word string) bool { return strings.Contains(name, word) && !strings.Contains(name, "passenger") }) {
		return true
	}
	isOther := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	return slices.ContainsFunc(strings.FieldsFunc(name, isOther), func(word string) bool { return word == "pass" || word == "pw" })
}
