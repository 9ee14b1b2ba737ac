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
	// Of is whose storage it is, for the report.
	Of int64 `json:"of"`
	// Origins are those that are to get other storage: what Put says, or none.
	Origins []string         `json:"origins"`
	Put     map[string]Items `json:"-"`
}

// stock is the web storage that was saved for one session, or for nobody.
type stock struct {
	id    int64
	items map[Shelf]map[string]Items
}

func (b *Book) newStock() *stock {
	return &stock{id: b.nextAge(), items: map[Shelf]map[string]Items{}}
}

// storage is whose web storage a site has in a window.
type storage struct {
	window  Window
	home    *stock // whose it is while nothing is forced
	nobodys bool   // home is no session's
	was     *stock // whose it was before the last switch
	shelves map[Shelf]map[string]*stock
	planned map[int64]*stock // those that plans were made for
}

func (b *Book) stockOf(s *session) *stock {
	if s.stock == nil {
		s.stock = b.newStock()
	}
	return s.stock
}

// houses notes whose the storage is that a window has when forcing begins there:
// what was nobody's, or of the one before, is of whoever is logged in now.
func (b *Book) houses(w Window, p *place) {
	st := b.stored(w, p)
	if p.before == nil || p.before.session == nil {
		return
	}
	old, home := st.home, b.stockOf(p.before.session)
	st.repoint(old, home)
	if st.nobodys {
		home.take(old)
	}
	st.nobodys = false
}

// repoint makes what was of one stock another's.
func (st *storage) repoint(from, to *stock) {
	for _, shelf := range st.shelves {
		for origin, of := range shelf {
			if of == from {
				shelf[origin] = to
			}
		}
	}
	if st.home == from {
		st.home = to
	}
}

// take gives a stock what another has saved and it has not.
func (s *stock) take(other *stock) {
	for shelf, items := range other.items {
		for origin, i := range items {
			if s.items[shelf][origin] == "" {
				s.keep(shelf, origin, i)
			}
		}
	}
}

func (b *Book) stored(w Window, p *place) *storage {
	if p.storage == nil {
		p.storage = &storage{window: w, home: b.newStock(), nobodys: true, shelves: map[Shelf]map[string]*stock{}, planned: map[int64]*stock{}}
	}
	return p.storage
}

// wants is whose storage a place has to have.
func (b *Book) wants(w Window, p *place) *stock {
	if p.active != nil {
		return b.stockOf(p.active)
	}
	return b.stored(w, p).home
}

// emptyHome makes nothing the storage to go back to.
func (b *Book) emptyHome(p *place) {
	if p.storage != nil {
		p.storage.home, p.storage.nobodys = b.newStock(), true
	}
}

// at is the shelf as a stock has it: localStorage is saved for each window.
func (st *storage) at(name Shelf) Shelf {
	if name == Local {
		return Shelf(localOf + st.window)
	}
	return name
}

// localOf marks the localStorage of a window in a stock; no tab's id begins so.
const localOf = "window "

// SawOrigin notes that a document of an origin was shown in a tab of a window: what
// it stores is from now on of the session that is active there; late says that the
// document began to load before that one was.
func (b *Book) SawOrigin(w Window, site, origin string, tab Shelf, late bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if site == "" {
		return
	}
	p := b.page(site).place(w) // its first request may come later
	st, of := b.stored(w, p), b.wants(w, p)
	if late && st.was != nil {
		of = st.was
	}
	for _, name := range []Shelf{Local, tab} {
		shelf := st.shelves[name]
		if shelf == nil {
			shelf = map[string]*stock{}
			st.shelves[name] = shelf
		}
		if shelf[origin] == nil && len(shelf) < maxOrigins {
			shelf[origin] = of
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
		if p == nil || p.storage == nil && p.active == nil {
			continue
		}
		st, want := b.stored(w, p), b.wants(w, p)
		plan := StoragePlan{Site: s.name, Of: want.id, Put: map[string]Items{}}
		for origin, of := range st.shelves[name] {
			if of != want {
				plan.Put[origin] = want.items[st.at(name)][origin]
			}
		}
		if name == Local {
			want.elsewhere(st, plan.Put)
		}
		if len(plan.Put) == 0 {
			continue
		}
		st.planned[want.id] = want
		plan.Origins, plan.Not = slices.Sorted(maps.Keys(plan.Put)), b.partsOf(s)
		list = append(list, plan)
	}
	return list
}

// elsewhere adds what a session has saved in other windows, for origins that this one
// has nothing of hers for: a new window begins with it.
func (s *stock) elsewhere(st *storage, put map[string]Items) {
	for shelf, items := range s.items {
		if shelf == st.at(Local) || !strings.HasPrefix(string(shelf), localOf) {
			continue
		}
		for origin, i := range items {
			_, planned := put[origin]
			if planned && put[origin] == "" || !planned && st.shelves[Local][origin] == nil {
				put[origin] = i
			}
		}
	}
}

// partsOf lists the sites that were split off one.
func (b *Book) partsOf(s *site) []string {
	list := []string{}
	for _, name := range b.cutting.exceptions { // in ScopeHost, of whole domains
		host := hostOf(name)
		if name != s.name && (host == s.name || strings.HasSuffix(host, "."+s.name)) {
			list = append(list, name)
		}
	}
	return list
}

// StorageSwapped books that an origin got what the plan of a stock said; taken is
// what it held before, which is saved with the session it was of. booked is false for
// what was done already: a plan may be carried out twice. kept is false where there
// is too much to save it.
func (b *Book) StorageSwapped(w Window, site string, name Shelf, origin string, of int64, taken Items) (booked, kept bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.places[w] == nil || s.places[w].storage == nil {
		return false, true
	}
	st := s.places[w].storage
	to := st.planned[of]
	if st.shelves[name] == nil {
		st.shelves[name] = map[string]*stock{}
	}
	shelf := st.shelves[name]
	was := shelf[origin]
	if to == nil || was == to || was == nil && len(shelf) >= maxOrigins {
		return false, true
	}
	kept = true
	if was != nil {
		kept = was.keep(st.at(name), origin, taken)
		b.news.stock(was)
	}
	shelf[origin] = to
	delete(to.items[st.at(name)], origin) // the browser has it now
	return true, kept
}

// keep saves what an origin had on a shelf. It reports whether there was room.
func (s *stock) keep(name Shelf, origin string, items Items) bool {
	shelf := s.items[name]
	if len(items) == 0 {
		delete(shelf, origin)
		return true
	}
	if shelf == nil {
		if len(s.items) >= maxShelves {
			return false
		}
		shelf = map[string]Items{}
		s.items[name] = shelf
	}
	if _, there := shelf[origin]; len(items) > MaxStored || len(shelf) >= maxOrigins && !there {
		return false
	}
	shelf[origin] = items
	return true
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
	for _, s := range b.sites {
		for _, p := range s.places {
			if p.storage == nil {
				continue
			}
			for _, of := range p.storage.shelves[name] {
				delete(of.items, name)
			}
			for _, of := range p.storage.planned {
				delete(of.items, name)
			}
			delete(p.storage.home.items, name)
			delete(p.storage.shelves, name)
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

// mergeStorage makes the web storage of a session that goes the one's that is kept.
func (b *Book) mergeStorage(keep, gone *session) {
	if gone.stock == nil {
		return
	}
	to := b.stockOf(keep)
	for _, p := range keep.site.places {
		if p.storage != nil {
			p.storage.repoint(gone.stock, to)
		}
	}
	to.take(gone.stock)
}

// leaveStorage forgets whose the storage of origins is that belong to another site by
// now: there it is of the session that shows them next.
func (b *Book) leaveStorage() {
	for _, s := range b.sites {
		for _, p := range s.places {
			if p.storage == nil {
				continue
			}
			for _, shelf := range p.storage.shelves {
				maps.DeleteFunc(shelf, func(origin string, _ *stock) bool {
					address, _, _ := strings.Cut(origin, " ") // before it is a partition
					l, ok := locate(address)
					return !ok || b.cutting.site(&l) != s.name
				})
			}
		}
	}
}
