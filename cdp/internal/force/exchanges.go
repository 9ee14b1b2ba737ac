package force

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"sessdriver/cdp/internal/targets"
	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// maxOpen bounds the exchanges that wait for an event that may never come.
const maxOpen = 20_000

// exchanges puts the events of each request together and tells the book. A
// request has one hop per redirect; what was sent and what came back is told in
// separate events, which may come before or after the one that has the URL, but
// are in order among their kind (CHROMIUM 30). It is used in turns.
type exchanges struct {
	*core
	guard       *guard
	interceptor *interceptor
	mirror      *mirror
	quiet       *quiet
	requests    *requestLog

	open  map[network.RequestID]*exchange
	order []network.RequestID // oldest first, for the bound
	// rewritten are the requests that left with headers of ours and were not answered yet: true
	// where these say something else.
	rewritten map[network.RequestID]bool
}

type exchange struct {
	tab      *targets.Tab // the target that told of it last
	window   sessions.Window
	kind     network.ResourceType
	came     time.Time // when it was told of first
	urls     []hop
	stream   bool // a WebSocket or an EventSource: it stays open as whom it was opened
	switches int  // for a stream: those made when it began
	sent     []*wire.RequestExtraInfo
	received []*wire.ResponseExtraInfo
	finished bool
	failed   bool      // nobody said whether anything was sent
	ended    time.Time // when it was told that nothing more comes
	// frame and loader are of the document that asks for it, "" where they are not told.
	frame  cdp.FrameID
	loader cdp.LoaderID
	// orphan says that this document is gone: nobody tells its end.
	orphan bool
	own    bool // of ours, for the document of a request: it is nobody's
	// page is the one that loads while it is asked for, nil for none; shown is its document,
	// or the one that is asked for.
	page   *targets.Tab
	shown  cdp.LoaderID
	shows  bool // it asks for the document of the page itself
	ours   bool // see load
	part   bool // it is loaded with such a document
	before sessions.Effect
}

// hop is one request of a redirect chain.
type hop struct {
	url    string
	method string
	// password says that it has the fields of a form with a password.
	password bool
	did      sessions.Effect
	asked    wire.Headers // as the page had them, until it is booked
	began    time.Time
	silent   bool // from a cache: nothing was sent
	// unchecked says that a session was forced and nothing paused when it began.
	unchecked bool
	told      bool // what was sent and what came back is told, before or later
	last      bool // the hops before it were missed
	booked    *sessions.Exchange
	writes    int64 // of the mirror, when it was booked
	done      bool
	answered  bool // and that was no redirect: its cookies are in the jar
}

func newExchanges(c *core) *exchanges {
	return &exchanges{core: c, open: map[network.RequestID]*exchange{}, rewritten: map[network.RequestID]bool{}}
}

func (x *exchanges) at(id network.RequestID) *exchange {
	if e := x.open[id]; e != nil {
		return e
	}
	if len(x.order) >= maxOpen { // what is long open, a WebSocket say, holds up the others
		x.order = slices.DeleteFunc(x.order, func(id network.RequestID) bool { return x.open[id] == nil })
	}
	if len(x.order) >= maxOpen {
		delete(x.open, x.order[0])
		x.order = x.order[1:]
	}
	e := &exchange{came: time.Now()}
	x.open[id] = e
	x.order = append(x.order, id)
	return e
}

// begin notes the URL of a hop.
func (x *exchanges) begin(t *targets.Tab, e *wire.RequestWillBeSent) {
	if !strings.HasPrefix(e.Request.URL, "http") {
		return
	}
	ex := x.at(e.RequestID)
	if x.targets.IsBlank(t) && strings.HasSuffix(e.Request.URL, targets.BlankPath) {
		ex.own, ex.sent, ex.received = true, nil, nil
	}
	if ex.own {
		return
	}
	again := false // with the client hints that the response asked for; what is told is of the first (TestCriticalHints)
	if n := len(ex.urls); n > 0 {
		if !e.Redirected {
			return // the same request, told by two targets
		}
		if !e.RedirectHasExtraInfo {
			again = e.Request.URL == ex.urls[n-1].url
			ex.urls[n-1].silent = ex.urls[n-1].silent || !again
		}
	}
	x.of(ex, t)
	ex.kind, ex.frame, ex.loader = e.Type, e.FrameID, e.LoaderID
	x.within(ex, t, e)
	if e.Type == network.ResourceTypeEventSource && !ex.stream {
		x.opens(ex)
	}
	x.landed(e.RequestID, ex, e.Request.URL)
	ex.urls = append(ex.urls, hop{url: e.Request.URL, method: e.Request.Method, password: asksPassword(e.Request.PostData), asked: e.Request.Headers, began: clock(e.WallTime), silent: again, unchecked: x.guard.forces.Load() && !x.guard.up.Load()})
	x.bookHops(e.RequestID, ex)
}

// sent notes what really left.
func (x *exchanges) sent(e *wire.RequestExtraInfo) {
	ex := x.at(e.RequestID)
	if ex.own {
		return
	}
	ex.sent = append(ex.sent, e)
	x.bookHops(e.RequestID, ex)
}

// received notes what came back.
func (x *exchanges) received(e *wire.ResponseExtraInfo) {
	ex := x.at(e.RequestID)
	if ex.own {
		return
	}
	ex.received = append(ex.received, e)
	x.bookHops(e.RequestID, ex)
}

// answered notes whether there are events that tell what was sent. Its URL
// serves where a target made the request before we were listening: a sandboxed
// frame that moves to a process of its own does (TestDetect).
func (x *exchanges) answered(t *targets.Tab, e *wire.ResponseReceived) {
	ex := x.open[e.RequestID]
	if t == nil || ex == nil && !e.HasExtraInfo || ex != nil && ex.own {
		return
	}
	if ex == nil || len(ex.urls) == 0 {
		url := e.Response.URL()
		if !strings.HasPrefix(url, "http") {
			return
		}
		ex = x.at(e.RequestID)
		x.of(ex, t)
		ex.urls = []hop{{url: url, last: true}}
	}
	h := &ex.urls[len(ex.urls)-1]
	h.told, h.silent = e.HasExtraInfo, !e.HasExtraInfo && h.booked == nil
	x.bookHops(e.RequestID, ex)
}

// of notes which target told of an exchange.
func (x *exchanges) of(ex *exchange, t *targets.Tab) {
	ex.tab, ex.window = t, t.Window
}

// landed notes that somebody tells of a request that was sent on before.
func (x *exchanges) landed(id network.RequestID, ex *exchange, url string) {
	x.quiet.landed(ex.window, x.book.SiteOf(url), string(id))
}

// opens notes that an exchange stays open.
func (x *exchanges) opens(ex *exchange) {
	ex.stream, ex.switches = true, x.targets.Switches()
}

// leave forgets what a target will tell nothing more of: all when it is gone, the
// open streams when its page is. What it has asked for may still be answered (keepalive).
func (x *exchanges) leave(t *targets.Tab, all bool) {
	for id, ex := range x.open {
		if ex.tab == t && (all || ex.stream) {
			if n := len(ex.urls); n > 0 && !ex.stream && !ex.urls[n-1].answered && !ex.urls[n-1].silent {
				x.quiet.fly(ex.window, x.book.SiteOf(ex.urls[n-1].url), string(id), ex.came)
			}
			x.drop(id)
		}
	}
}

// orphaned notes the requests of documents that are gone.
func (x *exchanges) orphaned(gone func(*exchange) bool) {
	for _, ex := range x.open {
		ex.orphan = ex.orphan || !ex.finished && gone(ex)
	}
}

// streams counts the WebSockets and EventSources of a site in a window that were
// opened before the last switch, without those of tabs that are being reloaded.
func (x *exchanges) streams(w sessions.Window, site string) int {
	n := 0
	for _, ex := range x.open {
		if !ex.stream || ex.finished || ex.window != w || x.book.SiteOf(ex.urls[len(ex.urls)-1].url) != site {
			continue
		}
		if x.targets.GoesOn(ex.tab, ex.switches) {
			n++
		}
	}
	return n
}

// mayBeAnswered reports whether an exchange of a place that began before a moment can
// still be answered with cookies. One is not waited for that is older than told; nor, when
// it is old, a stream that is answered, or one whose URL nobody tells.
func (x *exchanges) mayBeAnswered(at targets.Place, before time.Time, told time.Duration) bool {
	for id, ex := range x.open {
		age, n := time.Since(ex.came), len(ex.urls)
		switch {
		case x.quiet.isWaiting(string(id)): // it is not sent yet
		case ex.came.After(before) || age > told || n > 0 && ex.window != at.Window:
		case (ex.finished || ex.isOpen() || n == 0) && age > oldStream: // what is finished may wait for its answer to be told
		case n == 0:
			return true
		case ex.failed && len(ex.sent) < n && time.Since(ex.ended) > oldFailure: // it was not sent
		case !ex.stream && ex.urls[n-1].answered || ex.finished && (ex.complete() || ex.urls[n-1].silent):
		case x.quiet.shares(targets.At(ex.window, x.book.SiteOf(ex.urls[n-1].url)), at):
			return true
		}
	}
	return false
}

// isOpen reports a stream that is answered, by whomever.
func (ex *exchange) isOpen() bool {
	n := len(ex.urls)
	return ex.stream && n > 0 && (ex.urls[n-1].answered || ex.urls[n-1].silent)
}

// finish notes that no more events with a URL come. Those that tell what was
// sent may still come, for a failed request too.
func (x *exchanges) finish(id network.RequestID, failed bool) {
	if ex := x.open[id]; ex != nil {
		ex.finished, ex.failed, ex.ended = true, failed, time.Now()
		x.bookHops(id, ex)
		if n := len(ex.urls); failed && n > 0 && !ex.urls[n-1].done {
			x.note(id, ex, &ex.urls[n-1], 0, false)
		}
	}
}

// bookHops tells the book what is complete, hop by hop.
func (x *exchanges) bookHops(id network.RequestID, ex *exchange) {
	for i := range ex.urls {
		h := &ex.urls[i]
		if i == len(ex.urls)-1 && len(ex.sent) > 0 {
			h.silent = false // Chrome says so of some responses that it does tell of (TestOracle)
		}
		if h.silent || h.done {
			continue
		}
		if h.last && h.booked == nil && !ex.skipHops() {
			break
		}
		if h.booked == nil {
			if len(ex.sent) == 0 {
				break
			}
			sent := x.request(ex, i, ex.sent[0])
			booked := x.book.Sent(sent)
			h.asked = nil
			h.booked, h.writes, ex.sent = &booked, x.mirror.writes.Load(), ex.sent[1:]
			_, written := x.rewritten[id]
			x.checkSent(ex.window, h, written || !sent.IsOfJar())
		}
		if len(ex.received) == 0 {
			break
		}
		h.did = x.respond(ex.window, h, response(h.url, ex.received[0]))
		x.tellDocument(ex, i, redirects(ex.received[0].StatusCode))
		x.note(id, ex, h, ex.received[0].StatusCode, false)
		h.done, h.answered, ex.received = true, !redirects(ex.received[0].StatusCode), ex.received[1:]
	}
	if ex.finished && ex.complete() {
		x.drop(id)
	}
}

// skipHops forgets the redirects whose URLs were missed. It reports whether the
// last hop was told.
func (ex *exchange) skipHops() bool {
	for len(ex.sent) > 1 && len(ex.received) > 1 {
		ex.sent, ex.received = ex.sent[1:], ex.received[1:]
	}
	return len(ex.sent) > 0 && len(ex.received) > 0 && !redirects(ex.received[0].StatusCode)
}

func redirects(status int64) bool { return status > 300 && status < 309 && status != 304 }

// complete reports whether every hop that was sent is booked. One that is said to
// come from a cache may be told of later (TestOracle): it waits until newer ones
// take its place.
func (ex *exchange) complete() bool {
	if n := len(ex.urls); n > 0 && ex.urls[n-1].silent {
		return false
	}
	for _, h := range ex.urls {
		if !h.done && !h.silent && (h.booked != nil || h.told || ex.failed) {
			return false
		}
	}
	return len(ex.sent) == 0 && len(ex.received) == 0
}

func (x *exchanges) drop(id network.RequestID) {
	delete(x.open, id)
	// Requests mostly end in the order they began.
	for len(x.order) > 0 && x.open[x.order[0]] == nil {
		x.order = x.order[1:]
	}
}

// respond books a response and lets the mirror mend the jars that it put out
// of step. It tells what it did to the session.
func (x *exchanges) respond(w sessions.Window, h *hop, r sessions.Response) sessions.Effect {
	book := x.book
	outcome := book.Received(*h.booked, r)
	for _, window := range outcome.Windows {
		x.guard.drift()
		x.mirror.mend(window, book.SiteOf(h.url))
		if r.Cleared && window == w {
			x.mirror.tellLoss(w, book.SiteOf(h.url), "an answer to another session cleared the browser's cookies of the site (Clear-Site-Data)")
		}
	}
	if (len(r.Cookies) > 0 || r.Cleared) && h.writes != x.mirror.writes.Load() {
		// The jar was written meanwhile: maybe over what just came
		// (TestLateRotation).
		x.mirror.mend(w, book.SiteOf(h.url))
	}
	if len(r.Cookies) > 0 {
		x.mirror.renewJournal(book.SiteOf(h.url))
	}
	return outcome.Effect
}

// request is a hop as it was sent, in the words of the book.
func (x *exchanges) request(ex *exchange, i int, e *wire.RequestExtraInfo) sessions.Request {
	h := &ex.urls[i]
	r := sessions.Request{Window: ex.window, Method: h.method, URL: h.url, Header: rawBytes(e.Headers.Get("cookie")), Began: h.began, Now: time.Now()}
	r.Fields, r.Asked, r.Rewritten = e.Headers.Get, h.asked.Get, x.rewritten[e.RequestID]
	r.Top = func() string { return x.targets.TopAt(ex.frame) }
	r.Document, r.Password = ex.kind == network.ResourceTypeDocument, h.password
	r.Outside = r.Document && x.fromOutside(h.url, e)
	r.Reload, r.Before, r.Part = ex.ours, ex.before, ex.part
	r.Unchecked = h.unchecked && x.targets.IsAnswered(ex.window, x.book.SiteOf(h.url), h.began)
	for _, before := range ex.urls[:i] {
		r.Via = append(r.Via, before.url)
	}
	for _, a := range e.AssociatedCookies {
		if len(a.BlockedReasons) == 0 {
			r.Jar = append(r.Jar, cookie(a.Cookie))
		} else {
			r.Blocked = append(r.Blocked, a.Cookie.Name)
		}
	}
	return r
}

// response is what came back: the cookies that Chrome took, by its word, with
// the attributes of their lines.
func response(url string, e *wire.ResponseExtraInfo) sessions.Response {
	r := sessions.Response{Now: time.Now(), Cleared: clearsCookies(e.Headers.Get("clear-site-data"), url)}
	if e.StatusCode == http.StatusUnauthorized {
		r.Challenge = e.Headers.Get("www-authenticate")
	}
	lines := rawBytes(e.Headers.Get("set-cookie"))
	if lines == "" {
		return r
	}
	refused := map[string]int{}
	for _, blocked := range e.BlockedCookies {
		refused[blocked.CookieLine]++
	}
	skew := r.Now.Sub(serverTime(e.Headers, r.Now))
	for line := range strings.SplitSeq(lines, "\n") {
		if refused[line] > 0 {
			refused[line]--
			continue
		}
		if c, ok := sessions.ParseSetCookie(line, url, r.Now.Add(-skew)); ok {
			if !c.Expires.IsZero() {
				c.Expires = c.Expires.Add(skew)
			}
			if partitioned(line) {
				c.Partition = partition(e.CookiePartitionKey)
			}
			r.Cookies = append(r.Cookies, c)
		}
	}
	return r
}

// clearsCookies reports whether a Clear-Site-Data header deletes cookies: of a secure URL,
// by the quoted words.
func clearsCookies(header, url string) bool {
	for word := range strings.SplitSeq(header, ",") {
		if word = strings.Trim(word, " \t"); word == `"cookies"` || word == `"*"` {
			return sessions.Trustworthy(url)
		}
	}
	return false
}

// clock is a time that the browser told.
func clock(t cdp.TimeSinceEpoch) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t * 1e6))
}

// serverTime is what the server's clock showed, now where it does not tell:
// Chrome reads Expires by that clock (TestOracle).
func serverTime(h wire.Headers, now time.Time) time.Time {
	if at, err := http.ParseTime(h.Get("date")); err == nil {
		return at
	}
	return now
}

// partitioned reports the Partitioned attribute.
func partitioned(line string) bool {
	for attribute := range strings.SplitSeq(line, ";") {
		name, _, _ := strings.Cut(attribute, "=")
		if strings.EqualFold(strings.TrimSpace(name), "partitioned") {
			return true
		}
	}
	return false
}

// highBytes are the characters of windows-1252 for the bytes from 0x80.
const highBytes = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

// rawBytes undoes what Chrome does to the headers of its ExtraInfo events, and
// nowhere else: it reads them as windows-1252, byte by byte (TestOracle).
func rawBytes(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return text
	}
	raw := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff || r >= 0x80 && r < 0xa0 {
			at := strings.IndexRune(highBytes, r)
			if at < 0 {
				return text
			}
			r = rune(0x80 + utf8.RuneCountInString(highBytes[:at]))
		}
		raw = append(raw, byte(r))
	}
	return string(raw)
}

// header finds a header, in any case: HTTP/2 has them in lower case.
func header(headers network.Headers, name string) string {
	for key, value := range headers {
		if strings.EqualFold(key, name) {
			text, _ := value.(string)
			return text
		}
	}
	return ""
}

// socket notes the URL of a WebSocket.
func (x *exchanges) socket(t *targets.Tab, e *network.EventWebSocketCreated) {
	if t == nil {
		return
	}
	ex := x.at(e.RequestID)
	x.of(ex, t)
	x.opens(ex)
	ex.kind = network.ResourceTypeWebSocket
	ex.urls = []hop{{url: e.URL, method: "GET", began: time.Now()}}
}

// handshake books the request of a WebSocket.
func (x *exchanges) handshake(e *network.EventWebSocketWillSendHandshakeRequest) {
	ex := x.open[e.RequestID]
	if ex == nil || len(ex.urls) == 0 {
		return
	}
	booked := x.book.Sent(sessions.Request{
		Window: ex.window, URL: ex.urls[0].url, Header: header(e.Request.Headers, "cookie"),
		Handshake: true,
		Unchecked: x.targets.IsAnswered(ex.window, x.book.SiteOf(ex.urls[0].url), ex.urls[0].began),
		Began:     ex.urls[0].began, Now: time.Now(), // when it was sent is too late: the cookies are taken before it connects
	})
	ex.urls[0].booked, ex.urls[0].writes = &booked, x.mirror.writes.Load()
	x.checkSent(ex.window, &ex.urls[0], false)
}

// handshakeAnswer books its response. Chrome does not say which cookies it took
// here, so our parser does.
func (x *exchanges) handshakeAnswer(e *network.EventWebSocketHandshakeResponseReceived) {
	ex := x.open[e.RequestID]
	if ex == nil || len(ex.urls) == 0 || ex.urls[0].booked == nil {
		return
	}
	h := &ex.urls[0]
	r := sessions.Response{Now: time.Now()}
	if lines := header(e.Response.Headers, "set-cookie"); lines != "" {
		for line := range strings.SplitSeq(lines, "\n") {
			if c, ok := sessions.ParseSetCookie(line, h.url, r.Now); ok && !partitioned(line) {
				r.Cookies = append(r.Cookies, c)
			}
		}
	}
	x.respond(ex.window, h, r)
	x.note(e.RequestID, ex, h, e.Response.Status, true)
	h.done, h.answered = true, true
}
