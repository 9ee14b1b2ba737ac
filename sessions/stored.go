package sessions

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Stored is one item of a page's web storage.
type Stored struct {
	Origin string `json:"origin"`
	Where  string `json:"where"` // localStorage or sessionStorage
	Key    string `json:"key"`
	Value  string `json:"-"`
}

// SameItem reports whether two are in the same place, whatever their values.
func (s Stored) SameItem(other Stored) bool {
	return s.Origin == other.Origin && s.Where == other.Where && s.Key == other.Key
}

// Saved lists the web storage that is kept for a session while a window shows
// another's: what its localStorage is to get, and the sessionStorage of any tab.
func (b *Book) Saved(ref Ref, w Window) []Stored {
	b.mu.Lock()
	defer b.mu.Unlock()
	session, err := b.session(ref)
	if err != nil || session.savedStorage == nil {
		return nil
	}
	var list []Stored
	for name, area := range session.savedStorage.items {
		where := "sessionStorage"
		if strings.HasPrefix(string(name), localPrefix) {
			if where = "localStorage"; string(name) != localPrefix+string(w) {
				continue
			}
		}
		for origin, items := range area {
			for _, item := range items.list() {
				list = append(list, Stored{origin, where, item[0], item[1]})
			}
		}
	}
	SortStored(list)
	return slices.CompactFunc(list, Stored.SameItem)
}

// SortStored sorts by origin, place and key.
func SortStored(list []Stored) {
	slices.SortFunc(list, func(a, b Stored) int {
		return cmp.Or(strings.Compare(a.Origin, b.Origin), strings.Compare(a.Where, b.Where), strings.Compare(a.Key, b.Key))
	})
}

// list has the items as pairs of key and value.
func (i Items) list() [][2]string {
	var pairs [][2]string
	if json.Unmarshal([]byte(i), &pairs) != nil {
		return nil
	}
	return pairs
}
