// Package shop is a small web shop with accounts, made to show what an HTTP
// session is: who you are to it depends on one cookie, and every page says in
// large letters who the server thinks you are.
//
//	srv := httptest.NewServer(shop.New())
//
// # Accounts
//
// alice, bob and admin; [Password] gives their passwords, and the login page
// shows them. Each has orders of its own, numbered from 1001.
//
// # Cookies
//
//	sid          the session: 128 random bits in hex, HttpOnly, SameSite=Lax,
//	             a new value at every login, gone from the server at logout
//	XSRF-TOKEN   bound to the session and readable by script; the forms of a
//	             signed-in user repeat it in their hidden field xsrf
//	remember-me  on request at login, 30 days: signs in again, under a new sid,
//	             when sid is missing or unknown
//
// All are Secure when the request came over TLS. Every page and API answer
// belongs to a session: a visitor without a valid sid is given an anonymous
// one. The style sheet and the icon neither start a session nor keep one alive.
//
// # The hole
//
// GET /orders/{number} shows any order to any signed-in user: it does not ask
// whose order it is. That is deliberate, marked in visit.order and in the
// source of the page, and the only such place. One switch comes on top, used
// only when asked for: a login through /login?rotate=off keeps the session id
// it found, which is a session fixation to write tests against. The login page
// links to it in a closed section.
//
// # Timeout
//
// Sessions last until the logout, or as [Shop.Idle] says. One that was made by
// /login?idle=2s ends when it was not used for longer than that, whatever the
// others do: who comes with it then is told so, with status 401, and the browser
// is told to forget its cookies. The answer starts no new session.
//
// # Not done
//
//   - Hashed passwords: they stand on the login page.
//   - A database: a new [Shop] is the reset button.
//   - A remember-me token that changes at each use: a switched session that
//     repeats the old one would look like theft, and end it for everybody.
//   - An XSRF check at login and logout: neither has anything to protect here.
package shop
