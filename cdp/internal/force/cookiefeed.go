package force

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/extensions"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"sessdriver/cdp/internal/wire"
	"sessdriver/sessions"
	"sessdriver/sessions/fault"
)

//go:embed extension
var extension embed.FS

const (
	feedScript  = "/sessdriver-cookies.js"
	feedBinding = "sessdriverCookie"
	// feedTimeout bounds the wait for the extension's first word.
	feedTimeout = 5 * time.Second
	feedPause   = 100 * time.Millisecond
	// markDomain has the cookie that marks a moment: see settle.
	markDomain = "sessdriver.invalid"
)

// feed is an extension that tells every change of the main window's jar (CHROMIUM 47).
type feed struct {
	*observer
	link  wire.Link
	marks int64 // under observer.mu, as all below
	told  int64 // the last mark that was told
	gone  bool
}

// openFeed loads the extension.
func (o *observer) openFeed(ctx context.Context) error {
	if o.options.Profile == "" {
		return errors.New("the changes of cookies are reported by an extension, which is loaded only into a browser that sessdriver launches with a temporary profile")
	}
	if o.options.Observe != sessions.ObserveChanges {
		return fault.Errorf(fault.LateExtension, "the browser loads the extension that reports the changes of cookies only at its start")
	}
	dir := filepath.Join(o.options.Profile, "sessdriver")
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, extension)); err != nil {
		return fmt.Errorf("writing an extension: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, feedTimeout)
	defer cancel()
	f := &feed{observer: o}
	o.setFeed(f)
	_, err := wire.Call(ctx, o.link, extensions.LoadUnpacked, extensions.LoadUnpackedParams{Path: filepath.Join(dir, "extension")})
	if err == nil {
		err = f.begin(ctx)
	}
	if err != nil {
		o.setFeed(nil)
		return fault.Errorf(fault.NoExtension, "this browser cannot load the extension that reports the changes of cookies (%w); headless-shell has none, Chrome and Chromium have them", err)
	}
	return nil
}

func (o *observer) setFeed(f *feed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.feed = f
}

// heard lets those look again who wait for the feed. The caller holds the lock.
func (o *observer) heard() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// begin waits until the extension tells a change; what it missed before is not told.
func (f *feed) begin(ctx context.Context) error {
	for {
		try, cancel := context.WithTimeout(ctx, feedPause)
		err := f.settle(try)
		cancel()
		f.observer.mu.Lock()
		tells := f.told > 0 // of an earlier try, maybe
		f.observer.mu.Unlock()
		switch {
		case err == nil, tells:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("it reported nothing within %v", feedTimeout)
		case !errors.Is(err, context.DeadlineExceeded):
			return err
		}
	}
}

// isFeed reports whether a target is our extension.
func isFeed(info *target.Info) bool {
	return info.Type == "service_worker" && strings.HasPrefix(info.URL, "chrome-extension://") && strings.HasSuffix(info.URL, feedScript)
}

// attach listens to the extension, which waits for that.
func (f *feed) attach(l wire.Link) {
	f.observer.mu.Lock()
	f.link = l
	f.observer.mu.Unlock()
	wire.Send(l, runtime.AddBinding, runtime.AddBindingParams{Name: feedBinding}, nil)
}

// left notes that a target is gone, or tells nothing any more. Without the extension the
// requests tell again.
func (o *observer) left(id target.SessionID) {
	feed := o.source()
	if feed == nil || feed.link.ID != id {
		return
	}
	o.mu.Lock()
	feed.gone, o.feed = true, nil
	o.heard()
	o.mu.Unlock()
	if o.observation() == sessions.ObserveChanges && !o.ending.Load() {
		o.notice("observing in full: the extension that reports the changes of cookies has ended")
		o.turn(sessions.ObserveFull)
		o.quiet.unseen() // what is under way
	}
}

// cookieChange is what the extension tells: chrome.cookies.onChanged.
type cookieChange struct {
	Removed bool   `json:"removed"`
	Cause   string `json:"cause"`
	Cookie  struct {
		Name           string  `json:"name"`
		Value          string  `json:"value"`
		Domain         string  `json:"domain"`
		Path           string  `json:"path"`
		Secure         bool    `json:"secure"`
		HTTPOnly       bool    `json:"httpOnly"`
		SameSite       string  `json:"sameSite"`
		ExpirationDate float64 `json:"expirationDate"` // in seconds; 0 for a session cookie
		PartitionKey   *struct {
			TopLevelSite         string `json:"topLevelSite"`
			HasCrossSiteAncestor bool   `json:"hasCrossSiteAncestor"`
		} `json:"partitionKey"`
	} `json:"cookie"`
}

// tell books a change.
func (f *feed) tell(e *runtime.EventBindingCalled) {
	var change cookieChange
	if err := jsonv2.Unmarshal(jsonv2.Value(e.Payload), &change, chromedp.DefaultUnmarshalOptions); err != nil {
		f.log.Error("reading a change of a cookie", "error", err)
		return
	}
	c := change.cookie()
	switch {
	case c.Domain == markDomain:
		if n, err := strconv.ParseInt(c.Value, 10, 64); err == nil && !change.Removed {
			o := f.observer
			o.mu.Lock()
			f.told = max(f.told, n)
			o.heard()
			o.mu.Unlock()
		}
	case change.Removed && (change.Cause == "overwrite" || change.Cause == "evicted"): // the new one is told, too; room was needed
	case f.observer.observation() == sessions.ObserveChanges: // else the requests tell
		f.observer.jarChanged(sessions.Main, c)
	}
}

// cookie is what the jar took, or expired what it lost.
func (change *cookieChange) cookie() sessions.Cookie {
	c := sessions.Cookie{
		Name: change.Cookie.Name, Value: change.Cookie.Value, Domain: change.Cookie.Domain, Path: change.Cookie.Path,
		Secure: change.Cookie.Secure, HTTPOnly: change.Cookie.HTTPOnly,
		SameSite: map[string]string{"no_restriction": "None", "lax": "Lax", "strict": "Strict"}[change.Cookie.SameSite],
	}
	if k := change.Cookie.PartitionKey; k != nil {
		c.Partition = partition(&network.CookiePartitionKey{TopLevelSite: k.TopLevelSite, HasCrossSiteAncestor: k.HasCrossSiteAncestor})
	}
	switch {
	case change.Removed:
		c.Expires = time.Unix(1, 0)
	case change.Cookie.ExpirationDate > 0:
		c.Expires = time.UnixMicro(int64(change.Cookie.ExpirationDate * 1e6))
	}
	return c
}

// settle answers when the changes up to now are booked: they come in order, so a cookie
// of our own is set, and waited for.
func (f *feed) settle(ctx context.Context) error {
	if f == nil {
		return nil // it has just ended
	}
	o := f.observer
	o.mu.Lock()
	f.marks++
	mark := f.marks
	o.mu.Unlock()
	cookie := &network.CookieParam{Name: "mark", Value: strconv.FormatInt(mark, 10), Domain: markDomain, Path: "/"}
	if _, err := wire.Call(ctx, f.observer.link, storage.SetCookies, storage.SetCookiesParams{Cookies: []*network.CookieParam{cookie}}); err != nil {
		return err
	}
	late := time.NewTimer(feedTimeout)
	defer late.Stop()
	for {
		o.mu.Lock()
		changed, done := o.changed, f.told >= mark || f.gone
		o.mu.Unlock()
		if done {
			return o.catchUp(ctx) // it may have ended
		}
		select {
		case <-changed:
		case <-late.C:
			f.wire.Do(func() { o.left(f.link.ID) })
			return o.catchUp(ctx) // from now on the requests tell
		case <-ctx.Done():
			return ctx.Err()
		case <-f.wire.Lost():
			return f.wire.Err()
		}
	}
}
