package cdp

import (
	"sync"

	"github.com/chromedp/cdproto/cdp"

	"sessdriver/cdp/internal/targets"
	"sessdriver/sessions"
)

// blanks are the tabs of blankTab.
type blanks struct {
	mu   sync.Mutex // guards all below, and what mirrors points to
	tabs map[*targets.Tab]*blank
}

// blank is what one of them is about.
type blank struct {
	from    string       // the address that its document is from, "" where it is fulfilled
	failure string       // of its last request that failed, "" for none
	mirrors *mirrorsAuth // what it does for HTTP authentication, nil for nothing
}

func (s *blanks) add(t *targets.Set, tab *targets.Tab) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Has(tab) {
		s.tabs[tab] = &blank{}
	}
}

// left forgets one that is closed.
func (s *blanks) left(tab *targets.Tab) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tabs, tab)
}

// serve says where the document of a tab is from, "" where it is fulfilled.
func (s *blanks) serve(tab *targets.Tab, from string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is := s.tabs[tab]; is != nil {
		is.from = from
	}
}

func (s *blanks) from(tab *targets.Tab) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is := s.tabs[tab]; is != nil {
		return is.from
	}
	return ""
}

// fail notes why a request of a tab failed.
func (s *blanks) fail(tab *targets.Tab, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is := s.tabs[tab]; is != nil {
		is.failure = reason
	}
}

func (s *blanks) failure(tab *targets.Tab) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is := s.tabs[tab]; is != nil {
		return is.failure
	}
	return ""
}

// mirror says what a tab does for HTTP authentication.
func (s *blanks) mirror(tab *targets.Tab, m *mirrorsAuth) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is := s.tabs[tab]; is != nil {
		is.mirrors = m
	}
}

// mirrorOf is what the tab with a frame does for HTTP authentication; nil is for other
// frames.
func (s *blanks) mirrorOf(frame cdp.FrameID) *mirrorsAuth {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tab, is := range s.tabs {
		if cdp.FrameID(tab.ID) == frame {
			return is.mirrors
		}
	}
	return nil
}

// credentials are what is to be given for one, once; nil for none.
func (s *blanks) credentials(m *mirrorsAuth) *sessions.Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.give == nil || m.gave {
		return nil
	}
	m.gave = true
	return m.give
}

// answered takes the status of an answer over that one waits for. It returns what the tab
// is about, nil for nothing.
func (s *blanks) answered(tab *targets.Tab, status int) *mirrorsAuth {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.tabs[tab]
	if is == nil {
		return nil
	}
	m := is.mirrors
	if status != 0 && m != nil && m.status == 0 && m.done != nil {
		m.status = status
		close(m.done)
	}
	return m
}

// result is the status that one got, and whether credentials were given for it.
func (s *blanks) result(m *mirrorsAuth) (status int, gave bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.status, m.gave
}
