import {test, expect} from './shop.js';

test.use({baseURL: process.env.SHOP_03});

test('access control', async ({page, signIn}) => {
	const alice = await signIn('alice');
	const bob = await signIn('bob');

	await test.step('the admin page is for the admin', async () => {
		expect((await bob.goto('/admin')).status()).toBe(403);
	});

	await test.step('orders: the deliberate hole', async () => {
		await alice.goto('/orders');
		const order = await alice.locator('#orders a').first().getAttribute('href');
		await alice.goto(order);
		await expect(alice.locator('#owner')).toHaveText('alice');
		// A shop without the hole would answer 404 here.
		expect((await bob.goto(order)).status()).toBe(200);
		await expect(bob.locator('#foreign')).toContainText('This is an order of alice');
	});

	await test.step('nobody sees no orders', async () => {
		await page.goto('/orders');
		await expect(page).toHaveURL(/\/login/);
	});

	await test.step('the API tells each only their own', async () => {
		expect((await page.context().request.get('/api/orders')).status()).toBe(401);
		const hers = await alice.context().request.get('/api/orders');
		expect(hers.status()).toBe(200);
		const his = await bob.context().request.get('/api/orders');
		expect(await his.text()).not.toBe(await hers.text());
	});
});
