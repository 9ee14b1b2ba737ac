package shop

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	firstOrder = 1001
	maxOrders  = 1000 // of all accounts together
	maxName    = 40   // runes in a display name
)

var (
	// errWrongLogin reports a user and password that do not belong together.
	errWrongLogin = errors.New("wrong user name or password")
	// errBadName reports a display name that is empty or too long.
	errBadName = fmt.Errorf("a display name has 1 to %d characters", maxName)
	// errNoProduct reports an order of something the shop does not sell.
	errNoProduct = errors.New("there is no such product")
	// errSoldOut reports that the shop holds as many orders as it can.
	errSoldOut = errors.New("the shop takes no more orders")
)

type account struct {
	User, Password, Name, Email string // Name is the display name, the only one that changes
}

type product struct {
	ID, Name string
	Price    price
	Icon     string // an SVG path in a box of 24
}

// order keeps the product's name and price as they were on the day.
type order struct {
	Number  int       `json:"number"`
	Owner   string    `json:"owner"`
	Product string    `json:"product"`
	Price   price     `json:"cents"`
	Placed  time.Time `json:"placed"`
}

// price is in cents.
type price int

func (p price) String() string { return fmt.Sprintf("€ %d.%02d", p/100, p%100) }

var products = []product{
	{"tea-set", "Tea set for two", 3400, "M4 9h12v5a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5zM16 10h2a2.5 2.5 0 0 1 0 5h-2M8 3v3M12 3v3"},
	{"pocket-watch", "Pocket watch", 8950, "M12 7a7 7 0 1 0 .01 0zM12 10.500v4l2.500 1.500M10 4.500a2 2 0 1 1 4 0V7h-4z"},
	{"tool-box", "Tool box", 2700, "M3 9h18v10H3zM8 9V6a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v3M3 13h7M14 13h7M10 11.500h4v3h-4z"},
	{"key-ring", "Key ring", 1250, "M8 11a4 4 0 1 0 .01 0zM11 12.500 20 4M16 7.500l3 3M13.500 10l2 2"},
}

// seedAccounts are the accounts of a fresh shop.
var seedAccounts = []account{
	{"alice", "alice-demo", "Alice Liddell", "alice@shop.test"},
	{"bob", "bob-demo", "Bob Baumeister", "bob@shop.test"},
	{"admin", "admin-demo", "The shopkeeper", "admin@shop.test"},
}

// seedOrders says who has ordered what, as indexes into products.
var seedOrders = []struct {
	owner   string
	product int
}{{"alice", 0}, {"alice", 1}, {"alice", 3}, {"bob", 2}, {"bob", 0}, {"admin", 3}, {"admin", 2}}

// Password returns the password that a fresh shop's login form accepts for
// user, "" for a user without an account.
func Password(user string) string {
	for _, a := range seedAccounts {
		if a.User == user {
			return a.Password
		}
	}
	return ""
}

// shopData holds what outlives a session: accounts and orders. Its user locks.
type shopData struct {
	accounts []account
	orders   []order // by number, without gaps
}

func newShopData(now time.Time) shopData {
	st := shopData{accounts: slices.Clone(seedAccounts)}
	day := now.AddDate(0, 0, -len(seedOrders))
	for i, seed := range seedOrders {
		st.append(seed.owner, products[seed.product], day.AddDate(0, 0, i))
	}
	return st
}

// account returns nil for a user that has none.
func (st *shopData) account(user string) *account {
	i := slices.IndexFunc(st.accounts, func(a account) bool { return a.User == user })
	if i < 0 {
		return nil
	}
	return &st.accounts[i]
}

// authenticate returns the user's account, or errWrongLogin for whatever is
// wrong: a stranger does not learn which users exist.
func (st *shopData) authenticate(user, password string) (*account, error) {
	a := st.account(user)
	if a == nil || !same(a.Password, password) {
		return nil, errWrongLogin
	}
	return a, nil
}

func (a *account) rename(name string) error {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > maxName {
		return errBadName
	}
	a.Name = name
	return nil
}

// order finds an order by its number alone, whoever it belongs to.
func (st *shopData) order(number int) (order, bool) {
	i := number - firstOrder
	if i < 0 || i >= len(st.orders) {
		return order{}, false
	}
	return st.orders[i], true
}

// ordersOf returns the orders of user, oldest first; never nil.
func (st *shopData) ordersOf(user string) []order {
	mine := []order{}
	for _, o := range st.orders {
		if o.Owner == user {
			mine = append(mine, o)
		}
	}
	return mine
}

func (st *shopData) place(user, productID string, now time.Time) (order, error) {
	i := slices.IndexFunc(products, func(p product) bool { return p.ID == productID })
	if i < 0 {
		return order{}, errNoProduct
	}
	if len(st.orders) >= maxOrders {
		return order{}, errSoldOut
	}
	return st.append(user, products[i], now), nil
}

func (st *shopData) append(user string, p product, now time.Time) order {
	o := order{firstOrder + len(st.orders), user, p.Name, p.Price, now}
	st.orders = append(st.orders, o)
	return o
}

// same compares secrets in a time that does not depend on where they differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
