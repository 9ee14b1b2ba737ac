package shop

import (
	"encoding/json"
	"net/http"
)

func (v *visit) apiWhoami() reply {
	return jsonReply(http.StatusOK, struct {
		User   string `json:"user"`
		Orders int    `json:"orders"`
	}{v.user(), len(v.shop.data.ordersOf(v.user()))})
}

// apiOrders answers 401, not a redirect: a script has no use for a login page.
func (v *visit) apiOrders() reply {
	if v.user() == "" {
		return jsonReply(http.StatusUnauthorized, map[string]string{"error": "not signed in"})
	}
	return jsonReply(http.StatusOK, v.shop.data.ordersOf(v.user()))
}

func jsonReply(status int, value any) reply {
	body, err := json.Marshal(value)
	if err != nil {
		return broken(err)
	}
	return reply{status: status, kind: "application/json", body: body}
}
