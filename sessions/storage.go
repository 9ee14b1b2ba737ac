package sessions

import (
	"maps"
	"slices"
	"strings"
)

// Web storage belongs to a login like its cookies: single-page applications keep
// tokens and names in it. It is swapped by origin, where a page is shown: what an
// origin holds stays until its next document, and is saved then with the session it
// was of.

// Shelf is where origins keep web storage: the localStorage of a window, which is
// "", or the sessionStorage of a tab, whose id it is.
type Shelf string

const (
	// Local is the shelf of localStorage.
	Local Shelf = ""

	// MaxStored bounds what is kept of one origin and shelf, in bytes. Chrome
	// gives each 10 MB.
	MaxStored = 32 << 20 // escaped, as JSON

	maxShelves = 100 // that a session keeps
	maxOrigins = 100 // of a shelf
)

// Items is what an origin keeps on a shelf, as the browser side writes it; the book
// only keeps it. "" is nothing.
type Items string

// StoragePlan says which origins of a site are to get other storage, and which.
type StoragePlan struct {
	Site string   `json:"site"`
	Not  []string `json:"not"` // sites that were split off it
	// Origins are those that are to get other storage: what Put says, or none.
	Origins []string         `json:"origins"`
	Put     map[string]Items `json:"-"`
}

// stock is the web storage that was saved for one session.
type stock map[Shelf]map[string]Items

// storage is whose web storage a site has in a window.
type storage struct {
	home    *stock // whose it is while nothing is forced
	shelves map[Shelf]map[string]*stock
}

func (s *session) storage() *stock {
	if s.stock == nil {
		s.stock = &stock{}
	}
	return s.stock
}

// houses notes whose the storage is that a window has when forcing begins there:
// what was nobody's, or of the one before, is of whoever is logged in now.
func (p *place) houses() {
	home := &stock{}
	if p.before != nil && p.before.session != nil {
		home = p.before.session.storage()
	}
	st := p.stored()
	for _, shelf := range st.shelves {
		for origin, of := range shelf {
			if of == st.home {
				shelf[origin] = home
			}
		}
	}
	st.home = home
}

func (p *place) stored() *storage {
	if p.storage == nil {
		p.storage = &storage{home: &stock{}, shelves: map[Shelf]map[string]*stock{}}
	}
	return p.storage
}

// wants is whose storage a place has to have.
func (p *place) wants() *stock {
	if p.active != nil {
		return p.active.storage()
	}
	return p.stored().home
}

// SawOrigin notes that a document of an origin was shown in a tab of a window: what
// it stores is from now on of the session that is active there.
func (b *Book) SawOrigin(w Window, site, origin string, tab Shelf) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if site == "" {
		return
	}
	p := b.page(site).place(w) // its first request may come later
	shelves := p.stored().shelves
	for _, name := range []Shelf{Local, tab} {
		shelf := shelves[name]
		if shelf == nil {
			shelf = map[string]*stock{}
			shelves[name] = shelf
		}
		if shelf[origin] == nil && len(shelf) < maxOrigins {
			shelf[origin] = p.wants()
		}
	}
}

// PlanStorage says which origins are to get other storage on a shelf of a window,
// site by site; it has no plan of a site where there is none.
func (b *Book) PlanStorage(w Window, name Shelf) []StoragePlan {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []StoragePlan
	for _, s := range b.order {
		p := s.places[w]
		if p == nil || p.storage == nil {
			continue
		}
		want := p.wants()
		plan := StoragePlan{Site: s.name, Not: b.partsOf(s), Put: map[string]Items{}}
		for origin, of := range p.storage.shelves[name] {
			if of != want {
				plan.Origins = append(plan.Origins, origin)
				plan.Put[origin] = (*want)[name][origin]
			}
		}
		if slices.Sort(plan.Origins); len(plan.Origins) > 0 {
			list = append(list, plan)
		}
	}
	return list
}

// partsOf lists the sites whose hosts would be a site's, had they not been split off.
func (b *Book) partsOf(s *site) []string {
	list := []string{}
	for _, other := range b.order {
		host := hostOf(other.name)
		if other != s && (host == s.name || strings.HasSuffix(host, "."+s.name)) {
			list = append(list, other.name)
		}
	}
	return list
}

// StorageSwapped books that an origin got what the plan said; taken is what it held
// before, which is saved with the session it was of. It reports whether that was
// still to be done: what comes twice is not booked twice.
func (b *Book) StorageSwapped(w Window, site string, name Shelf, origin string, taken Items) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.places[w] == nil || s.places[w].storage == nil {
		return false
	}
	p := s.places[w]
	shelf, want := p.storage.shelves[name], p.wants()
	was := shelf[origin]
	if was == nil || was == want {
		return false
	}
	was.keep(name, origin, taken)
	shelf[origin] = want
	delete((*want)[name], origin) // the browser has it now
	return true
}

func (s *stock) keep(name Shelf, origin string, items Items) {
	shelf := (*s)[name]
	if shelf == nil {
		if len(*s) >= maxShelves {
			return
		}
		shelf = map[string]Items{}
		(*s)[name] = shelf
	}
	if len(items) == 0 || len(items) > MaxStored || len(shelf) >= maxOrigins {
		delete(shelf, origin)
		return
	}
	shelf[origin] = items
}

// CopyShelf notes that a tab was opened by another one, and begins with a copy of
// its sessionStorage.
func (b *Book) CopyShelf(w Window, of, to Shelf) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.order {
		if p := s.places[w]; p != nil && p.storage != nil && p.storage.shelves[of] != nil {
			p.storage.shelves[to] = maps.Clone(p.storage.shelves[of])
		}
	}
}

// ForgetShelf drops the sessionStorage of a tab that is closed.
func (b *Book) ForgetShelf(name Shelf) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.order {
		for _, p := range s.places {
			if p.storage != nil {
				delete(p.storage.shelves, name)
				delete(*p.storage.home, name)
			}
		}
		for _, session := range s.sessions {
			if session.stock != nil {
				delete(*session.stock, name)
			}
		}
	}
}

// Origins lists the origins of a site that were shown in a window.
func (b *Book) Origins(w Window, site string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.places[w] == nil || s.places[w].storage == nil {
		return nil
	}
	var list []string
	for origin := range s.places[w].storage.shelves[Local] {
		if !strings.Contains(origin, " ") { // else a partition of it
			list = append(list, origin)
		}
	}
	slices.Sort(list)
	return list
}
