package cdp
import ("testing";"fmt";"time")
func TestZZ(t *testing.T) {
	w := newWeb(t)
	r := w.browser(noReload)
	w.logIn(r, "shop.test", "alice")
	r.login("shop.test", "bob")
	w.bringToLife(r, "shop.test", "shop.test")
	zz = true; 	r.use("shop.test", "bob")
	fmt.Println(eval[string](r, `navigator.serviceWorker.getRegistrations().then(l => l.map(r => r.scope + ' ' + (r.active && r.active.state)).join())`))
	fmt.Println(eval[string](r, `navigator.serviceWorker.getRegistration('/hit/life').then(r => r ? r.active.postMessage('zz') + 'ok' : 'none')`))
	time.Sleep(3*time.Second)
	for _, h := range w.seen(func(h hit) bool { return true }) { fmt.Println(h) }
	for _, x := range r.targets.list("service_worker") { fmt.Println(x.url, x.id) }
}
