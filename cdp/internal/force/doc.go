// Package force learns the sessions of a browser and forces them. It sees every request
// that the browser makes, pauses those of forced sites, keeps the jars in step with the
// book, and shows the tabs of a site anew after a switch. It acts on no page: package page
// does, which cannot see this one.
//
// # Parts
//
// An [Engine] holds the parts. Each has the core (the wire, the targets, the book, the log,
// who is told) and those other parts that it uses, by name.
//
//	exchanges    put the events of each request together, and tell the book
//	requests     remembers the last ones
//	interceptor  answers paused requests as the book says
//	challenges   answers for HTTP authentication, and makes the browser forget it
//	departures   holds the requests of documents that are about to be replaced
//	mirror       keeps the jars in step, and a journal of what they held
//	quiet        knows where nothing of before a switch can be answered any more
//	guard        lowers Fetch where it is not needed, and raises it
//	observer     decides how cookies are learnt; feed is the extension that tells them
//	cache        empties the HTTP cache, or goes around it
//	reloads      shows tabs anew
//	storage      lets the storage of pages go and come with the sessions
//
// A request's way is Handle (events.go), the interceptor's paused, decide, ask and answer,
// and the exchanges' sent and received. The way of a switch is change (switch.go), from top
// to bottom.
//
// # Turns and goroutines
//
// Events are handled in turns of the wire, which never wait for the browser. What exchanges,
// interceptor, challenges and departures hold is a turn's, and has no lock. The mirror, the
// guard, the quiet and the observer have a goroutine each, from [Engine.Start] to
// [Engine.Stop]; commands run on their caller's.
//
// # Locks
//
// The lock of the commands comes first: see [Engine.Lock]. The guard, the observer and the
// quiet only try it, since Close holds it while it waits for them. Then comes the mirror's
// writing, which is held while the browser is waited for, so that jars are written one at a
// time. The locks of single parts come next; none is held while the browser is waited for.
// That of targets is the innermost.
package force
