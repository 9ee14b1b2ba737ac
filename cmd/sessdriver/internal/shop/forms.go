package shop

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// switches are what a login may be asked to do otherwise, in its query.
type switches struct {
	KeepID bool          // rotate=off: an invitation to session fixation
	Idle   time.Duration // idle=2s: ends the session when it was not used for longer; 0 is as the shop has it
}

// switches reads them from the query; ok is false for an idle time that is none.
func (v *visit) switches() (s switches, ok bool) {
	query := v.req.URL.Query()
	s.KeepID = query.Get("rotate") == "off"
	if !query.Has("idle") {
		return s, true
	}
	idle, err := time.ParseDuration(query.Get("idle"))
	s.Idle = idle
	return s, err == nil && idle > 0
}

// Action is where the form of the login goes, so that it keeps the switches.
func (s switches) Action() string {
	query := url.Values{}
	if s.KeepID {
		query.Set("rotate", "off")
	}
	if s.Idle > 0 {
		query.Set("idle", s.Idle.String())
	}
	if len(query) == 0 {
		return "/login"
	}
	return "/login?" + query.Encode()
}

func (v *visit) loginForm() reply {
	return v.loginPage(http.StatusOK, "")
}

func (v *visit) loginPage(status int, problem string) reply {
	asked, ok := v.switches()
	if !ok {
		return v.noIdleTime()
	}
	return v.html(status, "login", "Log in", struct {
		switches
		Problem  string
		Typed    string
		Accounts []account
	}{asked, problem, v.field("user"), seedAccounts})
}

func (v *visit) noIdleTime() reply {
	return v.refuse(http.StatusBadRequest, "No idle time", "Write it as in /login?idle=2s. Nobody was logged in.")
}

// login signs in under a new session; the old one, and whatever another user
// had in it, ends. With ?rotate=off it changes hands under its old id instead,
// and whoever planted that id in the browser is signed in too.
func (v *visit) login() reply {
	asked, ok := v.switches()
	if !ok {
		return v.noIdleTime()
	}
	who, err := v.shop.data.authenticate(v.field("user"), v.field("password"))
	if err != nil {
		return v.loginPage(http.StatusUnauthorized, err.Error())
	}
	if asked.KeepID {
		v.session.user = who.User
	} else {
		v.session = v.shop.store.replace(v.session, who.User, v.now)
	}
	v.session.idle = asked.Idle
	if v.field("remember") != "" {
		c := v.cookie(rememberCookie, v.shop.store.remember(who.User, v.now))
		c.MaxAge = int(rememberFor.Seconds())
		v.cookies = append(v.cookies, c)
	}
	return redirect("/account")
}

func (v *visit) logoutForm() reply {
	return v.html(http.StatusOK, "logout", "Log out", nil)
}

// logout ends the session at the server, and the remember-me token that the
// browser sent, and tells the browser to forget both.
func (v *visit) logout() reply {
	v.shop.store.end(v.session)
	v.session = nil
	if token := cookie(v.req, rememberCookie); token != "" {
		v.shop.store.forget(token)
		c := v.cookie(rememberCookie, "")
		c.MaxAge = -1
		v.cookies = append(v.cookies, c)
	}
	return redirect("/")
}

func (v *visit) rename() reply {
	if err := v.shop.data.account(v.user()).rename(v.field("name")); err != nil {
		return v.accountPage(http.StatusUnprocessableEntity, err.Error())
	}
	return redirect("/account")
}

func (v *visit) placeOrder() reply {
	o, err := v.shop.data.place(v.user(), v.field("product"), v.now)
	switch {
	case errors.Is(err, errSoldOut):
		return v.refuse(http.StatusConflict, "Not ordered", err.Error())
	case err != nil:
		return v.refuse(http.StatusUnprocessableEntity, "Not ordered", err.Error())
	}
	return redirect(fmt.Sprintf("/orders/%d", o.Number))
}
