package sessions

import (
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	list := []Cookie{{Name: "sid", Value: "secret"}, {Name: "twin", Value: "secret"}, {Name: "e"}}
	if got, want := (Mask{}).Cookies(list), "sid=secret; twin=secret; e="; got != want {
		t.Errorf("shown: got %q, want %q", got, want)
	}
	mask := NewMask([]byte("key"))
	got := mask.Cookies(list)
	if strings.Contains(got, "secret") || !strings.Contains(got, "sid=(6:") || !strings.HasSuffix(got, "e="+mask.Value("")) {
		t.Errorf("masked: %q", got)
	}
	if mask.Value("secret") != mask.Value("secret") || mask.Value("secret") == mask.Value("Secret") {
		t.Error("a mask tells nothing")
	}
	if mask.Value("secret") == NewMask([]byte("other")).Value("secret") {
		t.Error("the key does not matter")
	}
	if mask.Shows() || !(Mask{}).Shows() {
		t.Error("Shows is wrong")
	}
}
