plans => {
	// It runs in a world of its own: what the page does to Storage or JSON is not seen here.
	const report = self.sessdriverSwapped;
	if (self.origin === 'null' || !report) return; // opaque: nothing is stored
	const split = origin => {
		const u = new URL(origin);
		return {host: u.hostname.replace(/^\[|\]$|\.$/g, ''), port: u.port || (u.protocol === 'https:' ? '443' : '80')};
	};
	const is = (site, {host, port}) => host === site || host.endsWith('.' + site) || (host.includes(':') ? `[${host}]` : host) + ':' + port === site;
	const belongs = (plan, origin) => is(plan.site, split(origin)) && !plan.not.some(other => is(other, split(origin)));
	// Below a page of another site Chrome keeps storage apart by that.
	const above = [...location.ancestorOrigins];
	const key = plan => {
		const foreign = above.some(origin => origin === 'null' || !belongs(plan, origin));
		return foreign ? self.origin + ' in ' + above.at(-1) : self.origin;
	};
	const swap = (store, items, max) => {
		const old = [];
		for (let i = 0; i < store.length; i++) old.push([store.key(i), store.getItem(store.key(i))]);
		const taken = JSON.stringify(old);
		if (taken.length > max) return {fault: 'it holds more than can be kept'};
		const fill = list => { store.clear(); for (const [k, v] of list) store.setItem(k, v) };
		try {
			fill(items);
		} catch (e) {
			try { fill(old) } catch {} // it was there before
			return {fault: String(e)};
		}
		return {taken: old};
	};
	// A frame that a page makes may come before we are told that the page has swapped.
	const done = self.sessdriverDone = {};
	const isDone = mark => {
		for (let w = self; w !== w.parent;) {
			w = w.parent;
			try { if (w.sessdriverDone?.[mark]) return true } catch {} // of another origin
		}
		return false;
	};
	for (const [list, name] of [[plans.local, 'localStorage'], [plans.session, 'sessionStorage']]) {
		for (const plan of list) {
			if (!belongs(plan, self.origin)) continue; // not of the URL: about:blank has its opener's
			const origin = key(plan);
			if (!plan.origins.includes(origin)) continue;
			const mark = [name, plan.of, origin].join();
			if (isDone(mark)) continue;
			done[mark] = true;
			let store;
			try { store = self[name] } catch { continue } // the page may not use it
			if (!store) continue;
			const result = swap(store, plan.put[origin] ?? [], plans.max);
			report(JSON.stringify({site: plan.site, of: plan.of, session: name === 'sessionStorage', origin, ...result}));
		}
	}
}
