package shop

import (
	"errors"
	"fmt"
	"net/http"
)

func (v *visit) loginForm() reply {
	return v.loginPage(http.StatusOK, "")
}

func (v *visit) loginPage(status int, problem string) reply {
	return v.html(status, "login", "Log in", struct {
		KeepID   bool
		Problem  string
		Typed    string
		Accounts []account
	}{v.keepsID(), problem, v.field("user"), seedAccounts})
}

// keepsID reports the fixation switch, ?rotate=off.
func (v *visit) keepsID() bool { return v.req.URL.Query().Get("rotate") == "off" }

// login signs in under a new session; the old one, and whatever another user
// had in it, ends. With ?rotate=off it changes hands under its old id instead,
// and whoever planted that id in the browser is signed in too.
func (v *visit) login() reply {
	who, err := v.shop.stock.authenticate(v.field("user"), v.field("password"))
	if err != nil {
		return v.loginPage(http.StatusUnauthorized, err.Error())
	}
	if v.keepsID() {
		v.session.user = who.User
	} else {
		v.session = v.shop.store.replace(v.session, who.User, v.now)
	}
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
	if err := v.shop.stock.account(v.user()).rename(v.field("name")); err != nil {
		return v.accountPage(http.StatusUnprocessableEntity, err.Error())
	}
	return redirect("/account")
}

func (v *visit) placeOrder() reply {
	o, err := v.shop.stock.place(v.user(), v.field("product"), v.now)
	switch {
	case errors.Is(err, errSoldOut):
		return v.refuse(http.StatusConflict, "Not ordered", err.Error())
	case err != nil:
		return v.refuse(http.StatusUnprocessableEntity, "Not ordered", err.Error())
	}
	return redirect(fmt.Sprintf("/orders/%d", o.Number))
}
