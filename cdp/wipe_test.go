package cdp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// window.name, history.state and the Navigation API of alice's page are not bob's, also
// where the page came by POST, and stay where a person keeps storage.
func TestTabState(t *testing.T) {
	for _, policy := range []StoragePolicy{StorageSwap, StorageClear, StorageKeep} {
		t.Run(string(policy), func(t *testing.T) { testTabState(t, policy) })
	}
}

func testTabState(t *testing.T, policy StoragePolicy) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><link rel=icon href=data:,><script>
			const state = () => JSON.stringify([self.name, history.state, navigation.currentEntry.getState() ?? null]);
			const first = state();
		</script>`)
	}))
	t.Cleanup(s.Close)
	r := launch(t, swaps, func(o *Options) { o.Storage = policy })
	url := at(s, "state.test", "/")
	r.add(url, "alice", "sid=alice")
	r.add(url, "bob", "sid=bob")
	r.open(url)
	const none, alice = `["",null,null]`, `["alice",{"who":"alice"},"alice"]`
	const keep = `(() => { self.name = 'alice'; history.replaceState({who: 'alice'}, ''); navigation.updateCurrentEntry({state: 'alice'}); return state() })()`
	first := func() string { return evalAt(t, r.currentTab().Link, whenSeen) }
	r.use("state.test", "alice")
	first()
	if got := evalAt(t, r.currentTab().Link, keep); got != alice {
		t.Fatalf("alice's page keeps %s", got)
	}
	want := none
	if policy == StorageKeep {
		want = alice
	}
	r.use("state.test", "bob")
	if got := first(); got != want {
		t.Errorf("the first script of bob's page sees %s, want %s", got, want)
	}
	if policy == StorageKeep {
		return
	}
	evalAt(t, r.currentTab().Link, keep)
	if err := r.Reload(r.ctx()); err != nil { // nobody has switched
		t.Fatal(err)
	}
	if got := first(); got != alice {
		t.Errorf("after an ordinary reload the page sees %s", got)
	}
	evalAt(t, r.currentTab().Link, fmt.Sprintf("(() => { const f = document.createElement('form'); f.method = 'POST'; f.action = %q; document.body.append(f); f.submit(); return 1 })()", url+"posted"))
	r.until("the posted page", func() bool {
		return evalAt(t, r.currentTab().Link, "location.pathname + document.readyState") == "/postedcomplete"
	})
	first()
	evalAt(t, r.currentTab().Link, keep)
	r.use("state.test", "alice")
	if got := first(); got != none {
		t.Errorf("the page that came by POST sees %s as another session", got)
	}
}

const whenSeen = `new Promise(done => { const look = () => typeof first === 'string' && document.readyState === 'complete' ? done(first) : setTimeout(look, 10); look() })`
