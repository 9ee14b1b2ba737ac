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
	// LocalStorage is the shelf of localStorage.
	LocalStorage Shelf = ""

	// MaxStored bounds what is kept of one origin and shelf, in bytes. Chrome
	// gives each 10 MB.
	MaxStored = 32 << 20 // escaped, as JSON

	maxAreas   = 100 // that a session keeps
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

// savedStorage is the web storage that was saved for one session, or for nobody.
type savedStorage struct {
	id    int64
	items map[Shelf]map[string]Items
}

func (b *Book) newSavedStorage() *savedStorage {
	return &savedStorage{id: b.nextSeq(), items: map[Shelf]map[string]Items{}}
}

// storage is whose web storage a site has in a window.
type storage struct {
	window   Window
	base     *savedStorage // whose it is while nothing is forced
	unowned  bool          // home is no session's
	previous *savedStorage // whose it was before the last switch
	areas    map[Shelf]map[string]*savedStorage
	planned  map[int64]*savedStorage // those that plans were made for
}

func (b *Book) savedStorageOf(s *session) *savedStorage {
	if s.savedStorage == nil {
		s.savedStorage = b.newSavedStorage()
	}
	return s.savedStorage
}

// claimStorage notes whose the storage is that a window has when forcing begins there:
// what was nobody's, or of the one before, is of whoever is logged in now.
func (b *Book) claimStorage(w Window, p *windowState) {
	st := b.storageOf(w, p)
	if p.restore == nil || p.restore.session == nil {
		return
	}
	old, home := st.base, b.savedStorageOf(p.restore.session)
	st.reassign(old, home)
	if st.unowned {
		home.fillFrom(old)
	}
	st.unowned = false
}

// reassign makes what was of one stock another's.
func (st *storage) reassign(from, to *savedStorage) {
	for _, shelf := range st.areas {
		for origin, of := range shelf {
			if of == from {
				shelf[origin] = to
			}
		}
	}
	if st.base == from {
		st.base = to
	}
}

// fillFrom gives a stock what another has saved and it has not.
func (s *savedStorage) fillFrom(other *savedStorage) {
	for shelf, items := range other.items {
		for origin, i := range items {
			if s.items[shelf][origin] == "" {
				s.save(shelf, origin, i)
			}
		}
	}
}

func (b *Book) storageOf(w Window, p *windowState) *storage {
	if p.storage == nil {
		p.storage = &storage{window: w, base: b.newSavedStorage(), unowned: true, areas: map[Shelf]map[string]*savedStorage{}, planned: map[int64]*savedStorage{}}
	}
	return p.storage
}

// wantedStorage is whose storage a place has to have.
func (b *Book) wantedStorage(w Window, p *windowState) *savedStorage {
	if p.active != nil {
		return b.savedStorageOf(p.active)
	}
	return b.storageOf(w, p).base
}

// clearBase makes nothing the storage to go back to.
func (b *Book) clearBase(p *windowState) {
	if p.storage != nil {
		p.storage.base, p.storage.unowned = b.newSavedStorage(), true
	}
}

// savedArea is the shelf as a stock has it: localStorage is saved for each window.
func (st *storage) savedArea(name Shelf) Shelf {
	if name == LocalStorage {
		return Shelf(localPrefix + st.window)
	}
	return name
}

// localOf marks the localStorage of a window in a stock; no tab's id begins so.
const localPrefix = "window "

// OriginShown notes that a document of an origin was shown in a tab of a window: what
// it stores is from now on of the session that is active there; late says that the
// document began to load before that one was.
func (b *Book) OriginShown(w Window, site, origin string, tab Shelf, late bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if site == "" {
		return
	}
	p := b.ensureSite(site).inWindow(w) // its first request may come later
	st, of := b.storageOf(w, p), b.wantedStorage(w, p)
	if late && st.previous != nil {
		of = st.previous
	}
	for _, name := range []Shelf{LocalStorage, tab} {
		shelf := st.areas[name]
		if shelf == nil {
			shelf = map[string]*savedStorage{}
			st.areas[name] = shelf
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
		p := s.windows[w]
		if p == nil || p.storage == nil && p.active == nil {
			continue
		}
		st, want := b.storageOf(w, p), b.wantedStorage(w, p)
		plan := StoragePlan{Site: s.name, Of: want.id, Put: map[string]Items{}}
		for origin, of := range st.areas[name] {
			if of != want {
				plan.Put[origin] = want.items[st.savedArea(name)][origin]
			}
		}
		if name == LocalStorage {
			want.planFromOtherWindows(st, plan.Put)
		}
		if len(plan.Put) == 0 {
			continue
		}
		st.planned[want.id] = want
		plan.Origins, plan.Not = slices.Sorted(maps.Keys(plan.Put)), b.sitesSplitFrom(s)
		list = append(list, plan)
	}
	return list
}

// planFromOtherWindows adds what a session has saved in other windows, for origins that this one
// has nothing of hers for: a new window begins with it.
func (s *savedStorage) planFromOtherWindows(st *storage, put map[string]Items) {
	for shelf, items := range s.items {
		if shelf == st.savedArea(LocalStorage) || !strings.HasPrefix(string(shelf), localPrefix) {
			continue
		}
		for origin, i := range items {
			_, planned := put[origin]
			if planned && put[origin] == "" || !planned && st.areas[LocalStorage][origin] == nil {
				put[origin] = i
			}
		}
	}
}

// sitesSplitFrom lists the sites that were split off one.
func (b *Book) sitesSplitFrom(s *site) []string {
	list := []string{}
	for _, name := range b.boundary.exceptions { // in ScopeHost, of whole domains
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
	if s == nil || s.windows[w] == nil || s.windows[w].storage == nil {
		return false, true
	}
	st := s.windows[w].storage
	to := st.planned[of]
	if st.areas[name] == nil {
		st.areas[name] = map[string]*savedStorage{}
	}
	shelf := st.areas[name]
	was := shelf[origin]
	if to == nil || was == to || was == nil && len(shelf) >= maxOrigins {
		return false, true
	}
	kept = true
	if was != nil {
		kept = was.save(st.savedArea(name), origin, taken)
		b.secretNews.savedStorage(was)
	}
	shelf[origin] = to
	delete(to.items[st.savedArea(name)], origin) // the browser has it now
	return true, kept
}

// save saves what an origin had on a shelf. It reports whether there was room.
func (s *savedStorage) save(name Shelf, origin string, items Items) bool {
	shelf := s.items[name]
	if len(items) == 0 {
		delete(shelf, origin)
		return true
	}
	if shelf == nil {
		if len(s.items) >= maxAreas {
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

// CopyStorageArea notes that a tab was opened by another one, and begins with a copy of
// its sessionStorage.
func (b *Book) CopyStorageArea(w Window, of, to Shelf) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.order {
		if p := s.windows[w]; p != nil && p.storage != nil && p.storage.areas[of] != nil {
			p.storage.areas[to] = maps.Clone(p.storage.areas[of])
		}
	}
}

// ForgetStorageArea drops the sessionStorage of a tab that is closed.
func (b *Book) ForgetStorageArea(name Shelf) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.sites {
		for _, p := range s.windows {
			if p.storage == nil {
				continue
			}
			for _, of := range p.storage.areas[name] {
				delete(of.items, name)
			}
			for _, of := range p.storage.planned {
				delete(of.items, name)
			}
			delete(p.storage.base.items, name)
			delete(p.storage.areas, name)
		}
	}
}

// Origins lists the origins of a site that were shown in a window.
func (b *Book) Origins(w Window, site string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sites[site]
	if s == nil || s.windows[w] == nil || s.windows[w].storage == nil {
		return nil
	}
	var list []string
	for origin := range s.windows[w].storage.areas[LocalStorage] {
		if !strings.Contains(origin, " ") { // else a partition of it
			list = append(list, origin)
		}
	}
	slices.Sort(list)
	return list
}

// mergeStorage makes the web storage of a session that goes the one's that is kept.
func (b *Book) mergeStorage(keep, gone *session) {
	if gone.savedStorage == nil {
		return
	}
	to := b.savedStorageOf(keep)
	for _, p := range keep.site.windows {
		if p.storage != nil {
			p.storage.reassign(gone.savedStorage, to)
		}
	}
	to.fillFrom(gone.savedStorage)
}

// dropMovedStorage forgets whose the storage of origins is that belong to another site by
// now: there it is of the session that shows them next.
func (b *Book) dropMovedStorage() {
	for _, s := range b.sites {
		for _, p := range s.windows {
			if p.storage == nil {
				continue
			}
			for _, shelf := range p.storage.areas {
				maps.DeleteFunc(shelf, func(origin string, _ *savedStorage) bool {
					address, _, _ := strings.Cut(origin, " ") // before it is a partition
					l, ok := locate(address)
					return !ok || b.boundary.site(&l) != s.name
				})
			}
		}
	}
}
