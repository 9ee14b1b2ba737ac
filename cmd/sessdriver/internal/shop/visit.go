package shop

import (
	"net/http"
	"time"
)

// SessionCookie is the name of the cookie that identifies a session.
const SessionCookie = "sid"

const (
	xsrfCookie     = "XSRF-TOKEN"
	rememberCookie = "remember-me"
)

const maxForm = 1 << 16 // bytes in the body of a POST

// visit is one request to a page, answered while the shop is locked. Pages
// are methods of it that return their reply and write nothing themselves.
type visit struct {
	shop    *Shop
	req     *http.Request
	now     time.Time
	session *session       // nil after a logout, and where it timed out; else never
	cookies []*http.Cookie // to set, beside those of the session
}

// page serves what answer returns. The body is read before the lock is taken
// and the reply written after it is given back: a slow client holds up nobody.
func (s *Shop) page(answer func(*visit) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := readForm(w, r); err != nil {
			s.answer(r, (*visit).unreadable).write(w)
			return
		}
		s.answer(r, answer).write(w)
	})
}

func readForm(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	return r.ParseForm()
}

func (s *Shop) answer(r *http.Request, page func(*visit) reply) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.enter(r)
	s.note(r, v.session, v.now)
	if v.session == nil {
		page = (*visit).timedOut
	}
	rep := page(v)
	rep.cookies = v.leave()
	return rep
}

// enter finds the session that r belongs to. Without a valid one it signs in
// by remember-me, else it starts an anonymous session; but none for who comes with
// a session that ended by an idle time of its own.
func (s *Shop) enter(r *http.Request) *visit {
	v := &visit{shop: s, req: r, now: s.now()}
	s.store.sweep(s.Idle, v.now)
	id := cookie(r, SessionCookie)
	v.session = s.store.live[id]
	if v.session == nil {
		user := s.store.remembered(cookie(r, rememberCookie), v.now)
		if user == "" && s.store.expired[id] {
			return v
		}
		v.session = s.store.start(user, v.now)
	}
	v.session.used = v.now
	return v
}

// leave returns the cookies to set: those of the session only where the
// browser does not have them yet, so that most answers set none.
func (v *visit) leave() []*http.Cookie {
	sid, xsrf := v.cookie(SessionCookie, ""), v.cookie(xsrfCookie, "")
	xsrf.HttpOnly = false
	if v.session == nil {
		sid.MaxAge, xsrf.MaxAge = -1, -1
		return append(v.cookies, sid, xsrf)
	}
	sid.Value, xsrf.Value = v.session.id, v.session.xsrf
	for _, c := range []*http.Cookie{sid, xsrf} {
		if cookie(v.req, c.Name) != c.Value {
			v.cookies = append(v.cookies, c)
		}
	}
	return v.cookies
}

// cookie makes one with the attributes that all of the shop's share. A
// negative MaxAge is what net/http writes as Max-Age=0.
func (v *visit) cookie(name, value string) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.req.TLS != nil,
	}
}

// cookie returns the value of the first cookie of that name, "" without one.
func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// user is whom the server sees, "" for nobody.
func (v *visit) user() string {
	if v.session == nil {
		return ""
	}
	return v.session.user
}

// signedIn sends nobody to the login page and lets users through.
func signedIn(page func(*visit) reply) func(*visit) reply {
	return func(v *visit) reply {
		if v.user() == "" {
			return redirect("/login")
		}
		return page(v)
	}
}

// checked refuses a form that does not repeat the session's xsrf token: it
// was made by another site, or loaded under another session.
func checked(page func(*visit) reply) func(*visit) reply {
	return func(v *visit) reply {
		if !same(v.field("xsrf"), v.session.xsrf) {
			return v.refuse(http.StatusForbidden, "This form is not from your session",
				"Its hidden field xsrf does not hold the token of the session that sent it. "+
					"The form was loaded under another session, or another site made it. Nothing was changed.")
		}
		return page(v)
	}
}

// field is one value of the posted form.
func (v *visit) field(name string) string { return v.req.PostForm.Get(name) }
