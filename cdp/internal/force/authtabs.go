package force

import (
	"sync"

	"github.com/chromedp/cdproto/cdp"

	"sessdriver/cdp/internal/targets"
	"sessdriver/sessions"
)

// authTabs are the tabs that nobody is shown and that change what the browser keeps of
// HTTP credentials.
type authTabs struct {
	mu   sync.Mutex // guards all below, and what it points to
	tabs map[*targets.Tab]*mirrorsAuth
}

// left forgets a tab that is closed.
func (s *authTabs) left(tab *targets.Tab) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tabs, tab)
}

// mirror says what a tab does.
func (s *authTabs) mirror(t *targets.Set, tab *targets.Tab, m *mirrorsAuth) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Has(tab) {
		s.tabs[tab] = m
	}
}

// mirrorOf is what the tab with a frame does; nil is for other frames.
func (s *authTabs) mirrorOf(frame cdp.FrameID) *mirrorsAuth {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tab, m := range s.tabs {
		if cdp.FrameID(tab.ID) == frame {
			return m
		}
	}
	return nil
}

// credentials are what is to be given for one, once; nil for none.
func (s *authTabs) credentials(m *mirrorsAuth) *sessions.Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.give == nil || m.gave {
		return nil
	}
	m.gave = true
	return m.give
}

// answered takes the status of an answer over that a tab waits for. It returns what the
// tab does, nil for nothing.
func (s *authTabs) answered(tab *targets.Tab, status int) *mirrorsAuth {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.tabs[tab]
	if status != 0 && m != nil && m.status == 0 && m.done != nil {
		m.status = status
		close(m.done)
	}
	return m
}

// result is the status that one got, and whether credentials were given for it.
func (s *authTabs) result(m *mirrorsAuth) (status int, gave bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.status, m.gave
}
