package sessions_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sessdriver/sessions"
)

// model is RULES.md over ZAP's rules, for one window without a jar: slow and
// plain, so that a person can check it. Where it decides otherwise than ZAP, it
// notes the rule; what a rule says stands in vectors_deviations_test.go.
type model struct {
	list  []defaultToken
	all   []*msite // in the order they were opened
	sent  map[string]*mmessage
	now   time.Time
	age   int
	fired []rule
}

type msite struct {
	name      string
	seen      bool
	tokens    []string
	removed   map[string]string // by bare name: the spelling
	sessions  []*msession
	count     int // of sessions ever made
	active    *msession
	last      *msession // of the last request
	anonymous *msession
	login     *msession // that anonymous messages made, and when
	loginAt   int
}

type msession struct {
	name    string
	given   bool
	filled  bool // had a token
	renamed bool
	bare    bool // made before the site had a token
	gone    bool
	matched int
	cookies []mcookie
	past    []pair
}

type mcookie struct {
	sessions.Cookie
	age int
}

type mmessage struct {
	site         *msite
	url          string
	pairs        []pair
	jar          []sessions.Cookie
	session      *msession
	anonymous    bool
	active, last *msession
	at           int
}

func newModel(defaults []string) *model {
	m := &model{}
	for _, name := range defaults {
		m.list = append(m.list, defaultToken{name, true})
	}
	m.restart()
	return m
}

func (m *model) restart() {
	m.all, m.sent, m.now = nil, map[string]*mmessage{}, caseStart
}

// note remembers that a rule decided otherwise than ZAP.
func (m *model) note(r rule) {
	if !slices.Contains(m.fired, r) {
		m.fired = append(m.fired, r)
	}
}

func (m *model) open(name string) *msite {
	for _, s := range m.all {
		if s.name == name {
			return s
		}
	}
	s := &msite{name: name, removed: map[string]string{}}
	m.all = append(m.all, s)
	return s
}

// Default tokens.

func withoutQuery(name string) string {
	name = strings.ToLower(name)
	for _, prefix := range []string{"__host-http-", "__host-", "__secure-", "__http-"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest
		}
	}
	return name
}

func (m *model) isDefault(name string) bool {
	return slices.ContainsFunc(m.list, func(d defaultToken) bool {
		prefix, pattern := strings.CutSuffix(d.Name, "*")
		return d.Enabled && (d.Name == withoutQuery(name) || pattern && strings.HasPrefix(withoutQuery(name), prefix))
	})
}

func (m *model) defaults() []defaultToken { return m.list }

func (m *model) detect(s *msite, name string) {
	if slices.Contains(s.tokens, name) || !m.isDefault(name) {
		return
	}
	if spelling, ok := s.removed[withoutQuery(name)]; ok {
		if spelling != name {
			m.note(respelling)
		}
		return
	}
	if !slices.ContainsFunc(m.list, func(d defaultToken) bool { return d.Name == strings.ToLower(name) }) {
		m.note(patterns)
	}
	s.tokens = append(s.tokens, name)
}

// Sessions.

func (m *model) make(s *msite, name string) *msession {
	s.count++
	made := &msession{name: name, given: name != "", bare: len(s.tokens) == 0}
	for n := s.count; made.name == ""; n++ {
		if s.find(fmt.Sprint("Session ", n)) == nil {
			made.name = fmt.Sprint("Session ", n)
		}
	}
	s.sessions = append(s.sessions, made)
	return made
}

func (s *msite) find(name string) *msession {
	for _, x := range s.sessions {
		if x.name == name {
			return x
		}
	}
	return nil
}

func (s *msite) remove(x *msession) {
	x.gone = true
	s.sessions = slices.DeleteFunc(s.sessions, func(other *msession) bool { return other == x })
	for _, p := range []**msession{&s.active, &s.last, &s.anonymous, &s.login} {
		if *p == x {
			*p = nil
		}
	}
}

// spare removes a session that nobody named or filled once it is not active.
func (m *model) spare(s *msite, x *msession) {
	switch {
	case x == nil || x == s.active || len(x.cookies) > 0:
	case x.given:
		m.note(named)
	case x.filled:
		m.note(logout)
	default:
		s.remove(x)
	}
}

func (x *msession) holds(p pair) bool {
	return slices.ContainsFunc(x.cookies, func(c mcookie) bool { return c.Name == p.name && c.Value == p.value })
}

func same(a, b *sessions.Cookie) bool {
	return a.Name == b.Name && a.Domain == b.Domain && a.Path == b.Path
}

func (m *model) set(x *msession, c sessions.Cookie) {
	m.age++
	age := m.age
	for _, old := range x.cookies {
		if same(&old.Cookie, &c) {
			age = old.age
		}
	}
	x.drop(&c)
	x.past = slices.DeleteFunc(x.past, func(p pair) bool { return p == pair{c.Name, c.Value} })
	x.cookies = append(x.cookies, mcookie{c, age})
	slices.SortFunc(x.cookies, func(a, b mcookie) int {
		return cmp.Or(cmp.Compare(len(b.Path), len(a.Path)), cmp.Compare(a.age, b.age))
	})
	x.filled = true
}

func (x *msession) drop(c *sessions.Cookie) {
	for i, old := range x.cookies {
		if same(&old.Cookie, c) {
			x.cookies = slices.Delete(x.cookies, i, i+1)
			if p := (pair{old.Name, old.Value}); !slices.Contains(x.past, p) {
				x.past = append(x.past, p)
			}
			return
		}
	}
}
