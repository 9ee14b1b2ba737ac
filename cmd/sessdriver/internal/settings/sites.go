package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"sessdriver/sessions"
)

const sitesHead = `# The sites that were split off or joined (site split, site join).
# A line has "domain", a tab and a HOST or HOST:PORT that is a site of its own, or, for --site-scope host,
# "host", a tab and the DOMAIN whose hosts are one site.
`

// SitesFile is where the sites are kept, beside the default tokens.
func SitesFile() (string, error) { return path("sites.tsv") }

// LoadSites reads the exceptions to a scope, none when there is no file. An
// error names the file and the line.
func LoadSites(scope sessions.Scope) ([]string, error) {
	all, err := readSites()
	return all[scope], err
}

func readSites() (map[sessions.Scope][]string, error) {
	file, err := SitesFile()
	if err != nil {
		return nil, nil // nowhere to keep them
	}
	text, err := read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the sites: %w", err)
	}
	all := map[sessions.Scope][]string{}
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, name, ok := strings.Cut(line, "\t")
		scope, err := sessions.Scopes.Parse(word)
		if !ok || err != nil || name == "" || strings.ContainsAny(name, " \t/") {
			return nil, fmt.Errorf("%s: line %d: %q is not domain or host, a tab and a name; correct or remove the line", file, i+1, line)
		}
		all[scope] = append(all[scope], strings.ToLower(name))
	}
	return all, nil
}

// SaveSites replaces the exceptions to one scope, in one step.
func SaveSites(scope sessions.Scope, names []string) error {
	file, err := SitesFile()
	if err != nil {
		return err
	}
	all, err := readSites()
	if err != nil {
		return err
	}
	if all == nil {
		all = map[sessions.Scope][]string{}
	}
	all[scope] = names
	text := sitesHead
	for _, s := range sessions.Scopes.All {
		for _, name := range all[s] {
			text += string(s) + "\t" + name + "\n"
		}
	}
	if err := replace(file, text); err != nil {
		return fmt.Errorf("saving the sites: %w", err)
	}
	return nil
}
