package force

import "testing"

func TestAsksPassword(t *testing.T) {
	for posted, want := range map[string]bool{
		`"user=a&password=b"`:                     true,
		`"log=a&pwd=b&x=1"`:                       true,
		`"user%5Bpass%5D=b"`:                      true,
		`"{\"user\":\"a\",\"passWord\" : \"b\"}"`: true,
		`"--x\r\nContent-Disposition: form-data; name=\"userPassword\"\r\n\r\nb"`: true,
		`"passengers=2&bypass_cache=1x"`:                                          false,
		`"q=password"`:                                                            false,
		`"{\"text\":\"my password is x\"}"`:                                       false,
		`""`:                                                                      false,
	} {
		if got := asksPassword([]byte(posted)); got != want {
			t.Errorf("%s: %v", posted, got)
		}
	}
}
