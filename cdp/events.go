package cdp

import (
	"bytes"

	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The events that come for every request, with what we need of them: who asked, how
// long each step took and most headers are not decoded.

type requestPaused struct {
	RequestID    fetch.RequestID      `json:"requestId"`
	FrameID      cdp.FrameID          `json:"frameId"`
	ResourceType network.ResourceType `json:"resourceType"`
	Request      struct {
		URL     string          `json:"url"`
		Method  string          `json:"method"`
		Headers network.Headers `json:"headers"`
	} `json:"request"`
}

type requestWillBeSent struct {
	RequestID network.RequestID    `json:"requestId"`
	LoaderID  cdp.LoaderID         `json:"loaderId"`
	FrameID   cdp.FrameID          `json:"frameId"`
	Type      network.ResourceType `json:"type"`
	WallTime  cdp.TimeSinceEpoch   `json:"wallTime"`
	Request   struct {
		URL    string `json:"url"`
		Method string `json:"method"`
	} `json:"request"`
	RedirectHasExtraInfo bool      `json:"redirectHasExtraInfo"`
	RedirectResponse     *struct{} `json:"redirectResponse"` // nil where it follows no redirect
}

// requestExtraInfo is Network.requestWillBeSentExtraInfo.
type requestExtraInfo struct {
	RequestID         network.RequestID `json:"requestId"`
	Headers           headers           `json:"headers"`
	AssociatedCookies []struct {
		Cookie         *network.Cookie               `json:"cookie"`
		BlockedReasons []network.CookieBlockedReason `json:"blockedReasons"`
	} `json:"associatedCookies"`
}

// responseExtraInfo is Network.responseReceivedExtraInfo.
type responseExtraInfo struct {
	RequestID      network.RequestID `json:"requestId"`
	Headers        headers           `json:"headers"`
	StatusCode     int64             `json:"statusCode"`
	BlockedCookies []struct {
		CookieLine string `json:"cookieLine"`
	} `json:"blockedCookies"`
	CookiePartitionKey *network.CookiePartitionKey `json:"cookiePartitionKey"`
}

// responseReceived is Network.responseReceived.
type responseReceived struct {
	RequestID    network.RequestID `json:"requestId"`
	HasExtraInfo bool              `json:"hasExtraInfo"`
	Response     struct {
		URL string `json:"url"`
	} `json:"response"`
}

// headers are those of an event, as Chrome wrote them. Most responses set no cookie, so
// that they are decoded only when they have what is asked for.
type headers jsonv2.Value

// UnmarshalJSON satisfies json.Unmarshaler.
func (h *headers) UnmarshalJSON(text []byte) error {
	*h = bytes.Clone(text)
	return nil
}

// get finds a header by its name in lower case; "" for none.
func (h headers) get(name string) string {
	if !bytes.Contains(bytes.ToLower(h), []byte(name)) {
		return ""
	}
	var list network.Headers
	if jsonv2.Unmarshal(jsonv2.Value(h), &list, chromedp.DefaultUnmarshalOptions) != nil {
		return ""
	}
	return header(list, name)
}
