package shop

import (
	"bytes"
	"embed"
	"fmt"
	"hash/adler32"
	"html/template"
	"net/http"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.ParseFS(assets, "assets/*.html"))

// reply is an answer that was decided but not yet written.
type reply struct {
	status   int
	kind     string // Content-Type
	location string // of a redirect, which has no body
	body     []byte
	cookies  []*http.Cookie
}

func (rep reply) write(w http.ResponseWriter) {
	for _, c := range rep.cookies {
		http.SetCookie(w, c)
	}
	if rep.location != "" {
		w.Header().Set("Location", rep.location)
	}
	if rep.kind != "" {
		w.Header().Set("Content-Type", rep.kind)
	}
	w.WriteHeader(rep.status)
	w.Write(rep.body) // the client may be gone: nobody is left to report to
}

// redirect answers a form so that a reload does not send it again.
func redirect(to string) reply { return reply{status: http.StatusSeeOther, location: to} }

// broken reports a page that could not be made, a mistake in this package.
func broken(err error) reply {
	return reply{status: http.StatusInternalServerError, kind: "text/plain; charset=utf-8",
		body: fmt.Appendf(nil, "making the page: %v\n", err)}
}

// frame is what every page gets: the header shows User, Data is the page's own.
type frame struct {
	Title   string
	User    string // "" is nobody
	Hue     uint32
	Session string
	XSRF    string
	Data    any
}

// html renders the template of that name inside the frame.
func (v *visit) html(status int, name, title string, data any) reply {
	f := frame{Title: title, User: v.user(), Hue: hue(v.user()), Data: data}
	if v.session != nil {
		f.Session, f.XSRF = v.session.label(), v.session.xsrf
	}
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name+".html", f); err != nil {
		return broken(err)
	}
	return reply{status: status, kind: "text/html; charset=utf-8", body: page.Bytes()}
}

// refuse is the page that says no, and why.
func (v *visit) refuse(status int, title, why string) reply {
	return v.html(status, "refusal", title, struct {
		Status int
		Why    string
	}{status, why})
}

// hue turns a name into one of twelve colours, as an angle, so that people
// know a user by colour. The three accounts are far apart: see TestHue.
func hue(user string) uint32 { return adler32.Checksum([]byte(user)) % 12 * 30 }

// asset serves an embedded file. It is noted under the session it came with,
// but starts none.
func (s *Shop) asset(name, kind string) http.Handler {
	body, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // embedded: missing means it was never built in
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		now := s.now()
		s.store.sweep(s.Idle, now)
		s.note(r, s.store.live[cookie(r, SessionCookie)], now)
		s.mu.Unlock()
		reply{status: http.StatusOK, kind: kind, body: body}.write(w)
	})
}
