package cdp

import (
	"bytes"
	"strconv"

	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The events that come for every request, with what we need of them: who asked, how
// long each step took and most headers are not decoded. Each reads itself, and reports
// whether it could.

type requestPaused struct {
	RequestID    fetch.RequestID
	FrameID      cdp.FrameID
	ResourceType network.ResourceType
	Status       int    // of the response, 0 where it is a request
	networkID    []byte // as it stands in the message; nil where the observer tells nothing of it
	Request      struct {
		URL     string
		Method  string
		Headers headers
	}
}

func (e *requestPaused) read(text []byte) bool {
	var w words
	w.each(text, func(name, value []byte) {
		switch string(name) {
		case "requestId":
			e.RequestID = fetch.RequestID(w.text(value))
		case "frameId":
			e.FrameID = cdp.FrameID(w.text(value))
		case "resourceType":
			e.ResourceType = network.ResourceType(w.text(value))
		case "networkId":
			e.networkID = value
		case "responseStatusCode":
			e.Status, _ = strconv.Atoi(string(value))
		case "request":
			w.each(value, func(name, value []byte) {
				switch string(name) {
				case "url":
					e.Request.URL = w.text(value)
				case "method":
					e.Request.Method = w.text(value)
				case "headers":
					e.Request.Headers = value
					w.each(value, func(name, value []byte) {
						if bytes.EqualFold(name, []byte("cookie")) {
							w.text(value) // unreadable, the event is: whose it is would not be known
						}
					})
				}
			})
		}
	})
	return !w.bad
}

type requestWillBeSent struct {
	RequestID network.RequestID
	LoaderID  cdp.LoaderID
	FrameID   cdp.FrameID
	Type      network.ResourceType
	WallTime  cdp.TimeSinceEpoch
	Request   struct {
		URL      string
		Method   string
		Headers  headers // as the page had them
		Password bool    // it has the fields of a form with a password; what is in them is not looked at
	}
	Redirected           bool // it follows a redirect,
	RedirectHasExtraInfo bool // which is told of
}

func (e *requestWillBeSent) read(text []byte) bool {
	var w words
	w.each(text, func(name, value []byte) {
		switch string(name) {
		case "requestId":
			e.RequestID = network.RequestID(w.text(value))
		case "loaderId":
			e.LoaderID = cdp.LoaderID(w.text(value))
		case "frameId":
			e.FrameID = cdp.FrameID(w.text(value))
		case "type":
			e.Type = network.ResourceType(w.text(value))
		case "wallTime":
			seconds, err := strconv.ParseFloat(string(value), 64)
			e.WallTime, w.bad = cdp.TimeSinceEpoch(seconds), w.bad || err != nil
		case "redirectResponse":
			e.Redirected = true
		case "redirectHasExtraInfo":
			e.RedirectHasExtraInfo = string(value) == "true"
		case "request":
			w.each(value, func(name, value []byte) {
				switch string(name) {
				case "url":
					e.Request.URL = w.text(value)
				case "method":
					e.Request.Method = w.text(value)
				case "postData":
					e.Request.Password = asksPassword(value)
				case "headers":
					e.Request.Headers = value
				}
			})
		}
	})
	return !w.bad
}

// requestExtraInfo is Network.requestWillBeSentExtraInfo.
type requestExtraInfo struct {
	RequestID         network.RequestID
	Headers           headers
	AssociatedCookies []struct {
		Cookie         *network.Cookie               `json:"cookie"`
		BlockedReasons []network.CookieBlockedReason `json:"blockedReasons"`
	}
}

func (e *requestExtraInfo) read(text []byte) bool {
	var w words
	w.each(text, func(name, value []byte) {
		switch string(name) {
		case "requestId":
			e.RequestID = network.RequestID(w.text(value))
		case "headers":
			e.Headers = value
		case "associatedCookies":
			if string(value) != "[]" {
				w.decode(value, &e.AssociatedCookies)
			}
		}
	})
	return !w.bad
}

// responseExtraInfo is Network.responseReceivedExtraInfo.
type responseExtraInfo struct {
	RequestID      network.RequestID
	Headers        headers
	StatusCode     int64
	BlockedCookies []struct {
		CookieLine string `json:"cookieLine"`
	}
	CookiePartitionKey *network.CookiePartitionKey
}

func (e *responseExtraInfo) read(text []byte) bool {
	var w words
	w.each(text, func(name, value []byte) {
		switch string(name) {
		case "requestId":
			e.RequestID = network.RequestID(w.text(value))
		case "headers":
			e.Headers = value
		case "statusCode":
			code, err := strconv.ParseInt(string(value), 10, 64)
			e.StatusCode, w.bad = code, w.bad || err != nil
		case "blockedCookies":
			if string(value) != "[]" {
				w.decode(value, &e.BlockedCookies)
			}
		case "cookiePartitionKey":
			w.decode(value, &e.CookiePartitionKey)
		}
	})
	return !w.bad
}

// responseReceived is Network.responseReceived.
type responseReceived struct {
	RequestID    network.RequestID
	HasExtraInfo bool
	response     []byte // as Chrome wrote it
}

func (e *responseReceived) read(text []byte) bool {
	var w words
	w.each(text, func(name, value []byte) {
		switch string(name) {
		case "requestId":
			e.RequestID = network.RequestID(w.text(value))
		case "hasExtraInfo":
			e.HasExtraInfo = string(value) == "true"
		case "response":
			e.response = value
		}
	})
	return !w.bad
}

// url is that of the response, "" where it cannot be read.
func (e *responseReceived) url() (url string) {
	var w words
	w.each(e.response, func(name, value []byte) {
		if string(name) == "url" {
			url = w.text(value)
		}
	})
	return url
}

// loading is the end of a request: Network.loadingFinished or loadingFailed.
type loading struct {
	RequestID network.RequestID
	ErrorText string // "net::ERR_…" of one that failed
	cors      []byte // what CORS has against it, JSON
}

func (e *loading) read(text []byte) bool {
	var w words
	w.each(text, func(name, value []byte) {
		switch string(name) {
		case "requestId":
			e.RequestID = network.RequestID(w.text(value))
		case "errorText":
			e.ErrorText = w.text(value)
		case "corsErrorStatus":
			e.cors = value
		}
	})
	return !w.bad
}

// why is why a request failed.
func (e *loading) why() string {
	var status struct {
		CorsError string `json:"corsError"`
	}
	if jsonv2.Unmarshal(jsonv2.Value(e.cors), &status, chromedp.DefaultUnmarshalOptions) != nil || status.CorsError == "" {
		return e.ErrorText
	}
	return e.ErrorText + " (CORS: " + status.CorsError + ")"
}

// headers are those of an event, as Chrome wrote them.
type headers []byte

// get finds a header, in any case: HTTP/2 has them in lower case. "" is for none.
func (h headers) get(name string) (text string) {
	var w words
	w.each(h, func(is, value []byte) {
		if len(is) == len(name) && bytes.EqualFold(is, []byte(name)) {
			text = w.text(value)
		}
	})
	return text
}

// all decodes them. It reports whether they could be read.
func (h headers) all() (list network.Headers, ok bool) {
	return list, jsonv2.Unmarshal(jsonv2.Value(h), &list, chromedp.DefaultUnmarshalOptions) == nil
}
