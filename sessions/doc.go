// Package sessions is the domain of sessdriver: sites, tokens, sessions, and
// what is to be done with the cookies of a request. It is pure: values and
// decisions, one mutex, no I/O, no clock, no goroutine. Package cdp carries the
// decisions out.
//
// # The idea
//
// The book sees what servers hand out and what browsers send, finds the sessions in
// it, and lets a person force one of them: from then on every request of its site in
// that window is part of it. One principle decides the hard cases: the browser decides
// whether a request carries cookies, the book decides which. SameSite, Secure, Path,
// credentials: 'omit' and CORS preflights keep meaning what they mean on the web.
//
// The rules stand in RULES.md, numbered, beside those of ZAP's HTTP Sessions; comments
// cite them. The cases of ZAP in testdata/vectors run against the book.
//
// # Words
//
//   - Site: the hosts that share one list of sessions; see [ScopeDomain] and [ScopeHost].
//   - Boundary: where one site ends and another begins: the scope, and what was split or joined.
//   - Session: a named set of cookies, header tokens and web storage on one site, shared by all windows.
//   - Anonymous session: the one that requests without any token belong to, until a login fills it.
//   - Logged out: said of a session that had tokens and has none.
//   - Window: a browser context, with a jar, a cache and web storage of its own; [Main] is the default one.
//   - Jar: the cookie store of a window.
//   - Token: a cookie name that identifies a session; its value does, too, where the context says so.
//   - Default token: a pattern for token names that counts on every site.
//   - Site token: a token of one site.
//   - Token cookie: one cookie of such a name; a site may have several, by domain, path and partition.
//   - Carried cookie: one that belongs to a login without identifying it; it is replaced like a token.
//   - Unbound cookie: one of the site that is in no session, and the same whichever is active.
//   - Header token: a request header that identifies a session, such as a bearer token.
//   - Protection space: the URLs that ask for the same HTTP credentials (RFC 7617, 2.2).
//   - Cookie pair: a name and a value in a Cookie header (RFC 6265bis, 4.2.1).
//   - Known value: one that some session has or had.
//   - Foreign value: one that another session has or had.
//   - Active session: the one that is forced on a site in a window.
//   - Matched session: the one that a request belongs to, by the cookies in it.
//   - To force: to make every request of a site in a window part of one session.
//   - Switch: a change of the active session.
//   - Paused request: one that waits for a verdict (Fetch.requestPaused of CDP).
//   - Verdict: the decision on a paused request; its zero value means "continue unchanged".
//   - Rewrite: a verdict that replaces, removes or adds cookies and leaves every other byte.
//   - Exchange: a request as it was sent, and later its response.
//   - To book: to record what was sent or received in a session.
//   - To adopt: to record a value that no response set, as one that a script wrote.
//   - To withhold: not to book what a response brought, since it would make the session another user.
//   - Blocked cookie: one that the browser had and did not send or take (blockedCookies of CDP).
//   - Flushed: said of a request when all events of the browser before it are booked.
//   - In sync: said of a jar that has the cookies of the active session, and none of another's.
//   - Mirror: the part of package cdp that brings the jars in sync.
//   - Storage area: where an origin keeps web storage: localStorage, or the sessionStorage of a tab.
//   - Renewal: another value of a token in the same login.
//   - Replacement: another login in the place of a session's tokens.
//   - Cause: when and why cookies changed; those with one cause are reverted together.
//   - Sequence: a count that grows with every change and orders cookies by creation.
//
// # How it is used
//
// A [Book] holds everything. Ask [Book.Decide] for the verdict on a paused
// request. Report to it what was really sent ([Book.Sent]) and what came back
// ([Book.Received]). Change what is forced with [Book.Use], [Book.New] and
// [Book.Unset]. [Book.PlanJar] says what a jar must have. [Options.Notify] gets
// every change as an [Event], in order; no event has a value.
//
// Methods of Book are safe for concurrent use. What they return are copies.
//
// # Not done
//
// Matching by the first shared token: two users who share one of two tokens
// would become one. Parsing cookies with net/http: it drops or alters what
// browsers accept. Scores and heuristics for cookie names: a wrong token splits
// sessions in ways nobody can explain, a missing one is a "token add" away.
package sessions
