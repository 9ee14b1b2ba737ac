package force

import (
	"math"
	"testing"

	"sessdriver/sessions"
)

func TestRequestsOfNonsense(t *testing.T) {
	b := newFakeChrome(t).engine(t, sessions.GuardAlways, bookOf(t, ""))
	for range 3 {
		b.requests.add(told{})
	}
	for since, want := range map[int64]int{math.MinInt64: 3, -1: 3, 0: 3, 2: 1, 3: 0, math.MaxInt64: 0} {
		if list, count, _ := b.Requests(since); len(list) != want || count != 3 {
			t.Errorf("since %d: %d of %d, want %d", since, len(list), count, want)
		}
	}
}
