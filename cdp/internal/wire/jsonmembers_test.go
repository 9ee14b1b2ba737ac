package wire

import (
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/chromedp/cdproto"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// What is an object to a JSON decoder has the same members when it is skimmed.
func FuzzEachMember(f *testing.F) {
	for _, text := range []string{
		`{}`, ` { "a" : 1 , "b":[1,{"c":"}"}],"d":"\\\"","e":{"f":"\\"},"g":true }`, `{"a":"\""}`, `{"a":}`, `{"a" 1}`, `{,}`, `[1]`, `{"a":1,}`, `{"\u0061":"\u0062"}`, `{`, `{"`, `{"a":"\`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]string{}
		object := eachMember(text, func(name, value []byte) {
			var w words
			got[w.text(append(append([]byte{'"'}, name...), '"'))] = string(value)
		})
		var want map[string]json.RawMessage
		if !utf8.Valid(text) || json.Unmarshal(text, &want) != nil || want == nil {
			return // it may be taken for one, when what is wrong is within a value
		}
		if !object || len(got) != len(want) {
			t.Fatalf("%q: object %v, members %v, want %v", text, object, got, want)
		}
		for name, value := range want {
			if got[name] != string(value) {
				t.Errorf("%q: %q is %q, want %q", text, name, got[name], value)
			}
		}
	})
}

// What is peeked at is what a decoder reads, and what does not look so is left to it.
func FuzzPeek(f *testing.F) {
	for _, text := range []string{
		`{"method":"Network.x","params":{"a":1},"sessionId":"S"}`, `{"id":7,"result":{},"sessionId":"S"}`,
		`{"method":"Target.x","params":{"sessionId":"S"}}`, `{"id":7,"error":{"code":1,"message":",\"result\":{}"},"sessionId":"S"}`,
		`{"method":"a","params":{"b":"c"},"sessionId":"\u0041"}`, `{"id":7,"result":{},"sessionId":"S","more":"x"}`, `{"method":"m"}`, `{}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want cdproto.Message
		if !utf8.Valid(text) || !peek(append([]byte(nil), text...), &got) || jsonv2.Unmarshal(text, &want, chromedp.DefaultUnmarshalOptions) != nil {
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	})
}

// What Chrome reports of one fetch.
var fetchEvents = []string{
	`{"requestId":"1000.7","loaderId":"6C62E2B5DA9D2CB1B8C9E1E3B9B1C4E0","documentURL":"http://localhost:41001/?mode=explore","request":{"url":"http://localhost:41001/r/7?mode=explore","method":"GET","headers":{"sec-ch-ua-platform":"\"Linux\"","Referer":"http://localhost:41001/?mode=explore","User-Agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36","sec-ch-ua":"\"Chromium\";v=\"156\", \"Not(A:Brand\";v=\"24\"","sec-ch-ua-mobile":"?0"},"mixedContentType":"none","initialPriority":"High","referrerPolicy":"strict-origin-when-cross-origin","isSameSite":true},"timestamp":4711.3,"wallTime":1790000000.25,"initiator":{"type":"script","stack":{"callFrames":[{"functionName":"get","scriptId":"5","url":"http://localhost:41001/?mode=explore","lineNumber":2,"columnNumber":30},{"functionName":"one","scriptId":"5","url":"http://localhost:41001/?mode=explore","lineNumber":4,"columnNumber":80}]}},"redirectHasExtraInfo":false,"type":"Fetch","frameId":"0A1B2C3D4E5F60718293A4B5C6D7E8F9","hasUserGesture":false}`,
	`{"requestId":"1000.7","associatedCookies":[],"headers":{"Accept":"*/*","Accept-Encoding":"gzip, deflate, br, zstd","Connection":"keep-alive","Cookie":"sid=forced","Host":"localhost:41001","Referer":"http://localhost:41001/?mode=explore","Sec-Fetch-Dest":"empty","Sec-Fetch-Mode":"cors","Sec-Fetch-Site":"same-origin","User-Agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36"},"connectTiming":{"requestTime":4711.31},"siteHasCookieInOtherPartition":false}`,
	`{"requestId":"1000.7","blockedCookies":[],"headers":{"Cache-Control":"no-store","Content-Length":"2","Content-Type":"text/plain; charset=utf-8","Date":"Thu, 26 Nov 2026 00:00:00 GMT","Set-Cookie":"sid=next; Path=/"},"resourceIPAddressSpace":"Loopback","statusCode":200,"cookiePartitionKey":{"topLevelSite":"http://localhost","hasCrossSiteAncestor":false},"cookiePartitionKeyOpaque":false,"exemptedCookies":[]}`,
}

// BenchmarkEvents reads them as the driver does, and with a decoder.
func BenchmarkEvents(b *testing.B) {
	b.Run("skimmed", func(b *testing.B) {
		for b.Loop() {
			var sent RequestWillBeSent
			var extra RequestExtraInfo
			var received ResponseExtraInfo
			if !sent.read([]byte(fetchEvents[0])) || !extra.read([]byte(fetchEvents[1])) || !received.read([]byte(fetchEvents[2])) ||
				extra.Headers.Get("cookie") == "" || received.Headers.Get("set-cookie") == "" {
				b.Fatal("cannot be read")
			}
		}
	})
	b.Run("decoded", func(b *testing.B) {
		for b.Loop() {
			for i, e := range []any{new(network.EventRequestWillBeSent), new(network.EventRequestWillBeSentExtraInfo), new(network.EventResponseReceivedExtraInfo)} {
				if err := jsonv2.Unmarshal([]byte(fetchEvents[i]), e, chromedp.DefaultUnmarshalOptions); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
