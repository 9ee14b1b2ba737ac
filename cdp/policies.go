package cdp

import "sessdriver/cdp/internal/force"

// ReloadPolicy says which tabs a switch of sessions reloads.
type ReloadPolicy = force.ReloadPolicy

const (
	ReloadAll     = force.ReloadAll     // of the site, in the window; the default
	ReloadCurrent = force.ReloadCurrent // the current one, when it is of the site
	ReloadNone    = force.ReloadNone
)

// ReloadPolicies are all of them.
var ReloadPolicies = force.ReloadPolicies

// StoragePolicy says what a switch of sessions does with the web storage of the
// site in the window.
type StoragePolicy = force.StoragePolicy

const (
	StorageSwap  = force.StorageSwap  // localStorage and sessionStorage go and come with the session
	StorageKeep  = force.StorageKeep  // all stays as it is
	StorageClear = force.StorageClear // all is emptied, IndexedDB and CacheStorage too
)

// StoragePolicies are all of them.
var StoragePolicies = force.StoragePolicies
