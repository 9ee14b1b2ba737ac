// Package targets knows what is alive in a browser: its tabs, frames and workers, which
// window each is in, what document a tab shows and which are on their way to it. It
// decides nothing, and knows no cookies; those who do ask it, and tell it what happens.
//
// [Set] is all of them, [Tab] is one. What never changes of a Tab are its fields; the rest
// is asked of the Set, by methods that say what they ask or note.
//
//   - Windows are browser contexts by names, and every frame has a window.
//   - A document begins to come ([Set.Begin]), is shown ([Set.Shows]), loads ([Set.Loads]).
//     An [Arrival] is the next one, for who waits for it.
//   - Each switch of sessions is counted ([Set.Switched]), so that what is older than the
//     last one of its site can be told from what is not. What a switch shows anew is noted
//     with the tab ([Set.ShowsAnew]), since navigations of others meet it.
//   - [Set.Settle] is the barrier: all that the browser told before is handled after it.
//
// # Its lock
//
// There is one lock, private, and the innermost of the program: while it is held nothing is
// waited for, no other lock is taken, and no function of anybody else runs. So each method may
// be called with any lock held. What was asked may have changed when the answer comes, unless
// that only changes in turns of the wire and this is one; what must be checked and changed at
// once is one method. A condition that is waited for ([Set.WaitFor]) runs without it.
package targets
