package force

import "sessdriver/sessions"

// ReloadPolicy says which tabs a switch of sessions reloads.
type ReloadPolicy string

const (
	ReloadAll     ReloadPolicy = "all"     // of the site, in the window; the default
	ReloadCurrent ReloadPolicy = "current" // the current one, when it is of the site
	ReloadNone    ReloadPolicy = "none"
)

// ReloadPolicies are all of them.
var ReloadPolicies = sessions.Choice[ReloadPolicy]{What: "a reload policy", All: []ReloadPolicy{ReloadAll, ReloadCurrent, ReloadNone}}

// StoragePolicy says what a switch of sessions does with the web storage of the
// site in the window.
type StoragePolicy string

const (
	StorageSwap  StoragePolicy = "swap"  // localStorage and sessionStorage go and come with the session
	StorageKeep  StoragePolicy = "keep"  // all stays as it is
	StorageClear StoragePolicy = "clear" // all is emptied, IndexedDB and CacheStorage too
)

// StoragePolicies are all of them.
var StoragePolicies = sessions.Choice[StoragePolicy]{What: "a storage policy", All: []StoragePolicy{StorageSwap, StorageKeep, StorageClear}}
