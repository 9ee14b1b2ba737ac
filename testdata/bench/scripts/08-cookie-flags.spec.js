import {test, expect, cookies} from './shop.js';

test.use({baseURL: process.env.SHOP_08});

test('cookie flags', async ({signIn}) => {
	const alice = await signIn('alice');
	const jar = await alice.context().cookies();

	await test.step('the flags of the cookies', async () => {
		const [sid, xsrf] = ['sid', 'XSRF-TOKEN'].map(name => jar.find(c => c.name === name));
		expect(sid.httpOnly).toBe(true);
		expect(sid.sameSite).toBe('Lax');
		expect(xsrf.httpOnly).toBe(false);
	});

	await test.step('scripts do not see the session', async () => {
		expect(await cookies(alice)).toContain('sid');
		const seen = await alice.evaluate(() => document.cookie);
		expect(seen).not.toContain('sid=');
		expect(seen).toContain('XSRF-TOKEN=');
	});

	await test.step('no page is kept by the cache', async () => {
		const answer = await alice.goto('/account');
		expect(answer.headers()['cache-control']).toContain('no-store');
	});
});
