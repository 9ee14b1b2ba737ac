// Package leaks has every way that we know of in which pages make requests, and the
// server that judges whose each request was. The tests of cdp and the doctor let
// browsers go through them; it knows nothing of either.
package leaks
