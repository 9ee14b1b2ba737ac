package chrome

import (
	"os"
	"slices"
	"testing"
)

func TestArguments(t *testing.T) {
	root := os.Getuid() == 0
	tests := []struct {
		options Options
		has     []string
		hasNot  []string
	}{
		{Options{}, []string{"--remote-debugging-pipe", "--user-data-dir=/p", "about:blank"},
			[]string{"--headless", "--ignore-certificate-errors", "--enable-automation", "--disable-popup-blocking", "--disable-extensions"}},
		{Options{Headless: true}, []string{"--headless"}, nil},
		{Options{NoSandbox: true}, []string{"--no-sandbox"}, nil},
		{Options{DebugPort: 9333}, []string{"--remote-debugging-port=9333", "--remote-debugging-address=127.0.0.1"}, nil},
		{Options{Arguments: []string{"--lang=de"}}, []string{"--lang=de"}, nil},
	}
	for _, test := range tests {
		got := arguments(&test.options, "/p")
		for _, want := range test.has {
			if !slices.Contains(got, want) {
				t.Errorf("%+v: %s is missing", test.options, want)
			}
		}
		for _, odd := range test.hasNot {
			if slices.Contains(got, odd) {
				t.Errorf("%+v: %s is there", test.options, odd)
			}
		}
		if sandbox := slices.Contains(got, "--no-sandbox"); sandbox != (root || test.options.NoSandbox) {
			t.Errorf("%+v: --no-sandbox is there: %v", test.options, sandbox)
		}
	}
}
