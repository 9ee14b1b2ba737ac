import {test, expect, submit} from './shop.js';

test.use({baseURL: process.env.SHOP_04});

test('logout', async ({signIn}) => {
	const bob = await signIn('bob');
	const alice = await signIn('alice');

	await test.step('logged out, alice is nobody', async () => {
		await alice.goto('/logout');
		await submit(alice, 'Log out');
		await expect(alice.locator('#badge')).toHaveText('Not signed in');
		await alice.goto('/account');
		await expect(alice).toHaveURL(/\/login/);
	});

	await test.step('bob is still signed in', async () => {
		await bob.goto('/account');
		await expect(bob.locator('#who')).toHaveText('bob');
	});

	await test.step('the server does not know the old cookie any more', async () => {
		const before = await bob.context().cookies();
		await bob.goto('/logout');
		await bob.evaluate(() => fetch('/logout', {method: 'POST', redirect: 'manual', body: new URLSearchParams(new FormData(document.querySelector('#submit').form))}));
		await bob.context().clearCookies();
		await bob.context().addCookies(before);
		await bob.goto('/account');
		await expect(bob).toHaveURL(/\/login/);
	});
});
