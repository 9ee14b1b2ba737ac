// Package doctor lets the user's own browser, started anew, make requests in every way
// that package cdp/leaks knows, and asks an embedded site whose each of them was.
package doctor
