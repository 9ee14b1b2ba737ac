package force

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto"

	"sessdriver/cdp/internal/wire"
)

// Chrome tells the bytes of a header as characters of windows-1252; a character
// that is none of them shows that it did not.
func TestRawBytes(t *testing.T) {
	for _, c := range []struct{ told, want string }{
		{"sid=1", "sid=1"},
		{"sid=Ã©", "sid=é"},
		{"sid=\u00e6\u2014\u00a5\u00e6\u0153\u00ac", "sid=日本"},
		{"sid=\u20ac\u0081\u00ff", "sid=\x80\x81\xff"},
		{"sid=日本", "sid=日本"},
	} {
		if got := rawBytes(c.told); got != c.want {
			t.Errorf("%q: got %q, want %q", c.told, got, c.want)
		}
	}
}

// A server whose clock is wrong: Expires is by its clock, Max-Age by ours.
func TestServerClock(t *testing.T) {
	now := time.Now()
	date := func(at time.Time) string { return at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") }
	told := fmt.Sprintf(`{"headers": {"Date": %q, "Set-Cookie": "a=1; Expires=%s\nb=1; Max-Age=3600"}}`, date(now.Add(-48*time.Hour)), date(now.Add(-47*time.Hour)))
	e, err := wire.Event[wire.ResponseExtraInfo](&cdproto.Message{Params: []byte(told)})
	if err != nil {
		t.Fatalf("cannot be read: %s", told)
	}
	r := response("https://shop.test/", e)
	if len(r.Cookies) != 2 {
		t.Fatalf("got %+v", r.Cookies)
	}
	for _, c := range r.Cookies {
		if off := c.Expires.Sub(now.Add(time.Hour)).Abs(); off > time.Minute {
			t.Errorf("%s expires at %s, %s off", c.Name, c.Expires, off)
		}
	}
}
