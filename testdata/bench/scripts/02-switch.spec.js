import {test, expect} from './shop.js';

test.use({baseURL: process.env.SHOP_02});

test('switch', async ({signIn}) => {
	const alice = await signIn('alice');
	const bob = await signIn('bob');

	await test.step('switching back and forth', async () => {
		await bob.goto('/account');
		await expect(bob.locator('#who')).toHaveText('bob');
		await alice.reload();
		await expect(alice.locator('#who')).toHaveText('alice');
		await expect(alice.locator('#badge')).toHaveText('Signed in as alice'); // for: expect session alice
		await bob.reload();
		await expect(bob.locator('#who')).toHaveText('bob');
	});

	await test.step('a block forces for a while', async () => {
		await alice.goto('/account');
		await expect(alice.locator('#who')).toHaveText('alice');
		await expect(bob.locator('#badge')).toHaveText('Signed in as bob'); // for: expect session bob
		await bob.goto('/account');
		await expect(bob.locator('#who')).toHaveText('bob');
	});

	await test.step('scripts of the page are the user, too', async () => {
		const who = await bob.evaluate(() => fetch('/api/whoami').then(r => r.json()).then(j => j.user));
		expect(who).toBe('bob');
	});
});
