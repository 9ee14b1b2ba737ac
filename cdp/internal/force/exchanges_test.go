package force

import (
	"fmt"
	"testing"
	"time"

	"sessdriver/cdp/internal/wire/wiretest"
)

// A response that asks for client hints (Critical-CH) makes Chrome ask again, without a word
// of what was sent then. What is told of the first request is not taken for the second's,
// which began later, and would have had a token that came between.
func TestCriticalHints(t *testing.T) {
	f := newFakeChrome(t)
	b := withTab(t, f)
	ask := func(id string, wall int64, more string) {
		f.Event("tab", "Network.requestWillBeSent", fmt.Sprintf(`{"requestId":%q,"loaderId":"L","documentURL":"http://a.test/","request":{"url":"http://a.test/","method":"GET","headers":{},"initialPriority":"High","referrerPolicy":"no-referrer"},"timestamp":1,"wallTime":%d,"initiator":{"type":"script"},"redirectHasExtraInfo":false,"type":"Fetch","frameId":"tab"%s}`, id, wall, more))
	}
	sent := func(id, header string) {
		f.Event("tab", "Network.requestWillBeSentExtraInfo", fmt.Sprintf(`{"requestId":%q,"associatedCookies":[],"headers":{"Cookie":%q},"connectTiming":{"requestTime":1}}`, id, header))
	}
	received := func(id, line string) {
		f.Event("tab", "Network.responseReceivedExtraInfo", fmt.Sprintf(`{"requestId":%q,"blockedCookies":[],"headers":{"Set-Cookie":%q},"resourceIPAddressSpace":"Local","statusCode":200}`, id, line))
	}
	const restart = `,"redirectResponse":{"url":"http://a.test/","status":307,"statusText":"Internal Redirect","headers":{},"mimeType":"","connectionReused":false,"connectionId":0,"encodedDataLength":0,"securityState":"neutral"}`
	ask("first", 1, "")
	ask("other", 1, "")
	sent("other", "sid=alice1")
	received("other", "PHPSESSID=alice; Path=/")
	ask("first", time.Now().Unix()+1, restart)
	sent("first", "sid=alice1")
	received("first", "JSESSIONID=alice; Path=/")
	wiretest.Eventually(t, b.wire.Do, "all is booked", func() bool {
		x := b.exchanges.open["first"]
		return x != nil && len(x.urls) == 2 && x.urls[0].done
	})
	if list := b.book.Sessions("a.test", time.Now()); len(list) != 2 || len(list[0].Tokens) != 3 {
		t.Errorf("%+v", list)
	}
}
