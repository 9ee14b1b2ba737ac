// Package demo shows what sessdriver does, on the embedded demo shop in a real
// browser: two users log in, their sessions are found and forced in turn in one
// tab, and the server is asked each time whom it saw.
package demo

import (
	"fmt"
	"net"
	"net/http"

	"sessdriver/cmd/sessdriver/internal/shop"
)

// Shop is the demo shop, served on loopback.
type Shop struct {
	*shop.Shop
	URL    string // ends in a slash
	server *http.Server
}

// Serve opens the shop on a free port of loopback.
func Serve() (*Shop, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving the demo shop: %w", err)
	}
	s := &Shop{Shop: shop.New()}
	s.URL = fmt.Sprintf("http://localhost:%d/", listener.Addr().(*net.TCPAddr).Port)
	s.server = &http.Server{Handler: s.Shop}
	go s.server.Serve(listener)
	return s, nil
}

// Close ends the shop.
func (s *Shop) Close() { s.server.Close() }

// lastSeen is the last page that was asked for, and as whom.
func (s *Shop) lastSeen() shop.Seen {
	seen := s.Seen()
	for i := len(seen) - 1; i >= 0; i-- {
		switch seen[i].Path {
		case "/style.css", "/favicon.svg", "/favicon.ico":
		default:
			return seen[i]
		}
	}
	return shop.Seen{}
}
