package chrome

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"sessdriver/cdp/internal/wire"
)

const dialTimeout = 10 * time.Second

// Dial connects to a running browser. The endpoint is a websocket URL
// (ws://…/devtools/browser/…), the URL of a DevTools port
// (http://127.0.0.1:9222), HOST:PORT or PORT. The id is the same for every way to
// that browser.
func Dial(ctx context.Context, endpoint string) (_ chromedp.Transport, id string, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	socket, err := discover(ctx, endpoint)
	if err != nil {
		return nil, "", err
	}
	network, err := remote.DialContext(ctx, socket)
	if err != nil {
		return nil, "", err
	}
	return wire.QueueWrites(network), browserID(socket), nil
}

// browserID is the id of the browser with a websocket URL. Chrome makes a new one at each
// start, which stands behind its own prefix.
func browserID(socket string) string {
	if _, own, ok := strings.Cut(socket, "/devtools/browser/"); ok {
		return own
	}
	return socket
}

// CheckEndpoint says why a text cannot be what [Dial] takes, without asking anybody.
func CheckEndpoint(endpoint string) error {
	_, err := readEndpoint(endpoint)
	return err
}

func readEndpoint(endpoint string) (*url.URL, error) {
	text := endpoint
	if strings.Contains(text, "/devtools/page/") {
		return nil, errors.New("that is the address of a page; the browser's has /devtools/browser/ in it")
	}
	switch {
	case strings.Trim(text, "0123456789") == "":
		text = "http://127.0.0.1:" + text
	case !strings.ContainsAny(text, ".:/[") && text != "localhost":
		return nil, errors.New("it is no URL, HOST:PORT or PORT")
	case !strings.Contains(text, "://"):
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return nil, fmt.Errorf("its scheme is %q, not http, https, ws or wss", u.Scheme)
	}
	if u.Host == "" {
		return nil, errors.New("it is not a URL")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%s is no port", port)
		}
	}
	return u, nil
}

// discover finds the websocket URL of an endpoint. The host is the one that
// the user gave: a browser behind a forwarded port only knows its own.
func discover(ctx context.Context, endpoint string) (string, error) {
	u, err := readEndpoint(endpoint)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(u.Scheme, "ws") {
		return u.String(), nil
	}
	socket, err := askVersion(ctx, *u)
	if err != nil {
		return "", err
	}
	socket.Host = u.Host
	if u.Scheme == "https" {
		socket.Scheme = "wss"
	}
	return socket.String(), nil
}

// askVersion reads /json/version of a DevTools port.
func askVersion(ctx context.Context, u url.URL) (*url.URL, error) {
	u.Path = strings.TrimSuffix(u.Path, "/") + "/json/version"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Close = true // one question, no connection left behind
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, errors.Unwrap(err) // the URL is named already
	}
	defer response.Body.Close()
	var version struct{ WebSocketDebuggerURL string }
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if err == nil {
		err = json.Unmarshal(body, &version)
	}
	if err != nil || version.WebSocketDebuggerURL == "" {
		return nil, fmt.Errorf("it answers (status %d), but not as a DevTools port", response.StatusCode)
	}
	return url.Parse(version.WebSocketDebuggerURL)
}
