package shop

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	maxSessions   = 1000                // then the one unused for longest is dropped
	maxRemembered = 1000                // remember-me tokens; then the oldest is dropped
	maxExpired    = 1000                // ids of sessions that timed out; then all are dropped
	rememberFor   = 30 * 24 * time.Hour // also the cookie's Max-Age
)

// session is one visitor to the server.
type session struct {
	id      string // the token, the value of the sid cookie
	number  int    // counts from 1, never reused
	user    string // "" is nobody
	xsrf    string // what the forms of this session must repeat
	started time.Time
	used    time.Time     // last request that was not an asset
	idle    time.Duration // ends it when it was not used for longer; 0 leaves that to the shop
}

// label names the session to people without giving its token away.
func (s *session) label() string { return fmt.Sprintf("s%d", s.number) }

// promise is what a remember-me token stands for.
type promise struct {
	user  string
	until time.Time
}

// store holds the live sessions and the remember-me tokens. Its user locks.
type store struct {
	live     map[string]*session // by id
	promises map[string]promise  // by token
	expired  map[string]bool     // ids of sessions that ended by an idle time of their own
	made     int                 // sessions ever made
}

func newStore() store {
	return store{live: map[string]*session{}, promises: map[string]promise{}, expired: map[string]bool{}}
}

// start makes a session for user, "" for an anonymous one. If there are too
// many, the one unused for longest makes room.
func (t *store) start(user string, now time.Time) *session {
	if len(t.live) >= maxSessions {
		delete(t.live, t.stalest().id)
	}
	t.made++
	sess := &session{
		id: randomHex(), number: t.made, user: user,
		xsrf: randomHex(), started: now, used: now,
	}
	t.live[sess.id] = sess
	return sess
}

func (t *store) stalest() *session {
	return slices.MinFunc(slices.Collect(maps.Values(t.live)), func(a, b *session) int {
		return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.number, b.number))
	})
}

// replace ends old and starts a session for user: nobody who knew the old id,
// or the old xsrf token, gets anything from it.
func (t *store) replace(old *session, user string, now time.Time) *session {
	t.end(old)
	return t.start(user, now)
}

func (t *store) end(sess *session) { delete(t.live, sess.id) }

// sweep ends the sessions that were idle for longer than their own idle time,
// else than idle; 0 spares those that have none.
func (t *store) sweep(idle time.Duration, now time.Time) {
	maps.DeleteFunc(t.live, func(id string, sess *session) bool {
		if limit := cmp.Or(sess.idle, idle); limit <= 0 || now.Sub(sess.used) <= limit {
			return false
		}
		if sess.idle > 0 {
			if len(t.expired) >= maxExpired {
				clear(t.expired)
			}
			t.expired[id] = true
		}
		return true
	})
}

// count is how many live sessions each user has; "" counts the anonymous.
func (t *store) count() map[string]int {
	n := map[string]int{}
	for _, sess := range t.live {
		n[sess.user]++
	}
	return n
}

// remember promises to sign user in again to whoever shows the token.
func (t *store) remember(user string, now time.Time) (token string) {
	maps.DeleteFunc(t.promises, func(_ string, p promise) bool { return !now.Before(p.until) })
	if len(t.promises) >= maxRemembered {
		delete(t.promises, t.oldestPromise())
	}
	token = randomHex()
	t.promises[token] = promise{user: user, until: now.Add(rememberFor)}
	return token
}

func (t *store) oldestPromise() (token string) {
	return slices.MinFunc(slices.Collect(maps.Keys(t.promises)), func(a, b string) int {
		return t.promises[a].until.Compare(t.promises[b].until)
	})
}

// remembered returns the user that token was given to, "" if it is unknown,
// expired or forgotten.
func (t *store) remembered(token string, now time.Time) (user string) {
	p := t.promises[token]
	if !now.Before(p.until) {
		return ""
	}
	return p.user
}

func (t *store) forget(token string) { delete(t.promises, token) }

// randomHex returns 128 random bits. crypto/rand.Read never fails.
func randomHex() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
