package doctor

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"sessdriver/cmd/sessdriver/internal/bounded"
)

// untested is what a check on this machine cannot show.
func untested() []string {
	return []string{
		"proxies, and networks that change requests on their way",
		"extensions and settings of your daily profile: the check starts with a new one",
		"prerendering and speculative loading: the browser does not do it while DevTools watches (with attach, the jar forces it)",
		"pages and workers that were alive before the switch, view-source and web manifests: the project's tests do",
		"what browsers do over HTTPS or HTTP/2 only, as the Reporting API and streamed uploads: the site of the check is http://*.localhost",
		"sockets of WebRTC and WebTransport, which have no cookies",
	}
}

// notes lists what makes saved sessions end, or act otherwise than on other machines.
func (c *checkup) notes() []string {
	var notes []string
	c.site.mu.Lock()
	bound := c.site.bound
	c.site.mu.Unlock()
	if bound {
		notes = append(notes, "Device Bound Session Credentials: this browser binds sessions to this machine where a site asks for it; the cookies of such a session live for minutes and cannot be renewed elsewhere, nor by another session's browser")
	} else {
		notes = append(notes, "Device Bound Session Credentials: this browser did not bind a session to this machine when the site asked for it")
	}
	if kept := c.natural["fetch cross"]; len(kept) > 0 && !strings.Contains(strings.Join(kept, " "), "sid") {
		notes = append(notes, "third-party cookies are blocked, though the check allowed them: requests from pages of other sites carry none, whoever is forced")
	}
	notes = append(notes, "session cookies (without an expiry) end with the browser, unless --profile keeps them; Chrome keeps no cookie longer than 400 days")
	if names := policies(); len(names) > 0 {
		notes = append(notes, "administrators have set policies on this machine, which may disable features: "+strings.Join(names, ", "))
	}
	return notes
}

// policyDirs are where administrators put policies for each browser, on Linux.
var policyDirs = map[string]string{"Chrome": "/etc/opt/chrome", "Chromium": "/etc/chromium", "Edge": "/etc/opt/edge", "Brave": "/etc/brave"}

// policies names those that are set for any browser of this machine.
func policies() []string {
	var names []string
	for browser, dir := range policyDirs {
		files, _ := filepath.Glob(filepath.Join(dir, "policies", "managed", "*.json"))
		for _, file := range files {
			text, err := bounded.File(file, 1<<20)
			set := map[string]json.RawMessage{}
			if err != nil || json.Unmarshal(text, &set) != nil {
				continue
			}
			for name := range set {
				names = append(names, browser+"'s "+name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
