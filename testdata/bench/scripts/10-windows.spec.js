import {test, expect, submit} from './shop.js';

test.use({baseURL: process.env.SHOP_10});

test('windows', async ({signIn}) => {
	const alice = await signIn('alice');
	const bob = await signIn('bob');

	await test.step('each window is its own user', async () => {
		await alice.goto('/account');
		await expect(alice.locator('#who')).toHaveText('alice');
		await bob.goto('/account');
		await expect(bob.locator('#who')).toHaveText('bob');
		await alice.reload();
		await expect(alice.locator('#who')).toHaveText('alice');
	});

	await test.step('a logout in one leaves the other', async () => {
		await alice.goto('/logout');
		await submit(alice, 'Log out');
		await expect(alice.locator('#badge')).toHaveText('Not signed in');
		await bob.reload();
		await expect(bob.locator('#who')).toHaveText('bob');
	});
});
