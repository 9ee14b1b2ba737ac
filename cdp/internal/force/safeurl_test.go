package force

import "testing"

func TestLogoutURLs(t *testing.T) {
	tests := map[string]bool{
		"https://a.test/logout":             true,
		"https://a.test/users/sign_out?x":   true,
		"https://a.test/?do=logoff":         true,
		"https://a.test/doku.php?do=LogOut": true,
		"https://logout.test/":              false,
		"https://a.test/login":              false,
		"https://a.test/":                   false,
	}
	for u, want := range tests {
		if got := logout.MatchString(path(u)); got != want {
			t.Errorf("%s looks like a logout: %v, want %v", u, got, want)
		}
	}
}
