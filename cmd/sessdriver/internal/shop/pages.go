package shop

import (
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"
)

// holeComment goes into the page as it is: html/template drops comments that
// stand in a template.
const holeComment template.HTML = `<!-- Deliberate hole: the server did not check whose order this is. ` +
	`Any signed-in user can read any order by its number. -->`

func (v *visit) front() reply {
	return v.html(http.StatusOK, "front", "Shop", products)
}

func (v *visit) account() reply {
	return v.accountPage(http.StatusOK, "")
}

func (v *visit) accountPage(status int, problem string) reply {
	return v.html(status, "account", "Account", struct {
		*account
		Age     time.Duration
		Problem string
	}{v.shop.data.account(v.user()), v.now.Sub(v.session.started).Round(time.Second), problem})
}

func (v *visit) orders() reply {
	return v.html(http.StatusOK, "orders", "Orders", v.shop.data.ordersOf(v.user()))
}

// order shows one order. THE DELIBERATE HOLE: it does not compare the order's
// owner with v.user(), so that any signed-in user can read any order.
// TestHole shows it; a repaired shop would answer 404 here.
func (v *visit) order() reply {
	number, err := strconv.Atoi(v.req.PathValue("number"))
	if err != nil {
		return v.missing()
	}
	o, ok := v.shop.data.order(number)
	if !ok {
		return v.missing()
	}
	return v.html(http.StatusOK, "order", fmt.Sprintf("Order %d", o.Number), struct {
		order
		Foreign bool
		Comment template.HTML
	}{o, o.Owner != v.user(), holeComment})
}

// adminRow is one line of the admin's list.
type adminRow struct {
	account
	Orders, Sessions int
}

func (v *visit) admin() reply {
	if v.user() != "admin" {
		return v.refuse(http.StatusForbidden, "For the admin only",
			"This page lists the users and their sessions. The server does not see you as admin.")
	}
	live := v.shop.store.count()
	var rows []adminRow
	for _, a := range v.shop.data.accounts {
		rows = append(rows, adminRow{a, len(v.shop.data.ordersOf(a.User)), live[a.User]})
	}
	return v.html(http.StatusOK, "admin", "Admin", struct {
		Rows             []adminRow
		Anonymous, Total int
	}{rows, live[""], len(v.shop.store.live)})
}

func (v *visit) missing() reply {
	return v.refuse(http.StatusNotFound, "Nothing here", "The shop has no such page.")
}

// timedOut shows that to the visitor once, and has the browser forget the session.
func (v *visit) timedOut() reply {
	return v.refuse(http.StatusUnauthorized, "Your session has ended",
		"It was not used for longer than its idle time. Log in again.")
}

func (v *visit) unreadable() reply {
	return v.refuse(http.StatusBadRequest, "This form cannot be read",
		"It is malformed or too long. Nothing was changed.")
}
