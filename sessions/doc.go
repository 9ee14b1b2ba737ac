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
// A site is the set of hosts that share one list of sessions: by default a
// registrable domain (see [ScopeDomain]), or one host:port (see [ScopeHost]).
//
// A token is a cookie name that identifies a session. A default token counts on
// every site, a site token on one. A token cookie is one cookie of such a name: several
// may be told apart by domain, path and partition. A carried cookie belongs to a login
// without identifying it (remember-me, XSRF-TOKEN): it is swapped like a token and
// ignored in matching.
//
// A header token is a request header that pages write to identify a session, such
// as a bearer token: it travels with its session, and is ignored in matching.
//
// A session is a named set of token cookies and carried cookies on one site,
// shared by all windows: a login, in the terms of its users. The anonymous session is
// the one that requests without any token belong to. A session that had tokens and lost
// them is logged out.
//
// A window is a browser context: a jar, a cache and storage of its own. The
// default one is [Main]. The jar is its store of cookies.
//
// The active session of a window and site is the one forced there. The matched
// session is the one that a request belongs to by the cookies it carries.
//
// A verdict is our decision on a paused request. Its zero value means
// "continue unchanged", so a forgotten branch is harmless. A rewrite replaces, removes
// or adds cookies in a Cookie header, and leaves every other byte.
//
// # How it is used
//
// A [Book] holds everything. Ask [Book.Decide] for the verdict on a paused
// request; tell it what was really sent ([Book.Sent]) and what came back
// ([Book.Received]); change what is forced with [Book.Use], [Book.New],
// [Book.Unset]; and let [Book.PlanJar] say what a jar must hold. Every change
// is told to [Options.Notify] as an [Event], in order; no event has a value.
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
