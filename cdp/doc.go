// Package cdp is the browser side of sessdriver: it launches Chrome or attaches
// to one, tells the book of package sessions what the browser does, and carries
// out what the book decides. With the packages below it, it alone imports chromedp and
// cdproto; it holds no rules about sessions, and it never prints.
//
// What Chromium really does, and what the code therefore does, stands in CHROMIUM.md,
// numbered, with the tests that show it; comments cite it.
//
// # Packages
//
//	cmd/sessdriver  wires: flags, prompt, exit codes   imports all below
//	scripts         the command language               imports sessions, sessions/fault
//	cdp             the browser                        imports the same, chromedp
//	sessions        the domain, pure                   imports sessions/fault
//	sessions/fault  what kind an error is of           imports nothing of ours
//
// Packages below one of these are private to it, but for cdp/leaks, which the doctor
// uses, too: every way in which pages make requests. This one has rooms:
//
//	cdp/internal/wire     messages and their routing  imports chromedp
//	cdp/internal/chrome   find, start, end a browser  imports wire
//	cdp/internal/targets  what is alive, and where    imports wire, sessions
//	cdp/internal/page     acts on a tab, as a person  imports targets, wire, sessions
//	cdp/internal/force    learns and forces sessions  imports targets, wire, sessions
//
// A test in cmd/sessdriver enforces the directions.
//
// # How a request flows
//
//	   commands (prompt, script, pipe)          scripts
//	                │ use, new, token add …
//	                ▼
//	Book: sites, tokens, sessions               sessions
//	   ▲ Sent, Received   │ Decide     │ PlanJar
//	   │                  ▼            ▼
//	exchanges        interceptor     mirror     cdp/internal/force
//	   ▲ Network.*        ▲▼ Fetch.*   ▼ Storage.setCookies
//	───┴──────────────────┴────────────┴──────── one wire
//	                 Chrome
//
// The exchanges put the events of each request together: what was sent, what came back.
// The book learns from them, and finds out whose each was.
//
// While a session is forced somewhere, the interceptor pauses the requests of its site.
// Fetch is dear for every request of the browser, so it is off until then, and its
// patterns are the forced sites' alone. A verdict comes back: right as it is, or written
// with other cookies. What is right goes on as it is once its window is quiet: no answer to
// a request from before the switch can come any more, and the jar, read back, is in step.
// Until then it is written too, since the browser would take its cookies from the jar
// as that is when it sends (CHROMIUM 19).
//
// The mirror keeps the jars in step, for what Fetch cannot pause and for scripts. Each
// write is read back and repeated, since an answer may race it; the book's newest value
// wins. Fetch is the guarantee, the jar is the coverage.
//
// # A switch
//
// The book decides; every request that starts meets the interceptor; the jar follows and
// is read back; the cache is emptied or gone around; the site's tabs are shown anew. A tab
// is reloaded past the cache. What came by another method than GET is opened by GET; what
// would log in or out is not asked for (RULES 37, 38). Until the new document is there, what
// the old one asks for is held, and fails.
//
// # What is promised
//
// When [Browser.Use] has answered, every request that starts later is of that session,
// and each gets exactly one answer. If Chrome refuses an answer, the second one is
// Fetch.failRequest where the verdict was written, and a plain continue where it was not:
// nothing goes out as the wrong user. That is the guard [sessions.GuardAlways]. With
// [sessions.GuardSwitch] requests are paused only until all is quiet, and again when a
// jar is seen to differ; with [sessions.GuardOff] the jar alone forces.
//
// [Browser.Close] leaves a browser that we attached to as it was found: jars, Fetch, our
// tabs and windows. What the jars held is in a journal before the first change, and is put
// back by the next start when this one is killed. The same holds for a profile of the user's.
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
//	mirror     force.Start     Close
//	guard      force.Start     Close
//	quiet      force.Start     Close
//	observer   force.Start     Close
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
// # Locks
//
// Most state is a turn's and has no lock. Of the locks, that of the commands comes first,
// which package force has: a command that changes what is forced holds it until it is done.
// Then come those of single parts (pages, blanks, those of force), none of which is held
// while the browser is waited for, but for the mirror's writing, which makes its writes one
// at a time. That of targets is the innermost: any other may be held when it is taken.
//
// # Windows
//
// A window is a browser context; package targets has their names. A paused request is
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
// # Words
//
// Those of the domain are in package sessions. Besides:
//
//   - Target: what DevTools attaches to: a page, a frame of another process, a worker.
//   - Tab: a target of ours, mostly a page; the current one is what commands act on.
//   - Wire: the connection to the browser; a link is a DevTools session on it.
//   - Turn: the handling of one message; turns never run at the same time and never wait.
//   - To settle: to wait until all that the browser reported up to now is booked.
//   - To tell, told: to report; said of what the browser reports, and of notices to a person.
//   - To prime a target: to make it visible to Fetch, which was enabled after it began.
//   - To pause: what Fetch does with a request until it is answered.
//   - Departure: a document that is about to be replaced; its requests are held and fail.
//   - To show anew: to reload a tab, or to open its URL, as the session that is active now.
//   - Torn: said of a jar that may be out of sync; to mend it is to bring it in sync.
//   - Quiet: said of a site in a window where no response from before a switch can come.
//   - Drift: a jar that was seen to differ while nothing was paused.
//   - Astray: said of a request that went out as another session than the forced one.
//   - Around the cache: with the cache and the service worker bypassed.
//   - Feed: the extension that reports changes of cookies, for the mode "changes".
//   - Journal: the file that says how to put the cookies back after a kill.
//   - Sign: what shows a person in which window a page is.
//   - Apart: in a browser context of our own.
//
// # Not done
//
// Routing by guessing which attach belongs to whom: the own browser connection
// makes it unnecessary. Handling paused requests on a goroutine each: no faster
// (measured), and the order is lost. Refetching with Go's client: another
// network stack, another TLS and cookie behaviour.
package cdp
