package sessions

import (
	"slices"
	"strings"
	"testing"
)

func TestPairsOf(t *testing.T) {
	for _, c := range []struct {
		header string
		want   []pair
	}{
		{"", nil},
		{"sid=1", []pair{{"sid", "1"}}},
		{"a=1; b=2", []pair{{"a", "1"}, {"b", "2"}}},
		{"a=1;b=2;", []pair{{"a", "1"}, {"b", "2"}}},
		{" a = 1 ;\tb\t=\t2", []pair{{"a", "1"}, {"b", "2"}}},
		{`p={"x":[1,2],"y":"z"}`, []pair{{"p", `{"x":[1,2],"y":"z"}`}}},
		{`q="quo ted"`, []pair{{"q", `"quo ted"`}}},
		{"t=a=b==", []pair{{"t", "a=b=="}}},
		{"flag; a=1", []pair{{"a", "1"}}},
		{"=nameless; a=1", []pair{{"a", "1"}}},
		{"; ;a=1;;", []pair{{"a", "1"}}},
		{"e=; a=1", []pair{{"e", ""}, {"a", "1"}}},
		{"sid=D1; sid=H1", []pair{{"sid", "D1"}, {"sid", "H1"}}},
		{"ü=\xff\xfe\x01", []pair{{"ü", "\xff\xfe\x01"}}},
		{"$Version=1; a=1,2", []pair{{"$Version", "1"}, {"a", "1,2"}}},
	} {
		if got := pairsOf(c.header); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.header, got, c.want)
		}
	}
}

func FuzzCookieHeader(f *testing.F) {
	for _, seed := range []string{"", ";", "a=1; b=2", " ;=; x", "sid=D1; sid=H1;", "a=\x00\xff;\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		var pieces []string
		for c := range cookiePairs(header) {
			pieces = append(pieces, header[c.start:c.end])
			if strings.Contains(c.name, "=") || strings.Contains(c.name+c.value, ";") {
				t.Errorf("%q: piece %q = %q", header, c.name, c.value)
			}
		}
		if got := strings.Join(pieces, ";"); got != header {
			t.Errorf("split and joined: got %q, want %q", got, header)
		}
	})
}

// pairsOf lists the named cookies of a Cookie header in their order.
func pairsOf(header string) []pair {
	var list []pair
	for c := range cookiePairs(header) {
		if c.name != "" {
			list = append(list, pair{c.name, c.value})
		}
	}
	return list
}
