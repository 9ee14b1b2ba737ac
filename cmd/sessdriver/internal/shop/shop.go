package shop

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxSeen bounds what Seen returns; older requests are forgotten.
const maxSeen = 500

// Shop is a small web shop with accounts, made to show what a session is. It
// is deliberately insecure in one named place: see the package comment. Safe
// for concurrent use.
type Shop struct {
	// Idle ends a session that was not used for longer; 0 means never. Set it
	// before the first request.
	Idle time.Duration

	now func() time.Time // replaced by tests
	mux *http.ServeMux

	mu    sync.Mutex // guards what follows
	data  shopData
	store store
	seen  []Seen // oldest first
}

// Seen is one request as the server understood it.
type Seen struct {
	Method  string
	Path    string // as sent, without the query
	User    string // whom the request was taken for; "" is nobody
	Session string // a label such as "s3", never the token; "" on assets sent without a session
	Time    time.Time
}

// New opens a shop in its first state: three accounts, seven orders, nobody
// signed in. Two shops share nothing.
func New() *Shop {
	s := &Shop{now: time.Now, mux: http.NewServeMux()}
	s.data = newShopData(s.now())
	s.store = newStore()
	s.routes()
	return s
}

func (s *Shop) routes() {
	s.mux.Handle("GET /{$}", s.page((*visit).front))
	s.mux.Handle("GET /login", s.page((*visit).loginForm))
	s.mux.Handle("POST /login", s.page((*visit).login))
	s.mux.Handle("GET /logout", s.page((*visit).logoutForm))
	s.mux.Handle("POST /logout", s.page((*visit).logout))
	s.mux.Handle("GET /account", s.page(signedIn((*visit).account)))
	s.mux.Handle("POST /account", s.page(signedIn(checked((*visit).rename))))
	s.mux.Handle("GET /orders", s.page(signedIn((*visit).orders)))
	s.mux.Handle("POST /orders", s.page(signedIn(checked((*visit).placeOrder))))
	s.mux.Handle("GET /orders/{number}", s.page(signedIn((*visit).order)))
	s.mux.Handle("GET /admin", s.page((*visit).admin))
	s.mux.Handle("GET /api/whoami", s.page((*visit).apiWhoami))
	s.mux.Handle("GET /api/orders", s.page((*visit).apiOrders))
	s.mux.Handle("GET /style.css", s.asset("style.css", "text/css; charset=utf-8"))
	s.mux.Handle("GET /favicon.svg", s.asset("favicon.svg", "image/svg+xml"))
	s.mux.Handle("GET /favicon.ico", s.asset("favicon.svg", "image/svg+xml"))
	s.mux.Handle("/", s.page((*visit).missing))
}

// ServeHTTP answers one request. Nothing it sends may be cached, so that a
// page always shows who the server sees now.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}

// Seen returns what the server saw lately, oldest first: pages, API calls and
// assets, each under the user and session it arrived as. A login is therefore
// still nobody's; a first visit counts for the session it was given. The
// slice is the caller's.
func (s *Shop) Seen() []Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// note books r as a request of sess, which may be nil. The caller holds s.mu.
func (s *Shop) note(r *http.Request, sess *session, now time.Time) {
	entry := Seen{Method: r.Method, Path: r.URL.Path, Time: now}
	if sess != nil {
		entry.User, entry.Session = sess.user, sess.label()
	}
	if len(s.seen) >= maxSeen {
		s.seen = slices.Delete(s.seen, 0, len(s.seen)-maxSeen+1)
	}
	s.seen = append(s.seen, entry)
}
