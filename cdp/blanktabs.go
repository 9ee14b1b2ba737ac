package cdp

import (
	"sync"

	"sessdriver/cdp/internal/targets"
)

// blanks are the tabs of blankTab.
type blanks struct {
	mu   sync.Mutex // guards all below
	tabs map[*targets.Tab]*blank
}

// blank is what one of them is about.
type blank struct {
	from    string // the address that its document is from, "" where it is fulfilled
	failure string // of its last request that failed, "" for none
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
