package sessions

import (
	"strconv"
	"strings"
	"time"
)

// parseCookieDate reads an Expires value by the forgiving algorithm of RFC
// 6265bis section 5.1.1: the first token of each kind counts, in any order.
func parseCookieDate(text string) (time.Time, bool) {
	var d cookieDate
	for token := range strings.FieldsFuncSeq(text, isDateDelimiter) {
		d.take(token)
	}
	return d.time()
}

func isDateDelimiter(r rune) bool {
	return r == '\t' || r >= 0x20 && r <= 0x2f || r >= 0x3b && r <= 0x40 || r >= 0x5b && r <= 0x60 || r >= 0x7b && r <= 0x7e
}

type cookieDate struct {
	hour, minute, second           int
	day, month, year               int
	hasTime, hasDay, hasMon, hasYr bool
}

const months = "jan feb mar apr may jun jul aug sep oct nov dec"

// take reads one token as Chrome does, which is stricter than the RFC where a
// number goes on: "14nd" is no day.
func (d *cookieDate) take(token string) {
	if token[0] < '0' || token[0] > '9' {
		if i := monthIndex(token); i > 0 && !d.hasMon {
			d.month, d.hasMon = i, true
		}
		return
	}
	n, err := strconv.Atoi(token)
	switch {
	case strings.Contains(token, ":"):
		if !d.hasTime {
			d.takeTime(token)
		}
	case err != nil:
	case !d.hasDay && len(token) <= 2:
		d.day, d.hasDay = n, true
	case !d.hasYr && len(token) <= 5:
		d.year, d.hasYr = n, true
	}
}

// monthIndex is the number of a month by its first three letters, 0 for none.
func monthIndex(token string) int {
	if len(token) < 3 {
		return 0
	}
	i := strings.Index(months, strings.ToLower(token[:3]))
	if i < 0 || i%4 != 0 {
		return 0
	}
	return i/4 + 1
}

// takeTime reads a time, whose numbers may have more than two digits as Chrome
// has it (TestOracle).
func (d *cookieDate) takeTime(token string) {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return
	}
	var n [3]int
	for i, part := range parts {
		v, err := strconv.Atoi(part)
		if err != nil {
			return
		}
		n[i] = v
	}
	d.hour, d.minute, d.second, d.hasTime = n[0], n[1], n[2], true
}

func (d *cookieDate) time() (time.Time, bool) {
	switch {
	case d.year >= 70 && d.year <= 99:
		d.year += 1900
	case d.year >= 0 && d.year <= 69:
		d.year += 2000
	}
	if !d.hasTime || !d.hasDay || !d.hasMon || !d.hasYr ||
		d.day < 1 || d.day > 31 || d.hour > 23 || d.minute > 59 || d.second > 59 {
		return time.Time{}, false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.second, 0, time.UTC)
	return t, t.Day() == d.day
}
