// Package wire is the connection to a browser. It knows the DevTools protocol and nothing
// else: no windows, no sessions of sites.
//
// One connection has two users. chromedp has the root of it, for page automation
// ([Conn.Allocator]). We have a connection to the browser target of our own
// ([Conn.AttachToBrowser]) and everything attached below it, so that a message belongs to
// us or to chromedp by its session id alone. Each of ours is a [Link], on which commands
// are run with [Call], [CallOrUndo] and [Send].
//
// # Turns
//
// One goroutine reads. It handles each event, and each reply to what was sent, as it
// comes and in the order of the wire: in a turn. Others get at what only turns may touch
// with [Conn.Do]. A turn never waits for the browser.
//
// # What is not decoded
//
// Chrome sends kilobytes about each request, of which a few words are needed. The events that
// come for every request read only these ([RequestPaused], [RequestWillBeSent] and so on);
// a message on a pipe is only looked at for whose it is.
package wire
