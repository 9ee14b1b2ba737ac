package wire

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The events that come for every request, with what we need of them: who asked, how
// long each step took and most headers are not decoded. Each reads itself, and reports
// whether it could.

// Event decodes the parameters of an event: of one of this package's types, or of any of
// cdproto's.
func Event[E any](m *cdproto.Message) (*E, error) {
	e := new(E)
	if skimmed, is := any(e).(interface{ read([]byte) bool }); is {
		if !skimmed.read(m.Params) {
			return nil, errUnreadable
		}
	} else if err := jsonv2.Unmarshal(m.Params, e, chromedp.DefaultUnmarshalOptions); err != nil {
		return nil, err
	}
	return e, nil
}

var errUnreadable = errors.New("a value is not what it is to be")

// RequestPaused is Fetch.requestPaused.
type RequestPaused struct {
	RequestID    fetch.RequestID
	FrameID      cdp.FrameID
	ResourceType network.ResourceType
	Status       int    // of the response, 0 where it is a request
	Answered     bool   // it is paused with its response, or failed
	networkID    []byte // as it stands in the message; nil where the target has no Network events
	Request      struct {
		URL     string
		Method  string
		Headers Headers
	}
}

func (e *RequestPaused) read(text []byte) bool {
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
			e.Answered = true
		case "responseErrorReason":
			e.Answered = true
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

// NetworkID is the id of the request in the Network events. ok is false where its target
// has none.
func (e *RequestPaused) NetworkID() (id network.RequestID, ok bool) {
	text, err := strconv.Unquote(string(e.networkID)) // an id has no letters that JSON writes otherwise
	return network.RequestID(text), err == nil
}

// LoaderID is the id of the document that a navigation is to bring. ok is false where its
// target has no Network events.
func (e *RequestPaused) LoaderID() (id cdp.LoaderID, ok bool) {
	request, ok := e.NetworkID()
	return cdp.LoaderID(request), ok
}

// IsPreflight reports a CORS preflight, which never has cookies. Not all have a type of
// their own (TestBearerTokens); no page can write the header that shows one.
func (e *RequestPaused) IsPreflight() bool {
	return e.ResourceType == network.ResourceTypePreflight || e.Request.Method == "OPTIONS" && e.Request.Headers.Get("access-control-request-method") != ""
}

// RequestWillBeSent is Network.requestWillBeSent.
type RequestWillBeSent struct {
	RequestID network.RequestID
	LoaderID  cdp.LoaderID
	FrameID   cdp.FrameID
	Type      network.ResourceType
	WallTime  cdp.TimeSinceEpoch
	Request   struct {
		URL      string
		Method   string
		Headers  Headers // as the page had them
		PostData []byte  // as it stands in the message; nil where there is none
	}
	Redirected           bool // it follows a redirect,
	RedirectHasExtraInfo bool // which has such events
}

func (e *RequestWillBeSent) read(text []byte) bool {
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
					e.Request.PostData = value
				case "headers":
					e.Request.Headers = value
				}
			})
		}
	})
	return !w.bad
}

// RequestExtraInfo is Network.requestWillBeSentExtraInfo.
type RequestExtraInfo struct {
	RequestID         network.RequestID
	Headers           Headers
	AssociatedCookies []struct {
		Cookie         *network.Cookie               `json:"cookie"`
		BlockedReasons []network.CookieBlockedReason `json:"blockedReasons"`
	}
}

func (e *RequestExtraInfo) read(text []byte) bool {
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

// ResponseExtraInfo is Network.responseReceivedExtraInfo.
type ResponseExtraInfo struct {
	RequestID      network.RequestID
	Headers        Headers
	StatusCode     int64
	BlockedCookies []struct {
		CookieLine string `json:"cookieLine"`
	}
	CookiePartitionKey *network.CookiePartitionKey
}

func (e *ResponseExtraInfo) read(text []byte) bool {
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

// ResponseReceived is Network.responseReceived.
type ResponseReceived struct {
	RequestID    network.RequestID
	HasExtraInfo bool
	Response     Response
}

func (e *ResponseReceived) read(text []byte) bool {
	var w words
	w.each(text, func(name, value []byte) {
		switch string(name) {
		case "requestId":
			e.RequestID = network.RequestID(w.text(value))
		case "hasExtraInfo":
			e.HasExtraInfo = string(value) == "true"
		case "response":
			e.Response = value
		}
	})
	return !w.bad
}

// Response is how a server answered, as Chrome wrote it.
type Response []byte

// URL is where the response is from, "" where it cannot be read.
func (r Response) URL() (url string) {
	var w words
	w.each(r, func(name, value []byte) {
		if string(name) == "url" {
			url = w.text(value)
		}
	})
	return url
}

// Head is the status and the headers. ok is false where they cannot be read.
func (r Response) Head() (status int, headers Headers, ok bool) {
	var w words
	var hasStatus, hasHeaders bool
	w.each(r, func(name, value []byte) {
		switch string(name) {
		case "status":
			w.decode(value, &status)
			hasStatus = true
		case "headers":
			headers, hasHeaders = value, true
		}
	})
	return status, headers, hasStatus && hasHeaders && !w.bad
}

// LoadingEnded is the end of a request: Network.loadingFinished or Network.loadingFailed.
type LoadingEnded struct {
	RequestID network.RequestID
	ErrorText string // "net::ERR_…" of one that failed
	cors      []byte // what CORS has against it, JSON
}

func (e *LoadingEnded) read(text []byte) bool {
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

// Reason is why the request failed.
func (e *LoadingEnded) Reason() string {
	var status struct {
		CorsError string `json:"corsError"`
	}
	if jsonv2.Unmarshal(jsonv2.Value(e.cors), &status, chromedp.DefaultUnmarshalOptions) != nil || status.CorsError == "" {
		return e.ErrorText
	}
	return e.ErrorText + " (CORS: " + status.CorsError + ")"
}

// Headers are those of an event, as Chrome wrote them.
type Headers []byte

// Get finds a header, in any case: HTTP/2 has them in lower case. "" is for none.
func (h Headers) Get(name string) (text string) {
	var w words
	w.each(h, func(is, value []byte) {
		if len(is) == len(name) && bytes.EqualFold(is, []byte(name)) {
			text = w.text(value)
		}
	})
	return text
}

// All decodes them. It reports whether they could be read.
func (h Headers) All() (list network.Headers, ok bool) {
	return list, jsonv2.Unmarshal(jsonv2.Value(h), &list, chromedp.DefaultUnmarshalOptions) == nil
}
