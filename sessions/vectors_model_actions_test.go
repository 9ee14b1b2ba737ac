package sessions_test

import (
	"cmp"
	"slices"
	"strings"

	"sessdriver/sessions"
)

// Actions.

func (m *model) sites() []string {
	var list []string
	for _, s := range m.all {
		if s.seen {
			list = append(list, s.name)
		}
	}
	return list
}

func (m *model) lookup(text string) *msite {
	url, err := sessions.NormalizeURL(text)
	if err != nil {
		return nil
	}
	for _, s := range m.all {
		if s.name == sessions.ScopeHost.SiteOf(url) && s.seen {
			return s
		}
	}
	return nil
}

func (m *model) site(text string) *page {
	s := m.lookup(text)
	if s == nil {
		return nil
	}
	p := &page{name: s.name, tokens: s.tokens}
	if s.active != nil {
		p.active = s.active.name
	}
	for _, x := range s.sessions {
		r := row{name: x.name, matched: x.matched, empty: !x.filled}
		for _, c := range x.cookies {
			r.cookies = append(r.cookies, c.Cookie)
		}
		p.sessions = append(p.sessions, r)
	}
	return p
}

func (m *model) hold(site, name string) func() bool {
	var x *msession
	if s := m.lookup(site); s != nil {
		x = s.find(name)
	}
	return func() bool { return x != nil && !x.gone }
}

func (m *model) do(action string, p map[string]string) (string, who) {
	if strings.Contains(action, "Default") {
		return m.doDefault(action, p), who{}
	}
	url, _ := sessions.NormalizeURL(p["site"])
	s := m.open(sessions.ScopeHost.SiteOf(url))
	switch action {
	case "addSessionToken":
		m.addToken(s, p["sessionToken"])
		return "ok", who{}
	case "removeSessionToken":
		return m.removeToken(s, p["sessionToken"]), who{}
	case "createEmptySession":
		s.seen = true
		if s.find(p["session"]) != nil {
			return "the name is taken", who{}
		}
		x := m.make(s, p["session"])
		m.activate(s, x)
		return "ok", who{s.name, x.name}
	}
	if !s.seen {
		return "no such site", who{}
	}
	return m.doSession(s, action, p), who{}
}

func (m *model) doSession(s *msite, action string, p map[string]string) string {
	x := s.find(cmp.Or(p["session"], p["oldSessionName"]))
	switch {
	case action == "unsetActiveSession":
		m.activate(s, nil)
		s.last = nil
	case action == "renameSession" && (x == nil || s.find(p["newSessionName"]) != nil && s.find(p["newSessionName"]) != x):
		return "refused"
	case x == nil:
		return "no such session"
	case action == "setActiveSession":
		m.activate(s, x)
	case action == "removeSession":
		if x.renamed {
			m.note(renamed)
		}
		s.remove(x)
	case action == "renameSession":
		if s.anonymous == x {
			s.anonymous = nil
		}
		x.name, x.given, x.renamed = p["newSessionName"], true, true
	case action == "setSessionTokenValue":
		m.give(s, x, pair{p["sessionToken"], p["tokenValue"]})
	}
	return "ok"
}

func (m *model) activate(s *msite, x *msession) {
	old := s.active
	if x == old {
		return
	}
	s.active = x
	if x != nil {
		s.last = x
		if s.anonymous == x {
			s.anonymous = nil
		}
	}
	m.spare(s, old)
}

func (m *model) give(s *msite, x *msession, p pair) {
	for _, c := range slices.Clone(x.cookies) {
		if c.Name == p.name {
			x.drop(&c.Cookie)
		}
	}
	m.addToken(s, p.name)
	m.set(x, sessions.Cookie{Name: p.name, Value: p.value, Domain: hostOf(s.name), Path: "/"})
	if s.anonymous == x {
		s.anonymous = nil
	}
}

func (m *model) addToken(s *msite, name string) {
	delete(s.removed, withoutQuery(name))
	if !slices.Contains(s.tokens, name) {
		s.tokens = append(s.tokens, name)
	}
}

func (m *model) removeToken(s *msite, name string) string {
	_, already := s.removed[withoutQuery(name)]
	if m.isDefault(name) {
		s.removed[withoutQuery(name)] = name
	} else {
		already = true
	}
	if !slices.Contains(s.tokens, name) {
		if already {
			return "no such token"
		}
		return "ok"
	}
	s.seen = true
	s.tokens = slices.DeleteFunc(s.tokens, func(t string) bool { return t == name })
	kept := map[string]*msession{}
	for _, x := range slices.Clone(s.sessions) {
		x.cookies = slices.DeleteFunc(x.cookies, func(c mcookie) bool { return c.Name == name })
		x.past = slices.DeleteFunc(x.past, func(p pair) bool { return p.name == name })
		first := kept[x.id()]
		switch {
		case len(s.tokens) == 0:
			if x.renamed {
				m.note(renamed)
			}
			s.remove(x)
		case len(x.cookies) == 0:
			if x.given && x != s.active {
				m.note(named)
			} else if x != s.active {
				s.remove(x)
			}
		case first == nil:
			kept[x.id()] = x
		default:
			if x.renamed || first.renamed {
				m.note(renamed)
			}
			if x != s.active && first == s.active {
				m.note(sums)
			}
			kept[x.id()] = s.merge(first, x)
		}
	}
	return "ok"
}

func (m *model) doDefault(action string, p map[string]string) string {
	name := strings.ToLower(p["sessionToken"])
	i := slices.IndexFunc(m.list, func(d defaultToken) bool { return d.Name == name })
	switch {
	case action == "addDefaultSessionToken" && i >= 0:
		return "a default already"
	case action == "addDefaultSessionToken":
		m.list = append(slices.Clip(m.list), defaultToken{name, !strings.EqualFold(p["tokenEnabled"], "false")})
	case i < 0:
		return "no such default"
	case action == "setDefaultSessionTokenEnabled":
		m.list = slices.Clone(m.list)
		m.list[i].Enabled = strings.EqualFold(p["tokenEnabled"], "true")
	default:
		m.list = slices.Delete(slices.Clone(m.list), i, i+1)
	}
	return "ok"
}
