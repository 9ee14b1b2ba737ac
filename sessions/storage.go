package sessions

import (
	"maps"
	"slices"
	"strings"
)

// Web storage belongs to a login like its cookies: single-page applications keep
// tokens and names in it. It is swapped by origin, where a page is shown: what an
// origin has stays until its next document, and is then saved with its session.

// Shelf names a storage area, in which each origin keeps its items: "" is the
// localStorage of a window, and the id of a tab is its sessionStorage.
type Shelf string

const (
	// LocalStorage is the storage area of localStorage.
	LocalStorage Shelf = ""

	// MaxStored bounds what is kept of one origin in one storage area, in bytes. Chrome
	// gives each 10 MB.
	MaxStored = 32 << 20 // escaped, as JSON

	maxAreas   = 100 // that a session keeps
	maxOrigins = 100 // of a storage area
)

// Items is what an origin has in a storage area, as package cdp writes it; the book only
// keeps it. "" is nothing.
type Items string

// StoragePlan says which origins of a site are to get other storage, and which.
type StoragePlan struct {
	Site string   `json:"site"`
	Not  []string `json:"not"` // sites that were split off it
	// Of identifies the owner of the storage, for [Book.StorageSwapped].
	Of int64 `json:"of"`
	// Origins are those that are to get other storage: what Put says, or none.
	Origins []string         `json:"origins"`
	Put     map[string]Items `json:"-"`
}

// savedStorage is the web storage that was saved for one session, or for no session.
type savedStorage struct {
	id    int64
	items map[Shelf]map[string]Items
}

func (b *Book) newSavedStorage() *savedStorage {
	return &savedStorage{id: b.nextSeq(), items: map[Shelf]map[string]Items{}}
}

// storage says to whom the web storage of a site in a window belongs.
type storage struct {
	window   Window
	base     *savedStorage // the owner's while nothing is forced
	unowned  bool          // base is no session's
	previous *savedStorage // the owner's before the last switch
	areas    map[Shelf]map[string]*savedStorage
	planned  map[int64]*savedStorage // those that plans were made for
}

func (b *Book) savedStorageOf(s *session) *savedStorage {
	if s.savedStorage == nil {
		s.savedStorage = b.newSavedStorage()
	}
	return s.savedStorage
}

// claimStorage gives the storage that a window has when forcing begins there to its
// owner: what was no session's, or the last one's, is the present session's.
func (b *Book) claimStorage(w Window, p *windowState) {
	st := b.storageOf(w, p)
	if p.restore == nil || p.restore.session == nil {
		return
	}
	old, base := st.base, b.savedStorageOf(p.restore.session)
	st.reassign(old, base)
	if st.unowned {
		base.fillFrom(old)
	}
	st.unowned = false
}

// reassign makes what belonged to one saved storage another's.
func (st *storage) reassign(from, to *savedStorage) {
	for _, area := range st.areas {
		for origin, of := range area {
			if of == from {
				area[origin] = to
			}
		}
	}
	if st.base == from {
		st.base = to
	}
}

// fillFrom adds what another has saved and this one has not.
func (s *savedStorage) fillFrom(other *savedStorage) {
	for area, items := range other.items {
		for origin, i := range items {
			if s.items[area][origin] == "" {
				s.save(area, origin, i)
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

// wantedStorage is the storage that a window has to show.
func (b *Book) wantedStorage(w Window, p *windowState) *savedStorage {
	if p.active != nil {
		return b.savedStorageOf(p.active)
	}
	return b.storageOf(w, p).base
}

// clearBase makes an empty storage the one to go back to.
func (b *Book) clearBase(p *windowState) {
	if p.storage != nil {
		p.storage.base, p.storage.unowned = b.newSavedStorage(), true
	}
}

// savedArea is the name of a storage area where it is saved: localStorage is saved for
// each window.
func (st *storage) savedArea(name Shelf) Shelf {
	if name == LocalStorage {
		return Shelf(localPrefix + st.window)
	}
	return name
}

// localPrefix marks the localStorage of a window where it is saved; no tab's id begins so.
const localPrefix = "window "

// OriginShown notes that a document of an origin was shown in a tab of a window. What
// it stores belongs from now on to the session that is active there. late says that the
// document began to load before that session was active.
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
		area := st.areas[name]
		if area == nil {
			area = map[string]*savedStorage{}
			st.areas[name] = area
		}
		if area[origin] == nil && len(area) < maxOrigins {
			area[origin] = of
		}
	}
}

// PlanStorage says which origins are to get other items in a storage area of a
// window. It has a plan for each site where there are such origins.
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

// planFromOtherWindows adds what a session has saved in other windows, for origins
// of which this window has nothing of it: a new window begins with it.
func (s *savedStorage) planFromOtherWindows(st *storage, put map[string]Items) {
	for area, items := range s.items {
		if area == st.savedArea(LocalStorage) || !strings.HasPrefix(string(area), localPrefix) {
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

// StorageSwapped books that an origin got what a plan said. of is [StoragePlan.Of], and
// taken is what the origin had before, which is saved with the session that it belonged
// to. booked is false for what was done already: a plan may be carried out twice. kept is
// false where it is too much to be saved.
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
	area := st.areas[name]
	was := area[origin]
	if to == nil || was == to || was == nil && len(area) >= maxOrigins {
		return false, true
	}
	kept = true
	if was != nil {
		kept = was.save(st.savedArea(name), origin, taken)
		b.secretNews.savedStorage(was)
	}
	area[origin] = to
	delete(to.items[st.savedArea(name)], origin) // the browser has it now
	return true, kept
}

// save keeps what an origin had in a storage area. It reports whether there was room.
func (s *savedStorage) save(name Shelf, origin string, items Items) bool {
	area := s.items[name]
	if len(items) == 0 {
		delete(area, origin)
		return true
	}
	if area == nil {
		if len(s.items) >= maxAreas {
			return false
		}
		area = map[string]Items{}
		s.items[name] = area
	}
	if _, there := area[origin]; len(items) > MaxStored || len(area) >= maxOrigins && !there {
		return false
	}
	area[origin] = items
	return true
}

// CopyStorageArea notes that a tab was opened by another one, and begins with a copy
// of its sessionStorage.
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

// mergeStorage gives the web storage of a session that goes to the one that is kept.
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

// dropMovedStorage forgets the owners of the storage of origins that belong to another
// site now. There it belongs to the session that shows them next.
func (b *Book) dropMovedStorage() {
	for _, s := range b.sites {
		for _, p := range s.windows {
			if p.storage == nil {
				continue
			}
			for _, area := range p.storage.areas {
				maps.DeleteFunc(area, func(origin string, _ *savedStorage) bool {
					address, _, _ := strings.Cut(origin, " ") // before it is a partition
					l, ok := locate(address)
					return !ok || b.boundary.site(&l) != s.name
				})
			}
		}
	}
}
