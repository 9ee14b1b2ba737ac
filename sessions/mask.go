package sessions

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Mask shows that two values are equal without showing them: length and a short
// HMAC with a key of this run. The zero Mask shows everything.
type Mask struct{ key []byte }

// NewMask returns a Mask with the key, which must be random and stay secret.
func NewMask(key []byte) Mask { return Mask{key} }

// Shows reports whether values are shown as they are.
func (m Mask) Shows() bool { return m.key == nil }

// Value returns the value, or what may be shown of it.
func (m Mask) Value(value string) string {
	if m.Shows() {
		return value
	}
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(value))
	return fmt.Sprintf("(%d:%s)", len(value), hex.EncodeToString(mac.Sum(nil)[:2]))
}

// URL returns the URL, or what [ShowURL] shows of it.
func (m Mask) URL(raw string) string {
	if m.Shows() {
		return raw
	}
	return ShowURL(raw)
}

// Cookies writes cookies as name=value, masked.
func (m Mask) Cookies(list []Cookie) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = c.Name + "=" + m.Value(c.Value)
	}
	return strings.Join(parts, "; ")
}
