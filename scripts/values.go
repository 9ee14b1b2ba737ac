package scripts

import (
	"slices"
	"strconv"
	"strings"

	"sessdriver/sessions"
)

// value is an argument that exists, with a word about it.
type value struct{ text, about string }

// values lists the arguments of a kind that completion may offer. typed is what
// there is of it: with a slash it may be SITE/NAME.
func (e *Engine) values(kind Kind, typed, site string) []value {
	switch kind {
	case KindSession:
		return e.sessionValues(typed, site)
	case KindSite:
		return e.siteValues()
	case KindToken:
		return e.tokenValues(site)
	case KindURL:
		return e.urlValues()
	case KindState:
		return words(states.All)
	case KindSameSite:
		return words(sameSites)
	case KindAnswer:
		return words(answers.All)
	case KindGuard:
		return words(sessions.Guards.All)
	case KindVariable:
		return e.variableValues()
	case KindObservation:
		return words(sessions.Observations.All)
	case KindHeader:
		return e.headerValues(site)
	case KindCommand:
		return e.commandValues()
	case KindWindow:
		return e.windowValues()
	}
	return nil
}

func words[W ~string](all []W) []value {
	var list []value
	for _, word := range all {
		list = append(list, value{string(word), ""})
	}
	return list
}

// variableValues does not show what the variables hold: it may be a secret.
func (e *Engine) variableValues() []value {
	if e.Vars == nil {
		return nil
	}
	var list []value
	for _, name := range e.Vars.names() {
		list = append(list, value{name, "variable"})
	}
	return list
}

func (e *Engine) headerValues(given string) []value {
	var list []value
	for _, h := range e.targetSite(given).Headers {
		list = append(list, value{h.Name, "in " + plural(h.Sessions, "session")})
	}
	return list
}

// hints stand in an address in the place of what is hidden.
var hints = strings.NewReplacer("…@", "", ";…", "", "?…", "", "#…", "")

// urlValues lists the addresses of documents that were seen, the newest first, without
// what may be secret in them.
func (e *Engine) urlValues() []value {
	var list []value
	seen := map[string]bool{}
	add := func(address, about string) {
		bare := hints.Replace(sessions.ShowURL(address))
		if strings.HasPrefix(bare, "http") && !seen[bare] && e.Book.Observes(address) {
			seen[bare] = true
			list = append(list, value{bare, about})
		}
	}
	for _, tab := range e.Browser.Tabs() {
		add(tab.URL, "tab "+strconv.Itoa(tab.Number))
	}
	requests, _, _ := e.Browser.Requests(0)
	for _, r := range slices.Backward(requests) {
		if r.Type == "Document" {
			add(r.URL, "seen at "+r.At.Format("15:04"))
		}
	}
	return list
}

func (e *Engine) windowValues() []value {
	var list []value
	for _, w := range e.Browser.Windows() {
		list = append(list, value{w.Window.String(), plural(w.Tabs, "tab")})
	}
	return list
}

func (e *Engine) commandValues() []value {
	var list []value
	for _, c := range e.registry().commands {
		for _, name := range c.names() {
			list = append(list, value{name, c.summary(name)})
		}
	}
	for _, p := range e.Topics {
		if _, ok := e.registry().Command(p.Name); !ok {
			list = append(list, value{p.Name, p.Title})
		}
	}
	return list
}

// sessionValues lists the sessions of the site that is meant. Behind SITE/, or
// where no site is meant, they are written SITE/NAME.
func (e *Engine) sessionValues(typed, given string) []value {
	if given != "" {
		site, err := e.Book.FindSite(given)
		if err != nil {
			return nil
		}
		return e.sessionsOf(site, "")
	}
	current := e.currentSite()
	list := e.sessionsOf(current, "")
	if before, _, ok := strings.Cut(typed, "/"); ok {
		if site, err := e.Book.FindSite(before); err == nil {
			return append(list, e.sessionsOf(site, before+"/")...)
		}
	}
	if current == "" {
		for _, site := range e.busySites() {
			list = append(list, e.sessionsOf(site, site+"/")...)
		}
	}
	return list
}

// sessionsOf lists a site's sessions. One whose name cannot be typed is offered
// by its number.
func (e *Engine) sessionsOf(site, prefix string) []value {
	var list []value
	for _, s := range e.Book.Sessions(site, e.now()) {
		if s.Anonymous {
			continue
		}
		name, about := s.Name, "session "+strconv.Itoa(s.Number)+", "+string(s.State)
		if Escape(name) != name {
			name, about = strconv.Itoa(s.Number), about+", "+name
		}
		list = append(list, value{prefix + name, about})
	}
	return list
}

func (e *Engine) siteValues() []value {
	var list []value
	for _, s := range e.Book.Sites() {
		list = append(list, value{s.Name, plural(s.Sessions, "session")})
	}
	return list
}

func (e *Engine) tokenValues(given string) []value {
	var list []value
	for _, t := range e.targetSite(given).Tokens {
		list = append(list, value{t.Name, kindWord(t.Kind)})
	}
	return list
}

// targetSite is the site that was given, else the current one.
func (e *Engine) targetSite(given string) sessions.Site {
	site := e.currentSite()
	if given != "" {
		site, _ = e.Book.FindSite(given)
	}
	s, _ := e.Book.Site(site)
	return s
}
