import {test, expect, submit} from './shop.js';

test.use({baseURL: process.env.SHOP_04});

test('logout', async ({signIn}) => {
	const bob = await signIn('bob');
	const alice = await signIn('alice');
	const before = await alice.context().cookies();

	await test.step('logged out, alice is nobody', async () => {
		await alice.goto('/logout');
		await submit(alice, 'Log out');
		await expect(alice.locator('#badge')).toHaveText('Not signed in');
		await alice.goto('/account');
		await expect(alice).toHaveURL(/\/login/);
	});

	await test.step('the server does not know the old cookie any more', async () => {
		await alice.context().clearCookies();
		await alice.context().addCookies(before);
		await alice.goto('/account');
		await expect(alice).toHaveURL(/\/login/);
	});

	await test.step('bob is still signed in', async () => {
		await bob.goto('/account');
		await expect(bob.locator('#who')).toHaveText('bob');
	});
});
