// Package cdp is the browser side of sessdriver: it launches Chrome or attaches
// to one, tells the book of package sessions what the browser does, and carries
// out what the book decides. It is the only package that imports chromedp and
// cdproto, it holds no rules about sessions, and it never prints.
//
// # One wire
//
// There is one connection to the browser, with two users: chromedp, for page automation,
// and we, on target connections of our own. Package wire routes between them.
// Interception never waits for chromedp.
//
// # Goroutines
//
//	goroutine  started by      ends when
//	reader     wire.New        the transport ends; closes chromedp's queue
//	writer     chrome.Dial     the same; a pipe has none
//	mirror     start           Close
//	guard      start           Close
//	observer   start           Close
//	process    chrome.Start    the browser process is gone
//	stderr     chrome.Start    the browser's standard error is closed
//	server     serveBlank      the blank document of a request is there
//	chromedp   the first page command, one pair and one per tab; end with Close
//
// The reader handles everything that the browser tells us as it comes, in the order of
// the wire: paused requests, network events, replies to what was sent. Each takes a turn,
// which is also how others get at what only turns may touch. A turn never waits for the
// browser: waking another goroutine for each message cost a quarter of the driver's time.
// Its answers are written at once where Chrome reads its pipe, which it does on a thread
// of its own, and by the writer where a network is in between. Commands of people (Use,
// Open, …) run on their caller's goroutine and may wait.
//
// # Every paused request gets exactly one answer
//
// The interceptor's handler returns a verdict on every path and one function
// answers. If Chrome refuses an answer, the second one is Fetch.failRequest
// where the verdict was a rewrite, and a plain continue where it was not.
//
// # Windows
//
// A window is a browser context; [contexts] has their names. A paused request is
// mapped to its window by its frame, and one whose frame nobody told of yet is asked
// for. What happens in a window is for its jar, its tabs and its storage alone; the
// sessions in the book are shared.
//
// # Web storage
//
// A script in a world of its own (swap.js) swaps localStorage and sessionStorage of an
// origin before the page's first script, and reports what was there to the book, which
// keeps it with the session it was of. Pages have the script as long as the book plans
// something for their window.
//
// # Not done
//
// Routing by guessing which attach belongs to whom: the own browser connection
// makes it unnecessary. Handling paused requests on a goroutine each: no faster
// (measured), and the order is lost. Refetching with Go's client: another
// network stack, another TLS and cookie behaviour.
package cdp
