package sessions

import (
	"iter"
	"strings"
)

// cookiePair is one cookie-pair of a Cookie header (RFC 6265bis, 4.2.1), or what stands
// in its place between semicolons: where it stands, and the name and value in it,
// without the blanks around them.
type cookiePair struct {
	start, end  int // of the piece, blanks included, semicolon excluded
	name, value string
}

// cookiePairs splits a Cookie header at its semicolons and yields every piece, the
// empty ones too, so that the pieces joined by ";" are the header again. It is
// our own splitter since net/http drops or alters what browsers send: JSON-like
// values, non-ASCII bytes, flags without "=". A piece without "=" is a cookie
// without a name, as Chrome sends it.
func cookiePairs(header string) iter.Seq[cookiePair] {
	return func(yield func(cookiePair) bool) {
		for start := 0; start <= len(header); {
			end := strings.IndexByte(header[start:], ';')
			if end < 0 {
				end = len(header)
			} else {
				end += start
			}
			c := cookiePair{start: start, end: end}
			piece := trimBlank(header[start:end])
			if i := strings.IndexByte(piece, '='); i >= 0 {
				c.name, c.value = trimBlank(piece[:i]), trimBlank(piece[i+1:])
			} else {
				c.value = piece
			}
			if !yield(c) {
				return
			}
			start = end + 1
		}
	}
}
