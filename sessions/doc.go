// Package sessions is the domain of sessdriver: sites, tokens, sessions, and
// what is to be done with the cookies of a request. It is pure: values and
// decisions, one mutex, no I/O, no clock, no goroutine. Package cdp carries the
// decisions out.
//
// # Words
//
// A site is the set of hosts that share one list of sessions: by default a
// registrable domain (see [ScopeDomain]), or one host:port (see [ScopeHost]).
//
// A token is a cookie name that identifies a session. A default token counts on
// every site, a site token on one. A carried cookie belongs to a login without
// identifying it (remember-me, XSRF-TOKEN): it is swapped like a token and
// ignored in matching.
//
// A header token is a request header that pages write to identify a session, such
// as a bearer token: it travels with its session, and is ignored in matching.
//
// A session is a named set of token cookies and carried cookies on one site,
// shared by all windows. The anonymous session is the one that requests without
// any token belong to. A session that had tokens and lost them is logged out.
//
// A window is a browser context: a jar, a cache and storage of its own. The
// default one is [Main].
//
// The active session of a window and site is the one forced there. The matched
// session is the one that a request belongs to by the cookies it carries.
//
// A verdict is our decision on a paused request. Its zero value means
// "continue unchanged", so a forgotten branch is harmless.
//
// # How it is used
//
// A [Book] holds everything. Ask [Book.Decide] for the verdict on a paused
// request; tell it what was really sent ([Book.Sent]) and what came back
// ([Book.Received]); change what is forced with [Book.Use], [Book.New],
// [Book.Unset]; and let [Book.PlanJar] say what a jar must hold. Every change
// is told to [Options.Notify] as an [Event], in order.
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
