import {test, expect, submit} from './shop.js';

test.use({baseURL: process.env.SHOP_06});

test('concurrent sessions', async ({signIn}) => {
	const first = await signIn('alice');
	const second = await signIn('alice');

	await test.step('both are signed in', async () => {
		const ids = [];
		for (const page of [first, second]) {
			await page.goto('/account');
			await expect(page.locator('#who')).toHaveText('alice');
			ids.push(await page.locator('#session').textContent());
		}
		expect(ids[0]).not.toBe(ids[1]);
	});

	await test.step('a logout of one leaves the other', async () => {
		await first.goto('/logout');
		await submit(first, 'Log out');
		await second.goto('/account');
		await expect(second.locator('#who')).toHaveText('alice');
	});
});
