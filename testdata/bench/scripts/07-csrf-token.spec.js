import {test, expect, submit} from './shop.js';

test.use({baseURL: process.env.SHOP_07});

test('CSRF token', async ({signIn}) => {
	const alice = await signIn('alice');
	const bob = await signIn('bob');

	await test.step('the form works for its user', async () => {
		await alice.goto('/account');
		await alice.getByLabel('Display name').fill('Alice A.');
		expect((await submit(alice, 'Save')).status()).toBe(200);
		await expect(alice.locator('#display-name')).toHaveText('Alice A.');
	});

	await test.step("another's token is refused", async () => {
		const token = await alice.locator('[name=xsrf]').inputValue();
		await bob.goto('/account');
		await bob.locator('form[action="/account"] [name=xsrf]').evaluate((field, token) => { field.value = token }, token);
		await bob.getByLabel('Display name').fill('Mallory');
		expect((await submit(bob, 'Save')).status()).toBe(403);
	});
});
