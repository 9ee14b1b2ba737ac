package targets

import (
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
)

// Tab is a target that we are attached to: a page, a frame of another process,
// a worker.
type Tab struct {
	Link   wire.Link
	ID     target.ID
	Kind   string // page, iframe, worker, shared_worker, service_worker, …
	Window sessions.Window
	URL    string // when we attached to it

	opener   target.ID // the page that opened it, "" for none
	ready    bool      // its page tells what it does
	tells    bool      // and its requests
	sign     bool      // it tells a person whose its window is, and is in no list of pages
	blank    bool      // it is there for a request of ours; nor is it
	document Document  // what the top frame shows
	loading  map[cdp.LoaderID]Load
	past     []Visit // the documents before, oldest first: see remember
	switches int     // those made when we attached to it
	moves    int     // within its documents
	crashes  int
	crashed  bool // and shows nothing yet
	renewal
}

// Document is the document of a page. What is not known of one that was there
// before us is zero.
type Document struct {
	Load
	URL    string
	Asked  string // the URL that was answered with it, without the fragment
	Loader cdp.LoaderID
	Loaded bool // its load event has fired
	rested bool // its frame has stopped loading, which is told for each
}

// Load is how a document came, or is on its way.
type Load struct {
	Method   string
	Response wire.Response // nil where the browser did not tell
	// Ours says that a switch asked for it, Before what the answer had done the last time.
	Ours   bool
	Before sessions.Effect
	// Did is what its answer did to the session, and what was loaded with it.
	Did      sessions.Effect
	WithUser string // its URL where that has credentials
	switches int    // those made when it began
}

// isEmpty reports a page that has shown nothing of a server yet.
func (t *Tab) isEmpty() bool { return !strings.HasPrefix(t.document.URL, "http") }

// WithoutFragment is a URL as servers are asked for it.
func WithoutFragment(url string) string {
	url, _, _ = strings.Cut(url, "#")
	return url
}

// OriginOf is the origin of a URL, "" where it is none.
func OriginOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// BlankPath is where the document of a tab for a request of ours is from, of which no
// server is asked.
const BlankPath = "/.sessdriver-blank"
